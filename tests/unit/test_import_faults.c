/* SPDX-License-Identifier: MIT */
/*
 * Goal: an import that goes wrong, or dies, at any point leaves a session that the next import
 * completes, without a duplicate and with every byte. Method: each system call behind an
 * import fails in each way, or is the last one; and each allocation fails. Then the same
 * import is done once more.
 */
#include "import_fixture.h"
#include "lib/alloc_fault.h"
#include "lib/fault_sys.h"

static struct import_scene scene;
static size_t source_size;
static char *source;

/* With the file beside it: two full batches of SINK_BATCH_COUNT records, and then a third. */
enum { LINES = 511, MESSAGES = LINES - 1 };

static void open_scene(void)
{
	struct buffer bytes = BUFFER_INIT(1 << 20);

	import_open(&scene);
	(void)buffer_put_text(&bytes, "{\"sid\":\"" IMPORT_UUID "\",\"title\":\"t\"}\n");
	for (unsigned i = 1; i < LINES; i++) {
		char line[100];

		(void)snprintf(line, sizeof line, "{\"role\":\"user\",\"text\":\"%u\"}%s", i,
			       i + 1 < LINES ? "\n" : "");
		(void)buffer_put_text(&bytes, line);
	}
	scratch_put(scene.scratch.fd, "src/a", bytes.data, bytes.size);
	source = bytes.data;
	source_size = bytes.size;
	import_put(&scene, "beside-b.txt", "output");
	/* The key is made, and its cost is no part of what is tested. */
	import_put(&scene, "b", "{\"sid\":\"b\"}\n");
	import_expect(&scene, "b", "new t-lines 2 0 0 b;");
	hf_store_close(scene.store);
	scene.store = NULL;
}

static void close_scene(void)
{
	free(source);
	import_close(&scene);
}

/* Removes the session, so that the next import makes it. */
static void remove_session(void)
{
	int rc = hf_session_delete(scene.store, IMPORT_UUID, &scene.detail);

	ck_assert(rc == HF_OK || rc == HF_ERR_NOTFOUND);
}

/* Whether the session's records end with what an import writes at its end. */
static bool is_finished(void)
{
	struct hf_view *view = import_view(&scene, IMPORT_UUID);
	struct hf_record record = { 0 };
	bool is_found = false;

	while (hf_view_next(view, &record)) {
		if (record.type.size == 8 && memcmp(record.type.data, "x-import", 8) == 0)
			is_found = true;
		else if (record.type.size == 8 && memcmp(record.type.data, "x-source", 8) == 0)
			is_found = false;
	}
	hf_view_close(view);
	return is_found;
}

/* Imports without anything going wrong; then all is there once. */
static void complete(const char *what)
{
	struct buffer bytes;

	scene.sys = sys_posix();
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	if (import_run(&scene, "a") != HF_OK)
		ck_abort_msg("%s: then %s", what, scene.detail.message);
	bytes = import_bytes(&scene, IMPORT_UUID, NULL, 1);
	if (bytes.size != source_size || memcmp(bytes.data, source, source_size) != 0 ||
	    import_messages(&scene, IMPORT_UUID) != MESSAGES)
		ck_abort_msg("%s: %zu bytes of %zu, %u messages of %u", what, bytes.size, source_size,
			     import_messages(&scene, IMPORT_UUID), MESSAGES);
	buffer_release(&bytes);
	if (!is_finished())
		ck_abort_msg("%s: the import has no end", what);
	import_expect(&scene, "a", "unchanged t-lines 0 0 0 a;");
	remove_session();
	hf_store_close(scene.store);
	scene.store = NULL;
}

static uint64_t plans_run;
static uint64_t plan_step;

static void run_plan(void *context, const struct fault_plan *plan)
{
	struct fault_sys *fault = fault_sys_new(sys_posix());
	uint64_t *number = context;
	char what[128];
	int rc;

	if ((*number)++ % plan_step != 0) {
		fault_sys_free(fault);
		return;
	}
	plans_run++;
	scene.sys = fault_sys(fault);
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	fault_plan_text(plan, what, sizeof what);
	fault_sys_arm(fault, plan);
	rc = import_run(&scene, "a");
	fault_sys_disarm(fault);
	if (rc != HF_OK && scene.detail.code != rc)
		ck_abort_msg("%s: %d, but the detail says %d", what, rc, scene.detail.code);
	hf_store_close(scene.store);
	scene.store = NULL;
	if (fault_sys_leaks(fault)[0] != '\0')
		ck_abort_msg("%s: leaks %s", what, fault_sys_leaks(fault));
	fault_sys_free(fault);
	complete(what);
}

START_TEST(whatever_call_fails_the_next_import_completes_it)
{
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct fault_trace trace;
	uint64_t number = 0;

	scene.sys = fault_sys(fault);
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	fault_sys_arm(fault, &(struct fault_plan){ .kind = FAULT_NONE });
	import_expect(&scene, "a", "new t-lines 512 510 0 a;");
	trace = fault_sys_trace(fault);
	hf_store_close(scene.store);
	scene.sys = sys_posix();
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	remove_session();
	hf_store_close(scene.store);
	ck_assert_uint_gt(trace.count, 30);
	/* A prime number of plans is passed over each time: every call and every way of failing
	 * has its turn. */
	plan_step = 11;
	fault_sys_each_plan(&trace, run_plan, &number);
	ck_assert_uint_gt(plans_run, 50);
	fault_sys_free(fault);
}
END_TEST

/* Fails the n-th allocation of an import. False: there are not so many. */
static bool fail_allocation(uint64_t nth)
{
	char what[64];
	int rc;
	bool fired;

	(void)snprintf(what, sizeof what, "allocation %u", (unsigned)nth);
	scene.sys = sys_posix();
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	alloc_fault_fail(nth, false);
	rc = import_run(&scene, "a");
	fired = alloc_fault_fired();
	(void)alloc_fault_stop();
	hf_store_close(scene.store);
	scene.store = NULL;
	if (fired && rc != HF_OK && rc != HF_ERR_NOMEM)
		ck_abort_msg("%s: %d", what, rc);
	complete(what);
	return fired;
}

START_TEST(whatever_allocation_fails_the_next_import_completes_it)
{
	uint64_t all;

	scene.sys = sys_posix();
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	alloc_fault_count();
	ck_assert_int_eq(import_run(&scene, "a"), HF_OK);
	all = alloc_fault_stop();
	remove_session();
	hf_store_close(scene.store);
	scene.store = NULL;
	ck_assert_uint_gt(all, 50);
	for (uint64_t nth = 1; nth <= all; nth += nth < 120 ? 1 : 17)
		(void)fail_allocation(nth);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import_faults");
	TCase *cases = runner_cases(suite, "import faults", 120);

	tcase_add_checked_fixture(cases, open_scene, close_scene);
	tcase_add_test(cases, whatever_call_fails_the_next_import_completes_it);
	tcase_add_test(cases, whatever_allocation_fails_the_next_import_completes_it);
	return runner_run_in_memory(suite);
}
