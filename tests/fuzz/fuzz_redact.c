/* SPDX-License-Identifier: MIT */
/*
 * Redaction of arbitrary bytes. What must hold:
 *
 * - what redact_text gives is the text with each hit replaced and all else kept, unless a
 *   replacement brings another secret to light;
 * - in a redacted text or JSON no secret is left, and redacting it again changes nothing;
 * - redacted JSON is JSON, and a string without a hit stays as it was;
 * - hits lie within the text, in order, apart from each other.
 *
 * The first byte says whether patterns of a user are there too. DEL characters are taken out
 * first: in the corpus they keep made-up keys from looking like real ones.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json/scan.h"
#include "redact/redact.h"

enum { OUTPUT_MAX = 1 << 26, SIZE_MAX_INPUT = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct redactor *make(bool with_patterns)
{
	static const char *const patterns[] = { "corp-[0-9a-f]{4,}", "^x.*y$", "[a-c]+:" };
	struct report report = report_make(NULL, NULL);
	struct redactor *redactor = NULL;

	must(redactor_new(&report, patterns, with_patterns ? 3 : 0, &redactor) == HF_OK);
	return redactor;
}

static struct hf_slice slice_of(const struct buffer *buffer)
{
	return (struct hf_slice){ buffer->data != NULL ? buffer->data : "", buffer->size };
}

/* What the hits that are told make of a text. */
struct expected {
	struct buffer text;
	uint64_t count;
	size_t end; /* of the last hit */
};

static void take(void *context, const char *where, struct hf_slice text,
		 const struct redact_hit *hit)
{
	struct expected *expected = context;

	must(where != NULL && hit->size > 0 && hit->offset >= expected->end);
	must(hit->offset <= text.size && hit->size <= text.size - hit->offset);
	must(buffer_put(&expected->text, text.data + expected->end, hit->offset - expected->end) ==
	     HF_OK);
	must(buffer_put_text(&expected->text, "[redacted:") == HF_OK);
	must(buffer_put_text(&expected->text, hit->kind) == HF_OK);
	must(buffer_put_text(&expected->text, "]") == HF_OK);
	expected->end = hit->offset + hit->size;
	expected->count++;
}

static void check_text(struct redactor *redactor, struct hf_slice text)
{
	struct expected expected = { .text = BUFFER_INIT(OUTPUT_MAX) };
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	struct redact_hit hit;
	uint64_t count = 0;

	must(redact_scan_text(redactor, text, "", take, &expected) == HF_OK);
	must(buffer_put(&expected.text, text.data + expected.end, text.size - expected.end) ==
	     HF_OK);
	must(redact_text(redactor, text, &out, &count) == HF_OK);
	must(count >= expected.count);
	must(!text_is_utf8(text.data, text.size) || text_is_utf8(slice_of(&out).data, out.size));
	if (count == expected.count)
		must(expected.text.size == out.size &&
		     memcmp(slice_of(&expected.text).data, slice_of(&out).data, out.size) == 0);
	must(redact_find(redactor, slice_of(&out), 0, &hit) == HF_ERR_NOTFOUND);
	buffer_release(&out);
	buffer_release(&expected.text);
}

static void tell(void *context, const char *where, struct hf_slice text,
		 const struct redact_hit *hit)
{
	uint64_t *count = context;

	must(where != NULL && hit->size > 0 && hit->offset <= text.size &&
	     hit->size <= text.size - hit->offset);
	must(text_is_utf8(where, strlen(where)));
	*count += 1;
}

static void check_json(struct redactor *redactor, struct hf_slice json)
{
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	struct buffer again = BUFFER_INIT(OUTPUT_MAX);
	struct json_fault fault = { 0, "" };
	uint64_t count = 0;
	uint64_t told = 0;
	uint64_t left = 0;

	must(redact_json(redactor, json, &out, &count) == HF_OK);
	/* Only a hostile text can have names that the numbers behind markers make alike. */
	must(json_scan(slice_of(&out).data, out.size, &fault) == HF_OK ||
	     strstr(fault.reason, "twice") != NULL);
	must(redact_scan_json(redactor, json, tell, &told) == HF_OK);
	must((told == 0) == (count == 0) && told <= count);
	if (count == 0)
		must(out.size == json.size && memcmp(out.data, json.data, json.size) == 0);
	must(redact_scan_json(redactor, slice_of(&out), tell, &left) == HF_OK && left == 0);
	must(redact_json(redactor, slice_of(&out), &again, &left) == HF_OK && left == 0);
	must(again.size == out.size && memcmp(again.data, out.data, out.size) == 0);
	buffer_release(&out);
	buffer_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct buffer input = BUFFER_INIT(SIZE_MAX_INPUT);
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	struct redactor *redactor;
	uint64_t count = 0;

	if (size < 2 || size > SIZE_MAX_INPUT)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if (bytes[i] != 0x7f)
			must(buffer_put(&input, bytes + i, 1) == HF_OK);
	}
	redactor = make((bytes[0] & 1) != 0);
	check_text(redactor, slice_of(&input));
	if (json_scan(slice_of(&input).data, input.size, NULL) == HF_OK)
		check_json(redactor, slice_of(&input));
	else /* whatever it says of it, it stays within it */
		(void)redact_json(redactor, slice_of(&input), &out, &count);
	buffer_release(&input);
	buffer_release(&out);
	redactor_free(redactor);
	return 0;
}
