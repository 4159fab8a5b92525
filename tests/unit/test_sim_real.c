/* SPDX-License-Identifier: MIT */
/*
 * The simulator against the real file system: the same long walk of random calls on both,
 * and every answer must be the same. What passes on the simulator then means something for
 * real files.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scratch.h"
#include "lib/sim_sys.h"

enum { FILES = 6, OPENS = 8, STEPS = 4000 };

/* "d" is made a directory, and as such is not renamed: the simulator has no use for it. */
enum { DIRECTORY = 4 };
static const char *const paths[FILES] = { "a", "b", "d/a", "d/b", "d", "missing/a" };

/* The same calls are made on both; every answer must be the same. */
struct pair {
	const struct sys *sys[2];
	int root[2];
	int fds[2][OPENS];
	uint64_t random;
};

static unsigned pick(struct pair *pair, unsigned count)
{
	pair->random = pair->random * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(pair->random >> 33) % count;
}

static int open_one(struct pair *pair, int which, unsigned slot, const char *path, int flags)
{
	const struct sys *sys = pair->sys[which];

	if (pair->fds[which][slot] >= 0)
		(void)sys->close(sys->context, pair->fds[which][slot]);
	pair->fds[which][slot] = sys->open_at(sys->context, pair->root[which], path, flags, 0600);
	return pair->fds[which][slot] < 0 ? pair->fds[which][slot] : 0;
}

static int stat_one(const struct sys *sys, int root, const char *path)
{
	struct stat found;
	int rc = sys->stat_at(sys->context, root, path, &found);

	if (rc < 0)
		return rc;
	return S_ISDIR(found.st_mode) ? -1000 : (int)found.st_size * 16 + (int)found.st_nlink;
}

static int read_one(const struct sys *sys, int fd, unsigned offset)
{
	unsigned char bytes[600];
	ssize_t count = sys->read_at(sys->context, fd, bytes, sizeof bytes, offset);
	unsigned sum = 1;

	for (ssize_t i = 0; i < count; i++)
		sum = sum * 31 + bytes[i];
	return count < 0 ? (int)count : (int)(sum >> 1);
}

static bool sum_name(void *context, const char *name)
{
	unsigned sum = 1;

	for (; *name != '\0'; name++)
		sum = sum * 31 + (unsigned char)*name;
	*(unsigned *)context += sum;
	return true;
}

static int names_one(const struct sys *sys, int root)
{
	unsigned sum = 0;
	int rc = sys->each_name(sys->context, root, sum_name, &sum);

	return rc < 0 ? rc : (int)(sum >> 1);
}

static int map_one(const struct sys *sys, int fd, unsigned size)
{
	const void *bytes;
	struct stat found;
	unsigned sum = 0;
	int rc;

	if (sys->stat(sys->context, fd, &found) < 0 || !S_ISREG(found.st_mode) ||
	    found.st_size < (off_t)size)
		return -1;
	rc = sys->map(sys->context, fd, size, &bytes);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < size; i++)
		sum = sum * 31 + ((const unsigned char *)bytes)[i];
	return sys->unmap(sys->context, bytes, size) == 0 ? (int)(sum >> 1) : -1;
}

/* One step of the walk: its numbers were drawn before, so that both sides get the same. */
struct turn {
	unsigned what, slot, first, second, offset;
	int flags;
};

static int take_turn(struct pair *pair, int which, const struct turn *turn)
{
	static const char fill[300] = "some bytes that are not all the same";
	const struct sys *sys = pair->sys[which];
	int root = pair->root[which];
	int fd = pair->fds[which][turn->slot] < 0 ? -1 : pair->fds[which][turn->slot];
	bool moves = turn->what == 5 || turn->what == 6;
	const char *from = paths[moves && turn->first == DIRECTORY ? 0 : turn->first];
	const char *to = paths[moves && turn->second == DIRECTORY ? 1 : turn->second];

	switch (turn->what) {
	case 0:
	case 1:
		return open_one(pair, which, turn->slot, from, turn->flags);
	case 2:
	case 3:
		return (int)sys->write_at(sys->context, fd, fill, turn->offset % 300, turn->offset);
	case 4:
		return sys->truncate(sys->context, fd, turn->offset);
	case 5:
		return sys->link_at(sys->context, root, from, root, to);
	case 6:
		return sys->rename_at(sys->context, root, from, root, to);
	case 7:
		return sys->unlink_at(sys->context, root, from);
	case 8:
		return stat_one(sys, root, from);
	case 9:
		return read_one(sys, fd, turn->offset);
	case 10:
		return sys->lock(sys->context, fd,
				 turn->flags != 0 ? SYS_LOCK_EXCLUSIVE : SYS_LOCK_NONE);
	case 11:
		return sys->is_locked(sys->context, fd);
	case 12:
		return names_one(sys, root);
	case 13:
		return sys->sync_all(sys->context, fd);
	case 14:
		return map_one(sys, fd, turn->offset);
	default:
		return sys->mkdir_at(sys->context, root, paths[DIRECTORY], 0700);
	}
}

START_TEST(while_the_power_is_on_it_does_what_the_real_one_does)
{
	static const int flags[] = { O_RDONLY,
				     O_RDWR,
				     O_RDWR | O_CREAT,
				     O_RDWR | O_CREAT | O_EXCL,
				     O_RDWR | O_CREAT | O_TRUNC,
				     O_RDONLY | O_DIRECTORY,
				     O_RDWR | O_NOFOLLOW };
	struct scratch scratch = scratch_open();
	struct sim *sim = sim_new(1);
	struct pair pair = {
		{ sim_sys(sim), sys_posix() }, { sim_open_root(sim), scratch.fd }, { { 0 } }, 5
	};
	unsigned succeeded = 0;

	memset(pair.fds, -1, sizeof pair.fds);
	for (int step = 0; step < STEPS; step++) {
		struct turn turn = {
			pick(&pair, 16),    pick(&pair, OPENS), pick(&pair, FILES),
			pick(&pair, FILES), pick(&pair, 2000),	flags[pick(&pair, 7)]
		};
		int simulated = take_turn(&pair, 0, &turn);
		int real = take_turn(&pair, 1, &turn);

		ck_assert_msg(simulated == real,
			      "step %d, call %u on %s and %s (slot %u): %d, really %d", step,
			      turn.what, paths[turn.first], paths[turn.second], turn.slot,
			      simulated, real);
		succeeded += real >= 0;
	}
	ck_assert_uint_gt(succeeded, STEPS / 4);
	for (int slot = 0; slot < OPENS; slot++) {
		for (int which = 0; which < 2; which++) {
			if (pair.fds[which][slot] >= 0)
				(void)pair.sys[which]->close(pair.sys[which]->context,
							     pair.fds[which][slot]);
		}
	}
	sim_free(sim);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim and real");
	TCase *tcase = tcase_create("power on");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, while_the_power_is_on_it_does_what_the_real_one_does);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	scratch_begin();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
