/* SPDX-License-Identifier: MIT */
/*
 * INVARIANT(x): a programmer's promise, checked in every build; aborts when broken.
 * Never for anything that a file, the kernel or a caller of the public API decides.
 */
#ifndef BASE_INVARIANT_H
#define BASE_INVARIANT_H

#include <stdlib.h>

#define INVARIANT(condition)     \
	do {                        \
		if (!(condition))      \
			abort();          \
	} while (0)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
