/* SPDX-License-Identifier: MIT */
/*
 * The far side of `attach`: signals that ask it to stop, and its standard output. Both are
 * waited for together, so that neither a silent host nor one that does not read its
 * acknowledgements keeps the command from ending when it is asked to.
 */
#ifndef CLI_ACKS_H
#define CLI_ACKS_H

#include <stdbool.h>

#include "cli/strbuf.h"

struct acks {
	int signal_fd;
	int stop_signal; /* the signal that asked to stop, or 0 */
	int failure; /* errno of a write that failed (EPIPE: the host is gone), or 0 */
};

/* Takes over SIGTERM, SIGINT, SIGHUP and SIGPIPE. False and errno on a failure. */
bool acks_open(struct acks *ret_acks);
void acks_close(struct acks *acks);

/* Waits until the standard input has something (or its end). False: a signal came. */
bool acks_wait_for_input(struct acks *acks);
/* Writes text to the standard output and clears it. False: it failed, or the host does not
 * read and a signal came. */
bool acks_write(struct acks *acks, struct strbuf *text);

#endif
