/* SPDX-License-Identifier: MIT */
/*
 * One session from its source to its records.
 *
 * Its id is found first, from the beginning of the source. Then the session is made, or, if
 * it is here already, opened for writing, and only with the right to write in hand is it
 * compared with the source: so two imports at once cannot both add what is new.
 */
#include "interop/import_job.h"

#include <string.h>

#include "base/text.h"
#include "json/read.h"
#include "store/store.h"

enum {
	STOP = 1, /* of a pass that has seen enough; no code of holdfast.h is positive */
	LEARN_SIZE = 1 << 20,
	TIMEOUT_MS = 15000, /* another import of the same source may be under way */
	TRY_US = 10000,     /* between tries to open what another is just making */
	TRIES_MAX = 500,
};

/* Whose the id that is tried is. */
enum claim {
	CLAIM_MADE,   /* a new session's */
	CLAIM_THERE,  /* an import's that was here already */
	CLAIM_OTHER,  /* of something else */
};

/* ---- Learning what it is ---- */

static int drop_view(void *context, struct hf_slice members, bool is_aside)
{
	(void)context, (void)members, (void)is_aside;
	return HF_OK;
}

struct learning {
	struct job *job;
	struct message_writer writer;
	uint64_t bytes;
};

static int learn_piece(void *context, const struct piece *piece)
{
	struct learning *learning = context;
	int rc = learning->job->reader->read(learning->job->state, piece, &learning->writer);

	message_drop(&learning->writer);
	if (rc == HF_ERR_SESSION_SIZE)
		rc = HF_OK;
	if (rc == HF_OK && learning->writer.rc == HF_ERR_NOMEM)
		rc = HF_ERR_NOMEM;
	learning->writer.rc = HF_OK;
	learning->bytes += piece->bytes.size;
	return rc == HF_OK && learning->bytes >= LEARN_SIZE ? STOP : rc;
}

/* Takes the facts from the beginning of the source, or from all of it where the format wants
 * to see that. */
static int learn(struct job *job)
{
	struct learning learning = { job, { .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
					    .take = drop_view }, 0 };
	struct session_facts facts = { .created_us = 0 };
	int rc = job->reader->begin(job->env, job->found->path, &job->state);

	if (rc == HF_OK && job->reader->check != NULL)
		rc = job->reader->check(job->state, job->env, job->source.fd);
	else if (rc == HF_OK && job->reader->shape == FORMAT_ROWS)
		rc = job_each(job, learn_piece, &learning);
	else if (rc == HF_OK)
		rc = job_each_of_file(job, 0, learn_piece, &learning);
	buffer_release(&learning.writer.json);
	if (rc == STOP)
		rc = HF_OK;
	if (rc != HF_OK)
		return rc;
	job->reader->facts(job->state, &facts);
	identity_take(&job->identity, &facts);
	if (job->identity.foreign[0] == '\0' && job->found->foreign != NULL) {
		facts.foreign = (struct hf_slice){ job->found->foreign, strlen(job->found->foreign) };
		identity_take(&job->identity, &facts);
	}
	if (job->reader->check == NULL) {
		job->reader->end(job->state);
		job->state = NULL;
	}
	return HF_OK;
}

/* ---- Making and opening ---- */

static const char *format_name(const struct job *job)
{
	return job->found->format->about.name;
}

/* Keeps why a call of the library failed. */
static int describe(struct job *job, int rc, const struct hf_detail *detail)
{
	if (rc != HF_OK)
		job->env->report->detail = *detail;
	return rc;
}

static int make(struct job *job)
{
	struct hf_session_options options = { .id = job->id, .created_us = job->identity.created_us };
	struct buffer origin = BUFFER_INIT(64 << 10);
	struct hf_detail detail;
	int rc = identity_origin(&job->identity, format_name(job), job->path.data, &origin);

	options.origin = (struct hf_slice){ origin.data, origin.size };
	if (job->identity.name[0] != '\0')
		options.name = job->identity.name;
	if (job->identity.project[0] != '\0')
		options.project = job->identity.project;
	if (rc == HF_OK)
		rc = describe(job, hf_session_create(job->env->store, &options, &detail,
						     &job->session), &detail);
	buffer_release(&origin);
	return rc;
}

/* Opens what is there for reading, and goes through it. */
static int load(struct job *job)
{
	struct hf_detail detail;
	enum hf_verdict verdict;
	int rc;

	/* A dry run needs no store. */
	if (job->env->store == NULL)
		return HF_ERR_NOTFOUND;
	rc = describe(job, hf_session_load(job->env->store, job->id, &detail, &job->view), &detail);
	if (rc != HF_OK)
		return rc;
	verdict = hf_view_check(job->view)->verdict;
	/* A dry run finds a torn tail as a crash has left it; opening for writing mends it. */
	if (verdict > HF_TORN)
		return report_fail(job->env->report, hf_verdict_error(verdict), "import",
				   "what was imported before is damaged: %s", hf_verdict_name(verdict));
	return again_read(&job->again, job->view);
}

static void let_go(struct job *job)
{
	again_release(&job->again);
	memset(&job->again, 0, sizeof job->again);
	hf_view_close(job->view);
	job->view = NULL;
	(void)hf_session_close(job->session, HF_CLOSE_LEAVE, NULL);
	job->session = NULL;
}

/* Makes the session, or opens what has its id. *ret_made: it is new. What a creation or a
 * removal that was cut short has left has an id and cannot be opened; making it anew clears
 * that away. What another is making at this moment can be neither made nor opened. */
static int make_or_open(struct job *job, bool *ret_made)
{
	struct hf_open_options options = { .timeout_ms = TIMEOUT_MS };
	const struct sys *sys = job->env->sys;
	const struct log_env *place = NULL;
	struct hf_detail detail;
	struct storage_id id;
	int rc = store_id(job->env->report, job->id, &id);

	if (rc == HF_OK)
		rc = store_place(job->env->store, job->env->report, id, &place);
	*ret_made = rc == HF_ERR_NOTFOUND;
	if (rc == HF_ERR_NOTFOUND)
		rc = make(job);
	else if (rc != HF_OK)
		return rc;
	for (unsigned tries = 0; tries < TRIES_MAX && (!*ret_made || rc == HF_ERR_EXISTS); tries++) {
		if (tries > 0)
			(void)sys->sleep(sys->context, TRY_US);
		*ret_made = false;
		rc = describe(job, hf_session_open(job->env->store, job->id, &options, &detail,
						   &job->session), &detail);
		if (rc != HF_ERR_NOTFOUND)
			break;
		*ret_made = true;
		rc = make(job);
	}
	return rc;
}

/* Whether what is there is a state of this source. What bears no signature never becomes a
 * state of what bore one, nor the other way round: the mark stands for the whole session. */
static bool is_of(const struct job *job, bool *ret_same_file)
{
	struct hf_slice origin = hf_view_origin(job->view);
	struct hf_slice mark = { NULL, 0 };
	bool is_unsigned = json_member(origin, "unsigned", &mark) && mark.size == 4;

	return is_unsigned == job->identity.is_unsigned &&
	       identity_is_of(origin, format_name(job), job->path.data, ret_same_file);
}

/* Makes the session with the id that is being tried, or opens it. A dry run only looks. */
static int claim(struct job *job, enum claim *ret_claim)
{
	bool is_dry = job->env->options->dry_run;
	bool is_same_file = false;
	bool is_made = false;
	int rc = is_dry ? HF_OK : make_or_open(job, &is_made);

	*ret_claim = CLAIM_MADE;
	if (rc != HF_OK || is_made)
		return rc;
	rc = load(job);
	if (rc == HF_ERR_NOTFOUND && is_dry)
		rc = HF_OK;
	else if (rc == HF_OK)
		*ret_claim = is_of(job, &is_same_file) ? CLAIM_THERE : CLAIM_OTHER;
	if (rc == HF_OK)
		report_clear(job->env->report);
	return rc;
}

/* ---- Deciding ---- */

/* Whether the source is what it was once, before it was rewritten, or the beginning of that. */
static int find_older(struct job *job, bool *ret_found)
{
	enum job_state state = JOB_DIFFERENT;
	int rc = HF_OK;

	for (uint64_t version = job->again.version; rc == HF_OK && version > 1; version--) {
		rc = job_compare(job, version - 1, &state);
		if (rc == HF_OK && (state == JOB_SAME || state == JOB_SHORTER)) {
			*ret_found = true;
			return HF_OK;
		}
	}
	*ret_found = false;
	return rc;
}

/* Begins a new state of a source that is not what it was. */
static void begin_version(struct job *job)
{
	job->sink.version = job->again.version + 1;
	job->sink.must_reset = true;
	for (size_t i = 0; i < job->file_count; i++)
		job->files[i].stored = 0;
	job->again.entry_count = 0;
}

/* Compares with what is there, and decides what is to be done. *ret_other: it is a file of
 * another name, and not a later state of what is there: another session. */
static int decide(struct job *job, bool *ret_other)
{
	enum job_state state = JOB_LONGER;
	bool is_same_file = true;
	bool is_older = false;
	int rc = HF_OK;

	job->sink.version = job->again.version > 0 ? job->again.version : 1;
	if (job->again.version > 0)
		rc = job_compare(job, job->sink.version, &state);
	if (rc == HF_OK && state == JOB_DIFFERENT)
		rc = find_older(job, &is_older);
	if (rc != HF_OK)
		return rc;
	if (state == JOB_DIFFERENT && !is_older) {
		(void)is_of(job, &is_same_file);
		*ret_other = !is_same_file && job->reader->shape != FORMAT_ROWS;
		job->outcome = HF_IMPORT_REWRITTEN;
		begin_version(job);
	} else if (state == JOB_SHORTER) {
		job->outcome = HF_IMPORT_TRUNCATED;
	} else if (state == JOB_LONGER || (state == JOB_SAME && !job->again.is_finished)) {
		job->outcome = HF_IMPORT_ADDED;
	} else {
		job->outcome = HF_IMPORT_UNCHANGED;
	}
	return HF_OK;
}

/* Finds the session that this is, and what is to be done with it. */
static int settle(struct job *job)
{
	int rc = HF_OK;

	for (unsigned nth = 0; nth <= IDENTITY_TRIES; nth++) {
		enum claim found = CLAIM_MADE;
		bool is_other = false;

		identity_id(&job->identity, format_name(job), job->path.data, nth, job->id);
		rc = claim(job, &found);
		job->outcome = HF_IMPORT_NEW;
		if (rc == HF_OK && found == CLAIM_THERE)
			rc = decide(job, &is_other);
		if (rc != HF_OK || (found != CLAIM_OTHER && !is_other))
			return rc;
		let_go(job);
		/* A file of another name is told apart by its path. */
		if (is_other && nth < 1)
			nth = 1;
		import_sink_release(&job->sink);
		import_sink_init(&job->sink, job->env, job->found->path, job->reader->shape);
	}
	return report_fail(job->env->report, HF_ERR_EXISTS, "import",
			   "all ids that it could have are taken");
}

/* ---- One session ---- */

static bool is_to_write(const struct job *job)
{
	return job->outcome == HF_IMPORT_NEW || job->outcome == HF_IMPORT_ADDED ||
	       job->outcome == HF_IMPORT_REWRITTEN;
}

static int finish(struct job *job)
{
	struct hf_session *session = job->session;
	/* What an import that was cut short has left open is closed, too. */
	bool is_closed = job->view != NULL && hf_view_info(job->view)->closed && !is_to_write(job);
	struct hf_detail detail;

	job->session = NULL;
	if (session == NULL)
		return HF_OK;
	return describe(job, hf_session_close(session, is_closed ? HF_CLOSE_LEAVE : HF_CLOSE_SEAL,
					      &detail), &detail);
}

static int run(struct job *job)
{
	int rc = job_open(job);

	if (rc == HF_OK)
		rc = learn(job);
	if (rc == HF_OK)
		rc = settle(job);
	if (rc != HF_OK)
		return rc;
	job->sink.session = job->session;
	if (is_to_write(job))
		rc = job_write(job);
	return rc == HF_OK ? finish(job) : rc;
}

static void tell(struct job *job, int rc)
{
	const struct hf_detail *detail = &job->env->report->detail;
	struct hf_import_item item = {
		.path = job->found->path,
		.format = format_name(job),
		.foreign = job->identity.foreign,
		.outcome = rc == HF_OK ? job->outcome : HF_IMPORT_FAILED,
		.error = rc,
		.message = "",
		.records = job->sink.records,
		.messages = job->sink.messages,
		.bad = job->sink.bad,
		.bytes = job->bytes_max,
	};

	/* Who has thrown a session away does not want it back by the way. */
	if (rc == HF_ERR_TRASHED)
		item.outcome = HF_IMPORT_SKIPPED;
	if (rc != HF_OK)
		item.message = detail->code == rc && detail->message[0] != '\0' ? detail->message :
										  hf_error_text(rc);
	else if (job->source.is_cut)
		item.message = "the compressed file is damaged or incomplete; what comes before is here";
	if (rc == HF_OK || job->session != NULL)
		memcpy(item.id, job->id, sizeof item.id);
	import_tell(job->env, &item);
}

void job_run(struct import_env *env, const struct import_found *found)
{
	struct job job = { .env = env, .found = found, .reader = found->format->reader,
			   .path = BUFFER_INIT(3 * IMPORT_PATH_SIZE) };
	int rc;

	report_clear(env->report);
	import_sink_init(&job.sink, env, found->path, job.reader->shape);
	rc = run(&job);
	import_progress(env, job.bytes_max);
	tell(&job, rc);
	env->bytes_before += job.bytes_max > found->size ? job.bytes_max : found->size;
	job_close(&job);
}
