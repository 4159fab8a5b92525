/* SPDX-License-Identifier: MIT */
/*
 * Libraries that are loaded when they are first needed, never linked: what starts without
 * them starts in a millisecond, and who does not need them need not have them.
 *
 * A file of this folder wraps one library. It loads it by its soname (dlopen(3), RTLD_NOW |
 * RTLD_LOCAL) into a struct of the caller's that holds pointers to the functions it uses,
 * each declared with the type that the library's own header gives it (__typeof__). Loading
 * what is loaded already costs the loader a look. Any thread may call it.
 */
#ifndef EXT_LIBRARY_H
#define EXT_LIBRARY_H

#include <stddef.h>

#include "base/report.h"

/* A function to look up, and the pointer to set. */
struct library_symbol {
	const char *name;
	void *target; /* a void (**)(void) or the like */
};

/* What is loaded. */
struct library {
	const char *soname;  /* "libzstd.so.1" */
	const char *package; /* Debian's name of it, for people: "libzstd1" */
	const struct library_symbol *symbols;
	size_t count;
};

/* Loads a library and sets all pointers. The caller closes *ret_handle with library_close
 * after its last call. HF_ERR_LIBRARY: it is not installed, or lacks a function; the report
 * names the package. */
int library_open(const struct library *library, struct report *report, void **ret_handle);
/* NULL is allowed. */
void library_close(void *handle);

#endif
