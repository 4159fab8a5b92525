/* SPDX-License-Identifier: MIT */
#include "interop/export.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "interop/format.h"
#include "interop/stored.h"
#include "json/read.h"
#include "store/store.h"

enum { CUT_SIZE_MIN = 1 << 20 };

/* ---- Writing ---- */

static void write_out(struct exporter *exporter, const char *bytes, size_t size)
{
	if (exporter->rc != HF_OK || size == 0)
		return;
	exporter->rc = exporter->options->write(exporter->options->context, exporter->file, bytes,
						size);
	exporter->done.bytes += size;
	if (exporter->file == NULL)
		exporter->last = bytes[size - 1];
}

void export_put(struct exporter *exporter, const char *bytes, size_t size)
{
	write_out(exporter, bytes, size);
}

void export_put_text(struct exporter *exporter, const char *text)
{
	write_out(exporter, text, strlen(text));
}

/* Redacts and writes the line, as JSON or as text, and empties it. */
static void write_line(struct exporter *exporter, bool is_json)
{
	struct hf_slice line = { exporter->line.data, exporter->line.size };
	struct buffer redacted = BUFFER_INIT(2 * (size_t)EXPORT_LINE_MAX);

	if (exporter->rc == HF_OK && exporter->redactor != NULL) {
		exporter->rc = is_json ? redact_json(exporter->redactor, line, &redacted,
						     &exporter->done.redacted)
				       : redact_text(exporter->redactor, line, &redacted,
						     &exporter->done.redacted);
		line = (struct hf_slice){ redacted.data, redacted.size };
	}
	write_out(exporter, line.data, line.size);
	exporter->line.size = 0;
	buffer_release(&redacted);
}

void export_json(struct exporter *exporter)
{
	write_line(exporter, true);
}

void export_json_line(struct exporter *exporter)
{
	write_line(exporter, true);
	export_put_text(exporter, "\n");
}

void export_text(struct exporter *exporter)
{
	write_line(exporter, false);
}

/* Whether a path stays below where it begins: no part of it is empty, "." or "..". Nor may
 * it begin with a dot: with a home directory to export to, that is what programs obey. */
static bool stays_below(const char *path)
{
	size_t length;

	if (path[0] == '.')
		return false;
	for (;; path += length + 1) {
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[length] == '\0')
			return true;
	}
}

void export_file(struct exporter *exporter, const char *file)
{
	if (exporter->rc == HF_OK && file != NULL && !stays_below(file))
		exporter->rc = report_fail(exporter->report, HF_ERR_INVALID, "export",
					   "a file's path leads out of the export");
	exporter->file = file;
}

/* number 0: it is not given one. */
static void redact_name(struct exporter *exporter, char *name, size_t size, unsigned number)
{
	struct buffer redacted = BUFFER_INIT(2 * (size_t)EXPORT_LINE_MAX);
	uint64_t count = 0;

	if (exporter->rc != HF_OK || exporter->redactor == NULL)
		return;
	exporter->rc = redact_text(exporter->redactor, (struct hf_slice){ name, strlen(name) },
				   &redacted, &count);
	exporter->done.redacted += count;
	if (exporter->rc == HF_OK && count > 0 && number > 0) {
		exporter->rc = buffer_put(&redacted, "-", 1);
		if (exporter->rc == HF_OK)
			exporter->rc = buffer_put_u64(&redacted, number);
	}
	if (exporter->rc == HF_OK && redacted.size >= size)
		exporter->rc = report_fail(exporter->report, HF_ERR_FOREIGN, "export",
					   "the name of a file is too long to be redacted");
	if (exporter->rc == HF_OK && count > 0) {
		memcpy(name, redacted.data, redacted.size);
		name[redacted.size] = '\0';
	}
	buffer_release(&redacted);
}

void export_redact_name(struct exporter *exporter, char *name, size_t size)
{
	redact_name(exporter, name, size, ++exporter->names);
}

static void add_note(struct exporter *exporter, const char *what, uint64_t count)
{
	for (size_t i = 0; count > 0 && i < EXPORT_NOTES_MAX; i++) {
		struct export_note *note = &exporter->notes[i];

		if (note->what == NULL)
			note->what = what;
		if (strcmp(note->what, what) == 0) {
			note->count += count;
			return;
		}
	}
}

void export_note(struct exporter *exporter, const char *what)
{
	add_note(exporter, what, 1);
}

/* Tells of parts of which the view holds the beginning only (message.h). */
static void note_cut(struct exporter *exporter, const struct export_message *message)
{
	static const char mark[] = ",\"cut\":true}";
	const size_t size = sizeof mark - 1;
	struct export_part part;
	size_t position = 0;
	uint64_t count = 0;

	while (export_part_next(message, &position, &part))
		count += part.json.size > size &&
			 memcmp(part.json.data + part.json.size - size, mark, size) == 0;
	add_note(exporter, "ends of texts that are too long", count);
}

bool export_next(struct exporter *exporter, struct hf_record *record,
		 struct export_message *ret_message)
{
	struct stored stored;

	while (exporter->rc == HF_OK && hf_transcript_next(exporter->transcript, record)) {
		if (exporter->is_continued && stored_read(record, &stored))
			continue;
		export_message_read(record, ret_message);
		/* None is cut in a view that is smaller. */
		if (record->data.size >= CUT_SIZE_MIN)
			note_cut(exporter, ret_message);
		/* Those of an original are counted already. */
		exporter->done.messages += !exporter->is_continued;
		return true;
	}
	return false;
}

/* ---- One export ---- */

/* What the file was called that a session was imported from, without anything that a name in
 * a directory cannot hold. */
static void name_as_imported(struct exporter *exporter)
{
	char path[HF_PROJECT_MAX] = "";
	const char *name = path;
	struct hf_slice value;

	if (json_member(hf_view_origin(exporter->view), "path", &value))
		(void)json_text(value, path, sizeof path);
	if (strrchr(path, '/') != NULL)
		name = strrchr(path, '/') + 1;
	text_copy(exporter->done.name, sizeof exporter->done.name, name);
}

/* The format that a session was imported from; NULL if it was not. */
static const struct format *origin_format(const struct hf_view *view)
{
	struct hf_slice value;
	char name[32];
	int64_t size;

	if (!json_member(hf_view_origin(view), "format", &value))
		return NULL;
	size = json_text(value, name, sizeof name);
	return size > 0 && (size_t)size < sizeof name ? format_find(name) : NULL;
}

static int check_options(struct report *report, const struct hf_store *store,
			 const struct hf_view *view, const struct hf_export_options *options)
{
	if (store == NULL || view == NULL || options == NULL || options->format == NULL ||
	    options->write == NULL)
		return report_fail(report, HF_ERR_INVALID, "export", "an argument is NULL");
	if (options->pattern_count > 0 && options->patterns == NULL)
		return report_fail(report, HF_ERR_INVALID, "export", "patterns is NULL");
	return HF_OK;
}

/* Finds the format to write; "original" stands for the one that it was imported from. */
static int find_format(struct exporter *exporter, const struct format *origin,
		       const struct format **ret_format)
{
	const char *name = exporter->options->format;
	const struct format *format = format_find(name);

	if (strcmp(name, "original") == 0) {
		if (origin == NULL)
			return report_fail(exporter->report, HF_ERR_FOREIGN, "export",
					   "the session was not imported");
		*ret_format = origin;
		return HF_OK;
	}
	if (format == NULL || format->write == NULL)
		return report_fail(exporter->report, HF_ERR_INVALID, "export",
				   "there is no such format to export to");
	*ret_format = format;
	return HF_OK;
}

/* Chooses the format to write; *ret_original: with the bytes that were imported. */
static int choose(struct exporter *exporter, const struct format **ret_format, bool *ret_original)
{
	const struct hf_export_options *options = exporter->options;
	const struct format *origin = origin_format(exporter->view);
	const struct format *format = NULL;
	enum format_shape shape;
	int rc = find_format(exporter, origin, &format);

	if (rc != HF_OK)
		return rc;
	*ret_format = format;
	*ret_original = false;
	if (options->convert && format->write == NULL)
		return report_fail(exporter->report, HF_ERR_INVALID, "export",
				   "this format is not written anew");
	if (format != origin || format->reader == NULL || options->convert)
		return HF_OK;
	/* Of a signed document nothing can be replaced. */
	shape = format->reader->shape;
	*ret_original = !options->redact || shape == FORMAT_LINES;
	if (!*ret_original && format->write == NULL)
		return report_fail(exporter->report, HF_ERR_INVALID, "export",
				   "of this format nothing can be redacted");
	if (*ret_original && shape == FORMAT_ROWS)
		return report_fail(exporter->report, HF_ERR_FOREIGN, "export",
				   "a database's rows are no file; see the session's log");
	return HF_OK;
}

static bool has_additions(const struct hf_view *view)
{
	struct hf_record record = { 0 };
	struct stored stored;

	while (hf_view_next(view, &record)) {
		if (record.type.size == 7 && memcmp(record.type.data, "message", 7) == 0 &&
		    !stored_read(&record, &stored))
			return true;
	}
	return false;
}

/* What is written anew is the conversation as it stands, and not what is beside it. Without a
 * tree that is what its own program has dropped, too. */
static void note_left_out(struct exporter *exporter)
{
	struct hf_record record = { 0 };
	struct hf_slice value;
	uint64_t others = hf_transcript_others(exporter->transcript);
	uint64_t count = 0;
	bool is_tree = false;

	while (hf_view_next(exporter->view, &record)) {
		if (record.type.size == 8 && memcmp(record.type.data, "x-source", 8) == 0)
			count += json_member(record.data, "side", &value) &&
				 json_member(record.data, "role", &value);
		if (others > 0 && !is_tree)
			is_tree = json_member(record.data, "parent", &value);
	}
	if (is_tree)
		add_note(exporter, "messages on other branches", others);
	add_note(exporter, "messages of subagents and other side conversations", count);
}

static void write_all(struct exporter *exporter, const struct format *format, bool is_original)
{
	bool has_more = is_original && has_additions(exporter->view);

	if (!is_original)
		note_left_out(exporter);
	if (is_original) {
		exporter->done.messages = hf_transcript_count(exporter->transcript);
		name_as_imported(exporter);
		export_original(exporter);
		export_file(exporter, NULL);
		exporter->done.original = exporter->done.redacted == 0 && !has_more;
	}
	if (has_more &&
	    (format->write == NULL || format->reader->shape != FORMAT_LINES)) {
		export_note(exporter, "messages added since the import");
		return;
	}
	if (is_original && !has_more)
		return;
	exporter->is_continued = is_original;
	/* What follows must not run into a line that was torn. */
	if (is_original && exporter->last != '\n')
		export_put_text(exporter, "\n");
	if (exporter->rc == HF_OK)
		exporter->rc = format->write(exporter);
}

static void tell_notes(const struct exporter *exporter)
{
	const struct hf_export_options *options = exporter->options;

	for (size_t i = 0; options->note != NULL && i < EXPORT_NOTES_MAX; i++) {
		if (exporter->notes[i].what != NULL)
			options->note(options->context, exporter->notes[i].what,
				      exporter->notes[i].count);
	}
}

static void finish_name(struct exporter *exporter, const struct format *format)
{
	struct hf_export *done = &exporter->done;

	redact_name(exporter, done->name, sizeof done->name, 0);
	/* "" and names that begin with a dot are none that an agent gives. */
	if (done->name[0] == '\0' || done->name[0] == '.')
		(void)snprintf(done->name, sizeof done->name, "%s%s",
			       hf_view_info(exporter->view)->id, format->about.suffix);
}

int hf_export(struct hf_store *store, const struct hf_view *view,
	      const struct hf_export_options *options, struct hf_detail *detail,
	      struct hf_export *ret_export)
{
	struct report report = store_report(store);
	struct exporter exporter = { .report = &report, .view = view, .options = options,
				     .line = BUFFER_INIT(EXPORT_LINE_MAX) };
	const struct format *format = NULL;
	bool is_original = false;
	int rc = check_options(&report, store, view, options);

	if (rc != HF_OK)
		goto out;
	exporter.sys = store->sys;
	rc = choose(&exporter, &format, &is_original);
	if (rc == HF_OK && options->redact)
		rc = redactor_new(&report, options->patterns, options->pattern_count,
				  &exporter.redactor);
	if (rc == HF_OK)
		rc = hf_transcript_open(view, &report.detail, &exporter.transcript);
	if (rc != HF_OK)
		goto out;
	write_all(&exporter, format, is_original);
	rc = exporter.rc;
	if (rc == HF_OK) {
		finish_name(&exporter, format);
		rc = exporter.rc;
	}
	if (rc == HF_OK) {
		tell_notes(&exporter);
		if (ret_export != NULL)
			*ret_export = exporter.done;
	}
out:
	hf_transcript_close(exporter.transcript);
	redactor_free(exporter.redactor);
	buffer_release(&exporter.line);
	return report_deliver(&report, rc, detail);
}
