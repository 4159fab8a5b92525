/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON into text, without white space:
 *
 *     struct json json = { .out = &text };
 *     json_open(&json, '{');
 *     json_put_number(&json, "n", 17);
 *     json_open_member(&json, "records", '[');
 *     json_put_raw(&json, NULL, record);
 *     json_close(&json, ']');
 *     json_close(&json, '}');
 *
 * A name of NULL puts an element into an array. Text that is no UTF-8 becomes U+FFFD.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/strbuf.h"

struct json {
	struct strbuf *out;
	bool more; /* something stands before the next member */
};

void json_open(struct json *json, char bracket);
void json_open_member(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);
void json_put_text(struct json *json, const char *name, struct hf_slice text);
void json_put_number(struct json *json, const char *name, uint64_t number);
/* A negative number becomes null: there is none. */
void json_put_place(struct json *json, const char *name, int64_t number);
void json_put_bool(struct json *json, const char *name, bool truth);
/* A time as text, 2026-11-22T23:54:13.123456Z. */
void json_put_time(struct json *json, const char *name, int64_t time_us);
/* JSON as it is; null if it is empty. */
void json_put_raw(struct json *json, const char *name, struct hf_slice value);

#endif
