/* SPDX-License-Identifier: MIT */
#include "lib/child.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/wait.h"

enum { ENDS_MAX = 1024, STATUS_NO_PROGRAM = 127 };

/* The pipes to all children that were started here. */
static int ends[ENDS_MAX];
static size_t end_count;

static void keep_end(int fd)
{
	ck_assert_msg(end_count < ENDS_MAX, "too many children");
	ends[end_count++] = fd;
}

static void close_end(int fd)
{
	for (size_t i = 0; i < end_count; i++) {
		if (ends[i] == fd) {
			ends[i] = ends[--end_count];
			(void)close(fd);
			return;
		}
	}
}

static void make_pipe(int pair[2])
{
	ck_assert_msg(pipe2(pair, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
}

/* A fork that dies with its parent and repeats nothing of what that has printed. */
static pid_t start(void)
{
	pid_t parent = getpid();
	pid_t pid;

	(void)fflush(stdout);
	(void)fflush(stderr);
	pid = fork();
	ck_assert_msg(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
		_exit(STATUS_NO_PROGRAM);
	return pid;
}

struct child child_start(child_fn body, void *context)
{
	int down[2], up[2];
	pid_t pid;

	make_pipe(down);
	make_pipe(up);
	pid = start();
	if (pid == 0) {
		struct child parent = { getppid(), down[0], up[1] };

		for (size_t i = 0; i < end_count; i++)
			(void)close(ends[i]);
		end_count = 0;
		(void)close(down[1]);
		(void)close(up[0]);
		(void)signal(SIGPIPE, SIG_IGN);
		_exit(body(context, &parent));
	}
	(void)close(down[0]);
	(void)close(up[1]);
	keep_end(down[1]);
	keep_end(up[0]);
	return (struct child){ pid, up[0], down[1] };
}

void child_say_bytes(const struct child *peer, const void *bytes, size_t size)
{
	ssize_t written;

	do
		written = write(peer->to, bytes, size);
	while (written < 0 && errno == EINTR);
}

void child_say(const struct child *peer, uint32_t word)
{
	child_say_bytes(peer, &word, sizeof word);
}

static bool hear(const struct child *peer, void *bytes, size_t size)
{
	struct pollfd ready = { .fd = peer->from, .events = POLLIN };
	int count;

	do
		count = poll(&ready, 1, WAIT_LIMIT_MS);
	while (count < 0 && errno == EINTR);
	ck_assert_msg(count > 0, "process %ld says nothing", (long)peer->pid);
	return read(peer->from, bytes, size) == (ssize_t)size;
}

void child_hear_bytes(const struct child *peer, void *bytes, size_t size)
{
	ck_assert_msg(hear(peer, bytes, size), "process %ld ended without a word", (long)peer->pid);
}

bool child_try_hear(const struct child *peer, uint32_t *ret_word)
{
	return hear(peer, ret_word, sizeof *ret_word);
}

uint32_t child_hear(const struct child *peer)
{
	uint32_t word = 0;

	child_hear_bytes(peer, &word, sizeof word);
	return word;
}

void child_stay(void)
{
	for (;;)
		(void)pause();
}

static int wait_for(pid_t pid, int flags)
{
	int status = 0;
	pid_t found;

	do
		found = waitpid(pid, &status, flags);
	while (found < 0 && errno == EINTR);
	ck_assert_msg(found == pid, "waiting for process %ld: %s", (long)pid, strerror(errno));
	return status;
}

void child_stop(const struct child *child)
{
	ck_assert_int_eq(kill(child->pid, SIGSTOP), 0);
	ck_assert_msg(WIFSTOPPED(wait_for(child->pid, WUNTRACED)), "process %ld ended instead",
		      (long)child->pid);
}

void child_go_on(const struct child *child)
{
	ck_assert_int_eq(kill(child->pid, SIGCONT), 0);
}

int child_end(struct child *child)
{
	int status = wait_for(child->pid, 0);

	close_end(child->from);
	close_end(child->to);
	*child = (struct child){ -1, -1, -1 };
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_SIGNAL + WTERMSIG(status);
}

void child_kill(struct child *child)
{
	int status;

	ck_assert_int_eq(kill(child->pid, SIGKILL), 0);
	status = child_end(child);
	ck_assert_msg(status == CHILD_SIGNAL + SIGKILL, "a process ended by itself: %d", status);
}

bool child_run(const char *const arguments[])
{
	pid_t pid = start();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)execvp(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(STATUS_NO_PROGRAM);
	}
	status = wait_for(pid, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct child_gate child_gate_make(void)
{
	struct child_gate gate;

	make_pipe(gate.ends);
	return gate;
}

void child_gate_wait(const struct child_gate *gate)
{
	char byte;

	(void)close(gate->ends[1]);
	(void)!read(gate->ends[0], &byte, 1);
	(void)close(gate->ends[0]);
}

void child_gate_open(struct child_gate *gate)
{
	(void)close(gate->ends[0]);
	(void)close(gate->ends[1]);
}
