/* SPDX-License-Identifier: MIT */
#include "lib/hardship.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/child.h"

#define MOUNT "disk"
#define REST MOUNT "/rest"
#define COPY "copy"

enum { NOBODY = 65534, DISK_SIZE = 6 << 20 };

static struct rlimit files_before;

static void path_in(const struct scene *scene, const char *name, char path[SCENE_PATH_SIZE])
{
	(void)snprintf(path, SCENE_PATH_SIZE, "%s/%s", scene->scratch.path, name);
}

/* ---- Disks ----------------------------------------------------------------------- */

/* Mounts go away with the process, which is the case's own. */
static bool may_mount(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool mount_tmpfs(const char *path)
{
	char options[64];

	(void)snprintf(options, sizeof options, "size=%d,mode=0755", (int)DISK_SIZE);
	return mount("tmpfs", path, "tmpfs", 0, options) == 0;
}

static bool mount_ext4(const struct scene *scene, const char *path)
{
	char image[SCENE_PATH_SIZE];
	const char *const make[] = { "mkfs.ext4", "-q", "-F", "-m", "0", image, NULL };
	const char *const attach[] = { "mount", "-o", "loop", image, path, NULL };

	path_in(scene, "image", image);
	scratch_put(scene->scratch.fd, "image", "", 0);
	scratch_cut(scene->scratch.fd, "image", DISK_SIZE);
	return child_run(make) && child_run(attach);
}

bool hardship_mount(struct scene *scene, enum hardship_disk kind, const struct place *like)
{
	char path[SCENE_PATH_SIZE];
	/* A descriptor from before would not see what is mounted. */
	bool is_mounted = may_mount();

	scene_prepare(scene, like);
	path_in(scene, MOUNT, path);
	path_in(scene, MOUNT "/store", scene->store_path);
	scratch_mkdir(scene->scratch.fd, MOUNT);
	session_where("%s", kind == HARDSHIP_TMPFS ? "tmpfs" : "ext4 on a loop device");
	if (is_mounted)
		is_mounted = kind == HARDSHIP_TMPFS ? mount_tmpfs(path) : mount_ext4(scene, path);
	if (!is_mounted) {
		printf("skipped: file systems cannot be mounted here\n");
		scene_close(scene);
	}
	return is_mounted;
}

void hardship_unmount(struct scene *scene)
{
	char path[SCENE_PATH_SIZE];

	hf_store_close(scene->store);
	scene->store = NULL;
	path_in(scene, MOUNT, path);
	(void)umount2(path, MNT_DETACH);
	scene_close(scene);
}

void hardship_fill(const struct scene *scene)
{
	static const char bytes[4096] = "x";
	size_t step = sizeof bytes;
	int fd = openat(scene->scratch.fd, REST, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	EXPECT(fd >= 0, "%s: %s", REST, strerror(errno));
	while (step > 0) {
		if (write(fd, bytes, step) != (ssize_t)step)
			step /= 2;
	}
	(void)close(fd);
}

void hardship_empty(const struct scene *scene)
{
	scratch_remove(scene->scratch.fd, REST);
}

bool hardship_read_only(const struct scene *scene, bool read_only)
{
	char path[SCENE_PATH_SIZE];

	path_in(scene, MOUNT, path);
	return mount(NULL, path, NULL, MS_REMOUNT | (read_only ? MS_RDONLY : 0), NULL) == 0;
}

/* ---- Users ----------------------------------------------------------------------- */

static void give_away(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;

	EXPECT(fd >= 0 && fchown(fd, NOBODY, NOBODY) == 0, "%s: %s", name, strerror(errno));
	dir = fdopendir(fd);
	if (dir == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			give_away(dirfd(dir), entry->d_name);
	}
	(void)closedir(dir);
}

bool hardship_nobody(const struct scene *scene)
{
	char path[SCENE_PATH_SIZE];

	if (geteuid() != 0) {
		printf("skipped: this needs root to become somebody else\n");
		return false;
	}
	give_away(AT_FDCWD, scene->store_path);
	/* The way to it must be open. */
	path_in(scene, "..", path);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(chmod(scene->scratch.path, 0777), 0);
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	return true;
}

/* ---- Descriptors ----------------------------------------------------------------- */

void hardship_files(unsigned more)
{
	int next = dup(STDOUT_FILENO);
	struct rlimit files;

	ck_assert_int_ge(next, 0);
	(void)close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files_before), 0);
	files = files_before;
	files.rlim_cur = (rlim_t)next + more;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

void hardship_files_again(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files_before), 0);
}

/* ---- A store that is gone -------------------------------------------------------- */

void hardship_remove(const struct scene *scene)
{
	scratch_copy(scene->scratch.fd, "store", scene->scratch.fd, COPY);
	scratch_remove(scene->scratch.fd, "store");
}

void hardship_bring_back(const struct scene *scene)
{
	if (scratch_exists(scene->scratch.fd, "store"))
		scratch_remove(scene->scratch.fd, "store");
	ck_assert_int_eq(renameat(scene->scratch.fd, COPY, scene->scratch.fd, "store"), 0);
}
