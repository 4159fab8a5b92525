/* SPDX-License-Identifier: MIT */
#include "interop/piece_window.h"

#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"

struct piece_window piece_window_make(piece_read_fn read, void *context)
{
	return (struct piece_window){ .read = read, .context = context };
}

void piece_window_release(struct piece_window *window)
{
	mem_free(window->block);
	window->block = NULL;
	window->bytes = NULL;
	window->size = 0;
	window->room = 0;
}

/* Makes room behind the bytes: first by what was taken before them, so that a long piece is
 * moved to the front once, and then grows there. */
static int make_room(struct piece_window *window)
{
	size_t room = window->room < PIECE_READ_SIZE ? PIECE_READ_SIZE : window->room * 2;
	char *block;

	if (window->size > 0 && window->bytes != window->block)
		memmove(window->block, window->bytes, window->size);
	window->bytes = window->block;
	if (window->size < window->room)
		return HF_OK;
	if (room > PIECE_WINDOW_MAX)
		room = PIECE_WINDOW_MAX;
	INVARIANT(window->size < room);
	block = mem_resize(window->block, room, 1);
	if (block == NULL)
		return HF_ERR_NOMEM;
	window->block = block;
	window->bytes = block;
	window->room = room;
	return HF_OK;
}

int piece_window_more(struct piece_window *window)
{
	size_t room;
	size_t used = 0;
	int64_t count;
	int rc;

	if (window->block != NULL)
		used = (size_t)(window->bytes - window->block) + window->size;
	if (used == window->room) {
		rc = make_room(window);
		if (rc != HF_OK)
			return rc;
		used = window->size;
	}
	room = window->room - used;
	if (room > PIECE_READ_SIZE)
		room = PIECE_READ_SIZE;
	count = window->read(window->context, window->bytes + window->size, room);
	if (count < 0)
		return (int)count;
	INVARIANT((uint64_t)count <= room);
	window->size += (size_t)count;
	window->is_end = count == 0;
	return HF_OK;
}

void piece_window_take(struct piece_window *window, size_t size)
{
	INVARIANT(size <= window->size);
	window->bytes += size;
	window->size -= size;
	window->offset += size;
	if (window->size == 0)
		window->bytes = window->block;
}
