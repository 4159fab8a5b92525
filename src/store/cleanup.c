/* SPDX-License-Identifier: MIT */
/* Removing the sessions that have had no record for some time, when somebody asks for it. */
#include <string.h>

#include "store/list.h"
#include "store/retire.h"

struct cleaning {
	struct hf_store *store;
	const struct hf_cleanup_options *options;
	int64_t newest_us; /* a session whose last record is newer stays */
	hf_cleanup_fn each;
	void *context;
	struct hf_cleanup totals;
};

/* Why a session stays, or NULL. A time in the future is recent too: with a clock that was
 * set back nothing is old that was not before. */
static const char *reason_to_keep(const struct cleaning *cleaning, const struct look *look)
{
	if (look->state == HF_ACTIVE)
		return "active";
	if (look->error != HF_OK)
		return "unreadable";
	if ((look->head.flags & FORMAT_HEAD_PINNED) != 0)
		return "pinned";
	return look->head.updated_us > cleaning->newest_us ? "recent" : NULL;
}

/* Removes a session; *ret_reason says why it stays after all. */
static int clean(struct cleaning *cleaning, struct report *report, const struct look *look,
		 const char **ret_reason)
{
	const struct hf_cleanup_options *options = cleaning->options;
	int rc;

	if (options->dry_run)
		return HF_OK;
	rc = retire_session(cleaning->store, report, look, options->trash || options->purge);
	if (rc == HF_ERR_BUSY)
		*ret_reason = "active";
	else if (rc == HF_ERR_CONFLICT)
		*ret_reason = "recent";
	return *ret_reason != NULL ? HF_OK : rc;
}

static void tell(struct cleaning *cleaning, const struct look *look, int error,
		 const char *reason)
{
	struct hf_cleanup_item item = { .reason = reason != NULL ? reason : "", .error = error };
	struct hf_entry entry;

	list_describe(look, &entry);
	item.entry = &entry;
	if (reason != NULL) {
		item.outcome = HF_CLEANUP_KEPT;
		item.error = look->error;
		cleaning->totals.kept++;
	} else if (error != HF_OK) {
		item.outcome = HF_CLEANUP_FAILED;
		cleaning->totals.failed++;
	} else {
		item.outcome = HF_CLEANUP_REMOVED;
		cleaning->totals.removed++;
		cleaning->totals.removed_bytes += entry.info.bytes;
	}
	if (cleaning->each != NULL)
		cleaning->each(cleaning->context, &item);
}

static void consider(struct cleaning *cleaning, const struct look *look)
{
	struct report report = store_report(cleaning->store);
	const char *reason = reason_to_keep(cleaning, look);
	int rc = reason == NULL ? clean(cleaning, &report, look, &reason) : HF_OK;

	/* Somebody else removed it meanwhile, or moved it: there is nothing to tell. */
	if (rc != HF_ERR_NOTFOUND)
		tell(cleaning, look, rc, reason);
}

static int begin(struct cleaning *cleaning, struct report *report)
{
	const struct sys *sys = cleaning->store->sys;
	int64_t now_us;
	int rc = sys->wall_time(sys->context, &now_us);

	if (rc < 0)
		return report_errno(report, -rc, "clock_gettime", NULL);
	if (cleaning->options->older_than_us < 0)
		return report_fail(report, HF_ERR_INVALID, "cleanup", "the age is negative");
	if (__builtin_sub_overflow(now_us, cleaning->options->older_than_us,
				   &cleaning->newest_us))
		cleaning->newest_us = INT64_MIN;
	if (cleaning->newest_us > now_us)
		cleaning->newest_us = now_us;
	return HF_OK;
}

static int clean_all(struct cleaning *cleaning, struct report *report)
{
	struct hf_list_options wanted = { .states = cleaning->options->trash ?
							    1u << HF_TRASHED : 0 };
	struct rows rows;
	int rc = begin(cleaning, report);

	rows_init(&rows);
	if (rc == HF_OK)
		rc = list_collect(cleaning->store, report, &wanted, &rows);
	/* The oldest first. */
	for (size_t i = rows.count; rc == HF_OK && i > 0; i--) {
		struct look look;

		rows_get(&rows, i - 1, &look);
		consider(cleaning, &look);
	}
	rows_release(&rows);
	return rc;
}

int hf_store_cleanup(struct hf_store *store, const struct hf_cleanup_options *options,
		     hf_cleanup_fn each, void *context, struct hf_detail *detail,
		     struct hf_cleanup *ret_cleanup)
{
	struct cleaning cleaning = { .store = store, .options = options, .each = each,
				     .context = context };
	struct report report = store_report(store);
	int rc = store_check_call(store, options, &report);

	if (rc == HF_OK && !options->dry_run)
		rc = store_writable(store, options, &report);
	if (rc == HF_OK)
		rc = clean_all(&cleaning, &report);
	if (rc == HF_OK && ret_cleanup != NULL)
		*ret_cleanup = cleaning.totals;
	return report_deliver(&report, rc, detail);
}
