/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * inspect.c - the public functions that look: counters, snapshots, checks.
 * Must not change a record, but for the sweep that procq_check() begins with.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buckets.h"
#include "clock.h"
#include "gone.h"
#include "handle.h"
#include "lease.h"
#include "limit.h"
#include "lock.h"
#include "member.h"
#include "record.h"
#include "sweep.h"

/* How often to look before a finding counts as a fault: others may be in the
 * middle of a step. */
#define LOOKS 50
#define LOOK_PAUSE (2 * PQ_MILLI)

/* How often a hint has to be missed before it is missing; each pause is twice
 * as long as the one before, some 600 ms in all: the process that is to append
 * it may have to wait for a processor. */
#define HINT_LOOKS 8
#define HINT_PAUSE (5 * PQ_MILLI)

/* ---- counters ---- */

static void count_participants(struct pq_segment *seg, struct procq_stat *out)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		const struct pq_participant *p = &seg->participants[i];
		uint64_t member;
		uint32_t wants;

		if (pq_member_dead(seg, i, &member)) {
			out->dead++;
			continue;
		}
		if (!member)
			continue;
		out->producers += pq_member_role(member) == PROCQ_ROLE_PRODUCER;
		out->consumers += pq_member_role(member) == PROCQ_ROLE_CONSUMER;
		out->keepers += pq_member_role(member) == PROCQ_ROLE_KEEPER;
		wants = atomic_load(&p->wants);
		out->waiting_room += !!(wants & PROCQ_WAIT_ROOM);
		out->waiting_ready += !!(wants & PROCQ_WAIT_READY);
	}
}

/* The word of a record. What died with its producer, and is not yet marked, is
 * shown as it will be: a reader can't mark it. */
static uint64_t look_at_word(struct pq_segment *seg, uint32_t slot,
			     struct pq_living *living)
{
	uint64_t word = pq_load_word(seg, slot);

	return pq_trace(seg, slot, word, living) == PQ_TRACE_LOST
		       ? pq_word_lose(word)
		       : word;
}

/* The same of a state. */
static unsigned look_at_state(struct pq_segment *seg, uint32_t slot,
			      unsigned state, struct pq_living *living)
{
	return state == PROCQ_STATE_QUEUED
		       ? pq_word_state(look_at_word(seg, slot, living))
		       : state;
}

/* What participants have reported.
 * @return how many are about to report one more */
static uint64_t count_reported(const struct pq_segment *seg,
			       struct procq_stat *out)
{
	uint64_t pending = 0;

	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		const struct pq_participant *p = &seg->participants[i];

		/* The intent first: one that is withdrawn already is in the
		 * count. */
		pending += atomic_load(&p->intent) != 0;
		out->retired += atomic_load(&p->tally[PQ_TALLY_RETIRED]);
		out->exited += atomic_load(&p->tally[PQ_TALLY_EXITED]);
		out->lost += atomic_load(&p->tally[PQ_TALLY_LOST]);
	}
	return pending;
}

static uint64_t reported(const struct procq_stat *s)
{
	return s->retired + s->exited + s->lost;
}

/* @return how many lives are over, modulo 2^32 */
static uint32_t count_records(struct pq_segment *seg, struct procq_stat *out)
{
	struct pq_living living = { { 0 } };
	uint32_t ended = 0;

	for (uint32_t i = 0; i < seg->capacity; i++) {
		unsigned state;

		ended += pq_record_ended(seg, i, &state);
		state = look_at_state(seg, i, state, &living);
		if (state < PROCQ_STATES)
			out->states[state]++;
		out->present += pq_state_present(state);
	}
	return ended;
}

/* The records count lives modulo 2^32; what was reported has 64 bits, and is
 * nearly as much. */
static uint64_t count_started(const struct procq_stat *s, uint32_t ended)
{
	int32_t more = (int32_t)(ended - (uint32_t)reported(s));

	return reported(s) + (uint64_t)(int64_t)more + s->present;
}

int procq_stat(const struct procq *q, struct procq_stat *out)
{
	struct pq_segment *seg = q->seg;
	const struct pq_header *h = seg->header;
	struct procq_lease lease;
	uint32_t ended;

	memset(out, 0, sizeof(*out));
	ended = count_records(seg, out);
	count_reported(seg, out);
	out->started = count_started(out, ended);
	count_participants(seg, out);
	out->returned = atomic_load(&h->returned);
	out->swept = atomic_load(&h->swept);
	out->entered = atomic_load(&h->ready.tail);
	out->bytes = seg->size;
	out->created = h->created;
	out->capacity = seg->capacity;
	out->limit = procq_limit(q);
	out->wanted = out->waiting_room;
	for (unsigned s = 0; s < PROCQ_STATES; s++)
		if (!pq_state_unused(s))
			out->wanted += (uint32_t)out->states[s];
	pq_lease_get(seg, &lease);
	out->granted = lease.granted < out->limit ? lease.granted : out->limit;
	out->over = lease.over;
	out->closed = (uint32_t)procq_closed(q);
	return 0;
}

int64_t procq_bucket(unsigned bucket)
{
	return pq_bucket_most(bucket);
}

int procq_histogram(const struct procq *q, int which,
		    struct procq_histogram *out)
{
	if (which < 0 || which >= PROCQ_HISTOGRAMS)
		return -EINVAL;
	pq_histogram_read(q->seg, (unsigned)which, out);
	return 0;
}

uint32_t procq_occupied(const struct procq *q)
{
	uint64_t head = atomic_load(&q->seg->header->free.head);
	uint64_t tail = atomic_load(&q->seg->header->free.tail);
	uint64_t room = tail > head ? tail - head : 0;
	uint32_t have = pq_gate_have(atomic_load(&q->seg->header->gate));

	/* Whatever a damaged object has. */
	if (have > q->seg->capacity)
		have = q->seg->capacity;
	return room < have ? have - (uint32_t)room : 0;
}

int procq_closed(const struct procq *q)
{
	uint64_t closed = atomic_load(&q->seg->header->closed);

	/* Whatever a damaged object has. */
	return closed <= PROCQ_STOPPED ? (int)closed : PROCQ_CLOSED;
}

/* The producers first, then the records: a producer that has gone can enter
 * nothing, so what is not in the records after that never will be. */
int procq_drained(struct procq *q)
{
	struct pq_segment *seg = q->seg;
	bool closed = procq_closed(q) != PROCQ_OPEN;

	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX && !closed; i++) {
		uint64_t member = atomic_load(&seg->participants[i].member);

		if (pq_member_role(member) == PROCQ_ROLE_PRODUCER &&
		    pq_byte_held(seg, pq_member_incarnation(member)))
			return 0;
	}
	for (uint32_t i = 0; i < seg->capacity; i++) {
		uint64_t word = pq_load_word(seg, i);
		unsigned state = pq_word_state(word);

		if (pq_state_unused(state) || state == PROCQ_STATE_GONE)
			continue;
		/* The caller knows what it has taken. */
		if (state != PROCQ_STATE_TAKEN ||
		    pq_word_owner(word) != pq_owner(q))
			return 0;
	}
	return 1;
}

/* ---- snapshots ---- */

static int by_seq(const void *a, const void *b)
{
	const struct procq_process *x = a, *y = b;

	/* Those that have not yet entered come last. */
	if (x->seq == y->seq)
		return x->slot < y->slot ? -1 : x->slot > y->slot;
	return x->seq - 1 < y->seq - 1 ? -1 : 1;
}

int procq_snapshot(const struct procq *q, struct procq_process *out,
		   uint32_t max)
{
	struct pq_segment *seg = q->seg;
	struct pq_living living = { { 0 } };
	struct procq_process *all = NULL, *larger;
	uint32_t n = 0, room = 0;

	for (uint32_t i = 0; i < seg->capacity; i++) {
		uint64_t word = pq_load_word(seg, i);

		if (pq_state_unused(pq_word_state(word)))
			continue;
		if (n == room) {
			room = room ? 2 * room : 64;
			larger = realloc(all, room * sizeof(*all));
			if (!larger) {
				free(all);
				return -ENOMEM;
			}
			all = larger;
		}
		pq_record_describe(seg, i, look_at_word(seg, i, &living),
				   &all[n]);
		/* If it changed while it was read, read it again. */
		if (pq_load_word(seg, i) == word)
			n++;
		else
			i--;
	}
	if (n > 0 && max > 0) {
		qsort(all, n, sizeof(*all), by_seq);
		memcpy(out, all, (n < max ? n : max) * sizeof(*all));
	}
	free(all);
	return (int)n;
}

/* ---- checks ---- */

/* The first fault is reported in words. */
#define FAULT(out, ...) \
	do { \
		if ((out)->faults++ == 0) \
			snprintf((out)->first, sizeof((out)->first), \
				 __VA_ARGS__); \
	} while (0)

static void check_words(struct pq_segment *seg, struct procq_report *out)
{
	for (uint32_t i = 0; i < seg->capacity; i++) {
		uint64_t word = pq_load_word(seg, i);
		unsigned owner = pq_word_owner(word);

		if (!pq_word_valid(word))
			FAULT(out, "record %lu: its word %#llx is not valid",
			      (unsigned long)i, (unsigned long long)word);
		else if (owner &&
			 !atomic_load(&seg->participants[owner - 1].member) &&
			 pq_load_word(seg, i) == word)
			FAULT(out, "record %lu: belongs to place %u, which "
			      "is empty", (unsigned long)i, owner - 1);
	}
}

/* Can these be the ends of a ring? */
static bool ends_fit(const struct pq_ring *ring, uint64_t head, uint64_t tail)
{
	/* The hint at the tail was taken before its appender moved the tail. If
	 * the appender is dead, the next one does. The cell says if it is
	 * so. */
	if (head == tail + 1)
		return pq_ring_lap_at(ring, tail) == pq_ring_lap(ring, tail);
	return tail - head <= ring->size;
}

static void check_ring(const struct pq_ring *ring, const char *name,
		       struct procq_report *out)
{
	uint64_t head = atomic_load(&ring->ends->head);
	uint64_t tail = atomic_load(&ring->ends->tail);

	if (!ends_fit(ring, head, tail) &&
	    head == atomic_load(&ring->ends->head))
		FAULT(out, "%s ring: head %llu, tail %llu", name,
		      (unsigned long long)head, (unsigned long long)tail);
	for (uint64_t p = head; p < tail && p - head < ring->size; p++) {
		uint32_t found = pq_ring_lap_at(ring, p);

		if (found != pq_ring_lap(ring, p) &&
		    atomic_load(&ring->ends->head) <= p)
			FAULT(out, "%s ring: the cell of position %llu is "
			      "of lap %lu", name,
			      (unsigned long long)p, (unsigned long)found);
	}
}

/* A life is over first in its record, then it is reported. So what the records
 * say lies between what was reported before they were read, and what is, or is
 * about to be, afterwards: in any queue, however many end meanwhile. */
static void check_sum(struct pq_segment *seg, struct procq_report *out)
{
	struct procq_stat before = { 0 }, s = { 0 };
	uint64_t least, most;
	uint32_t ended;

	count_reported(seg, &before);
	ended = count_records(seg, &s);
	most = count_reported(seg, &s);
	least = reported(&before);
	most += reported(&s);
	if ((uint32_t)(ended - (uint32_t)least) > most - least)
		FAULT(out, "started %llu processes, but retired, exited, lost "
		      "and present are %llu",
		      (unsigned long long)count_started(&s, ended),
		      (unsigned long long)(reported(&s) + s.present));
}

/* Only changes of the limit alter how many records are parked, so while their
 * number stays the same, that is an exact count. */
static void check_limit(struct pq_segment *seg, struct procq_report *out)
{
	uint64_t gate = atomic_load(&seg->header->gate);
	uint32_t have = 0;

	for (uint32_t i = 0; i < seg->capacity; i++)
		have += pq_word_state(pq_load_word(seg, i)) !=
			PROCQ_STATE_PARKED;
	if (have != pq_gate_have(gate) &&
	    pq_gate_number(atomic_load(&seg->header->gate)) ==
		    pq_gate_number(gate) &&
	    pq_change_kind(atomic_load(&seg->header->change)) ==
		    PQ_CHANGE_NONE)
		FAULT(out, "%lu records are not parked, but counted are %lu",
		      (unsigned long)have, (unsigned long)pq_gate_have(gate));
}

/* Put in the hints that are really missing. A look takes a while, and does not
 * see what others append behind it: so only what several looks miss is. */
static int64_t mend_hints(struct pq_segment *seg)
{
	struct pq_missing missing = { 0 };
	int64_t n = pq_missing_look(seg, &missing), pause = HINT_PAUSE;

	for (int look = 1; look < HINT_LOOKS && n > 0; look++, pause *= 2) {
		struct timespec ts = pq_timespec(pause);

		nanosleep(&ts, NULL);
		n = pq_missing_look(seg, &missing);
	}
	return pq_missing_mend(seg, &missing, n);
}

int procq_check(struct procq *q, struct procq_report *out)
{
	struct procq_report r;
	int64_t hints;
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	memset(out, 0, sizeof(*out));
	if (pq_sweep_dead(q->seg, out) < 0)
		return -ENOMEM;
	hints = mend_hints(q->seg);
	if (hints < 0)
		return -ENOMEM;
	out->hints += (uint64_t)hints;
	out->lost = pq_sweep_lost(q->seg);
	pq_limit_settle(q->seg);
	/* In a queue that is used, some step is half done at any moment. It is
	 * a fault only if every look finds one. */
	for (int look = 0; look < LOOKS; look++) {
		struct timespec pause = pq_timespec(LOOK_PAUSE);

		memset(&r, 0, sizeof(r));
		check_words(q->seg, &r);
		check_ring(&q->seg->ready, "ready", &r);
		check_ring(&q->seg->free, "free", &r);
		check_sum(q->seg, &r);
		check_limit(q->seg, &r);
		if (r.faults == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	out->faults = r.faults;
	memcpy(out->first, r.first, sizeof(out->first));
	return 0;
}
