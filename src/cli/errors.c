/* SPDX-License-Identifier: MIT */
#include "cli/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/holder.h"
#include "cli/strbuf.h"
#include "cli/visible.h"

enum { MESSAGE_SIZE = 1024 };

void errors_print(const struct cli *cli, struct strbuf *text)
{
	/* A flush that fails drops what it had, so the next one knows nothing of it. */
	if (fflush(stdout) != 0 && *cli->out.lost == 0)
		*cli->out.lost = errno;
	/* One write, so that lines of several processes do not mix. */
	(void)fwrite(text->data, 1, text->size, stderr);
	(void)fflush(stderr);
	strbuf_clear(text);
}

void errors_put_json(struct json *json, int code)
{
	json_put_text(json, "error", slice_of(hf_error_name(code)));
	json_put_text(json, "message", slice_of(hf_error_text(code)));
	json_put_text(json, "hint", slice_of(hf_error_hint(code)));
}

static const struct hf_detail *detail_of(const struct cli *cli, int code)
{
	return cli->detail.code == code ? &cli->detail : NULL;
}

static void put_detail(struct strbuf *out, const struct hf_detail *detail)
{
	strbuf_printf(out, "  %s: ", hf_error_name(detail->code));
	visible_put(out, slice_of(detail->operation), VISIBLE_ONE_LINE);
	strbuf_puts(out, ": ");
	visible_put(out, slice_of(detail->message), VISIBLE_ONE_LINE);
	if (detail->os_errno != 0)
		strbuf_printf(out, " (errno %d: %s)", detail->os_errno, strerror(detail->os_errno));
	if (detail->record >= 0)
		strbuf_printf(out, ", record %lld", (long long)detail->record);
	if (detail->offset >= 0)
		strbuf_printf(out, ", byte %lld", (long long)detail->offset);
	if (detail->input >= 0)
		strbuf_printf(out, ", input %lld", (long long)detail->input);
	strbuf_puts(out, "\n");
}

static void put_json_detail(struct json *json, const struct hf_detail *detail)
{
	json_open_member(json, "detail", '{');
	json_put_text(json, "operation", slice_of(detail->operation));
	json_put_text(json, "message", slice_of(detail->message));
	json_put_number(json, "errno", (uint64_t)detail->os_errno);
	json_put_place(json, "record", detail->record);
	json_put_place(json, "offset", detail->offset);
	json_put_place(json, "input", detail->input);
	json_close(json, '}');
}

/* One failure in words; what it says is set by the functions below. */
struct failure {
	int code;
	const char *what; /* or NULL */
	const char *subject; /* or NULL */
	const char *text;
	const char *hint;
	struct hf_holder holder; /* of the session concerned, if it is_held */
};

/* Seconds to wait, rounded up; 0: there is nothing to wait for. */
static uint64_t wait_seconds(const struct failure *failure, const struct hf_detail *detail)
{
	if (failure->code != HF_ERR_RATE_LIMITED || detail == NULL || detail->wait_ms <= 0)
		return 0;
	return ((uint64_t)detail->wait_ms + 999) / 1000;
}

static void put_sentence(struct strbuf *out, const char *text)
{
	/* What is wrong with a call is told in half a sentence. */
	strbuf_puts(out, strchr(".?)", out->data[out->size - 1]) != NULL ? " " : ". ");
	visible_put(out, slice_of(text), VISIBLE_ONE_LINE);
}

/* The library's own words are no sentence of ours: "(tags asks for ...)". */
static void put_reason(struct strbuf *out, const char *reason)
{
	strbuf_puts(out, " (");
	visible_put(out, slice_of(reason), VISIBLE_ONE_LINE);
	strbuf_puts(out, ")");
}

/* The rest of the line: what else is known, what is safe, and what to do. */
static void put_advice(const struct cli *cli, const struct failure *failure,
		       const struct hf_detail *detail, struct strbuf *out)
{
	uint64_t seconds = wait_seconds(failure, detail);

	/* Only the library knows which of the arguments it meant. */
	if (failure->code == HF_ERR_INVALID && detail != NULL && !cli->verbose)
		put_reason(out, detail->message);
	if (failure->holder.is_held) {
		strbuf_puts(out, " It is ");
		holder_put(out, &failure->holder);
		strbuf_puts(out, ".");
	}
	if (seconds > 0)
		strbuf_printf(out, " Nothing was changed. Try again in %llu second%s.",
			      (unsigned long long)seconds, seconds == 1 ? "" : "s");
	else if (failure->hint[0] != '\0')
		put_sentence(out, failure->hint);
}

static void put_failure(const struct cli *cli, const struct failure *failure, struct strbuf *out)
{
	const struct hf_detail *detail = detail_of(cli, failure->code);

	strbuf_puts(out, "holdfast: ");
	if (failure->what != NULL)
		strbuf_printf(out, "cannot %s", failure->what);
	if (failure->subject != NULL) {
		strbuf_puts(out, " ");
		visible_put(out, slice_of(failure->subject), VISIBLE_ONE_LINE);
	}
	if (failure->what != NULL)
		strbuf_puts(out, ": ");
	visible_put(out, slice_of(failure->text), VISIBLE_ONE_LINE);
	if (failure->code == HF_ERR_JSON && detail != NULL && detail->offset >= 0)
		strbuf_printf(out, " Look at byte %lld.", (long long)detail->offset);
	put_advice(cli, failure, detail, out);
	strbuf_puts(out, "\n");
	if (cli->verbose && detail != NULL)
		put_detail(out, detail);
}

static void put_json_failure(const struct cli *cli, const struct failure *failure,
			     struct strbuf *out)
{
	const struct hf_detail *detail = detail_of(cli, failure->code);
	struct json json = { .out = out };

	json_open(&json, '{');
	json_put_text(&json, "error", slice_of(hf_error_name(failure->code)));
	json_put_text(&json, "message", slice_of(failure->text));
	json_put_text(&json, "hint", slice_of(failure->hint));
	if (failure->what != NULL)
		json_put_text(&json, "action", slice_of(failure->what));
	if (failure->subject != NULL)
		json_put_text(&json, "subject", slice_of(failure->subject));
	if (detail != NULL && detail->offset >= 0)
		json_put_place(&json, "offset", detail->offset);
	if (wait_seconds(failure, detail) > 0)
		json_put_number(&json, "wait_ms", (uint64_t)detail->wait_ms);
	if (failure->holder.is_held) {
		json_open_member(&json, "holder", '{');
		holder_put_json(&json, &failure->holder);
		json_close(&json, '}');
	}
	if (cli->verbose && detail != NULL)
		put_json_detail(&json, detail);
	json_close(&json, '}');
	strbuf_puts(out, "\n");
}

static int report(const struct cli *cli, const struct failure *failure)
{
	struct strbuf out = { 0 };

	if (cli->json)
		put_json_failure(cli, failure, &out);
	else
		put_failure(cli, failure, &out);
	errors_print(cli, &out);
	strbuf_release(&out);
	return hf_error_exit(failure->code);
}

static struct failure failure_of(int code, const char *what, const char *subject)
{
	struct failure failure = {
		.code = code,
		.what = what,
		.subject = subject,
		.text = hf_error_text(code),
		.hint = hf_error_hint(code),
	};

	return failure;
}

int errors_report(const struct cli *cli, int code, const char *what, const char *subject)
{
	struct failure failure = failure_of(code, what, subject);

	/* This one is made for the user, who wrote that setting. */
	if (code == HF_ERR_CONFIG && detail_of(cli, code) != NULL)
		failure.text = cli->detail.message;
	return report(cli, &failure);
}

int errors_report_session(const struct cli *cli, int code, const char *what, const char *id)
{
	struct failure failure = failure_of(code, what, id);
	struct hf_holder holder = { 0 };

	if (code == HF_ERR_BUSY && hf_session_who(cli->store, id, NULL, &holder) == HF_OK)
		failure.holder = holder;
	return report(cli, &failure);
}

int errors_report_as(const struct cli *cli, int code, const char *what, const char *subject,
		     const char *text, const char *hint)
{
	struct failure failure = failure_of(code, what, subject);

	if (text != NULL)
		failure.text = text;
	if (hint != NULL)
		failure.hint = hint;
	return report(cli, &failure);
}

static int code_of(int errno_value)
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
	default:
		return HF_ERR_IO;
	}
}

int errors_report_errno(struct cli *cli, int errno_value, const char *what, const char *subject)
{
	struct hf_detail *detail = &cli->detail;

	memset(detail, 0, sizeof *detail);
	detail->code = code_of(errno_value);
	detail->os_errno = errno_value;
	detail->record = detail->offset = detail->input = -1;
	(void)snprintf(detail->operation, sizeof detail->operation, "command");
	(void)snprintf(detail->message, sizeof detail->message, "cannot %s", what);
	return errors_report(cli, detail->code, what, subject);
}

int errors_report_text(const struct cli *cli, int code, const char *text, const char *hint)
{
	struct failure failure = { .code = code, .text = text, .hint = hint };

	return report(cli, &failure);
}

int errors_usage(const struct cli *cli, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	char hint[128];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (cli->command != NULL)
		(void)snprintf(hint, sizeof hint, "See: holdfast %s --help", cli->command->name);
	else
		(void)snprintf(hint, sizeof hint, "See: holdfast --help");
	return errors_report_text(cli, HF_ERR_INVALID, text, hint);
}

void errors_note(const struct cli *cli, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	struct strbuf out = { 0 };
	va_list arguments;

	if (cli->quiet)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	strbuf_puts(&out, "holdfast: ");
	visible_put(&out, slice_of(text), VISIBLE_ONE_LINE);
	strbuf_puts(&out, "\n");
	errors_print(cli, &out);
	strbuf_release(&out);
}

void errors_log(void *context, enum hf_log_level level, const char *message)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	const struct cli *cli = context;

	if (cli->verbose || level == HF_LOG_WARNING)
		errors_note(cli, "%s: %s", names[level], message);
}
