/* SPDX-License-Identifier: MIT */
/*
 * Real causes of failure and every call that may meet them: what each call gives while the
 * disk is full or read-only, the store belongs to somebody else, no descriptors are left,
 * or the store was removed; that users are told so in safe words; and that when the cause
 * is gone everything works again and nothing that was acknowledged is lost.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hardship.h"
#include "lib/runner.h"

/* Calls: X(name in capitals, text). Each has a session of its own, if it needs one. */
#define CALLS(X)                                                                            \
	X(STORE, "open the store") X(CREATE, "create") X(APPEND, "append") X(SAVE, "save")       \
	X(SEAL, "close sealed") X(OPEN, "open") X(RESUME, "resume") X(LABEL, "rename")           \
	X(LIST, "list") X(LOAD, "load") X(VERIFY, "verify") X(FIND, "find") X(WHO, "who")        \
	X(TRASH, "trash") X(RESTORE, "restore") X(DELETE, "delete") X(PURGE, "purge")            \
	X(REPAIR, "repair") X(LIMIT, "limit") X(EXAMINE, "examine") X(CLEAN_UP, "clean up")

enum call {
#define CALL(name, text) CALL_##name,
	CALLS(CALL)
#undef CALL
	CALL_COUNT,
};

static const char *const names[] = {
#define CALL_NAME(name, text) text,
	CALLS(CALL_NAME)
#undef CALL_NAME
};

enum { MESSAGES = 3, PART_SIZE = 18 };

static struct scene scene;
static struct history histories[CALL_COUNT];
static struct hf_session *held; /* by a call on an open handle; or NULL */
static struct hf_detail detail;

/* ---- Calls ----------------------------------------------------------------------- */

static void ignore_finding(void *context, const struct hf_finding *finding)
{
	(void)context;
	(void)finding;
}

static int try_store(void)
{
	struct hf_store *store = NULL;
	int rc = place_try(&scene.place, NULL, &detail, &store);

	hf_store_close(store);
	return rc;
}

static int create(struct history *history)
{
	struct hf_session *session = NULL;
	int rc = hf_session_create(scene.store, NULL, &detail, &session);

	if (rc != HF_OK)
		return rc;
	memcpy(history->id, hf_session_id(session), sizeof history->id);
	history->kept.count = 0;
	scene_leave(session);
	return rc;
}

static int open_and_leave(const struct history *history)
{
	struct hf_session *session = NULL;
	int rc = hf_session_open(scene.store, history->id, NULL, &detail, &session);

	if (rc == HF_OK)
		scene_leave(session);
	return rc;
}

static int resume(const struct history *history)
{
	struct hf_session *session = NULL;
	int rc = hf_session_resume(scene.store, history->id, NULL, &detail, &session, NULL);

	if (rc == HF_OK)
		scene_leave(session);
	return rc;
}

static int list(void)
{
	struct hf_list *found = NULL;
	struct hf_entry entry;
	int rc = hf_list_open(scene.store, NULL, &detail, &found);

	while (rc == HF_OK && (rc = hf_list_next(found, &entry)) == HF_OK) {
		/* What cannot be read of one session is told of that session. */
		if (entry.error != HF_OK)
			rc = entry.error;
	}
	hf_list_close(found);
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

static int load(const struct history *history)
{
	struct hf_view *view = NULL;
	int rc = hf_session_load(scene.store, history->id, &detail, &view);

	hf_view_close(view);
	return rc;
}

static int who(const struct history *history)
{
	struct hf_holder holder;

	return hf_session_who(scene.store, history->id, &detail, &holder);
}

static void note_failure(void *context, const struct hf_cleanup_item *item)
{
	int *error = context;

	if (item->outcome == HF_CLEANUP_FAILED ||
	    (item->outcome == HF_CLEANUP_KEPT && strcmp(item->reason, "unreadable") == 0))
		*error = item->error;
}

/* Cleans up the trash. What cannot be removed is told of that session. */
static int clean_up(void)
{
	struct hf_cleanup_options options = { .trash = true };
	struct hf_cleanup done;
	int error = HF_OK;
	int rc = hf_store_cleanup(scene.store, &options, note_failure, &error, &detail, &done);

	if (rc == HF_OK)
		detail.code = error;
	return detail.code;
}

static bool is_held_call(enum call call)
{
	return call == CALL_APPEND || call == CALL_SAVE || call == CALL_LABEL || call == CALL_SEAL;
}

static int take(enum call call)
{
	return hf_session_open(scene.store, histories[call].id, NULL, &detail, &held);
}

static void give_back(void)
{
	(void)hf_session_close(held, HF_CLOSE_LEAVE, NULL);
	held = NULL;
}

/* Calls on a session that is open, or must be opened for them. */
static int do_held(enum call call)
{
	struct history *history = &histories[call];
	struct hf_session *session;
	int rc = held == NULL ? take(call) : HF_OK;

	if (rc != HF_OK)
		return rc;
	switch (call) {
	case CALL_APPEND:
		return history_append(history, held, HISTORY_BIG, 2, true, &detail);
	case CALL_SAVE:
		return history_save(history, held, HISTORY_BIG + 10, 2, &detail);
	case CALL_LABEL:
		return hf_session_rename(held, "another", &detail);
	default:
		session = held;
		held = NULL;
		return hf_session_close(session, HF_CLOSE_SEAL, &detail);
	}
}

static int do_by_id(enum call call, const char *id)
{
	char found[HF_ID_SIZE];
	char part[PART_SIZE + 1];
	struct hf_check check;

	switch (call) {
	case CALL_FIND:
		(void)snprintf(part, sizeof part, "%s", id);
		return hf_session_find(scene.store, part, &detail, found);
	case CALL_VERIFY:
		return hf_session_verify(scene.store, id, NULL, NULL, &detail, &check);
	case CALL_TRASH:
		return hf_session_trash(scene.store, id, &detail);
	case CALL_RESTORE:
		return hf_session_restore(scene.store, id, &detail);
	case CALL_DELETE:
		return hf_session_delete(scene.store, id, &detail);
	case CALL_PURGE:
		return hf_session_purge(scene.store, id, &detail);
	case CALL_REPAIR:
		return hf_session_repair(scene.store, id, 0, false, &detail, NULL);
	default:
		return hf_limit_take(scene.store, "log in", id, &detail);
	}
}

static int do_call(enum call call)
{
	struct history *history = &histories[call];

	memset(&detail, 0, sizeof detail);
	switch (call) {
	case CALL_STORE:
		return try_store();
	case CALL_CREATE:
		return create(history);
	case CALL_APPEND:
	case CALL_SAVE:
	case CALL_SEAL:
	case CALL_LABEL:
		return do_held(call);
	case CALL_OPEN:
		return open_and_leave(history);
	case CALL_RESUME:
		return resume(history);
	case CALL_LIST:
		return list();
	case CALL_LOAD:
		return load(history);
	case CALL_WHO:
		return who(history);
	case CALL_EXAMINE:
		return hf_store_examine(scene.store, ignore_finding, NULL, &detail);
	case CALL_CLEAN_UP:
		return clean_up();
	default:
		return do_by_id(call, history->id);
	}
}

/* ---- Causes ---------------------------------------------------------------------- */

#define BIT(call) (1u << CALL_##call)
#define READING (BIT(LIST) | BIT(LOAD) | BIT(VERIFY) | BIT(FIND) | BIT(WHO) | BIT(EXAMINE))

struct cause {
	const char *name;
	int code;         /* what the calls give that fail of it */
	const char *text; /* what users are told */
	uint32_t works;   /* bits of the calls that do not need what is wanting */
	bool closes;      /* no handle outlives it */
	bool (*begin)(void);
	void (*impose)(void);
	void (*lift)(void);
	void (*end)(void);
};

static bool begin_tmpfs(void)
{
	return hardship_mount(&scene, HARDSHIP_TMPFS, NULL);
}

static bool begin_ext4(void)
{
	return hardship_mount(&scene, HARDSHIP_EXT4, NULL);
}

static bool begin_plain(void)
{
	scene_prepare(&scene, NULL);
	return true;
}

static bool begin_nobody(void)
{
	scene_prepare(&scene, NULL);
	hf_store_close(place_open(&scene.place));
	return hardship_nobody(&scene);
}

static void end_disk(void)
{
	hardship_unmount(&scene);
}

static void end_plain(void)
{
	scene_close(&scene);
}

static void fill(void)
{
	hardship_fill(&scene);
}

static void empty(void)
{
	hardship_empty(&scene);
}

static void make_read_only(void)
{
	EXPECT(hardship_read_only(&scene, true), "the disk is busy");
}

static void make_writable(void)
{
	EXPECT(hardship_read_only(&scene, false), "the disk stays read-only");
}

static void take_descriptors(void)
{
	hardship_files(0);
}

static void take_away(void)
{
	hardship_remove(&scene);
}

static void bring_back(void)
{
	hardship_bring_back(&scene);
}

static void change_modes(mode_t mode)
{
	static const char *const dirs[] = { "sessions", "trash", "quarantine" };
	char path[SCENE_PATH_SIZE + 16];

	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", scene.store_path, dirs[i]);
		ck_assert_int_eq(chmod(path, mode), 0);
	}
}

static void forbid_everything(void)
{
	change_modes(0000);
}

static void forbid_writing(void)
{
	change_modes(0500);
}

static void allow_everything(void)
{
	change_modes(0700);
}

/* A full disk still has room at the end of files; and what frees space must go. */
#define WORKS_WHEN_FULL                                                                      \
	(READING | BIT(STORE) | BIT(OPEN) | BIT(SEAL) | BIT(LABEL) | BIT(REPAIR) | BIT(DELETE) |  \
	 BIT(PURGE) | BIT(CLEAN_UP))

static const struct cause causes[] = {
	{ "a full tmpfs", HF_ERR_NOSPACE, "There is no space left on the storage.", WORKS_WHEN_FULL,
	  false, begin_tmpfs, fill, empty, end_disk },
	{ "a full ext4", HF_ERR_NOSPACE, "There is no space left on the storage.", WORKS_WHEN_FULL,
	  false, begin_ext4, fill, empty, end_disk },
	{ "a read-only disk", HF_ERR_READONLY, "The storage is read-only.", READING | BIT(STORE), true,
	  begin_tmpfs, make_read_only, make_writable, end_disk },
	/* What is counted stands beside them. */
	{ "directories that are closed", HF_ERR_DENIED, "Permission denied.", BIT(LIMIT), false,
	  begin_nobody, forbid_everything, allow_everything, end_plain },
	/* Files that are there may be written to. */
	{ "directories that may not be written to", HF_ERR_DENIED, "Permission denied.",
	  READING | BIT(STORE) | BIT(LIMIT) | BIT(APPEND) | BIT(SEAL) | BIT(LABEL) | BIT(OPEN) |
		  BIT(RESUME) | BIT(REPAIR),
	  false, begin_nobody, forbid_writing, allow_everything, end_plain },
	{ "no descriptors", HF_ERR_FILES, "Too many files are open.",
	  BIT(APPEND) | BIT(SEAL) | BIT(LABEL), false, begin_plain, take_descriptors,
	  hardship_files_again, end_plain },
	/* A new store may be made in its place. */
	{ "a store that was removed", HF_ERR_IO, "The storage reported an input/output error.",
	  BIT(STORE), true, begin_plain, take_away, bring_back, end_plain },
};
enum { CAUSE_COUNT = sizeof causes / sizeof causes[0] };

/* ---- The test -------------------------------------------------------------------- */

static void make_sessions(void)
{
	scene.store = place_open(&scene.place);
	for (int i = 0; i < CALL_COUNT; i++) {
		scene_make(&scene, NULL, 0, MESSAGES);
		histories[i] = scene.history;
		if (i == CALL_RESTORE || i == CALL_PURGE || i == CALL_CLEAN_UP)
			EXPECT_CODE(hf_session_trash(scene.store, scene.history.id, NULL), HF_OK, "trashing");
	}
}

static void expect_told(const struct cause *cause, int rc)
{
	/* Of a session that is gone with its store that too is true. */
	if (cause->impose == take_away && rc == HF_ERR_NOTFOUND)
		return;
	EXPECT(rc == cause->code, "gave %s: %s: %s", hf_error_name(rc), detail.operation,
	       detail.message);
	EXPECT(detail.code == rc, "the detail says %s", hf_error_name(detail.code));
	EXPECT(strcmp(hf_error_text(rc), cause->text) == 0, "users are told: %s", hf_error_text(rc));
}

/* True if what a call was to do is done, so that it cannot be done again. */
static bool is_done(enum call call)
{
	return call == CALL_DELETE || call == CALL_PURGE || call == CALL_CLEAN_UP;
}

/* What is tried at one point. */
struct trial {
	const struct cause *cause;
	enum call call;
};

static void try_call(void *context)
{
	const struct cause *cause = ((struct trial *)context)->cause;
	enum call call = ((struct trial *)context)->call;
	bool works = (cause->works & 1u << call) != 0;
	int rc;

	session_where("%s: %s", cause->name, names[call]);
	if (is_held_call(call) && !cause->closes)
		EXPECT_CODE(take(call), HF_OK, "opening");
	cause->impose();
	rc = do_call(call);
	cause->lift();
	if (works)
		EXPECT(rc == HF_OK, "gave %s: %s: %s", hf_error_name(rc), detail.operation,
		       detail.message);
	else
		expect_told(cause, rc);
	give_back();
	if (cause->closes)
		scene_reopen(&scene);
	session_where("after %s: %s", cause->name, names[call]);
	rc = works && is_done(call) ? HF_OK : do_call(call);
	EXPECT(rc == HF_OK, "gave %s: %s: %s", hf_error_name(rc), detail.operation, detail.message);
	give_back();
	/* Out of the way of a clean-up of the trash. */
	if (call == CALL_TRASH)
		EXPECT_CODE(do_by_id(CALL_RESTORE, histories[call].id), HF_OK, "restoring");
}

/* All that was acknowledged is there, and what was removed is gone. */
static void look_at(void *context)
{
	enum call call = ((struct trial *)context)->call;
	struct hf_view *view = NULL;
	struct history_run seen;
	int rc;

	session_where("afterwards, the session of \"%s\"", names[call]);
	rc = hf_session_load(scene.store, histories[call].id, &detail, &view);
	EXPECT_CODE(rc, is_done(call) ? HF_ERR_NOTFOUND : HF_OK, "loading");
	if (rc != HF_OK)
		return;
	EXPECT(hf_view_check(view)->verdict == HF_INTACT, "it is %s",
	       hf_verdict_name(hf_view_check(view)->verdict));
	history_read(view, &seen);
	history_match(&histories[call], &seen, false);
	hf_view_close(view);
}

START_TEST(every_call_tells_the_cause_and_works_when_it_is_gone)
{
	const struct cause *cause = &causes[_i];
	struct trial trial = { .cause = cause };

	if (!cause->begin())
		return;
	make_sessions();
	for (int i = 0; i < CALL_COUNT; i++) {
		trial.call = (enum call)i;
		(void)session_point(try_call, &trial);
	}
	scene_reopen(&scene);
	for (int i = 0; i < CALL_COUNT; i++) {
		trial.call = (enum call)i;
		(void)session_point(look_at, &trial);
	}
	cause->end();
	session_finish(cause->name, (size_t)CALL_COUNT * 2);
}
END_TEST

/* What is written to files without a name would be lost with the process. */
START_TEST(a_handle_whose_store_was_removed_acknowledges_nothing)
{
	struct hf_append record = { "message", NULL, "1", 1 };
	struct hf_session *session;
	int rc;

	scene_open(&scene, NULL);
	session = scene_create(&scene, NULL);
	scene_append(&scene, session, 0, MESSAGES);
	scratch_remove(scene.scratch.fd, "store");
	rc = _i == 0 ? hf_session_append(session, NULL, &record, 1, &detail, NULL) :
		       hf_session_save(session, NULL, &record, 1, &detail);
	EXPECT(rc == HF_ERR_IO || rc == HF_ERR_BUSY, "gave %s: %s", hf_error_name(rc), detail.message);
	rc = hf_session_append(session, NULL, &record, 1, NULL, NULL);
	EXPECT(rc == HF_ERR_POISONED || rc == HF_ERR_BUSY, "appending again gave %s",
	       hf_error_name(rc));
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_ERR_POISONED, "closing");
	/* The next program finds a place to begin anew. */
	scene_reopen(&scene);
	scene_make(&scene, NULL, 0, MESSAGES);
	(void)scene_look(&scene, SESSION_WHOLE);
	scene_close(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash_causes");
	TCase *cases = runner_cases(suite, "causes", 120);

	tcase_add_loop_test(cases, every_call_tells_the_cause_and_works_when_it_is_gone, 0,
			    CAUSE_COUNT);
	tcase_add_loop_test(cases, a_handle_whose_store_was_removed_acknowledges_nothing, 0, 2);
	return runner_run(suite);
}
