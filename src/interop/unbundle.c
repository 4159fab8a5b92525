/* SPDX-License-Identifier: MIT */
/* Reading a bundle from its first member to its last (docs/BUNDLE.md). */
#include "interop/unbundle.h"

#include <string.h>

#include "base/text.h"
#include "storage/posix.h"

static int64_t get(void *context, char *bytes, size_t size)
{
	struct unbundling *u = context;
	int64_t got = u->options->read(u->options->context, bytes, size);

	if (got > 0)
		u->read += (uint64_t)got;
	if (got >= 0 && u->options->progress != NULL)
		u->options->progress(u->options->context, u->read, 0);
	return got;
}

static int read_begin(struct unbundling *u)
{
	struct buffer text = BUFFER_INIT(BUNDLE_NOTE_MAX);
	struct bundle_begin begin;
	int rc = unbundle_peek(u);

	if (rc == HF_ERR_NOTFOUND || (rc == HF_OK && strcmp(u->member.name, BUNDLE_BEGIN) != 0))
		return report_fail(u->report, HF_ERR_BUNDLE, "unbundle", "this is no bundle");
	if (rc == HF_OK)
		rc = unbundle_text(u, &text);
	if (rc == HF_OK) {
		rc = bundle_begin_read((struct hf_slice){ text.data, text.size }, &begin);
		if (rc == HF_ERR_FORMAT)
			rc = report_fail(u->report, rc, "unbundle", "a newer version made this bundle");
		else if (rc != HF_OK)
			rc = report_fail(u->report, rc, "unbundle", "its first member is damaged");
	}
	buffer_release(&text);
	return rc;
}

/* The last member vouches that no session is missing. */
static int read_end(struct unbundling *u)
{
	struct buffer text = BUFFER_INIT(BUNDLE_NOTE_MAX);
	struct bundle_end end;
	uint8_t found[DIGEST_SIZE];
	int rc = unbundle_text(u, &text);

	digest_final(&u->manifests, found);
	if (rc == HF_OK &&
	    (bundle_end_read((struct hf_slice){ text.data, text.size }, &end) != HF_OK ||
	     end.sessions != u->sessions || memcmp(end.sha256, found, sizeof found) != 0))
		rc = report_fail(u->report, HF_ERR_BUNDLE, "unbundle",
				 "its end does not fit: sessions are missing, or were changed");
	buffer_release(&text);
	if (rc != HF_OK)
		return rc;
	rc = unbundle_peek(u);
	if (rc == HF_OK)
		return report_fail(u->report, HF_ERR_BUNDLE, "unbundle", "something follows its end");
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* Takes one session in and tells of it. Fails only if nothing more can be read. */
static int take_one(struct unbundling *u, struct storage_id id)
{
	struct hf_bundle_item item = { .id = "" };
	int rc;

	text_put_uuid(id.bytes, item.id);
	report_clear(u->report);
	u->sessions++;
	rc = unbundle_session(u, id, &item);
	item.error = rc;
	item.message = rc == HF_OK ? "" : u->report->detail.message;
	u->sum.outcomes[item.outcome]++;
	if (item.outcome == HF_BUNDLE_TAKEN)
		u->sum.bytes += item.bytes;
	if (u->options->item != NULL)
		u->options->item(u->options->context, &item);
	if (rc == HF_OK)
		return HF_OK;
	if (u->first_rc == HF_OK) {
		u->first_rc = rc;
		u->first_detail = u->report->detail;
	}
	return u->is_broken ? rc : unbundle_skip(u);
}

static int read_sessions(struct unbundling *u)
{
	struct storage_id id;
	int rc;

	for (;;) {
		rc = unbundle_peek(u);
		if (rc == HF_ERR_NOTFOUND)
			return report_fail(u->report, HF_ERR_BUNDLE, "unbundle",
					   "the bundle ends before it is complete");
		if (rc != HF_OK)
			return rc;
		if (strcmp(u->member.name, BUNDLE_END) == 0)
			return read_end(u);
		if (!bundle_name_is_manifest(u->member.name, &id))
			return report_fail(u->report, HF_ERR_BUNDLE, "unbundle",
					   "there is something in the bundle that does not belong there");
		rc = take_one(u, id);
		if (rc != HF_OK)
			return rc;
	}
}

/* ---- The place for what comes in ------------------------------------------------- */

/* Removes what somebody has left who died; who is at work holds his lock. */
static bool clear_one(void *context, const struct storage_found *found)
{
	struct unbundling *u = context;
	struct storage *storage = u->incoming.storage;
	struct storage_lock *lock = NULL;

	if (storage->ops->lock(storage, u->report, found->id, 0, &lock) == HF_OK)
		(void)unbundle_clear(u, found->id);
	storage->ops->unlock(lock);
	report_clear(u->report);
	return true;
}

static int open_incoming(struct unbundling *u)
{
	const struct storage_posix_options options = {
		.place = STORAGE_POSIX_INCOMING,
		.missing = STORAGE_POSIX_MAKE,
		.program = u->store->program,
	};
	struct hf_store *store = u->store;
	int rc;

	u->incoming = store->env;
	u->incoming.storage = NULL;
	u->incoming.keyring = u->keyring;
	u->incoming.refuse_elsewhere = NULL;
	if (u->options->dry_run)
		return HF_OK;
	rc = storage_posix_open(store->sys, u->report, store->dir_fd, &options,
				&u->incoming.storage);
	return rc == HF_OK ? u->incoming.storage->ops->each(u->incoming.storage, u->report,
							     clear_one, u) : rc;
}

/* What is given to this call is nobody else's: others may unbundle at the same time. */
static int open_keys(struct unbundling *u)
{
	struct keyring *keyring = u->store->keyring;
	int rc = HF_OK;

	if (u->options->key_path != NULL)
		rc = keyring_secret_read(keyring, u->report, u->options->key_path, &u->secret);
	return rc == HF_OK ? keyring_borrow(keyring, u->report, u->secret, &u->keyring) : rc;
}

static int take_all(struct unbundling *u)
{
	int rc = open_keys(u);

	if (rc == HF_OK)
		rc = open_incoming(u);
	digest_init(&u->manifests);
	if (rc == HF_OK)
		rc = archive_in_open(u->report, get, u, &u->in);
	if (rc == HF_OK)
		rc = read_begin(u);
	if (rc == HF_OK)
		rc = read_sessions(u);
	archive_in_close(u->in);
	if (u->incoming.storage != NULL)
		u->incoming.storage->ops->close(u->incoming.storage);
	keyring_close(u->keyring);
	keyring_secret_free(u->store->keyring, u->secret);
	return rc;
}

int hf_unbundle(struct hf_store *store, const struct hf_bundle_options *options,
		struct hf_detail *detail, struct hf_bundle *ret_bundle)
{
	struct report report = store_report(store);
	struct unbundling u = { .store = store, .report = &report, .options = options };
	int rc = store_check_call(store, options, &report);

	if (rc == HF_OK && options->read == NULL)
		rc = report_fail(&report, HF_ERR_INVALID, "unbundle", "there is no way to read");
	if (rc == HF_OK && !options->dry_run)
		rc = store_writable(store, options, &report);
	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	rc = take_all(&u);
	/* Of a broken archive too the caller wants to know what was taken from it. */
	if (ret_bundle != NULL)
		*ret_bundle = u.sum;
	if (rc == HF_OK && u.first_rc != HF_OK) {
		rc = u.first_rc;
		report.detail = u.first_detail;
	}
	return report_deliver(&report, rc, detail);
}
