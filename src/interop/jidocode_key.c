/* SPDX-License-Identifier: MIT */
#include "interop/jidocode_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"

enum { ROUNDS = 100000 };

static int check_file(const struct sys *sys, struct report *report, int fd, const char *path)
{
	struct stat stat;
	int rc = sys->stat(sys->context, fd, &stat);

	if (rc < 0)
		return report_errno(report, -rc, "fstat", path);
	if (!S_ISREG(stat.st_mode))
		return report_fail(report, HF_ERR_KEY_UNSAFE, "key file",
				   "%s is not a regular file", path);
	if ((stat.st_mode & 077) != 0)
		report_log(report, HF_LOG_WARNING, "%s has mode %03o, so that others can get at it",
			   path, (unsigned)stat.st_mode & 07777);
	return HF_OK;
}

static int read_file(const struct sys *sys, struct report *report, int fd, const char *path,
		     struct jidocode_secret *secret)
{
	uint8_t bytes[JIDOCODE_SECRET_MAX + 1];
	ssize_t size = sys_read_some(sys, fd, bytes, sizeof bytes, 0);
	int rc = HF_OK;

	if (size < 0)
		rc = report_errno(report, (int)-size, "pread", path);
	else if (size < JIDOCODE_SECRET_MIN || size > JIDOCODE_SECRET_MAX)
		rc = report_fail(report, HF_ERR_KEY_CORRUPT, "key file",
				 "%s is no machine_secret: those have 64 bytes", path);
	if (rc == HF_OK) {
		memcpy(secret->bytes, bytes, (size_t)size);
		secret->size = (size_t)size;
	}
	mem_wipe(bytes, sizeof bytes);
	return rc;
}

/* The host's name as Erlang gives it: up to the first dot. */
static int read_host(const struct sys *sys, struct report *report, const char *host,
		     struct jidocode_secret *secret)
{
	int rc = 0;

	if (host != NULL)
		text_copy(secret->host, sizeof secret->host, host);
	else
		rc = sys->host_name(sys->context, secret->host, sizeof secret->host);
	if (rc < 0)
		return report_errno(report, -rc, "gethostname", NULL);
	secret->host[strcspn(secret->host, ".")] = '\0';
	return HF_OK;
}

int jidocode_key_load(const struct sys *sys, struct report *report, const char *path,
		      const char *host, struct jidocode_secret *ret_secret)
{
	struct jidocode_secret secret = { .size = 0 };
	int fd = sys->open_at(sys->context, AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	int rc;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return report_fail(report, HF_ERR_KEY_MISSING, "key file",
				   "there is no machine_secret at %s", path);
	if (fd == -ELOOP)
		return report_fail(report, HF_ERR_KEY_UNSAFE, "key file",
				   "%s is not a regular file", path);
	if (fd < 0)
		return report_errno(report, -fd, "open", path);
	rc = check_file(sys, report, fd, path);
	if (rc == HF_OK)
		rc = read_file(sys, report, fd, path, &secret);
	if (rc == HF_OK)
		rc = read_host(sys, report, host, &secret);
	(void)sys->close(sys->context, fd);
	if (rc == HF_OK)
		*ret_secret = secret;
	jidocode_key_wipe(&secret);
	return rc;
}

void jidocode_key_wipe(struct jidocode_secret *secret)
{
	mem_wipe(secret, sizeof *secret);
}

int jidocode_key_path(struct report *report, char *ret_path, size_t size)
{
	static const char below[] = "/.jido_code/machine_secret";
	char home[FACT_PATH_SIZE];

	/* No variable of the environment names JidoCode's own directory. */
	if (!fact_home("HOME", "", home) || strlen(home) + sizeof below > size)
		return report_fail(report, HF_ERR_KEY_MISSING, "key file",
				   "there is no home directory to look for a machine_secret in");
	memcpy(ret_path, home, strlen(home));
	memcpy(ret_path + strlen(home), below, sizeof below);
	return HF_OK;
}

const char *jidocode_key_salt(size_t index)
{
	/* What its configuration gives, and what its code has where there is none. */
	static const char *const salts[] = { "jido_code_session_v1_2025", "jido_code_session_v1" };

	return index < sizeof salts / sizeof salts[0] ? salts[index] : NULL;
}

int jidocode_key_derive(const struct jidocode_secret *secret, const char *salt,
			struct report *report, uint8_t ret_key[static KDF_SIZE])
{
	struct buffer all = BUFFER_INIT(JIDOCODE_SALT_MAX + sizeof *secret);
	/* HMAC fills up a key with zeros to its block of 64 bytes, so these are no other key. */
	uint8_t password[KDF_SIZE] = { 0 };
	size_t size = strlen(salt);
	int rc;

	if (size > JIDOCODE_SALT_MAX)
		return report_fail(report, HF_ERR_INVALID, "key",
				   "the salt is longer than %d bytes", (int)JIDOCODE_SALT_MAX);
	memcpy(password, salt, size);
	rc = buffer_reserve(&all, size + secret->size + sizeof secret->host);
	if (rc == HF_OK)
		rc = buffer_put(&all, salt, size);
	if (rc == HF_OK)
		rc = buffer_put(&all, secret->bytes, secret->size);
	if (rc == HF_OK)
		rc = buffer_put_text(&all, secret->host);
	if (rc == HF_OK) {
		kdf_pbkdf2(password, all.data, all.size, ROUNDS, ret_key);
		mem_wipe(all.data, all.size);
	}
	buffer_release(&all);
	return rc;
}

void jidocode_key_signature(const uint8_t mac[static KDF_SIZE],
			    char ret_text[static JIDOCODE_SIGNATURE_SIZE])
{
	text_put_base64_32(mac, ret_text);
	for (size_t i = 0; i < TEXT_BASE64_32_SIZE; i++) {
		if (ret_text[i] == '-')
			ret_text[i] = '+';
		else if (ret_text[i] == '_')
			ret_text[i] = '/';
	}
	ret_text[TEXT_BASE64_32_SIZE] = '=';
}
