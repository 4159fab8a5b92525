/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "holdfast.h"
#include "keys/secret_internal.h"

enum { FILE_MODE = 0600 };

static int temp_name(const struct sys *sys, char ret_name[static SECRET_TEMP_NAME_SIZE])
{
	uint8_t random[SECRET_RANDOM_SIZE];
	size_t prefix = strlen(SECRET_TEMP_PREFIX);
	int rc = sys->random(sys->context, random, sizeof random);

	if (rc < 0)
		return rc;
	memcpy(ret_name, SECRET_TEMP_PREFIX, prefix);
	text_put_hex(random, sizeof random, ret_name + prefix);
	memcpy(ret_name + prefix + 2 * sizeof random, SECRET_TEMP_SUFFIX,
	       sizeof SECRET_TEMP_SUFFIX);
	return 0;
}

static bool remove_temp(void *context, const char *name)
{
	const struct secret_dir *dir = context;

	if (secret_is_temp_name(name))
		(void)dir->sys->unlink_at(dir->sys->context, dir->fd, name);
	return true;
}

/* The host's name as a key file may hold it. */
static int host_name(const struct sys *sys, char ret_host[static FORMAT_HOST_SIZE_MAX + 1])
{
	int rc = sys->host_name(sys->context, ret_host, FORMAT_HOST_SIZE_MAX + 1);

	if (rc < 0)
		return rc;
	for (char *c = ret_host; *c != '\0'; c++) {
		if (*c < 0x21 || *c > 0x7e)
			*c = '?';
	}
	if (ret_host[0] == '\0')
		text_copy(ret_host, FORMAT_HOST_SIZE_MAX + 1, "localhost");
	return 0;
}

/* Draws a secret and writes its text. */
static int draw(const struct sys *sys, struct report *report, uint32_t rounds,
		struct secret *secret)
{
	int64_t now_us;
	int rc = sys->random(sys->context, secret->file.secret, sizeof secret->file.secret);

	if (rc < 0)
		return secret_call_failed(report, rc, "getrandom", NULL);
	rc = host_name(sys, secret->file.host);
	if (rc < 0)
		return secret_call_failed(report, rc, "uname", NULL);
	rc = sys->wall_time(sys->context, &now_us);
	if (rc < 0)
		return secret_call_failed(report, rc, "clock_gettime", NULL);
	secret->file.rounds = rounds;
	text_put_time(now_us, secret->file.made);
	secret->text_size = keyfile_encode(&secret->file, secret->text);
	return HF_OK;
}

static int write_temp(const struct secret_dir *dir, struct report *report, const char *name,
		      const struct secret *secret)
{
	const struct sys *sys = dir->sys;
	const char *operation = "open";
	size_t written;
	int rc, closed;
	int fd = sys->open_at(sys->context, dir->fd, name,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);

	if (fd < 0)
		return secret_call_failed(report, fd, operation, name);
	operation = "fchmod";
	rc = sys->chmod(sys->context, fd, FILE_MODE); /* whatever the umask */
	if (rc == 0) {
		operation = "write";
		rc = sys_write_all(sys, fd, secret->text, secret->text_size, 0, &written);
	}
	if (rc == 0) {
		operation = "fsync";
		rc = sys->sync_all(sys->context, fd);
	}
	closed = sys->close(sys->context, fd);
	if (rc == 0 && closed < 0) {
		operation = "close";
		rc = closed;
	}
	return rc < 0 ? secret_call_failed(report, rc, operation, name) : HF_OK;
}

/* Gives a secret its name unless there is one by now. ENOENT: the process that made that
 * one has removed our temp file, since nobody needs it any more. */
static int publish(const struct secret_dir *dir, struct report *report, const char *name)
{
	const struct sys *sys = dir->sys;
	int rc = sys->link_at(sys->context, dir->fd, name, dir->fd, SECRET_NAME);

	if (rc < 0 && rc != -EEXIST && rc != -ENOENT)
		return secret_call_failed(report, rc, "link", SECRET_NAME);
	/* Those of processes that died before this point lie here for good otherwise. */
	(void)sys->each_name(sys->context, dir->fd, remove_temp, (void *)(uintptr_t)dir);
	return HF_OK;
}

int secret_put(const struct secret_dir *dir, struct report *report, const struct secret *secret)
{
	const struct sys *sys = dir->sys;
	char name[SECRET_TEMP_NAME_SIZE];
	int rc = temp_name(sys, name);

	if (rc < 0)
		return secret_call_failed(report, rc, "getrandom", NULL);
	rc = write_temp(dir, report, name, secret);
	if (rc == HF_OK)
		rc = publish(dir, report, name);
	(void)sys->unlink_at(sys->context, dir->fd, name); /* mostly gone already */
	return rc;
}

int secret_make(const struct secret_dir *dir, struct report *report, uint32_t rounds,
		struct secret *secret)
{
	int rc = draw(dir->sys, report, rounds, secret);

	if (rc == HF_OK)
		rc = secret_put(dir, report, secret);
	mem_wipe(secret, sizeof *secret);
	return rc;
}
