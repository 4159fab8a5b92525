/* SPDX-License-Identifier: MIT */
/*
 * Goal: pieces are the file and say what they are. Method: small files whose pieces are
 * stated by hand, each read in steps of one byte and all at once; and large ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop/piece.h"
#include "lib/runner.h"

/* A file that gives so many bytes to each read, or is made up as it is read. */
struct stream {
	const char *bytes;
	size_t size;
	size_t step;
	size_t at;
	char fill;    /* what a file without bytes is full of */
	int fail;     /* the code that the read at fail_at gives */
	size_t fail_at;
};

static int64_t read_stream(void *context, char *bytes, size_t size)
{
	struct stream *stream = context;
	size_t count = stream->size - stream->at;

	if (stream->fail != 0 && stream->at >= stream->fail_at)
		return stream->fail;
	count = count < stream->step ? count : stream->step;
	count = count < size ? count : size;
	if (stream->bytes != NULL)
		memcpy(bytes, stream->bytes + stream->at, count);
	else
		memset(bytes, stream->fill, count);
	if (stream->bytes == NULL && count > 0 && stream->at + count == stream->size)
		bytes[count - 1] = '\n';
	stream->at += count;
	return (int64_t)count;
}

/* What the pieces are told as: "GOOD 1@0 7 {...};" for each. */
struct told {
	char text[4000];
	size_t size;
	uint64_t pieces;
	uint64_t bytes;
	size_t largest;
	bool is_ended;
	int stop;     /* what each returns */
};

static const char *const states[] = {
	"good", "blank", "torn", "nul", "glued", "unparsable", "long", "block",
};
static const char *const roles[] = { "line", "head", "element", "tail", "row" };

static int tell(void *context, const struct piece *piece)
{
	struct told *told = context;

	ck_assert(!told->is_ended);
	ck_assert_uint_eq(piece->offset, told->bytes);
	ck_assert_uint_eq(piece->index, told->pieces);
	told->pieces++;
	told->bytes += piece->bytes.size;
	told->is_ended = piece->is_last;
	if (piece->bytes.size > told->largest)
		told->largest = piece->bytes.size;
	if (told->size < sizeof told->text - 200)
		told->size += (size_t)snprintf(told->text + told->size, sizeof told->text - told->size,
					       "%s %s %u %u%s%s%s|%.*s;", roles[piece->role],
					       states[piece->state], (unsigned)piece->line,
					       (unsigned)piece->bytes.size, piece->is_last ? " last" : "",
					       piece->has_more ? " more" : "", piece->lax ? " lax" : "",
					       piece->json.size < 100 ? (int)piece->json.size : 100,
					       piece->json.size > 0 ? piece->json.data : "");
	return told->stop;
}

static const char *const arrays[] = { "messages", "", NULL };

enum how { LINES, DOCUMENT, BLOCKS };

static int cut(enum how how, struct stream *stream, struct told *told)
{
	memset(told, 0, sizeof *told);
	if (how == LINES)
		return piece_lines(read_stream, stream, NULL, tell, told);
	if (how == DOCUMENT)
		return piece_document(read_stream, stream, arrays, tell, told);
	return piece_blocks(read_stream, stream, "file", tell, told);
}

/* A file's pieces, whatever the reads give. */
static void expect_bytes(enum how how, const char *bytes, size_t size, const char *text)
{
	static const size_t steps[] = { 1, 2, 7, 1 << 20 };
	struct told told;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct stream stream = { .bytes = bytes, .size = size, .step = steps[i] };

		ck_assert_int_eq(cut(how, &stream, &told), HF_OK);
		ck_assert_str_eq(told.text, text);
		ck_assert_uint_eq(told.bytes, size);
		ck_assert(told.is_ended == (size > 0));
	}
}

static void expect(enum how how, const char *bytes, const char *text)
{
	expect_bytes(how, bytes, strlen(bytes), text);
}

/* ---- Lines ---- */

START_TEST(each_line_is_a_piece_with_its_line_feed)
{
	expect(LINES, "{\"a\":1}\n{\"b\":2}\n",
	       "line good 1 8|{\"a\":1};line good 2 8 last|{\"b\":2};");
	expect(LINES, "{\"a\":1}\r\n \t\n\n5\n",
	       "line good 1 9|{\"a\":1};line blank 2 3|;line blank 3 1|;line good 4 2 last|5;");
}
END_TEST

START_TEST(an_empty_file_has_no_piece)
{
	expect(LINES, "", "");
	expect(DOCUMENT, "", "");
	expect(BLOCKS, "", "");
}
END_TEST

START_TEST(a_last_line_without_line_feed_is_whole_or_torn)
{
	expect(LINES, "1\n{\"a\":1}", "line good 1 2|1;line good 2 7 last|{\"a\":1};");
	expect(LINES, "1\n{\"a\":[{\"b\":2}", "line good 1 2|1;line torn 2 13 last|;");
	expect(LINES, "{\"a\":\"\xc3", "line torn 1 7 last|;");
	expect(LINES, "{\"a\":tru", "line torn 1 8 last|;");
}
END_TEST

START_TEST(a_line_that_is_no_json_is_told_as_what_it_is)
{
	expect(LINES, "{\"a\":}\nx\n", "line unparsable 1 7|;line unparsable 2 2 last|;");
	expect(LINES, "\xff\xfe\n", "line unparsable 1 3 last|;");
	expect_bytes(LINES, "\0\0\0\n{\"a\":1}\n", 12, "line nul 1 4|;line good 2 8 last|{\"a\":1};");
	expect_bytes(LINES, "\0\0{\"a\":1}\n", 10, "line nul 1 10 last|{\"a\":1};");
}
END_TEST

START_TEST(of_records_that_run_into_each_other_the_last_whole_one_is_found)
{
	expect(LINES, "{\"t\":\"hel{\"type\":\"m\",\"x\":{\"y\":\"\\\\\"}}\n",
	       "line glued 1 37 last|{\"type\":\"m\",\"x\":{\"y\":\"\\\\\"}};");
	expect(LINES, "{\"a\":1}{\"b\":[\"}\\\"\"]}\n", "line glued 1 21 last|{\"b\":[\"}\\\"\"]};");
	expect(LINES, "{\"a\":1} {\"b\":2}{\"c\n", "line glued 1 19 last|{\"b\":2};");
	expect(LINES, "{\"a\":1}{\"c\":\"to", "line glued 1 15 last|{\"a\":1};");
	expect(LINES, "[1][2]\n", "line unparsable 1 7 last|;");
}
END_TEST

START_TEST(a_name_that_comes_twice_is_let_through_and_told)
{
	expect(LINES, "{\"a\":1,\"a\":2}\n{\"b\":{\"a\":1,\"\\u0061\":2}}\n",
	       "line good 1 14 lax|{\"a\":1,\"a\":2};"
	       "line good 2 25 last lax|{\"b\":{\"a\":1,\"\\u0061\":2}};");
}
END_TEST

START_TEST(what_nests_too_deep_is_kept_and_not_looked_into)
{
	char line[600];
	struct stream stream = { .bytes = line, .size = 401, .step = 4096 };
	struct told told;

	memset(line, '[', 200);
	memset(line + 200, ']', 200);
	line[400] = '\n';
	ck_assert_int_eq(cut(LINES, &stream, &told), HF_OK);
	ck_assert_str_eq(told.text, "line unparsable 1 401 last|;");
}
END_TEST

START_TEST(a_line_of_the_greatest_size_is_whole_and_a_longer_one_comes_in_parts)
{
	struct stream stream = { .size = PIECE_SIZE_MAX, .step = 1 << 20, .fill = ' ' };
	struct told told;

	ck_assert_int_eq(cut(LINES, &stream, &told), HF_OK);
	ck_assert_uint_eq(told.pieces, 1);
	ck_assert_uint_eq(told.bytes, PIECE_SIZE_MAX);
	stream.size++;
	stream.at = 0;
	ck_assert_int_eq(cut(LINES, &stream, &told), HF_OK);
	ck_assert_uint_eq(told.pieces, PIECE_SIZE_MAX / PIECE_PART_SIZE + 1);
	ck_assert_uint_eq(told.bytes, (uint64_t)PIECE_SIZE_MAX + 1);
	ck_assert_uint_eq(told.largest, PIECE_PART_SIZE);
	ck_assert(told.is_ended);
	ck_assert(strncmp(told.text, "line long 1 4194304 more|;", 26) == 0);
	ck_assert(strstr(told.text, "line long 1 1 last|;") != NULL);
}
END_TEST

START_TEST(errors_of_reading_and_of_taking_end_it)
{
	struct stream stream = { .bytes = "1\n2\n3\n", .size = 6, .step = 2, .fail = HF_ERR_IO,
				 .fail_at = 4 };
	struct told told;

	ck_assert_int_eq(cut(LINES, &stream, &told), HF_ERR_IO);
	ck_assert_uint_eq(told.pieces, 1);
	stream.at = 0;
	ck_assert_int_eq(cut(DOCUMENT, &stream, &told), HF_ERR_IO);
	stream = (struct stream){ .bytes = "1\n2\n3\n", .size = 6, .step = 6 };
	memset(&told, 0, sizeof told);
	told.stop = 5;
	ck_assert_int_eq(piece_lines(read_stream, &stream, NULL, tell, &told), 5);
	ck_assert_uint_eq(told.pieces, 1);
}
END_TEST

/* ---- Documents ---- */

START_TEST(a_document_is_cut_at_the_elements_of_its_array)
{
	expect(DOCUMENT, "{\"id\":\"x\",\"messages\":[\n {\"a\":\"]}\"} ,2, \"s\"\n],\"z\":{}}\n",
	       "head good 0 22|;element good 0 12|{\"a\":\"]}\"};element good 0 3|2;"
	       "element good 0 5|\"s\";tail good 0 11 last|;");
	expect(DOCUMENT, "[[1],{}]", "head good 0 1|;element good 0 3|[1];element good 0 3|{};"
				     "tail good 0 1 last|;");
	expect(DOCUMENT, "{\"messages\" : [ ] }", "head good 0 15|;tail good 0 4 last|;");
}
END_TEST

START_TEST(only_the_named_member_at_the_top_is_the_array)
{
	expect(DOCUMENT, "{\"a\":{\"messages\":[1]},\"x\":\"messages\",\"y\":[2]}",
	       "head good 0 45 last|;");
	expect(DOCUMENT, "{\"messages\":{\"messages\":[1]}}", "head good 0 29 last|;");
	expect(DOCUMENT, "{\"mess\\u0061ges\":[1]}",
	       "head good 0 18|;element good 0 1|1;tail good 0 2 last|;");
}
END_TEST

START_TEST(a_document_that_is_not_valid_ends_in_a_piece_that_says_so)
{
	expect(DOCUMENT, "{\"messages\":[1,{\"a\":",
	       "head good 0 13|;element good 0 1|1;tail unparsable 0 6 last|;");
	expect(DOCUMENT, "{\"messages\":[1,,2]}",
	       "head good 0 13|;element good 0 1|1;element unparsable 0 3|;"
	       "tail unparsable 0 2 last|;");
	expect(DOCUMENT, "{\"messages\":[1]}x",
	       "head good 0 13|;element good 0 1|1;tail unparsable 0 3 last|;");
	expect(DOCUMENT, "{\"messages\":[", "head unparsable 0 13 last|;");
	expect(DOCUMENT, "{\"id\":1", "head unparsable 0 7 last|;");
	expect(DOCUMENT, "garbage", "head unparsable 0 7 last|;");
	expect(DOCUMENT, "{,\"messages\":[1]}",
	       "head unparsable 0 14|;element good 0 1|1;tail unparsable 0 2 last|;");
}
END_TEST

START_TEST(a_document_with_an_endless_element_comes_in_parts)
{
	static const char start[] = "[1,\"";
	size_t size = PIECE_SIZE_MAX + (8 << 20);
	char *bytes = malloc(size);
	struct stream stream = { .bytes = bytes, .size = size, .step = 1 << 20 };
	struct told told;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', size);
	memcpy(bytes, start, sizeof start - 1);
	memcpy(bytes + size - 4, "\",2]", 4);
	ck_assert_int_eq(cut(DOCUMENT, &stream, &told), HF_OK);
	ck_assert_uint_eq(told.bytes, size);
	ck_assert_uint_eq(told.largest, PIECE_PART_SIZE);
	ck_assert(strncmp(told.text, "head good 0 1|;element good 0 1|1;element long 0 4194304 more|;",
			  62) == 0);
	ck_assert(strstr(told.text, "element good 0 2|2;tail good 0 1 last|;") != NULL);
	free(bytes);
}
END_TEST

START_TEST(blocks_have_a_fixed_size)
{
	struct stream stream = { .size = 2 * PIECE_PART_SIZE + 1, .step = 1 << 20, .fill = 'x' };
	struct told told;

	ck_assert_int_eq(cut(BLOCKS, &stream, &told), HF_OK);
	ck_assert_str_eq(told.text, "line block 0 4194304 more|;line block 0 4194304 more|;"
				    "line block 0 1 last|;");
	stream.size--;
	stream.at = 0;
	ck_assert_int_eq(cut(BLOCKS, &stream, &told), HF_OK);
	ck_assert_str_eq(told.text, "line block 0 4194304 more|;line block 0 4194304 last|;");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("piece");
	TCase *lines = runner_cases(suite, "lines", 60);
	TCase *documents = runner_cases(suite, "documents", 60);

	tcase_add_test(lines, each_line_is_a_piece_with_its_line_feed);
	tcase_add_test(lines, an_empty_file_has_no_piece);
	tcase_add_test(lines, a_last_line_without_line_feed_is_whole_or_torn);
	tcase_add_test(lines, a_line_that_is_no_json_is_told_as_what_it_is);
	tcase_add_test(lines, of_records_that_run_into_each_other_the_last_whole_one_is_found);
	tcase_add_test(lines, a_name_that_comes_twice_is_let_through_and_told);
	tcase_add_test(lines, what_nests_too_deep_is_kept_and_not_looked_into);
	tcase_add_test(lines,
		       a_line_of_the_greatest_size_is_whole_and_a_longer_one_comes_in_parts);
	tcase_add_test(lines, errors_of_reading_and_of_taking_end_it);
	tcase_add_test(documents, a_document_is_cut_at_the_elements_of_its_array);
	tcase_add_test(documents, only_the_named_member_at_the_top_is_the_array);
	tcase_add_test(documents, a_document_that_is_not_valid_ends_in_a_piece_that_says_so);
	tcase_add_test(documents, a_document_with_an_endless_element_comes_in_parts);
	tcase_add_test(documents, blocks_have_a_fixed_size);
	return runner_run(suite);
}
