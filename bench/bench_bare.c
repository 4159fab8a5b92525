/* SPDX-License-Identifier: MIT */
/*
 * The rival that bench_command starts: opens a file, appends its second argument and a
 * line feed, syncs, and acknowledges with a line. No benchmark by itself.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size;
	int fd;

	if (argc != 3)
		return 2;
	size = strlen(argv[2]);
	fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return 1;
	argv[2][size] = '\n';
	if (write(fd, argv[2], size + 1) != (ssize_t)(size + 1) || fdatasync(fd) != 0)
		return 1;
	if (write(STDOUT_FILENO, "1\n", 2) != 2)
		return 1;
	return close(fd) == 0 ? 0 : 1;
}
