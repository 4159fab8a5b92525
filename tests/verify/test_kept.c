/* SPDX-License-Identifier: MIT */
/*
 * Goal: how a session is kept (closed or not, its name, tags and pin, its project and where
 * that was) follows from its records in one way. Method: a session is labelled, moved,
 * closed and saved; after each step the second verifier folds its log, which must say what
 * the head says, and what the library reads, and what stands here.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holdfast.h"
#include "json/write.h"
#include "lib/scratch.h"
#include "store/session.h"
#include "verify/peer.h"

#define ID "0195d3a0-1111-4222-8333-444455556666"

struct fixture {
	struct scratch scratch;
	struct hf_store *store;
	struct peer peer;
	char path[300];
};

/* What the library reads of it in the log, in the words of the other. former: how many paths
 * there should be. */
static void describe_kept(struct fixture *f, unsigned former, char answer[ANSWER_SIZE])
{
	struct hf_view *view = NULL;
	const struct hf_info *info;

	ck_assert_int_eq(hf_session_load(f->store, ID, NULL, &view), HF_OK);
	info = hf_view_info(view);
	(void)snprintf(answer, ANSWER_SIZE, "%d %d|%.*s|%.*s|%.*s|%u", info->closed, info->pinned,
		       (int)info->name.size, info->name.data, (int)info->project.size,
		       info->project.data, (int)info->tags.size, info->tags.data, former);
	hf_view_close(view);
}

struct step {
	const char *type;  /* of a record to append; or "seal", "move", "save" */
	const char *json;
	const char *is_now;
	unsigned former;
};

static const struct step steps[] = {
	{ "message", "1", "0 0|name|/a||0", 0 },
	{ "tags", "{\"tags\":[\"a\",\"\\u00e9\"]}", "0 0|name|/a|a \xc3\xa9|0", 0 },
	{ "seal", NULL, "1 0|name|/a|a \xc3\xa9|0", 0 },
	{ "pin", "{\"pinned\":true}", "1 1|name|/a|a \xc3\xa9|0", 0 },
	{ "rename", "{\"name\":\"\\ud83d\\ude00\"}", "1 1|\xf0\x9f\x98\x80|/a|a \xc3\xa9|0", 0 },
	{ "tags", "{\"tags\":[\"b\"]}", "1 1|\xf0\x9f\x98\x80|/a|b|0", 0 },
	{ "seal", NULL, "1 1|\xf0\x9f\x98\x80|/a|b|0", 0 },
	{ "move", "/b", "0 1|\xf0\x9f\x98\x80|/b|b|1", 1 },
	{ "seal", NULL, "1 1|\xf0\x9f\x98\x80|/b|b|1", 1 },
	{ "message", "2", "0 1|\xf0\x9f\x98\x80|/b|b|1", 1 },
	{ "save", "/c", "0 1|\xf0\x9f\x98\x80|/c|b|2", 2 },
	{ "move", "/\\d", "0 1|\xf0\x9f\x98\x80|/\\d|b|3", 3 },
	{ "move", "/a", "0 1|\xf0\x9f\x98\x80|/a|b|4", 4 },
	{ "move", "/b", "0 1|\xf0\x9f\x98\x80|/b|b|4", 4 },
	{ "move", "/e", "0 1|\xf0\x9f\x98\x80|/e|b|4", 4 },
	{ "save", NULL, "0 1|\xf0\x9f\x98\x80|/e|b|4", 4 },
	{ "move", "/f", "0 1|\xf0\x9f\x98\x80|/f|b|5", 5 },
	{ "move", "/g", "0 1|\xf0\x9f\x98\x80|/g|b|6", 6 },
	{ "move", "/h", "0 1|\xf0\x9f\x98\x80|/h|b|7", 7 },
	{ "move", "/i", "0 1|\xf0\x9f\x98\x80|/i|b|8", 8 },
	{ "move", "/j", "0 1|\xf0\x9f\x98\x80|/j|b|8", 8 },
	{ "save", "/k", "0 1|\xf0\x9f\x98\x80|/k|b|8", 8 },
	{ "pin", "{\"pinned\":false}", "0 0|\xf0\x9f\x98\x80|/k|b|8", 8 },
	{ "tags", "{\"tags\":[]}", "0 0|\xf0\x9f\x98\x80|/k||8", 8 },
};

static struct hf_session *open_session(struct fixture *f)
{
	struct hf_session *session = NULL;

	ck_assert_int_eq(hf_session_open(f->store, ID, NULL, NULL, &session), HF_OK);
	return session;
}

/* Moves the project as a resume does. */
static void move_to(struct fixture *f, const char *project)
{
	struct resume_place place = { .moved_to = project };
	struct hf_session *session = open_session(f);
	struct hf_view *view = NULL;
	struct buffer current = BUFFER_INIT(1000);
	struct hf_slice old;

	ck_assert_int_eq(hf_session_load(f->store, ID, NULL, &view), HF_OK);
	old = hf_view_info(view)->project;
	ck_assert_int_eq(json_put_string(&current, old.data, old.size), HF_OK);
	hf_view_close(view);
	ck_assert_int_eq(writer_resume(session->writer, &place,
				       (struct hf_slice){ current.data, current.size }), HF_OK);
	buffer_release(&current);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
}

/* Carries out a step; the session is opened anew for each, so that nothing is remembered. */
static void take_step(struct fixture *f, const struct step *step)
{
	struct hf_append record = { step->type, NULL, step->json,
				    step->json != NULL ? strlen(step->json) : 0 };
	struct hf_append saved = { "message", NULL, "1", 1 };
	struct hf_session_options options = { .project = step->json };
	bool is_seal = strcmp(step->type, "seal") == 0;
	struct hf_session *session;
	int rc = HF_OK;

	if (strcmp(step->type, "move") == 0) {
		move_to(f, step->json);
		return;
	}
	session = open_session(f);
	if (strcmp(step->type, "save") == 0)
		rc = hf_session_save(session, &options, &saved, 1, NULL);
	else if (!is_seal)
		rc = hf_session_append(session, NULL, &record, 1, NULL, NULL);
	ck_assert_int_eq(rc, HF_OK);
	ck_assert_int_eq(hf_session_close(session, is_seal ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE, NULL),
			 HF_OK);
}

START_TEST(both_agree_on_how_a_session_is_kept)
{
	struct hf_store_options store_options = { .rounds = HF_ROUNDS_MIN, .runtime_dir = "" };
	struct hf_session_options options = { .id = ID, .name = "name", .project = "/a" };
	struct hf_session *session = NULL;
	char ours[ANSWER_SIZE], theirs[ANSWER_SIZE];
	struct fixture f;

	memset(&f, 0, sizeof f);
	f.scratch = scratch_open();
	(void)snprintf(f.path, sizeof f.path, "%s/store", f.scratch.path);
	ck_assert_int_eq(hf_store_open(f.path, &store_options, NULL, &f.store), HF_OK);
	ck_assert_int_eq(hf_session_create(f.store, &options, NULL, &session), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	f.peer = peer_open();
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		take_step(&f, &steps[i]);
		describe_kept(&f, steps[i].former, ours);
		ask(&f.peer, theirs, "kept %s %s", f.path, ID);
		ck_assert_msg(strcmp(ours, steps[i].is_now) == 0, "step %zu: %s", i, ours);
		ck_assert_msg(strcmp(theirs, ours) == 0, "step %zu: C says \"%s\", Python says \"%s\"",
			      i, ours, theirs);
	}
	peer_close(&f.peer);
	hf_store_close(f.store);
	scratch_close(&f.scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kept");
	TCase *kept = tcase_create("kept");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(kept, 60);
	tcase_add_test(kept, both_agree_on_how_a_session_is_kept);
	suite_add_tcase(suite, kept);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
