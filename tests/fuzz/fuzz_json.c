/* SPDX-License-Identifier: MIT */
/*
 * The JSON layer on arbitrary bytes. What must hold:
 *
 * - json_scan and json_compact judge alike, and report a fault within the text;
 * - a compact text is accepted, is its own compact form, and can be one line;
 * - the reader stays within its slices, steps forward, and ends;
 * - in an accepted text each member is found again by its decoded name, and a decoded text
 *   that is written and decoded once more is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

enum { OUTPUT_MAX = 1 << 26, NAME_SIZE = 256, LEVELS_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_inside(struct hf_slice inner, struct hf_slice outer)
{
	return inner.size == 0 || (inner.data >= outer.data && inner.size <= outer.size &&
				   inner.data - outer.data <= (ptrdiff_t)(outer.size - inner.size));
}

/* Any string: the text is UTF-8, as long as it says, and stays within its buffer. */
static void check_text(struct hf_slice string, bool accepted)
{
	char text[NAME_SIZE];
	char again[NAME_SIZE];
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	int64_t length = json_text(string, text, sizeof text);

	must(json_text(string, NULL, 0) == length);
	must(length >= 0 || !accepted || json_kind(string) != JSON_STRING);
	if (length < 0 || length >= NAME_SIZE)
		return;
	must(text[length] == '\0' && text_is_utf8(text, (size_t)length));
	must(json_put_string(&out, text, (size_t)length) == HF_OK);
	must(json_text((struct hf_slice){ out.data, out.size }, again, sizeof again) == length);
	must(memcmp(text, again, (size_t)length) == 0);
	buffer_release(&out);
}

/* Whether a name can be looked up: no NUL, no replaced surrogate, not cut. */
static bool is_plain_name(const char *text, int64_t length)
{
	return length >= 0 && length < NAME_SIZE && strlen(text) == (size_t)length &&
	       strstr(text, "\xef\xbf\xbd") == NULL;
}

static void check_member(struct hf_slice container, struct hf_slice name, struct hf_slice value)
{
	struct hf_slice found = { NULL, 0 };
	char text[NAME_SIZE];
	int64_t length = json_text(name, text, sizeof text);

	must(json_kind(value) != JSON_NONE);
	must((name.size > 0) == (json_kind(container) == JSON_OBJECT));
	if (!is_plain_name(text, length))
		return;
	must(json_member(container, text, &found));
	must(found.data == value.data && found.size == value.size);
}

static void read_all(struct hf_slice text, bool accepted, int levels)
{
	struct hf_slice name = { "", 0 };
	struct hf_slice value = { "", 0 };
	size_t position = 0;
	size_t before = 0;
	size_t looked_up = 0;

	check_text(text, accepted);
	if (json_member(text, "a", &value))
		must(is_inside(value, text));
	while (levels > 0 && json_next(text, &position, &name, &value)) {
		must(position > before && position <= text.size && value.size > 0);
		must(is_inside(name, text) && is_inside(value, text));
		before = position;
		/* each look-up is linear: a few are enough */
		if (accepted && looked_up++ < 40 && name.size > 0)
			check_member(text, name, value);
		check_text(name, accepted && name.size > 0);
		read_all(value, accepted, levels - 1);
	}
}

static void check_compact(const struct buffer *compact)
{
	struct buffer again = BUFFER_INIT(OUTPUT_MAX);

	must(json_scan(compact->data, compact->size, NULL) == HF_OK);
	must(json_compact(compact->data, compact->size, &again, NULL) == HF_OK);
	must(again.size == compact->size && memcmp(again.data, compact->data, again.size) == 0);
	must(memchr(again.data, '\n', again.size) == NULL);
	read_all((struct hf_slice){ again.data, again.size }, true, LEVELS_MAX);
	buffer_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct hf_slice text = { (const char *)bytes, size };
	struct json_fault fault = { 0, NULL };
	struct buffer compact = BUFFER_INIT(OUTPUT_MAX);
	int rc = json_scan(text.data, size, &fault);

	must(rc == HF_OK || (rc == HF_ERR_JSON && fault.offset <= size && fault.reason != NULL));
	must(json_compact(text.data, size, &compact, NULL) == rc);
	if (rc == HF_OK)
		check_compact(&compact);
	else
		must(compact.size == 0);
	read_all(text, rc == HF_OK, LEVELS_MAX);
	buffer_release(&compact);
	return 0;
}
