/* SPDX-License-Identifier: MIT */
/* The style and the script of the page: page/page.css and page/page.js, turned into C by
 * tools/embed.py when the library is built. */
#ifndef INTEROP_PAGE_ASSET_H
#define INTEROP_PAGE_ASSET_H

#include <stddef.h>

extern const char page_asset_style[];
extern const size_t page_asset_style_size;
extern const char page_asset_script[];
extern const size_t page_asset_script_size;
/* What the page may do: the value of a Content-Security-Policy that allows this very style
 * and this very script, by their SHA-256, and pictures in the page itself; nothing else, and
 * no connection anywhere. */
extern const char page_asset_policy[];

#endif
