/* SPDX-License-Identifier: MIT */
/* Cutting lines and blocks. What a piece looks like is piece_look.c's. */
#include "interop/piece.h"

#include <string.h>

#include "interop/piece_window.h"

/* How pieces are given out. */
struct cutter {
	struct piece_window window;
	const char *file;
	int (*each)(void *context, const struct piece *piece);
	void *context;
	uint64_t index;
	uint64_t line;
	bool is_long; /* in the middle of a line that is given in parts */
};

/* Gives the first size bytes of the window, behind which something was looked for already. */
static int give(struct cutter *cutter, size_t size, enum piece_state state, bool has_more)
{
	struct piece_window *window = &cutter->window;
	struct piece piece = {
		.state = state,
		.bytes = { window->bytes, size },
		.file = cutter->file,
		.offset = window->offset,
		.line = cutter->line,
		.index = cutter->index++,
		.is_last = window->is_end && size == window->size,
		.has_more = has_more,
	};
	int rc = HF_OK;

	if (state != PIECE_LONG && state != PIECE_BLOCK)
		rc = piece_look(&piece);
	if (rc == HF_OK)
		rc = cutter->each(cutter->context, &piece);
	piece_window_take(window, size);
	return rc;
}

/* Reads until there are more than size bytes, or all. */
static int look_beyond(struct piece_window *window, size_t size)
{
	int rc = HF_OK;

	while (rc == HF_OK && window->size <= size && !window->is_end)
		rc = piece_window_more(window);
	return rc;
}

/* Finds where the line at the beginning of the window ends: behind its line feed, or at the
 * file's end. *ret_size is 0 at the end of the file, and max + 1 if it is longer than max. */
static int find_line(struct piece_window *window, size_t max, size_t *ret_size)
{
	size_t seen = 0;
	int rc;

	for (;;) {
		size_t end = window->size < max ? window->size : max;
		const char *feed = end > seen ? memchr(window->bytes + seen, '\n', end - seen) : NULL;

		if (feed != NULL) {
			*ret_size = (size_t)(feed - window->bytes) + 1;
			return look_beyond(window, *ret_size);
		}
		if (window->size > max) {
			*ret_size = max + 1;
			return HF_OK;
		}
		if (window->is_end) {
			*ret_size = window->size;
			return HF_OK;
		}
		seen = end;
		rc = piece_window_more(window);
		if (rc != HF_OK)
			return rc;
	}
}

/* Gives the next line, or the next part of one that is too long. *ret_done: there is none. */
static int next_line(struct cutter *cutter, bool *ret_done)
{
	size_t max = cutter->is_long ? PIECE_PART_SIZE : PIECE_SIZE_MAX;
	size_t size = 0;
	int rc = find_line(&cutter->window, max, &size);

	if (rc != HF_OK)
		return rc;
	*ret_done = size == 0;
	if (size == 0)
		return HF_OK;
	if (!cutter->is_long)
		cutter->line++;
	if (size > max) {
		cutter->is_long = true;
		return give(cutter, PIECE_PART_SIZE, PIECE_LONG, true);
	}
	if (cutter->is_long) {
		cutter->is_long = false;
		return give(cutter, size, PIECE_LONG, false);
	}
	return give(cutter, size, PIECE_GOOD, false);
}

static int next_block(struct cutter *cutter, bool *ret_done)
{
	int rc = look_beyond(&cutter->window, PIECE_PART_SIZE);
	size_t size = cutter->window.size;

	if (rc != HF_OK)
		return rc;
	*ret_done = size == 0;
	if (size == 0)
		return HF_OK;
	if (size > PIECE_PART_SIZE)
		return give(cutter, PIECE_PART_SIZE, PIECE_BLOCK, true);
	return give(cutter, size, PIECE_BLOCK, false);
}

static int cut(struct cutter *cutter, int (*next)(struct cutter *cutter, bool *ret_done))
{
	bool is_done = false;
	int rc = HF_OK;

	while (rc == HF_OK && !is_done)
		rc = next(cutter, &is_done);
	piece_window_release(&cutter->window);
	return rc;
}

int piece_lines(piece_read_fn read, void *read_context, const char *file,
		int (*each)(void *context, const struct piece *piece), void *context)
{
	struct cutter cutter = { .window = piece_window_make(read, read_context),
				 .file = file, .each = each, .context = context };

	return cut(&cutter, next_line);
}

int piece_blocks(piece_read_fn read, void *read_context, const char *file,
		 int (*each)(void *context, const struct piece *piece), void *context)
{
	struct cutter cutter = { .window = piece_window_make(read, read_context),
				 .file = file, .each = each, .context = context };

	return cut(&cutter, next_block);
}
