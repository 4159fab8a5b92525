/* SPDX-License-Identifier: MIT */
#include "cli/json.h"

#include <inttypes.h>

#include "cli/clock.h"
#include "cli/visible.h"

static void put_string(struct strbuf *out, struct hf_slice text)
{
	strbuf_puts(out, "\"");
	while (text.size > 0) {
		uint32_t code_point = 0;
		size_t length = visible_decode(text.data, text.size, &code_point);

		if (length == 0)
			strbuf_puts(out, "\\ufffd");
		else if (code_point == '"' || code_point == '\\')
			strbuf_printf(out, "\\%c", (char)code_point);
		else if (code_point == '\n')
			strbuf_puts(out, "\\n");
		else if (code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f))
			strbuf_printf(out, "\\u%04x", (unsigned)code_point);
		else
			strbuf_put(out, text.data, length);
		length = length > 0 ? length : 1;
		text = (struct hf_slice){ text.data + length, text.size - length };
	}
	strbuf_puts(out, "\"");
}

static void begin(struct json *json, const char *name)
{
	if (json->more)
		strbuf_puts(json->out, ",");
	json->more = true;
	if (name != NULL) {
		put_string(json->out, slice_of(name));
		strbuf_puts(json->out, ":");
	}
}

void json_open_member(struct json *json, const char *name, char bracket)
{
	begin(json, name);
	strbuf_put(json->out, &bracket, 1);
	json->more = false;
}

void json_open(struct json *json, char bracket)
{
	json_open_member(json, NULL, bracket);
}

void json_close(struct json *json, char bracket)
{
	strbuf_put(json->out, &bracket, 1);
	json->more = true;
}

void json_put_text(struct json *json, const char *name, struct hf_slice text)
{
	begin(json, name);
	put_string(json->out, text);
}

void json_put_number(struct json *json, const char *name, uint64_t number)
{
	begin(json, name);
	strbuf_printf(json->out, "%" PRIu64, number);
}

void json_put_place(struct json *json, const char *name, int64_t number)
{
	if (number < 0)
		json_put_raw(json, name, (struct hf_slice){ 0 });
	else
		json_put_number(json, name, (uint64_t)number);
}

void json_put_bool(struct json *json, const char *name, bool truth)
{
	begin(json, name);
	strbuf_puts(json->out, truth ? "true" : "false");
}

void json_put_time(struct json *json, const char *name, int64_t time_us)
{
	begin(json, name);
	strbuf_puts(json->out, "\"");
	clock_put_utc(json->out, time_us);
	strbuf_puts(json->out, "\"");
}

void json_put_raw(struct json *json, const char *name, struct hf_slice value)
{
	begin(json, name);
	if (value.size == 0)
		strbuf_puts(json->out, "null");
	else
		strbuf_put(json->out, value.data, value.size);
}
