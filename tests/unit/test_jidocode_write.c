/* SPDX-License-Identifier: MIT */
/*
 * Goal: what is written for JidoCode is what it would have written and signed itself. Method:
 * files of the original program are read into sessions and written again, and must be the
 * same to the byte; what is made of other sessions is compared with text written by hand, and
 * given to an independent verifier in another language (tests/data/jidocode/verify.py).
 */
#include "lib/runner.h"
#include "jidocode_fixture.h"

#include "lib/child.h"
#include "lib/scene.h"

enum { WHOLE_MAX = 1 << 20 };

struct written {
	char bytes[WHOLE_MAX];
	size_t size;
	int rc; /* what the next call of write gives */
	char notes[1024];
	char secret[1024];
	struct hf_export_options options;
	struct hf_export done;
};

static struct written written;
static struct scene scene;

static int take_bytes(void *context, const char *file, const char *bytes, size_t size)
{
	(void)context;
	ck_assert_ptr_null(file);
	ck_assert_uint_le(size, sizeof written.bytes - written.size);
	memcpy(written.bytes + written.size, bytes, size);
	written.size += size;
	return written.rc;
}

static void take_note(void *context, const char *what, uint64_t count)
{
	char text[128];

	(void)context;
	(void)snprintf(text, sizeof text, "%s %u\n", what, (unsigned)count);
	ck_assert_uint_lt(strlen(written.notes) + strlen(text), sizeof written.notes);
	memcpy(written.notes + strlen(written.notes), text, strlen(text) + 1);
}

static void setup(void)
{
	memset(&written, 0, sizeof written);
	data_path(written.secret, sizeof written.secret, "jidocode", "machine_secret");
	written.options = (struct hf_export_options){
		.format = "jidocode",
		.convert = true,
		.secret_path = written.secret,
		.host = "vm",
		.salt = SALT,
		.write = take_bytes,
		.note = take_note,
	};
	scene_open(&scene, NULL);
}

static void teardown(void)
{
	scene_close(&scene);
}

static void append_json(struct hf_session *session, const char *type, const char *json, size_t size)
{
	struct hf_append record = { type, NULL, json, size };
	struct hf_detail detail = { 0 };

	ck_assert_msg(hf_session_append(session, NULL, &record, 1, &detail, NULL) == HF_OK, "%s",
		      detail.message);
}

static int export_session(void)
{
	struct hf_view *view = NULL;
	int rc;

	ck_assert_int_eq(hf_session_load(scene.store, scene.history.id, NULL, &view), HF_OK);
	rc = hf_export(scene.store, view, &written.options, NULL, &written.done);
	hf_view_close(view);
	return rc;
}

/* Makes a session of what a file says, as an import does. */
static void make_session(const char *name)
{
	struct judged source;
	struct session_facts facts;
	struct hf_session_options options = { 0 };
	struct hf_session *session;
	char text[3][256] = { "", "", "" };

	source_make(&source, "machine_secret");
	source_open_data(&source, name);
	ck_assert_int_eq(source.rc, HF_OK);
	facts = reading_facts(&source.reading);
	memcpy(text[0], facts.name.data, facts.name.size);
	memcpy(text[1], facts.foreign.data, facts.foreign.size);
	options.name = text[0];
	options.id = text[1];
	memcpy(text[2], facts.project.data, facts.project.size);
	options.project = text[2];
	options.created_us = facts.created_us;
	session = scene_create(&scene, &options);
	for (size_t i = 0; i < source.reading.count; i++) {
		const struct view *view = &source.reading.views[i];

		append_json(session, view->is_aside ? "x-source" : "message", view->text,
			    strlen(view->text));
	}
	append_json(session, "todos", facts.todos.data, facts.todos.size);
	append_json(session, "config", facts.config.data, facts.config.size);
	scene_seal(session);
	source_close(&source);
}

static void comes_out_as(const char *name)
{
	char path[1024];
	size_t size;
	char *expected;

	data_path(path, sizeof path, "jidocode", name);
	expected = slurp(path, &size);
	ck_assert_msg(written.size == size && memcmp(written.bytes, expected, size) == 0,
		      "%s became %.*s", name, (int)written.size, written.bytes);
	free(expected);
}

static const char *const files[] = { ONE, TWO, THREE, FOUR, SIX, SEVEN };

START_TEST(what_was_read_is_written_byte_for_byte)
{
	make_session(files[_i]);
	ck_assert_int_eq(export_session(), HF_OK);
	comes_out_as(files[_i]);
	ck_assert_str_eq(written.notes, "");
	ck_assert_str_eq(written.done.name, strchr(files[_i], '.') + 1);
	ck_assert_uint_eq(written.done.bytes, written.size);
}
END_TEST

START_TEST(the_usual_salt_signs_if_none_is_given)
{
	make_session(SIX);
	written.options.salt = NULL;
	ck_assert_int_eq(export_session(), HF_OK);
	comes_out_as("salt2025/" SIX);
}
END_TEST

static bool verifies(void)
{
	char program[1024];
	char path[512];
	const char *arguments[] = { "python3", "-B", program, "--secret", written.secret, path, NULL };

	data_path(program, sizeof program, "jidocode", "verify.py");
	(void)snprintf(path, sizeof path, "%s/out.json", scene.scratch.path);
	scratch_put(scene.scratch.fd, "out.json", written.bytes, written.size);
	return child_run(arguments);
}

static void make_native(void)
{
	static const char *const messages[] = {
		"{\"role\":\"user\",\"content\":\"look \\ud83d at it\",\"time\":"
		"\"2026-01-02T03:04:05.678Z\"}",
		"{\"role\":\"assistant\",\"id\":\"a1\",\"time\":\"2026-01-02T03:04:06Z\",\"content\":["
		"{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\",\"text\":\"I read.\"},"
		"{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"read\",\"arguments\":{\"path\":\"a\"}}]}",
		"{\"role\":\"user\",\"id\":\"u2\",\"time\":\"2026-01-02T03:04:07Z\",\"content\":["
		"{\"type\":\"tool_result\",\"id\":\"c1\",\"content\":[{\"type\":\"text\",\"text\":\"one\"},"
		"{\"type\":\"text\",\"text\":\"two\"}],\"is_error\":true},{\"type\":\"text\",\"text\":"
		"\"go on\"},{\"type\":\"image\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}]}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"only\"}]}",
	};
	static const char todos[] = "{\"todos\":[{\"text\":\"t\",\"status\":\"cancelled\"},\"s\"]}";
	static const char config[] = "{\"model\":\"m\",\"temperature\":1E0}";
	struct hf_session_options options = { .id = "019a0000-0000-7000-a000-0000000000ff",
					      .name = "A name of more than fifty characters, as one "
						      "can have in other programs",
					      .created_us = 1767323045000000 };
	struct hf_session *session = scene_create(&scene, &options);

	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		append_json(session, "message", messages[i], strlen(messages[i]));
	append_json(session, "todos", todos, sizeof todos - 1);
	append_json(session, "config", config, sizeof config - 1);
	scene_seal(session);
}

START_TEST(another_session_is_written_as_texts_and_says_what_is_lost)
{
	/* Between closed_at, which is now, and the signature. */
	static const char expected[] =
		"  \"config\": {\n    \"model\": \"m\",\n    \"temperature\": 1.0\n  },\n"
		"  \"conversation\": [\n"
		"    {\n      \"content\": \"look \xef\xbf\xbd at it\",\n      \"id\": \"message-1\",\n"
		"      \"role\": \"user\",\n      \"timestamp\": \"2026-01-02T03:04:05.678Z\"\n    },\n"
		"    {\n      \"content\": \"I read.\\n\\n[tool call: read] {\\\"path\\\":\\\"a\\\"}\",\n"
		"      \"id\": \"a1\",\n      \"role\": \"assistant\",\n"
		"      \"timestamp\": \"2026-01-02T03:04:06Z\"\n    },\n"
		"    {\n      \"content\": \"[error] one\\ntwo\",\n      \"id\": \"u2-results\",\n"
		"      \"role\": \"tool\",\n      \"timestamp\": \"2026-01-02T03:04:07Z\"\n    },\n"
		"    {\n      \"content\": \"go on\\n\\n[image: image/png]\",\n      \"id\": \"u2\",\n"
		"      \"role\": \"user\",\n      \"timestamp\": \"2026-01-02T03:04:07Z\"\n    }\n"
		"  ],\n  \"created_at\": \"2026-01-02T03:04:05.000000Z\",\n"
		"  \"id\": \"019a0000-0000-4000-a000-0000000000ff\",\n"
		"  \"name\": \"A name of more than fifty characters, as one can h\",\n"
		"  \"project_path\": \"\",\n";
	static const char todos[] =
		"  \"todos\": [\n    {\n      \"active_form\": \"t\",\n      \"content\": \"t\",\n"
		"      \"status\": \"pending\"\n    },\n    {\n      \"active_form\": \"s\",\n"
		"      \"content\": \"s\",\n      \"status\": \"pending\"\n    }\n  ],\n";

	make_native();
	ck_assert_int_eq(export_session(), HF_OK);
	written.bytes[written.size] = '\0';
	ck_assert_msg(strstr(written.bytes, expected) != NULL, "%s", written.bytes);
	ck_assert_msg(strstr(written.bytes, todos) != NULL, "%s", written.bytes);
	ck_assert_str_eq(written.done.name, "019a0000-0000-4000-a000-0000000000ff.json");
	ck_assert_str_eq(written.notes,
			 "thinking 2\ntool calls, written as text 1\ntool results, written as text 1\n"
			 "images 1\nthe id, which was no random UUID 1\nthe end of the name 1\n"
			 "no project directory to resume in 1\n"
			 "states of todos that JidoCode does not have 2\n");
	ck_assert(verifies());
	/* The verifier can say no. */
	written.bytes[written.size / 2] ^= 1;
	ck_assert(!verifies());
}
END_TEST

START_TEST(what_is_written_is_accepted_again)
{
	struct judged source;
	char path[512];

	make_native();
	ck_assert_int_eq(export_session(), HF_OK);
	ck_assert(verifies());
	(void)snprintf(path, sizeof path, "%s/out.json", scene.scratch.path);
	source_make(&source, "machine_secret");
	source_open(&source, path);
	ck_assert_int_eq(source.rc, HF_OK);
	ck_assert_uint_eq(source.reading.count, 5);
	source_close(&source);
}
END_TEST

START_TEST(messages_added_since_change_the_times)
{
	static const char added[] = "{\"role\":\"user\",\"content\":\"more\"}";
	struct hf_session *session;

	make_session(SIX);
	session = scene_session(&scene);
	append_json(session, "message", added, sizeof added - 1);
	scene_seal(session);
	ck_assert_int_eq(export_session(), HF_OK);
	written.bytes[written.size] = '\0';
	ck_assert_ptr_nonnull(strstr(written.bytes, "\"content\": \"more\""));
	ck_assert_ptr_nonnull(strstr(written.bytes,
				     "\"created_at\": \"2025-03-04T05:06:07.123456Z\""));
	ck_assert_ptr_null(strstr(written.bytes, "\"updated_at\": \"2025-"));
	ck_assert_ptr_null(strstr(written.bytes, "\"closed_at\": \"2025-"));
	ck_assert(verifies());
}
END_TEST

START_TEST(nothing_is_written_without_a_secret)
{
	make_session(ONE);
	written.options.secret_path = NULL;
	ck_assert_int_eq(export_session(), HF_ERR_INVALID);
	written.options.secret_path = "/nonexistent/machine_secret";
	ck_assert_int_eq(export_session(), HF_ERR_KEY_MISSING);
	ck_assert_uint_eq(written.size, 0);
}
END_TEST

START_TEST(an_error_of_whoever_takes_the_bytes_ends_it)
{
	make_session(SIX);
	written.rc = HF_ERR_NOSPACE;
	ck_assert_int_eq(export_session(), HF_ERR_NOSPACE);
	ck_assert_uint_lt(written.size, 100);
}
END_TEST

START_TEST(secrets_are_replaced_before_it_is_signed)
{
	static const char message[] =
		"{\"role\":\"user\",\"content\":\"password=" "hunter2hunter2hunter2" "\"}";
	struct hf_session *session = scene_create(&scene, NULL);
	static const char *const patterns[] = { "hunter2[a-z0-9]*" };

	append_json(session, "message", message, sizeof message - 1);
	scene_seal(session);
	written.options.redact = true;
	written.options.patterns = patterns;
	written.options.pattern_count = 1;
	ck_assert_int_eq(export_session(), HF_OK);
	written.bytes[written.size] = '\0';
	ck_assert_ptr_null(strstr(written.bytes, "hunter2"));
	ck_assert_ptr_nonnull(strstr(written.bytes, "[redacted:"));
	/* It is in the message and in the name that is made of its first words. */
	ck_assert_uint_eq(written.done.redacted, 2);
	ck_assert(verifies());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jidocode write");
	TCase *cases = runner_cases(suite, "writing", 60);

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_loop_test(cases, what_was_read_is_written_byte_for_byte, 0,
			    (int)(sizeof files / sizeof files[0]));
	tcase_add_test(cases, the_usual_salt_signs_if_none_is_given);
	tcase_add_test(cases, another_session_is_written_as_texts_and_says_what_is_lost);
	tcase_add_test(cases, what_is_written_is_accepted_again);
	tcase_add_test(cases, messages_added_since_change_the_times);
	tcase_add_test(cases, nothing_is_written_without_a_secret);
	tcase_add_test(cases, an_error_of_whoever_takes_the_bytes_ends_it);
	tcase_add_test(cases, secrets_are_replaced_before_it_is_signed);
	return runner_run_in_memory(suite);
}
