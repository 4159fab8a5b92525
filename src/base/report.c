/* SPDX-License-Identifier: MIT */
#include "base/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { LINE_MAX_SIZE = 512 };

struct report report_make(hf_log_fn log, void *log_context)
{
	struct report report = { log, log_context, { 0 } };

	report_clear(&report);
	return report;
}

void report_clear(struct report *report)
{
	memset(&report->detail, 0, sizeof report->detail);
	report->detail.record = -1;
	report->detail.offset = -1;
	report->detail.input = -1;
}

void report_log(struct report *report, enum hf_log_level level, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	va_list arguments;

	if (report->log == NULL)
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	report->log(report->log_context, level, line);
}

int report_fail(struct report *report, int code, const char *operation, const char *format, ...)
{
	va_list arguments;

	report_clear(report);
	report->detail.code = code;
	text_copy(report->detail.operation, sizeof report->detail.operation, operation);
	va_start(arguments, format);
	(void)vsnprintf(report->detail.message, sizeof report->detail.message, format, arguments);
	va_end(arguments);
	report_log(report, HF_LOG_ERROR, "%s: %s: %s", hf_error_name(code), operation,
		   report->detail.message);
	return code;
}

int report_code(int errno_value)
{
	switch (errno_value) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return HF_ERR_NOSPACE;
	case EACCES:
	case EPERM:
		return HF_ERR_DENIED;
	case EROFS:
		return HF_ERR_READONLY;
	case EMFILE:
	case ENFILE:
		return HF_ERR_FILES;
	case ENOMEM:
		return HF_ERR_NOMEM;
	case ENOENT:
		return HF_ERR_NOTFOUND;
	case EEXIST:
		return HF_ERR_EXISTS;
	default:
		return HF_ERR_IO;
	}
}

int report_errno(struct report *report, int errno_value, const char *operation,
		 const char *subject)
{
	char reason[96] = "unknown error";
	int code = report_code(errno_value);

	/* The GNU form would need _GNU_SOURCE here; this is POSIX's, and safe in threads. */
	if (strerror_r(errno_value, reason, sizeof reason) != 0)
		text_copy(reason, sizeof reason, "unknown error");
	code = report_fail(report, code, operation, "%s%s%s (errno %d)",
			   subject != NULL ? subject : "", subject != NULL ? ": " : "", reason,
			   errno_value);
	report->detail.os_errno = errno_value;
	return code;
}

void report_place(struct report *report, int64_t record, int64_t offset, int64_t input)
{
	if (record >= 0)
		report->detail.record = record;
	if (offset >= 0)
		report->detail.offset = offset;
	if (input >= 0)
		report->detail.input = input;
}

void report_wait(struct report *report, int64_t wait_ms)
{
	report->detail.wait_ms = wait_ms;
}

int report_deliver(struct report *report, int code, struct hf_detail *detail)
{
	if (code == HF_OK || detail == NULL)
		return code;
	if (report->detail.code != code) {
		report_clear(report);
		report->detail.code = code;
		text_copy(report->detail.message, sizeof report->detail.message,
			  hf_error_text(code));
	}
	*detail = report->detail;
	return code;
}
