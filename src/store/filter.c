/* SPDX-License-Identifier: MIT */
#include "store/filter.h"

#include <string.h>

#include "base/text.h"
#include "log/labels.h"

static const char *text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

struct filter_path filter_path(const char *path, size_t size)
{
	struct filter_path made = { path, text_path_size(path, size), { 0 } };

	head_digest_path(made.path, made.size, made.digest);
	return made;
}

int filter_init(struct filter *filter, struct report *report,
		const struct hf_list_options *options)
{
	static const struct hf_list_options none = { .limit = 0 };

	if (options == NULL)
		options = &none;
	*filter = (struct filter){ .states = options->states,
				   .prefix = options->prefix,
				   .name = text_or_null(options->name),
				   .tag = text_or_null(options->tag),
				   .since_us = options->since_us,
				   .before_us = options->before_us };
	if (filter->states == 0)
		filter->states = ~(1u << HF_TRASHED);
	if (options->project == NULL)
		return HF_OK;
	if (options->project[0] != '/')
		return report_fail(report, HF_ERR_INVALID, "list",
				   "the project is not an absolute path");
	filter->project = filter_path(options->project, strlen(options->project));
	return HF_OK;
}

static bool is_at(const struct filter_path *path, const struct head *head)
{
	return head->project_size > 0 &&
	       text_path_size(head->project, head->project_size) == path->size &&
	       memcmp(head->project, path->path, path->size) == 0;
}

bool filter_is_project(const struct filter_path *path, const struct head *head)
{
	static const uint8_t unused[FORMAT_FORMER_SIZE];

	if (is_at(path, head))
		return true;
	for (unsigned i = 0; i < FORMAT_FORMER_MAX; i++) {
		if (memcmp(head->former[i], unused, sizeof unused) == 0)
			break;
		if (memcmp(head->former[i], path->digest, sizeof path->digest) == 0)
			return true;
	}
	return false;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* True if part stands somewhere in a text, upper and lower case alike. */
static bool has_part(const char *text, size_t size, const char *part)
{
	size_t part_size = strlen(part);

	for (size_t at = 0; part_size <= size && at <= size - part_size; at++) {
		size_t same = 0;

		while (same < part_size && lower(text[at + same]) == lower(part[same]))
			same++;
		if (same == part_size)
			return true;
	}
	return false;
}

/* Of some damaged sessions it is not known when their last record was written. */
static bool is_in_time(const struct filter *filter, const struct head *head)
{
	bool is_known = head->updated_us != 0;

	if (filter->since_us != 0 && (!is_known || head->updated_us < filter->since_us))
		return false;
	return filter->before_us == 0 || (is_known && head->updated_us < filter->before_us);
}

bool filter_holds(const struct filter *filter, const struct look *look)
{
	const struct head *head = &look->head;

	return (filter->states & 1u << look->state) != 0 && is_in_time(filter, head) &&
	       look_has_prefix(head->session, filter->prefix) &&
	       (filter->project.path == NULL || filter_is_project(&filter->project, head)) &&
	       (filter->name == NULL || has_part(head->name, head->name_size, filter->name)) &&
	       (filter->tag == NULL ||
		labels_have(head->tags, head->tags_size, filter->tag, strlen(filter->tag)));
}
