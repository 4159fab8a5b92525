/* SPDX-License-Identifier: MIT */
#include "lib/medium.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "storage/memory.h"
#include "storage/posix.h"

struct medium medium_open(int kind)
{
	struct medium medium = { .scratch = { .fd = -1 }, .root = -1 };

	medium.report = report_make(NULL, NULL);
	if (kind == MEDIUM_MEMORY) {
		ck_assert_int_eq(storage_memory_open(&medium.storage), HF_OK);
		medium.ops = medium.storage->ops;
		return medium;
	}
	if (kind == MEDIUM_POSIX) {
		medium.scratch = scratch_open();
		medium.fault = fault_sys_new(sys_posix());
		medium.root = medium.scratch.fd;
	} else {
		medium.sim = sim_new(1);
		medium.fault = fault_sys_new(sim_sys(medium.sim));
		medium.root = sim_open_root(medium.sim);
	}
	medium.sys = fault_sys(medium.fault);
	medium.storage = medium_again(&medium, true);
	medium.ops = medium.storage->ops;
	return medium;
}

int medium_try(struct medium *medium, int root, bool make, struct storage **ret_storage)
{
	struct storage_posix_options options = { .place = STORAGE_POSIX_SESSIONS };

	options.missing = make ? STORAGE_POSIX_MAKE : STORAGE_POSIX_EMPTY;
	return storage_posix_open(medium->sys, &medium->report, root, &options, ret_storage);
}

struct storage *medium_again(struct medium *medium, bool make)
{
	struct storage *storage = NULL;

	ck_assert_int_eq(medium_try(medium, medium->root, make, &storage), HF_OK);
	return storage;
}

int medium_trash(struct medium *medium, bool make)
{
	struct storage_posix_options options = { .place = STORAGE_POSIX_TRASH };

	if (medium->trash != NULL)
		return HF_OK;
	if (medium->sys == NULL && storage_memory_open(&medium->trash) != HF_OK)
		return report_fail(&medium->report, HF_ERR_NOMEM, "open", "no memory for a storage");
	if (medium->sys == NULL)
		return HF_OK;
	options.missing = make ? STORAGE_POSIX_MAKE : STORAGE_POSIX_EMPTY;
	return storage_posix_open(medium->sys, &medium->report, medium->root, &options,
				  &medium->trash);
}

void medium_close(struct medium *medium)
{
	if (medium->trash != NULL)
		medium->ops->close(medium->trash);
	medium->ops->close(medium->storage);
	if (medium->fault != NULL)
		ck_assert_str_eq(fault_sys_leaks(medium->fault), "");
	fault_sys_free(medium->fault);
	sim_free(medium->sim);
	scratch_close(&medium->scratch);
}

struct storage_id medium_id(unsigned number)
{
	struct storage_id id = { { (uint8_t)number, (uint8_t)(number >> 8), 0xab, 3, 0x41 } };

	return id;
}

const uint8_t *medium_head(char byte)
{
	static _Thread_local uint8_t head[STORAGE_HEAD_SIZE];

	memset(head, byte, sizeof head);
	return head;
}

void medium_create(struct medium *medium, unsigned number, const char *text)
{
	ck_assert_int_eq(medium->ops->create(medium->storage, &medium->report, medium_id(number),
					     medium_head('h'), text, strlen(text)),
			 HF_OK);
}

struct storage_log *medium_log(struct medium *medium, unsigned number, enum storage_access access)
{
	struct storage_log *log = NULL;

	ck_assert_int_eq(medium->ops->log_open(medium->storage, &medium->report, medium_id(number),
					       access, &log),
			 HF_OK);
	ck_assert_ptr_nonnull(log);
	return log;
}

struct storage_lock *medium_lock(struct medium *medium, unsigned number)
{
	struct storage_lock *lock = NULL;

	ck_assert_int_eq(
		medium->ops->lock(medium->storage, &medium->report, medium_id(number), 0, &lock),
		HF_OK);
	return lock;
}

void medium_replace(struct medium *medium, unsigned number, const char *text)
{
	struct storage_temp *temp = NULL;

	ck_assert_int_eq(
		medium->ops->temp_begin(medium->storage, &medium->report, medium_id(number), &temp),
		HF_OK);
	ck_assert_int_eq(medium->ops->temp_write(temp, text, strlen(text)), HF_OK);
	ck_assert_int_eq(medium->ops->temp_commit(temp), HF_OK);
}

void medium_check_open(struct storage_log *log, const char *text)
{
	const struct storage_ops *ops = log->storage->ops;
	size_t size = strlen(text);
	char *bytes = calloc(size + 2, 1);
	uint64_t found = 0;
	size_t count = 0;

	ck_assert_int_eq(ops->log_size(log, &found), HF_OK);
	ck_assert_int_eq(ops->log_read(log, 0, bytes, size + 1, &count), HF_OK);
	ck_assert_uint_eq(count, found);
	ck_assert_uint_eq(count, size);
	ck_assert_str_eq(bytes, text);
	free(bytes);
}

void medium_check_log(struct medium *medium, unsigned number, const char *text)
{
	struct storage_log *log = NULL;

	if (text == NULL) {
		ck_assert_int_eq(medium->ops->log_open(medium->storage, &medium->report,
						       medium_id(number), STORAGE_READ, &log),
				 HF_ERR_NOTFOUND);
		ck_assert_ptr_null(log);
		return;
	}
	log = medium_log(medium, number, STORAGE_READ);
	medium_check_open(log, text);
	medium->ops->log_close(log);
}

int medium_move(struct medium *medium, bool to_trash)
{
	struct storage *from = to_trash ? medium->storage : medium->trash;
	struct storage *to = to_trash ? medium->trash : medium->storage;
	struct storage_lock *locks[2] = { NULL, NULL };
	int rc = medium->ops->lock(medium->storage, &medium->report, medium_id(1), 0, &locks[0]);

	if (rc == HF_OK)
		rc = medium->ops->lock(medium->trash, &medium->report, medium_id(1), 0, &locks[1]);
	if (rc == HF_OK)
		rc = medium->ops->move_in(to, &medium->report, from, medium_id(1));
	medium->ops->unlock(locks[1]);
	medium->ops->unlock(locks[0]);
	return rc;
}

void medium_check_place(struct medium *medium, struct storage *place, const char *text, char byte)
{
	struct storage *storage = medium->storage;
	uint8_t head[STORAGE_HEAD_SIZE];
	struct storage_found found;
	int rc;

	ck_assert_int_eq(medium->ops->find(place, &medium->report, medium_id(1), &found), HF_OK);
	ck_assert_mem_eq(&found.id, medium_id(1).bytes, 16);
	ck_assert_int_eq(found.has_log, text != NULL);
	ck_assert_int_eq(found.has_head, byte != 0);
	medium->storage = place;
	medium_check_log(medium, 1, text);
	medium->storage = storage;
	rc = medium->ops->head_peek(place, &medium->report, medium_id(1), head);
	ck_assert_int_eq(rc, byte != 0 ? HF_OK : HF_ERR_NOTFOUND);
	if (byte != 0)
		ck_assert_mem_eq(head, medium_head(byte), sizeof head);
}
