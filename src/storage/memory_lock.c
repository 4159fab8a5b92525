/* SPDX-License-Identifier: MIT */
/* Locks of storage_memory. */
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "storage/memory_internal.h"
#include "sys/sys.h"

enum { POLL_US = 1000, US_PER_MS = 1000 };

struct memory_lock {
	struct storage_lock base;
	struct session *session;
};

/* Says of this process what a lock file would. */
static struct storage_holder describe_self(void)
{
	const struct sys *sys = sys_posix();
	struct storage_holder holder = { .is_held = true, .pid = sys->process(sys->context) };

	(void)sys->host_name(sys->context, holder.host, sizeof holder.host);
	(void)sys->program_name(sys->context, holder.program, sizeof holder.program);
	(void)sys->wall_time(sys->context, &holder.since_us);
	return holder;
}

/* Takes the lock if it is free. */
static int lock_once(struct storage *storage, struct storage_id id, struct session **ret_session)
{
	struct storage_holder holder = describe_self();
	struct session *session;
	int rc = HF_OK;

	memory_enter(storage);
	session = memory_get((struct memory *)storage, id);
	if (session == NULL)
		rc = HF_ERR_NOMEM;
	else if (session->holder.is_held)
		rc = HF_ERR_BUSY;
	else
		session->holder = holder;
	memory_leave(storage);
	if (rc == HF_OK)
		*ret_session = session;
	return rc;
}

int memory_lock_take(struct storage *storage, struct report *report, struct storage_id id,
		     uint32_t timeout_ms, struct storage_lock **ret_lock)
{
	const struct sys *sys = sys_posix();
	struct memory_lock *lock = mem_new(1, sizeof *lock);
	int64_t left_us = (int64_t)timeout_ms * US_PER_MS;
	int rc;

	if (lock == NULL)
		return memory_fail(report);
	lock->base.storage = storage;
	rc = lock_once(storage, id, &lock->session);
	while (rc == HF_ERR_BUSY && left_us > 0) {
		(void)sys->sleep(sys->context, POLL_US);
		left_us -= POLL_US;
		rc = lock_once(storage, id, &lock->session);
	}
	if (rc != HF_OK) {
		mem_free(lock);
		return rc == HF_ERR_BUSY ?
			       report_fail(report, rc, "lock", "another holds the lock") :
			       memory_fail(report);
	}
	*ret_lock = &lock->base;
	return HF_OK;
}

bool memory_lock_is_held(struct storage *storage, struct storage_id id)
{
	struct session *session;
	bool locked;

	memory_enter(storage);
	session = memory_find(storage, id);
	locked = session != NULL && session->holder.is_held;
	memory_leave(storage);
	return locked;
}

int memory_lock_holder(struct storage *storage, struct report *report, struct storage_id id,
		       struct storage_holder *ret_holder)
{
	static const struct storage_holder nobody = { .is_held = false };
	const struct session *session;

	(void)report;
	memory_enter(storage);
	session = memory_find(storage, id);
	*ret_holder = session != NULL && session->holder.is_held ? session->holder : nobody;
	memory_leave(storage);
	return HF_OK;
}

/* Nobody can remove a lock in memory. */
int memory_lock_check(struct storage_lock *lock, struct report *report)
{
	(void)report;
	INVARIANT(((struct memory_lock *)lock)->session->holder.is_held);
	return HF_OK;
}

void memory_lock_release(struct storage_lock *lock)
{
	if (lock == NULL)
		return;
	memory_enter(lock->storage);
	((struct memory_lock *)lock)->session->holder.is_held = false;
	memory_leave(lock->storage);
	mem_free(lock);
}

