/* SPDX-License-Identifier: MIT */
/* Going on with a session as check_open found it: the repairs. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "crypto/kdf.h"
#include "json/write.h"
#include "log/writer.h"

int writer_may_continue(const struct checked *checked, uint32_t accept)
{
	enum hf_verdict verdict = checked->check.verdict;

	if (verdict <= HF_TORN)
		return HF_OK;
	/* A repair of what was tampered with that was cut short leaves a log that is shorter than
	 * its head tells. */
	if ((accept & HF_ACCEPT(HF_TAMPERED)) != 0)
		accept |= HF_ACCEPT(HF_TRUNCATED);
	/* Without a record 0 that verifies there is no session to go on with. */
	if ((accept & HF_ACCEPT(verdict)) == 0 || checked->key == NULL ||
	    checked->scan.records == 0)
		return hf_verdict_error(verdict);
	/* What a head would have told is missing too. */
	if (!checked->found.is_valid && (accept & HF_ACCEPT(HF_HEAD_MISSING)) == 0)
		return HF_ERR_HEAD_MISSING;
	return HF_OK;
}

/* Who has mapped a log may rely on all bytes below the head's offset. If any of them go, or
 * may, since there is no head to tell, a new file must take the place of the log; also if
 * none do and some are missing: of a record that is written in their place a power cut may
 * leave a part, which would look changed. */
static bool must_replace(const struct checked *checked)
{
	return checked->check.verdict >= HF_TRUNCATED ||
	       (!checked->found.is_valid && checked->check.log_bytes > checked->scan.offset);
}

/* What a repair takes away: all that stands after the last good record. */
struct removed {
	enum hf_verdict verdict;
	uint64_t offset;
	struct hf_slice bytes;
	char name[STORAGE_QUARANTINE_NAME_SIZE]; /* of the file in the quarantine, or "" */
};

/* Writes the data of the repair record (docs/FORMAT.md, "Types"). */
static int put_data(const struct removed *removed, struct buffer *out)
{
	char digest_text[TEXT_BASE64_32_SIZE];
	uint8_t digest[KDF_SIZE];
	const char *verdict = hf_verdict_name(removed->verdict);
	struct hf_slice null = { "null", 4 };
	bool first = true;
	int rc;

	if ((rc = buffer_put_text(out, "{")) != HF_OK ||
	    (rc = json_put_member_text(out, &first, "verdict", verdict, strlen(verdict))) != HF_OK ||
	    (rc = json_put_member_u64(out, &first, "offset", removed->offset)) != HF_OK ||
	    (rc = json_put_member_u64(out, &first, "removed", removed->bytes.size)) != HF_OK)
		return rc;
	if (removed->bytes.size == 0) {
		rc = json_put_member_json(out, &first, "sha256", null);
		if (rc == HF_OK)
			rc = json_put_member_json(out, &first, "quarantine", null);
	} else {
		kdf_sha256(removed->bytes.data, removed->bytes.size, digest);
		text_put_base64_32(digest, digest_text);
		rc = json_put_member_text(out, &first, "sha256", digest_text, sizeof digest_text);
		if (rc == HF_OK)
			rc = json_put_member_text(out, &first, "quarantine", removed->name,
						  strlen(removed->name));
	}
	return rc == HF_OK ? buffer_put_text(out, "}") : rc;
}

/* Begins a batch with the record that tells of the repair. */
static int add_repair(struct writer *writer, const struct removed *removed)
{
	char json[512];
	struct buffer data = { json, 0, sizeof json, sizeof json };
	int rc = put_data(removed, &data);

	if (rc == HF_OK)
		rc = writer_begin(writer);
	if (rc == HF_OK)
		rc = writer_add(writer, "repair", data.data, data.size);
	return rc;
}

/* Writes the record that tells of the repair over the stump, and cuts the rest of it off.
 * A crash in between leaves a shorter stump, to be repaired in turn. */
static int record_repair(struct writer *writer, const struct removed *removed)
{
	int rc = add_repair(writer, removed);

	return rc == HF_OK ? writer_commit(writer, true) : rc;
}

/* Puts the good records, and one that tells of the repair, in the place of the log. A crash
 * before the head is written leaves a log that was cut (see judge_loss). */
static int replace_log(struct writer *writer, const struct checked *checked,
		       const struct removed *removed)
{
	struct storage *storage = writer->env->storage;
	const struct storage_ops *ops = storage->ops;
	struct storage_temp *temp = NULL;
	struct batch *batch = &writer->batch;
	struct head head = writer->head;
	struct fold fold = { 0 };
	int rc = add_repair(writer, removed);

	if (rc == HF_OK)
		rc = ops->temp_begin(storage, writer->report, writer->id, &temp);
	if (rc == HF_OK)
		rc = ops->temp_write(temp, checked->map.bytes, (size_t)head.offset);
	if (rc == HF_OK)
		rc = ops->temp_write(temp, batch->bytes.data, batch->bytes.size);
	if (rc == HF_OK)
		rc = writer_check_lock(writer);
	if (rc != HF_OK) {
		if (temp != NULL)
			ops->temp_abandon(temp);
		return rc;
	}
	rc = ops->temp_commit(temp);
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	ops->log_close(writer->log);
	writer->log = NULL;
	rc = ops->log_open(storage, writer->report, writer->id, STORAGE_WRITE, &writer->log);
	if (rc != HF_OK)
		return rc;
	batch_fold(batch, &fold);
	fold_apply(&fold, &head);
	head.records = batch->n;
	head.offset += batch->bytes.size;
	memcpy(head.mac, batch->mac, MAC_SIZE);
	writer->log_end = head.offset;
	return writer_put_head(writer, &head);
}

/* Folds the good records of a log anew: the check has folded one more if that verifies but
 * is not the one that the head knows. */
static int take_good_state(struct writer *writer, const struct checked *checked)
{
	struct head *head = &writer->head;
	struct head state = { .counter = head->counter, .generation = head->generation };
	struct scan scan = { 0 };
	int rc = scan_lines(writer->env, writer->report, checked->key, checked->map.bytes,
			    (size_t)checked->scan.offset, &scan);

	if (rc != HF_OK)
		return rc;
	memcpy(state.session, head->session, sizeof state.session);
	memcpy(state.key_id, head->key_id, sizeof state.key_id);
	state.records = scan.records;
	state.offset = scan.offset;
	memcpy(state.mac, scan.mac, MAC_SIZE);
	fold_apply(&scan.fold, &state);
	*head = state;
	return HF_OK;
}

/* Takes over the state that was found, without changing anything yet. */
static int take_over(struct writer *writer, const struct checked *checked)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	int rc;

	rc = ops->log_open(writer->env->storage, writer->report, writer->id, STORAGE_WRITE,
			   &writer->log);
	if (rc == HF_OK)
		rc = session_key_copy(writer->env->keyring, writer->report, checked->key,
				      &writer->key);
	if (rc != HF_OK)
		return rc;
	writer->head = checked->state;
	writer->is_only_slot = checked->found.is_only;
	writer->log_end = checked->log_size;
	return must_replace(checked) ? take_good_state(writer, checked) : HF_OK;
}

/* Writes the good records that nobody is known to have acknowledged once more, to be
 * synced before the head tells of them (see adopt in open.c for the reason). */
static int rewrite(struct writer *writer, const struct checked *checked)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint64_t known = 0;
	int rc = HF_OK;

	if (checked->found.is_valid && checked->found.head.generation == writer->head.generation)
		known = checked->found.head.offset;
	while (rc == HF_OK && known < writer->head.offset) {
		struct hf_slice bytes = check_bytes(checked, known);

		if (bytes.size > writer->head.offset - known)
			bytes.size = (size_t)(writer->head.offset - known);
		rc = ops->log_write(writer->log, known, bytes.data, bytes.size);
		known += bytes.size;
	}
	return rc == HF_OK ? rc : writer_poison(writer, rc);
}

/* Moves the head to the log's last good record. */
static int move_head(struct writer *writer, const struct checked *checked)
{
	int rc = rewrite(writer, checked);

	if (rc == HF_OK)
		rc = writer->env->storage->ops->log_sync(writer->log);
	return rc == HF_OK ? writer_put_head(writer, &writer->head) : writer_poison(writer, rc);
}

static int remove_rest(struct writer *writer, const struct checked *checked,
		       struct removed *removed)
{
	uint64_t size = checked->check.log_bytes - checked->scan.offset;
	int rc = HF_OK;

	removed->bytes = check_bytes(checked, checked->scan.offset);
	if (removed->bytes.size > size)
		removed->bytes.size = (size_t)size;
	if (size > 0)
		rc = writer->env->storage->ops->quarantine(
			writer->env->storage, writer->report, writer->id,
			hf_verdict_name(removed->verdict), removed->bytes.data,
			removed->bytes.size, removed->name);
	if (rc == HF_OK && must_replace(checked))
		return replace_log(writer, checked, removed);
	if (rc == HF_OK)
		rc = rewrite(writer, checked);
	if (rc != HF_OK)
		return rc;
	writer->must_cut = checked->log_size > checked->scan.offset;
	return record_repair(writer, removed);
}

int writer_recover(struct writer *writer, struct checked *checked, uint32_t accept,
		   struct hf_repair *ret_repair)
{
	enum hf_verdict verdict = checked->check.verdict;
	struct removed removed = { .verdict = verdict, .offset = checked->scan.offset };
	bool is_whole = verdict < HF_TORN;
	int rc = writer_may_continue(checked, accept);

	ret_repair->before = checked->check;
	if (rc != HF_OK) {
		rc = report_fail(writer->report, rc, "open",
				 "the session is %s at record %" PRId64 ", byte %" PRId64,
				 hf_verdict_name(verdict), checked->check.bad_record,
				 checked->check.bad_offset);
		report_place(writer->report, checked->check.bad_record, checked->check.bad_offset,
			     -1);
		return rc;
	}
	rc = take_over(writer, checked);
	if (rc != HF_OK)
		return rc;
	if (is_whole)
		return checked->found.is_valid && checked->found.head.records == writer->head.records &&
				       checked->found.head.generation == writer->head.generation ?
			       HF_OK : move_head(writer, checked);
	rc = remove_rest(writer, checked, &removed);
	if (rc != HF_OK)
		return rc;
	ret_repair->changed = true;
	ret_repair->removed_bytes = removed.bytes.size;
	ret_repair->removed_offset = removed.offset;
	text_copy(ret_repair->quarantine, sizeof ret_repair->quarantine, removed.name);
	report_log(writer->report, HF_LOG_WARNING, "repaired a %s session: %zu bytes at %" PRIu64
		   " went to the quarantine", hf_verdict_name(verdict), removed.bytes.size,
		   removed.offset);
	return writer_sync(writer);
}
