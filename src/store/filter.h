/* SPDX-License-Identifier: MIT */
/* Which sessions somebody asks for: the members of struct hf_list_options that are a matter
 * of one session alone. */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/head.h"
#include "holdfast.h"
#include "store/look.h"

/* A path without the slashes at its end. */
struct filter_path {
	const char *path;
	size_t size;
	uint8_t digest[FORMAT_FORMER_SIZE];
};

struct filter {
	uint32_t states;            /* bits 1u << enum hf_state */
	const char *prefix;         /* of the id; NULL: any */
	struct filter_path project; /* path is NULL: any */
	const char *name;           /* NULL: any */
	const char *tag;            /* NULL: any */
	int64_t since_us;           /* 0: any */
	int64_t before_us;          /* 0: any */
};

/* Reads options, whose text must outlive the filter. HF_ERR_INVALID: the project is not
 * absolute. */
int filter_init(struct filter *filter, struct report *report,
		const struct hf_list_options *options);
/* True if all that is asked for is known to hold. */
bool filter_holds(const struct filter *filter, const struct look *look);

/* The first size bytes of a path, without the slashes at their end. */
struct filter_path filter_path(const char *path, size_t size);
/* True if the project of a session is, or once was, at a path. */
bool filter_is_project(const struct filter_path *path, const struct head *head);

#endif
