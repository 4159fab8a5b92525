/* SPDX-License-Identifier: MIT */
/* Markdown as HTML of our own making: md4c only says what is what. */
#ifndef INTEROP_PAGE_MARKDOWN_H
#define INTEROP_PAGE_MARKDOWN_H

#include "interop/page.h"

enum { PAGE_DEPTH_MAX = 48 }; /* elements in each other; what nests deeper is shown as text */

/* Puts a text: rendered, or as it stands if md4c cannot take it in good time. Nothing in it
 * becomes markup, a picture is a link, and links lead to page_is_target alone.
 * has_line_breaks: a line end means a line end, as with what a person typed. */
void page_markdown(struct page *page, struct hf_slice source, bool has_line_breaks);

#endif
