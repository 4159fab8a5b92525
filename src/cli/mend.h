/* SPDX-License-Identifier: MIT */
/* What repair and resume have in common: the verdicts that the user accepts, and what was
 * found and mended. */
#ifndef CLI_MEND_H
#define CLI_MEND_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/json.h"
#include "cli/strbuf.h"

struct cli;

/* The line of option tables for --accept. */
#define MEND_ACCEPT_OPTION                                                             \
	{                                                                              \
		"accept", 0, "LIST", "go on from these verdicts: gap,head-missing,..." \
	}

/* Reads "gap,head-missing" as bits of HF_ACCEPT; NULL gives none. False, and the user was
 * told, if a name is none of a verdict that can be accepted. */
bool mend_read_accept(const struct cli *cli, const char *list, uint32_t *ret_accept);

/* Says that a session could not be taken up. If that is for a verdict that was not accepted,
 * the advice ends with how and the option that accepts it: "go on with what verifies:
 * --accept gap". Returns the exit status. */
int mend_report(const struct cli *cli, int code, const char *what, const char *id, const char *how);

/* What was found: "tampered at record 3, byte 712". */
void mend_put_found(struct strbuf *text, const struct hf_check *check);
/* What was cut off: "moved 12 bytes at byte 712 to the quarantine: NAME", with a line
 * feed; nothing if nothing was. */
void mend_put_removed(struct strbuf *text, const struct hf_repair *repair, bool dry_run);
/* The members "found", "bad_record", "bad_offset", "changed", "removed_bytes",
 * "removed_offset" and "quarantine". */
void mend_put_json(struct json *json, const struct hf_repair *repair);

#endif
