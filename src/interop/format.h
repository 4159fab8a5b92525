/* SPDX-License-Identifier: MIT */
/*
 * What a format is: one struct of functions in one file. Reading and writing are described
 * apart, and either may be missing.
 *
 * A source is one foreign session: a file, a directory of files, or rows of a database.
 * It is cut into pieces (piece.h): lines, elements of a document, rows. The pipeline
 * (import.c) gives each piece to the format, in order, and keeps the piece's bytes whatever
 * the format makes of them. The format only says, through struct message_writer (message.h),
 * what the piece means. So no format can lose a byte, and none needs to care about torn
 * lines, batches, importing again or limits.
 */
#ifndef INTEROP_FORMAT_H
#define INTEROP_FORMAT_H

#include <stdbool.h>

#include "base/report.h"
#include "holdfast.h"
#include "interop/export.h"
#include "interop/message.h"
#include "interop/piece.h"
#include "sys/sys.h"

/* How a source is cut into pieces. */
enum format_shape {
	FORMAT_LINES,    /* JSON Lines: a piece is a line with its line feed */
	FORMAT_DOCUMENT, /* one JSON text: what is before, in, and after an array of messages */
	FORMAT_ROWS,     /* the format gives the pieces itself */
};

/* What is known of a file when its format is asked for. */
struct probe {
	const char *path;      /* as it was found, for the names in it */
	const char *name;      /* its last part */
	struct hf_slice start; /* its first bytes, decompressed: 64 KiB at most */
	bool is_whole;         /* start is all of it */
	bool is_directory;     /* start is empty then */
};

/* What a format tells of a session once it has seen enough of it. Each is the newest that it
 * knows, in its own storage, valid until the next piece; empty if it knows none. */
struct session_facts {
	struct hf_slice foreign;  /* its id there, decoded */
	struct hf_slice project;  /* its directory, decoded */
	struct hf_slice name;     /* its title, decoded */
	struct hf_slice version;  /* of the program, decoded */
	struct hf_slice parent;   /* the foreign id of the session it was forked from, decoded */
	/* Its todo list and its configuration, an object, as JSON that passes json_scan. The
	 * import writes each as a record of type "todos" or "config" behind the pieces, if it is
	 * not what the session's newest record of that type says already. */
	struct hf_slice todos;
	struct hf_slice config;
	int64_t created_us;       /* 0: not known */
	bool is_unsigned;         /* mark it HF_UNSIGNED */
};

struct import_env; /* the import's options, sys and report: see import.h */

/* Gives one more session or piece; not HF_OK: stop with that code. */
typedef int (*source_fn)(void *context, const char *path, const char *foreign);
typedef int (*piece_fn)(void *context, const struct piece *piece);

struct format_reader {
	enum format_shape shape;
	/* Whether a file is of this format. Must not be fooled by a name alone, nor by a torn or
	 * damaged first line if others are good. 0: no; the higher the surer, up to 100. */
	int (*detect)(const struct probe *probe);
	/* FORMAT_DOCUMENT: the name of the member that is the array of messages; "" for a
	 * document that is the array. Tried in order, NULL at the end. */
	const char *const *arrays;
	/* Makes and frees the state of one session. */
	int (*begin)(const struct import_env *env, const char *path, void **ret_state);
	void (*end)(void *state);
	/* Says what a piece means. Called for every piece in order, also for those that are here
	 * already, whose messages are then dropped by the writer. Anything may be in it. A return
	 * other than HF_OK (HF_ERR_NOMEM, HF_ERR_SIGNATURE, ...) ends the session's import. */
	int (*read)(void *state, const struct piece *piece, struct message_writer *writer);
	/* What is known by now. */
	void (*facts)(void *state, struct session_facts *ret_facts);
	/* May be NULL. Looks at the whole source before anything of it is imported (JidoCode's
	 * signature). The facts are those after it. */
	int (*check)(void *state, const struct import_env *env, int fd);
	/* FORMAT_LINES, may be NULL: gives the relative paths of files beside path that belong
	 * to the same session. They come after it, each cut into lines if its name ends in
	 * ".jsonl", otherwise into blocks (PIECE_BLOCK). */
	int (*beside)(const struct import_env *env, const char *path, source_fn each, void *context);
	/* FORMAT_ROWS: gives the sessions in a database or directory, and the pieces of one. */
	int (*sessions)(const struct import_env *env, const char *path, source_fn each,
			void *context);
	int (*rows)(const struct import_env *env, const char *path, const char *foreign,
		    piece_fn each, void *context);
	/* Where the agent keeps its sessions by the environment: gives existing directories or
	 * files. getenv only; NULL: nowhere. */
	int (*places)(const struct import_env *env, source_fn each, void *context);
};

struct format {
	struct hf_format about;
	const struct format_reader *reader; /* NULL: cannot be imported */
	/* Writes the transcript of an exporter (export.h); NULL: cannot be exported. */
	int (*write)(struct exporter *exporter);
};

extern const struct format format_jidocode;
extern const struct format format_claude;
extern const struct format format_codex;
extern const struct format format_pi;
extern const struct format format_gemini;          /* JSON Lines */
extern const struct format format_gemini_document; /* the older JSON */
extern const struct format format_opencode;        /* its database */
extern const struct format format_opencode_files;  /* the older folder of files */
extern const struct format format_openai;          /* a chat as JSON Lines */
extern const struct format format_openai_document; /* a chat as one JSON text */
extern const struct format format_markdown;
extern const struct format format_html;

/* All formats, in the order of the public list; NULL after the last one. */
const struct format *format_get(size_t index);
const struct format *format_find(const char *name);

#endif
