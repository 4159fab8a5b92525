/* SPDX-License-Identifier: MIT */
/*
 * Goal: whatever system call fails, and however, the keyring gives the right key, the weak
 * key where it may, or an error; it leaks nothing, and the next process finds the one
 * secret that was ever signed with. Method: fault_sys's walk over every call of a run from
 * each state of the key directory, then a run without faults on what is left.
 */
#include "keys_fixture.h"
#include "lib/fault_sys.h"

static const char damage[] = "not a key file";

/* A state of the key directory, and what is done in it. */
struct scenario {
	const char *secret;   /* NULL: missing */
	bool warm;            /* the runtime directory has the key */
	int (*act)(struct keyring *keyring, struct report *report, char *ret_id);
};

static int act_current(struct keyring *keyring, struct report *report, char *ret_id)
{
	return keyring_current(keyring, report, ret_id);
}

static int act_find(struct keyring *keyring, struct report *report, char *ret_id)
{
	static const uint8_t session[16];
	struct session_key *key = NULL;
	int rc = session_key_new(keyring, report, KNOWN_ID, session, 0, &key);

	session_key_free(keyring, key);
	if (rc == HF_OK)
		memcpy(ret_id, KNOWN_ID, FORMAT_KEY_ID_SIZE);
	return rc;
}

static void ignore_key(void *context, const struct hf_key_info *key)
{
	(void)context;
	(void)key;
}

static int act_list(struct keyring *keyring, struct report *report, char *ret_id)
{
	(void)ret_id;
	return keyring_list(keyring, report, ignore_key, NULL);
}

static int act_drop(struct keyring *keyring, struct report *report, char *ret_id)
{
	int rc = keyring_current(keyring, report, ret_id);

	return rc == HF_OK ? keyring_drop(keyring, report) : rc;
}

static const struct scenario scenarios[] = {
	{ NULL, false, act_current },         { KNOWN_SECRET, false, act_current },
	{ KNOWN_SECRET, true, act_current },  { damage, false, act_current },
	{ KNOWN_SECRET, false, act_find },    { KNOWN_SECRET, true, act_find },
	{ KNOWN_SECRET, false, act_list },    { damage, false, act_list },
	{ KNOWN_SECRET, false, act_drop },
};

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

/* The real calls, but for those that would take nearly all of the time: syncs, whose effect
 * is not looked at here, and waiting for others, of whom there are none. */
static const struct sys *quick_sys(void)
{
	static struct sys sys;

	sys = *sys_posix();
	sys.sync_all = no_sync;
	sys.sleep = no_sleep;
	return &sys;
}

static struct keyring *quick_keyring(struct fixture *fixture)
{
	struct keyring_options options = fixture_options(fixture);

	return fixture_keyring_with(fixture, quick_sys(), &options);
}

/* What the walk counts, so that it cannot have tested nothing. */
struct tally {
	const struct scenario *scenario;
	unsigned runs;
	unsigned fired;
	unsigned errors;
};

static void prepare(const struct scenario *scenario, struct fixture *fixture)
{
	struct keyring *keyring;
	char id[HF_KEY_ID_SIZE];

	fixture_open(fixture);
	if (scenario->secret != NULL)
		fixture_put(fixture, SECRET_NAME, scenario->secret, 0600);
	if (scenario->warm) {
		keyring = quick_keyring(fixture);
		(void)fixture_current(fixture, keyring, id);
		keyring_close(keyring);
	}
}

/* Runs the scenario once as planned; ret_id is "" if no key was given. */
static int run(const struct scenario *scenario, struct fixture *fixture, struct fault_sys *fault,
	       const struct fault_plan *plan, char ret_id[static HF_KEY_ID_SIZE])
{
	struct keyring_options options = fixture_options(fixture);
	struct keyring *keyring = fixture_keyring_with(fixture, fault_sys(fault), &options);
	int rc;

	fault_sys_arm(fault, plan);
	memset(ret_id, 0, HF_KEY_ID_SIZE);
	rc = scenario->act(keyring, &fixture->report, ret_id);
	keyring_close(keyring);
	return rc;
}

/* Whether an outcome is one that this errno may lead to. */
static bool is_plausible(int rc, int errno_value, const char *id)
{
	bool unreadable = errno_value == EACCES || errno_value == EPERM || errno_value == EIO;

	switch (rc) {
	case HF_OK:
		return !keyring_is_weak(id) || unreadable;
	case HF_ERR_NOTFOUND: /* those tell of sessions */
	case HF_ERR_EXISTS:
		return false;
	case HF_ERR_KEY_UNSAFE:
		return errno_value == ELOOP || errno_value == ENXIO || errno_value == ENODEV ||
		       errno_value == ENOTDIR;
	case HF_ERR_KEY_CORRUPT: /* it could not be set aside */
		return errno_value == EACCES || errno_value == EPERM;
	default:
		return true;
	}
}

/* Every error must be described, but for that of a key that is missing. */
static void assert_told(const struct fixture *fixture, int rc, const char *plan)
{
	if (rc != HF_OK && rc != HF_ERR_KEY_MISSING)
		ck_assert_msg(fixture->report.detail.code == rc, "%s: %s, but the detail says %s",
			      plan, hf_error_name(rc), hf_error_name(fixture->report.detail.code));
}

/* The secrets that were set aside. */
struct aside {
	unsigned count;
	char name[64]; /* of one of them */
};

static bool note_aside(void *context, const char *name)
{
	struct aside *aside = context;

	if (secret_is_corrupt_name(name)) {
		aside->count++;
		text_copy(aside->name, sizeof aside->name, name);
	}
	return true;
}

/* A process without faults finds the key that was given before, and what was damaged. */
static void assert_recovers(const struct scenario *scenario, struct fixture *fixture,
			    const char *given, const char *plan)
{
	struct keyring *keyring = quick_keyring(fixture);
	char id[HF_KEY_ID_SIZE], again[HF_KEY_ID_SIZE];
	struct aside aside = { 0 };
	struct stat found;

	(void)fixture_current(fixture, keyring, id);
	keyring_close(keyring);
	ck_assert_msg(!keyring_is_weak(id), "%s: weak afterwards", plan);
	if (given[0] != '\0' && !keyring_is_weak(given))
		ck_assert_msg(strcmp(id, given) == 0, "%s: %s, then %s", plan, given, id);
	if (scenario->secret != NULL && scenario->secret != damage)
		ck_assert_msg(strcmp(id, KNOWN_ID) == 0, "%s: the secret is another", plan);
	ck_assert_int_eq(sys_posix()->each_name(NULL, fixture->keys.fd, note_aside, &aside), 0);
	ck_assert_msg(aside.count == (scenario->secret == damage), "%s: %u kept aside", plan,
		      aside.count);
	if (aside.count == 1)
		fixture_assert_file(fixture, aside.name, damage);
	ck_assert_int_eq(fstatat(fixture->keys.fd, SECRET_NAME, &found, 0), 0);
	ck_assert_msg(found.st_nlink == 1, "%s: a second name is left", plan);
	keyring = quick_keyring(fixture);
	ck_assert_str_eq(fixture_current(fixture, keyring, again), id);
	keyring_close(keyring);
}

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct tally *tally = context;
	struct fault_sys *fault = fault_sys_new(quick_sys());
	struct fixture fixture;
	char id[HF_KEY_ID_SIZE];
	char text[128];
	int rc;

	fault_plan_text(plan, text, sizeof text);
	prepare(tally->scenario, &fixture);
	rc = run(tally->scenario, &fixture, fault, plan, id);
	tally->runs++;
	tally->fired += fault_sys_fired(fault);
	tally->errors += rc != HF_OK;
	if (!fault_sys_is_dead(fault)) {
		assert_told(&fixture, rc, text);
		ck_assert_msg(is_plausible(rc, plan->errno_value, id), "%s: %s, id '%s'", text,
			      hf_error_name(rc), id);
	}
	ck_assert_msg(strcmp(fault_sys_leaks(fault), "") == 0, "%s: leaks %s", text,
		      fault_sys_leaks(fault));
	if (fault_sys_is_dead(fault))
		id[0] = '\0'; /* nobody was told */
	fault_sys_free(fault);
	assert_recovers(tally->scenario, &fixture, id, text);
	fixture_close(&fixture);
}

START_TEST(every_failing_call_leaves_one_good_secret)
{
	const struct fault_plan none = { FAULT_NONE, FAULT_ANY, 0, 0 };
	struct tally tally = { .scenario = &scenarios[_i] };
	struct fault_sys *fault = fault_sys_new(quick_sys());
	struct fault_trace trace;
	struct fixture fixture;
	char id[HF_KEY_ID_SIZE];

	prepare(tally.scenario, &fixture);
	ck_assert_int_eq(run(tally.scenario, &fixture, fault, &none, id), HF_OK);
	trace = fault_sys_trace(fault);
	fault_sys_each_plan(&trace, try_plan, &tally);
	ck_assert_uint_ge(tally.runs, 100);
	ck_assert_uint_eq(tally.fired, tally.runs);
	ck_assert_uint_gt(tally.errors, 10);
	fault_sys_free(fault);
	fixture_close(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyring faults");
	TCase *tcase = tcase_create("walk");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, every_failing_call_leaves_one_good_secret, 0,
			    (int)ARRAY_SIZE(scenarios));
	suite_add_tcase(suite, tcase);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
