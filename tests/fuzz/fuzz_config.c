/* SPDX-License-Identifier: MIT */
/*
 * A file of settings, and behind its first NUL a variable of the environment, as arbitrary
 * bytes. What must hold: each line that is neither empty nor a comment is given exactly once,
 * with all that stands in it, or there is an error with its place; and what is loaded has
 * values that can be read again and options within the store's bounds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holdfast.h"
#include "store/config.h"
#include "store/config_file.h"
#include "store/config_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The input as a file. */
struct input {
	const char *text;
	size_t size;
	unsigned line;   /* of the setting that was given last */
	size_t given;    /* settings */
};

/* The given line of the input without white space around it, or false if there is none. */
static bool find_line(const struct input *input, unsigned number, struct hf_slice *ret_line)
{
	const char *begin = input->text;
	const char *end = input->text + input->size;

	if (input->size >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0)
		begin += 3;
	for (; begin < end; number--) {
		const char *feed = memchr(begin, '\n', (size_t)(end - begin));
		const char *stop = feed != NULL ? feed : end;

		if (number == 1) {
			while (begin < stop && strchr(" \t\r", stop[-1]) != NULL)
				stop--;
			while (begin < stop && strchr(" \t", *begin) != NULL)
				begin++;
			*ret_line = (struct hf_slice){ begin, (size_t)(stop - begin) };
			return true;
		}
		begin = stop + 1;
	}
	return false;
}

/* A setting is the line: the key in front, and the value at the end but for a comment. */
static int check_setting(void *context, const char *key, const char *value, unsigned line)
{
	struct input *input = context;
	size_t key_size = strlen(key), value_size = strlen(value);
	struct hf_slice text = { NULL, 0 };

	must(line > input->line && find_line(input, line, &text));
	must(key_size + 1 + value_size <= text.size && memcmp(text.data, key, key_size) == 0);
	for (size_t i = 0; i <= text.size - value_size; i++) {
		bool ends = i + value_size == text.size;

		if (memcmp(text.data + i, value, value_size) == 0 &&
		    (ends || memchr(text.data + i + value_size, ';', text.size - i - value_size) != NULL)) {
			input->line = line;
			input->given++;
			return HF_OK;
		}
	}
	abort();
}

static void try_parse(const char *text, size_t size)
{
	struct report report = report_make(NULL, NULL);
	struct input input = { text, size, 0, 0 };
	struct hf_slice line;
	size_t wanted = 0;
	int rc = config_file_parse(&report, "config", text, size, check_setting, &input);

	must(rc == HF_OK || rc == HF_ERR_CONFIG);
	if (rc == HF_ERR_CONFIG) {
		must(strncmp(report.detail.message, "config:", 7) == 0);
		return;
	}
	for (unsigned i = 1; find_line(&input, i, &line); i++)
		wanted += line.size > 0 && line.data[0] != '#' && line.data[0] != ';';
	must(wanted == input.given);
}

static int open_input(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	(void)context;
	(void)dir_fd;
	(void)name;
	(void)flags;
	(void)mode;
	return 3;
}

static int close_input(void *context, int fd)
{
	(void)context;
	return fd == 3 ? 0 : -1;
}

static ssize_t read_input(void *context, int fd, void *bytes, size_t size, uint64_t offset)
{
	const struct input *input = context;
	size_t left = offset < input->size ? input->size - (size_t)offset : 0;

	must(fd == 3);
	size = size < left ? size : left;
	if (size > 0)
		memcpy(bytes, input->text + offset, size);
	return (ssize_t)size;
}

static int stat_input(void *context, int fd, struct stat *ret_stat)
{
	const struct input *input = context;

	must(fd == 3);
	memset(ret_stat, 0, sizeof *ret_stat);
	ret_stat->st_mode = S_IFREG | 0600;
	ret_stat->st_size = (off_t)input->size;
	return 0;
}

static uid_t nobody(void *context)
{
	(void)context;
	return 0;
}

static void check_again(void *context, const struct hf_setting *setting)
{
	size_t index = config_keys_find(setting->key);
	uint64_t number;

	(void)context;
	must(index < CONFIG_COUNT && config_keys_read(&config_keys[index], setting->value, &number));
	must((setting->file != NULL) == (strcmp(setting->source, "file") == 0));
}

static void check_loaded(const struct hf_config *config)
{
	struct hf_store_options options = { 0 };

	hf_config_each(config, check_again, NULL);
	hf_config_apply(config, &options);
	must(options.max_record_size > 0 && options.max_record_size <= HF_RECORD_SIZE_LIMIT);
	must(options.rounds >= HF_ROUNDS_MIN && options.rounds <= HF_ROUNDS_MAX);
	must(options.padding > 0 && options.padding <= HF_PADDING_MAX);
	must(options.threads > 0 && options.threads <= 16);
	for (size_t i = 0; i < options.limit_count; i++)
		must(options.limits[i].key_max <= HF_LIMIT_MAX &&
		     options.limits[i].global_max <= HF_LIMIT_MAX);
}

/* Loads the text as the store's file, and the variable. */
static void try_load(const char *text, size_t size, const char *variable)
{
	struct input input = { text, size, 0, 0 };
	const struct sys sys = { .context = &input, .open_at = open_input, .close = close_input,
				 .read_at = read_input, .stat = stat_input, .user = nobody };
	const char *const environment[] = { variable, NULL };
	struct hf_config *config = NULL;
	struct hf_detail detail;
	int rc = config_load_with(&sys, environment, "", &detail, &config);

	must(rc == HF_OK || rc == HF_ERR_CONFIG);
	must(rc == HF_OK || (detail.code == HF_ERR_CONFIG && detail.message[0] != '\0'));
	if (rc == HF_OK)
		check_loaded(config);
	hf_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char nothing[1];
	const char *text = size > 0 ? (const char *)bytes : nothing;
	const char *end = memchr(text, '\0', size);
	size_t text_size = end != NULL ? (size_t)(end - text) : size;
	char variable[64] = "";

	if (end != NULL)
		(void)snprintf(variable, sizeof variable, "HOLDFAST_%.*s", (int)(size - text_size - 1),
			       end + 1);
	try_parse(text, size);
	try_load(text, text_size, variable);
	return 0;
}
