/* SPDX-License-Identifier: MIT */
/*
 * What comes to the quarantine of storage_posix with a session from elsewhere. It is staged in
 * the session's place under the name that it is to have there.
 */
#include <errno.h>

#include "base/buffer.h"
#include "base/invariant.h"
#include "storage/posix_internal.h"

/* A file, and the name that it is to have in the quarantine. */
struct renaming {
	struct storage_id id;
	int dir_fd;
	const char *from;
	const char *to;
};

/* Whoever holds the session's locks is alone with its names, so nothing comes up between the
 * look and the rename; a link would leave the file with two names after a crash. */
static int rename_aside(struct posix *posix, struct report *report,
			const struct renaming *renaming)
{
	const struct sys *sys = posix->sys;
	const char *to = renaming->to;
	struct stat found;
	int rc;

	INVARIANT(storage_aside_is_name(renaming->id, renaming->from));
	INVARIANT(storage_aside_is_name(renaming->id, to));
	rc = sys->stat_at(sys->context, posix->quarantine_fd, to, &found);
	if (rc == 0)
		return report_fail(report, HF_ERR_EXISTS, "rename", "%s: is in the quarantine", to);
	if (rc != -ENOENT)
		return posix_file_fail(report, rc, "fstatat", to);
	rc = sys->rename_at(sys->context, renaming->dir_fd, renaming->from, posix->quarantine_fd, to);
	return rc < 0 ? posix_file_fail(report, rc, "rename", to) : HF_OK;
}

int posix_aside_bring(struct storage *storage, struct report *report, struct storage_id id,
		      const char *name)
{
	struct posix *posix = posix_of(storage);
	const struct renaming renaming = { id, posix->place_fd, name, name };

	return rename_aside(posix, report, &renaming);
}

int posix_aside_rename(struct storage *storage, struct report *report, struct storage_id id,
		       const char *from, const char *to)
{
	struct posix *posix = posix_of(storage);
	const struct renaming renaming = { id, posix->quarantine_fd, from, to };

	return rename_aside(posix, report, &renaming);
}

/* Of both directories: what had two names after a crash, one in each, would not be opened. */
int posix_aside_sync(struct storage *storage, struct report *report)
{
	struct posix *posix = posix_of(storage);
	int rc = posix_file_sync_root(posix, report);

	if (rc == HF_OK)
		rc = posix_file_sync_dir(posix, report, posix->quarantine_fd);
	return rc == HF_OK ? posix_file_sync_dir(posix, report, posix->place_fd) : rc;
}

/* The names that are to go; a directory is not changed while it is walked over. */
struct names {
	struct buffer names; /* of struct posix_name */
	int rc;
};

static bool note(void *context, const char *name)
{
	struct names *names = context;
	struct posix_name noted = { "" };

	text_copy(noted.text, sizeof noted.text, name);
	names->rc = buffer_put(&names->names, &noted, sizeof noted);
	return names->rc == HF_OK;
}

int posix_aside_unstage(struct storage *storage, struct report *report, struct storage_id id)
{
	struct posix *posix = posix_of(storage);
	struct names names = { BUFFER_INIT(SIZE_MAX / 2), HF_OK };
	int rc = posix_walk_staged(storage, report, id, note, &names);

	if (rc == HF_OK && names.rc != HF_OK)
		rc = report_fail(report, HF_ERR_NOMEM, "list", "no memory for the names");
	for (size_t at = 0; rc == HF_OK && at < names.names.size; at += sizeof(struct posix_name))
		rc = posix_file_unlink(posix, report, names.names.data + at);
	if (rc == HF_OK && names.names.size > 0)
		rc = posix_file_sync_dir(posix, report, posix->place_fd);
	buffer_release(&names.names);
	return rc;
}
