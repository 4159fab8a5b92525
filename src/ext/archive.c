/* SPDX-License-Identifier: MIT */
#include "ext/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "base/mem.h"
#include "ext/library.h"

enum { BLOCK_SIZE = 64 << 10, MODE = 0600, MICROSECONDS = 1000000 };

/* The functions of libarchive that are used, under their own names. */
#define FUNCTIONS(X)                                                                   \
	X(archive_write_new) X(archive_write_add_filter_zstd)                             \
	X(archive_write_set_format_pax_restricted) X(archive_write_set_bytes_per_block)   \
	X(archive_write_set_bytes_in_last_block) X(archive_write_open)                    \
	X(archive_write_header) X(archive_write_data) X(archive_write_close)              \
	X(archive_write_free) X(archive_read_new)                   \
	X(archive_read_support_filter_zstd) X(archive_read_support_format_tar)            \
	X(archive_read_open) X(archive_read_next_header) X(archive_read_data)             \
	X(archive_read_free) X(archive_errno) X(archive_error_string)                     \
	X(archive_entry_new) X(archive_entry_free) X(archive_entry_clear)                 \
	X(archive_entry_set_pathname) X(archive_entry_set_size)                           \
	X(archive_entry_set_filetype) X(archive_entry_set_perm)                           \
	X(archive_entry_set_mtime) X(archive_entry_pathname) X(archive_entry_filetype)    \
	X(archive_entry_size) X(archive_entry_size_is_set) X(archive_entry_hardlink)

struct api {
	void *handle;
#define MEMBER(name) __typeof__(&(name))(name);
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static int load(struct report *report, struct api *api)
{
	const struct library_symbol symbols[] = {
#define SYMBOL(name) { #name, (void *)&api->name },
		FUNCTIONS(SYMBOL)
#undef SYMBOL
	};
	const struct library library = { "libarchive.so.13", "libarchive13", symbols,
					 sizeof symbols / sizeof symbols[0] };

	return library_open(&library, report, &api->handle);
}

static int fail_zstd(struct report *report)
{
	return report_fail(report, HF_ERR_LIBRARY, "zstd",
			   "the installed libarchive.so.13 cannot do zstd (package libarchive13)");
}

/* Describes that libarchive refused something: with the caller's code if his function did,
 * else with code. What libarchive says may hold names from the archive. */
static int fail(const struct api *api, struct archive *archive, struct report *report, int given,
		int code)
{
	const char *text = archive != NULL ? api->archive_error_string(archive) : NULL;

	if (given != HF_OK)
		return given;
	if (archive == NULL || api->archive_errno(archive) == ENOMEM)
		code = HF_ERR_NOMEM;
	return report_fail(report, code, "archive", "%s", text != NULL ? text : "no memory");
}

/* ---- Writing --------------------------------------------------------------------- */

struct archive_out {
	struct api api;
	struct report *report;
	struct archive *archive;
	struct archive_entry *entry;
	archive_put_fn put;
	void *context;
	int rc; /* what put has failed with */
};

static la_ssize_t write_block(struct archive *archive, void *context, const void *bytes,
			      size_t size)
{
	struct archive_out *out = context;

	(void)archive;
	if (out->rc == HF_OK)
		out->rc = out->put(out->context, bytes, size);
	return out->rc == HF_OK ? (la_ssize_t)size : -1;
}

static int out_fail(struct archive_out *out)
{
	return fail(&out->api, out->archive, out->report, out->rc, HF_ERR_IO);
}

static int out_start(struct archive_out *out)
{
	const struct api *api = &out->api;

	out->archive = api->archive_write_new();
	out->entry = api->archive_entry_new();
	if (out->archive == NULL || out->entry == NULL)
		return fail(api, NULL, out->report, HF_OK, HF_ERR_NOMEM);
	/* Anything but ARCHIVE_OK means that it would start a program for it. */
	if (api->archive_write_add_filter_zstd(out->archive) != ARCHIVE_OK)
		return fail_zstd(out->report);
	if (api->archive_write_set_format_pax_restricted(out->archive) != ARCHIVE_OK ||
	    api->archive_write_set_bytes_per_block(out->archive, BLOCK_SIZE) != ARCHIVE_OK ||
	    api->archive_write_set_bytes_in_last_block(out->archive, 1) != ARCHIVE_OK ||
	    api->archive_write_open(out->archive, out, NULL, write_block, NULL) != ARCHIVE_OK)
		return out_fail(out);
	return HF_OK;
}

int archive_out_open(struct report *report, archive_put_fn put, void *context,
		     struct archive_out **ret_out)
{
	struct archive_out *out = mem_new(1, sizeof *out);
	int rc;

	if (out == NULL)
		return HF_ERR_NOMEM;
	out->report = report;
	out->put = put;
	out->context = context;
	rc = load(report, &out->api);
	if (rc == HF_OK)
		rc = out_start(out);
	if (rc != HF_OK) {
		archive_out_close(out);
		return rc;
	}
	*ret_out = out;
	return HF_OK;
}

int archive_out_begin(struct archive_out *out, const char *name, uint64_t size, int64_t time_us)
{
	const struct api *api = &out->api;
	struct archive_entry *entry = api->archive_entry_clear(out->entry);

	if (size > INT64_MAX)
		return report_fail(out->report, HF_ERR_SESSION_SIZE, "archive", "a file is too large");
	api->archive_entry_set_pathname(entry, name);
	api->archive_entry_set_size(entry, (la_int64_t)size);
	api->archive_entry_set_filetype(entry, AE_IFREG);
	api->archive_entry_set_perm(entry, MODE);
	api->archive_entry_set_mtime(entry, (time_t)(time_us / MICROSECONDS), 0);
	return api->archive_write_header(out->archive, entry) == ARCHIVE_OK ? HF_OK : out_fail(out);
}

int archive_out_put(struct archive_out *out, const char *bytes, size_t size)
{
	while (size > 0) {
		la_ssize_t done = out->api.archive_write_data(out->archive, bytes, size);

		if (done <= 0)
			return out_fail(out);
		bytes += done;
		size -= (size_t)done;
	}
	return HF_OK;
}

int archive_out_end(struct archive_out *out)
{
	return out->api.archive_write_close(out->archive) == ARCHIVE_OK ? HF_OK : out_fail(out);
}

void archive_out_close(struct archive_out *out)
{
	if (out == NULL)
		return;
	if (out->entry != NULL)
		out->api.archive_entry_free(out->entry);
	/* Closing ends one that was not ended, so nothing must be written any more; without it
	 * libarchive loses the buffer of one that has failed. */
	if (out->archive != NULL) {
		if (out->rc == HF_OK)
			out->rc = HF_ERR_INTERNAL;
		(void)out->api.archive_write_close(out->archive);
		(void)out->api.archive_write_free(out->archive);
	}
	library_close(out->api.handle);
	mem_free(out);
}

/* ---- Reading --------------------------------------------------------------------- */

struct archive_in {
	struct api api;
	struct report *report;
	struct archive *archive;
	archive_get_fn get;
	void *context;
	int rc; /* what get has failed with */
	char block[BLOCK_SIZE];
};

static la_ssize_t read_block(struct archive *archive, void *context, const void **ret_bytes)
{
	struct archive_in *in = context;
	int64_t size = in->rc == HF_OK ? in->get(in->context, in->block, sizeof in->block) : -1;

	(void)archive;
	if (size > (int64_t)sizeof in->block)
		size = HF_ERR_INVALID;
	if (size < 0 && in->rc == HF_OK)
		in->rc = (int)size;
	*ret_bytes = in->block;
	return size < 0 ? -1 : (la_ssize_t)size;
}

static int in_fail(struct archive_in *in)
{
	return fail(&in->api, in->archive, in->report, in->rc, HF_ERR_BUNDLE);
}

static int in_start(struct archive_in *in)
{
	const struct api *api = &in->api;

	in->archive = api->archive_read_new();
	if (in->archive == NULL)
		return fail(api, NULL, in->report, HF_OK, HF_ERR_NOMEM);
	if (api->archive_read_support_filter_zstd(in->archive) != ARCHIVE_OK)
		return fail_zstd(in->report);
	if (api->archive_read_support_format_tar(in->archive) != ARCHIVE_OK ||
	    api->archive_read_open(in->archive, in, NULL, read_block, NULL) != ARCHIVE_OK)
		return in_fail(in);
	return HF_OK;
}

int archive_in_open(struct report *report, archive_get_fn get, void *context,
		    struct archive_in **ret_in)
{
	struct archive_in *in = mem_new(1, sizeof *in);
	int rc;

	if (in == NULL)
		return HF_ERR_NOMEM;
	in->report = report;
	in->get = get;
	in->context = context;
	rc = load(report, &in->api);
	if (rc == HF_OK)
		rc = in_start(in);
	if (rc != HF_OK) {
		archive_in_close(in);
		return rc;
	}
	*ret_in = in;
	return HF_OK;
}

int archive_in_next(struct archive_in *in, struct archive_member *ret_member)
{
	const struct api *api = &in->api;
	struct archive_entry *entry = NULL;
	int rc = api->archive_read_next_header(in->archive, &entry);
	const char *name;

	if (rc == ARCHIVE_EOF)
		return in->rc == HF_OK ? HF_ERR_NOTFOUND : in->rc;
	/* A warning is of something odd in a header, which the caller sees by itself. */
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return in_fail(in);
	name = api->archive_entry_pathname(entry);
	ret_member->name = name != NULL ? name : "";
	ret_member->is_file = api->archive_entry_filetype(entry) == AE_IFREG &&
			      api->archive_entry_hardlink(entry) == NULL &&
			      api->archive_entry_size_is_set(entry) != 0 &&
			      api->archive_entry_size(entry) >= 0;
	ret_member->size = ret_member->is_file ? (uint64_t)api->archive_entry_size(entry) : 0;
	return HF_OK;
}

int archive_in_read(struct archive_in *in, char *bytes, size_t size, size_t *ret_read)
{
	size_t done = 0;

	while (done < size) {
		la_ssize_t got = in->api.archive_read_data(in->archive, bytes + done, size - done);

		if (got < 0)
			return in_fail(in);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret_read = done;
	return HF_OK;
}

void archive_in_close(struct archive_in *in)
{
	if (in == NULL)
		return;
	if (in->archive != NULL)
		(void)in->api.archive_read_free(in->archive);
	library_close(in->api.handle);
	mem_free(in);
}
