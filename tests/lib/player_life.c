/* SPDX-License-Identifier: MIT */
/* Calls of a player that resume, move and remove sessions. */
#include <string.h>

#include "lib/player.h"

static int end(struct player *player, struct journal_event *event, int rc, const char *what,
	       const struct hf_detail *detail)
{
	if (rc != HF_OK && rc != HF_ERR_BUSY && rc != HF_ERR_NOTFOUND && rc != HF_ERR_TRASHED)
		journal_wrong(player->journal, "%s gave %s: %s: %s", what, hf_error_name(rc),
			      detail->operation, detail->message);
	return journal_end(player->journal, event, rc);
}

int player_resume(struct player *player, uint32_t session, uint32_t timeout_ms)
{
	struct hf_resume_options options = { .timeout_ms = timeout_ms };
	struct hf_detail detail = { 0 };
	struct journal_event *event;
	char id[HF_ID_SIZE];
	int rc;

	journal_id(session, id);
	player->session = session;
	event = journal_begin(player->journal, player->worker, JOURNAL_RESUME, session);
	rc = hf_session_resume(player->store, id, &options, &detail, &player->held, NULL);
	return end(player, event, rc, "resuming", &detail);
}

typedef int (*removal_fn)(struct hf_store *store, const char *id, struct hf_detail *detail);

static int do_apart(struct player *player, uint32_t session, enum journal_kind kind,
		    removal_fn removal, const char *what)
{
	struct hf_detail detail = { 0 };
	struct journal_event *event;
	char id[HF_ID_SIZE];

	journal_id(session, id);
	event = journal_begin(player->journal, player->worker, kind, session);
	return end(player, event, removal(player->store, id, &detail), what, &detail);
}

int player_trash(struct player *player, uint32_t session)
{
	return do_apart(player, session, JOURNAL_TRASH, hf_session_trash, "trashing");
}

int player_restore(struct player *player, uint32_t session)
{
	return do_apart(player, session, JOURNAL_RESTORE, hf_session_restore, "restoring");
}

int player_delete(struct player *player, uint32_t session)
{
	return do_apart(player, session, JOURNAL_DELETE, hf_session_delete, "removing");
}

int player_purge(struct player *player, uint32_t session)
{
	return do_apart(player, session, JOURNAL_PURGE, hf_session_purge, "purging");
}

/* ---- Cleaning up ----------------------------------------------------------------- */

struct clean_up {
	struct player *player;
	uint64_t begun;
	bool trash;
};

/* Enters what became of one session. */
static void each(void *context, const struct hf_cleanup_item *item)
{
	const struct clean_up *clean_up = context;
	struct journal *journal = clean_up->player->journal;
	bool is_removed = item->outcome == HF_CLEANUP_REMOVED;
	struct journal_event *event;
	uint32_t session = 0;

	if (!journal_number(item->entry->info.id, &session)) {
		journal_wrong(journal, "nobody made %s", item->entry->info.id);
		return;
	}
	if (item->outcome == HF_CLEANUP_FAILED || strcmp(item->reason, "unreadable") == 0) {
		journal_wrong(journal, "cleaning up session %u: %s", (unsigned)session,
			      hf_error_name(item->error));
		return;
	}
	event = journal_begin(journal, clean_up->player->worker,
			      !is_removed     ? JOURNAL_KEEP :
			      clean_up->trash ? JOURNAL_PURGE : JOURNAL_TRASH,
			      session);
	event->begun = clean_up->begun;
	(void)journal_end(journal, event,
			  strcmp(item->reason, "active") == 0 ? HF_ERR_BUSY : HF_OK);
}

void player_clean_up(struct player *player, int64_t age_us, bool trash)
{
	struct clean_up clean_up = { player, journal_now(player->journal), trash };
	struct hf_cleanup_options options = { .older_than_us = age_us, .trash = trash };
	struct hf_detail detail = { 0 };
	struct hf_cleanup done;
	int rc = hf_store_cleanup(player->store, &options, each, &clean_up, &detail, &done);

	if (rc != HF_OK)
		journal_wrong(player->journal, "cleaning up gave %s: %s", hf_error_name(rc),
			      detail.message);
}
