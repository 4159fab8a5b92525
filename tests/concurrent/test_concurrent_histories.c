/* SPDX-License-Identifier: MIT */
/* Threads and processes that write to the same sessions, save, read and list them, in any
 * order; what they did and saw is judged afterwards (lib/journal.h). */
#include "lib/crew.h"
#include "lib/runner.h"

/* Saves and appends of several to one session. */
static const struct crew_plan one_session = {
	.workers = 5,
	.sessions = 1,
	.steps = 500,
	.weights = { [CREW_OPEN] = 6, [CREW_READ] = 2, [CREW_LIST] = 1 },
};
static const struct crew_plan several = {
	.workers = 6,
	.sessions = 4,
	.steps = 500,
	.padding = 2000,
	.weights = { [CREW_OPEN] = 6, [CREW_READ] = 2, [CREW_LIST] = 2, [CREW_DELETE] = 1 },
};
static const struct crew_plan expecting = {
	.workers = 4,
	.sessions = 1,
	.steps = 400,
	.hold_steps = 2,
	.is_expecting = true,
	.weights = { [CREW_OPEN] = 1 },
};
/* Sessions that change all the time, and as many that look. */
static const struct crew_plan listing = {
	.workers = 6,
	.sessions = 2,
	.steps = 600,
	.hold_steps = 2,
	.weights = { [CREW_OPEN] = 4, [CREW_LIST] = 5 },
};
/* steps: kills. */
static const struct crew_plan killed = {
	.workers = 4,
	.sessions = 3,
	.steps = 100,
	.hold_steps = 12,
	.weights = { [CREW_OPEN] = 6, [CREW_READ] = 1, [CREW_LIST] = 2, [CREW_DELETE] = 1 },
};

START_TEST(what_threads_do_to_one_session_has_an_order)
{
	crew_run(&one_session, _i == 0 ? CREW_THREADS : CREW_THREADS_APART);
}
END_TEST

START_TEST(what_processes_do_to_one_session_has_an_order)
{
	crew_run(&one_session, CREW_PROCESSES);
}
END_TEST

START_TEST(what_is_done_to_sessions_that_come_and_go_has_an_order)
{
	crew_run(&several, _i == 0 ? CREW_THREADS : CREW_PROCESSES);
}
END_TEST

START_TEST(what_is_listed_was_so_at_one_moment)
{
	crew_run(&listing, _i == 0 ? CREW_THREADS_APART : CREW_PROCESSES);
}
END_TEST

START_TEST(of_appends_that_expect_the_same_state_one_is_made)
{
	crew_run(&expecting, _i == 0 ? CREW_THREADS : CREW_PROCESSES);
}
END_TEST

START_TEST(what_killed_processes_have_done_has_an_order)
{
	crew_run(&killed, CREW_KILLED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_histories");
	TCase *cases = runner_cases(suite, "histories", 150);

	tcase_add_loop_test(cases, what_threads_do_to_one_session_has_an_order, 0, 2);
	tcase_add_test(cases, what_processes_do_to_one_session_has_an_order);
	tcase_add_loop_test(cases, what_is_done_to_sessions_that_come_and_go_has_an_order, 0, 2);
	tcase_add_loop_test(cases, what_is_listed_was_so_at_one_moment, 0, 2);
	tcase_add_loop_test(cases, of_appends_that_expect_the_same_state_one_is_made, 0, 2);
	tcase_add_test(cases, what_killed_processes_have_done_has_an_order);
	return runner_run_in_memory(suite);
}
