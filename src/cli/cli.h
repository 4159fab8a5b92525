/* SPDX-License-Identifier: MIT */
/* What the parts of the command share: the call as it was made, and the table of
 * commands. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <holdfast.h>

#include "cli/options.h"
#include "cli/out.h"

/* One call of the program. */
struct cli {
	const struct command *command; /* NULL before it is known */
	const char *store_path; /* --store, or NULL */
	bool json;
	bool quiet;
	bool verbose;
	struct out out;
	struct hf_store *store; /* the open store, closed by main */
	struct hf_config *config; /* the settings, see access_config; freed by main */
	struct hf_detail detail; /* of the library's last failure */
};

/* One command. All members are constants; run returns the exit status. */
struct command {
	const char *name;
	const char *summary; /* a few words for the list of commands */
	const char *synopsis; /* the operands */
	const char *text; /* what it does, in paragraphs */
	const char *example; /* lines of a shell */
	const struct option *options;
	size_t option_count;
	const int *errors; /* codes it ends with beyond the common ones, HF_OK at the end */
	size_t operands_min;
	size_t operands_max;
	int (*run)(struct cli *cli, const struct arguments *arguments);
};

extern const struct command cmd_new;
extern const struct command cmd_append;
extern const struct command cmd_attach;
extern const struct command cmd_show;
extern const struct command cmd_log;
extern const struct command cmd_list;
extern const struct command cmd_save;
extern const struct command cmd_load;
extern const struct command cmd_verify;
extern const struct command cmd_repair;
extern const struct command cmd_rm;
extern const struct command cmd_resume;
extern const struct command cmd_close;
extern const struct command cmd_who;
extern const struct command cmd_rename;
extern const struct command cmd_tag;
extern const struct command cmd_pin;
extern const struct command cmd_unpin;
extern const struct command cmd_restore;
extern const struct command cmd_purge;
extern const struct command cmd_cleanup;
extern const struct command cmd_key;
extern const struct command cmd_doctor;
extern const struct command cmd_config;
extern const struct command cmd_bundle;
extern const struct command cmd_unbundle;
extern const struct command cmd_import;
extern const struct command cmd_export;
extern const struct command cmd_scan;

#endif
