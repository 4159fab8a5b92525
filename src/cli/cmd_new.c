/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"

enum { NEW_ID, NEW_NAME, NEW_PROJECT, NEW_CONFIG };

static const struct option options[] = {
	[NEW_ID] = { "id", 0, "UUID", "the session's id (default: a random one)" },
	[NEW_NAME] = { "name", 0, "NAME", "a name for people" },
	[NEW_PROJECT] = { "project", 0, "DIR", "its project (default: the current directory)" },
	[NEW_CONFIG] = { "config", 0, "JSON", "its configuration, a JSON object" },
};

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const struct access_new given = { values[NEW_ID], values[NEW_NAME], values[NEW_PROJECT],
					  values[NEW_CONFIG] };
	struct hf_session *session = NULL;
	struct strbuf text = { 0 };
	struct json json = { .out = &text };
	int status = access_store(cli, ACCESS_MAKE, NULL);
	int rc;

	if (status == 0)
		status = access_create(cli, &given, &session);
	if (status != 0)
		return status;
	if (cli->json) {
		json_open(&json, '{');
		json_put_text(&json, "session", slice_of(hf_session_id(session)));
		json_close(&json, '}');
	} else {
		strbuf_puts(&text, hf_session_id(session));
	}
	strbuf_puts(&text, "\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
	rc = hf_session_close(session, HF_CLOSE_LEAVE, &cli->detail);
	return rc == HF_OK ? 0 : errors_report(cli, rc, "close the session", NULL);
}

const struct command cmd_new = {
	.name = "new",
	.summary = "make a session and print its id",
	.synopsis = "",
	.text = "Makes a session, and the store if there is none yet, and prints the session's id.",
	.example = "  holdfast new --name 'fix the parser' --project ~/src/parser\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_EXISTS, HF_ERR_MAX_SESSIONS, HF_ERR_JSON, HF_ERR_KEY_MODE,
				 HF_OK },
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
