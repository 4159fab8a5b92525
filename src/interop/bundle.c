/* SPDX-License-Identifier: MIT */
/* Writing a bundle (docs/BUNDLE.md): each session is looked at twice, once to say in its
 * manifest what follows, and once to write it, from the same mapped bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "ext/archive.h"
#include "format/first.h"
#include "interop/bundle_bytes.h"
#include "store/store.h"

/* One call of hf_bundle. */
struct bundling {
	struct hf_store *store;
	struct report *report;
	const struct hf_bundle_options *options;
	struct archive_out *out;
	struct buffer ids; /* of struct storage_id, each once */
	struct digest manifests;
	struct bundle_end end;
	struct hf_bundle sum;
	uint64_t done;     /* bytes of logs, for the progress */
	uint64_t total;
	int64_t now_us;
	int first_rc;      /* of the first session that failed */
	struct hf_detail first_detail;
};

/* ---- Which sessions -------------------------------------------------------------- */

static int add_id(struct bundling *b, const char *text)
{
	struct storage_id id;
	int rc = store_id(b->report, text, &id);

	return rc == HF_OK ? buffer_put(&b->ids, &id, sizeof id) : rc;
}

static int add_listed(struct bundling *b)
{
	struct hf_detail detail = { 0 };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	int rc = hf_list_open(b->store, NULL, &detail, &list);

	while (rc == HF_OK) {
		rc = hf_list_next(list, &entry);
		if (rc == HF_OK)
			rc = add_id(b, entry.info.id);
	}
	hf_list_close(list);
	if (rc == HF_ERR_NOTFOUND)
		return HF_OK;
	b->report->detail = detail;
	return rc;
}

static int compare_ids(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct storage_id));
}

static struct storage_id *id_at(const struct bundling *b, size_t index)
{
	return (struct storage_id *)(void *)b->ids.data + index;
}

/* Sorts them and drops those that are named twice. */
static void sort_ids(struct bundling *b)
{
	size_t count = b->ids.size / sizeof(struct storage_id);
	size_t kept = 0;

	if (count == 0)
		return;
	qsort(b->ids.data, count, sizeof(struct storage_id), compare_ids);
	for (size_t i = 1; i < count; i++) {
		if (compare_ids(id_at(b, i), id_at(b, kept)) != 0)
			*id_at(b, ++kept) = *id_at(b, i);
	}
	b->ids.size = (kept + 1) * sizeof(struct storage_id);
}

/* The size of a log, for the progress only. */
static uint64_t guess_size(struct bundling *b, struct storage_id id)
{
	struct report unheard = report_make(NULL, NULL);
	const struct log_env *place = NULL;
	struct storage_log *log = NULL;
	uint64_t size = 0;

	if (store_place(b->store, &unheard, id, &place) != HF_OK ||
	    place->storage->ops->log_open(place->storage, &unheard, id, STORAGE_READ, &log) != HF_OK)
		return 0;
	(void)place->storage->ops->log_size(log, &size);
	place->storage->ops->log_close(log);
	return size;
}

static int take_ids(struct bundling *b, const char *const *ids, size_t count)
{
	int rc = HF_OK;

	if (ids == NULL)
		rc = add_listed(b);
	for (size_t i = 0; ids != NULL && i < count && rc == HF_OK; i++)
		rc = add_id(b, ids[i]);
	if (rc != HF_OK)
		return rc;
	sort_ids(b);
	for (size_t i = 0; b->options->progress != NULL && i < b->ids.size / sizeof(struct storage_id);
	     i++)
		b->total += guess_size(b, *id_at(b, i));
	return HF_OK;
}

/* ---- Looking at one session ------------------------------------------------------ */

/* A session as it is written. */
struct snapshot {
	struct checked *checked;
	struct bundle_manifest manifest;
	uint8_t head[STORAGE_HEAD_SIZE];
};

/* Signs the head of the state that was checked: what is on the medium may be of a later one,
 * and would tell of records that are not in the bundle. */
static void sign_head(struct snapshot *shot)
{
	struct head head = shot->checked->state;

	if (head.counter == 0 || head.counter >= INT64_MAX)
		head.counter = 1;
	for (unsigned i = 0; i < STORAGE_HEAD_SLOTS; i++, head.counter++)
		head_encode(&head, &shot->checked->key->head,
			    shot->head + (size_t)head_slot(head.counter) * STORAGE_HEAD_SLOT_SIZE);
}

/* What record 0 claims, as far as it can be read. */
static void read_origin(struct snapshot *shot)
{
	struct hf_slice start = check_bytes(shot->checked, 0);
	struct bundle_manifest *manifest = &shot->manifest;
	struct first_claim claim;

	if (start.size == 0 || !first_claims(start.data, start.size, &claim) ||
	    memcmp(claim.session, manifest->id.bytes, sizeof claim.session) != 0)
		return;
	manifest->has_origin = true;
	memcpy(manifest->store, claim.store, sizeof manifest->store);
	memcpy(manifest->key_id, claim.key_id, sizeof manifest->key_id);
	manifest->generation = claim.generation;
}

/* Names that a walk has found. */
struct names {
	struct bundle_manifest *manifest;
	int rc;
};

static bool note_aside(void *context, const char *name)
{
	struct names *names = context;
	struct bundle_aside aside = { "", { 0, { 0 } } };

	text_copy(aside.name, sizeof aside.name, name);
	names->rc = buffer_put(&names->manifest->asides, &aside, sizeof aside);
	return names->rc == HF_OK;
}

static int compare_asides(const void *left, const void *right)
{
	return strcmp(((const struct bundle_aside *)left)->name,
		      ((const struct bundle_aside *)right)->name);
}

static int look_at_asides(struct bundling *b, struct bundle_manifest *manifest)
{
	struct storage *storage = b->store->storage;
	struct names names = { manifest, HF_OK };
	int rc = storage->ops->aside_each(storage, b->report, manifest->id, note_aside, &names);

	if (rc == HF_OK)
		rc = names.rc;
	if (rc == HF_OK && bundle_aside_count(manifest) > 1)
		qsort(manifest->asides.data, bundle_aside_count(manifest),
		      sizeof(struct bundle_aside), compare_asides);
	for (size_t i = 0; rc == HF_OK && i < bundle_aside_count(manifest); i++) {
		struct bundle_aside *aside = bundle_aside_at(manifest, i);

		rc = bundle_bytes_digest_aside(storage, b->report, manifest->id, aside->name,
					       &aside->file);
	}
	return rc;
}

/* Reads the head as it is before the log is looked at, so that what it tells of is there. */
static int peek_head(struct bundling *b, struct snapshot *shot)
{
	const struct log_env *place = NULL;
	int rc = store_place(b->store, b->report, shot->manifest.id, &place);

	if (rc == HF_OK)
		rc = place->storage->ops->head_peek(place->storage, b->report, shot->manifest.id,
						    shot->head);
	shot->manifest.has_head = rc == HF_OK;
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

static int look_at_session(struct bundling *b, struct snapshot *shot)
{
	struct bundle_manifest *manifest = &shot->manifest;
	int rc = peek_head(b, shot);

	if (rc == HF_OK)
		rc = store_check_session(b->store, b->report, manifest->id, NULL, &shot->checked);
	if (rc != HF_OK)
		return rc;
	manifest->verdict = shot->checked->check.verdict;
	manifest->records = shot->checked->scan.records;
	read_origin(shot);
	if (manifest->verdict <= HF_WEAK_KEY && shot->checked->key != NULL) {
		sign_head(shot);
		manifest->has_head = true;
	}
	manifest->head.size = STORAGE_HEAD_SIZE;
	kdf_sha256(shot->head, sizeof shot->head, manifest->head.sha256);
	rc = bundle_bytes_digest(shot->checked, &manifest->log);
	return rc == HF_OK ? look_at_asides(b, manifest) : rc;
}

/* ---- Writing one session --------------------------------------------------------- */

static int put_bytes(void *context, const char *bytes, size_t size)
{
	struct bundling *b = context;

	return archive_out_put(b->out, bytes, size);
}

static int put_log(void *context, const char *bytes, size_t size)
{
	struct bundling *b = context;
	int rc = archive_out_put(b->out, bytes, size);

	b->done += size;
	if (rc == HF_OK && b->options->progress != NULL)
		b->options->progress(b->options->context, b->done,
				     b->total > b->done ? b->total : b->done);
	return rc;
}

static int put_member(struct bundling *b, const char *name, const char *bytes, size_t size)
{
	int rc = archive_out_begin(b->out, name, size, b->now_us);

	return rc == HF_OK ? archive_out_put(b->out, bytes, size) : rc;
}

static int put_manifest(struct bundling *b, const struct bundle_manifest *manifest)
{
	struct buffer text = BUFFER_INIT(BUNDLE_MANIFEST_MAX);
	char name[BUNDLE_NAME_SIZE];
	int rc = bundle_manifest_put(manifest, &text);

	bundle_name(manifest->id, "", BUNDLE_MANIFEST, name);
	if (rc == HF_OK)
		rc = put_member(b, name, text.data, text.size);
	if (rc == HF_OK)
		digest_update(&b->manifests, text.data, text.size);
	buffer_release(&text);
	return rc;
}

static int put_asides(struct bundling *b, const struct bundle_manifest *manifest)
{
	char name[BUNDLE_NAME_SIZE];
	int rc = HF_OK;

	for (size_t i = 0; rc == HF_OK && i < bundle_aside_count(manifest); i++) {
		const struct bundle_aside *aside = bundle_aside_at(manifest, i);

		bundle_name(manifest->id, BUNDLE_ASIDE, aside->name, name);
		rc = archive_out_begin(b->out, name, aside->file.size, b->now_us);
		if (rc == HF_OK)
			rc = bundle_bytes_each_aside(b->store->storage, b->report, manifest->id,
						     aside->name, put_bytes, b);
	}
	return rc;
}

static int put_session(struct bundling *b, const struct snapshot *shot)
{
	const struct bundle_manifest *manifest = &shot->manifest;
	char name[BUNDLE_NAME_SIZE];
	int rc = put_manifest(b, manifest);

	bundle_name(manifest->id, "", BUNDLE_LOG, name);
	if (rc == HF_OK)
		rc = archive_out_begin(b->out, name, manifest->log.size, b->now_us);
	if (rc == HF_OK)
		rc = bundle_bytes_each(shot->checked, put_log, b);
	bundle_name(manifest->id, "", BUNDLE_HEAD, name);
	if (rc == HF_OK && manifest->has_head)
		rc = put_member(b, name, (const char *)shot->head, sizeof shot->head);
	if (rc == HF_OK)
		rc = put_asides(b, manifest);
	b->end.sessions++;
	return rc;
}

static void tell(struct bundling *b, const struct bundle_manifest *manifest, int error)
{
	struct hf_bundle_item item = { .outcome = error == HF_OK ? HF_BUNDLE_TAKEN :
								   HF_BUNDLE_FAILED };

	text_put_uuid(manifest->id.bytes, item.id);
	memcpy(item.key_id, manifest->key_id, sizeof manifest->key_id);
	item.error = error;
	item.message = error == HF_OK ? "" : b->report->detail.message;
	item.verdict = manifest->verdict;
	item.bytes = manifest->log.size;
	b->sum.outcomes[item.outcome]++;
	b->sum.bytes += error == HF_OK ? item.bytes : 0;
	if (b->options->item != NULL)
		b->options->item(b->options->context, &item);
}

/* A session that cannot be read is left out; one that fails while it is written leaves an
 * archive that is of no use. */
static int bundle_one(struct bundling *b, struct storage_id id)
{
	struct snapshot *shot = mem_new(1, sizeof *shot);
	int look_rc;
	int rc = HF_OK;

	if (shot == NULL)
		return HF_ERR_NOMEM;
	shot->manifest = (struct bundle_manifest)BUNDLE_MANIFEST_INIT;
	shot->manifest.id = id;
	look_rc = look_at_session(b, shot);
	if (look_rc == HF_OK)
		rc = put_session(b, shot);
	if (rc == HF_OK)
		tell(b, &shot->manifest, look_rc);
	if (look_rc != HF_OK && b->first_rc == HF_OK) {
		b->first_rc = look_rc;
		b->first_detail = b->report->detail;
	}
	if (rc == HF_OK)
		report_clear(b->report);
	check_close(shot->checked);
	bundle_manifest_release(&shot->manifest);
	mem_free(shot);
	return rc;
}

/* ---- The archive ----------------------------------------------------------------- */

static int put_begin(struct bundling *b)
{
	struct buffer text = BUFFER_INIT(BUNDLE_NOTE_MAX);
	struct bundle_begin begin = { "", { 0 } };
	int rc;

	text_put_time(b->now_us, begin.made);
	memcpy(begin.store, b->store->env.store, sizeof begin.store);
	rc = bundle_begin_put(&begin, &text);
	if (rc == HF_OK)
		rc = put_member(b, BUNDLE_BEGIN, text.data, text.size);
	buffer_release(&text);
	return rc;
}

static int put_end(struct bundling *b)
{
	struct buffer text = BUFFER_INIT(BUNDLE_NOTE_MAX);
	int rc;

	digest_final(&b->manifests, b->end.sha256);
	rc = bundle_end_put(&b->end, &text);
	if (rc == HF_OK)
		rc = put_member(b, BUNDLE_END, text.data, text.size);
	buffer_release(&text);
	return rc == HF_OK ? archive_out_end(b->out) : rc;
}

static int bundle_all(struct bundling *b)
{
	const struct sys *sys = b->store->sys;
	int rc = sys->wall_time(sys->context, &b->now_us);

	if (rc < 0)
		return report_errno(b->report, -rc, "clock_gettime", NULL);
	rc = archive_out_open(b->report, b->options->write, b->options->context, &b->out);
	digest_init(&b->manifests);
	if (rc == HF_OK)
		rc = put_begin(b);
	for (size_t i = 0; rc == HF_OK && i < b->ids.size / sizeof(struct storage_id); i++)
		rc = bundle_one(b, *id_at(b, i));
	if (rc == HF_OK)
		rc = put_end(b);
	archive_out_close(b->out);
	return rc;
}

int hf_bundle(struct hf_store *store, const char *const *ids, size_t count,
	      const struct hf_bundle_options *options, struct hf_detail *detail,
	      struct hf_bundle *ret_bundle)
{
	struct report report = store_report(store);
	struct bundling b = { .store = store, .report = &report, .options = options,
			      .ids = BUFFER_INIT(SIZE_MAX / 2) };
	int rc = store_check_call(store, options, &report);

	if (rc == HF_OK && options->write == NULL)
		rc = report_fail(&report, HF_ERR_INVALID, "bundle", "there is no way to write");
	if (rc == HF_OK)
		rc = take_ids(&b, ids, count);
	if (rc == HF_OK)
		rc = bundle_all(&b);
	buffer_release(&b.ids);
	if (ret_bundle != NULL)
		*ret_bundle = b.sum;
	if (rc == HF_OK && b.first_rc != HF_OK) {
		rc = b.first_rc;
		report.detail = b.first_detail;
	}
	return report_deliver(&report, rc, detail);
}
