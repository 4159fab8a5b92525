/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/access.h"
#include "cli/age.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/list_table.h"
#include "cli/row.h"
#include "cli/sessions.h"
#include "cli/store_path.h"
#include "cli/visible.h"

enum {
	LIST_PROJECT,
	LIST_NAME,
	LIST_TAG,
	LIST_STATE,
	LIST_SINCE,
	LIST_BEFORE,
	LIST_NEWER,
	LIST_OLDER,
	LIST_LIMIT,
	LIST_RESUMABLE,
	LIST_TRASH,
	LIST_VERIFY,
	LIST_IDS,
};

static const struct option options[] = {
	[LIST_PROJECT] = { "project", 0, "DIR", "of this project, wherever it is or was" },
	[LIST_NAME] = { "name", 0, "TEXT", "with this text in the name" },
	[LIST_TAG] = { "tag", 0, "TAG", "with this tag" },
	[LIST_STATE] = { "state", 0, "LIST", "active,interrupted,closed,trashed,unknown" },
	[LIST_SINCE] = { "since", 0, "TIME", "with a record since a date or an age (30d, 12h)" },
	[LIST_BEFORE] = { "before", 0, "TIME", "with no record since then" },
	[LIST_NEWER] = { "newer-than", 0, "AGE", "the same as --since" },
	[LIST_OLDER] = { "older-than", 0, "AGE", "the same as --before" },
	[LIST_LIMIT] = { "limit", 0, "N", "so many at most; 0: all" },
	[LIST_RESUMABLE] = { "resumable", 0, NULL, "none that is active, or whose project is" },
	[LIST_TRASH] = { "trash", 0, NULL, "the trash: the same as --state trashed" },
	[LIST_VERIFY] = { "verify", 0, NULL, "check each, and say the verdict" },
	[LIST_IDS] = { "ids", 0, NULL, "only ids and names, a tab between them" },
};

/* Reads "active,closed" as bits; false, and the user was told, if a name is wrong. */
static bool read_states(const struct cli *cli, const char *list, uint32_t *states)
{
#define LIST_STATE_NAME(constant, value, text) text,
	static const char *const names[] = { HF_STATES(LIST_STATE_NAME) NULL };
#undef LIST_STATE_NAME

	while (list != NULL && *list != '\0') {
		size_t size = strcspn(list, ",");
		enum hf_state state = HF_ACTIVE;
		char name[16] = { 0 };
		size_t index = 0;

		memcpy(name, list, size < sizeof name ? size : sizeof name - 1);
		if (!options_choice(cli, "--state", name, names, &index))
			return false;
		if (hf_state_find(name, &state))
			*states |= 1u << state;
		list += size;
		list += *list == ',';
	}
	return true;
}

/* The later of two times, of which 0 stands for none. */
static int64_t later(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b > a) ? b : a;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static bool read_times(const struct cli *cli, const char *const values[],
		       struct hf_list_options *which)
{
	int64_t newer_us = 0;
	int64_t older_us = 0;

	if (!age_read_time(cli, "--since", values[LIST_SINCE], &which->since_us) ||
	    !age_read_time(cli, "--before", values[LIST_BEFORE], &which->before_us) ||
	    !age_read_time(cli, "--newer-than", values[LIST_NEWER], &newer_us) ||
	    !age_read_time(cli, "--older-than", values[LIST_OLDER], &older_us))
		return false;
	which->since_us = later(which->since_us, newer_us);
	which->before_us = earlier(which->before_us, older_us);
	return true;
}

/* Reads the options that say which sessions; the project goes to *project. */
static bool read_which(struct cli *cli, const struct arguments *arguments, struct strbuf *project,
		       struct hf_list_options *which)
{
	const char *const *values = arguments->values;

	which->prefix = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	which->name = values[LIST_NAME];
	which->tag = values[LIST_TAG];
	which->resumable = values[LIST_RESUMABLE] != NULL;
	which->verify = values[LIST_VERIFY] != NULL;
	if (values[LIST_TRASH] != NULL)
		which->states = 1u << HF_TRASHED;
	if (values[LIST_PROJECT] != NULL) {
		if (!access_project(cli, values[LIST_PROJECT], project))
			return false;
		which->project = project->data;
	}
	return read_states(cli, values[LIST_STATE], &which->states) &&
	       read_times(cli, values, which) &&
	       options_number(cli, "--limit", values[LIST_LIMIT], UINT64_MAX, &which->limit);
}

/* Reads the sessions; if there is none of the project as it was written, and a link is on the
 * way there, those of the directory that it leads to: so a session has it that was made
 * inside. */
static int read_sessions(struct cli *cli, struct hf_list_options *which, struct sessions *sessions)
{
	char resolved[PATH_MAX];
	int status = sessions_read(cli, which, sessions);

	if (status != 0 || sessions->count > 0 || which->project == NULL ||
	    realpath(which->project, resolved) == NULL || strcmp(resolved, which->project) == 0)
		return status;
	which->project = resolved;
	status = sessions_read(cli, which, sessions);
	which->project = NULL;
	return status;
}

static void print_json(struct cli *cli, const struct sessions *sessions)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	json_open(&json, '[');
	for (size_t i = 0; i < sessions->count; i++) {
		json_open(&json, '{');
		row_put_json(&json, &sessions->rows[i].entry);
		json_close(&json, '}');
		if (i + 1 < sessions->count)
			strbuf_puts(&text, ",\n");
		json.more = false;
	}
	json_close(&json, ']');
	strbuf_puts(&text, "\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static void print_ids(struct cli *cli, const struct sessions *sessions)
{
	struct strbuf text = { 0 };

	for (size_t i = 0; i < sessions->count; i++) {
		const struct hf_entry *entry = &sessions->rows[i].entry;

		strbuf_printf(&text, "%s\t", entry->info.id);
		visible_put(&text, row_title(&entry->info), VISIBLE_ONE_LINE);
		strbuf_puts(&text, "\n");
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static void print(struct cli *cli, const struct arguments *arguments,
		  const struct sessions *sessions)
{
	if (cli->json)
		print_json(cli, sessions);
	else if (arguments->values[LIST_IDS] != NULL)
		print_ids(cli, sessions);
	else if (sessions->count == 0)
		errors_note(cli, "no sessions");
	else
		list_table_print(cli, sessions);
}

/* No store has no sessions; but who named one may have meant another. */
static void note_no_store(struct cli *cli)
{
	struct strbuf path = { 0 };
	struct strbuf text = { 0 };

	if (store_path_is_named(cli) && store_path_get(cli, &path)) {
		visible_put(&text, strbuf_slice(&path), VISIBLE_ONE_LINE);
		errors_note(cli, "there is no store at %s yet", text.data);
	}
	strbuf_release(&path);
	strbuf_release(&text);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct hf_list_options which = { 0 };
	struct sessions sessions = { 0 };
	struct strbuf project = { 0 };
	int status = 0;

	if (!read_which(cli, arguments, &project, &which))
		status = hf_error_exit(HF_ERR_INVALID);
	if (status == 0)
		status = access_config(cli);
	if (status == 0 && access_store_is_absent(cli)) {
		note_no_store(cli);
	} else if (status == 0) {
		status = access_store(cli, ACCESS_READ, NULL);
		if (status == 0)
			status = read_sessions(cli, &which, &sessions);
	}
	if (status == 0)
		print(cli, arguments, &sessions);
	sessions_release(&sessions);
	strbuf_release(&project);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "list the sessions, newest first",
	.synopsis = "[PREFIX]",
	.text = "Lists the sessions, or those whose id begins with PREFIX, newest first; the "
		"trash\n"
		"only if it is asked for. All options that are given must hold. A damaged session\n"
		"is listed with its error. A star marks pinned sessions. With --json it prints an\n"
		"array of objects with all that is known.\n"
		"States: active (a program holds it for writing), interrupted (none does, and it\n"
		"was not closed), closed, trashed, unknown.",
	.example = "  holdfast list --project . --state interrupted\n"
		   "  holdfast list --older-than 30d --ids\n"
		   "  holdfast list --json | jq -r '.[] | select(.pinned).session'\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
