/* SPDX-License-Identifier: MIT */
#include "cli/access.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/clock.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/store_path.h"
#include "cli/visible.h"

static bool read_options(struct cli *cli, const struct access_options *given,
			 struct hf_store_options *options)
{
	static const char *const levels[] = { "sync", "os", "strict", NULL };
	static const enum hf_durability values[] = { HF_SYNC, HF_OS, HF_STRICT };
	uint64_t record_size = 0;
	size_t level = 0;

	if (given == NULL)
		return true;
	if (!options_choice(cli, "--durability", given->durability, levels, &level) ||
	    !options_number(cli, "--record-size", given->record_size, HF_RECORD_SIZE_LIMIT,
			    &record_size))
		return false;
	options->durability = values[level];
	options->max_record_size = (uint32_t)record_size;
	return true;
}

static int report_no_store(struct cli *cli, const char *path)
{
	struct strbuf text = { 0 };
	int status;

	strbuf_printf(&text, "There is no store at %s.", path);
	status = errors_report_text(cli, HF_ERR_NOTFOUND, text.data,
				    "holdfast new makes one; --store says where else to look.");
	strbuf_release(&text);
	return status;
}

int access_store(struct cli *cli, enum access_mode mode, const struct access_options *options)
{
	struct hf_store_options store_options = { 0 };
	struct strbuf path = { 0 };
	int status = 0;
	int rc;

	store_options.read_only = mode == ACCESS_READ;
	store_options.must_exist = mode != ACCESS_MAKE;
	store_options.log = errors_log;
	store_options.log_context = cli;
	if (!read_options(cli, options, &store_options))
		return hf_error_exit(HF_ERR_INVALID);
	if (!store_path_get(cli, &path))
		return errors_usage(cli, "no store: give --store, or set HOLDFAST_STORE or HOME");
	if (mode == ACCESS_MAKE)
		store_path_make_parents(path.data);
	rc = hf_store_open(path.data, &store_options, &cli->detail, &cli->store);
	if (rc == HF_ERR_NOTFOUND)
		status = report_no_store(cli, path.data);
	else if (rc != HF_OK)
		status = errors_report(cli, rc, "open the store", path.data);
	strbuf_release(&path);
	return status;
}

bool access_no_store_yet(const struct cli *cli)
{
	struct strbuf path = { 0 };
	struct stat status;
	bool absent;

	absent = !store_path_is_named(cli) && store_path_get(cli, &path) &&
		 stat(path.data, &status) != 0 && errno == ENOENT;
	strbuf_release(&path);
	return absent;
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

/* Lists on stderr the sessions that an ambiguous prefix could mean. */
static void put_candidates(struct cli *cli, const char *prefix)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };
	struct hf_list *list = NULL;
	struct hf_entry entry;

	if (hf_list_open(cli->store, &(struct hf_list_options){ .prefix = prefix }, NULL, &list) != HF_OK)
		return;
	if (cli->json) {
		json_open(&json, '{');
		json_open_member(&json, "candidates", '[');
	}
	while (hf_list_next(list, &entry) == HF_OK)
		put_candidate(cli, &json, &entry);
	if (cli->json) {
		json_close(&json, ']');
		json_close(&json, '}');
		strbuf_puts(&text, "\n");
	}
	if (text.size > 0)
		errors_print(&text);
	strbuf_release(&text);
	hf_list_close(list);
}

int access_session(struct cli *cli, const char *prefix, char ret_id[HF_ID_SIZE])
{
	int rc = hf_session_find(cli->store, prefix, &cli->detail, ret_id);
	int status;

	if (rc == HF_OK)
		return 0;
	if (rc == HF_ERR_INVALID)
		return errors_usage(cli,
				    "'%s' is not a session: give its id or the first 4 or more "
				    "characters of it",
				    prefix);
	status = errors_report(cli, rc, "find session", prefix);
	if (rc == HF_ERR_AMBIGUOUS)
		put_candidates(cli, prefix);
	return status;
}

int access_writer(struct cli *cli, const char *prefix, const char *wait,
		  struct hf_session **ret_session)
{
	struct hf_open_options options = { 0 };
	char id[HF_ID_SIZE];
	uint64_t wait_ms = 0;
	int status;
	int rc;

	if (!options_number(cli, "--wait", wait, UINT32_MAX, &wait_ms))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_session(cli, prefix, id);
	if (status != 0)
		return status;
	options.timeout_ms = (uint32_t)wait_ms;
	rc = hf_session_open(cli->store, id, &options, &cli->detail, ret_session);
	if (rc != HF_OK)
		return errors_report(cli, rc, "write to session", id);
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

/* Puts the current directory; nothing if there is none, or if it cannot be recorded. */
static void put_current_directory(const struct cli *cli, struct strbuf *path)
{
	char directory[HF_PROJECT_MAX + 1];

	if (getcwd(directory, sizeof directory) != NULL && directory[0] == '/')
		strbuf_puts(path, directory);
	if (path->size == 0 || !is_utf8(path)) {
		strbuf_clear(path);
		errors_note(cli, "the current directory cannot be recorded as the project");
	}
}

int access_create(struct cli *cli, const struct access_new *options,
		  struct hf_session **ret_session)
{
	struct hf_session_options session = { 0 };
	struct strbuf project = { 0 };
	int rc;

	if (options->project == NULL || options->project[0] != '/')
		put_current_directory(cli, &project);
	if (options->project != NULL && strcmp(options->project, ".") != 0)
		strbuf_printf(&project, "%s%s", project.size > 0 ? "/" : "", options->project);
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

int access_view(struct cli *cli, const char *prefix, struct hf_view **ret_view)
{
	char id[HF_ID_SIZE];
	int status = access_session(cli, prefix, id);
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
