/* SPDX-License-Identifier: MIT */
#include "store/look.h"

#include <string.h>

#include "base/text.h"
#include "log/ends.h"
#include "log/found.h"

/* How often a session is looked at again that somebody is just changing. */
enum { LOOKS_MAX = 4 };

/* What one look is made of. */
struct scene {
	const struct log_env *env;
	struct report *report;
	struct storage_id id;
	bool is_trash;
	bool has_log;      /* as far as is known */
	bool is_steady;    /* what was found is true of one moment */
	struct found_head found;
	uint8_t slots[STORAGE_HEAD_SIZE];
};

static int peek(struct scene *scene, uint8_t slots[static STORAGE_HEAD_SIZE])
{
	struct storage *storage = scene->env->storage;

	return storage->ops->head_peek(storage, scene->report, scene->id, slots);
}

/* Why a session cannot be described by its head, given what came of reading that. */
static int head_error(const struct scene *scene, int rc)
{
	if (rc != HF_OK && rc != HF_ERR_NOTFOUND)
		return rc;
	if (scene->found.is_key_missing)
		return HF_ERR_KEY_MISSING;
	if (!scene->found.is_valid)
		return scene->has_log ? HF_ERR_HEAD_MISSING : HF_ERR_TRUNCATED;
	return scene->has_log ? HF_OK : HF_ERR_TRUNCATED;
}

/* True if a head was read that stands for no session, or no longer. */
static bool is_nothing(const struct scene *scene)
{
	const struct head *head = &scene->found.head;

	return scene->found.is_valid && ((head->flags & FORMAT_HEAD_DELETED) != 0 ||
					 (!scene->has_log && found_is_nothing(head)));
}

static enum hf_state state_at_rest(const struct scene *scene)
{
	if (!scene->found.is_valid)
		return HF_UNKNOWN;
	return (scene->found.head.flags & FORMAT_HEAD_SEALED) != 0 ? HF_CLOSED : HF_INTERRUPTED;
}

/* Nobody holds the session: was that so when its head was as it was read? A head only
 * changes while somebody holds the session, so it was if the head is still the same; and
 * nobody writes after a seal, or after leaving the head in both slots, without taking the
 * session anew. */
static bool was_free(struct scene *scene)
{
	uint8_t slots[STORAGE_HEAD_SIZE];

	if (!scene->found.is_valid || state_at_rest(scene) == HF_CLOSED ||
	    found_is_settled(scene->slots, &scene->found.head))
		return true;
	return peek(scene, slots) == HF_OK && memcmp(slots, scene->slots, sizeof slots) == 0;
}

/* Finds out what the session is doing. */
static enum hf_state find_state(struct scene *scene)
{
	struct storage *storage = scene->env->storage;

	scene->is_steady = true;
	if (scene->is_trash)
		return HF_TRASHED;
	/* Whoever takes it after its head was read finds the head as it was read. */
	if (storage->ops->is_locked(storage, scene->id))
		return HF_ACTIVE;
	if (was_free(scene))
		return state_at_rest(scene);
	/* Somebody held it when this head was written, so that too is true of one moment; but
	 * he may be gone by now. */
	scene->is_steady = false;
	return HF_ACTIVE;
}

static int look_once(struct scene *scene, struct look *look)
{
	int rc = peek(scene, scene->slots);

	scene->found.is_valid = false;
	scene->found.is_key_missing = false;
	if (rc == HF_OK)
		rc = found_peek(scene->env, scene->report, scene->id, scene->slots, &scene->found);
	if (rc == HF_ERR_NOMEM || rc == HF_ERR_FILES)
		return rc;
	if ((rc == HF_ERR_NOTFOUND && !scene->has_log) || is_nothing(scene))
		return HF_ERR_NOTFOUND;
	look->error = head_error(scene, rc);
	look->state = find_state(scene);
	return HF_OK;
}

/* True unless the log is known not to be there. */
static bool has_log(const struct scene *scene)
{
	struct storage *storage = scene->env->storage;
	struct storage_log *log = NULL;
	int rc = storage->ops->log_open(storage, scene->report, scene->id, STORAGE_READ, &log);

	if (rc == HF_OK)
		storage->ops->log_close(log);
	return rc != HF_ERR_NOTFOUND;
}

/* A head alone, while the log is in the other place, is what is left of a move. If the log
 * is here, it has only just come. */
static bool is_rest_of_move(struct hf_store *store, struct scene *scene)
{
	const struct log_env *place = NULL;

	if (scene->has_log)
		return false;
	if (store_place(store, scene->report, scene->id, &place) == HF_ERR_NOTFOUND ||
	    (place != NULL && place != scene->env))
		return true;
	scene->has_log = has_log(scene);
	return false;
}

/* Takes what the head tells, or if that tells nothing, the ends of the log. */
static int describe(const struct scene *scene, struct look *look)
{
	int rc = HF_ERR_NOTFOUND;

	if (scene->found.is_valid) {
		look->head = scene->found.head;
		return HF_OK;
	}
	if (scene->has_log)
		rc = ends_read(scene->env, scene->report, scene->id, &look->head);
	if (rc == HF_ERR_NOMEM || rc == HF_ERR_FILES)
		return rc;
	if (rc != HF_OK) {
		memset(&look->head, 0, sizeof look->head);
		memcpy(look->head.session, scene->id.bytes, sizeof look->head.session);
	}
	return HF_OK;
}

/* Looks at the session of a scene. The names were read a while ago: one that came or went
 * since then only seems to lack a part, so that is looked at again. */
static int look_again(struct scene *scene, struct look *look)
{
	int rc;

	for (unsigned count = 1;; count++) {
		report_clear(scene->report);
		rc = look_once(scene, look);
		if (rc != HF_OK || count == LOOKS_MAX)
			return rc;
		if (look->error == HF_ERR_HEAD_MISSING || look->error == HF_ERR_TRUNCATED)
			scene->has_log = has_log(scene);
		else if (scene->is_steady)
			return rc;
	}
}

static int look_closely(struct hf_store *store, struct scene *scene, struct look *look)
{
	int rc = look_again(scene, look);

	if (rc == HF_OK && is_rest_of_move(store, scene))
		return HF_ERR_NOTFOUND;
	if (rc == HF_OK && look->error == HF_ERR_TRUNCATED && scene->has_log)
		rc = look_again(scene, look);
	return rc == HF_OK ? describe(scene, look) : rc;
}

/* The environment of a place; NULL if there is no such place. */
static int find_place(struct hf_store *store, struct report *report, enum look_place place,
		      const struct log_env **ret_env)
{
	*ret_env = &store->env;
	return place == LOOK_TRASH ? store_trash(store, report, false, ret_env) : HF_OK;
}

struct walk {
	struct hf_store *store;
	struct scene scene;
	const char *prefix;
	look_fn seen;
	void *context;
	int rc;
	struct look look;
};

bool look_has_prefix(const uint8_t id[static 16], const char *prefix)
{
	size_t size = prefix != NULL ? strnlen(prefix, TEXT_UUID_SIZE + 1) : 0;
	char text[TEXT_UUID_SIZE];

	if (size == 0)
		return true;
	text_put_uuid(id, text);
	return size <= sizeof text && memcmp(text, prefix, size) == 0;
}

static bool step(void *context, const struct storage_found *found)
{
	struct walk *walk = context;
	int rc;

	if (!look_has_prefix(found->id.bytes, walk->prefix))
		return true;
	walk->scene.id = found->id;
	walk->scene.has_log = found->has_log;
	rc = look_closely(walk->store, &walk->scene, &walk->look);
	if (rc == HF_ERR_NOTFOUND)
		return true;
	walk->rc = rc;
	return rc == HF_OK && walk->seen(walk->context, &walk->look);
}

int look_each(struct hf_store *store, struct report *report, enum look_place place,
	      const char *prefix, look_fn seen, void *context)
{
	struct report own = store_report(store);
	struct walk walk = { .store = store, .prefix = prefix, .seen = seen, .context = context };
	struct storage *storage;
	int rc = find_place(store, report, place, &walk.scene.env);

	if (rc != HF_OK || walk.scene.env == NULL)
		return rc;
	/* What is wrong with one session is no failure of the walk. */
	walk.scene.report = &own;
	walk.scene.is_trash = place == LOOK_TRASH;
	walk.look.is_trash = walk.scene.is_trash;
	storage = walk.scene.env->storage;
	rc = storage->ops->each(storage, report, step, &walk);
	if (rc == HF_OK && walk.rc != HF_OK) {
		report->detail = own.detail;
		rc = walk.rc;
	}
	return rc;
}
