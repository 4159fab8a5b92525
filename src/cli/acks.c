/* SPDX-License-Identifier: MIT */
#include "cli/acks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

bool acks_open(struct acks *ret_acks)
{
	struct acks acks = { .signal_fd = -1 };
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return false;
	acks.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (acks.signal_fd < 0)
		return false;
	*ret_acks = acks;
	return true;
}

void acks_close(struct acks *acks)
{
	(void)close(acks->signal_fd);
}

/* Waits for events on fd. False: a signal came (it has precedence), or waiting failed. */
static bool wait_for(struct acks *acks, int fd, short events)
{
	struct pollfd fds[2] = { { acks->signal_fd, POLLIN, 0 }, { fd, events, 0 } };
	struct signalfd_siginfo info;
	int count;

	if (acks->stop_signal != 0)
		return false;
	do {
		count = poll(fds, 2, -1);
	} while (count < 0 && errno == EINTR);
	if (count < 0) {
		acks->failure = errno;
		return false;
	}
	if ((fds[0].revents & POLLIN) == 0)
		return true;
	if (read(acks->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		acks->stop_signal = (int)info.ssi_signo;
	return false;
}

bool acks_wait_for_input(struct acks *acks)
{
	return wait_for(acks, STDIN_FILENO, POLLIN);
}

static bool is_ready_to_write(int fd)
{
	struct pollfd poll_fd = { fd, POLLOUT, 0 };

	return poll(&poll_fd, 1, 0) == 1;
}

/* A pipe that is ready takes this much without blocking. */
enum { CHUNK_SIZE = 4096 };

bool acks_write(struct acks *acks, struct strbuf *text)
{
	size_t done = 0;

	while (done < text->size) {
		size_t rest = text->size - done;
		ssize_t size;

		/* After a signal acknowledgements still go out, unless the host does not read. */
		if (!wait_for(acks, STDOUT_FILENO, POLLOUT) && !is_ready_to_write(STDOUT_FILENO))
			return false;
		size = write(STDOUT_FILENO, text->data + done,
			     rest < CHUNK_SIZE ? rest : CHUNK_SIZE);
		if (size < 0 && errno != EINTR && errno != EAGAIN) {
			acks->failure = errno;
			return false;
		}
		done += size > 0 ? (size_t)size : 0;
	}
	strbuf_clear(text);
	return true;
}
