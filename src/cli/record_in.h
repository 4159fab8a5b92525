/* SPDX-License-Identifier: MIT */
/*
 * Records as they come in: {"type":"message","id":"...","data":...}. "type" may be left
 * out (message), "id" too. "n", "at" and "mac" are passed over, so that what `log` and
 * `load` print can be read again; any other member is a mistake and refused.
 */
#ifndef CLI_RECORD_IN_H
#define CLI_RECORD_IN_H

#include <stdbool.h>

#include <holdfast.h>

struct record_in {
	char type[HF_TYPE_MAX + 1];
	char id[HF_RECORD_ID_MAX + 1]; /* "" if it has none */
	struct hf_slice data;
};

/* Why something was refused; message and offset say more than the code if they are set. */
struct refusal {
	int code;
	const char *message; /* NULL: the text of the code */
	int64_t offset; /* in the text that was given, or -1 */
};

/* Reads one record from a JSON object and checks all of it but its data, which the append
 * checks. Returns false and fills *ret_refusal if it is not one. */
bool record_in_read(struct hf_slice object, struct record_in *ret_record,
		    struct refusal *ret_refusal);

/* Decodes a JSON string into a field of size bytes, with a NUL. False if it is no string,
 * does not fit, or has a NUL inside. */
bool record_in_decode(struct hf_slice string, char *field, size_t size);

/* Takes the record's id from a member of its data, the string or integer named name; a
 * missing one is no id. The data need not be valid yet. */
bool record_in_take_id(const char *name, struct record_in *record, struct refusal *ret_refusal);

/* True for the types that Holdfast writes itself (session, seal, resume, ...). */
bool record_in_is_own(const struct record_in *record);

/* The record as an append wants it. Valid while *record is where it is. */
struct hf_append record_in_append(const struct record_in *record);

/*
 * Checks a JSON text in which count slices, in order, stand for values that are checked
 * elsewhere: as hf_json_check does, but the nesting of those values does not count.
 */
bool record_in_check_around(struct hf_slice json, const struct hf_slice *values, size_t count,
			    struct refusal *ret_refusal);

#endif
