/* SPDX-License-Identifier: MIT */
/*
 * Goal: whatever system call fails while sessions are bundled or taken in, or is the last
 * thing that the process does, a session is there afterwards wholly or not at all, the rest of
 * the store is as it was, and taking it in once more works. Method: fault_sys's walk over
 * the calls, of which every STRIDE-th plan is tried, so that each kind of failure meets each
 * part of the work; what is left is looked at without faults. Of the three quarantined files
 * of the session one has other bytes in its way, and one is there already.
 */
#include "bundle_fixture.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"

enum {
	STRIDE = 7, /* prime to the number of plans for one call */
	ASIDES = 3,
};

#define ASIDE_NAME ID_1 ".torn."
#define IN_THE_WAY "in the way"

static const char *const stumps[ASIDES] = { "stump 1", "stump 22", "stump 333" };

static struct fixture f;

static int no_sync(void *context, int fd)
{
	(void)context;
	(void)fd;
	return 0;
}

static int no_sleep(void *context, int64_t duration_us)
{
	(void)context;
	(void)duration_us;
	return 0;
}

/* The real calls, but for those that take nearly all of the time and change nothing that is
 * looked at here. */
static const struct sys *quick_sys(void)
{
	static struct sys sys;

	sys = *sys_posix();
	sys.sync_all = no_sync;
	sys.sync_data = no_sync;
	sys.sleep = no_sleep;
	return &sys;
}

static struct hf_store *open_with(struct fault_sys *fault, const char *name)
{
	struct hf_store_options options = { .padding = 1, .rounds = HF_ROUNDS_MIN,
					    .runtime_dir = "" };
	struct hf_store *store = NULL;
	char path[400];

	ck_assert_int_eq(store_open_with(fault_sys(fault), fixture_path(&f, name, path), &options,
					 NULL, &store), HF_OK);
	return store;
}

/* What the walk has met, so that it cannot have tested nothing. */
struct tally {
	unsigned plans;
	unsigned runs;
	unsigned fired;
	unsigned failed;
	unsigned absent;
	unsigned present;
	unsigned part; /* some of the quarantined files are there, not all */
};

/* ---- Taking in ------------------------------------------------------------------- */

/* The store b as it was, and one that is taken in with a key. Everything that is written
 * goes to b. */
static void prepare(void)
{
	scratch_remove(f.scratch.fd, "b");
	scratch_copy(f.scratch.fd, "pristine", f.scratch.fd, "b");
}

static bool has_bytes(const char *name, const char *wanted)
{
	size_t size = 0;
	char *bytes;
	bool is_same;

	if (!scratch_exists(f.scratch.fd, name))
		return false;
	bytes = scratch_get(f.scratch.fd, name, &size);
	is_same = size == strlen(wanted) && memcmp(bytes, wanted, size) == 0;
	free(bytes);
	return is_same;
}

/* How many of the session's quarantined files are there; and none is lost of what was. */
static unsigned look_at_asides(const char *text)
{
	unsigned count = 0;
	bool is_kept;

	for (unsigned i = 0; i < ASIDES; i++) {
		char name[100];

		(void)snprintf(name, sizeof name, "b/quarantine/" ASIDE_NAME "%u", i);
		count += has_bytes(name, stumps[i]);
	}
	is_kept = has_bytes("b/quarantine/" ASIDE_NAME "0", IN_THE_WAY) ||
		  has_bytes("b/quarantine/" ID_1 ".displaced.0", IN_THE_WAY);
	ck_assert_msg(is_kept, "%s: what was in the way is lost", text);
	return count;
}

static void look_afterwards(struct tally *tally, const char *text)
{
	char path[400];
	unsigned asides = look_at_asides(text);

	tally->part += asides > 1 && asides < ASIDES;
	f.b = fixture_store(&f, "b", NULL);
	ck_assert_msg(verdict_of(f.b, ID_2) == HF_INTACT, "%s: the other session", text);
	if (is_there(f.b, ID_1)) {
		tally->present++;
		ck_assert_msg(verdict_of(f.b, ID_1) == HF_INTACT, "%s: verdict %s", text,
			      hf_verdict_name(verdict_of(f.b, ID_1)));
		ck_assert_msg(asides == ASIDES, "%s: it is there without its quarantine", text);
		assert_same_log(&f, ID_1);
	} else {
		tally->absent++;
	}
	ck_assert_msg(unbundle_with(&f, f.b, fixture_path(&f, "a/keys/machine_secret", path),
				    false) == HF_OK, "%s: once more: %s", text, f.detail.message);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	assert_same_log(&f, ID_1);
	ck_assert_msg(look_at_asides(text) == ASIDES, "%s: once more: the quarantine", text);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/quarantine"), ASIDES + 1);
	for (unsigned i = 0; i < ASIDES; i++) {
		char name[100];

		(void)snprintf(name, sizeof name, "b/incoming/" ASIDE_NAME "%u", i);
		ck_assert_msg(!scratch_exists(f.scratch.fd, name), "%s: %s is left", text, name);
	}
	/* What died left a lock file at most, and temporary files that the next one cannot tell
	 * from those of somebody at work. */
	hf_store_close(f.b);
	f.b = NULL;
}

static void try_unbundle(void *context, const struct fault_plan *plan)
{
	struct tally *tally = context;
	struct fault_sys *fault = fault_sys_new(quick_sys());
	struct hf_store *store;
	char path[400];
	char text[128];
	int rc;

	if (tally->plans++ % STRIDE != 0) {
		fault_sys_free(fault);
		return;
	}
	fault_plan_text(plan, text, sizeof text);
	prepare();
	store = open_with(fault, "b");
	fault_sys_arm(fault, plan);
	rc = unbundle_with(&f, store, fixture_path(&f, "a/keys/machine_secret", path), false);
	tally->runs++;
	tally->fired += fault_sys_fired(fault);
	tally->failed += rc != HF_OK;
	if (!fault_sys_is_dead(fault) && rc != HF_OK && rc != HF_ERR_KEY_MISSING)
		ck_assert_msg(f.detail.code == rc, "%s: %s, but the detail says %s", text,
			      hf_error_name(rc), hf_error_name(f.detail.code));
	hf_store_close(store);
	ck_assert_msg(strcmp(fault_sys_leaks(fault), "") == 0, "%s: leaks %s", text,
		      fault_sys_leaks(fault));
	fault_sys_free(fault);
	look_afterwards(tally, text);
}

START_TEST(every_failing_call_leaves_a_session_whole_or_absent)
{
	const struct fault_plan none = { FAULT_NONE, FAULT_ANY, 0, 0 };
	struct fault_sys *fault = fault_sys_new(quick_sys());
	struct tally tally = { 0 };
	struct hf_repair repair = { 0 };
	struct fault_trace trace;
	struct hf_store *store;
	char path[400];

	fixture_open(&f);
	fixture_make(f.a, ID_1, 2);
	for (unsigned i = 0; i < ASIDES; i++) {
		scratch_append(f.scratch.fd, "a/sessions/" ID_1 ".jsonl", stumps[i], strlen(stumps[i]));
		ck_assert_int_eq(hf_session_repair(f.a, ID_1, 0, false, NULL, &repair), HF_OK);
	}
	ck_assert_str_eq(repair.quarantine, ASIDE_NAME "2");
	fixture_make(f.b, ID_2, 2);
	scratch_put(f.scratch.fd, "b/quarantine/" ASIDE_NAME "0", IN_THE_WAY, strlen(IN_THE_WAY));
	scratch_put(f.scratch.fd, "b/quarantine/" ASIDE_NAME "1", stumps[1], strlen(stumps[1]));
	hf_store_close(f.b);
	f.b = NULL;
	scratch_copy(f.scratch.fd, "b", f.scratch.fd, "pristine");
	bundle_first(&f);
	store = open_with(fault, "b");
	fault_sys_arm(fault, &none);
	ck_assert_int_eq(unbundle_with(&f, store, fixture_path(&f, "a/keys/machine_secret", path),
				       false), HF_OK);
	trace = fault_sys_trace(fault);
	fault_sys_each_plan(&trace, try_unbundle, &tally);
	hf_store_close(store);
	fault_sys_free(fault);
	ck_assert_uint_eq(tally.fired, tally.runs);
	ck_assert_uint_gt(tally.runs, 100);
	ck_assert_uint_gt(tally.failed, 60);
	ck_assert_uint_gt(tally.absent, 60);
	ck_assert_uint_gt(tally.present, 5);
	ck_assert_uint_gt(tally.part, 2);
	fixture_close(&f);
}
END_TEST

/* ---- Bundling -------------------------------------------------------------------- */

static void try_bundle(void *context, const struct fault_plan *plan)
{
	struct tally *tally = context;
	struct fault_sys *fault = fault_sys_new(quick_sys());
	const char *const ids[] = { ID_1, ID_2 };
	struct hf_store *store;
	bool has_failed;
	char text[128];
	int rc;

	if (tally->plans++ % STRIDE != 0) {
		fault_sys_free(fault);
		return;
	}
	store = open_with(fault, "a");
	fault_plan_text(plan, text, sizeof text);
	fault_sys_arm(fault, plan);
	rc = bundle_ids(&f, store, ids, 2);
	tally->runs++;
	tally->fired += fault_sys_fired(fault);
	tally->failed += rc != HF_OK;
	has_failed = rc != HF_OK;
	hf_store_close(store);
	ck_assert_msg(strcmp(fault_sys_leaks(fault), "") == 0, "%s: leaks %s", text,
		      fault_sys_leaks(fault));
	/* What is in an archive that was said to be whole is what the sessions are. */
	f.b = fixture_store(&f, "c", NULL);
	rc = unbundle(&f, f.b);
	ck_assert_msg(has_failed || rc == HF_OK, "%s: bundled, but %s", text, hf_error_name(rc));
	hf_store_close(f.b);
	f.b = fixture_store(&f, "b", NULL);
	for (size_t i = 0; i < f.count; i++) {
		if (f.items[i].outcome != HF_BUNDLE_FAILED)
			tally->present++;
	}
	hf_store_close(f.b);
	f.b = NULL;
	scratch_remove(f.scratch.fd, "c");
	fault_sys_free(fault);
}

START_TEST(every_failing_call_while_bundling_is_told)
{
	const struct fault_plan none = { FAULT_NONE, FAULT_ANY, 0, 0 };
	struct fault_sys *fault = fault_sys_new(quick_sys());
	const char *const ids[] = { ID_1, ID_2 };
	struct tally tally = { 0 };
	struct hf_repair repair = { 0 };
	struct fault_trace trace;
	struct hf_store *store;

	fixture_open(&f);
	fixture_make(f.a, ID_1, 2);
	fixture_make(f.a, ID_2, 2);
	scratch_append(f.scratch.fd, "a/sessions/" ID_1 ".jsonl", "stump", 5);
	ck_assert_int_eq(hf_session_repair(f.a, ID_1, 0, false, NULL, &repair), HF_OK);
	hf_store_close(f.b);
	f.b = NULL;
	store = open_with(fault, "a");
	fault_sys_arm(fault, &none);
	ck_assert_int_eq(bundle_ids(&f, store, ids, 2), HF_OK);
	trace = fault_sys_trace(fault);
	fault_sys_each_plan(&trace, try_bundle, &tally);
	hf_store_close(store);
	fault_sys_free(fault);
	ck_assert_uint_eq(tally.fired, tally.runs);
	ck_assert_uint_gt(tally.runs, 50);
	ck_assert_uint_gt(tally.failed, 20);
	ck_assert_uint_gt(tally.present, 20);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle faults");
	TCase *tcase = runner_cases(suite, "walk", 300);

	tcase_add_test(tcase, every_failing_call_leaves_a_session_whole_or_absent);
	tcase_add_test(tcase, every_failing_call_while_bundling_is_told);
	return runner_run(suite);
}
