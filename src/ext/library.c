/* SPDX-License-Identifier: MIT */
#include "ext/library.h"

#include <dlfcn.h>
#include <string.h>

int library_open(const struct library *library, struct report *report, void **ret_handle)
{
	void *handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return report_fail(report, HF_ERR_LIBRARY, "dlopen", "%s (package %s)",
				   library->soname, library->package);
	for (size_t i = 0; i < library->count; i++) {
		void *symbol = dlsym(handle, library->symbols[i].name);

		if (symbol == NULL) {
			library_close(handle);
			return report_fail(report, HF_ERR_LIBRARY, "dlsym", "%s lacks %s (package %s)",
					   library->soname, library->symbols[i].name, library->package);
		}
		/* ISO C has no conversion from void * to a function; POSIX promises that it
		 * works (dlsym(3p)). */
		memcpy(library->symbols[i].target, &symbol, sizeof symbol);
	}
	*ret_handle = handle;
	return HF_OK;
}

void library_close(void *handle)
{
	if (handle != NULL)
		(void)dlclose(handle);
}
