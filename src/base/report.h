/* SPDX-License-Identifier: MIT */
/*
 * Where the detail of a failure goes: the caller's struct hf_detail and the log sink.
 *
 * A report belongs to one operation or one handle and is used by one thread at a time.
 * The function that first sees a failure describes it with one of the calls below and
 * returns the code they return; those above pass the code on unchanged, so that the
 * detail tells of the cause, not of its consequences.
 */
#ifndef BASE_REPORT_H
#define BASE_REPORT_H

#include <stdarg.h>

#include "holdfast.h"

struct report {
	hf_log_fn log;      /* NULL: nobody listens */
	void *log_context;
	struct hf_detail detail;
};

/* An empty report that logs to a sink. */
struct report report_make(hf_log_fn log, void *log_context);
/* Forgets the detail of an earlier failure. */
void report_clear(struct report *report);

/* Logs one line. */
__attribute__((format(printf, 3, 4)))
void report_log(struct report *report, enum hf_log_level level, const char *format, ...);

/* Records that an operation ended with code, and why; logs it; returns code. */
__attribute__((format(printf, 4, 5)))
int report_fail(struct report *report, int code, const char *operation, const char *format, ...);

/* The same for a failed system call (errno_value > 0): chooses the code by report_code.
 * subject is the file concerned, or NULL. */
int report_errno(struct report *report, int errno_value, const char *operation,
		 const char *subject);

/* The error code for an errno: ENOSPC, EDQUOT and EFBIG are HF_ERR_NOSPACE, EACCES and
 * EPERM HF_ERR_DENIED, and so on; the rest is HF_ERR_IO. */
int report_code(int errno_value);

/* Adds where in a log or an input the failure lies; -1 leaves a field as it is. */
void report_place(struct report *report, int64_t record, int64_t offset, int64_t input);
/* Adds how long the caller has to wait (HF_ERR_RATE_LIMITED). */
void report_wait(struct report *report, int64_t wait_ms);

/* Gives the detail to the caller when code is a failure; returns code. A failure that
 * nobody described is described by its text. detail may be NULL. */
int report_deliver(struct report *report, int code, struct hf_detail *detail);

#endif
