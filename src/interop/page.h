/* SPDX-License-Identifier: MIT */
/*
 * Writing an HTML page whose every byte of foreign text is escaped.
 *
 * page_put takes only what we wrote ourselves (markup); all else goes through page_text
 * (content of an element), page_attribute (a value in double quotes) or page_target (the
 * target of a link). There is no other way into the page. Errors stick in exporter->rc, and
 * calls after the first that fails do nothing.
 *
 * Characters that people would not see are shown by a mark of their own (render.h), so that
 * a text cannot pass for another.
 */
#ifndef INTEROP_PAGE_H
#define INTEROP_PAGE_H

#include "ext/md.h"
#include "interop/render.h"

struct page_join; /* see page_join.h */

struct page {
	struct exporter *exporter;
	struct md md;
	struct buffer out;        /* what is not written yet: a part of a message at most */
	struct buffer text;       /* a part's text, decoded and redacted */
	struct page_join *join;
	struct hf_slice model;    /* of the open turn */
	unsigned role;            /* of the open turn: enum export_role */
	bool is_open;             /* a turn is open */
	bool is_message_open;     /* a message in it is open */
	uint64_t message;         /* number of the message that is written, from 0 */
};

/* Writes out what has gathered, if it is much. */
void page_flush(struct page *page);
/* Writes out all of it. */
void page_write(struct page *page);

/* Keeps the first error: of a buffer or a redactor. */
void page_keep(struct page *page, int rc);

void page_put(struct page *page, const char *markup);
void page_put_u64(struct page *page, uint64_t number);
/* Foreign text between two tags. Line ends are kept. */
void page_text(struct page *page, struct hf_slice text);
/* Foreign text between double quotes, on one line. */
void page_attribute(struct page *page, struct hf_slice text);
/* Foreign text between double quotes of href: all but the characters that an address may
 * have is percent-encoded. Only after page_is_target. */
void page_target(struct page *page, struct hf_slice target);
/* Whether a link may lead there: http, https or mailto, of a bearable length. */
bool page_is_target(struct hf_slice target);

/* Decodes and redacts a JSON string into page->text, which the slice is valid as long as. */
struct hf_slice page_string(struct page *page, struct hf_slice json);
/* The same for a text. */
struct hf_slice page_plain(struct page *page, struct hf_slice text);
/* A time element: the time of day, or with its date. */
void page_time(struct page *page, int64_t at_us, bool with_date);
/* One line of foreign text, cut to RENDER_BRIEF_MAX bytes. */
void page_brief(struct page *page, struct hf_slice text);
/* A block of text of fixed width with a button to copy it. label is ours. */
void page_block(struct page *page, const char *label, struct hf_slice text);

#endif
