/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "cli/access.h"
#include "cli/acks.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/feed.h"
#include "cli/json.h"

enum {
	ATTACH_TYPE,
	ATTACH_RECORDS,
	ATTACH_ID_MEMBER,
	ATTACH_NEW,
	ATTACH_ID,
	ATTACH_NAME,
	ATTACH_PROJECT,
	ATTACH_NO_SEAL,
	ATTACH_WAIT,
	ATTACH_DURABILITY,
	ATTACH_RECORD_SIZE,
};

static const struct option options[] = {
	[ATTACH_TYPE] = FEED_TYPE_OPTION,
	[ATTACH_RECORDS] = FEED_RECORDS_OPTION,
	[ATTACH_ID_MEMBER] = FEED_ID_MEMBER_OPTION,
	[ATTACH_NEW] = { "new", 0, NULL, "make the session; its id is the first line printed" },
	[ATTACH_ID] = { "id", 0, "UUID", "with --new: its id" },
	[ATTACH_NAME] = { "name", 0, "NAME", "with --new: its name" },
	[ATTACH_PROJECT] = { "project", 0, "DIR", "with --new: its project" },
	[ATTACH_NO_SEAL] = FEED_NO_SEAL_OPTION,
	[ATTACH_WAIT] = ACCESS_WAIT_OPTION,
	[ATTACH_DURABILITY] = ACCESS_DURABILITY_OPTION,
	[ATTACH_RECORD_SIZE] = ACCESS_RECORD_SIZE_OPTION,
};

/* Opens or makes the session; puts its id if it was made. Returns 0 or the exit status. */
static int open_session(struct cli *cli, const struct arguments *arguments,
			struct hf_session **ret_session, struct strbuf *first)
{
	const char *const *values = arguments->values;
	const struct access_new given = { values[ATTACH_ID], values[ATTACH_NAME],
					  values[ATTACH_PROJECT], NULL };
	struct json json = { .out = first };
	int status;

	if (values[ATTACH_NEW] == NULL)
		return access_writer(cli, arguments->operands[0], values[ATTACH_WAIT], ret_session);
	status = access_create(cli, &given, ret_session);
	if (status != 0)
		return status;
	json_open(&json, '{');
	json_put_text(&json, "session", slice_of(hf_session_id(*ret_session)));
	json_close(&json, '}');
	strbuf_puts(first, "\n");
	return 0;
}

static bool options_fit(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	bool is_new = values[ATTACH_NEW] != NULL;

	if (is_new && arguments->operand_count > 0)
		(void)errors_usage(cli, "--new makes a session: give its id with --id");
	else if (!is_new && arguments->operand_count == 0)
		(void)errors_usage(cli, "give a session, or --new");
	else if (!is_new && (values[ATTACH_ID] != NULL || values[ATTACH_NAME] != NULL ||
			     values[ATTACH_PROJECT] != NULL))
		(void)errors_usage(cli, "--id, --name and --project go with --new");
	else
		return true;
	return false;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const struct access_options given = { values[ATTACH_DURABILITY],
					      values[ATTACH_RECORD_SIZE] };
	const struct feed_options feed = {
		.type = values[ATTACH_TYPE],
		.id_member = values[ATTACH_ID_MEMBER],
		.records = values[ATTACH_RECORDS] != NULL,
		.no_seal = values[ATTACH_NO_SEAL] != NULL,
	};
	struct hf_session *session = NULL;
	struct strbuf first = { 0 };
	struct acks acks = { 0 };
	int status;

	if (!options_fit(cli, arguments) || !feed_options_fit(cli, &feed))
		return hf_error_exit(HF_ERR_INVALID);
	if (!acks_open(&acks))
		return errors_report_errno(cli, errno, "take over signals", NULL);
	status = access_store(cli, values[ATTACH_NEW] != NULL ? ACCESS_MAKE : ACCESS_WRITE, &given);
	if (status == 0)
		status = open_session(cli, arguments, &session, &first);
	if (status == 0)
		status = feed_session(cli, &acks, &feed, session, &first);
	acks_close(&acks);
	strbuf_release(&first);
	return status;
}

const struct command cmd_attach = {
	.name = "attach",
	.summary = "append JSON Lines from standard input as they come",
	.synopsis = "SESSION | --new",
	.text = "Reads JSON Lines. Each line becomes one record, and when it is on disk one line "
		"is\n"
		"printed for it, in the order of the input:\n"
		"  {\"ok\":true,\"n\":17}\n"
		"  "
		"{\"ok\":false,\"line\":5,\"error\":\"HF_ERR_JSON\",\"message\":\"...\",\"offset\":"
		"9}\n"
		"A line that is refused is left out and the rest goes on; the exit status is then\n"
		"11. Lines that are there together are written together. At the end of input the\n"
		"session is sealed. After SIGTERM, SIGINT and SIGHUP it is not: what was\n"
		"acknowledged is kept, and the exit status is 128 and the signal's number.",
	.example = "  my-agent --json | holdfast attach --new --name 'fix the parser'\n"
		   "  my-agent --resume --json | holdfast attach 1b9d --id-member uuid\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_JSON,
				 HF_ERR_TAMPERED, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
