/* SPDX-License-Identifier: MIT */
#include "cli/store_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/memory.h"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

bool store_path_is_named(const struct cli *cli)
{
	return cli->store_path != NULL || environment("HOLDFAST_STORE") != NULL;
}

bool store_path_get(const struct cli *cli, struct strbuf *ret_path)
{
	const char *named =
		cli->store_path != NULL ? cli->store_path : environment("HOLDFAST_STORE");
	const char *data = environment("XDG_DATA_HOME");
	const char *home = environment("HOME");

	/* The XDG specification has relative paths ignored. */
	if (named != NULL)
		strbuf_puts(ret_path, named);
	else if (data != NULL && data[0] == '/')
		strbuf_printf(ret_path, "%s/holdfast", data);
	else if (home != NULL)
		strbuf_printf(ret_path, "%s/.local/share/holdfast", home);
	return ret_path->size > 0;
}

int store_path_make_parents(const char *path)
{
	char *parent = memory_copy(path, strlen(path));
	struct stat status;
	int failure = 0;

	for (char *slash = strchr(parent + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (failure == 0 && stat(parent, &status) != 0 && mkdir(parent, 0700) != 0 &&
		    errno != EEXIST)
			failure = errno;
		*slash = '/';
	}
	memory_free(parent);
	return failure;
}
