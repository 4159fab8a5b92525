/* SPDX-License-Identifier: MIT */
#include "store/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <ini.h>

#include "base/mem.h"

enum { PATH_SHOWN_MAX = 100 };

static const char too_large[] = "is larger than 64 KiB";

/* Lines on their way to inih, and what became of them. */
struct lines {
	struct report *report;
	const char *path;
	const char *text;
	size_t size;
	size_t position;
	unsigned number; /* of the line that inih has now */
	config_file_fn each;
	void *context;
	int rc;
};

void config_file_place(const char *path, unsigned line, char text[CONFIG_PLACE_SIZE])
{
	size_t size = strlen(path);
	const char *shown = path + (size > PATH_SHOWN_MAX ? size - PATH_SHOWN_MAX : 0);
	int length;

	/* Not in the middle of a UTF-8 character. */
	while (shown > path && ((unsigned char)*shown & 0xc0) == 0x80)
		shown++;
	length = snprintf(text, CONFIG_PLACE_SIZE, "%s%s", shown > path ? "..." : "", shown);
	if (line > 0)
		(void)snprintf(text + length, CONFIG_PLACE_SIZE - (size_t)length, ":%u", line);
}

static int refuse_line(struct lines *lines, const char *why)
{
	char place[CONFIG_PLACE_SIZE];

	config_file_place(lines->path, lines->number, place);
	lines->rc = report_fail(lines->report, HF_ERR_CONFIG, "config", "%s: %s", place, why);
	return lines->rc;
}

static bool has_control(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
			return true;
	}
	return false;
}

/* The mark of UTF-8 that some editors put at the beginning of a file. */
static bool has_mark(const char *text, size_t size)
{
	return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
}

/* Takes the next line off the text, without white space before it, which to inih would be
 * the continuation of a value, and without its end. */
static struct hf_slice take_line(struct lines *lines)
{
	const char *begin = lines->text + lines->position;
	const char *feed = memchr(begin, '\n', lines->size - lines->position);
	struct hf_slice line = { begin, lines->size - lines->position };

	if (feed != NULL)
		line.size = (size_t)(feed - begin);
	lines->position += line.size + (feed != NULL);
	lines->number++;
	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	while (line.size > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line.data++;
		line.size--;
	}
	return line;
}

/* Gives inih its next line (ini_reader): room is what inih has for it with its NUL. */
static char *give_line(char *bytes, int room, void *stream)
{
	struct lines *lines = stream;
	struct hf_slice line;

	if (lines->rc != HF_OK || lines->position == lines->size)
		return NULL;
	line = take_line(lines);
	if (line.size > 0 && (line.data[0] == '#' || line.data[0] == ';'))
		line.size = 0;
	/* inih passes over a mark, here one behind the first. */
	if (has_control(line.data, line.size) || has_mark(line.data, line.size)) {
		(void)refuse_line(lines, "there is a control character in this line");
		return NULL;
	}
	if (line.size > 0 && line.data[0] == '[') {
		(void)refuse_line(lines, "there are no sections here: each line is key = value");
		return NULL;
	}
	if (line.size + 2 > (size_t)room) {
		(void)refuse_line(lines, "this line is too long");
		return NULL;
	}
	memcpy(bytes, line.data, line.size);
	bytes[line.size] = '\n';
	bytes[line.size + 1] = '\0';
	return bytes;
}

/* Takes a setting that inih has found (ini_handler). */
static int take_setting(void *context, const char *section, const char *key, const char *value)
{
	struct lines *lines = context;

	(void)section; /* give_line lets none through */
	if (value == NULL)
		(void)refuse_line(lines, "this is not key = value");
	else if (lines->rc == HF_OK)
		lines->rc = lines->each(lines->context, key, value, lines->number);
	return lines->rc == HF_OK;
}

int config_file_parse(struct report *report, const char *path, const char *text, size_t size,
		      config_file_fn each, void *context)
{
	struct lines lines = { .report = report, .path = path, .text = text, .size = size,
			       .each = each, .context = context };
	int bad;

	if (has_mark(text, size))
		lines.position = 3;
	bad = ini_parse_stream(give_line, &lines, take_setting, &lines);
	/* inih goes on after a line that it cannot read; what is said is of the first one. */
	if (bad > 0 && (lines.rc == HF_OK || (unsigned)bad < lines.number)) {
		lines.number = (unsigned)bad;
		return refuse_line(&lines, "this is not key = value");
	}
	if (bad < 0 && lines.rc == HF_OK)
		return HF_ERR_NOMEM;
	return lines.rc;
}

/* Says why a file must not be used, or gives NULL. */
static const char *objection(const struct sys *sys, const struct config_file *file,
			     const struct stat *found)
{
	if (!S_ISREG(found->st_mode))
		return "is not a regular file";
	if (file->own && found->st_uid != sys->user(sys->context))
		return "belongs to another user";
	if ((found->st_mode & (file->own ? S_IWGRP | S_IWOTH : S_IWOTH)) != 0)
		return "can be written to by others";
	if (found->st_size > CONFIG_FILE_SIZE_MAX)
		return too_large;
	return NULL;
}

/* This message too is shown to users, whom the system's words and numbers do not help. */
static int fail_to_read(struct report *report, int errno_value, const char *operation,
			const char *place)
{
	int code = report_fail(report, report_code(errno_value), operation, "%s: cannot be read",
			       place);

	report->detail.os_errno = errno_value;
	return code;
}

/* Opens the file and looks at what was opened. *ret_fd is -1 if it is not there. */
static int open_file(const struct sys *sys, struct report *report, const struct config_file *file,
		     int *ret_fd)
{
	char place[CONFIG_PLACE_SIZE];
	struct stat found;
	const char *why = NULL;
	int rc;
	int fd = sys->open_at(sys->context, AT_FDCWD, file->path,
			      O_RDONLY | O_NONBLOCK | O_NOCTTY | (file->own ? O_NOFOLLOW : 0), 0);

	*ret_fd = -1;
	if (fd == -ENOENT || fd == -ENOTDIR)
		return HF_OK;
	config_file_place(file->path, 0, place);
	if (fd == -ELOOP && file->own)
		return report_fail(report, HF_ERR_CONFIG, "config", "%s: is a symbolic link", place);
	if (fd < 0)
		return fail_to_read(report, -fd, "open", place);
	rc = sys->stat(sys->context, fd, &found);
	if (rc < 0)
		rc = fail_to_read(report, -rc, "fstat", place);
	else
		why = objection(sys, file, &found);
	if (why != NULL)
		rc = report_fail(report, HF_ERR_CONFIG, "config", "%s: %s", place, why);
	if (rc != HF_OK)
		(void)sys->close(sys->context, fd);
	else
		*ret_fd = fd;
	return rc;
}

int config_file_read(const struct sys *sys, struct report *report, const struct config_file *file,
		     config_file_fn each, void *context)
{
	char place[CONFIG_PLACE_SIZE];
	char *text = NULL;
	ssize_t size;
	int fd, rc;

	rc = open_file(sys, report, file, &fd);
	if (rc != HF_OK || fd < 0)
		return rc;
	text = mem_new(1, CONFIG_FILE_SIZE_MAX + 1);
	if (text == NULL) {
		rc = HF_ERR_NOMEM;
		goto out;
	}
	size = sys_read_some(sys, fd, text, CONFIG_FILE_SIZE_MAX + 1, 0);
	config_file_place(file->path, 0, place);
	if (size < 0)
		rc = fail_to_read(report, (int)-size, "pread", place);
	else if (size > CONFIG_FILE_SIZE_MAX)
		rc = report_fail(report, HF_ERR_CONFIG, "config", "%s: %s", place, too_large);
	else
		rc = config_file_parse(report, file->path, text, (size_t)size, each, context);
out:
	mem_free(text);
	(void)sys->close(sys->context, fd);
	return rc;
}
