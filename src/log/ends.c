/* SPDX-License-Identifier: MIT */
#include "log/ends.h"

#include <string.h>

#include "base/mem.h"
#include "format/first.h"
#include "format/record.h"
#include "log/scan.h"

enum {
	END_SIZE = 64 << 10,  /* bytes that are looked at on either side */
	STEP_SIZE = 4 << 10,  /* of which these often tell all there is to know */
	/* Padding is not longer than this, nor are the NUL bytes in its place as a rule. */
	BLANK_MAX = HF_PADDING_MAX + END_SIZE,
};

struct ends {
	const struct log_env *env;
	struct report *report;
	struct storage_log *log;
	uint64_t size;          /* of the log, padding included */
	char bytes[END_SIZE];
	struct head head;
};

static int read_at(struct ends *ends, uint64_t offset, char *bytes, size_t size, size_t *ret_got)
{
	return ends->env->storage->ops->log_read(ends->log, offset, bytes, size, ret_got);
}

/* Takes what record 0, a whole line with its line feed, says. What it claims to be only
 * chooses the key that it is then checked with. */
static int take_first(struct ends *ends, size_t line_size)
{
	const struct log_env *env = ends->env;
	struct head *head = &ends->head;
	struct session_key_choice choice = { .store = NULL };
	struct session_key *key = NULL;
	struct scan scan = { 0 };
	struct first_claim claim;
	int rc;

	if (!first_claims(ends->bytes, line_size, &claim) ||
	    memcmp(claim.session, head->session, sizeof claim.session) != 0)
		return HF_OK;
	choice = (struct session_key_choice){ .key_id = claim.key_id,
					      .session = claim.session,
					      .generation = claim.generation,
					      .store = claim.store };
	rc = session_key_choose(env->keyring, ends->report, &choice, &key);
	if (rc == HF_OK || rc == HF_ERR_KEY_MISSING)
		rc = scan_lines(env, ends->report, key, ends->bytes, line_size, &scan);
	session_key_free(env->keyring, key);
	if (rc != HF_OK || scan.records == 0)
		return rc;
	fold_apply(&scan.fold, head);
	head->generation = claim.generation;
	memcpy(head->key_id, claim.key_id, sizeof head->key_id);
	/* Of these record 0 knows nothing. */
	head->updated_us = 0;
	head->flags &= ~(uint64_t)FORMAT_HEAD_SEALED;
	return HF_OK;
}

/* Reads the beginning of the log, as far as the first line feed. */
static int read_first(struct ends *ends)
{
	const char *feed = NULL;
	size_t have = 0;

	while (feed == NULL && have < END_SIZE) {
		size_t step = have == 0 ? (size_t)STEP_SIZE : END_SIZE - have;
		size_t got = 0;
		int rc = read_at(ends, have, ends->bytes + have, step, &got);

		if (rc != HF_OK)
			return rc;
		if (got == 0)
			break;
		feed = memchr(ends->bytes + have, '\n', got);
		have += got;
	}
	return feed != NULL ? take_first(ends, (size_t)(feed - ends->bytes) + 1) : HF_OK;
}

static bool is_blank(char c)
{
	return c == '\n' || c == '\0';
}

/* Says whether two bytes of padding, or of the NUL bytes that a power cut left in its place,
 * stand at offset. Nowhere else in a log do two such bytes stand side by side. */
static int is_padded(struct ends *ends, uint64_t offset, bool *ret_padded)
{
	char pair[2] = { 0 };
	size_t got = 0;
	int rc = read_at(ends, offset, pair, sizeof pair, &got);

	*ret_padded = got < sizeof pair || (is_blank(pair[0]) && is_blank(pair[1]));
	return rc;
}

/* Finds where the padding begins, by halving: right after the last record's line feed. */
static int find_end(struct ends *ends, uint64_t *ret_end)
{
	uint64_t low = ends->size > BLANK_MAX ? ends->size - BLANK_MAX : 0;
	uint64_t high = ends->size;
	bool padded = false;
	int rc = HF_OK;

	if (ends->size >= 2)
		rc = is_padded(ends, ends->size - 2, &padded);
	while (rc == HF_OK && padded && low + 1 < high) {
		uint64_t middle = low + (high - 1 - low) / 2;
		bool is_before = false;

		rc = is_padded(ends, middle, &is_before);
		if (is_before)
			high = middle + 1;
		else
			low = middle + 1;
	}
	*ret_end = high;
	return rc;
}

/* Finds the last line in bytes that is a record, and takes what it says. is_start: a line
 * begins where the bytes begin. */
static bool take_last(struct ends *ends, const char *bytes, size_t size, bool is_start)
{
	size_t end = size;

	/* What stands after the last line feed is no line. */
	while (end > 0 && bytes[end - 1] != '\n')
		end--;
	while (end > 0) {
		struct hf_record record;
		size_t start = end - 1;

		while (start > 0 && bytes[start - 1] != '\n')
			start--;
		if ((start > 0 || is_start) &&
		    record_decode(bytes + start, end - 1 - start, &record)) {
			ends->head.updated_us = record.at_us;
			ends->head.records = record.n < INT64_MAX ? record.n + 1 : 0;
			return true;
		}
		end = start;
	}
	return false;
}

/* Reads the end of the log, as far back as its last record begins. */
static int read_last(struct ends *ends)
{
	uint64_t end = 0;
	size_t have = 0;
	int rc = find_end(ends, &end);

	ends->head.offset = end;
	while (rc == HF_OK && have < END_SIZE && have < end) {
		size_t want = have == 0 ? (size_t)STEP_SIZE : (size_t)END_SIZE;
		char *bytes;
		size_t got = 0;

		if (want > end)
			want = (size_t)end;
		bytes = ends->bytes + END_SIZE - want;
		rc = read_at(ends, end - want, bytes, want - have, &got);
		/* Cut meanwhile: there is nothing to be said of its end. */
		if (rc != HF_OK || got < want - have)
			break;
		have = want;
		if (take_last(ends, bytes, want, want == end))
			break;
	}
	return rc;
}

int ends_read(const struct log_env *env, struct report *report, struct storage_id id,
	      struct head *ret_head)
{
	const struct storage_ops *ops = env->storage->ops;
	struct ends *ends = mem_new(1, sizeof *ends);
	int rc;

	if (ends == NULL)
		return HF_ERR_NOMEM;
	ends->env = env;
	ends->report = report;
	memcpy(ends->head.session, id.bytes, sizeof ends->head.session);
	rc = ops->log_open(env->storage, report, id, STORAGE_READ, &ends->log);
	if (rc == HF_OK)
		rc = ops->log_size(ends->log, &ends->size);
	if (rc == HF_OK)
		rc = read_first(ends);
	if (rc == HF_OK)
		rc = read_last(ends);
	if (rc == HF_OK)
		*ret_head = ends->head;
	if (ends->log != NULL)
		ops->log_close(ends->log);
	mem_free(ends);
	return rc;
}
