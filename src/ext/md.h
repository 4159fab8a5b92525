/* SPDX-License-Identifier: MIT */
/*
 * Reading Markdown (CommonMark with GitHub's tables, task lists and strike-through) by md4c,
 * loaded on demand. Raw HTML is text like any other.
 *
 * md4c is linear on what people write, but not on everything: text comes in bounded pieces
 * (MD_SIZE_MAX), lines of many nested containers are refused, and the receiver of the events
 * may stop at any time. Release 0.4.8, which Debian 12 has, looks some bytes beyond the end
 * of some texts, and may then tell of them: it is given a copy with room behind it, and what
 * it tells of is checked against that copy. Its bare addresses are left off, because in that
 * release they can spoil its memory.
 */
#ifndef EXT_MD_H
#define EXT_MD_H

#include "base/report.h"
#include "holdfast.h"

enum {
	MD_SIZE_MAX = 64 << 10, /* bytes of one text */
	MD_MARKERS_MAX = 48,    /* list and quote markers that one line may begin with */
};

enum md_kind {
	/* Blocks. */
	MD_PARAGRAPH, MD_HEADING, MD_QUOTE, MD_BULLETS, MD_NUMBERS, MD_ITEM, MD_RULE, MD_CODE_BLOCK,
	MD_TABLE, MD_TABLE_HEAD, MD_TABLE_BODY, MD_ROW, MD_HEADER_CELL, MD_CELL,
	/* Inside a line. */
	MD_EMPHASIS, MD_STRONG, MD_DELETED, MD_CODE, MD_LINK, MD_IMAGE,
};

enum md_align { MD_AS_IT_IS, MD_LEFT, MD_CENTER, MD_RIGHT };

/* What is entered or left. Slices are valid during the call. */
struct md_node {
	enum md_kind kind;
	unsigned number;       /* level of a heading, start of a numbered list */
	char task;             /* of an item that is a task: ' ' or 'x'; otherwise 0 */
	enum md_align align;   /* of a cell */
	struct hf_slice text;  /* language of a code block, target of a link or image: decoded,
	                        * but for named entities other than the five of XML */
};

enum md_text {
	MD_PLAIN,      /* text; line feeds only in code */
	MD_NAMED,      /* a named entity with its ampersand and semicolon, perhaps unknown */
	MD_SOFT_BREAK, /* a line feed of the source that means a space */
	MD_HARD_BREAK,
};

/* Takes the events. Not 0: reading stops, and md_read returns it. */
struct md_events {
	int (*enter)(void *context, const struct md_node *node);
	int (*leave)(void *context, const struct md_node *node);
	int (*text)(void *context, enum md_text kind, struct hf_slice text);
};

/* The loaded library. */
struct md {
	void *handle;
	void (*parse)(void); /* only md.c knows its type */
};

/* HF_ERR_LIBRARY; see library_open. */
int md_open(struct report *report, struct md *ret_md);
/* A zeroed one is allowed. */
void md_close(struct md *md);

/* Reads a text. HF_ERR_INVALID: it is too large or too deeply nested to be read, or md4c
 * loses its way in it (perhaps found only after some events); HF_ERR_NOMEM; or what a
 * function returned. */
int md_read(const struct md *md, struct hf_slice text, const struct md_events *events,
	    void *context);

#endif
