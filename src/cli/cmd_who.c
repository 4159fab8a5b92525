/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/holder.h"
#include "cli/json.h"

static void put(const struct cli *cli, struct strbuf *text, const char *id,
		const struct hf_holder *holder)
{
	struct json json = { .out = text };

	if (cli->json) {
		json_open(&json, '{');
		json_put_text(&json, "session", slice_of(id));
		json_put_bool(&json, "held", holder->is_held);
		holder_put_json(&json, holder);
		json_close(&json, '}');
	} else if (holder->is_held) {
		holder_put(text, holder);
	} else {
		strbuf_puts(text, "nobody holds it");
	}
	strbuf_puts(text, "\n");
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct hf_holder holder = { 0 };
	struct strbuf text = { 0 };
	char id[HF_ID_SIZE];
	int status = access_store(cli, ACCESS_READ, NULL);
	int rc;

	if (status == 0)
		status = access_session(cli, arguments->operands[0], id);
	if (status != 0)
		return status;
	rc = hf_session_who(cli->store, id, &cli->detail, &holder);
	if (rc != HF_OK)
		return errors_report(cli, rc, "ask who holds session", id);
	put(cli, &text, id, &holder);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return 0;
}

const struct command cmd_who = {
	.name = "who",
	.summary = "say which program holds a session for writing",
	.synopsis = "SESSION",
	.text = "Asks the system whether a program holds the session for writing, and says what\n"
		"that program said of itself: its process, its name, its host and since when. "
		"That\n"
		"nobody holds it is an answer too: the exit status is 0, and with --json \"held\" "
		"is\n"
		"false.",
	.example = "  holdfast who 1b9d --json | jq .held\n",
	.options = NULL,
	.option_count = 0,
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_OK },
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
