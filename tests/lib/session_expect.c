/* SPDX-License-Identifier: MIT */
#include "lib/session_expect.h"

#include <check.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Present in programs that count allocations; see alloc_fault.h. */
__attribute__((weak)) void alloc_fault_pause(void);
__attribute__((weak)) void alloc_fault_resume(void);

enum { TOLD_MAX = 40 }; /* failures that are told one by one */

static char where[512];
static jmp_buf back;
static bool in_point;
static size_t points;
static size_t failures;

void session_where(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(where, sizeof where, format, arguments);
	va_end(arguments);
}

bool session_point(void (*point)(void *context), void *context)
{
	points++;
	in_point = true;
	if (setjmp(back) != 0) {
		in_point = false;
		failures++;
		return false;
	}
	point(context);
	in_point = false;
	return true;
}

void session_finish(const char *name, size_t minimum)
{
	size_t seen = points;
	size_t failed = failures;

	printf("%s: %zu points\n", name, seen);
	(void)fflush(stdout);
	points = 0;
	failures = 0;
	ck_assert_msg(failed == 0, "%s: %zu of %zu points failed", name, failed, seen);
	ck_assert_msg(seen >= minimum, "%s: only %zu points, fewer than %zu", name, seen, minimum);
}

void session_fail(const char *file, int line, const char *format, ...)
{
	const char *base = strrchr(file, '/');
	char text[768];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	base = base != NULL ? base + 1 : file;
	if (in_point) {
		if (failures < TOLD_MAX)
			printf("%s:%d: %s: %s\n", base, line, where, text);
		(void)fflush(stdout);
		longjmp(back, 1);
	}
	ck_abort_msg("%s:%d: %s: %s", base, line, where, text);
}

void *session_memory(size_t size)
{
	void *memory;

	if (alloc_fault_pause != NULL)
		alloc_fault_pause();
	memory = calloc(1, size > 0 ? size : 1);
	if (alloc_fault_resume != NULL)
		alloc_fault_resume();
	if (memory == NULL)
		abort();
	return memory;
}
