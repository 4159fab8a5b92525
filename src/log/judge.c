/* SPDX-License-Identifier: MIT */
#include "log/judge.h"

#include <string.h>

#include "base/mem.h"
#include "format/record.h"

/* Bytes that the line of a repair record takes at most. */
enum { REPAIR_LINE_MAX = 2048 };

size_t judge_padding(const char *bytes, size_t size)
{
	size_t end = size;

	while (end > 0 && bytes[end - 1] == '\n')
		end--;
	return end > 0 && end < size ? end + 1 : end;
}

void judge_set(struct checked *c, enum hf_verdict verdict)
{
	c->check.verdict = verdict;
	c->check.bad_record = (int64_t)c->scan.records;
	c->check.bad_offset = (int64_t)c->scan.offset;
}

void judge_clear(struct checked *c, enum hf_verdict verdict)
{
	c->check.verdict = verdict;
	c->check.bad_record = -1;
	c->check.bad_offset = -1;
}

void judge_rest(struct checked *c)
{
	struct hf_slice rest = check_bytes(c, c->scan.offset);

	if (judge_padding(rest.data, rest.size) == 0)
		return;
	judge_set(c, scan_finds_record(&c->key->record, c->scan.mac, rest.data, rest.size) ?
			       HF_GAP : HF_TORN);
}

/* True if nothing but line feeds and zero bytes stands after the last good record: space
 * that was set aside and never written to, or whose writing was lost. */
static bool is_rest_blank(const struct checked *c)
{
	struct hf_slice rest = check_bytes(c, c->scan.offset);

	for (uint64_t at = c->scan.offset; rest.size > 0; rest = check_bytes(c, at)) {
		for (size_t i = 0; i < rest.size; i++) {
			if (rest.data[i] != '\n' && rest.data[i] != '\0')
				return false;
		}
		at += rest.size;
	}
	return true;
}

/* True if bytes begin with a line that is a repair record, and checks as the next one.
 * *ret_size is the line's size with its line feed. */
static bool is_repair(const struct checked *c, const char *bytes, size_t size, size_t *ret_size)
{
	const char *feed = memchr(bytes, '\n', size);
	uint8_t found[MAC_SIZE], computed[MAC_SIZE];
	struct hf_record record = { 0 };
	size_t covered = 0;

	if (feed == NULL || !record_split(bytes, (size_t)(feed - bytes), &covered, found))
		return false;
	record_mac(&c->key->record, c->scan.mac, bytes, covered, computed);
	*ret_size = (size_t)(feed - bytes) + 1;
	return mac_equal(computed, found) && record_decode(bytes, (size_t)(feed - bytes), &record) &&
	       record.n == c->scan.records && record_slice_is(record.type, "repair");
}

/* A repair of a log that was too short, which ended before it moved the head, leaves its
 * record where the head knows others: the log is still what it was, one that was cut. Only
 * who has the key can write that record there. */
static int find_unfinished_repair(struct checked *c, bool *ret_found)
{
	char line[REPAIR_LINE_MAX];
	size_t got = 0;
	size_t size = 0;
	int rc = HF_OK;

	if (c->key == NULL || c->scan.records == 0 || c->log == NULL || !c->found.is_valid)
		return HF_OK;
	rc = c->env->storage->ops->log_read(c->log, c->scan.offset, line, sizeof line, &got);
	if (rc == HF_OK && is_repair(c, line, got, &size))
		*ret_found = c->scan.offset + size >= c->found.head.offset;
	return rc;
}

int judge_loss(struct checked *c, bool is_short)
{
	struct hf_slice rest = check_bytes(c, c->scan.offset);

	bool is_cut = is_rest_blank(c) ||
		      (is_short && memchr(rest.data, '\n', rest.size) == NULL);
	int rc = is_cut ? HF_OK : find_unfinished_repair(c, &is_cut);

	if (rc == HF_OK)
		judge_set(c, is_cut ? HF_TRUNCATED : HF_TAMPERED);
	return rc;
}

/* The MAC of the record that ends at the end of bytes, or that of none. */
static void take_last_mac(const char *bytes, uint64_t end, uint8_t mac[static MAC_SIZE])
{
	size_t covered;

	memset(mac, 0, MAC_SIZE);
	if (end > FORMAT_TAIL_SIZE)
		(void)record_split(bytes + end - 1 - FORMAT_TAIL_SIZE, FORMAT_TAIL_SIZE, &covered, mac);
}

void judge_drop_last(struct checked *c)
{
	const char *bytes = c->map.bytes;
	struct scan *scan = &c->scan;

	scan->records--;
	do
		scan->offset--;
	while (scan->offset > 0 && bytes[scan->offset - 1] != '\n');
	take_last_mac(bytes, scan->offset, scan->mac);
}
