/* SPDX-License-Identifier: MIT */
/* The help texts, made from the table of commands and the table of errors. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/* Puts the list of commands (ending in NULL) with the common options. */
void help_put_program(struct strbuf *text, const struct command *const commands[],
		      const struct option_table *common);
/* Puts what a command does, its options, an example and its exit statuses. */
void help_put_command(struct strbuf *text, const struct command *command,
		      const struct option_table *common);

#endif
