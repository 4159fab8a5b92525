/* SPDX-License-Identifier: MIT */
/*
 * The simulator's own promises: what was synced survives every power cut, and what was not
 * can be lost in each of the ways that sim_sys.h lists. The second half matters as much as
 * the first: a simulator that loses nothing would let every test above it pass.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sim_sys.h"

enum { SEEDS = 500, SIZE = 8192 };

/* A simulator with its root open, and what the cases do with files in it. */
struct world {
	struct sim *sim;
	const struct sys *sys;
	int root;
};

static struct world world_of(struct sim *sim)
{
	return (struct world){ sim, sim_sys(sim), sim_open_root(sim) };
}

static struct world world_new(void)
{
	return world_of(sim_new(1));
}

static void world_end(struct world *world)
{
	ck_assert_int_eq(world->sys->close(world->sys->context, world->root), 0);
	ck_assert_uint_eq(sim_held(world->sim), 0);
	sim_free(world->sim);
}

static int open_file(struct world *world, const char *name, int flags)
{
	int fd = world->sys->open_at(world->sys->context, world->root, name, flags | O_RDWR, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void close_file(struct world *world, int fd)
{
	ck_assert_int_eq(world->sys->close(world->sys->context, fd), 0);
}

static void write_file(struct world *world, int fd, uint64_t offset, char byte, size_t size)
{
	char bytes[SIZE];

	memset(bytes, byte, size);
	ck_assert_int_eq(world->sys->write_at(world->sys->context, fd, bytes, size, offset),
			 (ssize_t)size);
}

static void sync_fd(struct world *world, int fd)
{
	ck_assert_int_eq(world->sys->sync_all(world->sys->context, fd), 0);
}

/* A file of one byte repeated; synced with its name if durable is set. */
static void make_file(struct world *world, const char *name, char byte, size_t size, bool durable)
{
	int fd = open_file(world, name, O_CREAT | O_EXCL);

	write_file(world, fd, 0, byte, size);
	if (durable) {
		sync_fd(world, fd);
		sync_fd(world, world->root);
	}
	close_file(world, fd);
}

/* The size of a file, or -1 when it is not there; its bytes. */
static ssize_t get_file(struct world *world, const char *name, char bytes[SIZE])
{
	int fd = world->sys->open_at(world->sys->context, world->root, name, O_RDONLY, 0);
	ssize_t size;

	if (fd == -ENOENT)
		return -1;
	ck_assert_int_ge(fd, 0);
	size = world->sys->read_at(world->sys->context, fd, bytes, SIZE, 0);
	close_file(world, fd);
	return size;
}

static bool all_are(const char *bytes, size_t size, char byte)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != byte)
			return false;
	}
	return true;
}

START_TEST(what_is_synced_survives_every_power_cut)
{
	struct world world = world_new();
	char bytes[SIZE];

	make_file(&world, "kept", 'a', 5000, true);
	make_file(&world, "other", 'b', 5000, false);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));

		ck_assert_int_eq(get_file(&after, "kept", bytes), 5000);
		ck_assert(all_are(bytes, 5000, 'a'));
		world_end(&after);
	}
	world_end(&world);
}
END_TEST

START_TEST(a_name_that_is_not_synced_vanishes_or_stays)
{
	struct world world = world_new();
	unsigned gone = 0;
	unsigned there = 0;
	char bytes[SIZE];
	int fd = open_file(&world, "file", O_CREAT);

	write_file(&world, fd, 0, 'a', 100);
	sync_fd(&world, fd); /* the file, not its name */
	close_file(&world, fd);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));
		ssize_t size = get_file(&after, "file", bytes);

		ck_assert(size == -1 || size == 100);
		gone += size == -1;
		there += size == 100;
		ck_assert(seed != 0 || size == -1);
		ck_assert(seed != 1 || size == 100);
		world_end(&after);
	}
	ck_assert_uint_gt(gone, SEEDS / 10);
	ck_assert_uint_gt(there, SEEDS / 10);
	world_end(&world);
}
END_TEST

/* How an append of 3000 'b' to a synced 1000 'a' looked after a power cut. */
struct tally {
	unsigned whole; /* all is there */
	unsigned lost; /* nothing of it */
	unsigned cut; /* ends at a sector in between */
	unsigned nul; /* has NULs where it should have bytes */
	unsigned torn; /* has both */
};

static void count_append(struct tally *tally, const char *bytes, size_t size)
{
	size_t nuls = 0;

	for (size_t i = 1000; i < size; i++) {
		ck_assert(bytes[i] == 'b' || bytes[i] == '\0');
		nuls += bytes[i] == '\0';
	}
	tally->whole += size == 4000 && nuls == 0;
	tally->lost += size == 1000;
	tally->cut += size > 1000 && size < 4000 && size % 512 == 0;
	tally->nul += nuls > 0;
	tally->torn += nuls > 0 && nuls < size - 1000;
}

START_TEST(an_append_that_is_not_synced_is_lost_in_every_way)
{
	struct world world = world_new();
	struct tally tally = { 0 };
	char bytes[SIZE];
	int fd;

	make_file(&world, "log", 'a', 1000, true);
	fd = open_file(&world, "log", 0);
	write_file(&world, fd, 1000, 'b', 3000);
	close_file(&world, fd);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));
		ssize_t size = get_file(&after, "log", bytes);

		ck_assert(size >= 1000 && size <= 4000);
		ck_assert(all_are(bytes, 1000, 'a'));
		ck_assert(seed != 0 || size == 1000);
		ck_assert(seed != 1 || size == 4000);
		count_append(&tally, bytes, (size_t)size);
		world_end(&after);
	}
	ck_assert_uint_gt(tally.whole, SEEDS / 50);
	ck_assert_uint_gt(tally.lost, SEEDS / 50);
	ck_assert_uint_gt(tally.cut, SEEDS / 50);
	ck_assert_uint_gt(tally.nul, SEEDS / 50);
	ck_assert_uint_gt(tally.torn, SEEDS / 50);
	world_end(&world);
}
END_TEST

START_TEST(an_overwritten_sector_is_old_or_new)
{
	struct world world = world_new();
	unsigned mixed = 0;
	char bytes[SIZE];
	int fd;

	make_file(&world, "head", 'a', 4096, true);
	fd = open_file(&world, "head", 0);
	write_file(&world, fd, 0, 'b', 4096);
	close_file(&world, fd);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));
		unsigned new = 0;

		ck_assert_int_eq(get_file(&after, "head", bytes), 4096);
		for (size_t i = 0; i < 4096; i += 512) {
			ck_assert(bytes[i] == 'a' || bytes[i] == 'b');
			ck_assert(all_are(bytes + i, 512, bytes[i]));
			new += bytes[i] == 'b';
		}
		mixed += new > 0 && new < 8;
		ck_assert(seed != 0 || new == 0);
		ck_assert(seed != 1 || new == 8);
		world_end(&after);
	}
	ck_assert_uint_gt(mixed, SEEDS / 10);
	world_end(&world);
}
END_TEST

START_TEST(a_rename_happens_wholly_or_not_at_all)
{
	struct world world = world_new();
	unsigned old = 0;
	unsigned new = 0;
	char bytes[SIZE];

	make_file(&world, "file", 'a', 100, true);
	make_file(&world, "temp", 'b', 200, true);
	ck_assert_int_eq(
		world.sys->rename_at(world.sys->context, world.root, "temp", world.root, "file"),
		0);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));
		ssize_t temp = get_file(&after, "temp", bytes);
		ssize_t file = get_file(&after, "file", bytes);

		ck_assert((file == 100 && temp == 200 && bytes[0] == 'a') ||
			  (file == 200 && temp == -1 && bytes[0] == 'b'));
		old += file == 100;
		new += file == 200;
		world_end(&after);
	}
	ck_assert_uint_gt(old, SEEDS / 10);
	ck_assert_uint_gt(new, SEEDS / 10);
	world_end(&world);
}
END_TEST

START_TEST(a_rename_without_a_sync_of_the_file_can_leave_it_empty)
{
	struct world world = world_new();
	unsigned empty = 0;
	char bytes[SIZE];

	make_file(&world, "file", 'a', 100, true);
	make_file(&world, "temp", 'b', 200, false);
	ck_assert_int_eq(
		world.sys->rename_at(world.sys->context, world.root, "temp", world.root, "file"),
		0);
	sync_fd(&world, world.root);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));

		empty += get_file(&after, "file", bytes) == 0;
		world_end(&after);
	}
	ck_assert_uint_gt(empty, SEEDS / 50);
	world_end(&world);
}
END_TEST

START_TEST(a_directory_needs_the_sync_of_its_parent)
{
	struct world world = world_new();
	struct world after;
	char bytes[SIZE];
	int dir;

	ck_assert_int_eq(world.sys->mkdir_at(world.sys->context, world.root, "dir", 0700), 0);
	dir = world.sys->open_at(world.sys->context, world.root, "dir", O_RDONLY | O_DIRECTORY, 0);
	ck_assert_int_ge(dir, 0);
	make_file(&world, "dir/file", 'a', 10, true);
	sync_fd(&world, dir);
	after = world_of(sim_power_cut(world.sim, 0));
	ck_assert_int_eq(get_file(&after, "dir/file", bytes), 10); /* make_file synced the root */
	world_end(&after);
	ck_assert_int_eq(world.sys->mkdir_at(world.sys->context, dir, "sub", 0700), 0);
	after = world_of(sim_power_cut(world.sim, 0));
	ck_assert_int_lt(after.sys->open_at(after.sys->context, after.root, "dir/sub", O_RDONLY, 0),
			 0);
	world_end(&after);
	close_file(&world, dir);
	world_end(&world);
}
END_TEST

START_TEST(what_was_cut_off_or_removed_without_a_sync_can_return)
{
	struct world world = world_new();
	unsigned returned = 0;
	unsigned back = 0;
	unsigned cut = 0;
	char bytes[SIZE];
	int fd;

	make_file(&world, "file", 'a', 3000, true);
	make_file(&world, "removed", 'r', 10, true);
	fd = open_file(&world, "file", 0);
	ck_assert_int_eq(world.sys->truncate(world.sys->context, fd, 1000), 0);
	close_file(&world, fd);
	ck_assert_int_eq(world.sys->unlink_at(world.sys->context, world.root, "removed"), 0);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));
		ssize_t size = get_file(&after, "file", bytes);

		cut += size == 1000;
		returned += size == 3000 && all_are(bytes, 3000, 'a');
		back += get_file(&after, "removed", bytes) == 10;
		world_end(&after);
	}
	ck_assert_uint_gt(cut, SEEDS / 50);
	ck_assert_uint_gt(returned, SEEDS / 100);
	ck_assert_uint_gt(back, SEEDS / 10);
	world_end(&world);
}
END_TEST

START_TEST(a_log_that_was_cut_and_grew_again_is_old_new_or_nul)
{
	struct world world = world_new();
	unsigned seen[256] = { 0 };
	char bytes[SIZE];
	int fd;

	make_file(&world, "file", 'a', 3000, true);
	fd = open_file(&world, "file", 0);
	ck_assert_int_eq(world.sys->truncate(world.sys->context, fd, 1000), 0);
	write_file(&world, fd, 1000, 'b', 2000);
	close_file(&world, fd);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world after = world_of(sim_power_cut(world.sim, seed));
		ssize_t size = get_file(&after, "file", bytes);

		ck_assert(size >= 1000 && all_are(bytes, 1000, 'a'));
		if (size == 3000)
			seen[(unsigned char)bytes[2000]]++;
		world_end(&after);
	}
	ck_assert_uint_gt(seen['a'], SEEDS / 50);
	ck_assert_uint_gt(seen['b'], SEEDS / 50);
	ck_assert_uint_gt(seen['\0'], SEEDS / 50);
	world_end(&world);
}
END_TEST

START_TEST(a_seed_tells_it_all)
{
	struct world world = world_new();

	for (int i = 0; i < 20; i++) {
		char name[] = { 'f', (char)('a' + i), '\0' };

		make_file(&world, name, 'x', 3000, i % 3 == 0);
	}
	for (uint64_t seed = 2; seed < 50; seed++) {
		struct world one = world_of(sim_power_cut(world.sim, seed));
		struct world two = world_of(sim_power_cut(world.sim, seed));

		for (int i = 0; i < 20; i++) {
			char name[] = { 'f', (char)('a' + i), '\0' };
			char bytes_one[SIZE], bytes_two[SIZE];
			ssize_t size = get_file(&one, name, bytes_one);

			ck_assert_int_eq(size, get_file(&two, name, bytes_two));
			ck_assert(size <= 0 || memcmp(bytes_one, bytes_two, (size_t)size) == 0);
		}
		world_end(&one);
		world_end(&two);
	}
	world_end(&world);
}
END_TEST

START_TEST(a_power_cut_releases_all_and_the_old_world_goes_on)
{
	struct world world = world_new();
	struct world after;
	int fd = open_file(&world, "lock", O_CREAT);
	int again;

	ck_assert_int_eq(world.sys->lock(world.sys->context, fd, SYS_LOCK_EXCLUSIVE), 0);
	sync_fd(&world, world.root);
	after = world_of(sim_power_cut(world.sim, 7));
	again = open_file(&after, "lock", 0);
	ck_assert_int_eq(after.sys->lock(after.sys->context, again, SYS_LOCK_EXCLUSIVE), 0);
	close_file(&after, again);
	world_end(&after);
	again = open_file(&world, "lock", 0);
	ck_assert_int_eq(world.sys->lock(world.sys->context, again, SYS_LOCK_EXCLUSIVE), -EAGAIN);
	ck_assert_int_eq(world.sys->is_locked(world.sys->context, again), 1);
	ck_assert_int_eq(world.sys->is_locked(world.sys->context, fd), 0);
	close_file(&world, fd);
	ck_assert_int_eq(world.sys->is_locked(world.sys->context, again), 0);
	close_file(&world, again);
	world_end(&world);
}
END_TEST

START_TEST(a_full_disk_takes_what_fits_and_then_nothing)
{
	struct world world = world_new();
	char bytes[100] = { 0 };
	int fd = open_file(&world, "file", O_CREAT);
	struct statvfs space;

	sim_set_room(world.sim, 150);
	ck_assert_int_eq(world.sys->write_at(world.sys->context, fd, bytes, 100, 0), 100);
	ck_assert_int_eq(world.sys->write_at(world.sys->context, fd, bytes, 100, 100), 50);
	ck_assert_int_eq(world.sys->write_at(world.sys->context, fd, bytes, 100, 150), -ENOSPC);
	ck_assert_int_eq(world.sys->write_at(world.sys->context, fd, bytes, 100, 0), 100);
	ck_assert_int_eq(world.sys->space(world.sys->context, fd, &space), 0);
	ck_assert_uint_eq(space.f_bavail, 0);
	close_file(&world, fd);
	world_end(&world);
}
END_TEST

static void count_change(void *context, struct sim *sim)
{
	struct sim *after = sim_power_cut(sim, 3); /* allowed in here */

	sim_free(after);
	++*(unsigned *)context;
}

START_TEST(every_change_is_announced_before_it_happens)
{
	struct world world = world_new();
	unsigned changes = 0;
	int fd;

	sim_on_change(world.sim, count_change, &changes);
	fd = open_file(&world, "file", O_CREAT);
	write_file(&world, fd, 0, 'a', 10);
	sync_fd(&world, fd);
	ck_assert_int_eq(world.sys->truncate(world.sys->context, fd, 5), 0);
	ck_assert_int_eq(
		world.sys->rename_at(world.sys->context, world.root, "file", world.root, "f2"), 0);
	ck_assert_int_eq(world.sys->unlink_at(world.sys->context, world.root, "f2"), 0);
	ck_assert_uint_eq(changes, 6);
	close_file(&world, fd);
	world_end(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim");
	TCase *cut = tcase_create("power cut");
	TCase *on = tcase_create("power on");
	SRunner *runner;
	int failed;

	tcase_add_test(cut, what_is_synced_survives_every_power_cut);
	tcase_add_test(cut, a_name_that_is_not_synced_vanishes_or_stays);
	tcase_add_test(cut, an_append_that_is_not_synced_is_lost_in_every_way);
	tcase_add_test(cut, an_overwritten_sector_is_old_or_new);
	tcase_add_test(cut, a_rename_happens_wholly_or_not_at_all);
	tcase_add_test(cut, a_rename_without_a_sync_of_the_file_can_leave_it_empty);
	tcase_add_test(cut, a_directory_needs_the_sync_of_its_parent);
	tcase_add_test(cut, what_was_cut_off_or_removed_without_a_sync_can_return);
	tcase_add_test(cut, a_log_that_was_cut_and_grew_again_is_old_new_or_nul);
	tcase_add_test(cut, a_seed_tells_it_all);
	tcase_add_test(on, a_power_cut_releases_all_and_the_old_world_goes_on);
	tcase_add_test(on, a_full_disk_takes_what_fits_and_then_nothing);
	tcase_add_test(on, every_change_is_announced_before_it_happens);
	tcase_set_timeout(cut, 120);
	tcase_set_timeout(on, 120);
	suite_add_tcase(suite, cut);
	suite_add_tcase(suite, on);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
