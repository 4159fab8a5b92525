/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/input.h"
#include "cli/json.h"

enum {
	APPEND_TYPE,
	APPEND_RECORD_ID,
	APPEND_EXPECT,
	APPEND_TEXT,
	APPEND_ROLE,
	APPEND_WAIT,
	APPEND_DURABILITY,
	APPEND_RECORD_SIZE,
};

static const struct option options[] = {
	[APPEND_TYPE] = { "type", 0, "TYPE", "message (default), todos, config, rename or x-..." },
	[APPEND_RECORD_ID] = { "record-id", 0, "ID", "appending it again changes nothing" },
	[APPEND_EXPECT] = { "expect", 0, "N", "only if the session has exactly N records" },
	[APPEND_TEXT] = { "text", 0, "TEXT", "a message with this text instead of JSON" },
	[APPEND_ROLE] = { "role", 0, "ROLE", "whose --text it is (default user)" },
	[APPEND_WAIT] = ACCESS_WAIT_OPTION,
	[APPEND_DURABILITY] = ACCESS_DURABILITY_OPTION,
	[APPEND_RECORD_SIZE] = ACCESS_RECORD_SIZE_OPTION,
};

static void put_message(struct strbuf *text, const char *role, const char *content)
{
	struct json json = { .out = text };

	json_open(&json, '{');
	json_put_text(&json, "role", slice_of(role != NULL ? role : "user"));
	json_put_text(&json, "content", slice_of(content));
	json_close(&json, '}');
}

/* Puts the record's JSON, from wherever it comes. Returns 0 or the exit status. */
static int get_data(struct cli *cli, const struct arguments *arguments, struct strbuf *ret_data)
{
	const char *argument = arguments->operand_count > 1 ? arguments->operands[1] : NULL;
	const char *text = arguments->values[APPEND_TEXT];
	const char *role = arguments->values[APPEND_ROLE];

	if (text != NULL && argument != NULL)
		return errors_usage(cli, "give either JSON or --text");
	if (text == NULL && role != NULL)
		return errors_usage(cli, "--role goes with --text");
	if (text != NULL)
		put_message(ret_data, role, text);
	else if (argument != NULL && strcmp(argument, "-") != 0)
		strbuf_puts(ret_data, argument);
	else /* White space may make it longer than the record. */
		return input_read_all(cli, (size_t)HF_RECORD_SIZE_LIMIT + (1 << 20),
				      HF_ERR_RECORD_SIZE, ret_data);
	return 0;
}

static void print_ack(struct cli *cli, const struct hf_ack *ack, const char *id)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	if (cli->json) {
		json_open(&json, '{');
		json_put_number(&json, "n", ack->n);
		if (id != NULL)
			json_put_text(&json, "id", slice_of(id));
		json_put_bool(&json, "duplicate", ack->duplicate);
		json_close(&json, '}');
	} else if (!cli->quiet) {
		json_put_number(&json, NULL, ack->n);
	}
	if (text.size > 0)
		strbuf_puts(&text, "\n");
	/* The record is kept: nobody need wait for the session to be closed. */
	out_write(&cli->out, &text);
	out_flush(&cli->out);
	strbuf_release(&text);
}

static int append(struct cli *cli, const struct arguments *arguments, const struct strbuf *data)
{
	const char *const *values = arguments->values;
	struct hf_append_options conditions = { .expect = values[APPEND_EXPECT] != NULL };
	struct hf_append record = {
		.type = values[APPEND_TYPE] != NULL ? values[APPEND_TYPE] : "message",
		.id = values[APPEND_RECORD_ID],
		.json = data->data,
		.json_size = data->size,
	};
	struct hf_session *session = NULL;
	struct hf_ack ack = { 0 };
	int status;
	int rc;

	if (!options_number(cli, "--expect", values[APPEND_EXPECT], UINT64_MAX,
			    &conditions.expect_records))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_writer(cli, arguments->operands[0], values[APPEND_WAIT], &session);
	if (status != 0)
		return status;
	rc = hf_session_append(session, &conditions, &record, 1, &cli->detail, &ack);
	if (rc != HF_OK)
		status = errors_report(cli, rc, "append to session", hf_session_id(session));
	else
		print_ack(cli, &ack, record.id);
	rc = hf_session_close(session, HF_CLOSE_LEAVE, &cli->detail);
	if (rc != HF_OK && status == 0)
		status = errors_report(cli, rc, "close the session", NULL);
	return status;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const struct access_options given = { values[APPEND_DURABILITY],
					      values[APPEND_RECORD_SIZE] };
	struct strbuf data = { 0 };
	int status = access_store(cli, ACCESS_WRITE, &given);

	if (status == 0)
		status = get_data(cli, arguments, &data);
	if (status == 0)
		status = append(cli, arguments, &data);
	strbuf_release(&data);
	return status;
}

const struct command cmd_append = {
	.name = "append",
	.summary = "append one record to a session",
	.synopsis = "SESSION [JSON|-]",
	.text = "Appends one record: the JSON given, or read from standard input, or --text.\n"
		"Prints its number when it is on disk. For many records, see attach. The session\n"
		"counts as interrupted until 'holdfast close' ends it.",
	.example = "  holdfast append 1b9d --text 'Please fix it.'\n"
		   "  holdfast append 1b9d '{\"role\":\"assistant\",\"content\":\"Done.\"}' "
		   "--record-id msg-7\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_CONFLICT,
				 HF_ERR_RECORD_SIZE, HF_ERR_JSON, HF_OK },
	.operands_min = 1,
	.operands_max = 2,
	.run = run,
};
