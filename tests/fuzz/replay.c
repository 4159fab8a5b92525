/* SPDX-License-Identifier: MIT */
/*
 * Replays the corpus of a fuzz target: calls it once with each file of the folders given,
 * in the order of their names, then with no bytes at all, and says so in TAP. A fault ends
 * the program, as it would under the fuzzer. An empty corpus is a failure, for it would test
 * nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_SIZE_MAX = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
/* What a target prepares, if anything. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *count, char ***arguments);

/* Reads a whole file into exactly as much memory as it takes, so that reading one byte
 * too many is seen. NULL: errno says why. The caller frees it. */
static uint8_t *input_read(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	uint8_t *fitted = NULL;
	size_t size = 0;

	if (file == NULL)
		return NULL;
	bytes = malloc(INPUT_SIZE_MAX);
	if (bytes == NULL)
		goto out;
	size = fread(bytes, 1, INPUT_SIZE_MAX, file);
	if (ferror(file) != 0)
		goto out;
	fitted = malloc(size + (size == 0));
	if (fitted == NULL)
		goto out;
	memcpy(fitted, bytes, size);
	*ret_size = size;
out:
	free(bytes);
	(void)fclose(file);
	return fitted;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Replays one folder; false when it cannot be read or holds nothing. */
static int folder_replay(const char *folder, int *count)
{
	struct dirent **entries = NULL;
	int found = scandir(folder, &entries, is_visible, alphasort);
	int ok = found > 0;

	for (int i = 0; i < found; i++) {
		char path[4096];
		size_t size = 0;
		uint8_t *bytes = NULL;

		(void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		bytes = input_read(path, &size);
		if (bytes != NULL)
			(void)LLVMFuzzerTestOneInput(bytes, size);
		else
			ok = 0;
		printf("%s %d - %s\n", bytes != NULL ? "ok" : "not ok", ++*count, path);
		(void)fflush(stdout);
		free(bytes);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

int main(int argc, char **argv)
{
	int count = 0;
	int ok = argc > 1;

	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		if (!folder_replay(argv[i], &count)) {
			fprintf(stderr, "%s: no readable corpus: %s\n", argv[i], strerror(errno));
			ok = 0;
		}
	}
	(void)LLVMFuzzerTestOneInput(&(const uint8_t){ 0 }, 0); /* as libFuzzer begins */
	printf("ok %d - the empty input\n1..%d\n", count + 1, count + 1);
	return ok ? 0 : 1;
}
