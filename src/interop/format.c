/* SPDX-License-Identifier: MIT */
/* The table of formats. */
#include "interop/format.h"

#include <string.h>

static const struct format *const formats[] = {
	&format_claude,	  &format_codex,	   &format_pi,	    &format_gemini,
	&format_gemini_document, &format_opencode, &format_opencode_files, &format_jidocode,
	&format_openai,	  &format_openai_document, &format_markdown, &format_html,
};

const struct format *format_get(size_t index)
{
	return index < sizeof formats / sizeof formats[0] ? formats[index] : NULL;
}

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (strcmp(formats[i]->about.name, name) == 0)
			return formats[i];
	}
	return NULL;
}

const struct hf_format *hf_format_get(size_t index)
{
	const struct format *format = format_get(index);

	return format != NULL ? &format->about : NULL;
}

const struct hf_format *hf_format_find(const char *name)
{
	const struct format *format = name != NULL ? format_find(name) : NULL;

	return format != NULL ? &format->about : NULL;
}
