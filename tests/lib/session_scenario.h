/* SPDX-License-Identifier: MIT */
/*
 * What the walks of tests/torture go through: each scenario is something that a host does,
 * with what must be there before it and what may be found when it was cut short.
 *
 *     setup   prepares the store; nothing goes wrong
 *     ready   opens what the operation needs, through the struct sys that will fail, which
 *             does not fail yet
 *     run     the operation: each of its system calls, allocations, ... fails in turn
 *     done    closes what is open still (by act_end); what was to fail goes on failing
 *
 * and then the session is checked (session_check) through a struct sys that is sound.
 */
#ifndef LIB_SESSION_SCENARIO_H
#define LIB_SESSION_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/session_check.h"

/* What the functions of a scenario work on. */
struct act {
	const struct place *place;
	const struct sys *sys;      /* the one that fails */
	struct hf_store *store;     /* opened through sys; NULL in setup and by default */
	struct hf_session *session; /* open, or NULL */
	struct history history;
	int rc;                     /* of the first call in run that failed, or HF_OK */
	struct hf_detail detail;    /* of that call */
	uint32_t accept;            /* of the scenario */
	int again;                  /* what an append on the handle gave afterwards, or 1 */
	bool is_save;               /* the call that failed was a save */
	char key_id[HF_KEY_ID_SIZE]; /* that the library told of, or "" */
};

struct scenario {
	const char *name;
	enum hf_durability durability;
	uint32_t padding;    /* as in struct hf_store_options */
	uint32_t verdicts;   /* HF_ACCEPT bits of what may be found afterwards */
	uint32_t accept;     /* with which the session opens then */
	bool is_storeless;   /* run opens the store itself */
	bool is_reading;     /* a success must tell the truth, whatever failed */
	void (*setup)(struct act *act);
	void (*ready)(struct act *act);
	void (*run)(struct act *act);
};

/* Operations that the walks treat in a way of their own. */
void scenario_list(struct act *act);
void scenario_key(struct act *act);
void scenario_trash(struct act *act);
void scenario_restore(struct act *act);
void scenario_purge(struct act *act);
void scenario_resume(struct act *act);
void scenario_resume_moved(struct act *act);

/* What a scenario that moves or resumes a session is completed with when it was cut short;
 * NULL for all others. */
session_operation scenario_finish(const struct scenario *scenario);
/* Resumes and leaves. */
int scenario_resume_again(struct hf_store *store, const char *id, struct hf_detail *detail);

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* Begins: an act in a place, with an empty history. */
struct act act_begin(const struct place *place, const struct history *history);
/* Opens the store through sys and runs ready, where nothing fails. */
void act_ready(struct act *act, const struct scenario *scenario, const struct sys *sys);
/* Closes what is open. */
void act_end(struct act *act);

/* ---- Between the files of the scenarios ---- */

/* Enters what a call gave. Returns true if it succeeded. */
bool act_note(struct act *act, int rc, const struct hf_detail *detail);
/* Appends, and if that fails once more, to see what the handle says then. */
bool act_append(struct act *act, uint32_t first, size_t count, bool with_ids);
bool act_open(struct act *act, uint32_t accept);
bool act_close(struct act *act, enum hf_close how);
/* In a setup: makes the store and a session with count messages (serials from 0 on). */
void act_make(struct act *act, size_t count);
/* In a setup: what is appended in between is in the log, but not in the head. */
struct place_bytes act_head(struct act *act);
void act_put_head(struct act *act, struct place_bytes *head);

/* The messages of a session as a setup leaves it. */
enum { SCENARIO_MESSAGES = 4, SCENARIO_SERIAL = 100 };

/* Setups in session_setup.c. */
void setup_session(struct act *act);
void setup_long(struct act *act);
void setup_torn(struct act *act);
void setup_much_torn(struct act *act);
void setup_unacknowledged(struct act *act);
void setup_gap(struct act *act);
void setup_headless(struct act *act);
void setup_saved(struct act *act);
void setup_sealed(struct act *act);
void setup_three(struct act *act);

/* Setups in session_damage.c: to be gone on with only if the verdict is accepted. */
void setup_cut_a_little(struct act *act);
void setup_cut_much(struct act *act);
void setup_changed_last(struct act *act);
void setup_changed_before(struct act *act);
void setup_rolled_back(struct act *act);
void setup_rolled_back_torn(struct act *act);
void setup_gap_headless(struct act *act);

/* Setups in session_resumes.c: with a project that there is. */
void setup_settled(struct act *act);
void setup_settled_sealed(struct act *act);

/* Setups in session_moves.c: in the trash; what moves that were cut short have left. */
void setup_trashed(struct act *act);
void setup_rest_in_trash(struct act *act);
void setup_rest_outside(struct act *act);

#endif
