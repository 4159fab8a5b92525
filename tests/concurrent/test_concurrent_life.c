/* SPDX-License-Identifier: MIT */
/* Sessions that are resumed, saved, listed, trashed, restored, purged and cleaned up by
 * several threads and processes at once; judged afterwards (lib/journal.h). */
#include "lib/crew.h"
#include "lib/runner.h"

/* Saves against resumes, and many resumes of one session. */
static const struct crew_plan resuming = {
	.workers = 5,
	.sessions = 1,
	.steps = 400,
	.weights = { [CREW_OPEN] = 2, [CREW_RESUME] = 6, [CREW_READ] = 1, [CREW_LIST] = 1 },
};
static const struct crew_plan removing = {
	.workers = 6,
	.sessions = 3,
	.steps = 400,
	.hold_steps = 2,
	.weights = { [CREW_OPEN] = 2, [CREW_RESUME] = 3, [CREW_READ] = 3, [CREW_LIST] = 2,
		     [CREW_TRASH] = 4, [CREW_RESTORE] = 3, [CREW_DELETE] = 1, [CREW_PURGE] = 1 },
};
static const struct crew_plan cleaning = {
	.workers = 5,
	.sessions = 4,
	.steps = 300,
	.weights = { [CREW_OPEN] = 3, [CREW_RESUME] = 4, [CREW_READ] = 1, [CREW_LIST] = 1,
		     [CREW_RESTORE] = 3, [CREW_CLEAN_UP] = 2, [CREW_EMPTY] = 1 },
};
/* steps: kills. */
static const struct crew_plan killed = {
	.workers = 5,
	.sessions = 3,
	.steps = 100,
	.hold_steps = 8,
	.weights = { [CREW_OPEN] = 1, [CREW_RESUME] = 5, [CREW_READ] = 2, [CREW_LIST] = 2,
		     [CREW_TRASH] = 2, [CREW_RESTORE] = 2, [CREW_PURGE] = 1 },
};

START_TEST(of_many_that_resume_one_session_one_holds_it)
{
	crew_run(&resuming, _i == 0 ? CREW_THREADS : CREW_PROCESSES);
}
END_TEST

START_TEST(a_session_that_is_moved_about_is_whole_and_in_one_place)
{
	crew_run(&removing, _i == 0 ? CREW_THREADS_APART : CREW_PROCESSES);
}
END_TEST

START_TEST(a_clean_up_never_takes_what_is_active)
{
	crew_run(&cleaning, _i == 0 ? CREW_THREADS : CREW_PROCESSES);
}
END_TEST

START_TEST(killed_processes_leave_nothing_that_is_held_or_lost)
{
	crew_run(&killed, CREW_KILLED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_life");
	TCase *cases = runner_cases(suite, "life", 150);

	tcase_add_loop_test(cases, of_many_that_resume_one_session_one_holds_it, 0, 2);
	tcase_add_loop_test(cases, a_session_that_is_moved_about_is_whole_and_in_one_place, 0, 2);
	tcase_add_loop_test(cases, a_clean_up_never_takes_what_is_active, 0, 2);
	tcase_add_test(cases, killed_processes_leave_nothing_that_is_held_or_lost);
	return runner_run_in_memory(suite);
}
