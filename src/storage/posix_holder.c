/* SPDX-License-Identifier: MIT */
/* What stands in the lock files of storage_posix: who holds the lock, in his own words, for
 * people. Anybody may have written anything into them, so it is taken apart with care. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "storage/posix_internal.h"

enum { HOST_SIZE = 65 };

/* Makes one printable word of a name; "?" of an empty one. */
static void make_word(char *name)
{
	for (char *at = name; *at != '\0'; at++) {
		if (*at <= ' ' || *at > '~')
			*at = '_';
	}
	if (name[0] == '\0')
		name[0] = '?', name[1] = '\0';
}

void posix_holder_write(struct posix *posix, int fd)
{
	const struct sys *sys = posix->sys;
	char host[HOST_SIZE] = "";
	char program[POSIX_PROGRAM_SIZE] = "";
	char since[TEXT_TIME_SIZE + 1] = "?";
	char text[POSIX_HOLDER_SIZE];
	int64_t now;
	size_t written;
	int size;

	(void)sys->host_name(sys->context, host, sizeof host);
	text_copy(program, sizeof program, posix->program);
	if (program[0] == '\0')
		(void)sys->program_name(sys->context, program, sizeof program);
	make_word(host);
	make_word(program);
	if (sys->wall_time(sys->context, &now) == 0) {
		text_put_time(now, since);
		since[TEXT_TIME_SIZE] = '\0';
	}
	size = snprintf(text, sizeof text, "%ld %s %s %s\n", (long)sys->process(sys->context), host,
			since, program);
	if (size < 0 || (size_t)size >= sizeof text ||
	    sys_write_all(sys, fd, text, (size_t)size, 0, &written) < 0)
		/* A full disk still lets a file grow without blocks, which marks it as well. */
		(void)sys->truncate(sys->context, fd, 1);
}

/* Reads the first line of a lock file as far as it is printable, with a NUL; says whether
 * that is all of a line. */
static bool read_text(struct posix *posix, int fd, char text[POSIX_HOLDER_SIZE])
{
	ssize_t size = sys_read_some(posix->sys, fd, text, POSIX_HOLDER_SIZE - 1, 0);
	ssize_t end = 0;
	bool is_line;

	while (end < size && text[end] >= ' ' && text[end] <= '~')
		end++;
	is_line = end < size && text[end] == '\n';
	text[end] = '\0';
	return is_line;
}

void posix_holder_show(struct posix *posix, int fd, char holder[POSIX_HOLDER_SIZE])
{
	(void)read_text(posix, fd, holder);
	if (holder[0] == '\0')
		text_copy(holder, POSIX_HOLDER_SIZE, "somebody");
}

/* The word that text begins with; it goes on after the space behind that. */
static struct hf_slice take_word(const char **text)
{
	struct hf_slice word = { *text, strcspn(*text, " ") };

	*text += word.size;
	if (**text == ' ')
		++*text;
	return word;
}

static void copy_word(char *field, size_t size, struct hf_slice word)
{
	if (word.size >= size || (word.size == 1 && word.data[0] == '?'))
		word.size = 0;
	memcpy(field, word.data, word.size);
	field[word.size] = '\0';
}

/* Understands what posix_holder_write wrote, and leaves out of anything else what it is not. */
static void parse_holder(const char *text, struct storage_holder *holder)
{
	struct hf_slice word = take_word(&text);
	uint64_t pid = 0;

	if (text_get_u64(word.data, word.size, &pid) && pid <= INT32_MAX)
		holder->pid = (int64_t)pid;
	copy_word(holder->host, sizeof holder->host, take_word(&text));
	word = take_word(&text);
	if (word.size != TEXT_TIME_SIZE || !text_get_time(word.data, &holder->since_us))
		holder->since_us = 0;
	copy_word(holder->program, sizeof holder->program, take_word(&text));
}

/* The lock is looked at before, so that the text is not that of somebody who died with it
 * before the holder came, and after, since the holder may have let go meanwhile. */
static int read_held(struct posix *posix, int fd, struct storage_holder *holder)
{
	const struct sys *sys = posix->sys;
	char text[POSIX_HOLDER_SIZE];
	int rc = sys->is_locked(sys->context, fd);

	if (rc <= 0)
		return rc;
	if (read_text(posix, fd, text))
		parse_holder(text, holder);
	return sys->is_locked(sys->context, fd);
}

int posix_holder(struct storage *storage, struct report *report, struct storage_id id,
		      struct storage_holder *ret_holder)
{
	struct posix *posix = posix_of(storage);
	const struct sys *sys = posix->sys;
	struct posix_name name = posix_file_name(id, POSIX_LOCK_SUFFIX);
	struct storage_holder holder = { .is_held = false };
	int fd = -ENOENT;
	int rc;

	if (posix->place_fd >= 0)
		fd = sys->open_at(sys->context, posix->place_fd, name.text,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 && fd != -ENOENT)
		return posix_file_fail(report, fd, "open", name.text);
	if (fd >= 0) {
		rc = read_held(posix, fd, &holder);
		(void)sys->close(sys->context, fd);
		if (rc < 0)
			return posix_file_fail(report, rc, "lock", name.text);
		if (rc == 0)
			holder = (struct storage_holder){ .is_held = false };
		else
			holder.is_held = true;
	}
	*ret_holder = holder;
	return HF_OK;
}
