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

struct storage *medium_again(struct medium *medium, bool make)
{
	struct storage *storage = NULL;

	ck_assert_int_eq(
		storage_posix_open(medium->sys, &medium->report, medium->root, make, &storage),
		HF_OK);
	return storage;
}

void medium_close(struct medium *medium)
{
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
