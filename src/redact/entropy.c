/* SPDX-License-Identifier: MIT */
#include "redact/entropy.h"

#include <string.h>

#include "redact/assign.h"
#include "redact/chars.h"
#include "redact/look.h"

enum {
	AWS_SECRET_SIZE = 40,
	LINE_MIN = 60, /* characters of a line of wrapped data */
	LINE_GAP_MAX = 24, /* bytes of indentation and escapes between two */
};

/* What ids and digests begin with, those of agents and of the services behind them first. */
static bool has_id_prefix(const char *run, size_t size)
{
	static const char *const prefixes[] = {
		"toolu_",      "srvtoolu_",    "mcptoolu_", "msg_",   "req_",	  "call_",
		"resp_",       "rs_",	       "fc_",	    "ctc_",   "ws_",	  "chatcmpl-",
		"cmpl-",       "gen-",	       "ses_",	    "prt_",   "per_",	  "tool_",
		"run_",	       "step_",	       "thread_",   "asst_",  "file-",	  "file_",
		"item_",       "evt_",	       "vs_",	    "batch_", "sha1-",	  "sha256-",
		"sha384-",     "sha512-",      "_ZN",	    "_RNv",   "session_", "container_",
		"agent_",      "org_",	       "user_",	    "conv_",  "snap_",	  "AAAAB3NzaC1",
		"AAAAC3NzaC1", "AAAAE2VjZHNh", /* public keys of SSH */
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i]);

		if (size > length && memcmp(run, prefixes[i], length) == 0)
			return true;
	}
	return false;
}

static bool ends_before(struct hf_slice text, size_t at, const char *words)
{
	size_t length = strlen(words);

	return at >= length && memcmp(text.data + at - length, words, length) == 0;
}

/* Whether what stands around it says that it is no secret: a part of a file's name or of an
 * address, a digest with its method, data of an image. */
static bool is_explained(struct hf_slice text, size_t at, size_t end)
{
	static const char *const before[] = { "base64,", "SHA256:", "sha256:", "sha512:", "h1:" };

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		if (ends_before(text, at, before[i]))
			return true;
	}
	if (at > 0 && chars_among(text.data[at - 1], ".@~%\\"))
		return true;
	/* "name.ext", "name(", "user@" */
	if (end + 1 < text.size && chars_among(text.data[end], ".(@") &&
	    chars_is(text.data[end + 1], CHARS_ALNUM))
		return true;
	return has_id_prefix(text.data + at, end - at) ||
	       assign_name_before(text, at) == ASSIGN_QUIET;
}

/* Whether there are slashes as in a path: many, or with a plain word between two. */
static bool is_path(const char *run, size_t size)
{
	size_t slashes = 0;
	size_t from = 0;

	for (size_t i = 0; i <= size; i++) {
		if (i < size && run[i] != '/')
			continue;
		if (i - from >= 3 && i - from < size &&
		    chars_end(run, from, i, CHARS_LOWER | CHARS_JOINT) == i)
			return true;
		slashes += i < size;
		from = i + 1;
	}
	return run[0] == '/' ? slashes > 1 : slashes > size / 12;
}

/* Where the line ends that stands before the one that at begins, which may be indented, also
 * if its line feed is written as an escape; 0 if at does not begin a line. */
static size_t line_before(struct hf_slice text, size_t at)
{
	size_t least = at > LINE_GAP_MAX ? at - LINE_GAP_MAX : 0;

	while (at > least && (text.data[at - 1] == ' ' || text.data[at - 1] == '\t'))
		at--;
	if (at > 0 && text.data[at - 1] == '\n')
		at -= at > 1 && text.data[at - 2] == '\r' ? 2 : 1;
	else if (at > 1 && text.data[at - 1] == 'n' && text.data[at - 2] == '\\')
		at -= 2;
	else
		return 0;
	while (at > least && text.data[at - 1] == '\\')
		at--;
	return at;
}

/* Whether it is a line of data that is wrapped, such as a certificate: lines as long as tools
 * make them, and what follows such a line. */
static bool is_wrapped(struct hf_slice text, size_t at, size_t end)
{
	size_t before = line_before(text, at);
	size_t size = end - at;
	size_t from = before;

	if (before == 0)
		return false;
	while (from > 0 && before - from < LINE_MIN &&
	       (chars_is(text.data[from - 1], CHARS_RUN) || text.data[from - 1] == '='))
		from--;
	return before - from == LINE_MIN || ends_before(text, before, "-----") || size == 64 ||
	       size == 70 || size == 72 || size == 76;
}

/* An AWS secret key: 40 characters of base64 with "aws" or "secret" near before it. */
static bool is_aws_secret(struct hf_slice text, size_t at, size_t end)
{
	size_t from = at > ENTROPY_NEAR ? at - ENTROPY_NEAR : 0;

	if (end - at != AWS_SECRET_SIZE ||
	    chars_end(text.data, at, end, CHARS_ALNUM | CHARS_BASE64) != end ||
	    look_has(text.data + at, end - at, "example"))
		return false;
	return look_is_random(text.data + at, end - at) &&
	       (look_has(text.data + from, at - from, "aws") ||
		look_has(text.data + from, at - from, "secret") ||
		look_has(text.data + from, at - from, "akia"));
}

bool entropy_find(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	const char *run = text.data + at;
	size_t size = end - at;

	if (size < ENTROPY_SIZE_MIN || size > ENTROPY_SIZE_MAX)
		return false;
	if (is_aws_secret(text, at, end)) {
		*ret_hit = (struct redact_hit){ "aws-secret-key", at, size };
		return true;
	}
	if (!look_is_random(run, size) || look_is_placeholder(run, size) || is_path(run, size) ||
	    is_wrapped(text, at, end) || is_explained(text, at, end))
		return false;
	while (end < text.size && text.data[end] == '=' && end - at < size + 2)
		end++;
	*ret_hit = (struct redact_hit){ "high-entropy", at, end - at };
	return true;
}
