/* SPDX-License-Identifier: MIT */
#include "cli/mend.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/errors.h"

enum { NAME_SIZE = 24 };

/* Nothing can be signed without the key, and an intact session needs nothing accepted. */
static bool is_acceptable(enum hf_verdict verdict)
{
	return verdict != HF_INTACT && verdict != HF_KEY_MISSING;
}

static bool read_verdict(const struct cli *cli, const char *name, enum hf_verdict *ret_verdict)
{
#define MEND_NAME(constant, value, text, error) text,
	static const char *const names[] = { HF_VERDICTS(MEND_NAME) NULL };
#undef MEND_NAME
	const char *nearest;

	if (hf_verdict_find(name, ret_verdict)) {
		if (is_acceptable(*ret_verdict))
			return true;
		(void)errors_usage(cli, "--accept: '%s' cannot be accepted", name);
		return false;
	}
	nearest = options_nearest(name, names);
	if (nearest != NULL)
		(void)errors_usage(cli, "--accept: '%s' is no verdict; is '%s' meant?", name,
				   nearest);
	else
		(void)errors_usage(cli, "--accept: '%s' is no verdict", name);
	return false;
}

bool mend_read_accept(const struct cli *cli, const char *list, uint32_t *ret_accept)
{
	uint32_t accept = 0;

	while (list != NULL && *list != '\0') {
		size_t size = strcspn(list, ",");
		char name[NAME_SIZE] = { 0 };
		enum hf_verdict verdict = HF_INTACT;

		memcpy(name, list, size < sizeof name ? size : sizeof name - 1);
		if (!read_verdict(cli, name, &verdict))
			return false;
		accept |= HF_ACCEPT(verdict);
		list += size;
		list += *list == ',';
	}
	*ret_accept = accept;
	return true;
}

/* Finds the verdict that a failure stands for, if it can be accepted. */
static bool find_refused(int code, enum hf_verdict *ret_verdict)
{
#define MEND_VERDICT(constant, value, text, error) constant,
	static const enum hf_verdict verdicts[] = { HF_VERDICTS(MEND_VERDICT) };
#undef MEND_VERDICT

	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		if (hf_verdict_error(verdicts[i]) != code || !is_acceptable(verdicts[i]))
			continue;
		*ret_verdict = verdicts[i];
		return true;
	}
	return false;
}

int mend_report(const struct cli *cli, int code, const char *what, const char *id, const char *how)
{
	struct strbuf hint = { 0 };
	enum hf_verdict verdict = HF_INTACT;
	int status;

	if (!find_refused(code, &verdict))
		return errors_report_session(cli, code, what, id);
	strbuf_printf(&hint,
		      "Nothing was changed. Restore the session from a backup if there is one, or %s "
		      "--accept %s.",
		      how, hf_verdict_name(verdict));
	status = errors_report_as(cli, code, what, id, NULL, hint.data);
	strbuf_release(&hint);
	return status;
}

void mend_put_found(struct strbuf *text, const struct hf_check *check)
{
	strbuf_puts(text, hf_verdict_name(check->verdict));
	if (check->bad_record >= 0)
		strbuf_printf(text, " at record %lld, byte %lld", (long long)check->bad_record,
			      (long long)check->bad_offset);
}

void mend_put_removed(struct strbuf *text, const struct hf_repair *repair, bool dry_run)
{
	if (repair->removed_bytes == 0)
		return;
	strbuf_printf(text, "%s %llu bytes at byte %llu to the quarantine",
		      dry_run ? "would move" : "moved", (unsigned long long)repair->removed_bytes,
		      (unsigned long long)repair->removed_offset);
	if (repair->quarantine[0] != '\0')
		strbuf_printf(text, ": %s", repair->quarantine);
	strbuf_puts(text, "\n");
}

void mend_put_json(struct json *json, const struct hf_repair *repair)
{
	json_put_text(json, "found", slice_of(hf_verdict_name(repair->before.verdict)));
	json_put_place(json, "bad_record", repair->before.bad_record);
	json_put_place(json, "bad_offset", repair->before.bad_offset);
	json_put_bool(json, "changed", repair->changed);
	json_put_number(json, "removed_bytes", repair->removed_bytes);
	json_put_number(json, "removed_offset", repair->removed_offset);
	json_put_text(json, "quarantine", slice_of(repair->quarantine));
}
