/* SPDX-License-Identifier: MIT */
/* Sessions in memory: the twin of storage_posix for tests. Everything is durable at
 * once, and gone when it is closed. */
#ifndef STORAGE_MEMORY_H
#define STORAGE_MEMORY_H

#include "storage/storage.h"

int storage_memory_open(struct storage **ret_storage);

#endif
