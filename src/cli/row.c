/* SPDX-License-Identifier: MIT */
#include "cli/row.h"

#include <string.h>

#include "cli/clock.h"
#include "cli/tags.h"
#include "cli/visible.h"

static void put_spaces(struct strbuf *text, size_t count)
{
	strbuf_printf(text, "%*s", (int)count, "");
}

void row_put(struct strbuf *text, struct hf_slice words, size_t width)
{
	size_t used = visible_put_cut(text, words, width);

	put_spaces(text, width - used + ROW_GAP);
}

void row_put_right(struct strbuf *text, const char *words, size_t width)
{
	strbuf_printf(text, "%*s%*s", (int)width, words, ROW_GAP, "");
}

void row_put_id(struct strbuf *text, const char *id, size_t width)
{
	row_put(text, (struct hf_slice){ id, strnlen(id, width) }, width);
}

size_t row_id_width(const char *id)
{
	enum { VERSION_AT = 14 }; /* RFC 9562, section 4.2 */

	return strnlen(id, VERSION_AT + 1) > VERSION_AT && id[VERSION_AT] == '7' ? ROW_LONG_ID_WIDTH
										    : ROW_ID_WIDTH;
}

void row_put_time(struct strbuf *text, int64_t time_us)
{
	struct strbuf time = { 0 };
	size_t size;

	if (time_us > 0)
		clock_put_local(&time, time_us);
	size = time.size < ROW_TIME_WIDTH ? time.size : ROW_TIME_WIDTH;
	row_put(text, (struct hf_slice){ time.data, size }, ROW_TIME_WIDTH);
	strbuf_release(&time);
}

void row_put_size(struct strbuf *text, uint64_t bytes)
{
	struct strbuf size = { 0 };

	out_put_size(&size, bytes);
	row_put_right(text, size.data, ROW_SIZE_WIDTH);
	strbuf_release(&size);
}

void row_put_fault(struct strbuf *text, int error)
{
	const char *name = hf_error_name(error) + sizeof "HF_ERR_" - 1;

	for (; *name != '\0'; name++) {
		char letter = *name;

		if (letter == '_')
			letter = '-';
		else if (letter >= 'A' && letter <= 'Z')
			letter = (char)(letter - 'A' + 'a');
		strbuf_put(text, &letter, 1);
	}
}

struct hf_slice row_title(const struct hf_info *info)
{
	return info->name.size > 0 ? info->name : info->first_words;
}

/* Puts the tags as words with a sharp. */
static void put_tags(struct strbuf *text, struct hf_slice tags)
{
	struct hf_slice tag = { 0 };

	while (tags_next(&tags, &tag)) {
		strbuf_puts(text, text->size > 0 ? " #" : "#");
		strbuf_put(text, tag.data, tag.size);
	}
}

size_t row_title_width(const struct hf_info *info)
{
	struct strbuf tags = { 0 };
	size_t width = visible_width(row_title(info)) + (info->pinned ? 2 : 0);

	put_tags(&tags, info->tags);
	if (tags.size > 0)
		width += 1 + visible_width(strbuf_slice(&tags));
	strbuf_release(&tags);
	return width;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The columns that the tags get beside the title, with the space before them: what the
 * title leaves, but at least half. Tags are short, and a title is known by its beginning. */
static size_t tags_share(struct hf_slice title, struct hf_slice tags, size_t width)
{
	size_t needed = visible_width(tags) + 1;
	size_t left = width - smaller(visible_width(title), width);

	if (tags.size == 0)
		return 0;
	return smaller(needed, left > width / 2 ? left : width / 2);
}

size_t row_put_title(const struct out *out, struct strbuf *text, const struct hf_info *info,
		     size_t width)
{
	struct strbuf tags = { 0 };
	size_t used = 0;
	size_t share;

	if (info->pinned) {
		out_style(out, text, OUT_WARNING, "*");
		strbuf_puts(text, " ");
		used = 2;
	}
	put_tags(&tags, info->tags);
	share = tags_share(row_title(info), strbuf_slice(&tags), width - used);
	used += visible_put_cut(text, row_title(info), width - used - share);
	if (share > 0) {
		strbuf_puts(text, " ");
		out_style_begin(out, text, OUT_DIM);
		used += 1 + visible_put_cut(text, strbuf_slice(&tags), share - 1);
		out_style_end(out, text);
	}
	strbuf_release(&tags);
	return used;
}

void row_end(struct strbuf *text)
{
	while (text->size > 0 && text->data[text->size - 1] == ' ')
		text->size--;
	strbuf_puts(text, "\n");
}

/* A time, or null if it is not known. */
static void put_json_time(struct json *json, const char *name, int64_t time_us)
{
	if (time_us == 0)
		json_put_raw(json, name, (struct hf_slice){ 0 });
	else
		json_put_time(json, name, time_us);
}

static void put_json_state(struct json *json, const struct hf_entry *entry)
{
	json_put_text(json, "state", slice_of(hf_state_name(entry->state)));
	if (entry->is_checked) {
		json_put_text(json, "verdict", slice_of(hf_verdict_name(entry->check.verdict)));
		json_put_place(json, "bad_record", entry->check.bad_record);
		json_put_place(json, "bad_offset", entry->check.bad_offset);
	} else {
		json_put_raw(json, "verdict", (struct hf_slice){ 0 });
	}
	if (entry->error == HF_OK) {
		json_put_raw(json, "error", (struct hf_slice){ 0 });
	} else {
		json_put_text(json, "error", slice_of(hf_error_name(entry->error)));
		json_put_text(json, "message", slice_of(hf_error_text(entry->error)));
	}
}

void row_put_json(struct json *json, const struct hf_entry *entry)
{
	const struct hf_info *info = &entry->info;

	json_put_text(json, "session", slice_of(info->id));
	json_put_text(json, "name", info->name);
	json_put_text(json, "project", info->project);
	json_put_text(json, "first_words", info->first_words);
	tags_put_json(json, info->tags);
	json_put_bool(json, "pinned", info->pinned);
	put_json_time(json, "created", info->created_us);
	put_json_time(json, "updated", info->updated_us);
	json_put_bool(json, "closed", info->closed);
	json_put_number(json, "records", info->records);
	json_put_number(json, "messages", info->messages);
	json_put_number(json, "bytes", info->bytes);
	json_put_number(json, "generation", info->generation);
	json_put_text(json, "key", slice_of(info->key_id));
	json_put_bool(json, "weak", info->weak);
	put_json_state(json, entry);
}
