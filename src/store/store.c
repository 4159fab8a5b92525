/* SPDX-License-Identifier: MIT */
/* Opening and closing a store. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "log/found.h"
#include "storage/posix.h"
#include "store/marker.h"

enum {
	DEFAULT_THREADS = 2,
	THREADS_MAX = 16,
	DEFAULT_PADDING = 64 << 10,
};

struct report store_report(const struct hf_store *store)
{
	return store != NULL ? report_make(store->log, store->log_context) :
			       report_make(NULL, NULL);
}

int store_id(struct report *report, const char *text, struct storage_id *ret_id)
{
	static const struct storage_id nil;

	if (text == NULL ||
	    !text_get_uuid(text, strnlen(text, TEXT_UUID_SIZE + 1), ret_id->bytes) ||
	    memcmp(ret_id, &nil, sizeof nil) == 0)
		return report_fail(report, HF_ERR_INVALID, "id",
				   "a session's id is a UUID in lower case, and not the nil one");
	return HF_OK;
}

int store_check_call(const struct hf_store *store, const void *argument, struct report *report)
{
	if (store == NULL || argument == NULL)
		return report_fail(report, HF_ERR_INVALID, "call",
				   "an argument is NULL that must not be");
	return HF_OK;
}

int store_writable(const struct hf_store *store, const void *argument, struct report *report)
{
	int rc = store_check_call(store, argument, report);

	if (rc == HF_OK && store->read_only)
		return report_fail(report, HF_ERR_CLOSED, "open", "the store is open for reading");
	return rc;
}

void store_info(const struct head *head, struct hf_info *ret_info)
{
	struct hf_info info = { .generation = head->generation,
				.created_us = head->created_us,
				.updated_us = head->updated_us,
				.records = head->records,
				.messages = head->messages,
				.bytes = head->offset };

	text_put_uuid(head->session, info.id);
	memcpy(info.key_id, head->key_id, sizeof head->key_id);
	info.name = (struct hf_slice){ head->name, head->name_size };
	info.project = (struct hf_slice){ head->project, head->project_size };
	info.first_words = (struct hf_slice){ head->words, head->words_size };
	info.closed = (head->flags & FORMAT_HEAD_SEALED) != 0;
	info.weak = keyring_is_weak(head->key_id);
	info.pinned = (head->flags & FORMAT_HEAD_PINNED) != 0;
	info.tags = (struct hf_slice){ head->tags, head->tags_size };
	*ret_info = info;
}

static int check_options(struct report *report, const struct hf_store_options *options)
{
	if (options->rounds != 0 &&
	    (options->rounds < HF_ROUNDS_MIN || options->rounds > HF_ROUNDS_MAX))
		return report_fail(report, HF_ERR_INVALID, "open", "rounds: %u is out of bounds",
				   (unsigned)options->rounds);
	if (options->max_record_size > HF_RECORD_SIZE_LIMIT || options->padding > HF_PADDING_MAX ||
	    options->threads > THREADS_MAX)
		return report_fail(report, HF_ERR_INVALID, "open", "a limit is out of bounds");
	if (options->durability != HF_SYNC && options->durability != HF_OS &&
	    options->durability != HF_STRICT)
		return report_fail(report, HF_ERR_INVALID, "open", "there is no such durability");
	return HF_OK;
}

/* Opens a directory, making it first if that is wanted. *ret_fd is -1 if it is not there
 * and not wanted. */
static int open_dir(const struct sys *sys, struct report *report, int at_fd, const char *path,
		    bool make, int *ret_fd)
{
	int made = make ? sys->mkdir_at(sys->context, at_fd, path, 0700) : -EEXIST;
	int fd;

	if (made < 0 && made != -EEXIST && made != -EROFS && made != -ENOTDIR)
		return report_errno(report, -made, "mkdir", path);
	fd = sys->open_at(sys->context, at_fd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -ENOENT && !make) {
		*ret_fd = -1;
		return HF_OK;
	}
	if (fd == -ENOTDIR)
		return report_fail(report, HF_ERR_FORMAT, "open", "%s: is not a directory", path);
	if (fd == -ENOENT && made == -EROFS)
		return report_errno(report, EROFS, "mkdir", path);
	if (fd < 0)
		return report_errno(report, -fd, "open", path);
	*ret_fd = fd;
	return HF_OK;
}

static struct keyring_options keyring_options(const struct hf_store_options *options)
{
	struct keyring_options keys = { .read_only = options->read_only };
	const char *runtime_dir = options->runtime_dir;

	/* Only a program that changes its environment while it opens stores could suffer. */
	if (runtime_dir == NULL)
		runtime_dir = getenv("XDG_RUNTIME_DIR"); /* NOLINT(concurrency-mt-unsafe) */
	if (runtime_dir != NULL && runtime_dir[0] == '/')
		keys.runtime_dir = runtime_dir;
	keys.rounds = options->rounds != 0 ? options->rounds : HF_ROUNDS_DEFAULT;
	return keys;
}

static int open_keyring(struct hf_store *store, struct report *report,
			const struct hf_store_options *options)
{
	struct keyring_options keys = keyring_options(options);
	const char *key_dir = options->key_dir != NULL ? options->key_dir : "keys";
	int fd = -1;
	int rc;

	rc = open_dir(store->sys, report,
		      options->key_dir != NULL ? AT_FDCWD : store->dir_fd, key_dir,
		      !options->read_only, &fd);
	keys.dir_denied = rc == HF_ERR_DENIED;
	if (rc == HF_ERR_NOTFOUND)
		return report_fail(report, HF_ERR_INVALID, "open",
				   "%s: cannot be made: there is no directory to make it in", key_dir);
	if (rc == HF_OK && fd >= 0 && !options->read_only)
		rc = marker_sync_parent(store->sys, report, fd, "machine_secret");
	if (rc != HF_OK && !keys.dir_denied)
		goto out;
	rc = keyring_open(store->sys, report, fd, store->env.store, &keys, &store->keyring);
out:
	if (rc != HF_OK && fd >= 0)
		(void)store->sys->close(store->sys->context, fd);
	return rc;
}

static void fill_env(struct hf_store *store, const struct hf_store_options *options)
{
	struct log_env *env = &store->env;

	env->sys = store->sys;
	env->storage = store->storage;
	env->keyring = store->keyring;
	env->durability = options->durability;
	env->max_record_size = options->max_record_size != 0 ? options->max_record_size :
							       (uint32_t)HF_RECORD_SIZE_DEFAULT;
	env->max_session_size = options->max_session_size;
	env->refuse_elsewhere = store_refuse_elsewhere;
	env->owner = store;
	env->padding = options->padding == 0 ? (uint32_t)DEFAULT_PADDING :
		       options->padding == 1 ? 0 : options->padding;
	env->threads = options->threads != 0 ? options->threads : (uint32_t)DEFAULT_THREADS;
	store->capacity = (struct store_capacity){ options->max_sessions, options->auto_cleanup,
						    options->space_reserve };
	store->limit_file = (struct limit_file){
		.sys = store->sys,
		.dir_fd = store->dir_fd,
		.cleanup_interval_ms = store->limits.cleanup_interval_ms,
	};
}

/* Opens what the store consists of. */
static int open_parts(struct hf_store *store, struct report *report, const char *path,
		      const struct hf_store_options *options)
{
	bool make = !options->read_only && !options->must_exist;
	struct storage_posix_options places = {
		.place = STORAGE_POSIX_SESSIONS,
		.missing = options->read_only ? STORAGE_POSIX_EMPTY : STORAGE_POSIX_MAKE,
		.program = store->program,
	};
	int rc = open_dir(store->sys, report, AT_FDCWD, path, make, &store->dir_fd);

	if (rc == HF_OK && store->dir_fd < 0)
		rc = report_fail(report, HF_ERR_NOTFOUND, "open", "%s: there is no store", path);
	if (rc == HF_OK)
		rc = marker_open(store->sys, report, store->dir_fd, make, store->env.store);
	if (rc == HF_OK)
		rc = open_keyring(store, report, options);
	if (rc == HF_OK)
		rc = storage_posix_open(store->sys, report, store->dir_fd, &places,
					&store->storage);
	return rc;
}

/* Gets ready what the trash is opened with when it is needed. */
static int init_trash(struct hf_store *store, const struct hf_store_options *options)
{
	if (pthread_mutex_init(&store->trash_mutex, NULL) != 0)
		return HF_ERR_NOMEM;
	store->has_trash_mutex = true;
	if (options->program == NULL || options->program[0] == '\0')
		return HF_OK;
	store->program = mem_copy_text(options->program);
	return store->program != NULL ? HF_OK : HF_ERR_NOMEM;
}

int store_open_with(const struct sys *sys, const char *path,
		    const struct hf_store_options *options, struct hf_detail *detail,
		    struct hf_store **ret_store)
{
	static const struct hf_store_options defaults = { 0 };
	struct hf_store *store = NULL;
	struct report report;
	int rc;

	if (options == NULL)
		options = &defaults;
	report = report_make(options->log, options->log_context);
	if (path == NULL || path[0] == '\0' || ret_store == NULL) {
		rc = report_fail(&report, HF_ERR_INVALID, "open", "there is no path");
		goto out;
	}
	rc = check_options(&report, options);
	if (rc != HF_OK)
		goto out;
	store = mem_new(1, sizeof *store);
	if (store == NULL) {
		rc = HF_ERR_NOMEM;
		goto out;
	}
	store->sys = sys;
	store->dir_fd = -1;
	store->log = options->log;
	store->log_context = options->log_context;
	store->read_only = options->read_only;
	rc = init_trash(store, options);
	if (rc == HF_OK)
		rc = store_limits_init(&store->limits, &report, options);
	if (rc == HF_OK)
		rc = open_parts(store, &report, path, options);
	if (rc != HF_OK)
		goto out;
	fill_env(store, options);
	*ret_store = store;
	store = NULL;
out:
	hf_store_close(store);
	return report_deliver(&report, rc, detail);
}

int hf_store_open(const char *path, const struct hf_store_options *options,
		  struct hf_detail *detail, struct hf_store **ret_store)
{
	return store_open_with(sys_posix(), path, options, detail, ret_store);
}

void hf_store_close(struct hf_store *store)
{
	if (store == NULL)
		return;
	if (store->trash.storage != NULL)
		store->trash.storage->ops->close(store->trash.storage);
	if (store->storage != NULL)
		store->storage->ops->close(store->storage);
	if (store->has_trash_mutex)
		(void)pthread_mutex_destroy(&store->trash_mutex);
	mem_free(store->program);
	keyring_close(store->keyring);
	store_limits_release(&store->limits);
	if (store->dir_fd >= 0)
		(void)store->sys->close(store->sys->context, store->dir_fd);
	mem_free(store);
}
