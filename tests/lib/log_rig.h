/* SPDX-License-Identifier: MIT */
/*
 * A store without files, for tests and fuzz targets of the layers under src/store: real
 * code on storage_memory, with a known key, a clock that a test sets and the bytes of logs
 * and heads within reach.
 *
 *     struct log_rig rig;
 *     log_rig_open(&rig);              // must not move from here on
 *     ... writer_create(&rig.env, &rig.report, id, ...) ...
 *     struct hf_slice log = log_rig_log(&rig, id);
 *     log_rig_put_log(&rig, id, forged, size);
 *     struct hf_check check = log_rig_check(&rig, id);
 *     log_rig_close(&rig);
 *
 * What cannot go wrong but by a fault of the rig ends the program, so that this header
 * serves programs with and without Check.
 */
#ifndef LIB_LOG_RIG_H
#define LIB_LOG_RIG_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "format/record.h"
#include "log/check.h"
#include "log/writer.h"
#include "storage/memory.h"
#include "storage/memory_internal.h"

#define RIG_MUST(condition)                                                       \
	do {                                                                         \
		if (!(condition)) {                                                     \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* The secret is 0, 1, ... 31; the key of the store 10111213-1415-... has the id below. */
#define RIG_SECRET                                         \
	"holdfast-key 1\n"                                    \
	"secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n" \
	"host build-7.example.org\n"                          \
	"rounds 10000\n"                                      \
	"made 2026-11-22T23:54:13.123456Z\n"                  \
	"check G36NJ79G7dxuYHZeRLJNVnSYoSLsGAOqpz6KLaVQ7y4\n"
#define RIG_KEY_ID "9083ce5eaf1baf38"
#define RIG_KEY_ID_UNKNOWN "0123456789abcdef"
#define RIG_STORE "10111213-1415-1617-1819-1a1b1c1d1e1f"
/* 2026-11-22T23:54:13.123456Z */
#define RIG_TIME_US INT64_C(1795391653123456)

struct log_rig {
	struct sys sys;      /* the real one but for the clock and the memory for keys */
	int64_t now_us;      /* the wall clock; each look at it takes a microsecond */
	struct report report;
	struct storage *storage;
	struct keyring *keyring;
	struct log_env env;
};

static inline int rig_wall_time(void *context, int64_t *ret_time_us)
{
	struct log_rig *rig = context;

	*ret_time_us = rig->now_us;
	if (rig->now_us < INT64_MAX)
		rig->now_us++;
	return 0;
}

static inline int rig_sleep(void *context, int64_t duration_us)
{
	(void)context;
	(void)duration_us;
	return 0;
}

/* Heap memory, so that a sanitizer sees what is read beyond it, and that it is freed. */
static inline int rig_secret_new(void *context, size_t size, void **ret_memory, bool *ret_locked)
{
	(void)context;
	*ret_memory = calloc(1, size);
	RIG_MUST(*ret_memory != NULL);
	*ret_locked = true;
	return 0;
}

static inline void rig_secret_free(void *context, void *memory, size_t size)
{
	(void)context;
	(void)size;
	free(memory);
}

/* A keyring that has the key in memory; its directory is gone already. */
static inline void rig_open_keyring(struct log_rig *rig, const uint8_t store[static 16])
{
	static const char name[] = "machine_secret";
	const struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	const char *base = getenv("TMPDIR");
	char path[256], key_id[FORMAT_KEY_ID_SIZE];
	int dir_fd, fd;

	(void)snprintf(path, sizeof path, "%s/holdfast-rig-XXXXXX",
		       base != NULL && base[0] == '/' ? base : "/tmp");
	RIG_MUST(mkdtemp(path) != NULL);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RIG_MUST(dir_fd >= 0);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	RIG_MUST(fd >= 0 && write(fd, RIG_SECRET, sizeof RIG_SECRET - 1) == sizeof RIG_SECRET - 1);
	RIG_MUST(close(fd) == 0);
	RIG_MUST(keyring_open(&rig->sys, &rig->report, dir_fd, store, &options, &rig->keyring) ==
		 HF_OK);
	RIG_MUST(keyring_current(rig->keyring, &rig->report, key_id) == HF_OK);
	RIG_MUST(memcmp(key_id, RIG_KEY_ID, sizeof key_id) == 0);
	RIG_MUST(unlinkat(dir_fd, name, 0) == 0 && rmdir(path) == 0);
}

/* A rig whose store has another id. */
static inline void log_rig_open_store(struct log_rig *rig, const char *store)
{
	memset(rig, 0, sizeof *rig);
	rig->sys = *sys_posix();
	rig->sys.context = rig;
	rig->sys.wall_time = rig_wall_time;
	rig->sys.sleep = rig_sleep;
	rig->sys.secret_new = rig_secret_new;
	rig->sys.secret_free = rig_secret_free;
	rig->now_us = RIG_TIME_US;
	rig->report = report_make(NULL, NULL);
	RIG_MUST(text_get_uuid(store, strlen(store), rig->env.store));
	RIG_MUST(storage_memory_open(&rig->storage) == HF_OK);
	rig_open_keyring(rig, rig->env.store);
	rig->env.sys = &rig->sys;
	rig->env.storage = rig->storage;
	rig->env.keyring = rig->keyring;
	rig->env.durability = HF_SYNC;
	rig->env.max_record_size = HF_RECORD_SIZE_DEFAULT;
	rig->env.threads = 1;
}

static inline void log_rig_open(struct log_rig *rig)
{
	log_rig_open_store(rig, RIG_STORE);
}

static inline void log_rig_close(struct log_rig *rig)
{
	rig->storage->ops->close(rig->storage);
	keyring_close(rig->keyring);
}

/* An id that differs in its last byte. */
static inline struct storage_id log_rig_id(uint8_t last)
{
	struct storage_id id = { { 0x01, 0x95, 0xd3, 0xa0, 0x11, 0x11, 0x42, 0x22, 0x83, 0x33, 0x44,
				   0x44, 0x55, 0x55, 0x66, 0x66 } };

	id.bytes[15] = last;
	return id;
}

/* ---- Bytes ------------------------------------------------------------------- */

/* The bytes of a log: valid until it changes. Empty if there is none. */
static inline struct hf_slice log_rig_log(struct log_rig *rig, struct storage_id id)
{
	struct session *session = memory_find(rig->storage, id);

	if (session == NULL || session->content == NULL)
		return (struct hf_slice){ NULL, 0 };
	return (struct hf_slice){ session->content->bytes.data, session->content->bytes.size };
}

/* The head's bytes, to read and to change; NULL if there is no head. */
static inline uint8_t *log_rig_head(struct log_rig *rig, struct storage_id id)
{
	struct session *session = memory_find(rig->storage, id);

	return session != NULL && session->has_head ? session->head : NULL;
}

static inline struct session *rig_session(struct log_rig *rig, struct storage_id id)
{
	static const uint8_t head[STORAGE_HEAD_SIZE];
	struct session *session = memory_find(rig->storage, id);

	if (session == NULL) {
		RIG_MUST(rig->storage->ops->create(rig->storage, &rig->report, id, head, "", 0) ==
			 HF_OK);
		session = memory_find(rig->storage, id);
		session->has_head = false;
	}
	return session;
}

/* Puts a log in place, whatever there was; NULL takes it away. In place, so that a mapping
 * of the old bytes would notice. */
static inline void log_rig_put_log(struct log_rig *rig, struct storage_id id, const char *bytes,
				   size_t size)
{
	struct session *session = rig_session(rig, id);

	memory_log_content_release(session->content);
	session->content = NULL;
	if (bytes == NULL)
		return;
	session->content = memory_log_content_new();
	RIG_MUST(session->content != NULL);
	RIG_MUST(memory_log_content_write(session->content, 0, bytes, size) == HF_OK);
}

/* The same for the head. */
static inline void log_rig_put_head(struct log_rig *rig, struct storage_id id,
				    const uint8_t *slots)
{
	struct session *session = rig_session(rig, id);

	session->has_head = slots != NULL;
	if (slots != NULL)
		memcpy(session->head, slots, STORAGE_HEAD_SIZE);
}

/* ---- Checking ---------------------------------------------------------------- */

/* What check_open says of a session, which must exist. */
static inline struct hf_check log_rig_check(struct log_rig *rig, struct storage_id id)
{
	struct checked *checked = NULL;
	struct hf_check check;

	report_clear(&rig->report);
	RIG_MUST(check_open(&rig->env, &rig->report, id, STORAGE_READ, NULL, &checked) == HF_OK);
	check = checked->check;
	check_close(checked);
	return check;
}

/* ---- Forging ----------------------------------------------------------------- */

/* Lines signed with the right key, whatever they say. */
struct forge {
	struct buffer bytes;
	struct session_key *key;
	struct keyring *keyring;
	char key_id[FORMAT_KEY_ID_SIZE];
	uint64_t generation;
	uint8_t mac[MAC_SIZE];  /* of the last line */
	uint64_t n;             /* of the next record */
};

static inline void forge_begin(struct forge *forge, struct log_rig *rig, struct storage_id id,
			       const char *key_id, uint64_t generation)
{
	*forge = (struct forge){ .bytes = BUFFER_INIT(SIZE_MAX / 2), .keyring = rig->keyring,
				 .generation = generation };
	memcpy(forge->key_id, key_id, sizeof forge->key_id);
	RIG_MUST(session_key_new(rig->keyring, &rig->report, key_id, id.bytes, generation,
				 &forge->key) == HF_OK);
}

static inline void forge_end(struct forge *forge)
{
	session_key_free(forge->keyring, forge->key);
	buffer_release(&forge->bytes);
}

/* Signs any bytes (without tail) as the next line. */
static inline void forge_body(struct forge *forge, const char *body, size_t size)
{
	size_t start = forge->bytes.size;

	RIG_MUST(buffer_put(&forge->bytes, body, size) == HF_OK);
	RIG_MUST(record_finish(&forge->bytes, start, &forge->key->record, forge->mac) == HF_OK);
	forge->n++;
}

/* Adds a record with any data. */
static inline void forge_add(struct forge *forge, const char *type, const char *id,
			     const char *data)
{
	struct record_envelope envelope = { forge->n, RIG_TIME_US + (int64_t)forge->n, id, type };
	size_t start = forge->bytes.size;

	RIG_MUST(record_begin(&forge->bytes, &envelope) == HF_OK);
	RIG_MUST(buffer_put_text(&forge->bytes, data) == HF_OK);
	RIG_MUST(record_finish(&forge->bytes, start, &forge->key->record, forge->mac) == HF_OK);
	forge->n++;
}

/* The data of a record 0 that is right in every respect; the caller changes what it wants
 * otherwise. previous: JSON. Free with free. */
static inline char *forge_first(struct storage_id id, const char *key_id, uint64_t generation,
				const char *previous, uint64_t records)
{
	char *data = calloc(1, 1024);
	char uuid[TEXT_UUID_SIZE + 1] = "";

	RIG_MUST(data != NULL);
	text_put_uuid(id.bytes, uuid);
	(void)snprintf(data, 1024,
		       "{\"format\":1,\"session\":\"%s\",\"store\":\"" RIG_STORE "\",\"generation\":%llu,"
		       "\"key\":\"%.16s\",\"created\":\"2026-11-22T23:54:13.123456Z\",\"name\":null,"
		       "\"project\":null,\"config\":{},\"origin\":null,\"pinned\":false,\"tags\":[],"
		       "\"former\":[],\"previous\":%s,\"records\":%llu}",
		       uuid, (unsigned long long)generation, key_id, previous,
		       (unsigned long long)records);
	return data;
}

/* A whole log of generation 0: record 0 and count messages. */
static inline void forge_log(struct forge *forge, struct storage_id id, unsigned count)
{
	char *data = forge_first(id, forge->key_id, 0, "null", 1);
	char text[64];

	forge_add(forge, "session", NULL, data);
	free(data);
	for (unsigned i = 1; i <= count; i++) {
		(void)snprintf(text, sizeof text, "{\"role\":\"user\",\"content\":\"%u\"}", i);
		forge_add(forge, "message", NULL, text);
	}
}

/* A slot that tells of what was forged up to now. */
static inline void forge_slot(const struct forge *forge, struct storage_id id, uint64_t counter,
			      uint8_t ret_slot[static STORAGE_HEAD_SLOT_SIZE])
{
	struct head head = { .counter = counter, .generation = forge->generation,
			     .records = forge->n, .offset = forge->bytes.size,
			     .created_us = RIG_TIME_US, .updated_us = RIG_TIME_US };

	memcpy(head.session, id.bytes, sizeof head.session);
	memcpy(head.key_id, forge->key_id, sizeof head.key_id);
	memcpy(head.mac, forge->mac, sizeof head.mac);
	head_encode(&head, &forge->key->head, ret_slot);
}

#endif
