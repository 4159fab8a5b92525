/* SPDX-License-Identifier: MIT */
/* What stands before the messages of a page: its head, what the session is, its prompts. */
#ifndef INTEROP_PAGE_FRONT_H
#define INTEROP_PAGE_FRONT_H

#include "interop/page.h"

/* From the doctype into <main>, with the list of prompts and what the session is. */
void page_front(struct page *page);

#endif
