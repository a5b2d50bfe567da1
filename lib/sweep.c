/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sweep.c - repairing after the dead. Must not wait, nor take any lock.
 *
 * For each record: load the word, then see that the place still names the dead
 * incarnation, then CAS. In this order, a sweeper that was stopped in between
 * takes nothing from a new participant in that place: the word that was loaded
 * is out of date by then, and the CAS fails.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "bell.h"
#include "clock.h"
#include "gone.h"
#include "lease.h"
#include "limit.h"
#include "lock.h"
#include "member.h"
#include "probe.h"
#include "record.h"
#include "sweep.h"
#include "tally.h"

/* How many records look_at_some() looks at; and of how many orphans it asks the
 * kernel in vain. */
#define LOOK_AT 4096u
#define ASK_IN_VAIN 1024u

static void add(uint64_t *count)
{
	if (count)
		++*count;
}

/* Free a GONE record if its parent can't: that is the dead incarnation, or its
 * lock byte is not held. */
static void bury_orphan(struct pq_segment *seg, uint32_t slot, uint64_t word,
			uint64_t dead)
{
	struct pq_snapshot snap;

	pq_record_snapshot(seg, slot, word, &snap);
	if (snap.producer == dead || !pq_byte_held(seg, snap.producer))
		pq_record_bury(seg, slot, word);
}

/* ---- the dead of one sweep ---- */

/* How many records a sweep looks at before it gives way. */
#define CHUNK 65536u

struct one_dead {
	uint64_t incarnation;
	int64_t alive;		/* pq_member_last_alive() */
};

/* A sweep after all that are dead at one moment: one pass over the records,
 * however many they are. */
struct pq_sweep {
	uint32_t next;		/* the record to go on with */
	unsigned count;
	bool vouches;		/* some were seen alive: see sweep_vouch() */
	uint64_t members[PROCQ_PARTICIPANTS_MAX]; /* by place; 0: not dead */
	struct one_dead dead[PROCQ_PARTICIPANTS_MAX]; /* by incarnation */
};

static int by_incarnation(const void *a, const void *b)
{
	const struct one_dead *x = a, *y = b;

	return (x->incarnation > y->incarnation) -
	       (x->incarnation < y->incarnation);
}

/* Find the dead. 0: there are none. */
static int begin(struct pq_segment *seg, struct pq_sweep **out)
{
	struct pq_sweep *sweep = NULL;

	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		struct one_dead *dead;
		uint64_t member;

		if (!pq_member_dead(seg, i, &member))
			continue;
		if (!sweep)
			sweep = calloc(1, sizeof(*sweep));
		if (!sweep)
			return -ENOMEM;
		dead = &sweep->dead[sweep->count++];
		dead->incarnation = pq_member_incarnation(member);
		dead->alive = pq_member_last_alive(seg, i, dead->incarnation);
		sweep->members[i] = member;
		sweep->vouches |= dead->alive > 0;
		/* Before any record goes back: see pq_tally_repair(). */
		pq_tally_repair(seg, i, member);
	}
	if (!sweep)
		return 0;
	qsort(sweep->dead, sweep->count, sizeof(*sweep->dead), by_incarnation);
	*out = sweep;
	return 1;
}

/* When its producer was last alive is known until its place is emptied: note
 * now what that proves. */
static void sweep_vouch(struct pq_segment *seg, uint32_t slot,
			const struct pq_sweep *sweep)
{
	struct one_dead key = { 0 }, *found;
	struct pq_snapshot snap;

	pq_record_snapshot(seg, slot, 0, &snap);
	key.incarnation = snap.producer;
	found = bsearch(&key, sweep->dead, sweep->count, sizeof(key),
			by_incarnation);
	if (found)
		pq_record_vouch(seg, slot, found->incarnation, found->alive);
}

static void sweep_record(struct pq_segment *seg, uint32_t slot,
			 const struct pq_sweep *sweep,
			 struct procq_report *report)
{
	uint64_t word = pq_load_word(seg, slot), to, member;
	unsigned state = pq_word_state(word), owner = pq_word_owner(word);
	unsigned place = owner - 1;

	if (state == PROCQ_STATE_GONE) {
		/* The byte of the dead is not held. */
		bury_orphan(seg, slot, word, 0);
		return;
	}
	if ((state != PROCQ_STATE_RESERVED && state != PROCQ_STATE_TAKEN) ||
	    place >= PROCQ_PARTICIPANTS_MAX || !sweep->members[place])
		return;
	member = sweep->members[place];
	for (;;) {
		if (atomic_load(&seg->participants[place].member) != member)
			return;
		to = state == PROCQ_STATE_TAKEN ? pq_word_return(word)
						: pq_word_free(word);
		if (pq_record_move(seg, slot, &word, to))
			break;
		/* A parent has marked it; or another sweeper was first, which
		 * then counts it. */
		if (pq_word_state(word) != state ||
		    pq_word_owner(word) != owner)
			return;
	}
	if (pq_word_state(to) == PROCQ_STATE_FREE) {
		add(report ? &report->freed : NULL);
	} else {
		add(report ? &report->returned : NULL);
		atomic_fetch_add_explicit(&seg->header->returned, 1,
					  memory_order_relaxed);
	}
	/* Its hint is put in with all missing ones. */
}

/* False: somebody is awaited, before the last record. */
static bool sweep_records(struct pq_segment *seg, struct pq_sweep *sweep,
			  const _Atomic int *woken,
			  struct procq_report *report)
{
	uint32_t n = 0;

	for (; sweep->next < seg->capacity; sweep->next++, n++) {
		if (n == CHUNK && woken && atomic_load(woken))
			return false;
		if (n == CHUNK)
			n = 0;
		if (sweep->vouches)
			sweep_vouch(seg, sweep->next, sweep);
		sweep_record(seg, sweep->next, sweep, report);
	}
	return true;
}

/* ---- hints ---- */

/* One bit per record: there is a valid hint of it. */
struct marks {
	const struct pq_segment *seg;
	const struct pq_ring *ring;
	uint64_t *bits;
};

static void mark_hint(const struct pq_hint *hint, void *arg)
{
	struct marks *marks = arg;

	if (marks->ring->fresh(marks->seg, hint->index, hint->gen))
		marks->bits[hint->index / 64] |= UINT64_C(1)
						 << (hint->index % 64);
}

/* Which records the ring has valid hints of; to be freed. NULL: no memory. */
static uint64_t *mark_hints(const struct pq_segment *seg,
			    const struct pq_ring *ring)
{
	struct marks marks = { seg, ring, NULL };

	/* A capacity is never 0. */
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
	marks.bits = calloc((seg->capacity + 63) / 64, sizeof(uint64_t));
	if (marks.bits)
		pq_ring_scan(ring, mark_hint, &marks);
	return marks.bits;
}

/* Should the ring have a hint of this record, and has it none? */
static bool lacks_hint(const struct pq_segment *seg, const struct pq_ring *ring,
		       const uint64_t *bits, uint32_t slot, uint64_t word)
{
	return !(bits[slot / 64] >> (slot % 64) & 1) &&
	       ring->fresh(seg, slot, pq_hint_gen(pq_word_gen(word)));
}

static int64_t mend_ring(struct pq_segment *seg, const struct pq_ring *ring)
{
	uint64_t *bits = mark_hints(seg, ring);
	int64_t mended = 0;

	if (!bits)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < seg->capacity; slot++) {
		uint64_t word = pq_load_word(seg, slot);

		/* Its appender may still come. Then there are two hints, and
		 * the second one is skipped as stale. */
		if (!lacks_hint(seg, ring, bits, slot, word))
			continue;
		pq_record_hint(seg, slot, word);
		mended++;
	}
	free(bits);
	return mended;
}

int64_t pq_sweep_hints(struct pq_segment *seg)
{
	int64_t ready = mend_ring(seg, &seg->ready), freed;

	if (ready < 0)
		return ready;
	freed = mend_ring(seg, &seg->free);
	return freed < 0 ? freed : ready + freed;
}

/* ---- hints that are missing for good ---- */

/* Note one more. false: no memory. */
static bool note_missing(struct pq_missing *m, uint32_t slot, uint64_t word)
{
	if (m->count == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		struct pq_lack *all = realloc(m->all, room * sizeof(*all));

		if (!all)
			return false;
		m->all = all;
		m->room = room;
	}
	m->all[m->count++] = (struct pq_lack){ slot, word };
	return true;
}

static int note_ring(struct pq_segment *seg, const struct pq_ring *ring,
		     struct pq_missing *m)
{
	uint64_t *bits = mark_hints(seg, ring);
	bool noted = bits;

	for (uint32_t slot = 0; slot < seg->capacity && noted; slot++) {
		uint64_t word = pq_load_word(seg, slot);

		if (lacks_hint(seg, ring, bits, slot, word))
			noted = note_missing(m, slot, word);
	}
	free(bits);
	return noted ? 0 : -ENOMEM;
}

/* Of those that were noted for this ring, forget what has a hint now, or is in
 * another generation. */
static int keep_lacking(struct pq_segment *seg, const struct pq_ring *ring,
			bool of_free, struct pq_missing *m)
{
	uint64_t *bits = mark_hints(seg, ring);
	size_t kept = 0;

	if (!bits)
		return -ENOMEM;
	for (size_t i = 0; i < m->count; i++) {
		struct pq_lack l = m->all[i];
		bool is_free = pq_word_state(l.word) == PROCQ_STATE_FREE;

		if (is_free != of_free ||
		    (pq_word_gen(pq_load_word(seg, l.slot)) ==
			     pq_word_gen(l.word) &&
		     lacks_hint(seg, ring, bits, l.slot, l.word)))
			m->all[kept++] = l;
	}
	m->count = kept;
	free(bits);
	return 0;
}

int64_t pq_missing_look(struct pq_segment *seg, struct pq_missing *m)
{
	int rc;

	if (m->looked++ == 0) {
		rc = note_ring(seg, &seg->ready, m);
		if (rc == 0)
			rc = note_ring(seg, &seg->free, m);
	} else {
		rc = keep_lacking(seg, &seg->ready, false, m);
		if (rc == 0)
			rc = keep_lacking(seg, &seg->free, true, m);
	}
	return rc < 0 ? rc : (int64_t)m->count;
}

int64_t pq_missing_mend(struct pq_segment *seg, struct pq_missing *m,
			int64_t rc)
{
	for (size_t i = 0; i < m->count && rc > 0; i++) {
		struct pq_lack l = m->all[i];
		bool is_free = pq_word_state(l.word) == PROCQ_STATE_FREE;
		uint64_t word = pq_load_word(seg, l.slot);

		/* A mark keeps the generation, and changes the word. */
		if (pq_word_gen(word) == pq_word_gen(l.word) &&
		    (is_free ? &seg->free : &seg->ready)
			    ->fresh(seg, l.slot, pq_hint_gen(pq_word_gen(word))))
			pq_record_hint(seg, l.slot, word);
	}
	free(m->all);
	return rc;
}

/* ---- participants ---- */

static void sweep_place(struct pq_segment *seg, unsigned place,
			uint64_t member, struct procq_report *report)
{
	pq_bell_hide_dead(seg, place);
	/* Last: from now on, another participant can take the place. */
	if (atomic_compare_exchange_strong(&seg->participants[place].member,
					   &member, 0)) {
		PQ_PROBE2(sweep, pq_member_incarnation(member), place);
		add(report ? &report->swept : NULL);
		atomic_fetch_add_explicit(&seg->header->swept, 1,
					  memory_order_relaxed);
	}
}

/* After all records. */
static int finish(struct pq_segment *seg, const struct pq_sweep *sweep,
		  struct procq_report *report)
{
	int64_t hints = pq_sweep_hints(seg);

	if (hints < 0)
		return (int)hints;
	if (report)
		report->hints += (uint64_t)hints;
	/* The dead may have been about to change the limit. */
	pq_limit_settle(seg);
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (sweep->members[i])
			sweep_place(seg, i, sweep->members[i], report);
	return (int)sweep->count;
}

int pq_sweep_dead(struct pq_segment *seg, struct procq_report *report)
{
	struct pq_sweep *sweep;
	int rc = begin(seg, &sweep);

	if (rc <= 0)
		return rc;
	sweep_records(seg, sweep, NULL, report);
	rc = finish(seg, sweep, report);
	free(sweep);
	return rc;
}

/* The same, or a part of it if somebody is awaited, which is kept for the next
 * call. It does not matter how much time lies between: what was dead stays so,
 * and what others have swept meanwhile is another's. */
static int sweep_a_while(struct pq_segment *seg, const _Atomic int *woken)
{
	/* Taken out, so that one thread at a time has it. */
	struct pq_sweep *sweep = atomic_exchange(&seg->sweep, NULL);
	struct pq_sweep *none = NULL;
	int rc = sweep ? 1 : begin(seg, &sweep);

	if (rc <= 0)
		return rc;
	if (sweep_records(seg, sweep, woken, NULL)) {
		rc = finish(seg, sweep, NULL);
	} else {
		rc = 0;
		if (atomic_compare_exchange_strong(&seg->sweep, &none, sweep))
			return rc;
	}
	free(sweep);
	return rc;
}

/* The consumer that reported a death frees the record if the parent died
 * meanwhile. If that consumer is stopped just then, the record stays GONE. And
 * what died with its producer is still QUEUED. So waiters look for such
 * records, some at a time: a waiter must not use the processor for long. Of
 * those that are lost, all in a row: each is looked at once. */
static void look_at_some(struct pq_segment *seg, const _Atomic int *woken)
{
	uint32_t slot = atomic_load_explicit(&seg->look_at,
					     memory_order_relaxed);
	uint32_t n = 0, vain = 0, lost = 0;
	struct pq_living living = { { 0 } };

	while (n < LOOK_AT && n + lost < seg->capacity && vain < ASK_IN_VAIN) {
		uint64_t word;
		enum pq_trace trace;

		if (slot >= seg->capacity)
			slot = 0;
		word = pq_load_word(seg, slot);
		if (pq_word_state(word) == PROCQ_STATE_GONE)
			bury_orphan(seg, slot, word, 0);
		trace = pq_trace(seg, slot, word, &living);
		if (trace == PQ_TRACE_LOST &&
		    pq_record_lose(seg, slot, word))
			lost++;
		else
			n++;
		vain += trace == PQ_TRACE_ORPHAN;
		slot++;
		if (lost % LOOK_AT == LOOK_AT - 1 && woken &&
		    atomic_load(woken))
			break;
	}
	atomic_store_explicit(&seg->look_at, slot, memory_order_relaxed);
}

uint64_t pq_sweep_lost(struct pq_segment *seg)
{
	struct pq_living living = { { 0 } };
	uint64_t lost = 0;

	for (uint32_t slot = 0; slot < seg->capacity; slot++) {
		uint64_t word = pq_load_word(seg, slot);

		if (pq_trace(seg, slot, word, &living) == PQ_TRACE_LOST)
			pq_record_lose(seg, slot, word);
		lost += (pq_word_flags(pq_load_word(seg, slot)) & PQ_LOST) != 0;
	}
	return lost;
}

int pq_sweep_sometimes(struct pq_segment *seg, int64_t interval,
		       const _Atomic int *woken)
{
	int64_t looked, now;
	int swept;

	/* Each that looks, for it must not depend on one of them. */
	pq_lease_enforce(seg);
	/* Read before the clock, or a look at this very moment seems to be in
	 * the future. */
	looked = atomic_load_explicit(&seg->header->looked,
				      memory_order_acquire);
	now = pq_now();

	/* At most one waiter per interval does this; if it is killed doing so,
	 * another does after the next. A look in the future is of another
	 * boot. */
	if ((uint64_t)pq_time_since(looked, now) < (uint64_t)interval)
		return 0;
	if (!atomic_compare_exchange_strong(&seg->header->looked, &looked,
					    now))
		return 0;
	swept = sweep_a_while(seg, woken);
	look_at_some(seg, woken);
	return swept;
}

void pq_sweep_self(struct pq_segment *seg, unsigned place, uint64_t member)
{
	uint64_t incarnation = pq_member_incarnation(member);
	int64_t alive = pq_member_last_alive(seg, place, incarnation);

	for (uint32_t slot = 0; slot < seg->capacity; slot++) {
		uint64_t word = pq_load_word(seg, slot);

		if (pq_word_state(word) != PROCQ_STATE_FREE)
			pq_record_left(seg, slot, incarnation);
		pq_record_vouch(seg, slot, incarnation, alive);
		switch (pq_word_state(word)) {
		case PROCQ_STATE_RESERVED:
			if (pq_word_owner(word) == place + 1)
				pq_record_cancel(seg, slot, word);
			break;
		case PROCQ_STATE_TAKEN:
			pq_record_return(seg, slot, place + 1);
			break;
		case PROCQ_STATE_GONE:
			/* Of other parents, too, which may have been killed
			 * as they left. */
			bury_orphan(seg, slot, word, incarnation);
			break;
		default:
			break;
		}
	}
}

bool pq_sweep_left(const struct pq_segment *seg, uint64_t incarnation)
{
	for (uint32_t slot = 0; slot < seg->capacity; slot++) {
		uint64_t word = pq_load_word(seg, slot);
		struct pq_snapshot snap;

		if (pq_word_state(word) != PROCQ_STATE_GONE)
			continue;
		pq_record_snapshot(seg, slot, word, &snap);
		if (snap.producer == incarnation)
			return true;
	}
	return false;
}
