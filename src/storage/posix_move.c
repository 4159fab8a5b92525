/* SPDX-License-Identifier: MIT */
/*
 * Moving a session from one storage_posix to another over the same root.
 *
 * Its log has one name at any time, here or there: the rename is the move. A head is
 * beside it in both places meanwhile, so that the log is never without one.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/invariant.h"
#include "storage/posix_internal.h"

struct move {
	struct posix *from;
	struct posix *to;
	struct report *report;
	struct storage_id id;
	struct posix_name log;
	struct posix_name head;
	struct posix_name lock;
};

/* A head that has come to the new place tells of bytes in the log, so these must be on the
 * medium before it is. Says whether there is a log. */
static int sync_log(struct move *move, bool *ret_has_log)
{
	const struct sys *sys = move->from->sys;
	struct stat found;
	int fd = -1;
	int rc = posix_file_open(move->from, move->report, move->log.text, O_RDONLY, &found, &fd);

	*ret_has_log = rc == HF_OK;
	if (rc != HF_OK)
		return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
	rc = sys->sync_data(sys->context, fd);
	(void)sys->close(sys->context, fd);
	return rc < 0 ? posix_file_fail(move->report, rc, "fdatasync", move->log.text) : HF_OK;
}

/* There is no head. One that an earlier move has left in the new place must not be taken for
 * that of this log. */
static int drop_head(struct move *move)
{
	struct storage_found here = { .has_log = false };
	struct storage_found there = { .has_log = false };
	int rc = posix_find(&move->from->base, move->report, move->id, &here);

	if (rc == HF_OK)
		rc = posix_find(&move->to->base, move->report, move->id, &there);
	/* It could not be opened, and yet it is there. */
	if (rc == HF_OK && here.has_head)
		return posix_file_fail(move->report, -ENOENT, "open", move->head.text);
	if (rc != HF_OK || !there.has_head)
		return rc;
	rc = posix_file_unlink(move->to, move->report, move->head.text);
	return rc == HF_OK ? posix_file_sync_dir(move->to, move->report, move->to->place_fd) : rc;
}

/* Puts a copy of the head in the new place; durable on return. */
static int copy_head(struct move *move)
{
	uint8_t bytes[STORAGE_HEAD_SIZE];
	struct posix_file file = POSIX_FILE_NONE;
	const struct sys *sys = move->from->sys;
	struct stat found;
	ssize_t size;
	int fd = -1;
	int rc = posix_file_open(move->from, move->report, move->head.text, O_RDONLY, &found, &fd);

	if (rc != HF_OK)
		return rc == HF_ERR_NOTFOUND ? drop_head(move) : rc;
	size = sys_read_some(sys, fd, bytes, sizeof bytes, 0);
	(void)sys->close(sys->context, fd);
	if (size < 0)
		return posix_file_fail(move->report, size, "pread", move->head.text);
	rc = posix_file_make(move->to, move->report, move->id,
			     (struct hf_slice){ (const char *)bytes, (size_t)size }, &file);
	if (rc == HF_OK)
		rc = posix_file_rename(move->to, move->report, &file, move->head.text);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(move->to, move->report, move->to->place_fd);
	posix_file_release(move->to, &file);
	return rc;
}

/* Gives the name of a file to the new place and makes that durable, there first: a medium
 * that does not do both at once must not be without either. */
static int rename_over(struct move *move, const char *name)
{
	const struct sys *sys = move->from->sys;
	int rc = sys->rename_at(sys->context, move->from->place_fd, name, move->to->place_fd, name);

	if (rc < 0)
		rc = posix_file_fail(move->report, rc, "rename", name);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(move->to, move->report, move->to->place_fd);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(move->from, move->report, move->from->place_fd);
	if (rc != HF_OK) {
		posix_file_doubt(move->from);
		posix_file_doubt(move->to);
	}
	return rc;
}

static int move_log(struct move *move)
{
	struct report unheard = report_make(NULL, NULL);
	int rc = copy_head(move);

	/* Before the rename what was copied means nothing. */
	if (rc != HF_OK) {
		(void)posix_file_unlink(move->to, &unheard, move->head.text);
		return rc;
	}
	rc = rename_over(move, move->log.text);
	return rc == HF_OK ? posix_file_unlink(move->from, move->report, move->head.text) : rc;
}

/* What is left of a session whose log is gone. */
static int move_head(struct move *move)
{
	struct storage_found found = { .has_log = false };
	int rc = posix_find(&move->from->base, move->report, move->id, &found);

	if (rc != HF_OK)
		return rc;
	if (found.has_log)
		return posix_file_fail(move->report, -ENOENT, "open", move->log.text);
	if (!found.has_head)
		return report_fail(move->report, HF_ERR_NOTFOUND, "rename", "%s: is not there",
				   move->log.text);
	return rename_over(move, move->head.text);
}

int posix_move_in(struct storage *storage, struct report *report, struct storage *from,
		  struct storage_id id)
{
	struct move move = { posix_of(from), posix_of(storage), report, id,
			     posix_file_name(id, POSIX_LOG_SUFFIX),
			     posix_file_name(id, POSIX_HEAD_SUFFIX),
			     posix_file_name(id, POSIX_LOCK_SUFFIX) };
	bool is_there = false;
	bool has_log = false;
	int rc;

	INVARIANT(move.from != move.to && move.to->place_fd >= 0);
	rc = posix_file_exists(move.to, report, move.log.text, &is_there);
	if (rc == HF_OK && is_there)
		rc = report_fail(report, HF_ERR_EXISTS, "rename", "%s: is in both places",
				 move.log.text);
	if (rc == HF_OK)
		rc = sync_log(&move, &has_log);
	if (rc == HF_OK)
		rc = posix_file_sync_root(move.to, report);
	if (rc == HF_OK)
		rc = has_log ? move_log(&move) : move_head(&move);
	return rc == HF_OK ? posix_file_unlink(move.from, report, move.lock.text) : rc;
}
