/* SPDX-License-Identifier: MIT */
/* Going on with a session whose program has ended: see hf_session_resume. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "json/read.h"
#include "store/session.h"

enum {
	US_PER_MS = 1000,
	RETRY_US = 20 * US_PER_MS,
	DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY,
};

/* A project's directory, opened. As long as it is, its inode's number is no one else's. */
struct directory {
	int fd; /* -1: the session has no project */
	struct stat stat;
};

static int directory_open(const struct sys *sys, struct report *report, const char *path,
			  struct directory *ret_directory)
{
	struct directory directory = { .fd = -1 };
	int rc;

	directory.fd = sys->open_at(sys->context, AT_FDCWD, path, DIRECTORY_FLAGS, 0);
	if (directory.fd == -ENOENT || directory.fd == -ENOTDIR || directory.fd == -ELOOP)
		return report_fail(report, HF_ERR_PROJECT, "open", "%s: is no directory", path);
	if (directory.fd < 0)
		return report_errno(report, -directory.fd, "open", path);
	rc = sys->stat(sys->context, directory.fd, &directory.stat);
	if (rc < 0) {
		(void)sys->close(sys->context, directory.fd);
		return report_errno(report, -rc, "fstat", path);
	}
	*ret_directory = directory;
	return HF_OK;
}

static void directory_close(const struct sys *sys, struct directory *directory)
{
	if (directory->fd >= 0)
		(void)sys->close(sys->context, directory->fd);
	directory->fd = -1;
}

/* Opens the path once more: it must still lead to the same directory, unchanged. */
static int directory_check(const struct sys *sys, struct report *report, const char *path,
			   const struct directory *first)
{
	struct directory again = { .fd = -1 };
	int rc = directory_open(sys, report, path, &again);

	if (rc == HF_ERR_PROJECT)
		return report_fail(report, HF_ERR_PROJECT_CHANGED, "open", "%s: has gone", path);
	if (rc != HF_OK)
		return rc;
	if (again.stat.st_dev != first->stat.st_dev || again.stat.st_ino != first->stat.st_ino ||
	    again.stat.st_uid != first->stat.st_uid || again.stat.st_mode != first->stat.st_mode)
		rc = report_fail(report, HF_ERR_PROJECT_CHANGED, "fstat",
				 "%s: is not the directory that it was", path);
	directory_close(sys, &again);
	return rc;
}

/* What one resume works with. */
struct resuming {
	struct hf_store *store;
	const struct hf_resume_options *options;
	struct report *report;
	struct hf_session *session;
	struct storage_id id;
	struct checked *checked;
	char current[FORMAT_PROJECT_SIZE_MAX + 1]; /* the project as the log has it, or "" */
	char moved_to[FORMAT_PROJECT_SIZE_MAX + 1]; /* options->project without slashes at its end */
};

/* Whether another path leads to a directory. One that is not there, or is closed to us, leads
 * elsewhere. */
static int leads_to(struct resuming *resuming, const char *path, const struct directory *directory,
		    bool *ret_leads)
{
	const struct sys *sys = resuming->store->sys;
	struct directory other = { .fd = -1 };
	int rc;

	*ret_leads = false;
	other.fd = sys->open_at(sys->context, AT_FDCWD, path, DIRECTORY_FLAGS, 0);
	if (other.fd == -ENOENT || other.fd == -ENOTDIR || other.fd == -ELOOP || other.fd == -EACCES)
		return HF_OK;
	if (other.fd < 0)
		return report_errno(resuming->report, -other.fd, "open", path);
	rc = sys->stat(sys->context, other.fd, &other.stat);
	directory_close(sys, &other);
	if (rc < 0)
		return report_errno(resuming->report, -rc, "fstat", path);
	*ret_leads = other.stat.st_dev == directory->stat.st_dev &&
		     other.stat.st_ino == directory->stat.st_ino;
	return HF_OK;
}

/* HF_ERR_PROJECT_BUSY if an active session's project is this directory, by any path. */
static int check_other(struct resuming *resuming, const struct hf_info *info, const char *path,
		       const struct directory *directory)
{
	char text[FORMAT_PROJECT_SIZE_MAX + 1];
	bool is_same;
	int rc = HF_OK;

	if (info->project.size == 0 || info->project.size >= sizeof text)
		return HF_OK;
	memcpy(text, info->project.data, info->project.size);
	text[info->project.size] = '\0';
	is_same = strcmp(text, path) == 0;
	if (!is_same)
		rc = leads_to(resuming, text, directory, &is_same);
	if (rc == HF_OK && is_same)
		rc = report_fail(resuming->report, HF_ERR_PROJECT_BUSY, "resume",
				 "session %s of the project is active", info->id);
	return rc;
}

/* Looks for an active session of the project, other than this one. */
static int check_alone(struct resuming *resuming, const char *project,
		       const struct directory *directory)
{
	struct hf_list_options options = { .states = 1u << HF_ACTIVE };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	int rc = hf_list_open(resuming->store, &options, &resuming->report->detail, &list);

	while (rc == HF_OK) {
		rc = hf_list_next(list, &entry);
		if (rc == HF_OK && strcmp(entry.info.id, resuming->session->id) != 0)
			rc = check_other(resuming, &entry.info, project, directory);
	}
	hf_list_close(list);
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* Takes the lease and checks the log. */
static int take_session(struct resuming *resuming, uint32_t timeout_ms)
{
	const struct hf_resume_options *options = resuming->options;
	struct check_watch watch = { options->progress, options->progress_context };
	struct writer_open open = { .timeout_ms = timeout_ms,
				    .accept = options->accept,
				    .check_all = true,
				    .watch = &watch,
				    .keep = &resuming->checked };
	struct hf_slice project;
	int rc = session_take(resuming->session, resuming->store, resuming->id, &open,
			      options->repair);

	if (rc != HF_OK)
		return rc;
	project = resuming->checked->scan.fold.project;
	if (json_kind(project) == JSON_STRING &&
	    json_text(project, resuming->current, sizeof resuming->current) >=
		    (int64_t)sizeof resuming->current)
		return report_fail(resuming->report, HF_ERR_INTERNAL, "resume",
				   "the project's path is too long");
	return HF_OK;
}

/* Waits until nobody holds the session, or the time is over. */
static int wait_until_free(struct resuming *resuming, int64_t *left_us)
{
	const struct sys *sys = resuming->store->sys;
	struct storage *storage = resuming->store->storage;

	while (*left_us > 0 && storage->ops->is_locked(storage, resuming->id)) {
		int rc = sys->sleep(sys->context, RETRY_US);

		if (rc < 0)
			return report_errno(resuming->report, -rc, "sleep", NULL);
		*left_us -= RETRY_US;
	}
	return HF_OK;
}

/* Takes it with the store's lock held, which others must not wait for as long as this waits
 * for the session's holder. */
static int take_alone(struct resuming *resuming, struct storage_lock **ret_alone)
{
	int64_t left_us = (int64_t)resuming->options->timeout_ms * US_PER_MS;

	for (;;) {
		struct storage_lock *alone = NULL;
		int rc = wait_until_free(resuming, &left_us);

		if (rc == HF_OK)
			rc = store_lock(resuming->store, resuming->report, &alone);
		if (rc != HF_OK)
			return rc;
		rc = take_session(resuming, 0);
		if (rc != HF_ERR_BUSY || left_us <= 0) {
			*ret_alone = alone;
			return rc;
		}
		/* Somebody else was faster. */
		resuming->store->storage->ops->unlock(alone);
		left_us -= RETRY_US;
	}
}

/* Looks at the project's directory, writes that the session goes on, and looks again. */
static int go_on(struct resuming *resuming)
{
	const struct sys *sys = resuming->store->sys;
	const char *moved_to = resuming->options->project != NULL ? resuming->moved_to : NULL;
	const char *project = moved_to != NULL ? moved_to : resuming->current;
	struct directory directory = { .fd = -1 };
	struct resume_place place = { 0 };
	int rc = HF_OK;

	if (project[0] != '\0')
		rc = directory_open(sys, resuming->report, project, &directory);
	if (rc == HF_OK && resuming->options->one_per_project && project[0] != '\0')
		rc = check_alone(resuming, project, &directory);
	if (rc != HF_OK)
		goto out;
	if (moved_to != NULL && strcmp(moved_to, resuming->current) != 0)
		place.moved_to = moved_to;
	if (directory.fd >= 0) {
		place.has_directory = true;
		place.device = directory.stat.st_dev;
		place.inode = directory.stat.st_ino;
		place.owner = directory.stat.st_uid;
		place.mode = directory.stat.st_mode;
	}
	rc = writer_resume(resuming->session->writer, &place, resuming->checked->scan.fold.project);
	if (rc == HF_OK && directory.fd >= 0)
		rc = directory_check(sys, resuming->report, project, &directory);
out:
	directory_close(sys, &directory);
	return rc;
}

static int check_options(struct report *report, const struct hf_resume_options *options)
{
	if (options->project == NULL)
		return HF_OK;
	if (options->project[0] != '/')
		return report_fail(report, HF_ERR_INVALID, "resume",
				   "the project is not an absolute path");
	if (strnlen(options->project, FORMAT_PROJECT_SIZE_MAX + 1) > FORMAT_PROJECT_SIZE_MAX ||
	    !text_is_utf8(options->project, strlen(options->project)))
		return report_fail(report, HF_ERR_INVALID, "resume",
				   "the project's path is too long, or not UTF-8");
	return HF_OK;
}

/* "/a/" is "/a": paths are compared as they are written. */
static void put_path(const char *path, char ret_path[static FORMAT_PROJECT_SIZE_MAX + 1])
{
	size_t size = text_path_size(path, strlen(path));

	memcpy(ret_path, path, size);
	ret_path[size] = '\0';
}

/* Does it all but the argument checks. On failure the session is let go of; what was
 * repaired and appended stays. */
static int resume(struct resuming *resuming)
{
	struct storage_lock *alone = NULL;
	int rc = store_limit(resuming->store, resuming->report, "resume", resuming->session->id,
			     LIMIT_TAKE);

	/* Two that look for each other at the same time would both be refused. */
	if (rc == HF_OK)
		rc = resuming->options->one_per_project ?
			     take_alone(resuming, &alone) :
			     take_session(resuming, resuming->options->timeout_ms);
	if (rc == HF_OK)
		rc = go_on(resuming);
	if (rc != HF_OK && resuming->session->writer != NULL) {
		struct hf_detail detail = resuming->report->detail;

		(void)writer_close(resuming->session->writer, HF_CLOSE_LEAVE);
		resuming->report->detail = detail;
	}
	/* Not before: whoever comes next must not see a session active that is let go of. */
	resuming->store->storage->ops->unlock(alone);
	return rc;
}

int hf_session_resume(struct hf_store *store, const char *id_text,
		      const struct hf_resume_options *options, struct hf_detail *detail,
		      struct hf_session **ret_session, struct hf_view **ret_view)
{
	static const struct hf_resume_options defaults = { 0 };
	struct report report = store_report(store);
	struct resuming resuming = { .store = store,
				     .options = options != NULL ? options : &defaults };
	struct hf_view *view = NULL;
	int rc = store_writable(store, ret_session, &report);

	if (rc == HF_OK)
		rc = store_id(&report, id_text, &resuming.id);
	if (rc == HF_OK)
		rc = check_options(&report, resuming.options);
	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	resuming.session = session_new(store, resuming.id);
	if (resuming.session == NULL)
		return report_deliver(&report, HF_ERR_NOMEM, detail);
	resuming.report = &resuming.session->report;
	if (resuming.options->project != NULL)
		put_path(resuming.options->project, resuming.moved_to);
	rc = resume(&resuming);
	if (rc == HF_OK && ret_view != NULL) {
		rc = store_view(store, resuming.checked, &view);
		resuming.checked = NULL;
		if (rc != HF_OK)
			(void)writer_close(resuming.session->writer, HF_CLOSE_LEAVE);
	}
	check_close(resuming.checked);
	rc = report_deliver(resuming.report, rc, detail);
	if (rc != HF_OK) {
		session_free(resuming.session);
		return rc;
	}
	*ret_session = resuming.session;
	if (ret_view != NULL)
		*ret_view = view;
	return HF_OK;
}
