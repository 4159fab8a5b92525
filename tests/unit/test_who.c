/* SPDX-License-Identifier: MIT */
/* Who holds a session, with other processes that really do. */
#include <unistd.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "store_fixture.h"
#include "sys/sys.h"

static struct fixture f;

static void set_up(void)
{
	fixture_open(&f);
}

static void tear_down(void)
{
	fixture_close(&f);
}

static struct hf_holder who(const char *id)
{
	struct hf_holder holder = { .pid = -7 };

	ck_assert_int_eq(hf_session_who(f.store, id, &f.detail, &holder), HF_OK);
	return holder;
}

static void check_nobody(const char *id)
{
	struct hf_holder holder = who(id);

	ck_assert(!holder.is_held);
	ck_assert_int_eq(holder.pid, 0);
	ck_assert_int_eq(holder.since_us, 0);
	ck_assert_str_eq(holder.program, "");
	ck_assert_str_eq(holder.host, "");
}

static void make(void)
{
	create(&f, ID_1, NULL);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
}

/* Opens the session in a store of its own, as the program named in context, and holds it. */
static int hold(void *context, struct child *parent)
{
	struct hf_store_options options = { .program = context };

	f.store = NULL; /* the parent's */
	if (fixture_store(&f, &options) != HF_OK ||
	    hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session) != HF_OK)
		return 1;
	child_say(parent, 1);
	(void)child_hear(parent);
	(void)hf_session_close(f.session, HF_CLOSE_LEAVE, NULL);
	hf_store_close(f.store);
	child_say(parent, 2);
	child_stay();
}

START_TEST(another_process_is_named_while_it_holds_the_session)
{
	char program[] = "an agent, v2";
	const struct sys *sys = sys_posix();
	struct hf_holder holder;
	struct child child;
	char host[256] = "";
	int64_t before = 0, after = 0;

	make();
	check_nobody(ID_1);
	ck_assert_int_eq(sys->host_name(sys->context, host, sizeof host), 0);
	ck_assert_int_eq(sys->wall_time(sys->context, &before), 0);
	child = child_start(hold, program);
	ck_assert_uint_eq(child_hear(&child), 1);
	ck_assert_int_eq(sys->wall_time(sys->context, &after), 0);
	holder = who(ID_1);
	ck_assert(holder.is_held);
	ck_assert_int_eq(holder.pid, child.pid);
	ck_assert_str_eq(holder.program, "an_agent,_v2");
	ck_assert_str_eq(holder.host, host);
	ck_assert_int_ge(holder.since_us, before);
	ck_assert_int_le(holder.since_us, after);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, &f.detail), HF_ERR_BUSY);
	child_say(&child, 1);
	ck_assert_uint_eq(child_hear(&child), 2);
	check_nobody(ID_1);
	child_kill(&child);
}
END_TEST

/* Its text stays in the lock file, but it names nobody. */
START_TEST(a_process_that_was_killed_holds_nothing)
{
	char program[] = "victim";
	struct child child;

	make();
	child = child_start(hold, program);
	ck_assert_uint_eq(child_hear(&child), 1);
	ck_assert_int_eq(who(ID_1).pid, child.pid);
	child_stop(&child);
	ck_assert_int_eq(who(ID_1).pid, child.pid);
	child_kill(&child);
	ck_assert_int_gt(scratch_size(f.scratch.fd, "store/sessions/" ID_1 ".lock"), 0);
	check_nobody(ID_1);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, &f.detail), HF_OK);
	check_nobody(ID_1);
}
END_TEST

START_TEST(this_process_is_named_as_well)
{
	const struct sys *sys = sys_posix();
	char name[64] = "";

	create(&f, ID_1, NULL);
	ck_assert_int_eq(sys->program_name(sys->context, name, sizeof name), 0);
	ck_assert(who(ID_1).is_held);
	ck_assert_int_eq(who(ID_1).pid, getpid());
	ck_assert_str_eq(who(ID_1).program, name);
	leave(&f, HF_CLOSE_SEAL);
	check_nobody(ID_1);
}
END_TEST

START_TEST(who_holds_what_is_not_there_is_not_found)
{
	struct hf_holder holder = { .pid = 5 };

	ck_assert_int_eq(hf_session_who(f.store, ID_1, &f.detail, &holder), HF_ERR_NOTFOUND);
	ck_assert_int_eq(f.detail.code, HF_ERR_NOTFOUND);
	make();
	ck_assert_int_eq(hf_session_delete(f.store, ID_1, &f.detail), HF_OK);
	ck_assert_int_eq(hf_session_who(f.store, ID_1, &f.detail, &holder), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_who(f.store, "no id", &f.detail, &holder), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_who(NULL, ID_1, &f.detail, &holder), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_who(f.store, ID_1, &f.detail, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(holder.pid, 5);
}
END_TEST

/* A text that says anything about anybody changes who holds the session in nothing. */
START_TEST(whatever_a_lock_file_says_who_holds_is_the_kernels_word)
{
	static const char text[] = "1 \033]0;evil\a " "2026-11-22T23:54:13.123456Z init\n";

	make();
	scratch_put(f.scratch.fd, "store/sessions/" ID_1 ".lock", text, sizeof text - 1);
	check_nobody(ID_1);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session), HF_OK);
	scratch_put(f.scratch.fd, "store/sessions/" ID_1 ".lock", text, sizeof text - 1);
	ck_assert(who(ID_1).is_held);
	ck_assert_int_eq(who(ID_1).pid, 0);
	ck_assert_str_eq(who(ID_1).host, "");
	leave(&f, HF_CLOSE_LEAVE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("who");
	TCase *cases = runner_cases(suite, "who", 60);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, another_process_is_named_while_it_holds_the_session);
	tcase_add_test(cases, a_process_that_was_killed_holds_nothing);
	tcase_add_test(cases, this_process_is_named_as_well);
	tcase_add_test(cases, who_holds_what_is_not_there_is_not_found);
	tcase_add_test(cases, whatever_a_lock_file_says_who_holds_is_the_kernels_word);
	return runner_run(suite);
}
