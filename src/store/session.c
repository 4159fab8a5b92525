/* SPDX-License-Identifier: MIT */
/* Sessions open for writing: the public calls over log/writer.h. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/capacity.h"
#include "store/session.h"

enum { TRIES_MAX = 3 }; /* a session may be moved that often while it is being opened */

struct hf_session *session_new(const struct hf_store *store, struct storage_id id)
{
	struct hf_session *session = mem_new(1, sizeof *session);

	if (session == NULL)
		return NULL;
	if (pthread_mutex_init(&session->mutex, NULL) != 0) {
		mem_free(session);
		return NULL;
	}
	session->report = store_report(store);
	text_put_uuid(id.bytes, session->id);
	return session;
}

void session_free(struct hf_session *session)
{
	if (session == NULL)
		return;
	(void)pthread_mutex_destroy(&session->mutex);
	mem_free(session);
}

void session_enter(struct hf_session *session)
{
	(void)pthread_mutex_lock(&session->mutex);
	report_clear(&session->report);
}

int session_leave(struct hf_session *session, int rc, struct hf_detail *detail)
{
	rc = report_deliver(&session->report, rc, detail);
	(void)pthread_mutex_unlock(&session->mutex);
	return rc;
}

int session_none(struct hf_detail *detail)
{
	struct report report = store_report(NULL);

	return report_deliver(&report, store_check_call(NULL, NULL, &report), detail);
}

/* A random version 4 UUID (RFC 9562). */
static int make_id(const struct hf_store *store, struct report *report, struct storage_id *ret_id)
{
	int rc = store->sys->random(store->sys->context, ret_id->bytes, sizeof ret_id->bytes);

	if (rc < 0)
		return report_errno(report, -rc, "getrandom", NULL);
	ret_id->bytes[6] = (uint8_t)((ret_id->bytes[6] & 0x0f) | 0x40);
	ret_id->bytes[8] = (uint8_t)((ret_id->bytes[8] & 0x3f) | 0x80);
	return HF_OK;
}

int hf_session_create(struct hf_store *store, const struct hf_session_options *options,
		      struct hf_detail *detail, struct hf_session **ret_session)
{
	struct report report = store_report(store);
	struct hf_session *session = NULL;
	struct storage_lock *room = NULL;
	struct storage_id id = { { 0 } };
	int rc = store_writable(store, ret_session, &report);

	if (rc == HF_OK)
		rc = options != NULL && options->id != NULL ? store_id(&report, options->id, &id) :
							      make_id(store, &report, &id);
	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	session = session_new(store, id);
	if (session == NULL)
		return report_deliver(&report, HF_ERR_NOMEM, detail);
	rc = capacity_claim(store, &session->report, id, options, &room);
	if (rc == HF_OK)
		rc = writer_create(&store->env, &session->report, id, options, &session->writer);
	store->storage->ops->unlock(room);
	rc = report_deliver(&session->report, rc, detail);
	if (rc != HF_OK)
		session_free(session);
	else
		*ret_session = session;
	return rc;
}

int session_take(struct hf_session *session, struct hf_store *store, struct storage_id id,
		 const struct writer_open *open, struct hf_repair *repair)
{
	struct report *report = &session->report;
	int rc;

	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		report_clear(report);
		rc = writer_open(&store->env, report, id, open, repair, &session->writer);
		rc = store_missing(store, report, id, rc);
		/* It was in the trash at the one look, and is not any more at the other. */
		if (rc != HF_ERR_NOTFOUND || !store_has(store, report, id))
			return rc;
	}
	return report_fail(report, HF_ERR_BUSY, "open", "others are moving it");
}

int hf_session_open(struct hf_store *store, const char *id_text,
		    const struct hf_open_options *options, struct hf_detail *detail,
		    struct hf_session **ret_session)
{
	struct report report = store_report(store);
	struct writer_open open = { 0 };
	struct hf_session *session = NULL;
	struct storage_id id;
	int rc = store_writable(store, ret_session, &report);

	if (rc == HF_OK)
		rc = store_id(&report, id_text, &id);
	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	if (options != NULL) {
		open.timeout_ms = options->timeout_ms;
		open.accept = options->accept;
	}
	session = session_new(store, id);
	if (session == NULL)
		return report_deliver(&report, HF_ERR_NOMEM, detail);
	rc = session_take(session, store, id, &open, options != NULL ? options->repair : NULL);
	rc = report_deliver(&session->report, rc, detail);
	if (rc != HF_OK)
		session_free(session);
	else
		*ret_session = session;
	return rc;
}

int hf_session_append(struct hf_session *session, const struct hf_append_options *options,
		      const struct hf_append *records, size_t count, struct hf_detail *detail,
		      struct hf_ack *ret_acks)
{
	int rc;

	if (session == NULL)
		return session_none(detail);
	session_enter(session);
	rc = count > 0 && records == NULL ?
		     report_fail(&session->report, HF_ERR_INVALID, "append", "there are no records") :
		     writer_append(session->writer, options, records, count, ret_acks);
	return session_leave(session, rc, detail);
}

int hf_session_save(struct hf_session *session, const struct hf_session_options *options,
		    const struct hf_append *records, size_t count, struct hf_detail *detail)
{
	int rc;

	if (session == NULL)
		return session_none(detail);
	session_enter(session);
	if (count > 0 && records == NULL)
		rc = report_fail(&session->report, HF_ERR_INVALID, "save", "there are no records");
	else if (options != NULL && options->id != NULL && strcmp(options->id, session->id) != 0)
		rc = report_fail(&session->report, HF_ERR_INVALID, "save",
				 "a session keeps its id");
	else
		rc = writer_save(session->writer, options, records, count);
	return session_leave(session, rc, detail);
}

int hf_session_sync(struct hf_session *session, struct hf_detail *detail)
{
	int rc;

	if (session == NULL)
		return session_none(detail);
	session_enter(session);
	rc = writer_usable(session->writer);
	if (rc == HF_OK)
		rc = writer_sync(session->writer);
	return session_leave(session, rc, detail);
}

const char *hf_session_id(const struct hf_session *session)
{
	return session->id;
}

uint64_t hf_session_records(struct hf_session *session)
{
	uint64_t records;

	(void)pthread_mutex_lock(&session->mutex);
	records = session->writer->head.records;
	(void)pthread_mutex_unlock(&session->mutex);
	return records;
}

int hf_session_close(struct hf_session *session, enum hf_close how, struct hf_detail *detail)
{
	int rc;

	if (session == NULL)
		return HF_OK;
	session_enter(session);
	rc = session_leave(session, writer_close(session->writer, how), detail);
	session_free(session);
	return rc;
}

/* Says what a repair would do. */
static int plan_repair(struct hf_store *store, struct report *report, struct storage_id id,
		       uint32_t accept, struct hf_repair *repair)
{
	struct checked *checked = NULL;
	int rc = HF_OK;

	if ((accept & ~WRITER_ACCEPTABLE) != 0)
		rc = report_fail(report, HF_ERR_INVALID, "repair",
				 "a verdict is named that cannot be accepted");
	if (rc == HF_OK)
		rc = check_open(&store->env, report, id, STORAGE_READ, NULL, &checked);
	if (rc != HF_OK)
		return rc;
	repair->before = checked->check;
	rc = writer_may_continue(checked, accept);
	if (rc == HF_OK && checked->check.verdict >= HF_TORN) {
		repair->changed = true;
		repair->removed_offset = checked->check.bytes;
		repair->removed_bytes = checked->check.log_bytes - checked->check.bytes;
	}
	check_close(checked);
	return rc;
}

int hf_session_repair(struct hf_store *store, const char *id_text, uint32_t accept, bool dry_run,
		      struct hf_detail *detail, struct hf_repair *ret_repair)
{
	struct report report = store_report(store);
	struct writer_open open = { .accept = accept, .check_all = true };
	struct hf_repair repair = { 0 };
	struct writer *writer = NULL;
	struct storage_id id = { { 0 } };
	int rc = dry_run ? store_check_call(store, store, &report) :
			   store_writable(store, store, &report);

	if (rc == HF_OK)
		rc = store_id(&report, id_text, &id);
	if (rc == HF_OK && dry_run)
		rc = plan_repair(store, &report, id, accept, &repair);
	else if (rc == HF_OK)
		rc = writer_open(&store->env, &report, id, &open, &repair, &writer);
	if (writer != NULL)
		rc = writer_close(writer, HF_CLOSE_LEAVE);
	rc = store_missing(store, &report, id, rc);
	if (ret_repair != NULL && (rc == HF_OK || repair.before.verdict != HF_INTACT))
		*ret_repair = repair;
	return report_deliver(&report, rc, detail);
}
