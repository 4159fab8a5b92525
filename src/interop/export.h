/* SPDX-License-Identifier: MIT */
/*
 * What the writers of all formats share: where the bytes go, the conversation, the report of
 * what could not be carried over, and the redaction.
 *
 * A writer steps through the conversation with hf_transcript_next and writes lines or text
 * with the functions below. Errors stick as in struct message_writer: after the first one all
 * calls do nothing, and the writer's return value is export_end's.
 */
#ifndef INTEROP_EXPORT_H
#define INTEROP_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/report.h"
#include "holdfast.h"
#include "redact/redact.h"
#include "sys/sys.h"

enum { EXPORT_NOTES_MAX = 24, EXPORT_LINE_MAX = 256 << 20 };

struct exporter {
	int rc;                        /* the first error, which sticks */
	const struct sys *sys;
	struct report *report;
	const struct hf_view *view;
	const struct hf_export_options *options;
	struct hf_transcript *transcript; /* the messages to write, not begun */
	bool is_continued;             /* the original bytes of the same format are written
	                                * already; the transcript is what was added since */
	struct redactor *redactor;     /* NULL: nothing is redacted */
	struct buffer line;            /* the writer's own, for one line of JSON or some text */
	struct hf_export done;         /* counts; the writer fills in name */
	struct export_note { const char *what; uint64_t count; } notes[EXPORT_NOTES_MAX];
	unsigned names;                /* of files beside, that were looked through for secrets */
	char last;                     /* the last byte written to the exported file */
	const char *file;              /* what export_put writes to: NULL, or a file beside it */
};

/* Writes bytes as they are (already redacted). */
void export_put(struct exporter *exporter, const char *bytes, size_t size);
void export_put_text(struct exporter *exporter, const char *text);
/* Writes exporter->line and empties it (its bytes stay). export_json takes it for one JSON
 * text, and redacts the strings in it if that is asked for; export_json_line adds a line feed.
 * export_text redacts it as plain text. */
void export_json(struct exporter *exporter);
void export_json_line(struct exporter *exporter);
void export_text(struct exporter *exporter);
/* Makes further output go to a file beside the exported one ("a/b.txt": a relative path that
 * stays below, which is checked: HF_ERR_INVALID), or (NULL) to the exported one again. */
void export_file(struct exporter *exporter, const char *file);
/* Redacts the name of a file beside the exported one, of at most size bytes with its NUL, if
 * that is asked for. Two names may come to be alike, so what was redacted has a number. */
void export_redact_name(struct exporter *exporter, char *name, size_t size);
/* Counts something that could not be carried over; what is a static text such as
 * "images without data". */
void export_note(struct exporter *exporter, const char *what);

/* One part of a message's content, as docs/INTERCHANGE.md describes them. All slices are
 * JSON (strings with their quotes), empty if they are not there. */
enum export_part_kind {
	EXPORT_TEXT, EXPORT_THINKING, EXPORT_CALL, EXPORT_RESULT, EXPORT_IMAGE, EXPORT_FILE,
	EXPORT_OTHER,
};
struct export_part {
	enum export_part_kind kind;
	struct hf_slice json;       /* all of it */
	struct hf_slice text;       /* text, thinking */
	struct hf_slice id;         /* of a call, or of the call that a result belongs to */
	struct hf_slice name;       /* of a tool or file */
	struct hf_slice arguments;  /* any JSON; not empty for a call */
	struct hf_slice content;    /* of a result: a string, or an array of parts */
	struct hf_slice media_type;
	struct hf_slice data;       /* base64 */
	struct hf_slice url;
	bool is_error;
};

/* A message of the conversation, read from a record. Sessions that were not imported hold
 * whatever their host wrote: the shapes of OpenAI's and Anthropic's interfaces and plain
 * {"role","content"} are understood, anything else is one EXPORT_OTHER. */
struct export_message {
	const struct hf_record *record;
	enum export_role { EXPORT_USER, EXPORT_ASSISTANT, EXPORT_SYSTEM, EXPORT_TOOL } role;
	struct hf_slice content;    /* an array of parts, or a string */
	struct hf_slice calls;      /* OpenAI's tool_calls beside the content, or empty */
	struct hf_slice id, parent, reply, time, model, usage, side; /* JSON, or empty */
	int64_t at_us;              /* the message's own time, else the record's */
	bool is_summary;
	bool is_error;
};

/* The next message; false at the end. */
bool export_next(struct exporter *exporter, struct hf_record *record,
		 struct export_message *ret_message);
/* Reads one record that is a message. */
void export_message_read(const struct hf_record *record, struct export_message *ret_message);
/* Steps through a message's parts; *position is 0 at the start. */
bool export_part_next(const struct export_message *message, size_t *position,
		      struct export_part *ret_part);

/* Appends the original bytes of a record's piece to out (nothing if it has none): what
 * "source" in its data says. HF_ERR_JSON: it is not as docs/INTERCHANGE.md describes it. */
int export_source_bytes(struct hf_slice data, struct buffer *out);

/* Writes the bytes that were imported: the main file's, and those beside it. Redacted line by
 * line if that is asked for. Errors stick. */
void export_original(struct exporter *exporter);

#endif
