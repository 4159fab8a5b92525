/* SPDX-License-Identifier: MIT */
/*
 * What a page has to know before its first message is written: which result belongs to which
 * call, for a call is shown with its result, which stands in a later message; and where the
 * prompts are, for their list stands first. This takes some 70 bytes for each result and 24
 * for each prompt, and none of their text; time is O(n log n) whatever the ids are.
 */
#ifndef INTEROP_PAGE_JOIN_H
#define INTEROP_PAGE_JOIN_H

#include "interop/export.h"

/* Results, and prompts; results beyond are shown where they stand, prompts not listed. */
enum { PAGE_JOIN_MAX = 1 << 20 };

struct page_join;

/* Looks through a transcript, which is left rewound. HF_ERR_NOMEM. */
int page_join_new(struct hf_transcript *transcript, struct page_join **ret_join);
/* NULL is allowed. */
void page_join_free(struct page_join *join);

/* Finds the result of a call with this id (JSON) among those that page_join_pass has not
 * passed; each is found once. *ret_at_us is the time of its message. */
bool page_join_take(struct page_join *join, struct hf_slice id, struct export_part *ret_result,
		    int64_t *ret_at_us);
/* Passes the next result in the order of the transcript; true if its call has taken it. */
bool page_join_pass(struct page_join *join);

/* What a person wrote: the message's number, from 0, and its first text, JSON of the log. */
struct page_prompt {
	uint64_t message;
	struct hf_slice text;
};

size_t page_join_prompts(const struct page_join *join, const struct page_prompt **ret_prompts);

#endif
