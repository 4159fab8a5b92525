/* SPDX-License-Identifier: MIT */
/*
 * The usual scene of a test on the real file system: a scratch directory with a store and a
 * runtime directory, and a session with what is known of it.
 *
 *     static struct scene scene;
 *
 *     scene_open(&scene, NULL);
 *     scene_make(&scene, NULL, 0, 4);              // a session with 4 messages
 *     session = scene_session(&scene);             // opens it for writing
 *     scene_append(&scene, session, 10, 1);
 *     scene_leave(session);
 *     scene_look(&scene, SESSION_WHOLE);           // all that was acknowledged is there
 *     scene_close(&scene);
 *
 * Whatever must succeed and does not is an EXPECT.
 */
#ifndef LIB_SCENE_H
#define LIB_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/scratch.h"
#include "lib/session_check.h"
#include "lib/session_expect.h"

enum { SCENE_PATH_SIZE = 300 };

struct scene {
	struct scratch scratch; /* "store" and "run" are in it */
	char store_path[SCENE_PATH_SIZE];
	char runtime_path[SCENE_PATH_SIZE];
	struct place place;
	struct hf_store *store;
	struct history history; /* of the session that was made last */
};

/* Makes the directories and opens the store. like (NULL: defaults) gives durability,
 * padding and the other members of a place that are no paths. The scene must not move. */
void scene_open(struct scene *scene, const struct place *like);
/* The same without opening, and so without making, the store. */
void scene_prepare(struct scene *scene, const struct place *like);
void scene_close(struct scene *scene);
/* Closes the store and opens it as another process would find it. */
void scene_reopen(struct scene *scene);

/* Makes a session (options may be NULL) and opens it for writing; history is its. */
struct hf_session *scene_create(struct scene *scene, const struct hf_session_options *options);
/* The same with count messages from serial first on, and leaves it. id may be NULL. */
void scene_make(struct scene *scene, const char *id, uint32_t first, size_t count);

/* Opens the session for writing, which must succeed; or tries to. */
struct hf_session *scene_session(struct scene *scene);
int scene_try(const struct scene *scene, uint32_t timeout_ms, struct hf_session **ret_session);
/* Appends messages as one batch with ids. */
void scene_append(struct scene *scene, struct hf_session *session, uint32_t first, size_t count);
void scene_seal(struct hf_session *session);
void scene_leave(struct hf_session *session);

/* Verifies a session by its id. */
struct hf_check scene_verify(const struct scene *scene, const char *id);
/* Reads the session, which must agree with its history and have one of these verdicts
 * (HF_ACCEPT bits). Returns what was found. */
struct session_found scene_look(const struct scene *scene, uint32_t verdicts);

/* "store/sessions/<id><suffix>", relative to the scratch directory. Good until the next
 * call. */
const char *scene_name(const struct scene *scene, const char *suffix);

#endif
