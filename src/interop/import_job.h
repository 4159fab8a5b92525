/* SPDX-License-Identifier: MIT */
/* The import of one foreign session: what its files do for each other. */
#ifndef INTEROP_IMPORT_JOB_H
#define INTEROP_IMPORT_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "interop/import_again.h"
#include "interop/import_identity.h"
#include "interop/import_sink.h"
#include "interop/import_walk.h"
#include "interop/source.h"

enum { JOB_FILES_MAX = 1 << 20 };

/* One file of a session. */
struct job_file {
	char *name;          /* relative to the main one's directory; NULL: it is that */
	uint64_t size;
	int64_t modified_us;
	uint64_t stored;     /* bytes of it that are stored already */
	bool is_stored_good; /* and the last of them were understood, as far as they go */
	bool is_looked_at;   /* size and modified_us are known */
	bool has_digest;
	uint8_t digest[DIGEST_SIZE];
};

struct job {
	struct import_env *env;
	const struct import_found *found;
	const struct format_reader *reader;
	struct buffer path;          /* of the source, with its NUL */
	struct identity identity;
	char id[HF_ID_SIZE];
	struct job_file *files;      /* the main one first; none of FORMAT_ROWS */
	size_t file_count, file_room;
	struct source source;        /* the main file, open as long as the job */
	struct hf_session *session;  /* NULL: not yet, or a dry run */
	struct hf_view *view;        /* of what was there; NULL: nothing */
	struct again again;
	struct import_sink sink;
	void *state;                 /* the reader's */
	uint64_t bytes;              /* read in this pass */
	uint64_t bytes_max;          /* in the longest one */
	uint64_t row_count;
	struct digest rows;          /* of all rows' keys and bytes */
	enum hf_import_outcome outcome;
};

/* ---- job_pieces.c: the pieces of a session, in order ---- */

/* Opens the main file and finds those beside it. */
int job_open(struct job *job);
/* Lets go of everything; a session that is still open is left as it is. */
void job_close(struct job *job);
/* Reads a file from its beginning: bytes goes to a function that reads them, or pieces to
 * each. index: in job->files. Not HF_OK: what stopped it. */
int job_read_file(struct job *job, size_t index, int (*bytes)(void *context, struct source *source),
		  void *context);
int job_each_of_file(struct job *job, size_t index, piece_fn each, void *context);
/* Gives all pieces of all files, or all rows. */
int job_each(struct job *job, piece_fn each, void *context);

/* ---- job_compare.c: what is here already ---- */

enum job_state {
	JOB_SAME,      /* all of the source is stored, and nothing else */
	JOB_LONGER,    /* the source has more */
	JOB_SHORTER,   /* the source lacks the end of what is stored */
	JOB_DIFFERENT,
};

/* Compares the source with one version of what is stored. For JOB_LONGER the files' stored
 * sizes and the entries of job->again then say what is there. */
int job_compare(struct job *job, uint64_t version, enum job_state *ret_state);

/* ---- job_write.c: what is written ---- */

/* Puts everything that is not stored yet, and what is known of the session at the end. */
int job_write(struct job *job);

/* ---- import_job.c ---- */

/* Imports one session, or says what would be done; tells of it. Never fails. */
void job_run(struct import_env *env, const struct import_found *found);

#endif
