/* SPDX-License-Identifier: MIT */
#include "lib/scene.h"

#include <stdio.h>
#include <string.h>

void scene_prepare(struct scene *scene, const struct place *like)
{
	memset(scene, 0, sizeof *scene);
	scene->scratch = scratch_open();
	(void)snprintf(scene->store_path, sizeof scene->store_path, "%s/store", scene->scratch.path);
	(void)snprintf(scene->runtime_path, sizeof scene->runtime_path, "%s/run", scene->scratch.path);
	scratch_mkdir(scene->scratch.fd, "run");
	if (like != NULL)
		scene->place = *like;
	scene->place.sys = sys_posix();
	scene->place.store = scene->store_path;
	scene->place.runtime = scene->runtime_path;
}

void scene_open(struct scene *scene, const struct place *like)
{
	scene_prepare(scene, like);
	scene->store = place_open(&scene->place);
}

void scene_close(struct scene *scene)
{
	hf_store_close(scene->store);
	scene->store = NULL;
	scratch_close(&scene->scratch);
}

void scene_reopen(struct scene *scene)
{
	hf_store_close(scene->store);
	scene->store = NULL;
	scene->store = place_open(&scene->place);
}

struct hf_session *scene_create(struct scene *scene, const struct hf_session_options *options)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	int rc = hf_session_create(scene->store, options, &detail, &session);

	EXPECT(rc == HF_OK, "creating gave %s: %s", hf_error_name(rc), detail.message);
	memset(&scene->history, 0, sizeof scene->history);
	memcpy(scene->history.id, hf_session_id(session), sizeof scene->history.id);
	scene->history.exists = HISTORY_THERE;
	return session;
}

void scene_make(struct scene *scene, const char *id, uint32_t first, size_t count)
{
	struct hf_session_options options = { .id = id };
	struct hf_session *session = scene_create(scene, &options);

	if (count > 0)
		scene_append(scene, session, first, count);
	scene_leave(session);
}

int scene_try(const struct scene *scene, uint32_t timeout_ms, struct hf_session **ret_session)
{
	struct hf_open_options options = { .timeout_ms = timeout_ms };

	return hf_session_open(scene->store, scene->history.id, &options, NULL, ret_session);
}

struct hf_session *scene_session(struct scene *scene)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	int rc = hf_session_open(scene->store, scene->history.id, NULL, &detail, &session);

	EXPECT(rc == HF_OK, "opening gave %s: %s", hf_error_name(rc), detail.message);
	return session;
}

void scene_append(struct scene *scene, struct hf_session *session, uint32_t first, size_t count)
{
	struct hf_detail detail = { 0 };
	int rc = history_append(&scene->history, session, first, count, true, &detail);

	EXPECT(rc == HF_OK, "appending gave %s: %s", hf_error_name(rc), detail.message);
}

void scene_seal(struct hf_session *session)
{
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
}

void scene_leave(struct hf_session *session)
{
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "leaving");
}

struct hf_check scene_verify(const struct scene *scene, const char *id)
{
	struct hf_check check;

	EXPECT_CODE(hf_session_verify(scene->store, id, NULL, NULL, NULL, &check), HF_OK, "verifying");
	return check;
}

struct session_found scene_look(const struct scene *scene, uint32_t verdicts)
{
	struct session_rules rules = { .verdicts = verdicts };
	struct session_found found;

	session_look(&scene->place, &scene->history, &rules, &found);
	return found;
}

const char *scene_name(const struct scene *scene, const char *suffix)
{
	static char name[120];

	(void)snprintf(name, sizeof name, "store/%s", place_name(scene->history.id, suffix).text);
	return name;
}
