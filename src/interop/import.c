/* SPDX-License-Identifier: MIT */
/* hf_import: finds the sessions and imports one after the other. */
#include "interop/import.h"

#include <string.h>

#include "base/mem.h"
#include "interop/format.h"
#include "interop/import_job.h"
#include "interop/import_walk.h"
#include "store/store.h"

enum { PROGRESS_STEP = 512 << 10, FORMATS_MAX = 64 };

void import_note(const struct import_env *env, const struct hf_import_note *note)
{
	if (env->options->note != NULL)
		env->options->note(env->options->context, note);
}

void import_tell(struct import_env *env, struct hf_import_item *item)
{
	struct hf_import *sum = &env->sum;

	sum->outcomes[item->outcome]++;
	sum->records += item->records;
	sum->messages += item->messages;
	sum->bad += item->bad;
	sum->bytes += item->bytes;
	if (item->outcome == HF_IMPORT_FAILED && env->rc == HF_OK) {
		env->rc = item->error;
		env->first = env->report->detail;
	}
	if (env->options->item != NULL)
		env->options->item(env->options->context, item);
}

/* Tells of bytes done of all; what is found only while reading makes the whole larger. */
static void tell_progress(struct import_env *env, uint64_t done)
{
	if (env->options->progress == NULL || done < env->bytes_told)
		return;
	env->bytes_told = done;
	if (env->bytes_total < done)
		env->bytes_total = done;
	env->options->progress(env->options->context, done, env->bytes_total);
}

void import_progress(struct import_env *env, uint64_t bytes)
{
	uint64_t done = env->bytes_before + bytes;

	if (done >= env->bytes_told + PROGRESS_STEP)
		tell_progress(env, done);
}

/* Tells of what the walk has found and cannot be imported. */
static void tell_found(struct import_env *env, const struct import_found *found)
{
	struct hf_import_item item = {
		.path = found->path,
		.format = "",
		.foreign = "",
		.outcome = found->error == HF_ERR_FOREIGN ? HF_IMPORT_SKIPPED : HF_IMPORT_FAILED,
		.error = found->error,
		.message = found->message,
	};

	report_clear(env->report);
	if (item.outcome == HF_IMPORT_FAILED)
		(void)report_fail(env->report, found->error, "import", "%s", found->message);
	import_tell(env, &item);
}

/* A file that a person has named is of a known format, or the import fails. */
static int check_named(struct import_env *env, const struct import_walk *walk, const char *path)
{
	const struct import_found *first = walk->list;
	bool has_path;

	if (walk->count != 1 || first->error != HF_ERR_FOREIGN || strcmp(first->path, path) != 0)
		return HF_OK;
	has_path = strncmp(first->message, path, strlen(path)) == 0;
	return report_fail(env->report, HF_ERR_FOREIGN, "import", "%s%s%s", has_path ? "" : path,
			   has_path ? "" : ": ", first->message);
}

static void run_all(struct import_env *env, const struct import_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		env->bytes_total += walk->list[i].size;
	for (size_t i = 0; i < walk->count; i++) {
		const struct import_found *found = &walk->list[i];

		if (found->is_beside)
			continue;
		if (found->format == NULL)
			tell_found(env, found);
		else
			job_run(env, found);
	}
	tell_progress(env, env->bytes_total);
}

/* ---- Places ---- */

static int find_place(void *context, const char *path, const char *foreign)
{
	struct import_walk *walk = context;
	int rc = import_walk_find(walk, path);

	(void)foreign;
	/* A place that vanishes is none. */
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* Finds the sessions where the agents keep them. */
static int find_places(struct import_env *env, struct import_walk *walk)
{
	int rc = HF_OK;

	walk->is_quiet = true;
	for (size_t i = 0; rc == HF_OK && env->formats[i] != NULL; i++) {
		const struct format_reader *reader = env->formats[i]->reader;

		if (reader != NULL && reader->places != NULL &&
		    (walk->only == NULL || walk->only == env->formats[i]))
			rc = reader->places(env, find_place, walk);
	}
	return rc;
}

/* ---- The call ---- */

static int find_format(struct import_env *env, struct import_walk *walk)
{
	const char *name = env->options->format;

	if (name == NULL)
		return HF_OK;
	for (size_t i = 0; env->formats[i] != NULL; i++) {
		if (strcmp(env->formats[i]->about.name, name) == 0 &&
		    env->formats[i]->reader != NULL)
			walk->only = env->formats[i];
	}
	if (walk->only == NULL)
		return report_fail(env->report, HF_ERR_FOREIGN, "import",
				   "there is no format %s that can be imported", name);
	return HF_OK;
}

static int import_all(struct import_env *env, const char *path)
{
	struct import_walk walk = { .env = env };
	int rc = find_format(env, &walk);

	if (rc == HF_OK)
		rc = path != NULL ? import_walk_find(&walk, path) : find_places(env, &walk);
	if (rc == HF_OK)
		rc = import_walk_settle(&walk);
	if (rc == HF_OK && path != NULL)
		rc = check_named(env, &walk, path);
	if (rc == HF_OK) {
		run_all(env, &walk);
		rc = env->rc;
		if (rc != HF_OK)
			env->report->detail = env->first;
	}
	import_walk_release(&walk);
	return rc;
}

/* A dry run changes nothing, and needs no store. */
static int check_call(struct import_env *env, const struct hf_import *ret_import)
{
	if (!env->options->dry_run)
		return store_writable(env->store, ret_import, env->report);
	if (env->store != NULL || ret_import == NULL)
		return store_check_call(env->store, ret_import, env->report);
	return HF_OK;
}

int import_with(struct hf_store *store, const struct format *const *formats, const char *path,
		const struct hf_import_options *options, struct hf_detail *detail,
		struct hf_import *ret_import)
{
	static const struct hf_import_options defaults = { 0 };
	struct report report = store_report(store);
	struct import_env env = { .report = &report, .options = options != NULL ? options : &defaults,
				  .store = store, .formats = formats };
	int rc = check_call(&env, ret_import);

	if (rc == HF_OK && path != NULL && path[0] == '\0')
		rc = report_fail(&report, HF_ERR_NOTFOUND, "import", "the path is empty");
	if (rc == HF_OK) {
		env.sys = store != NULL ? store->sys : sys_posix();
		env.record_max = store != NULL ? store->env.max_record_size : HF_RECORD_SIZE_DEFAULT;
		rc = import_all(&env, path);
		*ret_import = env.sum;
	}
	return report_deliver(&report, rc, detail);
}

int hf_import(struct hf_store *store, const char *path, const struct hf_import_options *options,
	      struct hf_detail *detail, struct hf_import *ret_import)
{
	const struct format *formats[FORMATS_MAX + 1] = { NULL };

	for (size_t i = 0; i < FORMATS_MAX && format_get(i) != NULL; i++)
		formats[i] = format_get(i);
	return import_with(store, formats, path, options, detail, ret_import);
}
