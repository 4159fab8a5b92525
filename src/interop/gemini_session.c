/* SPDX-License-Identifier: MIT */
/* A session of the Gemini CLI: what its header, its place and its first message say of it. */
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "interop/fact.h"
#include "interop/gemini_message.h"
#include "interop/import.h"
#include "json/read.h"
#include "json/scan.h"

/* ---- The place ---- */

/* The length of path up to the last "/chats/", with its first slash; 0: it has none. */
static size_t project_size(const char *path)
{
	static const char chats[] = "/chats/";
	size_t size = 0;

	for (const char *at = strstr(path, chats); at != NULL; at = strstr(at + 1, chats))
		size = (size_t)(at - path) + 1;
	return size;
}

/* The directory between "chats" and a subagent's file is named by the session it serves. */
static int read_parent(struct gemini *gemini, const char *path)
{
	size_t start = project_size(path) + strlen("chats/");
	const char *slash;

	if (project_size(path) == 0)
		return HF_OK;
	slash = strchr(path + start, '/');
	if (slash == NULL)
		return HF_OK;
	return fact_set_text(&gemini->parent,
			     (struct hf_slice){ path + start, (size_t)(slash - path) - start });
}

/* Reads a small file; the count of its bytes, 0 if it cannot be read. */
static size_t read_small(const struct sys *sys, const char *path, char *bytes, size_t size)
{
	int fd = sys->open_at(sys->context, AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	ssize_t count;

	if (fd < 0)
		return 0;
	count = sys_read_some(sys, fd, bytes, size, 0);
	(void)sys->close(sys->context, fd);
	return count > 0 ? (size_t)count : 0;
}

/* The project's directory is in no session, but newer versions keep it in a file beside the
 * directory of all its sessions. */
static int read_project(struct gemini *gemini, const struct import_env *env, const char *path)
{
	static const char name[] = ".project_root";
	char place[FACT_PATH_SIZE];
	char text[FACT_SIZE_MAX];
	size_t size = project_size(path);

	if (size == 0 || size + sizeof name > sizeof place)
		return HF_OK;
	memcpy(place, path, size);
	memcpy(place + size, name, sizeof name);
	size = read_small(env->sys, place, text, sizeof text);
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	if (size == 0 || text[0] != '/' || memchr(text, '\0', size) != NULL)
		return HF_OK;
	return fact_set_text(&gemini->folder, (struct hf_slice){ text, size });
}

int gemini_places(const struct import_env *env, source_fn each, void *context)
{
	char home[FACT_PATH_SIZE];

	if (!fact_home("GEMINI_CLI_HOME", "", home))
		return HF_OK;
	return fact_place(env, home, "/.gemini/tmp", each, context);
}

/* ---- The session ---- */

int gemini_begin(const struct import_env *env, const char *path, void **ret_state)
{
	struct gemini *gemini = mem_new(1, sizeof *gemini);
	int rc;

	if (gemini == NULL)
		return HF_ERR_NOMEM;
	*gemini = (struct gemini){ .foreign = FACT_INIT, .project = FACT_INIT, .name = FACT_INIT,
				   .parent = FACT_INIT, .folder = FACT_INIT,
				   .scratch = BUFFER_INIT(2 * MESSAGE_SIZE_MAX) };
	rc = read_parent(gemini, path);
	if (rc == HF_OK && env != NULL)
		rc = read_project(gemini, env, path);
	if (rc != HF_OK) {
		gemini_end(gemini);
		return rc;
	}
	*ret_state = gemini;
	return HF_OK;
}

void gemini_end(void *state)
{
	struct gemini *gemini = state;

	if (gemini == NULL)
		return;
	buffer_release(&gemini->foreign);
	buffer_release(&gemini->project);
	buffer_release(&gemini->name);
	buffer_release(&gemini->parent);
	buffer_release(&gemini->folder);
	buffer_release(&gemini->scratch);
	mem_free(gemini);
}

void gemini_facts(void *state, struct session_facts *ret_facts)
{
	const struct gemini *gemini = state;

	*ret_facts = (struct session_facts){
		.foreign = fact_get(&gemini->foreign),
		.project = fact_get(gemini->folder.size > 0 ? &gemini->folder : &gemini->project),
		.name = fact_get(&gemini->name),
		.parent = fact_get(&gemini->parent),
		.created_us = gemini->created_us,
	};
}

int gemini_header(struct gemini *gemini, struct hf_slice header)
{
	int rc = fact_set(&gemini->foreign, fact_member(header, "sessionId"));

	if (rc == HF_OK)
		rc = fact_set(&gemini->name, fact_member(header, "summary"));
	/* Each time it is resumed the program writes a new header with the time of that. */
	if (gemini->created_us == 0)
		gemini->created_us = fact_time(fact_member(header, "startTime"));
	return rc;
}

/* A member's value, empty if it is no short and good JSON. */
static struct hf_slice good_member(struct hf_slice header, const char *name)
{
	struct hf_slice value = fact_member(header, name);

	if (value.size > FACT_SIZE_MAX || json_scan(value.data, value.size, NULL) != HF_OK)
		return (struct hf_slice){ "", 0 };
	return value;
}

int gemini_put_header(struct hf_slice header, struct message_writer *writer)
{
	struct hf_slice hash = good_member(header, "projectHash");

	if (json_kind(hash) != JSON_STRING)
		return HF_OK;
	message_begin(writer, MESSAGE_SYSTEM);
	message_time(writer, good_member(header, "startTime"));
	message_member(writer, "project_hash", hash);
	message_meta(writer);
	return message_end(writer);
}
