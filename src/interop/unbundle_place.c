/* SPDX-License-Identifier: MIT */
/* Staging a session of a bundle, checking it, and putting it in its place. */
#include <string.h>

#include "format/first.h"
#include "interop/bundle_bytes.h"
#include "interop/unbundle.h"
#include "log/writer.h"
#include "store/capacity.h"

enum { TRIES_MAX = 3 };

/* A session on its way. */
struct passage {
	struct unbundling *u;
	const struct bundle_manifest *manifest;
	struct storage_id id;
	struct storage *incoming;
	struct storage_lock *lock; /* in there */
	enum hf_verdict verdict;   /* what it is here */
	bool is_proven;            /* its key has signed at least its first record */
};

static int fail(struct passage *p, const char *what)
{
	return report_fail(p->u->report, HF_ERR_BUNDLE, "unbundle", "%s", what);
}

int unbundle_clear(struct unbundling *u, struct storage_id id)
{
	struct storage *sessions = u->store->storage;
	struct storage *incoming = u->incoming.storage;
	struct storage_found there = { .has_log = false };
	struct storage_found here = { .has_log = false };
	struct storage_lock *lock = NULL;
	int rc = incoming->ops->find(incoming, u->report, id, &there);

	/* The head outside means nothing while the log is here, so it goes first. */
	if (rc == HF_OK && there.has_log)
		rc = sessions->ops->find(sessions, u->report, id, &here);
	if (rc == HF_OK && here.has_head && !here.has_log) {
		rc = sessions->ops->lock(sessions, u->report, id, 0, &lock);
		if (rc == HF_OK)
			rc = sessions->ops->find(sessions, u->report, id, &here);
		if (rc == HF_OK && !here.has_log)
			rc = sessions->ops->remove(sessions, u->report, id);
		sessions->ops->unlock(lock);
	}
	return rc == HF_OK ? incoming->ops->remove(incoming, u->report, id) : rc;
}

/* Takes the lock, and clears away what was left by somebody who died. Removing takes the
 * lock file along, so the lock is taken once more then. */
static int enter(struct passage *p)
{
	const struct storage_ops *ops = p->incoming->ops;
	struct report *report = p->u->report;

	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		struct storage_found found = { .has_log = false };
		int rc = ops->lock(p->incoming, report, p->id, 0, &p->lock);

		if (rc == HF_OK)
			rc = ops->find(p->incoming, report, p->id, &found);
		if (rc != HF_OK || (!found.has_log && !found.has_head))
			return rc;
		rc = unbundle_clear(p->u, p->id);
		ops->unlock(p->lock);
		p->lock = NULL;
		if (rc != HF_OK)
			return rc;
	}
	return report_fail(report, HF_ERR_BUSY, "unbundle", "others are taking it in");
}

/* ---- From the archive ------------------------------------------------------------ */

/* A file that is being written, and its writer. */
struct writing {
	struct storage *storage;
	struct storage_temp *temp;
};

static int write_temp(void *context, const char *bytes, size_t size)
{
	struct writing *writing = context;

	return writing->storage->ops->temp_write(writing->temp, bytes, size);
}

/* Reads a member into a temp, which is the caller's to commit. */
static int read_temp(struct passage *p, const char *name, const struct bundle_file *file,
		     struct storage_temp **ret_temp)
{
	const struct storage_ops *ops = p->incoming->ops;
	struct writing writing = { p->incoming, NULL };
	int rc = ops->temp_begin(p->incoming, p->u->report, p->id, &writing.temp);

	if (rc != HF_OK)
		return rc;
	rc = unbundle_member(p->u, name, file, write_temp, &writing);
	if (rc == HF_OK)
		*ret_temp = writing.temp;
	else
		ops->temp_abandon(writing.temp);
	return rc;
}

static int read_log(struct passage *p)
{
	char name[BUNDLE_NAME_SIZE];
	struct storage_temp *temp = NULL;
	int rc;

	bundle_name(p->id, "", BUNDLE_LOG, name);
	rc = read_temp(p, name, &p->manifest->log, &temp);
	return rc == HF_OK ? p->incoming->ops->temp_commit(temp) : rc;
}

/* A head while it is read. */
struct slots {
	uint8_t bytes[STORAGE_HEAD_SIZE];
	size_t size;
};

/* The manifest has seen to it that there are no more bytes than fit. */
static int take_slots(void *context, const char *bytes, size_t size)
{
	struct slots *slots = context;

	if (size > sizeof slots->bytes - slots->size)
		return HF_ERR_BUNDLE;
	memcpy(slots->bytes + slots->size, bytes, size);
	slots->size += size;
	return HF_OK;
}

static int write_head(struct passage *p, const struct slots *slots)
{
	const struct storage_ops *ops = p->incoming->ops;
	struct storage_log *log = NULL;
	int rc = ops->log_open(p->incoming, p->u->report, p->id, STORAGE_WRITE, &log);

	if (rc != HF_OK)
		return rc;
	for (unsigned i = 0; rc == HF_OK && i < STORAGE_HEAD_SLOTS; i++)
		rc = ops->head_write(log, i, slots->bytes + (size_t)i * STORAGE_HEAD_SLOT_SIZE);
	if (rc == HF_OK)
		rc = ops->head_sync(log);
	ops->log_close(log);
	return rc;
}

static int read_head(struct passage *p)
{
	char name[BUNDLE_NAME_SIZE];
	struct slots slots = { .size = 0 };
	int rc;

	if (!p->manifest->has_head)
		return HF_OK;
	bundle_name(p->id, "", BUNDLE_HEAD, name);
	rc = unbundle_member(p->u, name, &p->manifest->head, take_slots, &slots);
	return rc == HF_OK ? write_head(p, &slots) : rc;
}

/* Puts quarantined bytes where the records that tell of them say. */
static int read_aside(struct passage *p, const struct bundle_aside *aside)
{
	struct report unheard = report_make(NULL, NULL);
	struct bundle_file here = { 0, { 0 } };
	struct storage_temp *temp = NULL;
	char name[BUNDLE_NAME_SIZE];
	int rc = bundle_bytes_digest_aside(p->incoming, &unheard, p->id, aside->name, &here);

	bundle_name(p->id, BUNDLE_ASIDE, aside->name, name);
	if (rc == HF_ERR_NOTFOUND) {
		rc = read_temp(p, name, &aside->file, &temp);
		return rc == HF_OK ? p->incoming->ops->temp_keep(temp, aside->name) : rc;
	}
	if (rc == HF_OK && (here.size != aside->file.size ||
			    memcmp(here.sha256, aside->file.sha256, sizeof here.sha256) != 0))
		return report_fail(p->u->report, HF_ERR_EXISTS, "unbundle",
				   "other bytes have the name %s in the quarantine", aside->name);
	if (rc != HF_OK)
		p->u->report->detail = unheard.detail;
	return rc == HF_OK ? unbundle_member(p->u, name, &aside->file, NULL, NULL) : rc;
}

/* ---- Checking -------------------------------------------------------------------- */

/* Record 0 must claim what the manifest does, or neither of them anything. */
static bool fits_claim(const struct checked *checked, const struct bundle_manifest *manifest)
{
	struct hf_slice start = check_bytes(checked, 0);
	struct first_claim claim;
	bool has_claim = start.size > 0 && first_claims(start.data, start.size, &claim) &&
			 memcmp(claim.session, manifest->id.bytes, sizeof claim.session) == 0;

	if (!has_claim || !manifest->has_origin)
		return has_claim == manifest->has_origin;
	return memcmp(claim.store, manifest->store, sizeof claim.store) == 0 &&
	       memcmp(claim.key_id, manifest->key_id, sizeof claim.key_id) == 0 &&
	       claim.generation == manifest->generation;
}

/* Without its key all that can be said of a session is that its records are there, one
 * after the other, as many as its manifest says. */
static bool is_well_formed(const struct checked *checked, const struct bundle_manifest *manifest)
{
	return checked->scan.records >= manifest->records &&
	       (manifest->verdict > HF_WEAK_KEY || checked->scan.offset == manifest->log.size);
}

static int judge(struct passage *p, const struct checked *checked)
{
	const struct bundle_manifest *manifest = p->manifest;
	enum hf_verdict verdict = checked->check.verdict;

	if (!fits_claim(checked, manifest))
		return fail(p, "its first record and its manifest do not say the same");
	p->verdict = verdict;
	p->is_proven = verdict != HF_KEY_MISSING && checked->check.records > 0;
	if (!manifest->has_head && manifest->verdict < HF_KEY_MISSING)
		return fail(p, "its head is missing");
	if (verdict == HF_KEY_MISSING)
		return is_well_formed(checked, manifest) ?
			       HF_OK : fail(p, "its records do not follow each other");
	/* What has no readable first record is damaged either way, and nothing tells how. */
	if (verdict <= manifest->verdict ||
	    (!manifest->has_origin && manifest->verdict > HF_KEY_MISSING))
		return HF_OK;
	return report_fail(p->u->report, hf_verdict_error(verdict), "unbundle",
			   "its manifest says that it is %s, and it is %s",
			   hf_verdict_name(manifest->verdict), hf_verdict_name(verdict));
}

static int check(struct passage *p)
{
	struct checked *checked = NULL;
	int rc = check_open(&p->u->incoming, p->u->report, p->id, STORAGE_WRITE, NULL, &checked);

	/* A head that says that the session was removed. */
	if (rc == HF_ERR_NOTFOUND)
		return fail(p, "it is no session");
	if (rc == HF_OK)
		rc = judge(p, checked);
	check_close(checked);
	return rc;
}

int unbundle_trust(struct unbundling *u, const struct bundle_manifest *manifest)
{
	if (u->secret == NULL || !manifest->has_origin ||
	    memcmp(keyring_secret_id(u->secret), manifest->key_id, FORMAT_KEY_ID_SIZE) != 0 ||
	    memcmp(manifest->store, u->store->env.store, sizeof manifest->store) == 0)
		return HF_OK;
	return keyring_keep(u->store->keyring, u->report, u->secret, manifest->store);
}

/* ---- Into its place -------------------------------------------------------------- */

/* Finishes a removal of the same id that was cut short. */
static int clear(struct passage *p)
{
	struct hf_store *store = p->u->store;
	struct report *report = p->u->report;
	const struct log_env *place = NULL;
	int rc = store_place(store, report, p->id, &place);

	if (rc == HF_ERR_NOTFOUND)
		return HF_OK;
	if (rc == HF_OK && !writer_is_gone(place, report, p->id))
		return report_fail(report, HF_ERR_EXISTS, "unbundle", "it came up meanwhile");
	if (rc == HF_OK)
		rc = writer_delete(place, NULL, report, p->id);
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* Under the lock nobody makes a session of this id outside the trash, nor moves one. */
static int move(struct passage *p)
{
	struct hf_store *store = p->u->store;
	struct storage *storage = store->storage;
	struct storage_found found = { .has_log = false };
	struct storage_lock *lock = NULL;
	int rc = storage->ops->lock(storage, p->u->report, p->id, 0, &lock);

	if (rc == HF_OK)
		rc = storage->ops->find(storage, p->u->report, p->id, &found);
	if (rc == HF_OK && (found.has_log || found.has_head))
		rc = report_fail(p->u->report, HF_ERR_EXISTS, "unbundle", "it came up meanwhile");
	if (rc == HF_OK)
		rc = store_refuse_elsewhere(store, p->u->report, p->id);
	if (rc == HF_OK)
		rc = storage->ops->move_in(storage, p->u->report, p->incoming, p->id);
	storage->ops->unlock(lock);
	return rc;
}

static int put_in_place(struct passage *p)
{
	struct hf_store *store = p->u->store;
	struct storage_lock *room = NULL;
	int rc = capacity_claim(store, p->u->report, p->id, NULL, &room);

	if (rc == HF_OK)
		rc = clear(p);
	if (rc == HF_OK)
		rc = move(p);
	store->storage->ops->unlock(room);
	return rc;
}

/* Removes what is staged, of a session that is not taken in. */
static void leave(struct passage *p)
{
	struct hf_detail why = p->u->report->detail;

	if (p->lock != NULL)
		(void)unbundle_clear(p->u, p->id);
	p->u->report->detail = why;
}

int unbundle_place(struct unbundling *u, const struct bundle_manifest *manifest,
		   enum hf_verdict *ret_verdict)
{
	struct passage p = { .u = u, .manifest = manifest, .id = manifest->id,
			     .incoming = u->incoming.storage, .verdict = manifest->verdict };
	int rc = enter(&p);

	if (rc == HF_OK)
		rc = read_log(&p);
	if (rc == HF_OK)
		rc = read_head(&p);
	if (rc == HF_OK)
		rc = check(&p);
	for (size_t i = 0; rc == HF_OK && i < bundle_aside_count(manifest); i++)
		rc = read_aside(&p, bundle_aside_at(manifest, i));
	/* Else whoever makes an archive could have the key known for stores of his choice. */
	if (rc == HF_OK && p.is_proven)
		rc = unbundle_trust(u, manifest);
	if (rc == HF_OK)
		rc = put_in_place(&p);
	if (rc != HF_OK)
		leave(&p);
	p.incoming->ops->unlock(p.lock);
	*ret_verdict = p.verdict;
	return rc;
}
