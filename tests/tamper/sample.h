/* SPDX-License-Identifier: MIT */
/* The session that the tests of this folder damage: 40 small records of several types, as
 * the real writer leaves them, and where each of them begins. */
#ifndef TAMPER_SAMPLE_H
#define TAMPER_SAMPLE_H

#include <check.h>

#include "lib/log_rig.h"

enum { SAMPLE_RECORDS = 40 };

struct sample {
	struct log_rig rig;
	struct storage_id id;
	char *log;
	size_t size;
	size_t starts[SAMPLE_RECORDS + 1]; /* of each record; the last is the log's end */
	uint8_t head[STORAGE_HEAD_SIZE];
};

/* The n-th record of the sample; texts are good until the next call. */
static inline struct hf_append sample_record(unsigned n)
{
	static char id[32], json[96];
	static const char *const types[] = { "message", "message", "todos", "x-tool", "config",
					     "message", "rename" };
	static const char *const texts[] = {
		"{\"role\":\"user\",\"content\":\"%u\"}", "\"\\ud83d%u\"", "[{\"done\":false,\"n\":%u}]",
		"%u.0", "{\"m\":\"%u\"}", "[%u,null]", "{\"name\":\"n%u\"}",
	};
	unsigned kind = n % (unsigned)(sizeof types / sizeof types[0]);

	(void)snprintf(id, sizeof id, "id-%u", n);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(json, sizeof json, texts[kind], n);
#pragma GCC diagnostic pop
	return (struct hf_append){ types[kind], n % 3 == 0 ? id : NULL, json, strlen(json) };
}

/* Appends records one by one until the session has count; closes it without a seal. */
static inline void sample_append(struct log_rig *rig, struct writer *writer, unsigned count)
{
	while (writer->head.records < count) {
		struct hf_append record = sample_record((unsigned)writer->head.records);

		report_clear(&rig->report);
		ck_assert_int_eq(writer_append(writer, NULL, &record, 1, NULL), HF_OK);
	}
	ck_assert_int_eq(writer_close(writer, HF_CLOSE_LEAVE), HF_OK);
}

/* Takes over what the medium holds, and finds the lines. */
static inline void sample_take(struct sample *sample)
{
	struct hf_slice log = log_rig_log(&sample->rig, sample->id);
	const char *at = log.data;

	free(sample->log);
	sample->size = log.size;
	sample->log = malloc(log.size);
	ck_assert_ptr_nonnull(sample->log);
	memcpy(sample->log, log.data, log.size);
	memcpy(sample->head, log_rig_head(&sample->rig, sample->id), sizeof sample->head);
	for (unsigned n = 0; n <= SAMPLE_RECORDS; n++) {
		sample->starts[n] = (size_t)(at - log.data);
		if (n < SAMPLE_RECORDS)
			at = (const char *)memchr(at, '\n', log.size - sample->starts[n]) + 1;
	}
	ck_assert_uint_eq(sample->starts[SAMPLE_RECORDS], log.size);
}

static inline struct writer *sample_create(struct log_rig *rig, struct storage_id id)
{
	struct writer *writer = NULL;

	ck_assert_int_eq(writer_create(&rig->env, &rig->report, id, NULL, &writer), HF_OK);
	return writer;
}

/* A session of generation 0 with 40 records. */
static inline void sample_open(struct sample *sample)
{
	memset(sample, 0, sizeof *sample);
	log_rig_open(&sample->rig);
	sample->id = log_rig_id(0x66);
	sample_append(&sample->rig, sample_create(&sample->rig, sample->id), SAMPLE_RECORDS);
	sample_take(sample);
}

/* Saves some of the records as a new generation. */
static inline void sample_save(struct writer *writer, unsigned count)
{
	struct hf_append *records = calloc(count, sizeof *records);

	ck_assert_ptr_nonnull(records);
	for (unsigned i = 0; i < count; i++)
		records[i] = (struct hf_append){ "message", NULL, "\"saved\"", 7 };
	ck_assert_int_eq(writer_save(writer, NULL, records, count), HF_OK);
	free(records);
}

/* The same of generation 1: saved with 20 records, appended to up to 40. */
static inline void sample_open_saved(struct sample *sample)
{
	struct writer *writer;

	memset(sample, 0, sizeof *sample);
	log_rig_open(&sample->rig);
	sample->id = log_rig_id(0x66);
	writer = sample_create(&sample->rig, sample->id);
	sample_save(writer, 19);
	sample_append(&sample->rig, writer, SAMPLE_RECORDS);
	sample_take(sample);
}

static inline void sample_close(struct sample *sample)
{
	log_rig_close(&sample->rig);
	free(sample->log);
}

/* Puts everything back as it was. */
static inline void sample_restore(struct sample *sample)
{
	log_rig_put_log(&sample->rig, sample->id, sample->log, sample->size);
	log_rig_put_head(&sample->rig, sample->id, sample->head);
}

/* The record that has the byte at offset. */
static inline unsigned sample_at(const struct sample *sample, size_t offset)
{
	unsigned n = 0;

	while (n + 1 < SAMPLE_RECORDS && sample->starts[n + 1] <= offset)
		n++;
	return n;
}

/* The head's state as the newest slot has it. The caller frees the key. */
static inline struct session_key *sample_head(struct sample *sample, uint64_t generation,
					      struct head *ret_head)
{
	struct session_key *key = NULL;
	struct head head = { 0 };
	bool found = false;

	ck_assert_int_eq(session_key_new(sample->rig.keyring, &sample->rig.report, RIG_KEY_ID,
					 sample->id.bytes, generation, &key), HF_OK);
	for (unsigned i = 0; i < STORAGE_HEAD_SLOTS; i++) {
		const uint8_t *slot = sample->head + (size_t)i * STORAGE_HEAD_SLOT_SIZE;

		if (head_decode(slot, i, sample->id.bytes, &key->head, &head) &&
		    (!found || head.counter > ret_head->counter)) {
			*ret_head = head;
			found = true;
		}
	}
	ck_assert(found);
	return key;
}

/* The MAC that record n has. */
static inline void sample_mac(const struct sample *sample, unsigned n, uint8_t ret_mac[MAC_SIZE])
{
	size_t covered;

	ck_assert(record_split(sample->log + sample->starts[n],
			       sample->starts[n + 1] - sample->starts[n] - 1, &covered, ret_mac));
}

/* A head that tells of the first count records, and of one less in its other slot, as a
 * writer leaves it that is killed after an append. */
static inline void sample_put_head_at(struct sample *sample, unsigned count)
{
	uint8_t slots[STORAGE_HEAD_SIZE] = { 0 };
	struct head head = { 0 };
	struct session_key *key = sample_head(sample, 0, &head);

	for (unsigned records = count > 1 ? count - 1 : 1; records <= count; records++) {
		head.counter = head.records = records;
		head.offset = sample->starts[records];
		sample_mac(sample, records - 1, head.mac);
		head_encode(&head, &key->head, slots + (size_t)head_slot(records) *
						       STORAGE_HEAD_SLOT_SIZE);
	}
	session_key_free(sample->rig.keyring, key);
	log_rig_put_head(&sample->rig, sample->id, slots);
}

/* ---- Expectations ------------------------------------------------------------ */

/* What a check must say. bad: where it says that something is wrong, or -1. */
struct expected {
	enum hf_verdict verdict;
	unsigned records;
	int64_t bad_record;
	int64_t bad_offset;
};

/* Good up to record n, where the verdict begins to hold. */
static inline struct expected expect_bad(const struct sample *sample, enum hf_verdict verdict,
					 unsigned n)
{
	return (struct expected){ verdict, n, n, (int64_t)sample->starts[n] };
}

/* Nothing bad, but for what the verdict says. */
static inline struct expected expect_good(enum hf_verdict verdict, unsigned records)
{
	return (struct expected){ verdict, records, -1, -1 };
}

/* Checks the session as it stands now; the text says what was done to it. */
__attribute__((format(printf, 3, 4)))
static inline void sample_expect(struct sample *sample, struct expected expected,
				 const char *format, ...)
{
	struct hf_check found = log_rig_check(&sample->rig, sample->id);
	char what[256];
	va_list arguments;

	if (found.verdict == expected.verdict && found.records == expected.records &&
	    found.bad_record == expected.bad_record && found.bad_offset == expected.bad_offset)
		return;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	ck_abort_msg("%s: %s, %u records, bad %d at %d; expected %s, %u, %d at %d", what,
		     hf_verdict_name(found.verdict), (unsigned)found.records, (int)found.bad_record,
		     (int)found.bad_offset, hf_verdict_name(expected.verdict), expected.records,
		     (int)expected.bad_record, (int)expected.bad_offset);
}

#endif
