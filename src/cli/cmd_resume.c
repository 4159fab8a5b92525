/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "cli/access.h"
#include "cli/acks.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/feed.h"
#include "cli/json.h"
#include "cli/mend.h"
#include "cli/progress.h"
#include "cli/visible.h"

enum {
	RESUME_LAST,
	RESUME_HERE,
	RESUME_PROJECT,
	RESUME_ACCEPT,
	RESUME_ONE,
	RESUME_WAIT,
	RESUME_ATTACH,
	RESUME_TYPE,
	RESUME_RECORDS,
	RESUME_ID_MEMBER,
	RESUME_NO_SEAL,
	RESUME_DURABILITY,
	RESUME_RECORD_SIZE,
};

static const struct option options[] = {
	[RESUME_LAST] = { "last", 0, NULL, "the newest session that is not active" },
	[RESUME_HERE] = { "here", 0, NULL, "the newest of the current directory's project" },
	[RESUME_PROJECT] = { "project", 0, "DIR", "the project has moved here" },
	[RESUME_ACCEPT] = MEND_ACCEPT_OPTION,
	[RESUME_ONE] = { "one-per-project", 0, NULL, "not beside an active one of its project" },
	[RESUME_WAIT] = ACCESS_WAIT_OPTION,
	[RESUME_ATTACH] = { "attach", 0, NULL, "then go on as attach does" },
	[RESUME_TYPE] = FEED_TYPE_OPTION,
	[RESUME_RECORDS] = FEED_RECORDS_OPTION,
	[RESUME_ID_MEMBER] = FEED_ID_MEMBER_OPTION,
	[RESUME_NO_SEAL] = FEED_NO_SEAL_OPTION,
	[RESUME_DURABILITY] = ACCESS_DURABILITY_OPTION,
	[RESUME_RECORD_SIZE] = ACCESS_RECORD_SIZE_OPTION,
};

/* What resuming gave. */
struct resumed {
	struct hf_session *session;
	struct hf_view *view; /* before what resuming appended */
	struct hf_repair repair;
	const char *project; /* where it has moved to, or NULL */
};

static bool options_fit(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	bool attach = values[RESUME_ATTACH] != NULL;
	bool named = arguments->operand_count > 0;

	if (named + (values[RESUME_LAST] != NULL) + (values[RESUME_HERE] != NULL) != 1)
		(void)errors_usage(cli, "give one of: a session, --last, --here");
	else if (!attach && (values[RESUME_TYPE] != NULL || values[RESUME_RECORDS] != NULL ||
			     values[RESUME_ID_MEMBER] != NULL || values[RESUME_NO_SEAL] != NULL))
		(void)errors_usage(cli,
				   "--type, --records, --id-member and --no-seal go with --attach");
	else
		return true;
	return false;
}

/* Finds the session that is meant. Returns 0 or the exit status. */
static int find(struct cli *cli, const struct arguments *arguments, char ret_id[HF_ID_SIZE])
{
	struct strbuf here = { 0 };
	int status = 0;
	int rc;

	if (arguments->operand_count > 0)
		return access_session(cli, arguments->operands[0], ret_id);
	if (arguments->values[RESUME_HERE] != NULL && !access_absolute(".", &here)) {
		status = errors_usage(cli, "--here: the current directory has no path, or none in UTF-8");
		goto out;
	}
	rc = hf_session_find_last(cli->store, here.size > 0 ? here.data : NULL, &cli->detail,
				  ret_id);
	if (rc == HF_ERR_NOTFOUND)
		status = errors_report_text(
			cli, rc,
			here.size > 0 ? "No session that is not active belongs to this directory."
				      : "There is no session that is not active.",
			"List the sessions to see what there is.");
	else if (rc != HF_OK)
		status = errors_report(cli, rc, "find the last session", NULL);
out:
	strbuf_release(&here);
	return status;
}

/* Says why it was not resumed, and which option or command helps. */
static int report_refusal(const struct cli *cli, int rc, const char *id)
{
	const char *hint = NULL;

	if (rc == HF_ERR_PROJECT)
		hint = "Nothing is lost. Bring it back, or say where it is now with --project.";
	else if (rc == HF_ERR_PROJECT_BUSY)
		hint = "Nothing was changed. Close that session first; 'holdfast list --state "
		       "active' shows it.";
	else if (rc == HF_ERR_DENIED)
		hint = "Nothing is lost. Check the owner and the mode of the store and of the "
		       "project's directory.";
	if (hint != NULL)
		return errors_report_as(cli, rc, "resume session", id, NULL, hint);
	return mend_report(cli, rc, "resume session", id, "go on with what verifies:");
}

static int resume(struct cli *cli, const struct arguments *arguments, const char *id,
		  struct resumed *ret_resumed)
{
	const char *const *values = arguments->values;
	struct progress progress = progress_look(cli);
	struct hf_resume_options resume_options = { 0 };
	int rc;

	if (!access_wait(cli, values[RESUME_WAIT], &resume_options.timeout_ms) ||
	    !mend_read_accept(cli, values[RESUME_ACCEPT], &resume_options.accept))
		return hf_error_exit(HF_ERR_INVALID);
	resume_options.project = ret_resumed->project;
	resume_options.one_per_project =
		values[RESUME_ONE] != NULL || hf_config_one_per_project(cli->config);
	resume_options.repair = &ret_resumed->repair;
	resume_options.progress = progress_show;
	resume_options.progress_context = &progress;
	memcpy(progress.label, "checking", sizeof "checking");
	rc = hf_session_resume(cli->store, id, &resume_options, &cli->detail, &ret_resumed->session,
			       &ret_resumed->view);
	progress_clear(&progress);
	return rc == HF_OK ? 0 : report_refusal(cli, rc, id);
}

static void put_json(struct strbuf *text, const struct resumed *resumed)
{
	const struct hf_info *info = hf_view_info(resumed->view);
	struct json json = { .out = text };

	json_open(&json, '{');
	json_put_text(&json, "session", slice_of(info->id));
	json_put_text(&json, "name", info->name);
	json_put_text(&json, "project",
		      resumed->project != NULL ? slice_of(resumed->project) : info->project);
	json_put_number(&json, "messages", info->messages);
	json_put_number(&json, "records", hf_session_records(resumed->session));
	json_put_text(&json, "verdict", slice_of(hf_verdict_name(resumed->repair.before.verdict)));
	json_open_member(&json, "repair", '{');
	mend_put_json(&json, &resumed->repair);
	json_close(&json, '}');
	json_close(&json, '}');
	strbuf_puts(text, "\n");
}

static void put_field(struct strbuf *text, const char *label, struct hf_slice value)
{
	if (value.size == 0)
		return;
	strbuf_printf(text, "%-9s ", label);
	visible_put(text, value, VISIBLE_ONE_LINE);
	strbuf_puts(text, "\n");
}

static void put_text(struct strbuf *text, const struct resumed *resumed)
{
	const struct hf_info *info = hf_view_info(resumed->view);
	struct strbuf words = { 0 };

	put_field(text, "resumed", slice_of(info->id));
	put_field(text, "name", info->name);
	put_field(text, "project",
		  resumed->project != NULL ? slice_of(resumed->project) : info->project);
	strbuf_printf(text, "%-9s %llu in %llu records\n", "messages",
		      (unsigned long long)info->messages,
		      (unsigned long long)hf_session_records(resumed->session));
	mend_put_found(&words, &resumed->repair.before);
	put_field(text, "verdict", strbuf_slice(&words));
	strbuf_clear(&words);
	mend_put_removed(&words, &resumed->repair, false);
	if (words.size > 0)
		put_field(text, "repaired", (struct hf_slice){ words.data, words.size - 1 });
	strbuf_release(&words);
}

/* Says what was resumed and lets go of it. */
static int tell(struct cli *cli, struct resumed *resumed)
{
	struct strbuf text = { 0 };
	int rc;

	if (cli->json)
		put_json(&text, resumed);
	else if (!cli->quiet)
		put_text(&text, resumed);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	rc = hf_session_close(resumed->session, HF_CLOSE_LEAVE, &cli->detail);
	return rc == HF_OK ? 0 : errors_report(cli, rc, "close the session", NULL);
}

/* Says what was resumed, as the first line of the protocol, and takes records. */
static int go_on(struct cli *cli, struct acks *acks, const struct feed_options *feed,
		 struct resumed *resumed)
{
	struct strbuf first = { 0 };
	int status;

	put_json(&first, resumed);
	hf_view_close(resumed->view);
	resumed->view = NULL;
	status = feed_session(cli, acks, feed, resumed->session, &first);
	strbuf_release(&first);
	return status;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const struct access_options given = { values[RESUME_DURABILITY],
					      values[RESUME_RECORD_SIZE] };
	const struct feed_options feed = {
		.type = values[RESUME_TYPE],
		.id_member = values[RESUME_ID_MEMBER],
		.records = values[RESUME_RECORDS] != NULL,
		.no_seal = values[RESUME_NO_SEAL] != NULL,
	};
	struct resumed resumed = { 0 };
	struct strbuf project = { 0 };
	struct acks acks = { .signal_fd = -1 };
	bool attach = values[RESUME_ATTACH] != NULL;
	char id[HF_ID_SIZE];
	int status;

	if (!options_fit(cli, arguments) || !feed_options_fit(cli, &feed))
		return hf_error_exit(HF_ERR_INVALID);
	if (values[RESUME_PROJECT] != NULL &&
	    !access_project(cli, values[RESUME_PROJECT], &project)) {
		strbuf_release(&project);
		return hf_error_exit(HF_ERR_INVALID);
	}
	resumed.project = project.data;
	if (attach && !acks_open(&acks))
		return errors_report_errno(cli, errno, "take over signals", NULL);
	status = access_store(cli, ACCESS_WRITE, &given);
	if (status == 0)
		status = find(cli, arguments, id);
	if (status == 0)
		status = resume(cli, arguments, id, &resumed);
	if (status == 0)
		status = attach ? go_on(cli, &acks, &feed, &resumed) : tell(cli, &resumed);
	hf_view_close(resumed.view);
	if (attach)
		acks_close(&acks);
	strbuf_release(&project);
	return status;
}

const struct command cmd_resume = {
	.name = "resume",
	.summary = "check a session and take it up again",
	.synopsis = "SESSION | --last | --here",
	.text = "Checks a whole session, repairs a torn tail, sees that its project is there, and\n"
		"records that it goes on. Says what it is and what was found. A bad verdict must\n"
		"be named with --accept. --last takes the newest session that is not active, "
		"--here\n"
		"that of the current directory or of the nearest one above it that is a project.\n"
		"With --project the session moves with its project. The session is let go of at\n"
		"the end and counts as interrupted, unless --attach is given: then a JSON object\n"
		"says what was resumed, and standard input is taken as 'holdfast attach' does.",
	.example = "  holdfast resume --here\n"
		   "  my-agent --json | holdfast resume --last --attach\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors =
		(const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_RATE_LIMITED,
			       HF_ERR_PROJECT, HF_ERR_TRUNCATED, HF_ERR_TAMPERED, HF_ERR_GAP,
			       HF_ERR_ROLLED_BACK, HF_ERR_HEAD_MISSING, HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
