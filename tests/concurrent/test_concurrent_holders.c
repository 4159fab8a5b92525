/* SPDX-License-Identifier: MIT */
/* What becomes of the right to write when its holder is killed, frozen, starts other
 * programs, or has the lock file removed under it. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/player.h"
#include "lib/runner.h"
#include "lib/scene.h"
#include "lib/wait.h"

enum {
	MESSAGES = 4,
	FREEZES = 12,
	RACES = 25,
	RACERS = 6,
	PATIENCE_MS = 40,
};

static const struct place unlimited = { .is_unlimited = true };
static struct scene scene;
static struct journal *journal;

static void set_up(void)
{
	scene_open(&scene, &unlimited);
	scene_make(&scene, NULL, 0, MESSAGES);
}

static void tear_down(void)
{
	scene_close(&scene);
}

static int resume(struct hf_store *store, uint32_t timeout_ms, struct hf_session **ret_session)
{
	struct hf_resume_options options = { .timeout_ms = timeout_ms };

	return hf_session_resume(store, scene.history.id, &options, NULL, ret_session, NULL);
}

/* A holder of its own process: takes the session and says so. */
static struct hf_session *hold(struct child *parent)
{
	struct hf_session *session = NULL;

	scene.store = place_open(&scene.place);
	EXPECT_CODE(scene_try(&scene, 0, &session), HF_OK, "opening");
	child_say(parent, 1);
	return session;
}

static int hold_and_stay(void *context, struct child *parent)
{
	(void)context;
	(void)hold(parent);
	child_stay();
}

static struct child start_holder(child_fn body, void *context)
{
	struct child child = child_start(body, context);

	ck_assert_uint_eq(child_hear(&child), 1);
	return child;
}

static void expect_held_by(pid_t pid)
{
	struct hf_holder holder;

	EXPECT_CODE(hf_session_who(scene.store, scene.history.id, NULL, &holder), HF_OK, "who");
	ck_assert(holder.is_held == (pid != 0));
	ck_assert_int_eq(holder.pid, pid);
}

/* Whoever wants to write is told at once, or when his time is over; readers go on. */
static void expect_busy(void)
{
	struct hf_session *session = NULL;
	struct hf_check check = scene_verify(&scene, scene.history.id);
	int64_t begun = wait_now_ms();

	EXPECT(check.active, "a session that is held is not active");
	EXPECT_CODE(scene_try(&scene, 0, &session), HF_ERR_BUSY, "opening");
	EXPECT_CODE(resume(scene.store, 0, &session), HF_ERR_BUSY, "resuming");
	EXPECT_CODE(hf_session_trash(scene.store, scene.history.id, NULL), HF_ERR_BUSY, "trashing");
	EXPECT_CODE(hf_session_delete(scene.store, scene.history.id, NULL), HF_ERR_BUSY, "removing");
	EXPECT_CODE(hf_session_repair(scene.store, scene.history.id, 0, false, NULL, NULL), HF_ERR_BUSY,
		    "repairing");
	ck_assert_int_lt(wait_now_ms() - begun, 5000);
	begun = wait_now_ms();
	EXPECT_CODE(resume(scene.store, PATIENCE_MS, &session), HF_ERR_BUSY, "resuming with patience");
	ck_assert_int_ge(wait_now_ms() - begun, PATIENCE_MS - 5);
}

/* The session can be resumed this moment, and all that was acknowledged is there. */
static void expect_free(void)
{
	struct hf_session *session = NULL;

	expect_held_by(0);
	EXPECT_CODE(resume(scene.store, 0, &session), HF_OK, "resuming what nobody holds");
	scene_append(&scene, session, 50, 1);
	scene_seal(session);
	(void)scene_look(&scene, SESSION_WHOLE);
}

/* ---- Killed and frozen ----------------------------------------------------------- */

START_TEST(what_a_killed_process_held_can_be_resumed_at_once)
{
	struct child child;

	set_up();
	child = start_holder(hold_and_stay, NULL);
	expect_held_by(child.pid);
	expect_busy();
	child_kill(&child);
	expect_free();
	tear_down();
}
END_TEST

/* A holder that appends all the time, entering it in a journal. */
static int append_on(void *context, struct child *parent)
{
	struct player player = *(const struct player *)context;

	player.worker = 1;
	player.store = place_open(&scene.place);
	if (player_open(&player, player.session, 0) != HF_OK)
		return 1;
	child_say(parent, 1);
	while (!atomic_load(&player.journal->is_over))
		(void)player_append(&player, 1 + player_roll(&player, 3));
	(void)player_close(&player, HF_CLOSE_SEAL);
	return 0;
}

static bool has_gone_on(void *context)
{
	const unsigned *then = context;

	return atomic_load(&journal->used) > *then + 4;
}

/* Looks at the session that a frozen process holds, and then lets it go on. */
static void look_at_frozen(struct player *player, const struct child *child)
{
	unsigned used;

	child_stop(child);
	ck_assert_int_eq(player_open(player, player->session, 0), HF_ERR_BUSY);
	ck_assert_int_eq(player_resume(player, player->session, PATIENCE_MS), HF_ERR_BUSY);
	ck_assert_int_eq(player_trash(player, player->session), HF_ERR_BUSY);
	ck_assert_int_eq(player_delete(player, player->session), HF_ERR_BUSY);
	ck_assert_int_eq(player_read(player, player->session, NULL), HF_OK);
	player_list(player);
	used = atomic_load(&journal->used);
	child_go_on(child);
	ck_assert(wait_until(has_gone_on, &used, WAIT_LIMIT_MS));
}

START_TEST(a_frozen_holder_keeps_the_session_and_goes_on_unharmed)
{
	struct player player = { .random = (uint32_t)wait_now_ms() };
	struct child child;

	scene_open(&scene, &unlimited);
	journal = journal_new();
	player.journal = journal;
	player.store = scene.store;
	ck_assert_int_eq(player_create(&player, journal_session(journal)), HF_OK);
	ck_assert_int_eq(player_close(&player, HF_CLOSE_LEAVE), HF_OK);
	child = start_holder(append_on, &player);
	for (int i = 0; i < FREEZES; i++) {
		wait_seconds(player_roll(&player, 3000) / 1e6);
		look_at_frozen(&player, &child);
	}
	atomic_store(&journal->is_over, true);
	ck_assert_int_eq(child_end(&child), 0);
	ck_assert_int_eq(player_resume(&player, player.session, 0), HF_OK);
	ck_assert_int_eq(player_read(&player, player.session, NULL), HF_OK);
	ck_assert_int_eq(player_close(&player, HF_CLOSE_SEAL), HF_OK);
	printf("%zu calls\n", journal_check(journal));
	journal_free(journal);
	scene_close(&scene);
}
END_TEST

/* ---- At the same moment ---------------------------------------------------------- */

struct race {
	struct child_gate gate;
	uint32_t patience_ms;
};

/* Says what it got, and holds it until it is told to let go. */
static int race_to_resume(void *context, struct child *parent)
{
	const struct race *race = context;
	struct hf_session *session = NULL;
	uint32_t word;
	int rc;

	scene.store = place_open(&scene.place);
	child_gate_wait(&race->gate);
	rc = resume(scene.store, race->patience_ms, &session);
	child_say(parent, (uint32_t)-rc);
	if (rc == HF_OK)
		(void)child_try_hear(parent, &word);
	return hf_session_close(session, HF_CLOSE_LEAVE, NULL) == HF_OK ? 0 : 1;
}

START_TEST(of_processes_that_resume_at_the_same_moment_one_holds_the_session)
{
	struct child racers[RACERS];

	set_up();
	for (int i = 0; i < RACES; i++) {
		struct race race = { .gate = child_gate_make() };
		size_t winners = 0, winner = 0;

		for (size_t j = 0; j < RACERS; j++)
			racers[j] = child_start(race_to_resume, &race);
		child_gate_open(&race.gate);
		for (size_t j = 0; j < RACERS; j++) {
			uint32_t word = child_hear(&racers[j]);

			ck_assert_msg(word == HF_OK || word == -HF_ERR_BUSY, "resuming gave %s",
				      hf_error_name(-(int)word));
			winners += word == HF_OK;
			winner = word == HF_OK ? j : winner;
		}
		ck_assert_uint_eq(winners, 1);
		child_say(&racers[winner], 1);
		for (size_t j = 0; j < RACERS; j++)
			ck_assert_int_eq(child_end(&racers[j]), 0);
	}
	ck_assert_uint_eq(scene_verify(&scene, scene.history.id).records, 1 + MESSAGES + RACES);
	(void)scene_look(&scene, SESSION_WHOLE);
	tear_down();
}
END_TEST

START_TEST(processes_that_wait_for_the_session_get_it_one_after_the_other)
{
	struct race race = { .patience_ms = WAIT_LIMIT_MS };
	struct child racers[RACERS];

	set_up();
	race.gate = child_gate_make();
	for (size_t i = 0; i < RACERS; i++) {
		racers[i] = child_start(race_to_resume, &race);
		child_say(&racers[i], 1); /* to let go as soon as it has it */
	}
	child_gate_open(&race.gate);
	for (size_t i = 0; i < RACERS; i++) {
		ck_assert_uint_eq(child_hear(&racers[i]), HF_OK);
		ck_assert_int_eq(child_end(&racers[i]), 0);
	}
	ck_assert_uint_eq(scene_verify(&scene, scene.history.id).records, 1 + MESSAGES + RACERS);
	tear_down();
}
END_TEST

/* ---- Hosts that start other programs --------------------------------------------- */

/* Starts a process of its own, says who that is, and stays. */
static int hold_and_fork(void *context, struct child *parent)
{
	bool is_tool = *(const bool *)context;
	struct hf_session *session = hold(parent);
	pid_t pid = fork();

	(void)session;
	if (pid == 0 && is_tool)
		(void)execlp("sleep", "sleep", "100", (char *)NULL);
	if (pid > 0)
		child_say(parent, (uint32_t)pid);
	child_stay();
}

static bool is_sleep(void *context)
{
	char path[64], name[16] = "";
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%ld/comm", (long)*(const pid_t *)context);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	(void)!fgets(name, sizeof name, file);
	(void)fclose(file);
	return strcmp(name, "sleep\n") == 0;
}

/* A tool has nothing of the store open: no lock, no log, no key. */
static void expect_nothing_inherited(pid_t pid)
{
	char path[64], target[512];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

		target[size > 0 ? size : 0] = '\0';
		ck_assert_msg(strncmp(target, scene.scratch.path, strlen(scene.scratch.path)) != 0,
			      "the tool has %s", target);
	}
	(void)closedir(dir);
}

/* Becomes the parent of processes whose parent dies, to see their end. */
static void adopt(void)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static void end_adopted(pid_t pid)
{
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_tool_that_outlives_its_host_does_not_keep_the_session)
{
	bool is_tool = true;
	struct child host;
	pid_t tool;

	set_up();
	adopt();
	host = start_holder(hold_and_fork, &is_tool);
	tool = (pid_t)child_hear(&host);
	ck_assert(wait_until(is_sleep, &tool, WAIT_LIMIT_MS));
	expect_nothing_inherited(tool);
	expect_busy();
	child_kill(&host);
	ck_assert(is_sleep(&tool));
	expect_free();
	end_adopted(tool);
	tear_down();
}
END_TEST

/* Documented with hf_session_open: a fork that neither execs nor ends has the lock's
 * descriptor too, and the kernel gives the lock back with the last of them. */
START_TEST(a_fork_that_runs_no_program_keeps_the_session_after_its_parents_death)
{
	bool is_tool = false;
	struct child host;
	pid_t forked;

	set_up();
	adopt();
	host = start_holder(hold_and_fork, &is_tool);
	forked = (pid_t)child_hear(&host);
	child_kill(&host);
	expect_busy();
	end_adopted(forked);
	expect_free();
	tear_down();
}
END_TEST

static int stay(void *context, struct child *parent)
{
	(void)context;
	(void)parent;
	child_stay();
}

START_TEST(closing_gives_the_session_back_whatever_forks_there_are)
{
	struct hf_session *session;
	struct child forked;

	set_up();
	session = scene_session(&scene);
	forked = child_start(stay, NULL);
	scene_append(&scene, session, 20, 2);
	scene_leave(session);
	expect_free();
	child_kill(&forked);
	tear_down();
}
END_TEST

/* ---- The lock file is removed ---------------------------------------------------- */

static int append_again(struct hf_session *session)
{
	struct hf_append record = { "message", NULL, "\"lost\"", 6 };

	return hf_session_append(session, NULL, &record, 1, NULL, NULL);
}

static int save_again(struct hf_session *session)
{
	struct hf_append record = { "message", NULL, "\"lost\"", 6 };

	return hf_session_save(session, NULL, &record, 1, NULL);
}

static int rename_again(struct hf_session *session)
{
	return hf_session_rename(session, "lost", NULL);
}

static int (*const writes[])(struct hf_session *session) = { append_again, save_again,
							     rename_again };
enum { WRITE_COUNT = sizeof writes / sizeof writes[0], PADDED_COMMITS = 12 };

/* A handle whose lock file was removed, and another one that was let in by that. The first
 * has padded its log, so that there is something that it would cut when it closes. */
static struct hf_session *remove_lock(struct hf_session **ret_other)
{
	static const struct place padded = { .padding = 4096, .is_unlimited = true };
	struct hf_session *session;

	scene_open(&scene, &padded);
	session = scene_create(&scene, NULL);
	for (uint32_t i = 0; i < PADDED_COMMITS; i++)
		scene_append(&scene, session, i, 1);
	scratch_remove(scene.scratch.fd, scene_name(&scene, ".lock"));
	*ret_other = scene_session(&scene);
	scene_append(&scene, *ret_other, 30, 2);
	return session;
}

START_TEST(a_holder_whose_lock_file_was_removed_writes_nothing_more)
{
	struct hf_session *other;
	struct hf_session *session = remove_lock(&other);

	EXPECT_CODE(writes[_i](session), HF_ERR_BUSY, "writing without the lock");
	EXPECT_CODE(append_again(session), HF_ERR_POISONED, "writing once more");
	scene_append(&scene, other, 40, 2);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_ERR_POISONED, "sealing");
	scene_append(&scene, other, 50, 2);
	scene_seal(other);
	(void)scene_look(&scene, SESSION_WHOLE);
	ck_assert_uint_eq(scene_verify(&scene, scene.history.id).records, PADDED_COMMITS + 1 + 6 + 1);
	tear_down();
}
END_TEST

START_TEST(closing_without_the_lock_file_leaves_the_session_to_its_new_holder)
{
	struct hf_session *other;
	struct hf_session *session = remove_lock(&other);
	int rc = hf_session_close(session, _i == 0 ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE, NULL);

	ck_assert_msg(rc == HF_ERR_BUSY || (rc == HF_OK && _i == 1), "closing gave %s",
		      hf_error_name(rc));
	scene_append(&scene, other, 40, 2);
	scene_seal(other);
	(void)scene_look(&scene, SESSION_WHOLE);
	ck_assert_uint_eq(scene_verify(&scene, scene.history.id).records, PADDED_COMMITS + 1 + 4 + 1);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_holders");
	TCase *cases = runner_cases(suite, "holders", 150);

	tcase_add_test(cases, what_a_killed_process_held_can_be_resumed_at_once);
	tcase_add_test(cases, a_frozen_holder_keeps_the_session_and_goes_on_unharmed);
	tcase_add_test(cases, of_processes_that_resume_at_the_same_moment_one_holds_the_session);
	tcase_add_test(cases, processes_that_wait_for_the_session_get_it_one_after_the_other);
	tcase_add_test(cases, a_tool_that_outlives_its_host_does_not_keep_the_session);
	tcase_add_test(cases, a_fork_that_runs_no_program_keeps_the_session_after_its_parents_death);
	tcase_add_test(cases, closing_gives_the_session_back_whatever_forks_there_are);
	tcase_add_loop_test(cases, a_holder_whose_lock_file_was_removed_writes_nothing_more, 0,
			    WRITE_COUNT);
	tcase_add_loop_test(cases, closing_without_the_lock_file_leaves_the_session_to_its_new_holder,
			    0, 2);
	return runner_run_in_memory(suite);
}
