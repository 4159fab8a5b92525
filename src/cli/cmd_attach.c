/* SPDX-License-Identifier: MIT */
/*
 * The long-lived writer. What the host has sent so far becomes one batch: one write, one
 * sync, and then an acknowledgement for each line, in order. While the batch is written
 * the host can send more, so a fast host gets large batches and a slow one small ones.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/access.h"
#include "cli/acks.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/memory.h"
#include "cli/record_in.h"

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
	[ATTACH_TYPE] = { "type", 0, "TYPE", "the type of the records (default message)" },
	[ATTACH_RECORDS] = { "records", 0, NULL, "lines are {\"type\":,\"id\":,\"data\":}" },
	[ATTACH_ID_MEMBER] = { "id-member", 0, "NAME", "take record ids from this member" },
	[ATTACH_NEW] = { "new", 0, NULL, "make the session; its id is the first line printed" },
	[ATTACH_ID] = { "id", 0, "UUID", "with --new: its id" },
	[ATTACH_NAME] = { "name", 0, "NAME", "with --new: its name" },
	[ATTACH_PROJECT] = { "project", 0, "DIR", "with --new: its project" },
	[ATTACH_NO_SEAL] = { "no-seal", 0, NULL, "leave the session open at the end of input" },
	[ATTACH_WAIT] = ACCESS_WAIT_OPTION,
	[ATTACH_DURABILITY] = ACCESS_DURABILITY_OPTION,
	[ATTACH_RECORD_SIZE] = ACCESS_RECORD_SIZE_OPTION,
};

enum {
	BATCH_COUNT_MAX = 512,
	BATCH_SIZE_MAX = 4 << 20,
	LINE_SLACK = 64 << 10, /* what a line may have besides its record's data */
};

/* One line of input on its way through a batch. */
struct item {
	uint64_t line; /* its number, from 1 */
	struct record_in record;
	struct refusal refusal; /* its code is HF_OK if the line was not refused */
	struct hf_ack ack;
};

struct attach {
	struct cli *cli;
	const char *const *values; /* of the options */
	const char *type;
	struct hf_session *session;
	struct input input;
	struct acks acks;
	struct strbuf out;
	uint64_t lines; /* read so far */
	uint64_t lines_refused;
	int input_failure; /* errno of a read that failed, or 0 */
	int fatal; /* the error after which nothing can be written, or HF_OK */
	struct item *items; /* BATCH_COUNT_MAX of them, item_count in use */
	size_t item_count;
	struct hf_append *records; /* of the items that were not refused */
	size_t *record_items; /* and the indexes of those items */
	struct hf_ack *record_acks;
};

static void read_line(struct attach *attach, struct hf_slice line, struct item *item)
{
	const char *id_member = attach->values[ATTACH_ID_MEMBER];
	struct record_in *record = &item->record;

	if (attach->values[ATTACH_RECORDS] != NULL) {
		(void)record_in_read(line, record, &item->refusal);
	} else {
		memset(record, 0, sizeof *record);
		record->data = line;
		(void)snprintf(record->type, sizeof record->type, "%s", attach->type);
	}
	if (item->refusal.code == HF_OK && id_member != NULL)
		(void)record_in_take_id(id_member, record, &item->refusal);
}

/* Takes lines that were read until a batch is full or there are no more. */
static void collect(struct attach *attach)
{
	struct hf_slice line = { 0 };
	enum input_line kind;
	size_t size = 0;

	attach->item_count = 0;
	while (attach->item_count < BATCH_COUNT_MAX && size < BATCH_SIZE_MAX) {
		struct item *item = &attach->items[attach->item_count];

		kind = input_next(&attach->input, &line);
		if (kind == INPUT_NONE)
			break;
		attach->lines++;
		if (kind == INPUT_LINE && input_is_blank(line))
			continue;
		*item = (struct item){ .line = attach->lines };
		attach->item_count++;
		if (kind == INPUT_TOO_LONG) {
			item->refusal = (struct refusal){ HF_ERR_RECORD_SIZE, NULL, -1 };
			continue;
		}
		read_line(attach, line, item);
		size += line.size;
	}
}

static size_t gather_records(struct attach *attach)
{
	size_t count = 0;

	for (size_t i = 0; i < attach->item_count; i++) {
		if (attach->items[i].refusal.code != HF_OK)
			continue;
		attach->records[count] = record_in_append(&attach->items[i].record);
		attach->record_items[count++] = i;
	}
	return count;
}

/*
 * Writes the batch. When the library refuses a record it has written nothing: what stands
 * before that record is then a batch of its own, and what stands behind it another.
 */
static void commit(struct attach *attach)
{
	struct hf_detail *detail = &attach->cli->detail;
	size_t count = gather_records(attach);
	size_t from = 0;
	size_t to = count;

	while (from < count && attach->fatal == HF_OK) {
		int rc = hf_session_append(attach->session, NULL, attach->records + from, to - from,
					   detail, attach->record_acks + from);
		bool refused =
			rc != HF_OK && detail->input >= 0 && (uint64_t)detail->input < to - from;
		struct item *first = &attach->items[attach->record_items[from]];

		if (refused && detail->input > 0) {
			to = from + (size_t)detail->input;
			continue;
		}
		if (refused) {
			first->refusal = (struct refusal){ rc, NULL, detail->offset };
			if (rc == HF_ERR_INVALID)
				first->refusal.message =
					"The record's type or id is none that a record can have.";
			to = from + 1;
		} else if (rc != HF_OK) {
			attach->fatal = rc;
			break;
		}
		for (; from < to; from++)
			attach->items[attach->record_items[from]].ack = attach->record_acks[from];
		to = count;
	}
	for (; from < count; from++)
		attach->items[attach->record_items[from]].refusal =
			(struct refusal){ attach->fatal, NULL, -1 };
}

static void put_ack(struct attach *attach, const struct item *item)
{
	struct json json = { .out = &attach->out };
	const struct refusal *refusal = &item->refusal;

	json_open(&json, '{');
	json_put_bool(&json, "ok", refusal->code == HF_OK);
	if (refusal->code == HF_OK) {
		json_put_number(&json, "n", item->ack.n);
		if (item->record.id[0] != '\0')
			json_put_text(&json, "id", slice_of(item->record.id));
		if (item->ack.duplicate)
			json_put_bool(&json, "duplicate", true);
	} else {
		json_put_number(&json, "line", item->line);
		json_put_text(&json, "error", slice_of(hf_error_name(refusal->code)));
		json_put_text(&json, "message",
			      slice_of(refusal->message != NULL ? refusal->message
								: hf_error_text(refusal->code)));
		if (refusal->offset >= 0)
			json_put_place(&json, "offset", refusal->offset);
	}
	json_close(&json, '}');
	strbuf_puts(&attach->out, "\n");
}

static bool acknowledge(struct attach *attach)
{
	for (size_t i = 0; i < attach->item_count; i++) {
		if (attach->items[i].refusal.code != HF_OK)
			attach->lines_refused++;
		put_ack(attach, &attach->items[i]);
	}
	return acks_write(&attach->acks, &attach->out);
}

/* Returns when the input has ended, something failed, or a signal asked to stop. */
static bool pump(struct attach *attach)
{
	for (;;) {
		collect(attach);
		if (attach->item_count > 0) {
			commit(attach);
			if (!acknowledge(attach) || attach->fatal != HF_OK)
				return false;
			continue;
		}
		if (attach->input.end)
			return true;
		if (!acks_wait_for_input(&attach->acks))
			return false;
		if (!input_fill(&attach->input)) {
			attach->input_failure = errno;
			return false;
		}
	}
}

static int end_status(struct attach *attach)
{
	struct cli *cli = attach->cli;

	if (attach->fatal != HF_OK)
		return errors_report(cli, attach->fatal, "append to session", NULL);
	if (attach->input_failure != 0)
		return errors_report_errno(cli, attach->input_failure, "read the input", NULL);
	if (attach->acks.failure != 0)
		return errors_report_errno(cli, attach->acks.failure, "write the acknowledgements",
					   NULL);
	if (attach->acks.stop_signal != 0) {
		errors_note(cli, "stopped by signal %d; the session is left open",
			    attach->acks.stop_signal);
		return 128 + attach->acks.stop_signal;
	}
	if (attach->lines_refused > 0) {
		errors_note(cli, "%llu of %llu lines were refused",
			    (unsigned long long)attach->lines_refused,
			    (unsigned long long)attach->lines);
		return hf_error_exit(HF_ERR_JSON);
	}
	return 0;
}

/* Opens or makes the session; says its id if it was made. Returns 0 or the exit status. */
static int open_session(struct attach *attach, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const struct access_new given = { values[ATTACH_ID], values[ATTACH_NAME],
					  values[ATTACH_PROJECT], NULL };
	struct json json = { .out = &attach->out };
	int status;

	if (values[ATTACH_NEW] == NULL)
		return access_writer(attach->cli, arguments->operands[0], values[ATTACH_WAIT],
				     &attach->session);
	status = access_create(attach->cli, &given, &attach->session);
	if (status != 0)
		return status;
	json_open(&json, '{');
	json_put_text(&json, "session", slice_of(hf_session_id(attach->session)));
	json_close(&json, '}');
	strbuf_puts(&attach->out, "\n");
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
	else if (values[ATTACH_RECORDS] != NULL && values[ATTACH_TYPE] != NULL)
		(void)errors_usage(cli, "with --records each line says its type");
	else if (values[ATTACH_TYPE] != NULL && strlen(values[ATTACH_TYPE]) > HF_TYPE_MAX)
		(void)errors_usage(cli, "--type: '%s' is too long", values[ATTACH_TYPE]);
	else
		return true;
	return false;
}

static size_t line_max(const char *record_size)
{
	uint64_t max = HF_RECORD_SIZE_DEFAULT;

	for (uint64_t given = 0; record_size != NULL && *record_size != '\0'; record_size++) {
		given = given * 10 + (uint64_t)(*record_size - '0');
		max = given;
	}
	return (size_t)max + LINE_SLACK;
}

static int write_session(struct attach *attach, const struct arguments *arguments)
{
	int status = open_session(attach, arguments);
	bool complete;
	int rc;

	if (status != 0)
		return status;
	complete = acks_write(&attach->acks, &attach->out) && pump(attach);
	status = end_status(attach);
	rc = hf_session_close(attach->session,
			      complete && attach->values[ATTACH_NO_SEAL] == NULL ? HF_CLOSE_SEAL
										 : HF_CLOSE_LEAVE,
			      &attach->cli->detail);
	if (rc != HF_OK && attach->fatal == HF_OK)
		return errors_report(attach->cli, rc, "close the session", NULL);
	return status;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const struct access_options given = { values[ATTACH_DURABILITY],
					      values[ATTACH_RECORD_SIZE] };
	struct attach attach = { .cli = cli, .values = values };
	int status;

	if (!options_fit(cli, arguments))
		return hf_error_exit(HF_ERR_INVALID);
	if (!acks_open(&attach.acks))
		return errors_report_errno(cli, errno, "take over signals", NULL);
	status = access_store(cli, values[ATTACH_NEW] != NULL ? ACCESS_MAKE : ACCESS_WRITE, &given);
	if (status == 0) {
		attach.type = values[ATTACH_TYPE] != NULL ? values[ATTACH_TYPE] : "message";
		attach.input.max = line_max(values[ATTACH_RECORD_SIZE]);
		attach.items = memory_resize(NULL, BATCH_COUNT_MAX, sizeof *attach.items);
		attach.records = memory_resize(NULL, BATCH_COUNT_MAX, sizeof *attach.records);
		attach.record_items =
			memory_resize(NULL, BATCH_COUNT_MAX, sizeof *attach.record_items);
		attach.record_acks =
			memory_resize(NULL, BATCH_COUNT_MAX, sizeof *attach.record_acks);
		status = write_session(&attach, arguments);
	}
	acks_close(&attach.acks);
	input_release(&attach.input);
	strbuf_release(&attach.out);
	memory_free(attach.items);
	memory_free(attach.records);
	memory_free(attach.record_items);
	memory_free(attach.record_acks);
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
		"session is sealed. SIGTERM, SIGINT and SIGHUP leave it open: what was\n"
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
