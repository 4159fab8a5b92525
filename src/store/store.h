/* SPDX-License-Identifier: MIT */
/* What the files of this folder share: an open store, and how its functions begin. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "holdfast.h"
#include "format/head.h"
#include "log/env.h"
#include "sys/sys.h"

struct hf_store {
	const struct sys *sys;
	int dir_fd;
	struct storage *storage;
	struct keyring *keyring;
	struct log_env env;
	hf_log_fn log;
	void *log_context;
	bool read_only;
};

/* hf_store_open over another system; sys must outlive the store. For tests. */
int store_open_with(const struct sys *sys, const char *path,
		    const struct hf_store_options *options, struct hf_detail *detail,
		    struct hf_store **ret_store);

/* A report for one call on the store, which may be NULL. */
struct report store_report(const struct hf_store *store);

/* Reads a session's id. HF_ERR_INVALID: it is no UUID in lower case. */
int store_id(struct report *report, const char *text, struct storage_id *ret_id);

/* HF_ERR_INVALID if the store or another argument that must not be NULL is. */
int store_check_call(const struct hf_store *store, const void *argument, struct report *report);

/* The same, and HF_ERR_CLOSED if the store was opened for reading only. */
int store_writable(const struct hf_store *store, const void *argument, struct report *report);

/* Fills in what a folded head says. The slices point into head. */
void store_info(const struct head *head, struct hf_info *ret_info);

#endif
