/* SPDX-License-Identifier: MIT */
#include "interop/bundle_bytes.h"

#include "base/mem.h"

enum { PIECE_SIZE = 1 << 20, ASIDE_PIECE_SIZE = 64 << 10 };

uint64_t bundle_bytes_log(const struct checked *checked)
{
	return checked->check.verdict <= HF_WEAK_KEY ? checked->scan.offset :
						       checked->check.log_bytes;
}

int bundle_bytes_each(const struct checked *checked, bundle_bytes_fn each, void *context)
{
	uint64_t size = bundle_bytes_log(checked);
	int rc = HF_OK;

	for (uint64_t offset = 0; rc == HF_OK && offset < size;) {
		struct hf_slice bytes = check_bytes(checked, offset);

		if (bytes.size > size - offset)
			bytes.size = (size_t)(size - offset);
		if (bytes.size > PIECE_SIZE)
			bytes.size = PIECE_SIZE;
		if (bytes.size == 0)
			return HF_ERR_INTERNAL;
		rc = each(context, bytes.data, bytes.size);
		offset += bytes.size;
	}
	return rc;
}

int bundle_bytes_each_aside(struct storage *storage, struct report *report,
			    struct storage_id id, const char *name,
			    bundle_bytes_fn each, void *context)
{
	const struct storage_ops *ops = storage->ops;
	struct storage_log *log = NULL;
	char *piece = mem_new(ASIDE_PIECE_SIZE, 1);
	uint64_t offset = 0;
	size_t got = 0;
	int rc = piece != NULL ? HF_OK : HF_ERR_NOMEM;

	if (rc == HF_OK)
		rc = ops->aside_open(storage, report, id, name, &log);
	while (rc == HF_OK) {
		rc = ops->log_read(log, offset, piece, ASIDE_PIECE_SIZE, &got);
		if (rc != HF_OK || got == 0)
			break;
		rc = each(context, piece, got);
		offset += got;
	}
	if (log != NULL)
		ops->log_close(log);
	mem_free(piece);
	return rc;
}

/* A digest on the way. */
struct sum {
	struct digest digest;
	uint64_t size;
};

static int add(void *context, const char *bytes, size_t size)
{
	struct sum *sum = context;

	digest_update(&sum->digest, bytes, size);
	sum->size += size;
	return HF_OK;
}

int bundle_bytes_digest(const struct checked *checked, struct bundle_file *ret_file)
{
	struct sum sum = { .size = 0 };
	int rc;

	digest_init(&sum.digest);
	rc = bundle_bytes_each(checked, add, &sum);
	ret_file->size = sum.size;
	digest_final(&sum.digest, ret_file->sha256);
	return rc;
}

int bundle_bytes_digest_aside(struct storage *storage, struct report *report,
			      struct storage_id id, const char *name,
			      struct bundle_file *ret_file)
{
	struct sum sum = { .size = 0 };
	int rc;

	digest_init(&sum.digest);
	rc = bundle_bytes_each_aside(storage, report, id, name, add, &sum);
	ret_file->size = sum.size;
	digest_final(&sum.digest, ret_file->sha256);
	return rc;
}
