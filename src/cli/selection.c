/* SPDX-License-Identifier: MIT */
#include "cli/selection.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/memory.h"
#include "cli/sessions.h"

static bool is_missing(struct cli *cli, const char *text, char ret_id[HF_ID_SIZE])
{
	return hf_session_find(cli->store, text, &cli->detail, ret_id) == HF_ERR_NOTFOUND;
}

int selection_read(struct cli *cli, const struct arguments *arguments, enum selection_place place,
		   struct selection *ret_selection)
{
	int status = 0;

	ret_selection->count = 0;
	ret_selection->is_trash = place == SELECTION_TRASH;
	ret_selection->ids =
		memory_resize(NULL, arguments->operand_count + 1, sizeof *ret_selection->ids);
	for (size_t i = 0; i < arguments->operand_count && status == 0; i++) {
		const char *text = arguments->operands[i];
		char *id = ret_selection->ids[ret_selection->count].text;

		if (ret_selection->force && is_missing(cli, text, id))
			continue;
		status = place == SELECTION_TRASH ? access_trashed(cli, text, id)
						  : access_session(cli, text, id);
		ret_selection->count += status == 0;
	}
	return status;
}

int selection_read_trash(struct cli *cli, struct selection *ret_selection)
{
	const struct hf_list_options options = { .states = 1u << HF_TRASHED };
	struct sessions sessions = { 0 };
	int status = sessions_read(cli, &options, &sessions);

	ret_selection->ids = memory_resize(NULL, sessions.count + 1, sizeof *ret_selection->ids);
	ret_selection->count = sessions.count;
	for (size_t i = 0; i < sessions.count; i++)
		memcpy(ret_selection->ids[i].text, sessions.rows[i].entry.info.id, HF_ID_SIZE);
	sessions_release(&sessions);
	return status;
}

void selection_release(struct selection *selection)
{
	memory_free(selection->ids);
	*selection = (struct selection){ 0 };
}

/* Only an answer that begins with y or Y is a yes. */
static bool ask(const struct selection *selection)
{
	int answer;

	for (size_t i = 0; i < selection->count; i++)
		(void)fprintf(stderr, "  %s\n", selection->ids[i].text);
	(void)fprintf(stderr, "Remove %s for good? [y/N] ",
		      selection->count == 1 ? "this session" : "these sessions");
	(void)fflush(stderr);
	answer = getchar();
	return answer == 'y' || answer == 'Y';
}

int selection_confirm(const struct cli *cli, const struct selection *selection, bool yes)
{
	if (yes || selection->count == 0)
		return 0;
	if (isatty(STDIN_FILENO) != 1)
		return errors_usage(cli, "nobody can be asked here: give --yes to remove for good");
	if (ask(selection))
		return 0;
	errors_note(cli, "nothing was removed");
	return 1;
}

/* What only the trash was asked for can be there all the same. */
static bool is_outside(const struct cli *cli, const struct selection *selection, const char *id)
{
	char found[HF_ID_SIZE];

	return selection->is_trash && hf_session_find(cli->store, id, NULL, found) == HF_OK;
}

static int tell_failure(struct cli *cli, const struct selection *selection, int rc,
			const char *what, const char *id)
{
	if (rc == HF_ERR_NOTFOUND && is_outside(cli, selection, id))
		return errors_report_as(cli, rc, what, id, "The session is not in the trash.",
					"Nothing was changed. 'holdfast rm --purge' removes it for good.");
	return errors_report_session(cli, rc, what, id);
}

int selection_each(struct cli *cli, const struct selection *selection, const char *what,
		   selection_fn action)
{
	int status = 0;

	for (size_t i = 0; i < selection->count; i++) {
		const char *id = selection->ids[i].text;
		int rc = action(cli->store, id, &cli->detail);
		int failure;

		if (rc == HF_OK || (rc == HF_ERR_NOTFOUND && selection->force &&
				    !is_outside(cli, selection, id)))
			continue;
		failure = tell_failure(cli, selection, rc, what, id);
		status = status != 0 ? status : failure;
	}
	return status;
}
