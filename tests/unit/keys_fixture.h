/* SPDX-License-Identifier: MIT */
/* What the tests of src/keys share: a key directory, a runtime directory, a log that is
 * listened to, and a key file whose keys are known. */
#ifndef UNIT_KEYS_FIXTURE_H
#define UNIT_KEYS_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/invariant.h"
#include "base/report.h"
#include "base/text.h"
#include "keys/keyring.h"
#include "keys/secret.h"
#include "lib/scratch.h"

/* Computed with Python from docs/FORMAT.md: the secret is 0, 1, ... 31, and the key of the
 * store 10111213-... has the id below. */
#define KNOWN_SECRET                                       \
	"holdfast-key 1\n"                                    \
	"secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n" \
	"host build-7.example.org\n"                          \
	"rounds 10000\n"                                      \
	"made 2026-11-22T23:54:13.123456Z\n"                  \
	"check G36NJ79G7dxuYHZeRLJNVnSYoSLsGAOqpz6KLaVQ7y4\n"
#define KNOWN_ID "9083ce5eaf1baf38"
#define KNOWN_WEAK_ID "weak0e3cce4a8804"

static const uint8_t known_store[16] = { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
					 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f };

/* What was logged. */
struct noted {
	unsigned warnings;
	unsigned errors;
	char last[512];
};

struct fixture {
	struct scratch keys;
	struct scratch runtime;
	struct noted noted;
	struct report report;
};

static inline void fixture_note(void *context, enum hf_log_level level, const char *message)
{
	struct noted *noted = context;

	noted->warnings += level == HF_LOG_WARNING;
	noted->errors += level == HF_LOG_ERROR;
	if (level >= HF_LOG_WARNING)
		text_copy(noted->last, sizeof noted->last, message);
}

/* The fixture must not move: its report points into it. */
static inline void fixture_open(struct fixture *fixture)
{
	memset(fixture, 0, sizeof *fixture);
	fixture->keys = scratch_open();
	fixture->runtime = scratch_open();
	fixture->report = report_make(fixture_note, &fixture->noted);
	ck_assert_int_eq(fchmod(fixture->keys.fd, 0700), 0);
	ck_assert_int_eq(fchmod(fixture->runtime.fd, 0700), 0);
}

static inline void fixture_close(struct fixture *fixture)
{
	scratch_close(&fixture->keys);
	scratch_close(&fixture->runtime);
}

static inline struct secret_dir fixture_dir(const struct fixture *fixture)
{
	return (struct secret_dir){ sys_posix(), fixture->keys.fd, false };
}

/* Puts text into a file of the key directory, with a mode. */
static inline void fixture_put(const struct fixture *fixture, const char *name, const char *text,
			       mode_t mode)
{
	scratch_put(fixture->keys.fd, name, text, strlen(text));
	ck_assert_int_eq(fchmodat(fixture->keys.fd, name, mode, 0), 0);
}

static inline void fixture_put_secret(const struct fixture *fixture)
{
	fixture_put(fixture, SECRET_NAME, KNOWN_SECRET, 0600);
}

static inline void fixture_assert_file(const struct fixture *fixture, const char *name,
				       const char *text)
{
	size_t size;
	char *bytes = scratch_get(fixture->keys.fd, name, &size);

	ck_assert_uint_eq(size, strlen(text));
	ck_assert_mem_eq(bytes, text, size);
	free(bytes);
}

static inline void fixture_assert_names(const struct fixture *fixture, size_t count)
{
	ck_assert_uint_eq(scratch_count(fixture->keys.fd, "."), count);
}

static inline struct keyring_options fixture_options(const struct fixture *fixture)
{
	return (struct keyring_options){ .rounds = FORMAT_ROUNDS_MIN,
					 .runtime_dir = fixture->runtime.path };
}

static inline struct keyring *fixture_keyring_with(struct fixture *fixture, const struct sys *sys,
						   const struct keyring_options *options)
{
	struct keyring *keyring = NULL;
	int fd = sys->open_at(sys->context, fixture->keys.fd, ".", O_RDONLY | O_DIRECTORY, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(keyring_open(sys, &fixture->report, fd, known_store, options, &keyring),
			 HF_OK);
	return keyring;
}

static inline struct keyring *fixture_keyring(struct fixture *fixture)
{
	struct keyring_options options = fixture_options(fixture);

	return fixture_keyring_with(fixture, sys_posix(), &options);
}

/* The id that new sessions are signed with, with a NUL. */
static inline const char *fixture_current(struct fixture *fixture, struct keyring *keyring,
					  char ret_id[static HF_KEY_ID_SIZE])
{
	memset(ret_id, 0, HF_KEY_ID_SIZE);
	ck_assert_int_eq(keyring_current(keyring, &fixture->report, ret_id), HF_OK);
	return ret_id;
}

/* Runs a part of a test in a child that root's rights do not help: as the user 65534, who
 * is given the key directory and what is in it, when this runs as root. */
static inline void fixture_run_unprivileged(struct fixture *fixture,
					    void (*part)(struct fixture *fixture))
{
	const uid_t nobody = 65534;
	int status = -1;
	pid_t child;

	if (geteuid() == 0) {
		ck_assert_int_eq(fchown(fixture->keys.fd, nobody, nobody), 0);
		if (scratch_exists(fixture->keys.fd, SECRET_NAME))
			ck_assert_int_eq(fchownat(fixture->keys.fd, SECRET_NAME, nobody, nobody, 0), 0);
	}
	child = check_fork();
	if (child == 0) {
		if (geteuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0))
			_exit(3);
		part(fixture);
		_exit(0);
	}
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

#endif
