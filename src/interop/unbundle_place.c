/* SPDX-License-Identifier: MIT */
/* Staging a session of a bundle, checking it, and putting it in its place. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "format/first.h"
#include "interop/bundle_bytes.h"
#include "interop/unbundle.h"
#include "log/writer.h"
#include "store/capacity.h"

enum { TRIES_MAX = 3, OTHERS_MAX = 1000000 };

/* A session on its way. */
struct passage {
	struct unbundling *u;
	const struct bundle_manifest *manifest;
	struct storage_id id;
	struct storage *incoming;
	struct storage_lock *lock; /* in there */
	enum hf_verdict verdict;   /* what it is here */
	unsigned next_other;       /* where to look for a free name for what is in the way */
	unsigned displaced;        /* how many have got one */
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

	/* The log tells that there are others, so it goes last. */
	if (rc == HF_OK)
		rc = incoming->ops->aside_unstage(incoming, u->report, id);
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

/* Quarantined bytes wait beside their session until all of it was found to be good. */
static int read_asides(struct passage *p)
{
	struct storage_temp *temp = NULL;
	char name[BUNDLE_NAME_SIZE];
	int rc = HF_OK;

	for (size_t i = 0; rc == HF_OK && i < bundle_aside_count(p->manifest); i++) {
		const struct bundle_aside *aside = bundle_aside_at(p->manifest, i);

		bundle_name(p->id, BUNDLE_ASIDE, aside->name, name);
		rc = read_temp(p, name, &aside->file, &temp);
		if (rc == HF_OK)
			rc = p->incoming->ops->temp_stage(temp, aside->name);
	}
	return rc;
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
	const struct session_key_choice choice = { .key_id = manifest->key_id,
						   .session = manifest->id.bytes,
						   .store = manifest->store, .is_exact = true };
	struct keyring *keyring = u->store->keyring;
	struct session_key *known = NULL;
	int rc;

	if (u->secret == NULL || !manifest->has_origin ||
	    memcmp(keyring_secret_id(u->secret), manifest->key_id, FORMAT_KEY_ID_SIZE) != 0)
		return HF_OK;
	/* It may be an earlier one of this store, which has another by now. */
	rc = session_key_choose(keyring, u->report, &choice, &known);
	session_key_free(keyring, known);
	return rc == HF_ERR_KEY_MISSING ?
		       keyring_keep(keyring, u->report, u->secret, manifest->store) : rc;
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

static int fail_aside(struct passage *p, int rc, const char *name, const struct report *unheard)
{
	struct report *report = p->u->report;

	rc = report_fail(report, rc, "unbundle", "%s in the quarantine: %s", name,
			 unheard->detail.message);
	report->detail.os_errno = unheard->detail.os_errno;
	return rc;
}

/* Gives what is in the quarantine under a name another one, which nothing there has, nor is to
 * have. No session of this id is here, so no record tells of these bytes: they are of one that
 * was removed, or of an earlier attempt. Whoever sent them must not keep this one out. */
static int displace(struct passage *p, struct report *report, const char *name)
{
	const struct storage_ops *ops = p->incoming->ops;
	char uuid[TEXT_UUID_SIZE + 1] = "";
	char other[STORAGE_QUARANTINE_NAME_SIZE];
	int rc = HF_ERR_EXISTS;

	text_put_uuid(p->id.bytes, uuid);
	while (rc == HF_ERR_EXISTS && p->next_other < OTHERS_MAX) {
		(void)snprintf(other, sizeof other, "%s.displaced.%u", uuid, p->next_other++);
		if (!bundle_aside_is(p->manifest, other))
			rc = ops->aside_rename(p->incoming, report, p->id, name, other);
	}
	p->displaced += rc == HF_OK;
	return rc;
}

/* Sees that nothing but the same bytes has a name of the session's in the quarantine, and says
 * whether they have it. */
static int clear_way(struct passage *p, const struct bundle_aside *aside, bool *ret_is_here)
{
	struct report unheard = report_make(NULL, NULL);
	struct bundle_file here = { 0, { 0 } };
	int rc = bundle_bytes_digest_aside(p->incoming, &unheard, p->id, aside->name, &here);

	if (rc == HF_ERR_NOTFOUND)
		return HF_OK;
	*ret_is_here = rc == HF_OK && here.size == aside->file.size &&
		       memcmp(here.sha256, aside->file.sha256, sizeof here.sha256) == 0;
	if (rc == HF_OK && !*ret_is_here)
		rc = displace(p, &unheard, aside->name);
	return rc == HF_OK ? HF_OK : fail_aside(p, rc, aside->name, &unheard);
}

/* Puts quarantined bytes where the records that tell of them say: all whose is_here is not set,
 * for which the way is clear. */
static int bring(struct passage *p, const bool *is_here)
{
	const struct storage_ops *ops = p->incoming->ops;
	bool is_left = false;
	int rc = ops->aside_sync(p->incoming, p->u->report);

	for (size_t i = 0; rc == HF_OK && i < bundle_aside_count(p->manifest); i++) {
		is_left = is_left || is_here[i];
		if (!is_here[i])
			rc = ops->aside_bring(p->incoming, p->u->report, p->id,
					      bundle_aside_at(p->manifest, i)->name);
	}
	if (rc == HF_OK)
		rc = ops->aside_sync(p->incoming, p->u->report);
	return rc == HF_OK && is_left ? ops->aside_unstage(p->incoming, p->u->report, p->id) : rc;
}

/* What a crash, or a failure after this, leaves in the quarantine without its session is found
 * to be the same the next time. Each step is taken for all at once: few syncs under the locks. */
static int bring_asides(struct passage *p)
{
	size_t count = bundle_aside_count(p->manifest);
	bool *is_here = count > 0 ? mem_new(count, sizeof *is_here) : NULL;
	int rc = HF_OK;

	if (count == 0)
		return HF_OK;
	if (is_here == NULL)
		return report_fail(p->u->report, HF_ERR_NOMEM, "unbundle", "out of memory");
	for (size_t i = 0; rc == HF_OK && i < count; i++)
		rc = clear_way(p, bundle_aside_at(p->manifest, i), &is_here[i]);
	if (p->displaced > 0)
		report_log(p->u->report, HF_LOG_WARNING,
			   "unbundle: other bytes had names in the quarantine that are this session's: "
			   "%u have the label \"displaced\" now", p->displaced);
	if (rc == HF_OK)
		rc = bring(p, is_here);
	mem_free(is_here);
	return rc;
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
		rc = bring_asides(p);
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
	if (rc == HF_OK)
		rc = read_asides(&p);
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
