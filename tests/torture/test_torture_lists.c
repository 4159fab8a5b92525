/* SPDX-License-Identifier: MIT */
/*
 * Goal: whatever goes wrong while sessions are listed, found, cleaned up or made under a
 * limit, no entry tells an untruth, no session is lost or doubled, and no limit is passed.
 * Method: each system call of each operation fails with every errno that it can return, is
 * short, or is the last thing that the process does, and each allocation fails; afterwards
 * the store is looked at through a system that is sound.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/alloc_fault.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "lib/session_expect.h"
#include "store/store.h"

#define NAME_OF(n) "0195d3a0-1111-4222-8333-44445555666" n
#define DAY_US (INT64_C(86400) * 1000000)
#define START_US (INT64_C(1767225600) * 1000000)

enum { SESSIONS = 4, MAX = 3 };

/* The sessions of the template, from the oldest to the newest; the last is in the trash. */
static const struct {
	const char *id;
	const char *name;
	enum hf_close how;
} sessions[SESSIONS] = {
	{ NAME_OF("1"), "first", HF_CLOSE_SEAL },
	{ NAME_OF("2"), "second", HF_CLOSE_LEAVE },
	{ NAME_OF("3"), "third", HF_CLOSE_SEAL },
	{ NAME_OF("4"), "fourth", HF_CLOSE_SEAL },
};

static struct scratch scratch;
static struct sys with_clock; /* the real system, with clocks of the test's own */
static int64_t now_us;
static struct fault_plan plan; /* what goes wrong */

static int set_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	*ret_time_us = now_us++;
	return 0;
}

/* Whoever waits for a lock need not do so in real time. */
static int64_t steady_us;

static int get_steady(void *context, int64_t *ret_time_us)
{
	(void)context;
	*ret_time_us = steady_us;
	return 0;
}

static int pass_time(void *context, int64_t duration_us)
{
	(void)context;
	steady_us += duration_us;
	return 0;
}

static struct hf_store *open_store(const struct sys *sys, uint32_t max_sessions)
{
	char path[300], runtime[300];
	struct hf_store_options options = { .rounds = HF_ROUNDS_MIN, .runtime_dir = runtime,
					    .padding = 1, .max_sessions = max_sessions,
					    .auto_cleanup = max_sessions > 0, .space_reserve = 1 };
	struct hf_store *store = NULL;
	struct hf_key_info key;

	(void)snprintf(path, sizeof path, "%s/store", scratch.path);
	(void)snprintf(runtime, sizeof runtime, "%s/run", scratch.path);
	ck_assert_int_eq(store_open_with(sys, path, &options, NULL, &store), HF_OK);
	ck_assert_int_eq(hf_key_prepare(store, NULL, &key), HF_OK);
	return store;
}

static void make_template(bool is_headless)
{
	static const char json[] = "{\"role\":\"user\",\"content\":\"hello\"}";
	struct hf_append record = { "message", NULL, json, sizeof json - 1 };
	struct hf_session *session = NULL;
	struct hf_store *store;

	scratch = scratch_open();
	scratch_mkdir(scratch.fd, "run");
	with_clock = *sys_posix();
	with_clock.wall_time = set_time;
	with_clock.steady_time = get_steady;
	with_clock.sleep = pass_time;
	now_us = START_US;
	store = open_store(&with_clock, 0);
	for (size_t i = 0; i < SESSIONS; i++) {
		struct hf_session_options options = { .id = sessions[i].id, .name = sessions[i].name,
						      .project = "/p" };

		now_us = START_US + (int64_t)i * DAY_US;
		ck_assert_int_eq(hf_session_create(store, &options, NULL, &session), HF_OK);
		ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
		ck_assert_int_eq(hf_session_close(session, sessions[i].how, NULL), HF_OK);
	}
	ck_assert_int_eq(hf_session_trash(store, sessions[3].id, NULL), HF_OK);
	hf_store_close(store);
	if (is_headless)
		scratch_remove(scratch.fd, "store/sessions/" NAME_OF("2") ".head");
	ck_assert_int_eq(renameat(scratch.fd, "store", scratch.fd, "template"), 0);
}

/* Where a session is: bits 1 for outside the trash, 2 for in it; and it is whole there. One
 * whose removal was cut short is gone. */
static unsigned places_of(struct hf_store *store, const char *id)
{
	struct hf_check check = { .verdict = HF_TAMPERED };
	unsigned places = 0;
	char name[100];
	int rc;

	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", id);
	places |= scratch_exists(scratch.fd, name) ? 1 : 0;
	(void)snprintf(name, sizeof name, "store/trash/%s.jsonl", id);
	places |= scratch_exists(scratch.fd, name) ? 2 : 0;
	if (places == 0)
		return 0;
	EXPECT(places != 3, "%s is in both places", id);
	rc = hf_session_verify(store, id, NULL, NULL, NULL, &check);
	if (rc == HF_ERR_NOTFOUND)
		return 0;
	EXPECT_CODE(rc, HF_OK, id);
	EXPECT(check.verdict == HF_INTACT || check.verdict == HF_HEAD_MISSING, "%s is %s", id,
	       hf_verdict_name(check.verdict));
	return places;
}

/* ---- What is done, and what must hold afterwards --------------------------------- */

static struct hf_detail detail;
static int outcome; /* of the operation */

/* That something is not there is no failure but what is found; and who dies sees nothing. */
static bool may_miss(void)
{
	return plan.errno_value == ENOENT || plan.kind == FAULT_DIE_BEFORE ||
	       plan.kind == FAULT_DIE_MIDDLE || plan.kind == FAULT_DIE_AFTER;
}

/* An entry tells the truth, or that something is wrong. */
static void expect_true(const struct hf_entry *entry)
{
	size_t i = (size_t)(entry->info.id[HF_ID_SIZE - 2] - '1');
	const char *name;

	EXPECT(i < SESSIONS && strcmp(entry->info.id, sessions[i].id) == 0, "%s", entry->info.id);
	if (entry->error != HF_OK)
		return;
	name = sessions[i].name;
	EXPECT(entry->state == (i == 3				 ? HF_TRASHED :
				sessions[i].how == HF_CLOSE_SEAL ? HF_CLOSED : HF_INTERRUPTED),
	       "%s is %s", name, hf_state_name(entry->state));
	EXPECT(entry->info.name.size == strlen(name) &&
		       memcmp(entry->info.name.data, name, strlen(name)) == 0,
	       "%s has another name", name);
	EXPECT(entry->info.messages == 1, "%s has other messages", name);
}

static void run_list(struct hf_store *store)
{
	struct hf_list_options options = { .states = ~0u };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	unsigned count[SESSIONS] = { 0 };

	outcome = hf_list_open(store, &options, &detail, &list);
	if (outcome != HF_OK)
		return;
	while (hf_list_next(list, &entry) == HF_OK) {
		expect_true(&entry);
		count[entry.info.id[HF_ID_SIZE - 2] - '1']++;
	}
	hf_list_close(list);
	for (size_t i = 0; i < SESSIONS; i++)
		EXPECT(count[i] == 1 || (count[i] == 0 && may_miss()), "%s was listed %u times",
		       sessions[i].name, count[i]);
}

static void expect_untouched(struct hf_store *store)
{
	for (size_t i = 0; i < SESSIONS; i++)
		EXPECT(places_of(store, sessions[i].id) == (i == 3 ? 2 : 1), "%s has moved",
		       sessions[i].name);
}

static char found_id[HF_ID_SIZE];

/* Finds the right one, or fails; but does not say that there is none. */
static void run_find(struct hf_store *store)
{
	outcome = hf_session_find(store, "third", &detail, found_id);
	EXPECT(outcome != HF_OK || strcmp(found_id, sessions[2].id) == 0, "found %s", found_id);
	EXPECT(outcome != HF_ERR_NOTFOUND || may_miss(), "found nothing");
}

static void run_find_trashed(struct hf_store *store)
{
	outcome = hf_session_find(store, "fourth", &detail, found_id);
	EXPECT(outcome != HF_OK || strcmp(found_id, sessions[3].id) == 0, "found %s", found_id);
	EXPECT(outcome != HF_ERR_NOTFOUND || may_miss(), "found nothing");
}

static void run_find_last(struct hf_store *store)
{
	outcome = hf_session_find_last(store, "/p/below", &detail, found_id);
	EXPECT(outcome != HF_OK || memcmp(found_id, NAME_OF("4"), HF_ID_SIZE - 2) == 0, "found %s",
	       found_id);
	EXPECT(outcome != HF_OK || found_id[HF_ID_SIZE - 2] <= '3', "found what is in the trash");
	EXPECT(outcome != HF_ERR_NOTFOUND || may_miss(), "found nothing");
}

/* What was told of the sessions. */
static enum hf_cleanup_outcome told[SESSIONS];
static bool is_told[SESSIONS];

static void note(void *context, const struct hf_cleanup_item *item)
{
	size_t i = (size_t)(item->entry->info.id[HF_ID_SIZE - 2] - '1');

	(void)context;
	EXPECT(i < SESSIONS && !is_told[i], "%s was told of twice", item->entry->info.id);
	is_told[i] = true;
	told[i] = item->outcome;
	EXPECT(item->outcome != HF_CLEANUP_FAILED || item->error != HF_OK, "it failed for no reason");
	EXPECT((item->outcome == HF_CLEANUP_KEPT) == (item->reason[0] != '\0'), "kept: \"%s\"",
	       item->reason);
}

/* Removes the oldest sessions. */
static void clean(struct hf_store *store, unsigned how_many, bool purge)
{
	struct hf_cleanup_options options = { .older_than_us = (7 - 2 * how_many) * (DAY_US / 2),
					      .purge = purge };
	struct hf_cleanup totals = { .removed = 0 };
	uint64_t count = 0;

	memset(is_told, 0, sizeof is_told);
	now_us = START_US + 3 * DAY_US;
	outcome = hf_store_cleanup(store, &options, note, NULL, &detail, &totals);
	for (size_t i = 0; i < SESSIONS; i++)
		count += is_told[i];
	if (outcome == HF_OK)
		EXPECT(totals.removed + totals.kept + totals.failed == count, "the totals are wrong");
}

static void run_clean(struct hf_store *store)
{
	clean(store, 1, false);
}

static void run_purge(struct hf_store *store)
{
	clean(store, 2, true);
}

/* What was told is so, and what was not to go is there. A removal that failed, or was cut
 * short, may have been done. */
static void expect_cleaned(struct hf_store *store)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		unsigned places = places_of(store, sessions[i].id);
		const char *name = sessions[i].name;

		if (i >= 2) {
			EXPECT(places == (i == 3 ? 2 : 1), "%s is gone", name);
			EXPECT(!is_told[i] || told[i] == HF_CLEANUP_KEPT, "%s was to stay", name);
		} else if (is_told[i] && told[i] == HF_CLEANUP_REMOVED) {
			EXPECT(places != 1, "%s is still there", name);
		} else if (is_told[i] && told[i] == HF_CLEANUP_KEPT) {
			EXPECT(places == 1, "%s is gone", name);
		}
	}
}

static void expect_trashed(struct hf_store *store)
{
	expect_cleaned(store);
	for (size_t i = 0; i < SESSIONS; i++)
		EXPECT(places_of(store, sessions[i].id) != 0, "%s is lost", sessions[i].name);
}

static void run_create(struct hf_store *store)
{
	struct hf_session_options options = { .id = NAME_OF("9") };
	struct hf_session *session = NULL;

	outcome = hf_session_create(store, &options, &detail, &session);
	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
}

/* There are not more than the limit; of those that were there, closed ones may have gone to
 * the trash, and nowhere else. */
static void expect_room(struct hf_store *store)
{
	unsigned outside = places_of(store, NAME_OF("9")) == 1 ? 1 : 0;

	EXPECT(outcome != HF_OK || outside == 1, "the new one was not made");
	for (size_t i = 0; i < SESSIONS; i++) {
		unsigned places = places_of(store, sessions[i].id);

		outside += places == 1 ? 1 : 0;
		EXPECT(places != 0, "%s is lost", sessions[i].name);
		EXPECT(i != 1 || places == 1, "%s was not closed", sessions[i].name);
	}
	/* What is said not to be there counts as removed by somebody else. */
	EXPECT(outside <= MAX || plan.errno_value == ENOENT, "there are %u sessions", outside);
}

static const struct operation {
	const char *name;
	uint32_t max_sessions;
	bool is_headless;
	void (*run)(struct hf_store *store);
	void (*expect)(struct hf_store *store); /* NULL: it only reads */
} operations[] = {
	{ "list", 0, false, run_list, NULL },
	{ "list without a head", 0, true, run_list, NULL },
	{ "find by name", 0, false, run_find, NULL },
	{ "find by name in the trash", 0, false, run_find_trashed, NULL },
	{ "find the last", 0, false, run_find_last, NULL },
	{ "clean up", 0, false, run_clean, expect_trashed },
	{ "purge", 0, false, run_purge, expect_cleaned },
	{ "create at the limit", MAX, false, run_create, expect_room },
};

/* ---- The walk -------------------------------------------------------------------- */

static const struct operation *operation;
static struct fault_trace trace;
static struct fault_sys *fault; /* of the point */
static uint64_t failing;        /* number of the allocation that fails; 0: none */
static uint64_t allocations;    /* that the operation made */

static void run_once(void)
{
	struct hf_store *store;

	if (operation->expect != NULL && scratch_exists(scratch.fd, "store"))
		scratch_remove(scratch.fd, "store");
	if (!scratch_exists(scratch.fd, "store"))
		scratch_copy(scratch.fd, "template", scratch.fd, "store");
	fault = fault_sys_new(&with_clock);
	store = open_store(fault_sys(fault), operation->max_sessions);
	memset(&detail, 0, sizeof detail);
	fault_sys_arm(fault, &plan);
	if (failing > 0)
		alloc_fault_fail(failing, false);
	else
		alloc_fault_count();
	operation->run(store);
	allocations = alloc_fault_stop();
	hf_store_close(store);
}

static void look(void (*expect)(struct hf_store *store))
{
	struct hf_store *store = open_store(&with_clock, 0);

	expect(store);
	hf_store_close(store);
}

static void point(void *context)
{
	(void)context;
	run_once();
	if (failing > 0)
		EXPECT(alloc_fault_fired() && (outcome == HF_OK || outcome == HF_ERR_NOMEM), "gave %s",
		       hf_error_name(outcome));
	else
		EXPECT(plan.kind == FAULT_NONE ? outcome == HF_OK : fault_sys_fired(fault),
		       "nothing went wrong, or something did: %s", hf_error_name(outcome));
	EXPECT(fault_sys_leaks(fault)[0] == '\0', "leaked: %s", fault_sys_leaks(fault));
	EXPECT(outcome == HF_OK || (detail.code == outcome && detail.message[0] != '\0'),
	       "the detail has code %d, not %d", detail.code, outcome);
	if (operation->expect != NULL)
		look(operation->expect);
}

static void each(void *context, const struct fault_plan *next)
{
	enum fault_call call = (enum fault_call)trace.calls[next->nth - 1];
	char text[128];

	(void)context;
	plan = *next;
	fault_plan_text(&(struct fault_plan){ plan.kind, call, plan.nth, plan.errno_value }, text,
			sizeof text);
	session_where("%s, %s", operation->name, text);
	(void)session_point(point, NULL);
	fault_sys_free(fault);
	fault = NULL;
}

START_TEST(every_system_call_can_go_wrong)
{
	struct fault_sys *learned;

	operation = &operations[_i];
	make_template(operation->is_headless);
	session_where("%s, nothing goes wrong", operation->name);
	(void)session_point(point, NULL);
	learned = fault;
	trace = fault_sys_trace(learned);
	fault_sys_each_plan(&trace, each, NULL);
	fault_sys_free(learned);
	if (operation->expect == NULL)
		look(expect_untouched);
	scratch_close(&scratch);
	session_finish(operation->name, 100);
}
END_TEST

START_TEST(every_allocation_can_fail)
{
	uint64_t all;

	operation = &operations[_i];
	make_template(operation->is_headless);
	session_where("%s, nothing fails", operation->name);
	(void)session_point(point, NULL);
	fault_sys_free(fault);
	all = allocations;
	for (failing = 1; failing <= all; failing++) {
		session_where("%s, allocation %u fails", operation->name, (unsigned)failing);
		(void)session_point(point, NULL);
		fault_sys_free(fault);
	}
	failing = 0;
	if (operation->expect == NULL)
		look(expect_untouched);
	scratch_close(&scratch);
	session_finish(operation->name, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("torture_lists");
	TCase *walks = runner_cases(suite, "walks", 300);

	tcase_add_loop_test(walks, every_system_call_can_go_wrong, 0,
			    (int)(sizeof operations / sizeof operations[0]));
	tcase_add_loop_test(walks, every_allocation_can_fail, 0,
			    (int)(sizeof operations / sizeof operations[0]));
	return runner_run_in_memory(suite);
}
