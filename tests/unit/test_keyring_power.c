/* SPDX-License-Identifier: MIT */
/*
 * Goal: a key that was given to anybody survives a power cut at any moment after, and a
 * damaged secret is never lost by setting it aside. Method: the simulated file system,
 * with the power cut before each change that a run makes, and after it, in several of the
 * ways that a cut can leave things; and another process that gets its key in that moment,
 * when the first has not synced yet.
 */
#include "keys_fixture.h"
#include "lib/sim_sys.h"

enum { SEEDS = 12 };

static const char damage[] = "not a key file";
static const char no_id[FORMAT_KEY_ID_SIZE];

/* The id that a process on this file system signs with. */
static void get_id(struct sim *sim, char ret_id[static FORMAT_KEY_ID_SIZE])
{
	const struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	const struct sys *sys = sim_sys(sim);
	struct report report = report_make(NULL, NULL);
	struct keyring *keyring = NULL;
	int fd = sys->open_at(sys->context, AT_FDCWD, "/keys", O_RDONLY | O_DIRECTORY, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(keyring_open(sys, &report, fd, known_store, &options, &keyring), HF_OK);
	ck_assert_msg(keyring_current(keyring, &report, ret_id) == HF_OK, "%s",
		      report.detail.message);
	ck_assert(!keyring_is_weak(ret_id));
	keyring_close(keyring);
}

static bool holds_damage(struct sim *sim, const char *name)
{
	const struct sys *sys = sim_sys(sim);
	int fd = sys->open_at(sys->context, AT_FDCWD, name, O_RDONLY, 0);
	char text[64];
	ssize_t size;

	if (fd < 0)
		return false;
	size = sys_read_some(sys, fd, text, sizeof text, 0);
	(void)sys->close(sys->context, fd);
	return size == (ssize_t)strlen(damage) && memcmp(text, damage, strlen(damage)) == 0;
}

/* Cuts the power in every way: an id that was given must be there, and the damage too. */
static void cut(struct sim *sim, const char given[static FORMAT_KEY_ID_SIZE], bool damaged)
{
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct sim *after = sim_power_cut(sim, seed);
		char id[FORMAT_KEY_ID_SIZE];

		if (damaged)
			ck_assert_msg(holds_damage(after, "/keys/machine_secret") ||
				      holds_damage(after, "/keys/machine_secret.corrupt-1"),
				      "seed %u: the damaged secret is lost", (unsigned)seed);
		get_id(after, id);
		if (memcmp(given, no_id, sizeof no_id) != 0)
			ck_assert_msg(memcmp(id, given, sizeof id) == 0,
				      "seed %u: %.16s was given, then %.16s", (unsigned)seed, given, id);
		if (damaged)
			ck_assert(holds_damage(after, "/keys/machine_secret.corrupt-1"));
		ck_assert_uint_eq(sim_held(after), 0);
		sim_free(after);
	}
}

static struct sim *new_sim(bool damaged)
{
	struct sim *sim = sim_new(1);
	const struct sys *sys = sim_sys(sim);
	int root = sim_open_root(sim);
	int keys, fd;
	size_t written;

	ck_assert_int_eq(sys->mkdir_at(sys->context, root, "keys", 0700), 0);
	keys = sys->open_at(sys->context, root, "keys", O_RDONLY | O_DIRECTORY, 0);
	ck_assert_int_ge(keys, 0);
	if (damaged) {
		fd = sys->open_at(sys->context, keys, SECRET_NAME, O_RDWR | O_CREAT, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(sys_write_all(sys, fd, damage, strlen(damage), 0, &written), 0);
		ck_assert_int_eq(sys->sync_all(sys->context, fd), 0);
		ck_assert_int_eq(sys->close(sys->context, fd), 0);
	}
	ck_assert_int_eq(sys->sync_all(sys->context, keys), 0);
	ck_assert_int_eq(sys->sync_all(sys->context, root), 0);
	ck_assert_int_eq(sys->close(sys->context, keys), 0);
	ck_assert_int_eq(sys->close(sys->context, root), 0);
	return sim;
}

struct walk {
	bool damaged;
	uint64_t count;
	uint64_t nth;     /* the change before which another process gets its key; 0: none */
	char given[FORMAT_KEY_ID_SIZE];
};

static void cut_here(void *context, struct sim *sim)
{
	struct walk *walk = context;

	walk->count++;
	sim_on_change(sim, NULL, NULL);
	cut(sim, no_id, walk->damaged);
	sim_on_change(sim, cut_here, walk);
}

START_TEST(a_key_survives_a_power_cut_at_any_moment)
{
	struct walk walk = { .damaged = _i == 1 };
	struct sim *sim = new_sim(walk.damaged);

	sim_on_change(sim, cut_here, &walk);
	get_id(sim, walk.given);
	sim_on_change(sim, NULL, NULL);
	ck_assert_uint_gt(walk.count, walk.damaged ? 7 : 4);
	cut(sim, walk.given, walk.damaged);
	sim_free(sim);
}
END_TEST

static void get_there(void *context, struct sim *sim)
{
	struct walk *walk = context;

	if (++walk->count != walk->nth)
		return;
	sim_on_change(sim, NULL, NULL);
	get_id(sim, walk->given);
	cut(sim, walk->given, walk->damaged);
}

/* Where the secret has its name already but nobody has synced that, the other must. */
START_TEST(a_key_that_another_got_in_between_survives_too)
{
	uint64_t nth = 1;
	bool reached = true;

	while (reached) {
		struct walk walk = { .nth = nth++ };
		struct sim *sim = new_sim(false);
		char id[FORMAT_KEY_ID_SIZE];

		sim_on_change(sim, get_there, &walk);
		get_id(sim, id);
		sim_on_change(sim, NULL, NULL);
		reached = memcmp(walk.given, no_id, sizeof no_id) != 0;
		ck_assert(!reached || memcmp(id, walk.given, sizeof id) == 0);
		cut(sim, id, false);
		sim_free(sim);
	}
	ck_assert_uint_gt(nth, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyring power");
	TCase *tcase = tcase_create("power");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, a_key_survives_a_power_cut_at_any_moment, 0, 2);
	tcase_add_test(tcase, a_key_that_another_got_in_between_survives_too);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
