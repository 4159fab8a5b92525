/* SPDX-License-Identifier: MIT */
/*
 * What the user is told on stderr: what failed, what is safe, what to do next. With
 * --verbose also what a developer needs; with --json as one JSON object. Everything that
 * comes from outside is made visible first (see visible.h).
 */
#ifndef CLI_ERRORS_H
#define CLI_ERRORS_H

#include <holdfast.h>

#include "cli/json.h"

struct cli;

/* Says that the library returned code: "holdfast: cannot <what> <subject>: ...". subject
 * may be NULL. Uses cli->detail if it belongs to code. Returns the exit status of code. */
int errors_report(const struct cli *cli, int code, const char *what, const char *subject);
/* The same about the session id; if another writer holds it, it is also said who that is. */
int errors_report_session(const struct cli *cli, int code, const char *what, const char *id);
/* As errors_report, with the command's own text and hint; NULL: those of the code. */
int errors_report_as(const struct cli *cli, int code, const char *what, const char *subject,
		     const char *text, const char *hint);
/* As errors_report, for a failure of the command itself, with errno's text for --verbose. */
int errors_report_errno(struct cli *cli, int errno_value, const char *what, const char *subject);
/* As errors_report, with a text and hint of the command's own. */
int errors_report_text(const struct cli *cli, int code, const char *text, const char *hint);

/* Says that the call is wrong and where help is; returns the exit status for that. */
__attribute__((format(printf, 2, 3))) int errors_usage(const struct cli *cli, const char *format,
						       ...);
/* One line that is good to know; left out with --quiet. */
__attribute__((format(printf, 2, 3))) void errors_note(const struct cli *cli, const char *format,
						       ...);

/* Writes lines that are visible already, after all output before them, and clears them.
 * That the output could not be written stays known (out->lost). */
void errors_print(const struct cli *cli, struct strbuf *text);

/* Puts the members "error", "message" and "hint" of a code into an object. */
void errors_put_json(struct json *json, int code);

/* Receives the library's log: all of it with --verbose, warnings always, nothing with
 * --quiet. context is the struct cli. */
void errors_log(void *context, enum hf_log_level level, const char *message);

#endif
