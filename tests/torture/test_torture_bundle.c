/* SPDX-License-Identifier: MIT */
/*
 * Every allocation fails while sessions are bundled and taken in, once and for ever: the caller
 * is told so, a session is there with all of its quarantine or not at all, what had a name in
 * the quarantine is not lost, and the next attempt succeeds.
 */
#include "lib/alloc_fault.h"
#include "lib/runner.h"
#include "unit/bundle_fixture.h"

#define ASIDE ID_1 ".torn."
#define IN_THE_WAY "in the way"

enum { ALLOCATIONS_MIN = 10 };

static struct fixture f;

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

/* A session that was repaired twice, in an archive; in b other bytes have the first name. */
static void setup(void)
{
	fixture_open(&f);
	fixture_make(f.a, ID_1, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct hf_repair repair = { 0 };

		scratch_append(f.scratch.fd, "a/sessions/" ID_1 ".jsonl", i == 0 ? "one" : "two!",
			       i == 0 ? 3 : 4);
		ck_assert_int_eq(hf_session_repair(f.a, ID_1, 0, false, NULL, &repair), HF_OK);
	}
	bundle_first(&f);
	scratch_put(f.scratch.fd, "b/quarantine/" ASIDE "0", IN_THE_WAY, strlen(IN_THE_WAY));
	hf_store_close(f.b);
	scratch_copy(f.scratch.fd, "b", f.scratch.fd, "pristine");
	f.b = NULL;
}

static void teardown(void)
{
	fixture_close(&f);
}

static bool has_quarantine(void)
{
	return has_bytes("b/quarantine/" ASIDE "0", "one") &&
	       has_bytes("b/quarantine/" ASIDE "1", "two!");
}

static void check_afterwards(uint64_t nth)
{
	ck_assert_msg(has_bytes("b/quarantine/" ASIDE "0", IN_THE_WAY) ||
			      has_bytes("b/quarantine/" ID_1 ".displaced.0", IN_THE_WAY),
		      "allocation %u: what was in the way is lost", (unsigned)nth);
	if (is_there(f.b, ID_1)) {
		ck_assert_msg(has_quarantine(), "allocation %u: no quarantine", (unsigned)nth);
		assert_same_log(&f, ID_1);
	}
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	ck_assert(has_quarantine());
	assert_nothing_left(&f, "b");
}

/* Without anything of the test that allocates. */
static int take(void)
{
	char path[400];
	struct hf_bundle_options options = {
		.key_path = fixture_path(&f, "a/keys/machine_secret", path),
		.read = tape_read,
		.context = &f,
	};

	f.tape.at = 0;
	memset(&f.detail, 0, sizeof f.detail);
	return hf_unbundle(f.b, &options, &f.detail, NULL);
}

static int put(void *context, const char *data, size_t size)
{
	int rc;

	alloc_fault_pause();
	rc = tape_write(context, data, size);
	alloc_fault_resume();
	return rc;
}

static int give(void)
{
	const char *const ids[] = { ID_1 };
	struct hf_bundle_options options = { .write = put, .context = &f };

	f.tape.bytes.size = 0;
	memset(&f.detail, 0, sizeof f.detail);
	return hf_bundle(f.a, ids, 1, &options, &f.detail, NULL);
}

/* One attempt; how many allocations there were. */
static uint64_t take_in(uint64_t nth, bool for_ever)
{
	uint64_t count;
	int rc;

	scratch_remove(f.scratch.fd, "b");
	scratch_copy(f.scratch.fd, "pristine", f.scratch.fd, "b");
	f.b = fixture_store(&f, "b", NULL);
	alloc_fault_fail(nth, for_ever);
	rc = take();
	count = alloc_fault_stop();
	ck_assert_msg(rc == (nth == 0 ? HF_OK : HF_ERR_NOMEM), "allocation %u: %s: %s",
		      (unsigned)nth, hf_error_name(rc), f.detail.message);
	ck_assert_msg(rc == HF_OK || (f.detail.code == rc && f.detail.message[0] != '\0'),
		      "allocation %u: the detail has %s", (unsigned)nth, hf_error_name(f.detail.code));
	check_afterwards(nth);
	hf_store_close(f.b);
	f.b = NULL;
	return count;
}

START_TEST(an_allocation_that_fails_keeps_a_session_out_or_changes_nothing)
{
	uint64_t count = take_in(0, false);

	ck_assert_uint_gt(count, ALLOCATIONS_MIN);
	for (uint64_t nth = 1; nth <= count; nth++)
		(void)take_in(nth, _i != 0);
}
END_TEST

START_TEST(an_allocation_that_fails_while_bundling_is_told)
{
	uint64_t count = 0;

	for (uint64_t nth = 0; nth <= count; nth++) {
		uint64_t found;
		int rc;

		alloc_fault_fail(nth, _i != 0);
		rc = give();
		found = alloc_fault_stop();
		count = nth == 0 ? found : count;
		ck_assert_msg(rc == (nth == 0 ? HF_OK : HF_ERR_NOMEM), "allocation %u: %s",
			      (unsigned)nth, hf_error_name(rc));
		ck_assert_msg(rc == HF_OK || (f.detail.code == rc && f.detail.message[0] != '\0'),
			      "allocation %u: the detail has %s", (unsigned)nth,
			      hf_error_name(f.detail.code));
	}
	ck_assert_uint_gt(count, ALLOCATIONS_MIN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("torture bundle");
	TCase *tcase = runner_cases(suite, "allocations", 120);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, an_allocation_that_fails_keeps_a_session_out_or_changes_nothing, 0,
			    2);
	tcase_add_loop_test(tcase, an_allocation_that_fails_while_bundling_is_told, 0, 2);
	return runner_run(suite);
}
