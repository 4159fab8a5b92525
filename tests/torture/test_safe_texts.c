/* SPDX-License-Identifier: MIT */
/*
 * What users are told is safe, and what developers are told holds no contents and no keys.
 *
 * The texts of all codes are looked through; then every scenario is run with each of its
 * system calls failing, and calls are made with arguments that are refused, while every
 * text, detail and line of the log is searched for what was planted in the messages and for
 * the keys.
 */
#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scene.h"
#include "lib/secrets.h"
#include "lib/session_scenario.h"

#define PLANTED "plantedWord-7f3a91c2"
#define PLANTED_ID "0badcafe-1111-4222-8333-444455556666"

enum { ERRNO_MAX = 133, SERIALS = 220, CODE_MIN = -1000, CODE_MAX = 1000 };

/* ---- The table of errors --------------------------------------------------------- */

struct row {
	int code;
	int exit_status;
	const char *name;
};

static const struct row rows[] = {
#define ROW(name, value, exit_status, text, hint) { value, exit_status, #name },
	HF_ERRORS(ROW)
#undef ROW
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* No number but the modes that a hint names. */
static bool has_number(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!isdigit((unsigned char)*text))
			continue;
		if (strncmp(text, "600", 3) != 0 && strncmp(text, "700", 3) != 0)
			return true;
		text += 2;
	}
	return false;
}

/* "Permission denied" is what a user would say himself. */
static bool has_errno_text(const char *text)
{
	for (int i = 1; i <= ERRNO_MAX; i++) {
		if (i != EACCES && strstr(text, strerror(i)) != NULL)
			return true;
	}
	return false;
}

static void expect_safe(const char *text)
{
	static const char *const inside[] = { "%", "errno", "\\", "HF_", "0x", ".jsonl", "$" };

	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
		EXPECT(strstr(text, inside[i]) == NULL, "users are told: %s", text);
	for (const char *slash = strchr(text, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		EXPECT(strncmp(slash, "/output", 7) == 0, "users are told a path: %s", text);
	EXPECT(!has_number(text), "users are told a number: %s", text);
	EXPECT(!has_errno_text(text), "users are told what the system says: %s", text);
}

START_TEST(every_code_has_a_text_that_is_safe_and_says_what_to_do)
{
	for (size_t i = 0; i < ROWS; i++) {
		session_where("%s", rows[i].name);
		ck_assert_str_ne(hf_error_text(rows[i].code), "");
		ck_assert((hf_error_hint(rows[i].code)[0] != '\0') == (rows[i].code != HF_OK));
		expect_safe(hf_error_text(rows[i].code));
		expect_safe(hf_error_hint(rows[i].code));
	}
}
END_TEST

static bool is_known(int code)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].code == code)
			return true;
	}
	return false;
}

START_TEST(a_code_that_nobody_knows_has_the_text_for_everything_else)
{
	static const int far[] = { INT32_MIN, INT32_MAX };

	for (int code = CODE_MIN; code <= CODE_MAX + 2; code++) {
		int asked = code > CODE_MAX ? far[code - CODE_MAX - 1] : code;

		if (is_known(asked))
			continue;
		ck_assert_str_eq(hf_error_text(asked), hf_error_text(HF_ERR_INTERNAL));
		ck_assert_str_eq(hf_error_hint(asked), hf_error_hint(HF_ERR_INTERNAL));
		ck_assert_int_eq(hf_error_exit(asked), hf_error_exit(HF_ERR_INTERNAL));
	}
}
END_TEST

START_TEST(every_exit_status_is_in_the_manual)
{
	const char *source = getenv("HOLDFAST_SOURCE");
	struct place root = { .sys = sys_posix(), .store = source != NULL ? source : "." };
	struct place_bytes page = place_get(&root, "man/holdfast.1", false);
	const char *section = strstr(page.data, ".Sh EXIT STATUS");
	char *end;

	ck_assert_ptr_nonnull(section);
	end = strstr(section, "\n.Sh ");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	for (size_t i = 0; i < ROWS; i++) {
		char item[16];

		(void)snprintf(item, sizeof item, "\n.It %d\n", rows[i].exit_status);
		ck_assert_msg(strstr(section, item) != NULL, "%s: status %d is not in holdfast.1",
			      rows[i].name, rows[i].exit_status);
		ck_assert_int_eq(hf_error_exit(rows[i].code), rows[i].exit_status);
	}
	place_free(&page);
}
END_TEST

/* ---- What is searched ------------------------------------------------------------ */

static struct secrets *secrets;
static size_t lines;       /* of the log, and details, that were looked at */
static char told[400];     /* the first one with a secret, and that */

static void look_at(const char *text)
{
	char piece[SECRETS_PIECE + 1];

	lines++;
	if (told[0] == '\0' && secrets_in(secrets, text, piece))
		(void)snprintf(told, sizeof told, "\"%s\" in: %s", piece, text);
}

static void look_at_line(void *context, enum hf_log_level level, const char *message)
{
	(void)context;
	(void)level;
	look_at(message);
}

/* What users would be shown for a call, and the detail, which may hold paths and ids. */
static void look_at_failure(int rc, const struct hf_detail *detail)
{
	if (rc == HF_OK)
		return;
	expect_safe(hf_error_text(rc));
	expect_safe(hf_error_hint(rc));
	EXPECT(strstr(hf_error_text(rc), PLANTED) == NULL, "users are told what was planted");
	EXPECT(detail->code == rc, "the detail is that of another call");
	EXPECT(memchr(detail->message, '\0', sizeof detail->message) != NULL &&
		       detail->message[0] != '\0',
	       "there is no detail");
	look_at(detail->message);
	look_at(detail->operation);
}

static void expect_nothing_told(void)
{
	EXPECT(told[0] == '\0', "a secret was told: %s", told);
	told[0] = '\0';
}

/* ---- Everything that fails ------------------------------------------------------- */

static struct walk {
	const struct scenario *scenario;
	struct scene scene;
	struct history history;
	struct fault_plan plan;
	struct fault_trace trace;
} walk;

static void run_once(const struct fault_plan *plan, struct fault_sys *fault)
{
	struct act act = act_begin(&walk.scene.place, &walk.history);

	act_ready(&act, walk.scenario, fault_sys(fault));
	fault_sys_arm(fault, plan);
	walk.scenario->run(&act);
	/* Keys that were only just made are secrets too. */
	secrets_add_keys(secrets, &walk.scene.place);
	look_at_failure(act.rc, &act.detail);
	act_end(&act);
	expect_nothing_told();
}

static void fresh_copy(void)
{
	if (scratch_exists(walk.scene.scratch.fd, "store"))
		scratch_remove(walk.scene.scratch.fd, "store");
	if (walk.scenario->setup != NULL)
		scratch_copy(walk.scene.scratch.fd, "template", walk.scene.scratch.fd, "store");
}

static void point(void *context)
{
	struct fault_sys *fault = fault_sys_new(sys_posix());

	(void)context;
	fresh_copy();
	run_once(&walk.plan, fault);
	EXPECT(fault_sys_fired(fault), "nothing went wrong");
	fault_sys_free(fault);
}

static void prepare(const struct scenario *scenario)
{
	struct place like = { .durability = scenario->durability, .padding = scenario->padding,
			      .threads = 1, .log = look_at_line };
	struct act act;

	walk.scenario = scenario;
	scene_prepare(&walk.scene, &like);
	secrets = secrets_new();
	secrets_add_messages(secrets, 0, SERIALS);
	secrets_add_messages(secrets, HISTORY_BIG, 4);
	session_where("%s, setup", scenario->name);
	if (scenario->setup == NULL)
		return;
	act = act_begin(&walk.scene.place, NULL);
	scenario->setup(&act);
	walk.history = act.history;
	secrets_add_keys(secrets, &walk.scene.place);
	scratch_copy(walk.scene.scratch.fd, "store", walk.scene.scratch.fd, "template");
}

/* Once each is enough: what is said does not depend on how often it is, nor on the level
 * of durability or on padding. */
START_TEST(whatever_fails_no_contents_and_no_keys_are_told)
{
	struct fault_plan nothing = { .kind = FAULT_NONE };
	struct fault_sys *learned;

	if (scenarios[_i].durability != HF_SYNC || scenarios[_i].padding > 1)
		return;
	prepare(&scenarios[_i]);
	fresh_copy();
	learned = fault_sys_new(sys_posix());
	run_once(&nothing, learned);
	walk.trace = fault_sys_trace(learned);
	for (size_t i = 0; i < walk.trace.count; i++) {
		enum fault_call call = walk.trace.calls[i];

		walk.plan = (struct fault_plan){ FAULT_ERRNO, FAULT_ANY, i + 1,
						 fault_call_errnos(call)[0] };
		if (walk.plan.errno_value == 0)
			continue;
		session_where("%s, %s number %zu fails", walk.scenario->name, fault_call_name(call), i + 1);
		(void)session_point(point, NULL);
	}
	fault_sys_free(learned);
	printf("%zu lines: ", lines);
	session_finish(walk.scenario->name, 10);
	secrets_free(secrets);
	scene_close(&walk.scene);
}
END_TEST

/* ---- Everything that is refused -------------------------------------------------- */

static struct scene scene;
static struct hf_detail detail;

/* A call that must be refused. */
static void refused(int rc, int wanted, const char *what)
{
	EXPECT(rc == wanted, "%s gave %s: %s", what, hf_error_name(rc), detail.message);
	look_at_failure(rc, &detail);
	memset(&detail, 0, sizeof detail);
}

static int append(struct hf_session *session, const char *type, const char *id, const char *json)
{
	struct hf_append record = { type, id, json, strlen(json) };

	return hf_session_append(session, NULL, &record, 1, &detail, NULL);
}

static int create(const char *id, const char *name, const char *project, const char *config)
{
	struct hf_session_options options = { .id = id, .name = name, .project = project,
					      .config = { config, strlen(config) } };
	struct hf_session *session = NULL;

	return hf_session_create(scene.store, &options, &detail, &session);
}

static void refuse_records(struct hf_session *session)
{
	static const char json[] = "{\"key\":\"" PLANTED "\"";
	struct hf_append_options options = { true, 77 };
	struct hf_append good = { "message", NULL, "\"" PLANTED "\"", sizeof PLANTED + 1 };

	EXPECT_CODE(append(session, "message", "an-id", "\"" PLANTED "\""), HF_OK, "appending");
	refused(append(session, "message", NULL, json), HF_ERR_JSON, "a record that is cut off");
	refused(append(session, "message", NULL, "\"" PLANTED "\x80\""), HF_ERR_JSON,
		"a record that is not UTF-8");
	refused(append(session, "message", NULL, "{\"" PLANTED "\":1,\"" PLANTED "\":2}"), HF_ERR_JSON,
		"a name twice");
	refused(append(session, PLANTED, NULL, "1"), HF_ERR_INVALID, "a type that there is not");
	refused(append(session, "message", "an-id", "\"other " PLANTED "\""), HF_ERR_ID_REUSED,
		"an id again");
	refused(append(session, "config", NULL, "\"" PLANTED "\""), HF_ERR_INVALID,
		"a configuration that is no object");
	refused(hf_session_append(session, &options, &good, 1, &detail, NULL), HF_ERR_CONFLICT,
		"an append that expects something else");
}

static void refuse_labels(struct hf_session *session)
{
	static const char *const tags[] = { PLANTED " with a space" };

	refused(hf_session_tag(session, tags, 1, &detail), HF_ERR_INVALID, "a tag of two words");
	refused(hf_session_rename(session, "\x80" PLANTED, &detail), HF_ERR_INVALID,
		"a name that is not UTF-8");
}

static void refuse_sessions(void)
{
	struct hf_list_options by_project = { .project = PLANTED };
	struct hf_list *list = NULL;
	struct hf_view *view = NULL;
	char found[HF_ID_SIZE];

	refused(create(PLANTED, NULL, NULL, "{}"), HF_ERR_INVALID, "an id that is none");
	refused(create(NULL, NULL, PLANTED, "{}"), HF_ERR_INVALID, "a project that is no path");
	refused(create(NULL, "\x80" PLANTED, NULL, "{}"), HF_ERR_INVALID, "a name that is not UTF-8");
	refused(create(NULL, NULL, NULL, "{\"" PLANTED "\":}"), HF_ERR_JSON, "a configuration");
	refused(hf_session_load(scene.store, PLANTED_ID, &detail, &view), HF_ERR_NOTFOUND, "loading");
	refused(hf_session_find(scene.store, PLANTED, &detail, found), HF_ERR_NOTFOUND, "finding");
	refused(hf_session_trash(scene.store, PLANTED_ID, &detail), HF_ERR_NOTFOUND, "trashing");
	refused(hf_list_open(scene.store, &by_project, &detail, &list), HF_ERR_INVALID, "listing");
}

static void refuse_attempts(void)
{
	int rc;

	for (int i = 0; i < HF_LIMIT_KEY_MAX; i++)
		EXPECT_CODE(hf_limit_take(scene.store, "log in", PLANTED, &detail), HF_OK, "an attempt");
	rc = hf_limit_take(scene.store, "log in", PLANTED, &detail);
	refused(rc, HF_ERR_RATE_LIMITED, "an attempt too many");
}

/* A program that is told no is not told what it gave. Names, paths and ids of sessions may
 * be in the detail; records, and what attempts are counted by, are not. */
START_TEST(what_is_refused_is_not_repeated)
{
	struct place like = { .log = look_at_line };
	struct hf_session *session;

	scene_open(&scene, &like);
	secrets = secrets_new();
	secrets_add(secrets, PLANTED, sizeof PLANTED - 1);
	session = scene_create(&scene, NULL);
	secrets_add_keys(secrets, &scene.place);
	refuse_records(session);
	refuse_labels(session);
	scene_leave(session);
	refuse_sessions();
	refuse_attempts();
	expect_nothing_told();
	ck_assert_uint_gt(lines, 30);
	secrets_free(secrets);
	scene_close(&scene);
}
END_TEST

/* ---- Damaged sessions and keys --------------------------------------------------- */

static void expect_verdict(const char *what)
{
	struct hf_session *session = NULL;
	struct hf_view *view = NULL;
	int rc = hf_session_open(scene.store, scene.history.id, NULL, &detail, &session);

	session_where("%s", what);
	look_at_failure(rc, &detail);
	if (rc == HF_OK)
		scene_leave(session);
	rc = hf_session_resume(scene.store, scene.history.id, NULL, &detail, &session, NULL);
	look_at_failure(rc, &detail);
	if (rc == HF_OK)
		scene_leave(session);
	rc = hf_session_load(scene.store, scene.history.id, &detail, &view);
	look_at_failure(rc, &detail);
	hf_view_close(view);
	expect_nothing_told();
}

START_TEST(what_is_damaged_is_not_repeated_either)
{
	struct place like = { .log = look_at_line, .is_unlimited = true };
	char *log;
	size_t size;

	scene_open(&scene, &like);
	secrets = secrets_new();
	scene_make(&scene, NULL, 0, 6);
	secrets_add_messages(secrets, 0, SERIALS);
	secrets_add_keys(secrets, &scene.place);
	scratch_append(scene.scratch.fd, scene_name(&scene, ".jsonl"), "{\"n\":8,\"at\"", 11);
	expect_verdict("torn");
	log = scratch_get(scene.scratch.fd, scene_name(&scene, ".jsonl"), &size);
	scratch_cut(scene.scratch.fd, scene_name(&scene, ".jsonl"), size / 2);
	expect_verdict("truncated");
	scratch_put(scene.scratch.fd, scene_name(&scene, ".jsonl"), log, size);
	scratch_flip(scene.scratch.fd, scene_name(&scene, ".jsonl"), size / 2, 1);
	expect_verdict("tampered");
	scratch_put(scene.scratch.fd, scene_name(&scene, ".jsonl"), log, size);
	scratch_remove(scene.scratch.fd, scene_name(&scene, ".head"));
	expect_verdict("head missing");
	free(log);
	/* The first line of what is left of the key file is a piece of the key. */
	log = scratch_get(scene.scratch.fd, "store/keys/machine_secret", &size);
	scratch_put(scene.scratch.fd, "store/keys/machine_secret", log, size / 2);
	free(log);
	scratch_remove(scene.scratch.fd, "run/holdfast");
	scene_reopen(&scene);
	expect_verdict("the key is damaged");
	scene_make(&scene, NULL, 0, 1);
	expect_nothing_told();
	ck_assert_uint_gt(lines, 12);
	secrets_free(secrets);
	scene_close(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("safe_texts");
	TCase *texts = runner_cases(suite, "texts", 60);
	TCase *walks = runner_cases(suite, "walks", 200);

	tcase_add_test(texts, every_code_has_a_text_that_is_safe_and_says_what_to_do);
	tcase_add_test(texts, a_code_that_nobody_knows_has_the_text_for_everything_else);
	tcase_add_test(texts, every_exit_status_is_in_the_manual);
	tcase_add_test(texts, what_is_refused_is_not_repeated);
	tcase_add_test(texts, what_is_damaged_is_not_repeated_either);
	tcase_add_loop_test(walks, whatever_fails_no_contents_and_no_keys_are_told, 0,
			    (int)scenario_count);
	return runner_run_in_memory(suite);
}
