/* SPDX-License-Identifier: MIT */
/*
 * Goal: Markdown comes as events that hold what was written, and what md4c would take long
 * for is refused. Method: the events are written down as text and compared.
 */
#include "ext/md.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/runner.h"

struct record {
	char text[2000];
	size_t size;
	unsigned events;
	int stop_at; /* the number of the event that stops the reading; 0: none */
};

/* Writes down an event. */
static int note(struct record *record, const char *before, unsigned number, const char *between,
		struct hf_slice slice, const char *after)
{
	record->events++;
	if (record->size < sizeof record->text - 100)
		record->size += (size_t)snprintf(record->text + record->size, 100, "%s%u%s%.*s%s", before,
						 number, between, (int)slice.size,
						 slice.size > 0 ? slice.data : "", after);
	return (int)record->events == record->stop_at ? 4711 : HF_OK;
}

static int enter(void *context, const struct md_node *node)
{
	return note(context, "<", node->kind, " ", node->text, ">");
}

static int leave(void *context, const struct md_node *node)
{
	return note(context, "</", node->kind, "", (struct hf_slice){ NULL, 0 }, ">");
}

static int text(void *context, enum md_text kind, struct hf_slice slice)
{
	return note(context, "", kind, ":", slice, ";");
}

static int read_text(const char *bytes, size_t size, struct record *record)
{
	static const struct md_events events = { enter, leave, text };
	struct report report = report_make(NULL, NULL);
	struct md md = { 0 };
	int rc;

	ck_assert_int_eq(md_open(&report, &md), HF_OK);
	rc = md_read(&md, (struct hf_slice){ bytes, size }, &events, record);
	md_close(&md);
	md_close(&md);
	return rc;
}

START_TEST(events_hold_what_was_written)
{
	static const struct { const char *markdown, *events; } cases[] = {
		{ "", "" },
		{ "a *b*", "<0 >0:a ;<14 >0:b;</14></0>" },
		{ "a\nb  \nc", "<0 >0:a;2:\n;0:b;3:\n;0:c;</0>" },
		{ "<b>", "<0 >0:<b>;</0>" },
		{ "&lt;&#65;&#x42;&#0;&copy;", "<0 >0:<;0:A;0:B;0:\xef\xbf\xbd;1:&copy;;</0>" },
		{ "[a](b&amp;&#x63;)", "<0 ><18 b&c>0:a;</18></0>" },
		{ "```c d\n<\n```", "<7 c>0:<;0:\n;</7>" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct record record = { .size = 0 };

		ck_assert_int_eq(read_text(cases[i].markdown, strlen(cases[i].markdown), &record), HF_OK);
		ck_assert_str_eq(record.text, cases[i].events);
	}
}
END_TEST

START_TEST(a_line_of_many_markers_is_refused_before_it_is_read)
{
	static const char *const units[] = { "- ", ">", "1. ", "+ * " };
	char line[1000];

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		struct record record = { .size = 0 };
		size_t size = 0;

		/* As many as may be, behind a line that has none, and then too many. */
		while (size / strlen(units[i]) < 12) {
			memcpy(line + size, units[i], strlen(units[i]));
			size += strlen(units[i]);
		}
		ck_assert_int_eq(read_text(line, size, &record), HF_OK);
		ck_assert_uint_gt(record.events, 0);
		record.events = 0;
		while (size / strlen(units[i]) <= MD_MARKERS_MAX) {
			memcpy(line + size, units[i], strlen(units[i]));
			size += strlen(units[i]);
		}
		ck_assert_int_eq(read_text(line, size, &record), HF_ERR_INVALID);
		ck_assert_uint_eq(record.events, 0);
	}
}
END_TEST

START_TEST(a_text_that_is_too_large_is_refused)
{
	struct record record = { .size = 0 };
	char *large = calloc(1, MD_SIZE_MAX + 1);

	ck_assert_ptr_nonnull(large);
	memset(large, 'a', MD_SIZE_MAX + 1);
	ck_assert_int_eq(read_text(large, MD_SIZE_MAX + 1, &record), HF_ERR_INVALID);
	ck_assert_uint_eq(record.events, 0);
	ck_assert_int_eq(read_text(large, MD_SIZE_MAX, &record), HF_OK);
	free(large);
}
END_TEST

START_TEST(the_receiver_can_stop_at_any_event)
{
	static const char markdown[] = "# a\n\n- b *c*\n\n| d |\n|---|\n| [e](f) |\n";
	struct record all = { .size = 0 };

	ck_assert_int_eq(read_text(markdown, strlen(markdown), &all), HF_OK);
	ck_assert_uint_gt(all.events, 20);
	for (int i = 1; i <= (int)all.events; i++) {
		struct record record = { .stop_at = i };

		ck_assert_int_eq(read_text(markdown, strlen(markdown), &record), 4711);
		ck_assert_int_eq((int)record.events, i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ext_md");
	TCase *cases = runner_cases(suite, "events", 30);

	tcase_add_test(cases, events_hold_what_was_written);
	tcase_add_test(cases, a_line_of_many_markers_is_refused_before_it_is_read);
	tcase_add_test(cases, a_text_that_is_too_large_is_refused);
	tcase_add_test(cases, the_receiver_can_stop_at_any_event);
	return runner_run(suite);
}
