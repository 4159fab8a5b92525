/* SPDX-License-Identifier: MIT */
/* How commands get at the store and at a session in it; failures are told to the user. */
#ifndef CLI_ACCESS_H
#define CLI_ACCESS_H

#include <holdfast.h>

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
#define ACCESS_RECORD_SIZE_OPTION                                                        \
	{                                                                                \
		"record-size", 0, "BYTES", "largest record to accept (default 16777216)" \
	}
#define ACCESS_WAIT_OPTION                                                         \
	{                                                                          \
		"wait", 0, "MS", "how long to wait for another writer (default 0)" \
	}

/* Opens the store into cli->store. Returns 0 or the exit status. options may be NULL. */
int access_store(struct cli *cli, enum access_mode mode, const struct access_options *options);

/* Whether the store that access_store could not open with ACCESS_READ is simply not there
 * yet, and is the user's default one: then there are no sessions, and that is no error. */
bool access_no_store_yet(const struct cli *cli);

/* Finds the session that prefix stands for; lists the candidates if there are several.
 * Returns 0 or the exit status. */
int access_session(struct cli *cli, const char *prefix, char ret_id[HF_ID_SIZE]);

/* Opens the session that prefix stands for to write; wait is the value of --wait or NULL.
 * Returns 0 or the exit status. */
int access_writer(struct cli *cli, const char *prefix, const char *wait,
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

/* Opens the session that prefix stands for to read. Returns 0 or the exit status. */
int access_view(struct cli *cli, const char *prefix, struct hf_view **ret_view);
/*
 * The exit status for having read a view, after a line on stderr about a verdict that is
 * not "intact". It is 0 for verdicts under which all that was acknowledged is given as it
 * was (intact, unsigned, weak-key, torn), else the verdict's.
 */
int access_view_status(struct cli *cli, const struct hf_view *view);

#endif
