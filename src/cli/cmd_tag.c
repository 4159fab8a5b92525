/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/memory.h"
#include "cli/sessions.h"
#include "cli/tags.h"
#include "cli/visible.h"

enum { TAG_REMOVE, TAG_CLEAR, TAG_WAIT };

static const struct option options[] = {
	[TAG_REMOVE] = { "remove", 0, "LIST", "take these tags away: a,b" },
	[TAG_CLEAR] = { "clear", 0, NULL, "take all tags away first" },
	[TAG_WAIT] = ACCESS_WAIT_OPTION,
};

/* Whether a list with commas holds a tag. */
static bool list_has(const char *list, struct hf_slice tag)
{
	while (list != NULL && *list != '\0') {
		size_t size = strcspn(list, ",");

		if (size == tag.size && memcmp(list, tag.data, size) == 0)
			return true;
		list += size;
		list += *list == ',';
	}
	return false;
}

/* The tags that a session is to have: text of their own, with a pointer to each. */
struct tag_set {
	char *texts[HF_TAGS_MAX + 1]; /* one more than allowed, for the library to refuse */
	size_t count;
};

static void add(struct tag_set *set, struct hf_slice tag)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strlen(set->texts[i]) == tag.size &&
		    memcmp(set->texts[i], tag.data, tag.size) == 0)
			return;
	}
	if (set->count <= HF_TAGS_MAX)
		set->texts[set->count++] = memory_copy(tag.data, tag.size);
}

static void release(struct tag_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		memory_free(set->texts[i]);
}

/* Reads the tags that a session has, from its head. *ret_tags is valid while *sessions is. */
static int read_tags(struct cli *cli, const char *id, struct sessions *sessions,
		     struct hf_slice *ret_tags)
{
	const struct hf_list_options only = { .prefix = id, .states = ~0u };
	int status = sessions_read(cli, &only, sessions);
	int rc;

	if (status != 0)
		return status;
	rc = sessions->count > 0 ? sessions->rows[0].entry.error : HF_ERR_NOTFOUND;
	if (rc != HF_OK)
		return errors_report(cli, rc, "read the tags of session", id);
	*ret_tags = sessions->rows[0].entry.info.tags;
	return 0;
}

static void collect(const struct arguments *arguments, struct hf_slice tags, struct tag_set *set)
{
	const char *removed = arguments->values[TAG_REMOVE];
	struct hf_slice tag = { 0 };

	while (arguments->values[TAG_CLEAR] == NULL && tags_next(&tags, &tag)) {
		if (!list_has(removed, tag))
			add(set, tag);
	}
	for (size_t i = 1; i < arguments->operand_count; i++)
		add(set, slice_of(arguments->operands[i]));
}

/* Nobody else changes the tags between reading and writing, for the session is held. */
static int change_tags(struct cli *cli, struct hf_session *session,
		       const struct arguments *arguments)
{
	const char *const id = hf_session_id(session);
	const char *texts[HF_TAGS_MAX + 1] = { NULL };
	struct sessions sessions = { 0 };
	struct tag_set set = { 0 };
	struct hf_slice tags = { 0 };
	int status = read_tags(cli, id, &sessions, &tags);
	int rc;

	if (status != 0)
		goto out;
	collect(arguments, tags, &set);
	for (size_t i = 0; i < set.count; i++)
		texts[i] = set.texts[i];
	rc = hf_session_tag(session, texts, set.count, &cli->detail);
	if (rc != HF_OK)
		status = errors_report(cli, rc, "tag session", id);
out:
	release(&set);
	sessions_release(&sessions);
	return status;
}

static int write_tags(struct cli *cli, const struct arguments *arguments)
{
	struct hf_session *session = NULL;
	int status = access_store(cli, ACCESS_WRITE, NULL);
	int rc;

	if (status == 0)
		status = access_writer(cli, arguments->operands[0], arguments->values[TAG_WAIT],
				       &session);
	if (status != 0)
		return status;
	status = change_tags(cli, session, arguments);
	rc = hf_session_close(session, HF_CLOSE_LEAVE, &cli->detail);
	if (rc != HF_OK && status == 0)
		status = errors_report(cli, rc, "close the session", NULL);
	return status;
}

static void print(struct cli *cli, const char *id, struct hf_slice tags)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };
	struct hf_slice tag = { 0 };

	if (cli->json) {
		json_open(&json, '{');
		json_put_text(&json, "session", slice_of(id));
		tags_put_json(&json, tags);
		json_close(&json, '}');
		strbuf_puts(&text, "\n");
	}
	while (!cli->json && tags_next(&tags, &tag)) {
		visible_put(&text, tag, VISIBLE_ONE_LINE);
		strbuf_puts(&text, "\n");
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static int print_tags(struct cli *cli, const char *given)
{
	struct sessions sessions = { 0 };
	struct hf_slice tags = { 0 };
	char id[HF_ID_SIZE];
	int status = access_store(cli, ACCESS_READ, NULL);

	if (status == 0)
		status = access_session(cli, given, id);
	if (status == 0)
		status = read_tags(cli, id, &sessions, &tags);
	if (status == 0)
		print(cli, id, tags);
	sessions_release(&sessions);
	return status;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	if (arguments->operand_count == 1 && arguments->values[TAG_REMOVE] == NULL &&
	    arguments->values[TAG_CLEAR] == NULL)
		return print_tags(cli, arguments->operands[0]);
	return write_tags(cli, arguments);
}

const struct command cmd_tag = {
	.name = "tag",
	.summary = "give a session tags, or print those it has",
	.synopsis = "SESSION [TAG...]",
	.text = "Adds tags to a session: words without spaces and commas, at most 16. Without any\n"
		"it prints the tags that the session has, one a line. --remove takes tags away\n"
		"and --clear all there are, before those given are added. A closed session stays\n"
		"closed.",
	.example = "  holdfast tag 1b9d parser urgent\n"
		   "  holdfast tag 1b9d --remove urgent done\n"
		   "  holdfast list --tag parser\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_TAMPERED,
				 HF_OK },
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run,
};
