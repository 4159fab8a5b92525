/* SPDX-License-Identifier: MIT */
/* How commands get at the store and at a session in it; failures are told to the user. */
#ifndef CLI_ACCESS_H
#define CLI_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/strbuf.h"

struct cli;

enum access_mode {
	ACCESS_READ, /* nothing is changed, the store must be there */
	ACCESS_WRITE, /* the store must be there */
	ACCESS_MAKE, /* the store is made if it is not there */
};

/* The values of options that several commands have; NULL: not given. */
struct access_options {
	const char *durability; /* --durability */
	const char *record_size; /* --record-size */
};

/* Lines of option tables for the options above, and for --wait. */
#define ACCESS_DURABILITY_OPTION                                                   \
	{                                                                          \
		"durability", 0, "LEVEL",                                          \
			"sync (default), os (survives the process only) or strict" \
	}
#define ACCESS_RECORD_SIZE_OPTION                                                   \
	{                                                                           \
		"record-size", 0, "BYTES", "largest record to accept (default 16M)" \
	}
#define ACCESS_WAIT_OPTION                                                                  \
	{                                                                                   \
		"wait", 0, "MS", "how long to wait for another writer (else as configured)" \
	}

/* Reads the settings into cli->config, once in a call of the program. Returns 0 or the exit
 * status. */
int access_config(struct cli *cli);

/* Reads the settings, puts the options over them, and opens the store into cli->store. From
 * then on cli->config is there. Returns 0 or the exit status. options may be NULL. */
int access_store(struct cli *cli, enum access_mode mode, const struct access_options *options);

/* Whether the store that access_store could not open with ACCESS_READ is simply not there
 * yet, and is the user's default one: then there are no sessions, and that is no error. */
bool access_no_store_yet(const struct cli *cli);
/* Whether nothing is where the store would be, named or not. */
bool access_store_is_absent(const struct cli *cli);

/* Finds the session that text stands for: its id, the beginning of it, or its name; lists
 * the candidates if there are several. Returns 0 or the exit status. */
int access_session(struct cli *cli, const char *text, char ret_id[HF_ID_SIZE]);
/* The same, but a session in the trash goes before any other. */
int access_trashed(struct cli *cli, const char *text, char ret_id[HF_ID_SIZE]);

/* Puts the absolute form of a path: below the current directory unless it begins with a
 * slash. False: the current directory has no path, or none that is UTF-8. */
bool access_absolute(const char *path, struct strbuf *ret_path);
/* Puts the absolute form of the value of --project. One with "." or ".." in it is resolved,
 * so that it can be found again; other links stay, as the user wrote them. Returns false, and
 * the user was told, if that is no path of a directory. */
bool access_project(const struct cli *cli, const char *path, struct strbuf *ret_path);

/* How long to wait for another writer: wait is the value of --wait, or NULL for the setting.
 * After access_store. Returns false, and the user was told, if it is no number. */
bool access_wait(const struct cli *cli, const char *wait, uint32_t *ret_wait_ms);
/* The largest data of a record that the store takes. After access_store. */
size_t access_record_size(const struct cli *cli);

/* Opens the session that text stands for to write; wait is the value of --wait or NULL.
 * Returns 0 or the exit status. */
int access_writer(struct cli *cli, const char *text, const char *wait,
		  struct hf_session **ret_session);

/* What a new session is to be; NULL: not given. */
struct access_new {
	const char *id;
	const char *name;
	const char *project; /* default: the current directory */
	const char *config;
};

/* Makes a session. Returns 0 or the exit status. */
int access_create(struct cli *cli, const struct access_new *options,
		  struct hf_session **ret_session);

/* Opens the session that text stands for to read. Returns 0 or the exit status. */
int access_view(struct cli *cli, const char *text, struct hf_view **ret_view);
/*
 * The exit status for having read a view, after a line on stderr about a verdict that is
 * not "intact". It is 0 for verdicts under which all that was acknowledged is given as it
 * was (intact, unsigned, weak-key, torn), else the verdict's.
 */
int access_view_status(struct cli *cli, const struct hf_view *view);

#endif
