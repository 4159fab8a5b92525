/* SPDX-License-Identifier: MIT */
/* The members of a bundle, one after the other. */
#include <string.h>

#include "interop/unbundle.h"

enum { PIECE_SIZE = 64 << 10 };

int unbundle_peek(struct unbundling *u)
{
	int rc;

	if (u->has_member)
		return HF_OK;
	rc = archive_in_next(u->in, &u->member);
	u->has_member = rc == HF_OK;
	u->is_broken = rc != HF_OK;
	return rc;
}

static int fail(struct unbundling *u, const char *what)
{
	return report_fail(u->report, HF_ERR_BUNDLE, "unbundle", "%s", what);
}

/* Looks at the next member, which must be there and be a file. */
static int expect_file(struct unbundling *u)
{
	int rc = unbundle_peek(u);

	if (rc == HF_ERR_NOTFOUND)
		return fail(u, "the bundle ends before it is complete");
	if (rc == HF_OK && !u->member.is_file)
		return fail(u, "there is something in the bundle that is no file");
	return rc;
}

static int read_piece(struct unbundling *u, char *piece, size_t size, size_t *ret_got)
{
	int rc = archive_in_read(u->in, piece, size, ret_got);

	u->is_broken = u->is_broken || rc != HF_OK;
	return rc;
}

/* Reads the member to its end, and no further than it may have bytes. The rest of it is
 * read also when it cannot be taken, since it may be damaged too. */
static int read_all(struct unbundling *u, const struct bundle_file *file, unbundle_take_fn take,
		    void *context)
{
	char piece[PIECE_SIZE];
	struct digest digest;
	uint8_t found[DIGEST_SIZE];
	uint64_t size = 0;
	size_t got = 0;
	int take_rc = HF_OK;
	int rc;

	digest_init(&digest);
	do {
		rc = read_piece(u, piece, sizeof piece, &got);
		if (rc != HF_OK)
			return rc;
		digest_update(&digest, piece, got);
		size += got;
		if (take_rc == HF_OK && take != NULL && got > 0)
			take_rc = take(context, piece, got);
	} while (got > 0 && size <= file->size);
	digest_final(&digest, found);
	if (size != file->size || memcmp(found, file->sha256, sizeof found) != 0)
		return fail(u, "a file is not what its manifest says");
	return take_rc;
}

int unbundle_member(struct unbundling *u, const char *name, const struct bundle_file *file,
		    unbundle_take_fn take, void *context)
{
	int rc = expect_file(u);

	if (rc != HF_OK)
		return rc;
	if (strcmp(u->member.name, name) != 0)
		return fail(u, "a file of a session is missing, or not in its place");
	if (u->member.size != file->size)
		return fail(u, "a file has another size than its manifest says");
	u->has_member = false;
	return read_all(u, file, take, context);
}

int unbundle_text(struct unbundling *u, struct buffer *text)
{
	char piece[PIECE_SIZE];
	size_t got = 0;
	int rc = expect_file(u);

	if (rc != HF_OK)
		return rc;
	u->has_member = false;
	do {
		rc = read_piece(u, piece, sizeof piece, &got);
		if (rc == HF_OK)
			rc = buffer_put(text, piece, got);
	} while (rc == HF_OK && got > 0);
	/* The end would seem not to fit to a bundle of which not all was seen. */
	u->is_broken = u->is_broken || rc == HF_ERR_NOMEM;
	return rc == HF_ERR_SESSION_SIZE ? fail(u, "a manifest is too large") : rc;
}

int unbundle_skip(struct unbundling *u)
{
	struct storage_id id;
	int rc = unbundle_peek(u);

	while (rc == HF_OK && strcmp(u->member.name, BUNDLE_END) != 0 &&
	       !bundle_name_is_manifest(u->member.name, &id)) {
		u->has_member = false;
		rc = unbundle_peek(u);
	}
	return rc == HF_ERR_NOTFOUND ? expect_file(u) : rc;
}
