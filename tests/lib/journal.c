/* SPDX-License-Identifier: MIT */
#include "lib/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/session_expect.h"

#define ID_TAIL "-1111-4222-8333-0123456789ab"

enum { ID_DIGITS = 8, EVERY_SESSION = JOURNAL_SESSIONS };

struct journal *journal_new(void)
{
	struct journal *journal = mmap(NULL, sizeof *journal, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT(journal != MAP_FAILED, "no memory for a journal");
	atomic_store(&journal->clock, 1);
	return journal;
}

void journal_free(struct journal *journal)
{
	if (journal != NULL)
		(void)munmap(journal, sizeof *journal);
}

void journal_wrong(struct journal *journal, const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&journal->is_wrong, 1) > 0)
		return;
	va_start(arguments, format);
	(void)vsnprintf(journal->wrong, sizeof journal->wrong, format, arguments);
	va_end(arguments);
}

uint64_t journal_now(struct journal *journal)
{
	return atomic_fetch_add(&journal->clock, 1);
}

struct journal_event *journal_begin(struct journal *journal, uint32_t worker,
				    enum journal_kind kind, uint32_t session)
{
	unsigned place = atomic_fetch_add(&journal->used, 1);
	struct journal_event *event = &journal->events[place % JOURNAL_EVENTS];

	if (place >= JOURNAL_EVENTS)
		journal_wrong(journal, "the journal is full");
	event->session = session;
	event->worker = (uint16_t)worker;
	event->kind = (uint8_t)kind;
	event->begun = journal_now(journal);
	return event;
}

int journal_end(struct journal *journal, struct journal_event *event, int rc)
{
	return journal_end_at(event, rc, journal_now(journal));
}

int journal_end_at(struct journal_event *event, int rc, uint64_t moment)
{
	event->rc = rc;
	atomic_store(&event->ended, moment);
	return rc;
}

struct journal_event *journal_die(struct journal *journal, uint32_t worker)
{
	return journal_begin(journal, worker, JOURNAL_DIE, EVERY_SESSION);
}

uint32_t journal_serials(struct journal *journal, uint32_t count)
{
	uint32_t first = atomic_fetch_add(&journal->serials, count);

	if (first + count > JOURNAL_SERIALS) {
		journal_wrong(journal, "there are no serials left");
		return 0;
	}
	return first;
}

void journal_place(struct journal *journal, uint32_t serial, uint64_t n)
{
	unsigned known = 0;
	unsigned place = (unsigned)n + 1;

	if (serial >= JOURNAL_SERIALS)
		journal_wrong(journal, "nobody has written message %" PRIu32, serial);
	else if (!atomic_compare_exchange_strong(&journal->place_of[serial], &known, place) &&
		 known != place)
		journal_wrong(journal, "message %" PRIu32 " is at %u and at %" PRIu64, serial,
			      known - 1, n);
}

uint64_t journal_digest(uint64_t digest, uint32_t serial)
{
	digest = (digest ^ (serial + 1)) * UINT64_C(0x100000001b3);
	return digest ^ digest >> 29;
}

uint32_t journal_session(struct journal *journal)
{
	uint32_t session = atomic_fetch_add(&journal->sessions, 1);

	EXPECT(session < JOURNAL_SESSIONS, "too many sessions for a journal");
	return session;
}

void journal_id(uint32_t session, char ret_id[HF_ID_SIZE])
{
	(void)snprintf(ret_id, HF_ID_SIZE, "%08" PRIx32 ID_TAIL, session + 1);
}

bool journal_number(const char *id, uint32_t *ret_session)
{
	if (strcmp(id + ID_DIGITS, ID_TAIL) != 0)
		return false;
	*ret_session = (uint32_t)strtoul(id, NULL, 16) - 1;
	return *ret_session < JOURNAL_SESSIONS;
}
