/* SPDX-License-Identifier: MIT */
/*
 * Expectations of tests that go through thousands of points: a point that fails is noted,
 * with what was being done there, and the walk goes on with the next one, so that one run
 * tells of all. session_finish then fails the running case.
 *
 *     session_where("append, %s", plan);
 *     session_point(check_one, &context);       // EXPECT in here leaves check_one
 *     ...
 *     session_finish("append", 200);            // at least so many points, none failed
 *
 * Outside of a point EXPECT fails the case at once. For one thread.
 */
#ifndef LIB_SESSION_EXPECT_H
#define LIB_SESSION_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

/* Says what is being done, for messages; kept until the next call. */
__attribute__((format(printf, 1, 2)))
void session_where(const char *format, ...);

/* Runs one point and counts it. False if an expectation in it was not met; what it held
 * then is lost, which only matters to a case that fails anyway. */
bool session_point(void (*point)(void *context), void *context);

/* Prints how many points there were, and fails the case if there were fewer than minimum
 * or any failed. Starts counting anew. */
void session_finish(const char *name, size_t minimum);

__attribute__((format(printf, 3, 4), noreturn))
void session_fail(const char *file, int line, const char *format, ...);

/* Zeroed memory, or the end of the program; not counted by alloc_fault. Free with free. */
void *session_memory(size_t size);

/* Goes on if the condition holds. */
#define EXPECT(condition, ...)                                        \
	do {                                                             \
		if (!(condition))                                           \
			session_fail(__FILE__, __LINE__, __VA_ARGS__);         \
	} while (0)
/* Goes on if a call returned the code that is wanted. */
#define EXPECT_CODE(code, wanted, what)                               \
	do {                                                             \
		int code_ = (code);                                         \
		EXPECT(code_ == (wanted), "%s gave %s, not %s", (what),     \
		       hf_error_name(code_), hf_error_name(wanted));       \
	} while (0)

#endif
