/* SPDX-License-Identifier: MIT */
/*
 * Reads options: --name, --name=value, --name value, -x, and -- before operands that
 * begin with a dash. Options and operands may be mixed. What an option's value means is
 * for the command to say; options_number and options_choice help.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli;

enum { OPTIONS_MAX = 24 }; /* options of one table */

struct option {
	const char *name; /* without dashes */
	char letter; /* or 0 */
	const char *value; /* what its value is called in the help; NULL: it has none */
	const char *help;
};

/* An option with a value, as it was given. */
struct option_given {
	const char *name;
	const char *value;
};

/* What was given: values[i] belongs to options[i] of the table, NULL if it was not given,
 * "" for an option without value. Of an option that comes more than once this is the last
 * value; given has all of them in their order, unless it is NULL. */
struct arguments {
	const char *values[OPTIONS_MAX];
	struct option_given *given;
	size_t given_count;
	const char **operands;
	size_t operand_count;
};

/* A table and where its values go. */
struct option_table {
	const struct option *options;
	size_t count;
	const char **values;
};

/*
 * Reads argv[0] to argv[argc - 1]. With stop_at_operand the first operand ends it. The
 * operands go to operands, and all values to given, which have room for argc. Returns the
 * number of arguments that were read, or -1 when one is wrong and the user was told.
 */
int options_read(const struct cli *cli, const struct option_table tables[2], int argc, char **argv,
		 struct arguments *arguments, bool stop_at_operand);

/* A decimal number from 0 to max; what is the option's name for the message. Returns
 * false, and the user was told, if it is none. NULL leaves *number as it is. */
bool options_number(const struct cli *cli, const char *what, const char *value, uint64_t max,
		    uint64_t *number);
/* The index of value among count names; a message and false if it is none of them. NULL
 * leaves *index as it is. */
bool options_choice(const struct cli *cli, const char *what, const char *value,
		    const char *const names[], size_t *index);

/* The one of names (ending in NULL) that is nearest to what was typed, or NULL when none
 * is near enough to be meant. */
const char *options_nearest(const char *typed, const char *const names[]);

#endif
