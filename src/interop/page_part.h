/* SPDX-License-Identifier: MIT */
/* The messages of a page and the parts of which they are made. */
#ifndef INTEROP_PAGE_PART_H
#define INTEROP_PAGE_PART_H

#include "interop/page.h"

/* Puts a message: consecutive ones of one role make one turn, and a message that has nothing
 * to show (its results are shown with their calls) makes none. */
void page_part_message(struct page *page, const struct export_message *message);
/* Closes what is open. */
void page_part_end(struct page *page);

#endif
