/* SPDX-License-Identifier: MIT */
#include "interop/opencode_rows.h"

#include <string.h>

#include "base/text.h"
#include "interop/fact.h"
#include "interop/piece.h"
#include "json/read.h"
#include "json/write.h"

/* FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo). It only has to notice changes: who can
 * make it miss one can as well make none. */
static const uint64_t check_start = UINT64_C(0xcbf29ce484222325);

static uint64_t check_more(uint64_t check, struct hf_slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		check = (check ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
	return check;
}

static void put_check(uint64_t check, char digits[static 16])
{
	for (size_t i = 0; i < 16; i++)
		digits[i] = "0123456789abcdef"[check >> (60 - 4 * i) & 15];
}

void opencode_rows_begin(struct opencode_rows *rows, piece_fn each, void *context)
{
	*rows = (struct opencode_rows){
		.each = each,
		.context = context,
		.revert_message = FACT_INIT,
		.revert_part = FACT_INIT,
		.check = check_start,
	};
}

void opencode_rows_end(struct opencode_rows *rows)
{
	buffer_release(&rows->revert_message);
	buffer_release(&rows->revert_part);
}

/* ---- Keys ---- */

static bool is_plain(const char *id, size_t size)
{
	if (size == 0 || size >= OPENCODE_ID_MAX || !text_is_utf8(id, size))
		return false;
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)id[i] < 0x20 || id[i] == '/')
			return false;
	}
	return true;
}

/* Ids that fit into a key and have nothing odd in them stand there as they are; others as
 * '~' and a checksum. The row tells which it is. */
static void make_key(const char *kind, const char *id, char key[static PIECE_KEY_MAX])
{
	size_t size = strlen(kind);
	uint64_t check;

	text_copy(key, PIECE_KEY_MAX, kind);
	if (id == NULL)
		return;
	key[size++] = '/';
	if (is_plain(id, strlen(id)) && strlen(id) < PIECE_KEY_MAX - size) {
		text_copy(key + size, PIECE_KEY_MAX - size, id);
		return;
	}
	check = check_more(check_start, (struct hf_slice){ id, strlen(id) });
	key[size++] = '~';
	put_check(check, key + size);
	key[size + 16] = '\0';
}

/* ---- Giving ---- */

static int give(struct opencode_rows *rows, const char *key, struct hf_slice bytes)
{
	struct piece piece = { .role = PIECE_ROW, .bytes = bytes, .key = key,
			       .index = rows->index++ };
	int rc = piece_look(&piece);

	return rc == HF_OK ? rows->each(rows->context, &piece) : rc;
}

/* Counts a row to the message that is being given. */
static void count(struct opencode_rows *rows, const char *kind, const char *id)
{
	if (strcmp(kind, "message") == 0) {
		rows->check = check_start;
		rows->parts = 0;
		rows->kept = 0;
		rows->is_cut = false;
	} else if (strcmp(kind, "part") == 0) {
		rows->is_cut |= rows->revert_part.size > 0 && id != NULL &&
				strcmp(id, rows->revert_part.data) == 0;
		rows->parts++;
		rows->kept += !rows->is_cut;
	}
}

/* Bytes of one row go on after its size, so that no two rows look like two others. */
static void check_row(struct opencode_rows *rows, uint64_t position, struct hf_slice bytes)
{
	char digits[16];

	put_check(position, digits);
	rows->check = check_more(rows->check, (struct hf_slice){ digits, sizeof digits });
	rows->check = check_more(rows->check, bytes);
}

int opencode_give_block(struct opencode_rows *rows, const char *kind, const char *id,
			struct hf_slice block, uint64_t offset, bool more)
{
	char key[PIECE_KEY_MAX];
	struct piece piece = { .state = PIECE_LONG, .role = PIECE_ROW, .bytes = block, .key = key,
			       .offset = offset, .has_more = more, .index = rows->index++ };

	make_key(kind, id, key);
	if (offset == 0)
		count(rows, kind, id);
	check_row(rows, offset, block);
	return rows->each(rows->context, &piece);
}

int opencode_give(struct opencode_rows *rows, const char *kind, const char *id,
		  struct hf_slice bytes)
{
	char key[PIECE_KEY_MAX];
	int rc = HF_OK;

	if (bytes.size <= PIECE_SIZE_MAX) {
		make_key(kind, id, key);
		count(rows, kind, id);
		check_row(rows, bytes.size, bytes);
		return give(rows, key, bytes);
	}
	for (size_t at = 0; rc == HF_OK && at < bytes.size; at += PIECE_PART_SIZE) {
		bool more = bytes.size - at > PIECE_PART_SIZE;
		struct hf_slice block = { bytes.data + at,
					  more ? (size_t)PIECE_PART_SIZE : bytes.size - at };

		rc = opencode_give_block(rows, kind, id, block, at, more);
	}
	return rc;
}

int opencode_give_session(struct opencode_rows *rows, struct hf_slice bytes)
{
	struct hf_slice revert = fact_member(bytes, "revert");
	int rc = fact_set(&rows->revert_message, fact_member(revert, "messageID"));

	if (rc == HF_OK)
		rc = fact_set(&rows->revert_part, fact_member(revert, "partID"));
	return rc == HF_OK ? opencode_give(rows, "session", NULL, bytes) : rc;
}

/* How much of a message stays. Messages are in the order of their ids, and those from the one
 * that is named on were taken back; if a part is named, the message keeps what is before it. */
static void put_kept(const struct opencode_rows *rows, const char *id, char text[static 24])
{
	const char *revert = rows->revert_message.size > 0 ? rows->revert_message.data : NULL;
	int order = revert != NULL ? strcmp(id, revert) : -1;
	size_t size;

	text_copy(text, 24, order < 0 ? "true" : "false");
	if (order != 0 || rows->revert_part.size == 0)
		return;
	size = text_put_u64(rows->kept, text);
	text[size] = '\0';
}

int opencode_give_view(struct opencode_rows *rows, const char *id)
{
	struct buffer line = BUFFER_INIT(8 << 10);
	char key[PIECE_KEY_MAX];
	char kept[24];
	char check[16];
	bool first = true;
	int rc = buffer_put_text(&line, "{");

	make_key("view", id, key);
	put_kept(rows, id, kept);
	put_check(rows->check, check);
	if (rc == HF_OK)
		rc = json_put_member_text(&line, &first, "message", key + 5, strlen(key + 5));
	if (rc == HF_OK)
		rc = json_put_member_u64(&line, &first, "parts", rows->parts);
	if (rc == HF_OK)
		rc = json_put_member_json(&line, &first, "kept",
					  (struct hf_slice){ kept, strlen(kept) });
	if (rc == HF_OK)
		rc = json_put_member_text(&line, &first, "check", check, sizeof check);
	if (rc == HF_OK)
		rc = buffer_put_text(&line, "}");
	if (rc == HF_OK)
		rc = give(rows, key, (struct hf_slice){ line.data, line.size });
	buffer_release(&line);
	return rc;
}
