/* SPDX-License-Identifier: MIT */
/*
 * What is stored of a source already, to compare it with what the source is now.
 *
 * Of files of lines the stored bytes are gone through in the order of the file, in memory
 * for each run of records of one file; of documents and rows there is an entry for each
 * piece, with digests instead of bytes.
 */
#ifndef INTEROP_IMPORT_AGAIN_H
#define INTEROP_IMPORT_AGAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "holdfast.h"
#include "interop/format.h"
#include "interop/piece.h"
#include "interop/stored.h"

enum {
	AGAIN_TAG_SIZE = 16,        /* of a SHA-256: nobody finds two equal ones by chance */
	AGAIN_ENTRIES_MAX = 4 << 20, /* pieces of a document, or rows */
};

/* Records of one file and version that follow each other. */
struct again_run {
	struct hf_slice file; /* JSON, empty: the main one */
	uint64_t version;
	struct hf_record first;
	uint64_t end_n;       /* behind the last one */
};

/* One piece of a document, or one row: its newest state in one version. */
struct again_entry {
	uint8_t key[AGAIN_TAG_SIZE];
	uint8_t bytes[AGAIN_TAG_SIZE];
	uint64_t n;           /* of its last record */
	uint32_t parts;       /* records of its bytes */
	bool is_whole;        /* its last part is there */
	bool has_messages;
	bool has_ids;         /* each of its messages has one */
	bool is_seen;         /* by again_compare: the source has it */
	bool is_same;         /* and its bytes are these */
};

struct again {
	const struct hf_view *view;
	uint64_t version;       /* the newest; 0: nothing is stored */
	struct hf_slice name;   /* JSON: the title that was imported last, or empty */
	bool is_finished;       /* the last import came to its end */
	struct again_run *runs;
	size_t run_count, run_room;
	struct again_entry *entries; /* of the version that was asked for last, by key */
	size_t entry_count, entry_room;
	uint64_t slots;         /* FORMAT_DOCUMENT: slots of that version */
};

/* Goes through the records once. HF_ERR_NOMEM. The view must stay open as long. */
int again_read(struct again *again, const struct hf_view *view);
void again_release(struct again *again);

/* The stored bytes of one file in one version. */
struct again_stream {
	const struct again *again;
	struct hf_slice file;
	uint64_t version;
	size_t run;             /* the one that is gone through */
	struct hf_record record;
	struct buffer bytes;    /* of the record */
	size_t used;
	uint64_t offset;        /* of the next byte */
	bool is_open;           /* record is in the run */
	/* Of the last record that was gone through: its piece was understood, and is complete. */
	bool is_good;
};

/* file is JSON, empty for the main one. */
struct again_stream again_stream_make(const struct again *again, struct hf_slice file,
				      uint64_t version);
void again_stream_release(struct again_stream *stream);
/* Gives some of the next bytes, at most size, or an empty slice at the end.
 * HF_ERR_FORMAT: the records are not as an import writes them. */
int again_stream_next(struct again_stream *stream, size_t size, struct hf_slice *ret_bytes);

/* Makes the entries of one version. HF_ERR_FORMAT; HF_ERR_FOREIGN: there are too many. */
int again_enter(struct again *again, uint64_t version);
/* The entry of a slot, or of a key by its text; NULL: there is none. */
struct again_entry *again_find_slot(struct again *again, uint64_t slot);
struct again_entry *again_find_key(struct again *again, const char *text);
/* Whether the entry's bytes have this digest. */
bool again_is(const struct again_entry *entry, const uint8_t digest[static 32]);

#endif
