/* SPDX-License-Identifier: MIT */
/*
 * The data of record 0 on arbitrary bytes: reading stays within them, and what is accepted
 * is exactly what is written for it. A line that begins as record 0 claims the same as its
 * data says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/first.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const char line_start[] =
	"{\"n\":0,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"session\",\"data\":";

/* The claim of a line with this data is what was decoded from it. */
static void check_claim(struct hf_slice data, const struct first *first)
{
	struct buffer line = BUFFER_INIT(SIZE_MAX / 2);
	struct first_claim claim;

	must(buffer_put_text(&line, line_start) == HF_OK);
	must(buffer_put(&line, data.data, data.size) == HF_OK);
	must(first_claims(line.data, line.size, &claim));
	must(memcmp(claim.session, first->session, sizeof claim.session) == 0);
	must(memcmp(claim.store, first->store, sizeof claim.store) == 0);
	must(memcmp(claim.key_id, first->key_id, sizeof claim.key_id) == 0);
	must(claim.generation == first->generation);
	buffer_release(&line);
}

static void try_data(struct hf_slice data)
{
	struct buffer again = BUFFER_INIT(SIZE_MAX / 2);
	struct first first;

	if (!first_decode(data, &first))
		return;
	must(first.records > 0 && first.has_previous == (first.generation > 0));
	must(first_encode(&first, &again) == HF_OK);
	must(again.size == data.size && memcmp(again.data, data.data, data.size) == 0);
	check_claim(data, &first);
	buffer_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct hf_slice data = { size > 0 ? (const char *)bytes : "", size };
	struct first_claim claim;

	try_data(data);
	(void)first_claims(data.data, data.size, &claim);
	return 0;
}
