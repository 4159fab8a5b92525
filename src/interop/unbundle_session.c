/* SPDX-License-Identifier: MIT */
/* One session of a bundle: its manifest, its key, and whether it is here already. */
#include <string.h>

#include "base/text.h"
#include "interop/bundle_bytes.h"
#include "interop/unbundle.h"

static int read_manifest(struct unbundling *u, struct storage_id id,
			 struct bundle_manifest *manifest)
{
	struct buffer text = BUFFER_INIT(BUNDLE_MANIFEST_MAX);
	int rc = unbundle_text(u, &text);

	if (rc == HF_OK) {
		digest_update(&u->manifests, text.data, text.size);
		rc = bundle_manifest_read((struct hf_slice){ text.data, text.size }, manifest);
		if (rc == HF_ERR_BUNDLE ||
		    (rc == HF_OK && memcmp(&manifest->id, &id, sizeof id) != 0))
			rc = report_fail(u->report, HF_ERR_BUNDLE, "unbundle", "a manifest is damaged");
	}
	buffer_release(&text);
	return rc;
}

/* ---- Keys ------------------------------------------------------------------------ */

/* HF_OK if the session's key is here; HF_ERR_KEY_MISSING otherwise. */
static int find_key(struct unbundling *u, const struct bundle_manifest *manifest, bool is_exact)
{
	const struct session_key_choice choice = { .key_id = manifest->key_id,
						   .session = manifest->id.bytes,
						   .generation = manifest->generation,
						   .store = is_exact ? manifest->store : NULL,
						   .is_exact = is_exact };
	struct session_key *key = NULL;
	int rc = session_key_choose(u->keyring, u->report, &choice, &key);

	session_key_free(u->keyring, key);
	return rc;
}

/* Makes the key that was given known for the session's store, to this call and for this session.
 * Who gives a key wants to know whom he trusts, so no other key will do then. */
static int prepare_key(struct unbundling *u, const struct bundle_manifest *manifest)
{
	const char *given = u->secret != NULL ? keyring_secret_id(u->secret) : NULL;
	int rc;

	keyring_lend(u->keyring, NULL);
	if (!manifest->has_origin || keyring_is_weak(manifest->key_id))
		return HF_OK;
	rc = find_key(u, manifest, true);
	if (rc != HF_ERR_KEY_MISSING)
		return rc;
	if (given != NULL && memcmp(given, manifest->key_id, FORMAT_KEY_ID_SIZE) == 0) {
		keyring_lend(u->keyring, manifest->store);
		return HF_OK;
	}
	if (given != NULL)
		return report_fail(u->report, HF_ERR_KEY_MISSING, "unbundle",
				   "it was signed with the key %.*s, and the key that was given is %.*s",
				   FORMAT_KEY_ID_SIZE, manifest->key_id, FORMAT_KEY_ID_SIZE, given);
	rc = find_key(u, manifest, false);
	if (rc == HF_OK)
		return report_fail(u->report, HF_ERR_KEY_MISSING, "unbundle",
				   "it was signed with a key that is here, %.*s, but for another store: "
				   "name that key's file", FORMAT_KEY_ID_SIZE, manifest->key_id);
	return rc == HF_ERR_KEY_MISSING ? HF_OK : rc;
}

/* ---- Sessions that are here ------------------------------------------------------ */

/* Checks a session that is here with the key that is lent, of which its store knows nothing. */
static int check_lent(struct unbundling *u, struct storage_id id, enum hf_verdict *ret_verdict)
{
	const struct log_env *place = NULL;
	struct checked *checked = NULL;
	struct log_env env;
	int rc = store_place(u->store, u->report, id, &place);

	if (rc != HF_OK)
		return rc;
	env = *place;
	env.keyring = u->keyring;
	rc = check_open(&env, u->report, id, STORAGE_READ, NULL, &checked);
	if (rc == HF_OK)
		*ret_verdict = checked->check.verdict;
	check_close(checked);
	return rc;
}

/* Looks whether the session is here, and with these bytes. HF_ERR_NOTFOUND: it is not;
 * HF_ERR_EXISTS: with others. */
static int compare(struct unbundling *u, const struct bundle_manifest *manifest,
		   enum hf_verdict *ret_verdict)
{
	struct checked *checked = NULL;
	struct bundle_file here = { 0, { 0 } };
	int rc = store_check_session(u->store, u->report, manifest->id, NULL, &checked);

	if (rc == HF_OK)
		rc = bundle_bytes_digest(checked, &here);
	if (rc == HF_OK && (here.size != manifest->log.size ||
			    memcmp(here.sha256, manifest->log.sha256, sizeof here.sha256) != 0))
		rc = report_fail(u->report, HF_ERR_EXISTS, "unbundle",
				 "another session of this id is here, or another state of it");
	if (rc == HF_OK)
		*ret_verdict = checked->check.verdict;
	check_close(checked);
	if (rc == HF_OK && *ret_verdict >= HF_KEY_MISSING && keyring_is_lent(u->keyring))
		rc = check_lent(u, manifest->id, ret_verdict);
	return rc;
}

/* Reads the members that a manifest tells of, and only checks them. */
static int check_members(struct unbundling *u, const struct bundle_manifest *manifest)
{
	char name[BUNDLE_NAME_SIZE];
	int rc;

	bundle_name(manifest->id, "", BUNDLE_LOG, name);
	rc = unbundle_member(u, name, &manifest->log, NULL, NULL);
	bundle_name(manifest->id, "", BUNDLE_HEAD, name);
	if (rc == HF_OK && manifest->has_head)
		rc = unbundle_member(u, name, &manifest->head, NULL, NULL);
	for (size_t i = 0; rc == HF_OK && i < bundle_aside_count(manifest); i++) {
		const struct bundle_aside *aside = bundle_aside_at(manifest, i);

		bundle_name(manifest->id, BUNDLE_ASIDE, aside->name, name);
		rc = unbundle_member(u, name, &aside->file, NULL, NULL);
	}
	return rc;
}

static int leave_alone(struct unbundling *u, const struct bundle_manifest *manifest,
		       enum hf_verdict here)
{
	int rc = check_members(u, manifest);

	/* A key can come after the session, and then the session is worth more. */
	if (rc == HF_OK && here < HF_KEY_MISSING && !u->options->dry_run)
		rc = unbundle_trust(u, manifest);
	return rc;
}

/* ---- All of it ------------------------------------------------------------------- */

/* HF_OK if a session of this size may come in. */
static int check_size(struct unbundling *u, const struct bundle_manifest *manifest)
{
	uint64_t size = manifest->log.size;
	uint64_t reserve = u->store->capacity.space_reserve;
	uint64_t max = u->store->env.max_session_size;
	struct storage *storage = u->store->storage;
	uint64_t space = 0;
	int rc = storage->ops->space(storage, u->report, &space);

	if (max > 0 && size > max)
		return report_fail(u->report, HF_ERR_MAX_SESSION_SIZE, "unbundle",
				   "it has %llu bytes, and max_session_size is %llu",
				   (unsigned long long)size, (unsigned long long)max);
	for (size_t i = 0; i < bundle_aside_count(manifest); i++) {
		uint64_t more = bundle_aside_at(manifest, i)->file.size;

		size = more > UINT64_MAX - size ? UINT64_MAX : size + more;
	}
	if (rc == HF_OK && size > space)
		rc = report_fail(u->report, HF_ERR_NOSPACE, "unbundle", "it needs %llu bytes",
				 (unsigned long long)size);
	else if (rc == HF_OK && space - size < reserve)
		rc = report_fail(u->report, HF_ERR_SPACE_RESERVE, "unbundle",
				 "less than space_reserve would be left");
	return rc;
}

static int take_in(struct unbundling *u, const struct bundle_manifest *manifest,
		   enum hf_verdict *ret_verdict)
{
	int rc = check_size(u, manifest);

	if (rc != HF_OK)
		return rc;
	if (!u->options->dry_run)
		return unbundle_place(u, manifest, ret_verdict);
	rc = check_members(u, manifest);
	if (rc == HF_OK && manifest->has_origin) {
		rc = find_key(u, manifest, true);
		*ret_verdict = rc == HF_OK ? manifest->verdict : HF_KEY_MISSING;
	}
	return rc == HF_ERR_KEY_MISSING ? HF_OK : rc;
}

int unbundle_session(struct unbundling *u, struct storage_id id, struct hf_bundle_item *item)
{
	struct bundle_manifest manifest = BUNDLE_MANIFEST_INIT;
	enum hf_verdict verdict;
	int rc = read_manifest(u, id, &manifest);

	item->outcome = HF_BUNDLE_FAILED;
	item->verdict = verdict = manifest.verdict;
	item->bytes = manifest.log.size;
	memcpy(item->key_id, manifest.key_id, sizeof manifest.key_id);
	if (rc == HF_OK)
		rc = prepare_key(u, &manifest);
	if (rc != HF_OK)
		goto out;
	rc = compare(u, &manifest, &verdict);
	if (rc == HF_OK) {
		rc = leave_alone(u, &manifest, verdict);
		if (rc == HF_OK)
			item->outcome = HF_BUNDLE_SAME;
	} else if (rc == HF_ERR_NOTFOUND) {
		report_clear(u->report);
		rc = take_in(u, &manifest, &verdict);
		if (rc == HF_OK)
			item->outcome = HF_BUNDLE_TAKEN;
	}
	item->verdict = verdict;
out:
	bundle_manifest_release(&manifest);
	return rc;
}
