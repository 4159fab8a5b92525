/* SPDX-License-Identifier: MIT */
/*
 * A whole session as one JSON document, as `load` prints it and `save` reads it:
 *
 *     {"session":"...","name":"...","project":"...","created":"...","updated":"...",
 *      "message_count":2,"verdict":"intact","config":{...},"todos":[...],"origin":null,
 *      "records":[{"n":1,"at":"...","type":"message","id":"...","data":{...}},...]}
 *
 * Of this, `save` uses name, project, config and records and passes over the rest; or it
 * reads JSON Lines, one record a line. Records that Holdfast writes itself (session, seal,
 * resume, ...) do not stand in a document and are passed over when read.
 */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/record_in.h"

struct cli;

struct document {
	char name[HF_NAME_MAX + 1]; /* "" if it has none */
	char project[HF_PROJECT_MAX + 1]; /* "" if it has none */
	struct hf_slice config; /* empty if it has none */
	struct record_in *records;
	struct hf_append *appends; /* of the records */
	size_t count;
	size_t room;
};

/* What of a document was refused, and which of its records, or line of JSON Lines. */
struct document_refusal {
	struct refusal refusal;
	uint64_t place; /* from 1; 0: the document itself */
};

/* Reads a document or JSON Lines. The document refers to text, which must outlive it.
 * False: it was refused, and ret_refusal says why; release the document all the same. */
bool document_read(struct hf_slice text, struct document *ret_document,
		   struct document_refusal *ret_refusal);
void document_release(struct document *document);

/* Prints a session as a document. */
void document_print(struct cli *cli, const struct hf_view *view);

#endif
