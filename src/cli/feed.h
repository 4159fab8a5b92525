/* SPDX-License-Identifier: MIT */
/*
 * The long-lived writer: JSON Lines from the standard input go into a session, and one
 * line comes back for each when it is on disk, in the order of the input.
 */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include <stdbool.h>

#include <holdfast.h>

#include "cli/acks.h"
#include "cli/strbuf.h"

struct cli;

/* What the lines are. Zero means the default of each member. */
struct feed_options {
	const char *type; /* of the records; NULL: "message" */
	const char *id_member; /* record ids are taken from this member; NULL: there are none */
	bool records; /* lines are {"type":,"id":,"data":} */
	bool no_seal; /* the session stays open at the end of the input */
};

/* Lines of option tables for the members above. */
#define FEED_TYPE_OPTION                                                       \
	{                                                                      \
		"type", 0, "TYPE", "the type of the records (default message)" \
	}
#define FEED_RECORDS_OPTION                                                   \
	{                                                                     \
		"records", 0, NULL, "lines are {\"type\":,\"id\":,\"data\":}" \
	}
#define FEED_ID_MEMBER_OPTION                                              \
	{                                                                  \
		"id-member", 0, "NAME", "take record ids from this member" \
	}
#define FEED_NO_SEAL_OPTION                                                        \
	{                                                                          \
		"no-seal", 0, NULL, "do not close the session at the end of input" \
	}

/* True if the options go together; otherwise the user was told. */
bool feed_options_fit(const struct cli *cli, const struct feed_options *options);

/*
 * Writes first (which is cleared), then takes lines until the input has ended, something
 * failed, or a signal asked to stop. Closes the session: with a seal if all went well and
 * it is wanted. acks was opened before the session, so that no signal finds it unprepared.
 * Returns the exit status, after telling the user.
 */
int feed_session(struct cli *cli, struct acks *acks, const struct feed_options *options,
		 struct hf_session *session, struct strbuf *first);

#endif
