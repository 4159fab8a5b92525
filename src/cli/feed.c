/* SPDX-License-Identifier: MIT */
/*
 * What the host has sent so far becomes one batch: one write, one sync, and then an
 * acknowledgement for each line, in order. While the batch is written the host can send
 * more, so a fast host gets large batches and a slow one small ones.
 */
#include "cli/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/memory.h"
#include "cli/record_in.h"

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

struct feed {
	struct cli *cli;
	const struct feed_options *options;
	struct hf_session *session;
	struct input input;
	struct acks *acks;
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

static void read_line(struct feed *feed, struct hf_slice line, struct item *item)
{
	const struct feed_options *options = feed->options;
	struct record_in *record = &item->record;

	if (options->records) {
		(void)record_in_read(line, record, &item->refusal);
	} else {
		memset(record, 0, sizeof *record);
		record->data = line;
		(void)snprintf(record->type, sizeof record->type, "%s",
			       options->type != NULL ? options->type : "message");
	}
	if (item->refusal.code == HF_OK && options->id_member != NULL)
		(void)record_in_take_id(options->id_member, record, &item->refusal);
}

/* Takes lines that were read until a batch is full or there are no more. */
static void collect(struct feed *feed)
{
	struct hf_slice line = { 0 };
	enum input_line kind;
	size_t size = 0;

	feed->item_count = 0;
	while (feed->item_count < BATCH_COUNT_MAX && size < BATCH_SIZE_MAX) {
		struct item *item = &feed->items[feed->item_count];

		kind = input_next(&feed->input, &line);
		if (kind == INPUT_NONE)
			break;
		feed->lines++;
		if (kind == INPUT_LINE && input_is_blank(line))
			continue;
		*item = (struct item){ .line = feed->lines };
		feed->item_count++;
		if (kind == INPUT_TOO_LONG) {
			item->refusal = (struct refusal){ HF_ERR_RECORD_SIZE, NULL, -1 };
			continue;
		}
		read_line(feed, line, item);
		size += line.size;
	}
}

static size_t gather_records(struct feed *feed)
{
	size_t count = 0;

	for (size_t i = 0; i < feed->item_count; i++) {
		if (feed->items[i].refusal.code != HF_OK)
			continue;
		feed->records[count] = record_in_append(&feed->items[i].record);
		feed->record_items[count++] = i;
	}
	return count;
}

/*
 * Writes the batch. When the library refuses a record it has written nothing: what stands
 * before that record is then a batch of its own, and what stands behind it another.
 */
static void commit(struct feed *feed)
{
	struct hf_detail *detail = &feed->cli->detail;
	size_t count = gather_records(feed);
	size_t from = 0;
	size_t to = count;

	while (from < count && feed->fatal == HF_OK) {
		int rc = hf_session_append(feed->session, NULL, feed->records + from, to - from,
					   detail, feed->record_acks + from);
		bool refused =
			rc != HF_OK && detail->input >= 0 && (uint64_t)detail->input < to - from;
		struct item *first = &feed->items[feed->record_items[from]];

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
			feed->fatal = rc;
			break;
		}
		for (; from < to; from++)
			feed->items[feed->record_items[from]].ack = feed->record_acks[from];
		to = count;
	}
	for (; from < count; from++)
		feed->items[feed->record_items[from]].refusal =
			(struct refusal){ feed->fatal, NULL, -1 };
}

static void put_ack(struct feed *feed, const struct item *item)
{
	struct json json = { .out = &feed->out };
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
	strbuf_puts(&feed->out, "\n");
}

static bool acknowledge(struct feed *feed)
{
	for (size_t i = 0; i < feed->item_count; i++) {
		if (feed->items[i].refusal.code != HF_OK)
			feed->lines_refused++;
		put_ack(feed, &feed->items[i]);
	}
	return acks_write(feed->acks, &feed->out);
}

/* Returns when the input has ended, something failed, or a signal asked to stop. */
static bool pump(struct feed *feed)
{
	for (;;) {
		collect(feed);
		if (feed->item_count > 0) {
			commit(feed);
			if (!acknowledge(feed) || feed->fatal != HF_OK)
				return false;
			continue;
		}
		if (feed->input.end)
			return true;
		if (!acks_wait_for_input(feed->acks))
			return false;
		if (!input_fill(&feed->input)) {
			feed->input_failure = errno;
			return false;
		}
	}
}

static int end_status(struct feed *feed)
{
	struct cli *cli = feed->cli;

	if (feed->fatal != HF_OK)
		return errors_report(cli, feed->fatal, "append to session", NULL);
	if (feed->input_failure != 0)
		return errors_report_errno(cli, feed->input_failure, "read the input", NULL);
	if (feed->acks->failure != 0)
		return errors_report_errno(cli, feed->acks->failure, "write the acknowledgements",
					   NULL);
	if (feed->acks->stop_signal != 0) {
		errors_note(cli, "stopped by signal %d; the session can be resumed",
			    feed->acks->stop_signal);
		return 128 + feed->acks->stop_signal;
	}
	if (feed->lines_refused > 0) {
		errors_note(cli, "%llu of %llu lines were refused",
			    (unsigned long long)feed->lines_refused,
			    (unsigned long long)feed->lines);
		return hf_error_exit(HF_ERR_JSON);
	}
	return 0;
}

bool feed_options_fit(const struct cli *cli, const struct feed_options *options)
{
	if (options->records && options->type != NULL)
		(void)errors_usage(cli, "with --records each line says its type");
	else if (options->type != NULL && strlen(options->type) > HF_TYPE_MAX)
		(void)errors_usage(cli, "--type: '%s' is too long", options->type);
	else
		return true;
	return false;
}

static void allocate(struct feed *feed)
{
	feed->items = memory_resize(NULL, BATCH_COUNT_MAX, sizeof *feed->items);
	feed->records = memory_resize(NULL, BATCH_COUNT_MAX, sizeof *feed->records);
	feed->record_items = memory_resize(NULL, BATCH_COUNT_MAX, sizeof *feed->record_items);
	feed->record_acks = memory_resize(NULL, BATCH_COUNT_MAX, sizeof *feed->record_acks);
}

static void release(struct feed *feed)
{
	input_release(&feed->input);
	strbuf_release(&feed->out);
	memory_free(feed->items);
	memory_free(feed->records);
	memory_free(feed->record_items);
	memory_free(feed->record_acks);
}

int feed_session(struct cli *cli, struct acks *acks, const struct feed_options *options,
		 struct hf_session *session, struct strbuf *first)
{
	struct feed feed = { .cli = cli, .options = options, .session = session, .acks = acks };
	bool complete;
	int status;
	int rc;

	feed.input.max = access_record_size(cli) + LINE_SLACK;
	allocate(&feed);
	complete = acks_write(acks, first) && pump(&feed);
	status = end_status(&feed);
	rc = hf_session_close(session,
			      complete && !options->no_seal ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE,
			      &cli->detail);
	if (rc != HF_OK && feed.fatal == HF_OK)
		status = errors_report(cli, rc, "close the session", NULL);
	release(&feed);
	return status;
}
