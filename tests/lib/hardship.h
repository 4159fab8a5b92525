/* SPDX-License-Identifier: MIT */
/*
 * What can really be wrong with a computer: a disk that is full or read-only, files that
 * belong to another user, no descriptors left, a store that is taken away. Each is put on
 * and taken off again while a test goes on.
 *
 * Some need root and leave to mount; they say so and return false where they have none.
 */
#ifndef LIB_HARDSHIP_H
#define LIB_HARDSHIP_H

#include <stdbool.h>

#include "lib/scene.h"

/* Small file systems that are made for a test. */
enum hardship_disk { HARDSHIP_TMPFS, HARDSHIP_EXT4, HARDSHIP_DISKS };

/* Prepares a scene (see scene_prepare) whose store lies on such a disk. */
bool hardship_mount(struct scene *scene, enum hardship_disk kind, const struct place *like);
/* Closes that scene. */
void hardship_unmount(struct scene *scene);

/* Takes all the space that is left on it, and gives it back. */
void hardship_fill(const struct scene *scene);
void hardship_empty(const struct scene *scene);
/* Makes it read-only, which must not be while anything is open for writing, or writable. */
bool hardship_read_only(const struct scene *scene, bool read_only);

/* Gives the store and all that is in it to the user "nobody", and becomes that user for
 * the rest of the process, whom no file opens itself that is closed to him. */
bool hardship_nobody(const struct scene *scene);

/* Leaves descriptors for so many more files, or as many as before. */
void hardship_files(unsigned more);
void hardship_files_again(void);

/* Removes the directory of the store, keeping a copy; and puts the copy in its place. */
void hardship_remove(const struct scene *scene);
void hardship_bring_back(const struct scene *scene);

#endif
