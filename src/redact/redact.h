/* SPDX-License-Identifier: MIT */
/*
 * Finding secrets in text, and replacing them by markers.
 *
 * A redactor is a set of rules: those built in, and a user's own patterns (POSIX extended
 * regular expressions without back-references, which could take for ever). Text is looked
 * at as a whole; time is linear in its size for the built-in rules. A redactor may be used by
 * one thread at a time.
 *
 * A marker is "[redacted:KIND]". Redacting what is redacted changes nothing.
 */
#ifndef REDACT_REDACT_H
#define REDACT_REDACT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/report.h"
#include "holdfast.h"

struct redactor;

/* HF_ERR_INVALID: a pattern is not valid (which one is in the report). */
int redactor_new(struct report *report, const char *const *patterns, size_t count,
		 struct redactor **ret_redactor);
/* NULL is allowed. */
void redactor_free(struct redactor *redactor);

/* A secret in a text. */
struct redact_hit {
	const char *kind; /* static, "private-key" */
	size_t offset;
	size_t size;
};

/* Finds the first secret at or after from. HF_OK: found; HF_ERR_NOTFOUND: there is none;
 * HF_ERR_NOMEM. Hits that overlap are one hit, of the longest one's kind. To find all of a
 * text redact_scan_text is faster, for this looks for each pattern anew, and surer, for what
 * stands before from is taken for a border only, not for a name that tells of a secret. */
int redact_find(struct redactor *redactor, struct hf_slice text, size_t from,
		struct redact_hit *ret_hit);

/* Appends text to out with every secret replaced; adds their number to *count. Errors of
 * buffer_put, after which out is as it was; HF_ERR_NOMEM. text must not lie in out. */
int redact_text(struct redactor *redactor, struct hf_slice text, struct buffer *out,
		uint64_t *count);

/* The same for JSON: every string in it, names too, is looked at decoded, and written anew
 * only if it holds a secret; everything else stays byte for byte. A secret in a string that
 * is itself JSON in quotes (arguments of a tool) is found too. json has passed json_scan, but
 * for names that come twice. The result is valid JSON if json is; names that would be alike
 * get numbers. A string is also judged by the name it is the value of. HF_ERR_JSON: json is
 * none, as far as that was noticed. On any error out is as it was. */
int redact_json(struct redactor *redactor, struct hf_slice json, struct buffer *out,
		uint64_t *count);

/* Told of each secret: the path of the string ("content[0].text", cut if it is very long; the
 * secrets in names are left out of it), the hit in its decoded text, and that text. */
typedef void (*redact_fn)(void *context, const char *where, struct hf_slice text,
			  const struct redact_hit *hit);
/* Tells of each secret in a text; where is handed on. HF_ERR_NOMEM. */
int redact_scan_text(struct redactor *redactor, struct hf_slice text, const char *where,
		     redact_fn each, void *context);
/* Tells of each secret in JSON. Errors of redact_json. */
int redact_scan_json(struct redactor *redactor, struct hf_slice json, redact_fn each,
		     void *context);

#endif
