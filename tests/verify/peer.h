/* SPDX-License-Identifier: MIT */
/*
 * The verifier in Python, running beside a test: agreement_peer.py says what can be asked.
 * Each question is one line, and so is each answer.
 */
#ifndef VERIFY_PEER_H
#define VERIFY_PEER_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_SIZE = 256 };

struct peer {
	pid_t process;
	FILE *to;
	FILE *from;
};

static inline struct peer peer_open(void)
{
	const char *source = getenv("HOLDFAST_SOURCE");
	struct peer peer;
	char path[1024];
	int in[2], out[2];

	(void)snprintf(path, sizeof path, "%s/tests/verify/agreement_peer.py",
		       source != NULL ? source : ".");
	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	peer.process = fork();
	ck_assert_int_ge(peer.process, 0);
	if (peer.process == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(in[1]);
		(void)close(out[0]);
		(void)execlp("python3", "python3", path, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	peer.to = fdopen(in[1], "w");
	peer.from = fdopen(out[0], "r");
	ck_assert(peer.to != NULL && peer.from != NULL);
	return peer;
}

static inline void peer_close(struct peer *peer)
{
	int status = -1;

	(void)fclose(peer->to);
	(void)fclose(peer->from);
	ck_assert_int_eq(waitpid(peer->process, &status, 0), peer->process);
	ck_assert_int_eq(status, 0);
}

/* Says one line and gets one. */
__attribute__((format(printf, 3, 4)))
static inline void ask(struct peer *peer, char answer[ANSWER_SIZE], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vfprintf(peer->to, format, arguments);
	va_end(arguments);
	(void)fputc('\n', peer->to);
	(void)fflush(peer->to);
	ck_assert_msg(fgets(answer, ANSWER_SIZE, peer->from) != NULL, "the verifier in Python ended");
	answer[strcspn(answer, "\n")] = '\0';
}

#endif
