/* SPDX-License-Identifier: MIT */
/*
 * JidoCode's files and chats in OpenAI's form, as arbitrary bytes. What must hold:
 *
 * - what our own scanner accepts, the decoder of JidoCode accepts, but for lone surrogates;
 * - the canonical form of a text is accepted by both, has no name twice, and is its own
 *   canonical form, in either order of large maps, and the signature can be left out of it;
 * - a file is judged without a failure that is none of its own, and never accepted as signed
 *   without the secret;
 * - a look at the beginning ends, stays within the bytes, and goes forward;
 * - whatever is read of the pieces is JSON that a record can hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "interop/format.h"
#include "interop/import.h"
#include "interop/jidocode_canonical.h"
#include "interop/jidocode_check.h"
#include "interop/jidocode_parse.h"
#include "interop/peek.h"
#include "json/read.h"
#include "json/scan.h"

enum { OUTPUT_MAX = JIDOCODE_CANONICAL_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- The canonical form ------------------------------------------------------------ */

static int put(void *context, const char *bytes, size_t size)
{
	return buffer_put(context, bytes, size);
}

static int encode(struct hf_slice text, enum jidocode_order order, bool leave, struct buffer *out)
{
	struct jidocode_form form = { .order = order,
				      .leave_signature = leave,
				      .mend = true,
				      .put = put,
				      .context = out };

	return jidocode_canonical_put(text, &form);
}

static void check_order(struct hf_slice text, enum jidocode_order order)
{
	struct buffer once = BUFFER_INIT(OUTPUT_MAX);
	struct buffer twice = BUFFER_INIT(OUTPUT_MAX);
	struct hf_slice form;
	struct hf_slice value;
	int rc = encode(text, order, false, &once);

	/* The one thing that it refuses is a number that is too large. */
	must(rc == HF_OK || rc == HF_ERR_JSON);
	if (rc == HF_OK) {
		form = (struct hf_slice){ once.data, once.size };
		must(jidocode_parse_check(form, false, NULL) == HF_OK);
		must(json_scan(once.data, once.size, NULL) == HF_OK);
		must(encode(form, order, false, &twice) == HF_OK);
		must(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
		twice.size = 0;
		must(encode(form, order, true, &twice) == HF_OK);
		form = (struct hf_slice){ twice.data, twice.size };
		must(!json_member(form, "signature", &value) && twice.size <= once.size);
	}
	buffer_release(&once);
	buffer_release(&twice);
}

static void check_form(struct hf_slice text)
{
	size_t offset = 0;
	int strict = jidocode_parse_check(text, false, &offset);
	int lenient = jidocode_parse_check(text, true, NULL);

	must(strict == HF_OK || (strict == HF_ERR_JSON && offset <= text.size));
	must(strict != HF_OK || lenient == HF_OK);
	must(json_scan(text.data, text.size, NULL) != HF_OK || lenient == HF_OK);
	if (lenient != HF_OK)
		return;
	check_order(text, JIDOCODE_ORDER_OTP25);
	check_order(text, JIDOCODE_ORDER_FOUND);
}

/* ---- Judging ------------------------------------------------------------------------ */

static void check_judgement(const struct import_env *env, struct hf_slice text)
{
	bool is_unsigned = false;
	int rc = jidocode_check_text(env, text, &is_unsigned);

	must(rc == HF_OK || rc == HF_ERR_JSON || rc == HF_ERR_FOREIGN || rc == HF_ERR_SIGNATURE ||
	     rc == HF_ERR_KEY_UNSAFE);
	must(rc != HF_OK || is_unsigned);
}

/* ---- Looking at the beginning --------------------------------------------------------- */

static void check_peek(struct hf_slice text, char open)
{
	struct peek peek;
	struct hf_slice name;
	struct hf_slice rest;
	const char *last = text.data;

	if (!peek_begin(&peek, text, open))
		return;
	while (peek_next(&peek, &name, &rest)) {
		must(rest.size > 0 && rest.data >= last && rest.data + rest.size == text.data + text.size);
		must((name.size > 0) == (open == '{') && peek.value_end > rest.data);
		must(peek.at >= peek.value_end && peek.at <= text.data + text.size);
		last = peek.at;
	}
}

/* ---- Reading ---------------------------------------------------------------------------- */

struct reading {
	const struct format_reader *reader;
	void *state;
	struct message_writer writer;
	struct hf_slice text;
	size_t at;
};

static int64_t give(void *context, char *bytes, size_t size)
{
	struct reading *reading = context;
	size_t left = reading->text.size - reading->at;

	size = size < left ? size : left;
	if (size > 0)
		memcpy(bytes, reading->text.data + reading->at, size);
	reading->at += size;
	return (int64_t)size;
}

static int take_view(void *context, struct hf_slice members, bool is_aside)
{
	struct buffer json = BUFFER_INIT(2 * MESSAGE_SIZE_MAX);

	(void)context, (void)is_aside;
	must(buffer_put(&json, "{", 1) == HF_OK);
	must(buffer_put(&json, members.data, members.size) == HF_OK);
	must(buffer_put(&json, "}", 1) == HF_OK);
	must(json_scan(json.data, json.size, NULL) == HF_OK);
	buffer_release(&json);
	return HF_OK;
}

static int take_piece(void *context, const struct piece *piece)
{
	struct reading *reading = context;

	return reading->reader->read(reading->state, piece, &reading->writer);
}

/* ---- The text as a file, for the reader's own judgement ---- */

enum { TEXT_FD = 1 << 20 };

struct text_file {
	const struct sys *sys; /* all other files */
	struct hf_slice text;
};

static int stat_text(void *context, int fd, struct stat *ret_stat)
{
	const struct text_file *file = context;

	if (fd != TEXT_FD)
		return file->sys->stat(file->sys->context, fd, ret_stat);
	*ret_stat = (struct stat){ .st_mode = S_IFREG, .st_size = (off_t)file->text.size };
	return 0;
}

static ssize_t read_text(void *context, int fd, void *bytes, size_t size, uint64_t offset)
{
	const struct text_file *file = context;
	size_t left = offset < file->text.size ? file->text.size - (size_t)offset : 0;

	if (fd != TEXT_FD)
		return file->sys->read_at(file->sys->context, fd, bytes, size, offset);
	size = size < left ? size : left;
	if (size > 0)
		memcpy(bytes, file->text.data + offset, size);
	return (ssize_t)size;
}

/* Whether a reader that judges the whole first has accepted the text. */
static bool is_accepted(const struct import_env *env, struct reading *reading)
{
	struct text_file file = { env->sys, reading->text };
	struct sys sys = *env->sys;
	struct import_env with_text = *env;

	if (reading->reader->check == NULL)
		return true;
	/* The system's own functions need no context. */
	sys.context = &file;
	sys.stat = stat_text;
	sys.read_at = read_text;
	with_text.sys = &sys;
	return reading->reader->check(reading->state, &with_text, TEXT_FD) == HF_OK;
}

static void check_reader(const struct import_env *env, const struct format *format,
			 struct hf_slice text)
{
	struct reading reading = { .reader = format->reader, .text = text };
	struct probe probe = { .path = "x", .name = "x", .start = text, .is_whole = true };
	struct session_facts facts;
	int detected = format->reader->detect(&probe);

	must(detected >= 0 && detected <= 100);
	reading.writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
						  .take = take_view };
	must(reading.reader->begin(env, "x", &reading.state) == HF_OK);
	if (!is_accepted(env, &reading))
		goto out;
	if (reading.reader->shape == FORMAT_LINES)
		must(piece_lines(give, &reading, NULL, take_piece, &reading) == HF_OK);
	else
		must(piece_document(give, &reading, reading.reader->arrays, take_piece, &reading) ==
		     HF_OK);
	reading.reader->facts(reading.state, &facts);
out:
	reading.reader->end(reading.state);
	buffer_release(&reading.writer.json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct hf_slice text = { (const char *)bytes, size };
	/* A secret that cannot be one: what is signed gets no further. */
	struct hf_import_options options = { .allow_unsigned = true,
					     .secret_path = "/dev/null",
					     .host = "vm" };
	struct report report = report_make(NULL, NULL);
	struct import_env env = { .sys = sys_posix(), .report = &report, .options = &options };

	check_form(text);
	check_judgement(&env, text);
	check_peek(text, '{');
	check_peek(text, '[');
	check_reader(&env, &format_jidocode, text);
	check_reader(&env, &format_openai, text);
	check_reader(&env, &format_openai_document, text);
	return 0;
}
