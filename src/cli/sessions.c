/* SPDX-License-Identifier: MIT */
#include "cli/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/memory.h"

/* Moves a slice to the row's own text. */
static void own(struct hf_slice *slice, char **text)
{
	if (slice->size > 0)
		memcpy(*text, slice->data, slice->size);
	slice->data = *text;
	*text += slice->size;
}

static void add(struct sessions *sessions, const struct hf_entry *entry)
{
	struct session_row row = { .entry = *entry };
	struct hf_info *info = &row.entry.info;
	char *text;

	if (sessions->count == sessions->room) {
		sessions->room = sessions->room == 0 ? 64 : sessions->room * 2;
		sessions->rows =
			memory_resize(sessions->rows, sessions->room, sizeof *sessions->rows);
	}
	row.text = memory_resize(
		NULL, info->name.size + info->project.size + info->first_words.size + 1, 1);
	text = row.text;
	own(&info->name, &text);
	own(&info->project, &text);
	own(&info->first_words, &text);
	sessions->rows[sessions->count++] = row;
}

static int newest_first(const void *a, const void *b)
{
	const struct hf_info *left = &((const struct session_row *)a)->entry.info;
	const struct hf_info *right = &((const struct session_row *)b)->entry.info;

	if (left->updated_us != right->updated_us)
		return left->updated_us < right->updated_us ? 1 : -1;
	return strcmp(left->id, right->id);
}

int sessions_read(struct cli *cli, const char *prefix, struct sessions *ret_sessions)
{
	struct hf_list *list = NULL;
	struct hf_entry entry;
	int rc = hf_list_open(cli->store, &(struct hf_list_options){ .prefix = prefix }, &cli->detail, &list);

	while (rc == HF_OK) {
		rc = hf_list_next(list, &entry);
		if (rc == HF_OK)
			add(ret_sessions, &entry);
	}
	hf_list_close(list);
	if (rc != HF_ERR_NOTFOUND)
		return errors_report(cli, rc, "list the sessions", NULL);
	if (ret_sessions->count > 1)
		qsort(ret_sessions->rows, ret_sessions->count, sizeof *ret_sessions->rows,
		      newest_first);
	return 0;
}

void sessions_release(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		memory_free(sessions->rows[i].text);
	memory_free(sessions->rows);
	*sessions = (struct sessions){ 0 };
}
