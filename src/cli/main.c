/* SPDX-License-Identifier: MIT */
/* The command: a table of commands, the options that all of them have, and help. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/memory.h"

static const struct command *const commands[] = {
	&cmd_new,   &cmd_append, &cmd_attach,  &cmd_resume, &cmd_close,	  &cmd_save,   &cmd_show,
	&cmd_log,   &cmd_load,	 &cmd_list,    &cmd_who,    &cmd_rename,  &cmd_tag,    &cmd_pin,
	&cmd_unpin, &cmd_rm,	 &cmd_restore, &cmd_purge,  &cmd_cleanup, &cmd_verify, &cmd_repair,
	&cmd_import, &cmd_export, &cmd_scan, &cmd_bundle, &cmd_unbundle,
	&cmd_key,   &cmd_doctor, &cmd_config,  NULL,
};

enum { COMMON_STORE, COMMON_JSON, COMMON_QUIET, COMMON_VERBOSE, COMMON_HELP, COMMON_VERSION };

static const struct option common[] = {
	[COMMON_STORE] = { "store", 0, "DIR", "the directory of the store" },
	[COMMON_JSON] = { "json", 0, NULL, "output for programs" },
	[COMMON_QUIET] = { "quiet", 'q', NULL, "no notes, no progress, no confirmations" },
	[COMMON_VERBOSE] = { "verbose", 'v', NULL, "details of failures, and the log" },
	[COMMON_HELP] = { "help", 'h', NULL, "this text" },
	[COMMON_VERSION] = { "version", 0, NULL, "the version of the program" },
};

enum { COMMON_COUNT = sizeof common / sizeof common[0] };

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static int unknown_command(const struct cli *cli, const char *name)
{
	const char *names[sizeof commands / sizeof commands[0]];
	const char *nearest;
	size_t i;

	for (i = 0; commands[i] != NULL; i++)
		names[i] = commands[i]->name;
	names[i] = NULL;
	nearest = options_nearest(name, names);
	if (nearest != NULL)
		return errors_usage(cli, "there is no command '%s'; is '%s' meant?", name, nearest);
	return errors_usage(cli, "there is no command '%s'", name);
}

static void use_common(struct cli *cli, const char *const values[])
{
	cli->store_path = values[COMMON_STORE];
	cli->json = values[COMMON_JSON] != NULL;
	cli->quiet = values[COMMON_QUIET] != NULL;
	cli->verbose = values[COMMON_VERBOSE] != NULL;
}

static int print_help(struct cli *cli, const struct command *command)
{
	const struct option_table table = { common, COMMON_COUNT, NULL };
	struct strbuf text = { 0 };

	if (command != NULL)
		help_put_command(&text, command, &table);
	else
		help_put_program(&text, commands, &table);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return 0;
}

static int print_version(struct cli *cli)
{
	struct strbuf text = { 0 };

	strbuf_puts(&text, "holdfast " HF_VERSION "\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return 0;
}

/* holdfast help [COMMAND] */
static int run_help(struct cli *cli, int argc, char **argv)
{
	const struct command *command = argc > 0 ? find_command(argv[0]) : NULL;

	if (argc > 0 && command == NULL)
		return unknown_command(cli, argv[0]);
	return print_help(cli, command);
}

static bool operands_fit(const struct cli *cli, const struct arguments *arguments)
{
	const struct command *command = cli->command;

	if (arguments->operand_count < command->operands_min) {
		(void)errors_usage(cli, "an argument is missing: holdfast %s %s", command->name,
				   command->synopsis);
		return false;
	}
	if (arguments->operand_count > command->operands_max) {
		(void)errors_usage(cli, "'%s' is one argument too many",
				   arguments->operands[command->operands_max]);
		return false;
	}
	return true;
}

/* Reads what stands behind the command's name and runs it. */
static int run_command(struct cli *cli, int argc, char **argv, const char **values)
{
	const struct command *command = cli->command;
	struct arguments arguments = { 0 };
	const struct option_table tables[2] = {
		{ command->options, command->option_count, arguments.values },
		{ common, COMMON_COUNT, values },
	};
	int status = hf_error_exit(HF_ERR_INVALID);

	arguments.operands = memory_resize(NULL, (size_t)argc + 1, sizeof *arguments.operands);
	arguments.given = memory_resize(NULL, (size_t)argc + 1, sizeof *arguments.given);
	if (options_read(cli, tables, argc, argv, &arguments, false) < 0)
		goto out;
	use_common(cli, values);
	if (values[COMMON_VERSION] != NULL)
		status = print_version(cli);
	else if (values[COMMON_HELP] != NULL)
		status = print_help(cli, command);
	else if (operands_fit(cli, &arguments))
		status = command->run(cli, &arguments);
out:
	hf_store_close(cli->store);
	hf_config_free(cli->config);
	memory_free(arguments.operands);
	memory_free(arguments.given);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *values[COMMON_COUNT] = { NULL };
	struct arguments none = { 0 };
	const struct option_table tables[2] = { { common, COMMON_COUNT, values },
						{ NULL, 0, NULL } };
	int done = options_read(cli, tables, argc, argv, &none, true);

	use_common(cli, values);
	if (done < 0)
		return hf_error_exit(HF_ERR_INVALID);
	if (values[COMMON_VERSION] != NULL)
		return print_version(cli);
	if (done == argc && values[COMMON_HELP] != NULL)
		return print_help(cli, NULL);
	if (done == argc)
		return errors_usage(cli, "a command is missing");
	if (strcmp(argv[done], "help") == 0)
		return run_help(cli, argc - done - 1, argv + done + 1);
	cli->command = find_command(argv[done]);
	if (cli->command == NULL)
		return unknown_command(cli, argv[done]);
	return run_command(cli, argc - done - 1, argv + done + 1, values);
}

/* A program started without standard descriptors would get the store's files as its
 * output. What takes their place here fails when it is used. */
static void fill_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		const FILE *placeholder = NULL;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* It takes the lowest free number, and keeps it until the end. */
		placeholder = fopen("/dev/null", fd == STDIN_FILENO ? "w" : "r");
		if (placeholder == NULL)
			_exit(hf_error_exit(HF_ERR_IO));
	}
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	int lost = 0;
	int status;

	fill_descriptors();
	/* A limit on the size of files is then an error like a full disk, not a death. */
	(void)signal(SIGXFSZ, SIG_IGN);
	cli.out = out_look();
	cli.out.lost = &lost;
	status = run(&cli, argc > 0 ? argc - 1 : 0, argv + 1);
	return out_finish(&cli, status);
}
