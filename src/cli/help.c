/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

static void put_options(struct strbuf *text, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option *option = &options[i];
		char left[64];

		(void)snprintf(left, sizeof left, "%s%c%s--%s%s%s", option->letter ? "-" : " ",
			       option->letter ? option->letter : ' ', option->letter ? ", " : "  ",
			       option->name, option->value != NULL ? " " : "",
			       option->value != NULL ? option->value : "");
		strbuf_printf(text, "  %-26s %s\n", left, option->help);
	}
}

void help_put_program(struct strbuf *text, const struct command *const commands[],
		      const struct option_table *common)
{
	strbuf_puts(text, "usage: holdfast [options] COMMAND [arguments]\n\n"
			  "Keeps the sessions of coding agents: every record is on disk before it\n"
			  "is acknowledged, signed, and chained to the one before it.\n\n"
			  "Commands:\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		strbuf_printf(text, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	strbuf_puts(
		text,
		"  help     say more about a command\n\nOptions, before or after the command:\n");
	put_options(text, common->options, common->count);
	strbuf_puts(
		text,
		"\nA session is named by its id, by the first 4 or more characters of it, or by\n"
		"its name.\n"
		"The store is --store, else $HOLDFAST_STORE, else $XDG_DATA_HOME/holdfast,\n"
		"else ~/.local/share/holdfast.\n\n"
		"Example:\n"
		"  id=$(holdfast new --name 'fix the parser')\n"
		"  holdfast append $id --text 'Please fix it.'\n"
		"  holdfast show $id\n");
}

/* The next larger exit status after *status among these codes; HF_OK if there is none. */
static int next_status(const int *errors, int status)
{
	int next = HF_OK;

	for (size_t i = 0; errors[i] != HF_OK; i++) {
		int exit_status = hf_error_exit(errors[i]);

		if (exit_status > status && (next == HF_OK || exit_status < hf_error_exit(next)))
			next = errors[i];
	}
	return next;
}

/* One line for each exit status that the codes of either list have, smallest first. */
static void put_statuses(struct strbuf *text, const int *some, const int *others)
{
	int status = 0;

	for (;;) {
		int a = next_status(some, status);
		int b = next_status(others, status);
		int code =
			a != HF_OK && (b == HF_OK || hf_error_exit(a) < hf_error_exit(b)) ? a : b;

		if (code == HF_OK)
			break;
		status = hf_error_exit(code);
		strbuf_printf(text, "  %-3d %s\n", status, hf_error_text(code));
	}
}

void help_put_command(struct strbuf *text, const struct command *command,
		      const struct option_table *common)
{
	static const int common_errors[] = { HF_ERR_INVALID, HF_ERR_DENIED, HF_ERR_NOSPACE,
					     HF_ERR_IO,	     HF_ERR_FORMAT, HF_ERR_CONFIG,
					     HF_OK };

	strbuf_printf(text, "usage: holdfast %s [options] %s\n\n%s\n", command->name,
		      command->synopsis, command->text);
	if (command->option_count > 0) {
		strbuf_puts(text, "\nOptions:\n");
		put_options(text, command->options, command->option_count);
	}
	strbuf_puts(text, "\nCommon options:\n");
	put_options(text, common->options, common->count);
	strbuf_printf(text, "\nExample:\n%s", command->example);
	strbuf_puts(text, "\nExit status:\n  0   Done.\n");
	put_statuses(text, common_errors, command->errors);
	strbuf_puts(text, "  The manual holdfast(1) has them all.\n");
}
