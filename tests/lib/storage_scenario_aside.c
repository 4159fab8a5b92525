/* SPDX-License-Identifier: MIT */
#include "lib/storage_scenario_aside.h"

#include <check.h>
#include <string.h>

#include "lib/storage_scenario.h"

#define NAME "0100ab03-4100-0000-0000-000000000000.gap.0"
#define OTHER "0100ab03-4100-0000-0000-000000000000.displaced.0"

static int stage(struct medium *medium, const char *name, const char *text)
{
	struct storage_temp *temp = NULL;
	int rc = medium->ops->temp_begin(medium->storage, &medium->report, medium_id(1), &temp);

	if (rc != HF_OK)
		return rc;
	rc = medium->ops->temp_write(temp, text, strlen(text));
	if (rc == HF_OK)
		return medium->ops->temp_stage(temp, name);
	medium->ops->temp_abandon(temp);
	return rc;
}

static int bring(struct medium *medium)
{
	return medium->ops->aside_bring(medium->storage, &medium->report, medium_id(1), NAME);
}

static int sync_names(struct medium *medium)
{
	return medium->ops->aside_sync(medium->storage, &medium->report);
}

/* What the quarantine has under a name as text, or "-" if nothing. */
static const char *text_of(struct medium *medium, const char *name,
			   char text[STORAGE_SCENARIO_TEXT_SIZE])
{
	struct storage_log *log = NULL;
	size_t size = 0;
	int rc = medium->ops->aside_open(medium->storage, &medium->report, medium_id(1), name, &log);

	if (rc == HF_ERR_NOTFOUND)
		return "-";
	ck_assert_int_eq(rc, HF_OK);
	ck_assert_int_eq(medium->ops->log_read(log, 0, text, STORAGE_SCENARIO_TEXT_SIZE - 1, &size),
			 HF_OK);
	text[size] = '\0';
	medium->ops->log_close(log);
	return text;
}

int storage_scenario_aside_bring(struct medium *medium)
{
	int rc = stage(medium, NAME, STORAGE_SCENARIO_NEW);

	if (rc == HF_OK)
		rc = sync_names(medium);
	if (rc == HF_OK)
		rc = bring(medium);
	return rc == HF_OK ? sync_names(medium) : rc;
}

/* Whatever has its final name is whole. */
void storage_scenario_aside_check_brought(struct medium *medium, int rc, const char *plan)
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = text_of(medium, NAME, room);

	ck_assert_msg(strcmp(text, STORAGE_SCENARIO_NEW) == 0 || (rc != HF_OK && text[0] == '-'),
		      "%s, result %d: the quarantine has \"%s\"", plan, rc, text);
}

void storage_scenario_aside_prepare_taken(struct medium *medium)
{
	ck_assert_int_eq(stage(medium, NAME, STORAGE_SCENARIO_OLD), HF_OK);
	ck_assert_int_eq(sync_names(medium), HF_OK);
	ck_assert_int_eq(bring(medium), HF_OK);
	ck_assert_int_eq(sync_names(medium), HF_OK);
	ck_assert_int_eq(stage(medium, NAME, STORAGE_SCENARIO_NEW), HF_OK);
}

int storage_scenario_aside_displace(struct medium *medium)
{
	int rc = medium->ops->aside_rename(medium->storage, &medium->report, medium_id(1), NAME,
					   OTHER);

	if (rc == HF_OK)
		rc = sync_names(medium);
	if (rc == HF_OK)
		rc = bring(medium);
	return rc == HF_OK ? sync_names(medium) : rc;
}

/* The old bytes are never lost, and in one place only. */
void storage_scenario_aside_check_displaced(struct medium *medium, int rc, const char *plan)
{
	char rooms[2][STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = text_of(medium, NAME, rooms[0]);
	const char *other = text_of(medium, OTHER, rooms[1]);

	if (strcmp(other, STORAGE_SCENARIO_OLD) == 0)
		ck_assert_msg(strcmp(text, STORAGE_SCENARIO_NEW) == 0 ||
				      (rc != HF_OK && text[0] == '-'),
			      "%s, result %d: the name has \"%s\"", plan, rc, text);
	else
		ck_assert_msg(rc != HF_OK && other[0] == '-' && strcmp(text, STORAGE_SCENARIO_OLD) == 0,
			      "%s, result %d: \"%s\" and \"%s\"", plan, rc, text, other);
}

void storage_scenario_aside_prepare_staged(struct medium *medium)
{
	ck_assert_int_eq(stage(medium, NAME, STORAGE_SCENARIO_NEW), HF_OK);
	ck_assert_int_eq(stage(medium, OTHER, STORAGE_SCENARIO_NEW), HF_OK);
	medium_create(medium, 1, STORAGE_SCENARIO_OLD);
}

int storage_scenario_aside_unstage(struct medium *medium)
{
	return medium->ops->aside_unstage(medium->storage, &medium->report, medium_id(1));
}

void storage_scenario_aside_check_unstaged(struct medium *medium, int rc, const char *plan)
{
	static const char *const names[] = { NAME, OTHER };
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = storage_scenario_log(medium, room);

	ck_assert_msg(strcmp(text, STORAGE_SCENARIO_OLD) == 0, "%s: the log is \"%s\"", plan, text);
	for (size_t i = 0; rc == HF_OK && i < sizeof names / sizeof names[0]; i++) {
		int brought = medium->ops->aside_bring(medium->storage, &medium->report,
						       medium_id(1), names[i]);

		ck_assert_msg(brought == HF_ERR_IO, "%s: %s is staged still", plan, names[i]);
	}
}
