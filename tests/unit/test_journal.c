/* SPDX-License-Identifier: MIT */
/* Histories that can and cannot have been, as told to lib/journal.h. */
#include <check.h>

#include "lib/journal.h"
#include "lib/runner.h"

static struct journal *journal;

static void tear_down(void)
{
	journal_free(journal);
}

/* Enters a call of a worker between two moments. */
static struct journal_event *enter(uint32_t worker, enum journal_kind kind, uint64_t begun,
				   uint64_t ended)
{
	struct journal_event *event = journal_begin(journal, worker, kind, 0);

	event->begun = begun;
	(void)journal_end_at(event, HF_OK, ended);
	return event;
}

static void refuse(uint32_t worker, enum journal_kind kind, uint64_t begun, uint64_t ended, int rc)
{
	enter(worker, kind, begun, ended)->rc = rc;
}

static void write_one(uint32_t worker, enum journal_kind kind, uint64_t begun, uint64_t ended,
		      uint32_t serial, uint32_t count)
{
	struct journal_event *event = enter(worker, kind, begun, ended);

	event->serial = serial;
	event->count = count;
}

/* A view of messages 0 to count - 1. */
static void see(uint32_t worker, uint64_t begun, uint64_t ended, uint32_t count,
		uint32_t generation)
{
	struct journal_event *event = enter(worker, JOURNAL_READ, begun, ended);

	event->count = count;
	event->generation = generation;
	event->digest = JOURNAL_DIGEST;
	for (uint32_t i = 0; i < count; i++)
		event->digest = journal_digest(event->digest, i);
}

static void list(uint64_t begun, uint64_t ended, uint32_t count, enum hf_state state)
{
	struct journal_event *event = enter(9, JOURNAL_LIST, begun, ended);

	event->count = count;
	event->state = (uint8_t)state;
}

/* The session is made and closed, with two messages, by worker 0 before moment 10. */
static void set_up(void)
{
	journal = journal_new();
	(void)journal_session(journal);
	(void)enter(0, JOURNAL_CREATE, 1, 2);
	write_one(0, JOURNAL_APPEND, 3, 4, 0, 2);
	(void)enter(0, JOURNAL_LEAVE, 5, 6);
}

typedef void (*tell_fn)(void);

static void good_one_after_the_other(void)
{
	see(1, 10, 11, 2, 0);
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	write_one(1, JOURNAL_APPEND, 14, 15, 2, 1);
	see(2, 16, 17, 3, 0);
	list(16, 17, 3, HF_ACTIVE);
	(void)enter(1, JOURNAL_SEAL, 18, 19);
	list(20, 21, 3, HF_CLOSED);
}

static void good_a_view_during_an_append(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	write_one(1, JOURNAL_APPEND, 14, 20, 2, 2);
	see(2, 15, 16, 2, 0);
	see(2, 17, 18, 3, 0);
	see(3, 16, 19, 4, 0);
}

static void good_two_opens_at_once(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 20);
	refuse(2, JOURNAL_OPEN, 13, 14, HF_ERR_BUSY);
	(void)enter(1, JOURNAL_LEAVE, 21, 22);
}

static void good_a_save(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	write_one(1, JOURNAL_SAVE, 14, 20, 0, 1);
	see(2, 15, 16, 2, 0);
	see(2, 17, 18, 1, 1);
	(void)enter(1, JOURNAL_LEAVE, 21, 22);
}

/* Worker 1 is killed in an append of two messages, which ends at no moment. */
static void die_appending(void)
{
	struct journal_event *event;

	atomic_store(&journal->may_tear, true);
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	event = journal_begin(journal, 1, JOURNAL_APPEND, 0);
	event->begun = 14;
	event->serial = 2;
	event->count = 2;
	(void)enter(1, JOURNAL_DIE, 15, 17);
}

static void good_death_with_effect(void)
{
	die_appending();
	see(2, 18, 19, 4, 0);
	/* A listing tells of it when the session was opened. */
	list(20, 21, 2, HF_INTERRUPTED);
	(void)enter(2, JOURNAL_OPEN, 22, 23);
	list(24, 25, 4, HF_ACTIVE);
	(void)enter(2, JOURNAL_LEAVE, 26, 27);
}

static void good_death_without_effect(void)
{
	die_appending();
	see(2, 18, 19, 2, 0);
	(void)enter(2, JOURNAL_OPEN, 22, 23);
	see(2, 24, 25, 2, 0);
}

static void good_death_with_half_of_it(void)
{
	die_appending();
	see(2, 18, 19, 3, 0);
}

static void good_trash_and_back(void)
{
	(void)enter(1, JOURNAL_TRASH, 10, 11);
	refuse(2, JOURNAL_OPEN, 12, 13, HF_ERR_TRASHED);
	see(2, 14, 15, 2, 0);
	(void)enter(1, JOURNAL_RESTORE, 16, 17);
	(void)enter(2, JOURNAL_OPEN, 18, 19);
	(void)enter(2, JOURNAL_LEAVE, 20, 21);
	(void)enter(2, JOURNAL_DELETE, 22, 23);
	refuse(1, JOURNAL_READ, 24, 25, HF_ERR_NOTFOUND);
}

/* Of one moment it is true, if that was a little before. */
static void good_holder_who_was_overlooked(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	list(14, 18, 2, HF_INTERRUPTED);
	write_one(1, JOURNAL_APPEND, 15, 16, 2, 1);
	(void)enter(1, JOURNAL_LEAVE, 17, 20);
}

static void bad_holder_who_stays_is_overlooked(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	list(14, 15, 2, HF_INTERRUPTED);
	(void)enter(1, JOURNAL_LEAVE, 17, 20);
}

static void bad_lost_message(void)
{
	see(1, 10, 11, 1, 0);
}

static void bad_message_that_goes_again(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	write_one(1, JOURNAL_APPEND, 14, 20, 2, 1);
	see(2, 15, 16, 3, 0);
	see(2, 17, 18, 2, 0);
}

static void bad_two_holders(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	(void)enter(2, JOURNAL_OPEN, 14, 15);
}

static void bad_two_holders_with_deaths(void)
{
	die_appending();
	(void)enter(2, JOURNAL_OPEN, 12, 14);
	(void)enter(2, JOURNAL_LEAVE, 18, 19);
}

static void bad_busy_for_no_reason(void)
{
	refuse(1, JOURNAL_OPEN, 10, 11, HF_ERR_BUSY);
}

static void bad_removed_while_held(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	(void)enter(2, JOURNAL_DELETE, 14, 15);
	(void)enter(1, JOURNAL_LEAVE, 16, 17);
}

static void bad_trashed_while_held(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	(void)enter(2, JOURNAL_TRASH, 14, 15);
	(void)enter(1, JOURNAL_LEAVE, 16, 17);
}

static void bad_gone_for_a_moment(void)
{
	(void)enter(1, JOURNAL_TRASH, 10, 20);
	refuse(2, JOURNAL_READ, 12, 13, HF_ERR_NOTFOUND);
}

static void bad_comes_back(void)
{
	(void)enter(1, JOURNAL_DELETE, 10, 11);
	see(2, 12, 13, 2, 0);
}

static void bad_old_generation(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	write_one(1, JOURNAL_SAVE, 14, 15, 5, 2);
	see(2, 16, 17, 2, 0);
}

static void bad_listed_state_that_never_was(void)
{
	(void)enter(1, JOURNAL_OPEN, 12, 13);
	write_one(1, JOURNAL_APPEND, 14, 15, 2, 1);
	(void)enter(1, JOURNAL_SEAL, 16, 20);
	/* It was interrupted with two messages, and closed with three. */
	list(11, 30, 2, HF_CLOSED);
}

static void bad_hidden_for_ever(void)
{
	die_appending();
	see(2, 18, 19, 4, 0);
	(void)enter(2, JOURNAL_OPEN, 22, 23);
	see(2, 24, 25, 2, 0);
}

static void bad_never_came_back(void)
{
	journal_begin(journal, 1, JOURNAL_OPEN, 0)->begun = 12;
}

static void bad_two_places(void)
{
	journal_place(journal, 5, 3);
	journal_place(journal, 5, 4);
}

static const tell_fn good[] = { good_one_after_the_other,   good_a_view_during_an_append,
				good_two_opens_at_once,     good_a_save,
				good_death_with_effect,     good_death_without_effect,
				good_death_with_half_of_it, good_trash_and_back,
				good_holder_who_was_overlooked };
static const tell_fn bad[] = { bad_lost_message,       bad_message_that_goes_again,
			       bad_two_holders,        bad_two_holders_with_deaths,
			       bad_busy_for_no_reason, bad_removed_while_held,
			       bad_trashed_while_held, bad_gone_for_a_moment,
			       bad_comes_back,         bad_old_generation,
			       bad_hidden_for_ever,    bad_listed_state_that_never_was,
			       bad_never_came_back,    bad_two_places,
			       bad_holder_who_stays_is_overlooked };
enum { GOOD_COUNT = sizeof good / sizeof good[0], BAD_COUNT = sizeof bad / sizeof bad[0] };

START_TEST(a_history_that_can_have_been_is_believed)
{
	set_up();
	good[_i]();
	ck_assert(journal_judge(journal));
	tear_down();
}
END_TEST

START_TEST(a_history_that_cannot_have_been_is_not)
{
	set_up();
	bad[_i]();
	ck_assert(!journal_judge(journal));
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *cases = runner_cases(suite, "journal", 30);

	tcase_add_loop_test(cases, a_history_that_can_have_been_is_believed, 0, GOOD_COUNT);
	tcase_add_loop_test(cases, a_history_that_cannot_have_been_is_not, 0, BAD_COUNT);
	return runner_run(suite);
}
