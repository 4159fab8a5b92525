/* SPDX-License-Identifier: MIT */
/*
 * The envelope of a record: one line of a log, as docs/FORMAT.md describes it. Bytes to
 * structures and back; nothing here knows of files or keys.
 *
 * A line is cut from its end first (record_split), its MAC is checked, and only then is
 * the rest of it looked at (record_decode): no parser sees bytes that are not verified.
 */
#ifndef FORMAT_RECORD_H
#define FORMAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "crypto/mac.h"
#include "format/constants.h"
#include "holdfast.h"

/* Splits a line (without its line feed) into the bytes that its MAC covers, [0, *ret_size),
 * and the MAC. False unless the last FORMAT_TAIL_SIZE bytes have their fixed shape;
 * *ret_mac is then unspecified. */
bool record_split(const char *line, size_t size, size_t *ret_size,
		  uint8_t ret_mac[static MAC_SIZE]);

/* Computes the MAC of covered bytes that follow a record with the MAC previous. */
void record_mac(struct mac *key, const uint8_t previous[static MAC_SIZE], const char *bytes,
		size_t size, uint8_t ret_mac[static MAC_SIZE]);

/* Decodes the members of a line: slices of it, with offset 0. False if the line has not
 * the envelope's shape. It checks the envelope only: data is what stands between. */
bool record_decode(const char *line, size_t size, struct hf_record *ret_record);
/* The same without working out at_us, which is 0 then: for walks over many lines that need
 * few times. text_get_time gives it from at.data later, and cannot fail. */
bool record_find(const char *line, size_t size, struct hf_record *ret_record);

/* What the envelope of a new record says. */
struct record_envelope {
	uint64_t n;
	int64_t at_us;
	const char *id;      /* NULL: none */
	const char *type;
};

/* Appends the envelope up to and including `"data":`. The caller then appends the data and
 * calls record_finish. Errors of buffer_put. */
int record_begin(struct buffer *out, const struct record_envelope *envelope);
/* Signs the record that begins at start in the buffer and appends its tail and line
 * feed; mac holds the previous record's MAC and then this one's. */
int record_finish(struct buffer *out, size_t start, struct mac *key, uint8_t mac[static MAC_SIZE]);

/* True if text may be a record's id, or the type of a record that a host appends. */
bool record_id_is_valid(const char *id);
bool record_type_is_valid(const char *type);

/* True if slice equals text. In the header so that the size of a literal is known: each
 * record that is read passes here. */
static inline bool record_slice_is(struct hf_slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.data, text, strlen(text)) == 0;
}

#endif
