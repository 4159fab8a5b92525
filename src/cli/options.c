/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/errors.h"

enum { NAME_MAX_SIZE = 32 };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be changed, added, taken away or swapped with their neighbour. */
static size_t distance(const char *a, const char *b)
{
	size_t cost[NAME_MAX_SIZE + 1][NAME_MAX_SIZE + 1];
	size_t a_size = strlen(a);
	size_t b_size = strlen(b);

	if (a_size > NAME_MAX_SIZE || b_size > NAME_MAX_SIZE)
		return NAME_MAX_SIZE;
	for (size_t i = 0; i <= a_size; i++)
		cost[i][0] = i;
	for (size_t j = 0; j <= b_size; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		for (size_t j = 1; j <= b_size; j++) {
			size_t least = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			least = smaller(least, smaller(cost[i - 1][j], cost[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				least = smaller(least, cost[i - 2][j - 2] + 1);
			cost[i][j] = least;
		}
	}
	return cost[a_size][b_size];
}

const char *options_nearest(const char *typed, const char *const names[])
{
	const char *nearest = NULL;
	size_t least = strlen(typed) < 4 ? 2 : 4;

	for (size_t i = 0; names[i] != NULL; i++) {
		size_t far = distance(typed, names[i]);

		if (far < least && far < strlen(names[i])) {
			least = far;
			nearest = names[i];
		}
	}
	return nearest;
}

static int unknown(const struct cli *cli, const struct option_table tables[2], const char *typed)
{
	const char *names[2 * OPTIONS_MAX + 1] = { NULL };
	size_t count = 0;
	const char *nearest;

	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < tables[t].count; i++)
			names[count++] = tables[t].options[i].name;
	}
	nearest = options_nearest(typed, names);
	if (nearest != NULL)
		(void)errors_usage(cli, "there is no option --%s; is --%s meant?", typed, nearest);
	else
		(void)errors_usage(cli, "there is no option --%s", typed);
	return -1;
}

/* Finds an option by name (size bytes), or by letter if name is NULL. */
static const struct option *find(const struct option_table tables[2], const char *name, size_t size,
				 char letter, const char ***ret_value)
{
	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < tables[t].count; i++) {
			const struct option *option = &tables[t].options[i];
			bool same = name == NULL ? option->letter == letter
						 : strlen(option->name) == size &&
							   memcmp(option->name, name, size) == 0;

			if (same) {
				*ret_value = &tables[t].values[i];
				return option;
			}
		}
	}
	return NULL;
}

static void take_value(struct arguments *arguments, const struct option *option, const char *value)
{
	if (arguments->given != NULL)
		arguments->given[arguments->given_count++] =
			(struct option_given){ option->name, value };
}

/* Reads argv[0], which begins with two dashes; returns how many arguments it took. */
static int read_long(const struct cli *cli, const struct option_table tables[2], int argc,
		     char **argv, struct arguments *arguments)
{
	const char *name = argv[0] + 2;
	const char *equals = strchr(name, '=');
	size_t size = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const char **value = NULL;
	const struct option *option = find(tables, name, size, 0, &value);

	if (option == NULL) {
		char typed[NAME_MAX_SIZE + 1] = { 0 };

		memcpy(typed, name, size < NAME_MAX_SIZE ? size : NAME_MAX_SIZE);
		return unknown(cli, tables, typed);
	}
	if (option->value == NULL) {
		*value = "";
		if (equals == NULL)
			return 1;
		(void)errors_usage(cli, "--%s takes no value", option->name);
		return -1;
	}
	if (equals == NULL && argc < 2) {
		(void)errors_usage(cli, "--%s needs a value (%s)", option->name, option->value);
		return -1;
	}
	*value = equals != NULL ? equals + 1 : argv[1];
	take_value(arguments, option, *value);
	return equals != NULL ? 1 : 2;
}

/* Reads argv[0], one dash and one or more letters. */
static int read_letters(const struct cli *cli, const struct option_table tables[2], int argc,
			char **argv, struct arguments *arguments)
{
	for (const char *letter = argv[0] + 1; *letter != '\0'; letter++) {
		const char **value = NULL;
		const struct option *option = find(tables, NULL, 0, *letter, &value);
		char typed[2] = { *letter, '\0' };

		if (option == NULL) {
			(void)errors_usage(cli, "there is no option -%s", typed);
			return -1;
		}
		if (option->value == NULL) {
			*value = "";
			continue;
		}
		if (letter[1] == '\0' && argc < 2) {
			(void)errors_usage(cli, "-%s needs a value (%s)", typed, option->value);
			return -1;
		}
		*value = letter[1] != '\0' ? letter + 1 : argv[1];
		take_value(arguments, option, *value);
		return letter[1] != '\0' ? 1 : 2;
	}
	return 1;
}

int options_read(const struct cli *cli, const struct option_table tables[2], int argc, char **argv,
		 struct arguments *arguments, bool stop_at_operand)
{
	bool only_operands = false;
	int done = 0;

	while (done < argc) {
		const char *argument = argv[done];
		int taken = 1;

		if (!only_operands && strcmp(argument, "--") == 0) {
			only_operands = true;
		} else if (only_operands || argument[0] != '-' || argument[1] == '\0') {
			if (stop_at_operand)
				return done;
			arguments->operands[arguments->operand_count++] = argument;
		} else if (argument[1] == '-') {
			taken = read_long(cli, tables, argc - done, argv + done, arguments);
		} else {
			taken = read_letters(cli, tables, argc - done, argv + done, arguments);
		}
		if (taken < 0)
			return -1;
		done += taken;
	}
	return done;
}

bool options_number(const struct cli *cli, const char *what, const char *value, uint64_t max,
		    uint64_t *number)
{
	uint64_t result = 0;
	const char *digit = value;

	if (value == NULL)
		return true;
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		unsigned next = (unsigned)(*digit - '0');

		if (result > (max - next) / 10)
			break;
		result = result * 10 + next;
	}
	if (digit == value || *digit != '\0') {
		(void)errors_usage(cli, "%s: '%s' is not a number from 0 to %llu", what, value,
				   (unsigned long long)max);
		return false;
	}
	*number = result;
	return true;
}

bool options_choice(const struct cli *cli, const char *what, const char *value,
		    const char *const names[], size_t *index)
{
	const char *nearest;

	if (value == NULL)
		return true;
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], value) == 0) {
			*index = i;
			return true;
		}
	}
	nearest = options_nearest(value, names);
	if (nearest != NULL)
		(void)errors_usage(cli, "%s: there is no '%s'; is '%s' meant?", what, value,
				   nearest);
	else
		(void)errors_usage(cli, "%s: there is no '%s'", what, value);
	return false;
}
