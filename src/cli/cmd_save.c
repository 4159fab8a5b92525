/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/errors.h"
#include "cli/input.h"
#include "cli/json.h"

enum { SAVE_CREATE, SAVE_WAIT, SAVE_RECORD_SIZE };

static const struct option options[] = {
	[SAVE_CREATE] = { "create", 0, NULL, "make the session if it is not there" },
	[SAVE_WAIT] = ACCESS_WAIT_OPTION,
	[SAVE_RECORD_SIZE] = ACCESS_RECORD_SIZE_OPTION,
};

/* The largest document that is read: more is no session that is kept in memory. */
static const size_t document_max = (size_t)2 << 30;

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static int report_refusal(struct cli *cli, const struct document_refusal *refusal)
{
	const struct refusal *why = &refusal->refusal;
	const char *message = why->message != NULL ? why->message : hf_error_text(why->code);
	struct strbuf text = { 0 };
	int status;

	if (refusal->place > 0)
		strbuf_printf(&text,
			      "Record %llu of the input: ", (unsigned long long)refusal->place);
	strbuf_puts(&text, message);
	if (why->offset >= 0)
		strbuf_printf(&text, " Look at byte %lld.", (long long)why->offset);
	status = errors_report_text(cli, why->code, text.data, "The session was not changed.");
	strbuf_release(&text);
	return status;
}

/* Opens the session to replace, or makes it. Returns 0 or the exit status. */
static int open_session(struct cli *cli, const struct arguments *arguments,
			const struct hf_session_options *session, struct hf_session **ret_session,
			bool *ret_created)
{
	const char *given = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	struct hf_session_options created = *session;
	char id[HF_ID_SIZE];
	int rc = HF_ERR_NOTFOUND;

	if (arguments->values[SAVE_CREATE] == NULL && given == NULL)
		return errors_usage(cli, "give a session, or --create");
	if (arguments->values[SAVE_CREATE] != NULL && given != NULL)
		rc = hf_session_find(cli->store, given, &cli->detail, id);
	if (arguments->values[SAVE_CREATE] == NULL || rc != HF_ERR_NOTFOUND)
		return access_writer(cli, given, arguments->values[SAVE_WAIT], ret_session);
	created.id = given;
	rc = hf_session_create(cli->store, &created, &cli->detail, ret_session);
	if (rc != HF_OK)
		return errors_report(cli, rc, "make the session", given);
	*ret_created = true;
	return 0;
}

static void print_saved(struct cli *cli, struct hf_session *session)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	if (cli->json) {
		json_open(&json, '{');
		json_put_text(&json, "session", slice_of(hf_session_id(session)));
		json_put_number(&json, "records", hf_session_records(session));
		json_close(&json, '}');
		strbuf_puts(&text, "\n");
	} else if (!cli->quiet) {
		strbuf_printf(&text, "%s\n", hf_session_id(session));
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

/* A failed save leaves a session as it was: one that was just made for it is removed. */
static void undo_create(struct cli *cli, struct hf_session *session)
{
	char id[HF_ID_SIZE];
	const char *text = hf_session_id(session);

	for (size_t i = 0; i < sizeof id; i++)
		id[i] = text[i];
	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	if (hf_session_delete(cli->store, id, NULL) != HF_OK)
		errors_note(cli, "the new session %s could not be removed", id);
}

static int save(struct cli *cli, const struct arguments *arguments, const struct document *document)
{
	const struct hf_session_options session_options = {
		.name = or_null(document->name),
		.project = or_null(document->project),
		.config = document->config,
	};
	struct hf_session *session = NULL;
	bool created = false;
	int status = open_session(cli, arguments, &session_options, &session, &created);
	int rc;

	if (status != 0)
		return status;
	rc = hf_session_save(session, &session_options, document->appends, document->count,
			     &cli->detail);
	if (rc != HF_OK)
		status = errors_report(cli, rc, "save session", hf_session_id(session));
	if (rc != HF_OK && created) {
		undo_create(cli, session);
		return status;
	}
	if (rc == HF_OK)
		print_saved(cli, session);
	rc = hf_session_close(session, HF_CLOSE_LEAVE, &cli->detail);
	if (rc != HF_OK && status == 0)
		status = errors_report(cli, rc, "close the session", NULL);
	return status;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const struct access_options given = { NULL, arguments->values[SAVE_RECORD_SIZE] };
	bool create = arguments->values[SAVE_CREATE] != NULL;
	struct document_refusal refusal = { 0 };
	struct document document = { 0 };
	struct strbuf text = { 0 };
	int status = access_store(cli, create ? ACCESS_MAKE : ACCESS_WRITE, &given);

	if (status == 0)
		status = input_read_all(cli, document_max, HF_ERR_SESSION_SIZE, &text);
	if (status == 0) {
		status = document_read(strbuf_slice(&text), &document, &refusal)
				 ? save(cli, arguments, &document)
				 : report_refusal(cli, &refusal);
	}
	document_release(&document);
	strbuf_release(&text);
	return status;
}

const struct command cmd_save = {
	.name = "save",
	.summary = "replace a session by a document from standard input",
	.synopsis = "SESSION | --create [UUID]",
	.text = "Reads a session as load prints it, or one record a line (JSON Lines), and puts "
		"it\n"
		"in place of the session's records as a whole: readers see the old session or the\n"
		"new one. Name, project and configuration are kept unless the document has them.\n"
		"Prints the session's id.",
	.example = "  holdfast load 1b9d | jq '.name = \"again\"' | holdfast save 1b9d\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_RECORD_SIZE,
				 HF_ERR_JSON, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
