/* SPDX-License-Identifier: MIT */
/* Rate limits: which limit an operation falls under, and the calls. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "limit/window.h"
#include "store/store.h"

enum {
	OPERATION_MAX = 64, /* characters */
	KEY_MAX = 1024,     /* bytes */
	RULES_MAX = 256,
	CLEANUP_INTERVAL_MS = 60000,
};

#define ANY_OPERATION "default"

/* The name's memory stands behind the limit. */
struct store_rule {
	struct hf_limit limit;
	char operation[OPERATION_MAX + 1];
};

static const struct hf_limit standard = {
	.operation = ANY_OPERATION,
	.key_max = HF_LIMIT_KEY_MAX,
	.key_window_ms = HF_LIMIT_WINDOW_MS,
	.global_max = HF_LIMIT_GLOBAL_MAX,
	.global_window_ms = HF_LIMIT_WINDOW_MS,
};

static bool is_operation(const char *text)
{
	size_t size = 0;

	if (text == NULL)
		return false;
	while (size <= OPERATION_MAX && text[size] >= ' ' && text[size] <= '~')
		size++;
	return size >= 1 && size <= OPERATION_MAX && text[size] == '\0';
}

static bool is_window(uint32_t max, uint32_t window_ms)
{
	return max <= HF_LIMIT_MAX && window_ms <= WINDOW_MS_MAX && (max == 0 || window_ms > 0);
}

static const struct store_rule *find_rule(const struct store_limits *limits, const char *operation)
{
	for (size_t i = 0; i < limits->count; i++) {
		if (strcmp(limits->rules[i].operation, operation) == 0)
			return &limits->rules[i];
	}
	return NULL;
}

static int add_rule(struct store_limits *limits, struct report *report,
		    const struct hf_limit *limit)
{
	struct store_rule *rule = &limits->rules[limits->count];

	if (!is_operation(limit->operation))
		return report_fail(report, HF_ERR_INVALID, "open",
				   "a rate limit's operation is 1 to %d printable characters",
				   OPERATION_MAX);
	if (find_rule(limits, limit->operation) != NULL)
		return report_fail(report, HF_ERR_INVALID, "open", "two rate limits for %s",
				   limit->operation);
	if (!is_window(limit->key_max, limit->key_window_ms) ||
	    !is_window(limit->global_max, limit->global_window_ms))
		return report_fail(report, HF_ERR_INVALID, "open",
				   "the rate limit for %s is out of bounds", limit->operation);
	rule->limit = *limit;
	text_copy(rule->operation, sizeof rule->operation, limit->operation);
	rule->limit.operation = rule->operation;
	limits->count++;
	return HF_OK;
}

int store_limits_init(struct store_limits *limits, struct report *report,
		      const struct hf_store_options *options)
{
	int rc = HF_OK;

	limits->cleanup_interval_ms = options->cleanup_interval_ms != 0 ?
					      options->cleanup_interval_ms :
					      (uint32_t)CLEANUP_INTERVAL_MS;
	if (options->limit_count == 0)
		return HF_OK;
	if (options->limits == NULL || options->limit_count > RULES_MAX)
		return report_fail(report, HF_ERR_INVALID, "open", "at most %d rate limits can be given",
				   RULES_MAX);
	limits->rules = mem_new(options->limit_count, sizeof *limits->rules);
	if (limits->rules == NULL)
		return report_fail(report, HF_ERR_NOMEM, "open", "no memory for the rate limits");
	for (size_t i = 0; rc == HF_OK && i < options->limit_count; i++)
		rc = add_rule(limits, report, &options->limits[i]);
	return rc;
}

void store_limits_release(struct store_limits *limits)
{
	mem_free(limits->rules);
	limits->rules = NULL;
	limits->count = 0;
}

static const struct hf_limit *find_limit(const struct store_limits *limits, const char *operation)
{
	const struct store_rule *rule = find_rule(limits, operation);

	if (rule == NULL)
		rule = find_rule(limits, ANY_OPERATION);
	return rule != NULL ? &rule->limit : &standard;
}

int store_limit(struct hf_store *store, struct report *report, const char *operation,
		const char *key, enum limit_step step)
{
	struct limit_attempt attempt = { operation, key, NULL };
	size_t key_size = key != NULL ? strnlen(key, KEY_MAX + 1) : 0;

	if (!is_operation(operation))
		return report_fail(report, HF_ERR_INVALID, "limit",
				   "an operation is 1 to %d printable characters", OPERATION_MAX);
	if (key_size == 0 || key_size > KEY_MAX)
		return report_fail(report, HF_ERR_INVALID, "limit", "a key is 1 to %d bytes", KEY_MAX);
	attempt.limit = find_limit(&store->limits, operation);
	return limit_file_do(&store->limit_file, report, &attempt, step);
}

static int limit_call(struct hf_store *store, const char *operation, const char *key,
		      enum limit_step step, struct hf_detail *detail)
{
	struct report report = store_report(store);
	int rc = step == LIMIT_CHECK ? store_check_call(store, operation, &report) :
				       store_writable(store, operation, &report);

	if (rc == HF_OK)
		rc = store_limit(store, &report, operation, key, step);
	return report_deliver(&report, rc, detail);
}

int hf_limit_take(struct hf_store *store, const char *operation, const char *key,
		  struct hf_detail *detail)
{
	return limit_call(store, operation, key, LIMIT_TAKE, detail);
}

int hf_limit_check(struct hf_store *store, const char *operation, const char *key,
		   struct hf_detail *detail)
{
	return limit_call(store, operation, key, LIMIT_CHECK, detail);
}

int hf_limit_record(struct hf_store *store, const char *operation, const char *key,
		    struct hf_detail *detail)
{
	return limit_call(store, operation, key, LIMIT_RECORD, detail);
}
