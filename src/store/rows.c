/* SPDX-License-Identifier: MIT */
#include "store/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM_MIN = 64 };
/* As much as memory holds. */
static const size_t packed_size_max = SIZE_MAX / 2;

/* What a row's packed bytes begin with; the texts follow in the order of the head. */
struct fixed {
	enum hf_state state;
	int error;
	bool is_trash;
};
/* All of a head but its texts. */
static const size_t head_fixed_size = offsetof(struct head, name);

void rows_init(struct rows *rows)
{
	*rows = (struct rows){ .packed = BUFFER_INIT(packed_size_max) };
}

void rows_release(struct rows *rows)
{
	mem_free(rows->rows);
	buffer_release(&rows->packed);
	rows_init(rows);
}

static int reserve(struct rows *rows)
{
	size_t room = rows->room == 0 ? (size_t)ROOM_MIN : rows->room * 2;
	struct row *grown;

	if (rows->count < rows->room)
		return HF_OK;
	grown = mem_resize(rows->rows, room, sizeof *grown);
	if (grown == NULL)
		return HF_ERR_NOMEM;
	rows->rows = grown;
	rows->room = room;
	return HF_OK;
}

static int pack(struct buffer *packed, const struct look *look)
{
	const struct head *head = &look->head;
	struct fixed fixed;
	size_t size = sizeof fixed + head_fixed_size + head->name_size + head->project_size +
		      head->words_size + head->tags_size;
	int rc = buffer_reserve(packed, size);

	/* Holes are packed too, and must not be of whatever the stack held. */
	memset(&fixed, 0, sizeof fixed);
	fixed.state = look->state;
	fixed.error = look->error;
	fixed.is_trash = look->is_trash;
	if (rc != HF_OK ||
	    (rc = buffer_put(packed, &fixed, sizeof fixed)) != HF_OK ||
	    (rc = buffer_put(packed, head, head_fixed_size)) != HF_OK ||
	    (rc = buffer_put(packed, head->name, head->name_size)) != HF_OK ||
	    (rc = buffer_put(packed, head->project, head->project_size)) != HF_OK ||
	    (rc = buffer_put(packed, head->words, head->words_size)) != HF_OK)
		return rc;
	return buffer_put(packed, head->tags, head->tags_size);
}

int rows_add(struct rows *rows, const struct look *look)
{
	struct row row = { .updated_us = look->head.updated_us,
			   .at = rows->packed.size,
			   .sequence = rows->count };
	int rc = reserve(rows);

	memcpy(row.id, look->head.session, sizeof row.id);
	if (rc == HF_OK)
		rc = pack(&rows->packed, look);
	if (rc != HF_OK)
		return HF_ERR_NOMEM;
	rows->rows[rows->count++] = row;
	return HF_OK;
}

static const char *take(const char *at, void *field, size_t size)
{
	memcpy(field, at, size);
	return at + size;
}

void rows_get(const struct rows *rows, size_t index, struct look *ret_look)
{
	const char *at = rows->packed.data + rows->rows[index].at;
	struct head *head = &ret_look->head;
	struct fixed fixed;

	at = take(at, &fixed, sizeof fixed);
	at = take(at, head, head_fixed_size);
	at = take(at, head->name, head->name_size);
	at = take(at, head->project, head->project_size);
	at = take(at, head->words, head->words_size);
	(void)take(at, head->tags, head->tags_size);
	ret_look->state = fixed.state;
	ret_look->error = fixed.error;
	ret_look->is_trash = fixed.is_trash;
}

static int compare_id(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	int order = memcmp(a->id, b->id, sizeof a->id);

	if (order != 0)
		return order;
	return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static int compare_newest(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;

	if (a->updated_us != b->updated_us)
		return a->updated_us < b->updated_us ? 1 : -1;
	return compare_id(left, right);
}

void rows_sort(struct rows *rows)
{
	if (rows->count > 1)
		qsort(rows->rows, rows->count, sizeof *rows->rows, compare_newest);
}

void rows_unite(struct rows *rows)
{
	size_t kept = 0;

	if (rows->count < 2)
		return;
	qsort(rows->rows, rows->count, sizeof *rows->rows, compare_id);
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->rows[i];

		if (i + 1 == rows->count || memcmp(row->id, row[1].id, sizeof row->id) != 0)
			rows->rows[kept++] = *row;
	}
	rows->count = kept;
}

void rows_filter(struct rows *rows, rows_keep_fn keep, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct look look;

		rows_get(rows, i, &look);
		if (keep(context, &look))
			rows->rows[kept++] = rows->rows[i];
	}
	rows->count = kept;
}
