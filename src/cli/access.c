/* SPDX-License-Identifier: MIT */
#include "cli/access.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/errors.h"
#include "cli/mend.h"
#include "cli/sessions.h"
#include "cli/store_path.h"
#include "cli/visible.h"

int access_config(struct cli *cli)
{
	struct strbuf text = { 0 };
	int status;
	int rc;

	if (cli->config != NULL)
		return 0;
	(void)store_path_get(cli, &text);
	rc = hf_config_load(text.data, &cli->detail, &cli->config);
	strbuf_clear(&text);
	if (rc == HF_OK || rc == HF_ERR_CONFIG) {
		status = rc == HF_OK ? 0 : errors_report(cli, rc, NULL, NULL);
	} else {
		strbuf_printf(&text, "%s: %s", cli->detail.message, hf_error_text(rc));
		status = errors_report_text(
			cli, rc, text.data,
			"Nothing was changed. Look at that file, then try again.");
	}
	strbuf_release(&text);
	return status;
}

/* Puts the value of an option over a setting. */
static int set_option(struct cli *cli, const char *option, const char *key, const char *value)
{
	int rc = value != NULL ? hf_config_set(cli->config, key, value, &cli->detail) : HF_OK;

	if (rc == HF_ERR_CONFIG)
		return errors_usage(cli, "%s: %s", option, cli->detail.message);
	return rc == HF_OK ? 0 : errors_report(cli, rc, "use the option", option);
}

/* Puts the options that were given over the settings. */
static int set_options(struct cli *cli, const struct access_options *given)
{
	static const char *const levels[] = { "sync", "os", "strict", NULL };
	size_t level = 0;
	int status;

	if (given == NULL)
		return 0;
	if (!options_choice(cli, "--durability", given->durability, levels, &level))
		return hf_error_exit(HF_ERR_INVALID);
	status = set_option(cli, "--durability", "durability", given->durability);
	if (status == 0)
		status = set_option(cli, "--record-size", "max_record_size", given->record_size);
	return status;
}

bool access_wait(const struct cli *cli, const char *wait, uint32_t *ret_wait_ms)
{
	uint64_t wait_ms = hf_config_timeout_ms(cli->config);

	if (!options_number(cli, "--wait", wait, UINT32_MAX, &wait_ms))
		return false;
	*ret_wait_ms = (uint32_t)wait_ms;
	return true;
}

size_t access_record_size(const struct cli *cli)
{
	struct hf_store_options options = { 0 };

	hf_config_apply(cli->config, &options);
	return options.max_record_size;
}

static int report_no_store(struct cli *cli, enum access_mode mode, const char *path)
{
	struct strbuf text = { 0 };
	int status;

	if (mode == ACCESS_MAKE)
		strbuf_printf(&text, "No store can be made at %s: there is no directory to make it in.",
			      path);
	else
		strbuf_printf(&text, "There is no store at %s.", path);
	status = errors_report_text(cli, HF_ERR_NOTFOUND, text.data,
				    mode == ACCESS_MAKE ?
					    "Make that directory, or name another place with --store." :
					    "holdfast new makes one; --store says where else to look.");
	strbuf_release(&text);
	return status;
}

int access_store(struct cli *cli, enum access_mode mode, const struct access_options *options)
{
	struct hf_store_options store_options = { 0 };
	struct strbuf path = { 0 };
	int status = access_config(cli);
	int failure = 0;
	int rc;

	if (status == 0)
		status = set_options(cli, options);
	if (status != 0)
		return status;
	hf_config_apply(cli->config, &store_options);
	store_options.read_only = mode == ACCESS_READ;
	store_options.must_exist = mode != ACCESS_MAKE;
	store_options.log = errors_log;
	store_options.log_context = cli;
	if (!store_path_get(cli, &path))
		return errors_usage(cli, "no store: give --store, or set HOLDFAST_STORE or HOME");
	if (mode == ACCESS_MAKE)
		failure = store_path_make_parents(path.data);
	rc = hf_store_open(path.data, &store_options, &cli->detail, &cli->store);
	if (rc == HF_ERR_NOTFOUND && failure != 0 && failure != ENOENT)
		status = errors_report_errno(cli, failure, "make the store", path.data);
	else if (rc == HF_ERR_NOTFOUND)
		status = report_no_store(cli, mode, path.data);
	else if (rc != HF_OK)
		status = errors_report(cli, rc, "open the store", path.data);
	strbuf_release(&path);
	return status;
}

bool access_store_is_absent(const struct cli *cli)
{
	struct strbuf path = { 0 };
	struct stat status;
	bool absent;

	absent = store_path_get(cli, &path) && stat(path.data, &status) != 0 && errno == ENOENT;
	strbuf_release(&path);
	return absent;
}

bool access_no_store_yet(const struct cli *cli)
{
	return !store_path_is_named(cli) && access_store_is_absent(cli);
}

static void put_candidate(const struct cli *cli, struct json *json, const struct hf_entry *entry)
{
	struct strbuf line = { 0 };

	if (cli->json) {
		json_open(json, '{');
		json_put_text(json, "session", slice_of(entry->info.id));
		json_put_text(json, "name", entry->info.name);
		json_put_time(json, "updated", entry->info.updated_us);
		json_close(json, '}');
		return;
	}
	strbuf_printf(&line, "  %s  ", entry->info.id);
	clock_put_local(&line, entry->info.updated_us);
	strbuf_puts(&line, "  ");
	(void)visible_put_cut(&line, entry->info.name, 40);
	strbuf_puts(&line, "\n");
	strbuf_put(json->out, line.data, line.size);
	strbuf_release(&line);
}

/* The shortest beginning of an id that stands for a session. */
enum { PREFIX_SIZE_MIN = 4 };

/* Whether an entry is meant by text: by the beginning of its id, or by its whole name. */
static bool is_meant(const struct hf_entry *entry, const char *text, bool by_name)
{
	size_t size = strlen(text);

	if (!by_name)
		return size >= PREFIX_SIZE_MIN && strncmp(entry->info.id, text, size) == 0;
	return size > 0 && entry->info.name.size == size &&
	       memcmp(entry->info.name.data, text, size) == 0;
}

/* Puts those of the sessions that text means, and the id of the last one; returns how many. */
static size_t put_meant(const struct cli *cli, struct json *json, const struct sessions *sessions,
			const char *text, char ret_id[HF_ID_SIZE])
{
	size_t count = 0;

	for (int by_name = 0; by_name <= 1 && count == 0; by_name++) {
		for (size_t i = 0; i < sessions->count; i++) {
			const struct hf_entry *entry = &sessions->rows[i].entry;

			if (!is_meant(entry, text, by_name == 1))
				continue;
			put_candidate(cli, json, entry);
			memcpy(ret_id, entry->info.id, HF_ID_SIZE);
			count++;
		}
	}
	return count;
}

/*
 * Looks for text among the sessions of these states. Lists on stderr what it could mean if
 * that is more than one session, after saying so if is_said is false. Returns their number.
 */
static size_t look_among(struct cli *cli, uint32_t states, const char *text, bool is_said,
			 char ret_id[HF_ID_SIZE])
{
	const struct hf_list_options which = { .states = states };
	struct sessions sessions = { 0 };
	struct strbuf out = { 0 };
	struct json json = { .out = &out };
	size_t count = 0;

	if (cli->json) {
		json_open(&json, '{');
		json_open_member(&json, "candidates", '[');
	}
	if (sessions_read(cli, &which, &sessions) == 0)
		count = put_meant(cli, &json, &sessions, text, ret_id);
	if (cli->json) {
		json_close(&json, ']');
		json_close(&json, '}');
		strbuf_puts(&out, "\n");
	}
	if (count > 1 && !is_said)
		(void)errors_report(cli, HF_ERR_AMBIGUOUS, "find session", text);
	if (count > 1)
		errors_print(cli, &out);
	sessions_release(&sessions);
	strbuf_release(&out);
	return count;
}

int access_session(struct cli *cli, const char *text, char ret_id[HF_ID_SIZE])
{
	char id[HF_ID_SIZE];
	int rc = hf_session_find(cli->store, text, &cli->detail, ret_id);
	int status;

	if (rc == HF_OK)
		return 0;
	if (rc == HF_ERR_INVALID)
		return errors_usage(cli,
				    "'%s' is not a session: give its name, its id, or the first "
				    "4 or more characters of that",
				    text);
	status = errors_report(cli, rc, "find session", text);
	if (rc == HF_ERR_AMBIGUOUS && look_among(cli, 0, text, true, id) < 2)
		(void)look_among(cli, 1u << HF_TRASHED, text, true, id);
	return status;
}

int access_trashed(struct cli *cli, const char *text, char ret_id[HF_ID_SIZE])
{
	size_t count = look_among(cli, 1u << HF_TRASHED, text, false, ret_id);

	if (count > 1)
		return hf_error_exit(HF_ERR_AMBIGUOUS);
	return count == 1 ? 0 : access_session(cli, text, ret_id);
}

int access_writer(struct cli *cli, const char *text, const char *wait,
		  struct hf_session **ret_session)
{
	struct hf_open_options options = { 0 };
	char id[HF_ID_SIZE];
	int status;
	int rc;

	if (!access_wait(cli, wait, &options.timeout_ms))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_session(cli, text, id);
	if (status != 0)
		return status;
	rc = hf_session_open(cli->store, id, &options, &cli->detail, ret_session);
	if (rc != HF_OK)
		return mend_report(cli, rc, "write to session", id,
				   "go on with what verifies: holdfast repair");
	return 0;
}

static bool is_utf8(const struct strbuf *text)
{
	uint32_t code_point;
	size_t length;

	for (size_t i = 0; i < text->size; i += length) {
		length = visible_decode(text->data + i, text->size - i, &code_point);
		if (length == 0)
			return false;
	}
	return true;
}

/* Steps over the "." and ".." that path begins with, and takes the latter off directory. */
static const char *step_up(struct strbuf *directory, const char *path)
{
	for (;;) {
		size_t size = strcspn(path, "/");

		if (size == 2 && path[0] == '.' && path[1] == '.') {
			while (directory->size > 1 && directory->data[--directory->size] != '/')
				continue;
		} else if (size > 1 || (size == 1 && path[0] != '.') || path[0] == '\0') {
			return path;
		}
		path += size;
		path += *path == '/';
	}
}

bool access_absolute(const char *path, struct strbuf *ret_path)
{
	char directory[HF_PROJECT_MAX + 1];

	if (path[0] == '/') {
		strbuf_puts(ret_path, path);
		return true;
	}
	if (getcwd(directory, sizeof directory) == NULL || directory[0] != '/')
		return false;
	strbuf_puts(ret_path, directory);
	path = step_up(ret_path, path);
	if (path[0] != '\0')
		strbuf_printf(ret_path, "%s%s", ret_path->size > 1 ? "/" : "", path);
	else
		strbuf_reserve(ret_path, 0);
	ret_path->data[ret_path->size] = '\0';
	return is_utf8(ret_path);
}

/* True if a path has "." or ".." for a name in it. */
static bool has_dots(const char *path)
{
	for (;;) {
		size_t size = strcspn(path, "/");

		if (size > 0 && size <= 2 && strspn(path, ".") == size)
			return true;
		if (path[size] == '\0')
			return false;
		path += size + 1;
	}
}

bool access_project(const struct cli *cli, const char *path, struct strbuf *ret_path)
{
	char resolved[PATH_MAX];

	if (path[0] == '\0') {
		(void)errors_usage(cli, "--project: '' names no directory");
		return false;
	}
	if (!access_absolute(path, ret_path)) {
		(void)errors_usage(cli, "--project: '%s' has no absolute path, or none in UTF-8", path);
		return false;
	}
	if (has_dots(ret_path->data) && realpath(ret_path->data, resolved) != NULL) {
		strbuf_clear(ret_path);
		strbuf_puts(ret_path, resolved);
	}
	/* The store keeps paths without slashes at their end. */
	while (ret_path->size > 1 && ret_path->data[ret_path->size - 1] == '/')
		ret_path->data[--ret_path->size] = '\0';
	return true;
}

int access_create(struct cli *cli, const struct access_new *options,
		  struct hf_session **ret_session)
{
	struct hf_session_options session = { 0 };
	struct strbuf project = { 0 };
	int rc;

	if (options->project != NULL && !access_project(cli, options->project, &project)) {
		strbuf_release(&project);
		return hf_error_exit(HF_ERR_INVALID);
	}
	if (options->project == NULL && !access_absolute(".", &project)) {
		strbuf_clear(&project);
		errors_note(cli, "the current directory cannot be recorded as the project");
	}
	session.id = options->id;
	session.name = options->name;
	session.project = project.size > 0 ? project.data : NULL;
	session.config = slice_of(options->config);
	rc = hf_session_create(cli->store, &session, &cli->detail, ret_session);
	strbuf_release(&project);
	if (rc != HF_OK)
		return errors_report(cli, rc, "make the session", options->id);
	return 0;
}

int access_view(struct cli *cli, const char *text, struct hf_view **ret_view)
{
	char id[HF_ID_SIZE];
	int status = access_session(cli, text, id);
	int rc;

	if (status != 0)
		return status;
	rc = hf_session_load(cli->store, id, &cli->detail, ret_view);
	if (rc != HF_OK)
		return errors_report(cli, rc, "read session", id);
	return 0;
}

int access_view_status(struct cli *cli, const struct hf_view *view)
{
	const struct hf_check *check = hf_view_check(view);
	int error = hf_verdict_error(check->verdict);

	if (check->verdict == HF_INTACT)
		return 0;
	if (check->bad_record >= 0)
		errors_note(cli, "%s: %s (record %lld, byte %lld)", hf_verdict_name(check->verdict),
			    hf_error_text(error), (long long)check->bad_record,
			    (long long)check->bad_offset);
	else
		errors_note(cli, "%s: %s", hf_verdict_name(check->verdict), hf_error_text(error));
	return check->verdict <= HF_TORN ? 0 : hf_error_exit(error);
}
