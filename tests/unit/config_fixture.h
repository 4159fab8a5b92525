/* SPDX-License-Identifier: MIT */
/* What the tests of the configuration share: files and an environment made for a test. */
#ifndef UNIT_CONFIG_FIXTURE_H
#define UNIT_CONFIG_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/scratch.h"
#include "store/config.h"
#include "store/config_keys.h"

/* A home with a user's file and a store's file, and an environment. */
struct place {
	struct scratch scratch;
	char store[300];
	char variables[2][400]; /* XDG_CONFIG_HOME and the one that a test adds */
	const char *environment[3];
	struct hf_detail detail;
	struct hf_config *config;
};

static inline struct place *place_open(void)
{
	struct place *place = calloc(1, sizeof *place);

	ck_assert_ptr_nonnull(place);
	place->scratch = scratch_open();
	scratch_mkdir(place->scratch.fd, "holdfast");
	scratch_mkdir(place->scratch.fd, "store");
	(void)snprintf(place->store, sizeof place->store, "%s/store", place->scratch.path);
	(void)snprintf(place->variables[0], sizeof place->variables[0], "XDG_CONFIG_HOME=%s",
		       place->scratch.path);
	place->environment[0] = place->variables[0];
	return place;
}

static inline void place_close(struct place *place)
{
	hf_config_free(place->config);
	scratch_close(&place->scratch);
	free(place);
}

static inline void put_user(const struct place *place, const char *text)
{
	scratch_put(place->scratch.fd, "holdfast/config", text, strlen(text));
}

static inline void put_store(const struct place *place, const char *text)
{
	scratch_put(place->scratch.fd, "store/config", text, strlen(text));
	ck_assert_int_eq(fchmodat(place->scratch.fd, "store/config", 0600, 0), 0);
}

static inline void put_variable(struct place *place, const char *variable)
{
	(void)snprintf(place->variables[1], sizeof place->variables[1], "%s", variable);
	place->environment[1] = place->variables[1];
}

static inline int load(struct place *place)
{
	hf_config_free(place->config);
	place->config = NULL;
	return config_load_with(sys_posix(), place->environment, place->store, &place->detail,
				&place->config);
}

/* Looks for one setting among those that hf_config_each gives. */
struct search {
	const char *key;
	struct hf_setting found;
	size_t count;
};

static inline void search_each(void *context, const struct hf_setting *setting)
{
	struct search *search = context;

	if (strcmp(setting->key, search->key) == 0)
		search->found = *setting;
	ck_assert_str_eq(setting->key, config_keys[search->count].name);
	ck_assert_str_eq(setting->standard, config_keys[search->count].standard);
	ck_assert_str_eq(setting->help, config_keys[search->count].help);
	search->count++;
}

static inline struct hf_setting get(const struct place *place, const char *key)
{
	struct search search = { .key = key };

	hf_config_each(place->config, search_each, &search);
	ck_assert_uint_eq(search.count, CONFIG_COUNT);
	ck_assert_ptr_nonnull(search.found.key);
	return search.found;
}

static inline void check_timeout(const struct place *place, const char *value, const char *source,
			  const char *file_end, unsigned line)
{
	struct hf_setting setting = get(place, "timeout");

	ck_assert_str_eq(setting.value, value);
	ck_assert_str_eq(setting.source, source);
	ck_assert_uint_eq(setting.line, line);
	ck_assert_int_eq(setting.file == NULL, file_end == NULL);
	if (file_end != NULL)
		ck_assert_ptr_nonnull(strstr(setting.file, file_end));
}

#endif
