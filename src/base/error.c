/* SPDX-License-Identifier: MIT */
/* Names, texts, hints and exit statuses, all from the tables in holdfast.h. */
#include <string.h>

#include "base/invariant.h"
#include "holdfast.h"

struct error_row {
	int code;
	int exit_status;
	const char *name;
	const char *text;
	const char *hint;
};

static const struct error_row error_rows[] = {
#define ERROR_ROW(name, value, exit_status, text, hint) { value, exit_status, #name, text, hint },
	HF_ERRORS(ERROR_ROW)
#undef ERROR_ROW
};

/* The row of a code; HF_ERR_INTERNAL, the catch-all, stands last. */
static const struct error_row *error_row(int code)
{
	size_t last = ARRAY_SIZE(error_rows) - 1;

	for (size_t i = 0; i < last; i++) {
		if (error_rows[i].code == code)
			return &error_rows[i];
	}
	return &error_rows[last];
}

const char *hf_error_text(int code)
{
	return error_row(code)->text;
}

const char *hf_error_hint(int code)
{
	return error_row(code)->hint;
}

const char *hf_error_name(int code)
{
	return error_row(code)->name;
}

int hf_error_exit(int code)
{
	return error_row(code)->exit_status;
}

struct verdict_row {
	enum hf_verdict verdict;
	const char *name;
	int error;
};

static const struct verdict_row verdict_rows[] = {
#define VERDICT_ROW(name, value, text, error) { name, text, error },
	HF_VERDICTS(VERDICT_ROW)
#undef VERDICT_ROW
};

const char *hf_verdict_name(enum hf_verdict verdict)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdict_rows); i++) {
		if (verdict_rows[i].verdict == verdict)
			return verdict_rows[i].name;
	}
	return "unknown";
}

int hf_verdict_error(enum hf_verdict verdict)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdict_rows); i++) {
		if (verdict_rows[i].verdict == verdict)
			return verdict_rows[i].error;
	}
	return HF_ERR_INTERNAL;
}

bool hf_verdict_find(const char *name, enum hf_verdict *ret_verdict)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdict_rows); i++) {
		if (strcmp(verdict_rows[i].name, name) == 0) {
			*ret_verdict = verdict_rows[i].verdict;
			return true;
		}
	}
	return false;
}
