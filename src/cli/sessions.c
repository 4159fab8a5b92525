/* SPDX-License-Identifier: MIT */
#include "cli/sessions.h"

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
	row.text = memory_resize(NULL,
				 info->name.size + info->project.size + info->first_words.size +
					 info->tags.size + 1,
				 1);
	text = row.text;
	own(&info->name, &text);
	own(&info->project, &text);
	own(&info->first_words, &text);
	own(&info->tags, &text);
	sessions->rows[sessions->count++] = row;
}

int sessions_read(struct cli *cli, const struct hf_list_options *options,
		  struct sessions *ret_sessions)
{
	struct hf_list *list = NULL;
	struct hf_entry entry;
	int rc = hf_list_open(cli->store, options, &cli->detail, &list);

	while (rc == HF_OK) {
		rc = hf_list_next(list, &entry);
		if (rc == HF_OK)
			add(ret_sessions, &entry);
	}
	hf_list_close(list);
	return rc == HF_ERR_NOTFOUND ? 0 : errors_report(cli, rc, "list the sessions", NULL);
}

void sessions_release(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		memory_free(sessions->rows[i].text);
	memory_free(sessions->rows);
	*sessions = (struct sessions){ 0 };
}
