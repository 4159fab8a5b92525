/* SPDX-License-Identifier: MIT */
/* Putting together the bytes that were imported from the pieces in a session's records
 * (docs/INTERCHANGE.md, "How an import is stored"). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/branch.h"
#include "interop/export.h"
#include "interop/piece.h"
#include "interop/stored.h"
#include "json/read.h"

/* Where one piece belongs. Memory for each, not for its bytes. */
struct place {
	struct hf_slice file; /* JSON, empty: the main file */
	uint64_t at;          /* offset in the file, or slot of a document */
	uint64_t n;           /* the newer record wins */
	uint64_t offset;      /* of the record in the log */
};

struct places {
	struct place *list;
	size_t count;
	size_t room;
	uint64_t version;     /* the newest; those of older ones are not kept */
	bool has_slots;
};

static int compare_slices(struct hf_slice a, struct hf_slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size > 0 ? memcmp(a.data, b.data, size) : 0;

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* The main file first, then by place, the newest record of a place first. */
static int compare_places(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;
	int order = compare_slices(a->file, b->file);

	if (order == 0)
		order = (a->at > b->at) - (a->at < b->at);
	return order != 0 ? order : (a->n < b->n) - (a->n > b->n);
}

static int add_place(struct places *places, const struct place *place)
{
	if (places->count == places->room) {
		size_t room = places->room > 0 ? places->room * 2 : 64;
		struct place *list = mem_resize(places->list, room, sizeof *list);

		if (list == NULL)
			return HF_ERR_NOMEM;
		places->list = list;
		places->room = room;
	}
	places->list[places->count++] = *place;
	return HF_OK;
}

static int take_record(struct places *places, const struct hf_record *record)
{
	struct place place = { .n = record->n, .offset = record->offset };
	struct stored stored;

	if (!stored_read(record, &stored) || !stored.has_bytes)
		return HF_OK;
	if (stored.version < places->version)
		return HF_OK;
	if (stored.version > places->version)
		places->count = 0;
	places->version = stored.version;
	places->has_slots |= stored.has_slot;
	place.file = stored.file;
	place.at = stored.at;
	return add_place(places, &place);
}

static int find_places(struct places *places, const struct hf_view *view)
{
	struct hf_record record = { 0 };
	int rc = HF_OK;

	while (rc == HF_OK && hf_view_next(view, &record))
		rc = take_record(places, &record);
	if (rc == HF_OK && places->count > 0)
		qsort(places->list, places->count, sizeof *places->list, compare_places);
	return rc;
}

/* Opens the file that a piece belongs to, for what follows. */
static void begin_file(struct exporter *exporter, struct hf_slice file, char *name, size_t size)
{
	int64_t length = file.size > 0 ? json_text(file, name, size) : 0;

	if (length < 0 || (size_t)length >= size) {
		exporter->rc = report_fail(exporter->report, HF_ERR_FOREIGN, "export",
					   "the name of a file beside the session is too long");
		return;
	}
	if (file.size > 0)
		export_redact_name(exporter, name, size);
	export_file(exporter, file.size > 0 ? name : NULL);
}

/* Writes what is gathered in exporter->line: a whole piece. */
static void write_piece(struct exporter *exporter)
{
	struct piece piece = { .bytes = { exporter->line.data, exporter->line.size } };
	size_t end;

	if (exporter->rc != HF_OK || exporter->line.size == 0)
		return;
	if (exporter->redactor == NULL) {
		export_put(exporter, exporter->line.data, exporter->line.size);
		exporter->line.size = 0;
		return;
	}
	exporter->rc = piece_look(&piece);
	if (exporter->rc == HF_OK && piece.state == PIECE_GOOD) {
		end = (size_t)(piece.json.data - exporter->line.data) + piece.json.size;
		exporter->line.size = end;
		export_json(exporter);
		/* The line's end, as it was. */
		export_put(exporter, piece.bytes.data + end, piece.bytes.size - end);
	} else {
		export_text(exporter);
	}
}

static void write_place(struct exporter *exporter, const struct place *place, uint64_t *ret_size)
{
	size_t before = exporter->line.size;
	struct hf_record record;
	struct stored stored = { 0 };

	if (!branch_record(exporter->view, place->offset, &record) || !stored_read(&record, &stored))
		exporter->rc = report_fail(exporter->report, HF_ERR_INTERNAL, "export",
					   "a record that was there is gone");
	if (exporter->rc == HF_OK)
		exporter->rc = export_source_bytes(record.data, &exporter->line);
	*ret_size = exporter->line.size - before;
	/* A secret can stand where two parts meet; else nothing need be gathered. */
	if (!stored.has_more || exporter->redactor == NULL)
		write_piece(exporter);
}

void export_original(struct exporter *exporter)
{
	struct places places = { 0 };
	struct hf_slice file = { NULL, 0 };
	char name[4096];
	uint64_t expected = 0;

	if (exporter->rc == HF_OK)
		exporter->rc = find_places(&places, exporter->view);
	for (size_t i = 0; exporter->rc == HF_OK && i < places.count; i++) {
		const struct place *place = &places.list[i];
		uint64_t size = 0;

		if (compare_slices(place->file, file) != 0) {
			file = place->file;
			expected = 0;
			begin_file(exporter, file, name, sizeof name);
		}
		/* An older state of the same place: a last line that had not been complete. */
		if (place->at < expected)
			continue;
		if (place->at > expected)
			exporter->rc = report_fail(exporter->report, HF_ERR_FOREIGN, "export",
						   "bytes of the import are missing before %llu",
						   (unsigned long long)place->at);
		if (exporter->rc == HF_OK)
			write_place(exporter, place, &size);
		expected = places.has_slots ? place->at + 1 : place->at + size;
	}
	write_piece(exporter);
	mem_free(places.list);
}
