/* SPDX-License-Identifier: MIT */
/* What can go wrong with which call. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/fault_sys.h"

static const char *const names[] = {
#define FAULT_NAME(name, text) [FAULT_##name] = (text),
	FAULT_CALLS(FAULT_NAME)
#undef FAULT_NAME
	[FAULT_ANY] = "any call",
};

enum { ERRNOS_MAX = 14 };

/* After the manual pages, without what only a broken caller gets (EBADF, EFAULT) and
 * without EINTR, which sys_posix hides but for syncs. No unlink of a name that is there
 * says ENOENT. ESTALE: network file systems. */
static const int errnos[FAULT_CALL_COUNT][ERRNOS_MAX] = {
	[FAULT_OPEN_AT] = { ENOENT, EACCES, EMFILE, ENFILE, ENOSPC, EDQUOT, EROFS, ELOOP, EIO,
			    ENOMEM, EEXIST, ENOTDIR, EPERM },
	[FAULT_CLOSE] = { EIO, ENOSPC, EDQUOT },
	[FAULT_READ_AT] = { EIO, ESTALE, ENOMEM },
	[FAULT_WRITE_AT] = { ENOSPC, EIO, EDQUOT, EFBIG, EPERM },
	[FAULT_SYNC_DATA] = { EIO, ENOSPC, EDQUOT, EINTR, EROFS },
	[FAULT_SYNC_ALL] = { EIO, ENOSPC, EDQUOT, EINTR, EROFS },
	[FAULT_SYNC_START] = { EIO, ENOSPC, ENOMEM, EINVAL, ENOSYS },
	[FAULT_TRUNCATE] = { EIO, EFBIG, EPERM, EROFS, ENOSPC },
	[FAULT_CHMOD] = { EPERM, EROFS, EIO },
	[FAULT_STAT] = { EIO, ENOMEM, EOVERFLOW },
	[FAULT_STAT_AT] = { ENOENT, EACCES, EIO, ELOOP, ENOMEM, ENOTDIR },
	[FAULT_MKDIR_AT] = { EACCES, EDQUOT, EEXIST, EMLINK, ENOENT, ENOMEM, ENOSPC, EROFS, EIO },
	[FAULT_LINK_AT] = { EACCES, EDQUOT, EEXIST, EIO, EMLINK, ENOENT, ENOSPC, EPERM, EROFS },
	[FAULT_RENAME_AT] = { EACCES, EDQUOT, EIO, ENOENT, ENOMEM, ENOSPC, EPERM, EROFS, EISDIR },
	[FAULT_UNLINK_AT] = { EACCES, EIO, EPERM, EROFS, EISDIR, EBUSY },
	[FAULT_LOCK] = { EAGAIN, ENOLCK, EINVAL },
	[FAULT_IS_LOCKED] = { EINVAL, ENOLCK },
	[FAULT_MAP] = { ENOMEM, EACCES, ENODEV, EAGAIN },
	[FAULT_UNMAP] = { EINVAL, ENOMEM },
	[FAULT_EACH_NAME] = { EACCES, EMFILE, ENOENT, EIO, ENOMEM },
	[FAULT_SPACE] = { EIO, ENOSYS },
	[FAULT_RANDOM] = { ENOSYS, EIO },
	[FAULT_WALL_TIME] = { EINVAL },
	[FAULT_STEADY_TIME] = { EINVAL },
	[FAULT_SLEEP] = { EINVAL },
	[FAULT_HOST_NAME] = { EINVAL },
	[FAULT_PROGRAM_NAME] = { EINVAL },
	[FAULT_BOOT_ID] = { ENOENT, EACCES, EMFILE, EIO },
	[FAULT_SECRET_NEW] = { ENOMEM, EAGAIN, EPERM },
};

const char *fault_call_name(enum fault_call call)
{
	return names[call];
}

const int *fault_call_errnos(enum fault_call call)
{
	return errnos[call];
}

void fault_plan_text(const struct fault_plan *plan, char *text, size_t size)
{
	static const char *const kinds[] = {
		[FAULT_NONE] = "nothing",
		[FAULT_ERRNO] = "fails once",
		[FAULT_ERRNO_EVER] = "fails for ever",
		[FAULT_ERRNO_LATE] = "fails when its work is done",
		[FAULT_SHORT_ONE] = "does one byte",
		[FAULT_SHORT_HALF] = "does half",
		[FAULT_TORN] = "writes half, then fails",
		[FAULT_TORN_EVER] = "writes half, then fails for ever",
		[FAULT_DIE_BEFORE] = "dies before",
		[FAULT_DIE_MIDDLE] = "dies in the middle",
		[FAULT_DIE_AFTER] = "dies after",
	};

	(void)snprintf(text, size, "%s number %llu: %s, %s", fault_call_name(plan->call),
		       (unsigned long long)plan->nth, kinds[plan->kind],
		       plan->errno_value != 0 ? strerrorname_np(plan->errno_value) : "no errno");
}

static void give(fault_plan_fn each, void *context, enum fault_kind kind, uint64_t nth, int value)
{
	struct fault_plan plan = { kind, FAULT_ANY, nth, value };

	each(context, &plan);
}

/* Calls whose work can have been done although they say that it was not: the answer of a
 * network file system was lost, or a journal broke off afterwards. */
static bool can_fail_late(enum fault_call call)
{
	return call == FAULT_SYNC_ALL || call == FAULT_SYNC_DATA || call == FAULT_RENAME_AT ||
	       call == FAULT_LINK_AT || call == FAULT_UNLINK_AT || call == FAULT_MKDIR_AT ||
	       call == FAULT_WRITE_AT || call == FAULT_TRUNCATE;
}

static void each_of_call(enum fault_call call, uint64_t nth, fault_plan_fn each, void *context)
{
	const int *values = fault_call_errnos(call);

	for (size_t i = 0; i < ERRNOS_MAX && values[i] != 0; i++) {
		give(each, context, FAULT_ERRNO, nth, values[i]);
		give(each, context, FAULT_ERRNO_EVER, nth, values[i]);
	}
	if (can_fail_late(call))
		give(each, context, FAULT_ERRNO_LATE, nth, EIO);
	if (call == FAULT_READ_AT || call == FAULT_WRITE_AT) {
		give(each, context, FAULT_SHORT_ONE, nth, 0);
		give(each, context, FAULT_SHORT_HALF, nth, 0);
	}
	if (call == FAULT_WRITE_AT) {
		give(each, context, FAULT_TORN, nth, ENOSPC);
		give(each, context, FAULT_TORN_EVER, nth, ENOSPC);
		give(each, context, FAULT_TORN_EVER, nth, EIO);
		give(each, context, FAULT_DIE_MIDDLE, nth, 0);
	}
	give(each, context, FAULT_DIE_BEFORE, nth, 0);
	give(each, context, FAULT_DIE_AFTER, nth, 0);
}

void fault_sys_each_plan(const struct fault_trace *trace, fault_plan_fn each, void *context)
{
	for (size_t i = 0; i < trace->count; i++)
		each_of_call(trace->calls[i], i + 1, each, context);
}
