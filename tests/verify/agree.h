/* SPDX-License-Identifier: MIT */
/* Asks the library and the verifier in Python about one session, and wants one answer. */
#ifndef VERIFY_AGREE_H
#define VERIFY_AGREE_H

#include <check.h>
#include <stdio.h>

#include "holdfast.h"
#include "verify/peer.h"

/* What the library says, in the words of the other. */
static inline void agree_ask_library(struct hf_store *store, const char *id,
				     char answer[ANSWER_SIZE])
{
	struct hf_check check = { 0 };
	int rc = hf_session_verify(store, id, NULL, NULL, NULL, &check);

	ck_assert_msg(rc == HF_OK || rc == HF_ERR_NOTFOUND, "%s: %s", id, hf_error_name(rc));
	if (rc == HF_OK)
		(void)snprintf(answer, ANSWER_SIZE, "%s %llu %lld %lld %d",
			       hf_verdict_name(check.verdict), (unsigned long long)check.records,
			       (long long)check.bad_record, (long long)check.bad_offset, check.weak);
	else
		(void)snprintf(answer, ANSWER_SIZE, "none");
}

#endif
