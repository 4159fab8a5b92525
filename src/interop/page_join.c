/* SPDX-License-Identifier: MIT */
#include "interop/page_join.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct result {
	uint64_t hash;         /* of its id */
	struct hf_slice data;  /* of its record */
	struct hf_slice type;
	int64_t at_us;
	size_t position;       /* of the part in its message */
	uint32_t index;        /* in the order of the transcript */
};

struct page_join {
	struct result *results; /* by hash, then by index */
	bool *taken;            /* by index */
	size_t count;
	size_t room;
	size_t next;            /* index of the first that is not passed */
	struct page_prompt *prompts;
	size_t prompt_count;
	size_t prompt_room;
};

/* FNV-1a. Equal hashes of other ids cost a call its result, no more. */
static uint64_t hash_of(struct hf_slice id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.size; i++)
		hash = (hash ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static int add(struct page_join *join, const struct hf_record *record, int64_t at_us,
	       size_t position, struct hf_slice id)
{
	if (join->count == join->room) {
		size_t room = join->room > 0 ? join->room * 2 : 64;
		struct result *results = mem_resize(join->results, room, sizeof *results);

		if (results == NULL)
			return HF_ERR_NOMEM;
		join->results = results;
		join->room = room;
	}
	join->results[join->count] = (struct result){
		.hash = hash_of(id), .data = record->data, .type = record->type, .at_us = at_us,
		.position = position, .index = (uint32_t)join->count,
	};
	join->count++;
	return HF_OK;
}

static int add_prompt(struct page_join *join, uint64_t message, struct hf_slice text)
{
	if (join->prompt_count == join->prompt_room) {
		size_t room = join->prompt_room > 0 ? join->prompt_room * 2 : 16;
		struct page_prompt *prompts = mem_resize(join->prompts, room, sizeof *prompts);

		if (prompts == NULL)
			return HF_ERR_NOMEM;
		join->prompts = prompts;
		join->prompt_room = room;
	}
	join->prompts[join->prompt_count++] = (struct page_prompt){ message, text };
	return HF_OK;
}

static int compare(const void *a, const void *b)
{
	const struct result *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

static int add_message(struct page_join *join, const struct hf_record *record, uint64_t number)
{
	struct export_message message;
	struct export_part part;
	size_t position = 0;
	size_t before = 0;
	bool is_prompt;
	int rc = HF_OK;

	export_message_read(record, &message);
	is_prompt = message.role == EXPORT_USER && !message.is_summary &&
		    join->prompt_count < PAGE_JOIN_MAX;
	while (rc == HF_OK && export_part_next(&message, &position, &part)) {
		if (part.kind == EXPORT_RESULT && join->count < PAGE_JOIN_MAX)
			rc = add(join, record, message.at_us, before, part.id);
		if (part.kind == EXPORT_TEXT && part.text.size > 2 && is_prompt) {
			rc = add_prompt(join, number, part.text);
			is_prompt = false;
		}
		before = position;
	}
	return rc;
}

int page_join_new(struct hf_transcript *transcript, struct page_join **ret_join)
{
	struct page_join *join = mem_new(1, sizeof *join);
	struct hf_record record = { 0 };
	int rc = join != NULL ? HF_OK : HF_ERR_NOMEM;

	for (uint64_t number = 0; rc == HF_OK && hf_transcript_next(transcript, &record); number++)
		rc = add_message(join, &record, number);
	hf_transcript_rewind(transcript);
	if (rc == HF_OK && join->count > 0) {
		qsort(join->results, join->count, sizeof *join->results, compare);
		join->taken = mem_new(join->count, sizeof *join->taken);
		rc = join->taken != NULL ? HF_OK : HF_ERR_NOMEM;
	}
	if (rc != HF_OK) {
		page_join_free(join);
		return rc;
	}
	*ret_join = join;
	return HF_OK;
}

void page_join_free(struct page_join *join)
{
	if (join == NULL)
		return;
	mem_free(join->results);
	mem_free(join->taken);
	mem_free(join->prompts);
	mem_free(join);
}

/* The first result of this hash that is not passed, or join->count. */
static size_t find(const struct page_join *join, uint64_t hash)
{
	size_t low = 0, high = join->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct result *result = &join->results[middle];

		if (result->hash < hash || (result->hash == hash && result->index < join->next))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool page_join_take(struct page_join *join, struct hf_slice id, struct export_part *ret_result,
		    int64_t *ret_at_us)
{
	uint64_t hash = hash_of(id);
	size_t at = find(join, hash);
	const struct result *result = &join->results[at];
	struct hf_record record = { 0 };
	struct export_message message;
	struct export_part part;
	size_t position;

	if (id.size == 0 || at == join->count || result->hash != hash || join->taken[result->index])
		return false;
	record.data = result->data;
	record.type = result->type;
	record.at_us = result->at_us;
	export_message_read(&record, &message);
	position = result->position;
	if (!export_part_next(&message, &position, &part) || part.kind != EXPORT_RESULT ||
	    part.id.size != id.size || memcmp(part.id.data, id.data, id.size) != 0)
		return false;
	join->taken[result->index] = true;
	*ret_result = part;
	*ret_at_us = result->at_us;
	return true;
}

size_t page_join_prompts(const struct page_join *join, const struct page_prompt **ret_prompts)
{
	*ret_prompts = join->prompts;
	return join->prompt_count;
}

bool page_join_pass(struct page_join *join)
{
	bool is_taken = join->next < join->count && join->taken[join->next];

	join->next++;
	return is_taken;
}
