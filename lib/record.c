/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * record.c - the transitions of a record.
 * Must not start, signal or reap a process, nor sleep.
 *
 * Memory order: a CAS on the word releases what was written before it, and
 * acquires what the previous one released. The other fields are relaxed. What
 * is read of them before a CAS on the word is valid if the CAS succeeds, for
 * no field changes while the word stays the same.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "backoff.h"
#include "bell.h"
#include "clock.h"
#include "identity.h"
#include "limit.h"
#include "member.h"
#include "probe.h"
#include "record.h"
#include "tally.h"
#include "term.h"

#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE(field, value) \
	atomic_store_explicit(&(field), (value), memory_order_relaxed)

static uint64_t micros_since(int64_t started, int64_t now)
{
	return now > started ? ((uint64_t)now - (uint64_t)started) / 1000 : 0;
}

/* By CAS from the empty value of this reservation only: see fields.h. */
static bool set_tagged(_Atomic uint64_t *field, uint64_t gen, unsigned bits,
		       uint64_t value)
{
	uint64_t empty = pq_tagged(gen, bits, 0);

	return atomic_compare_exchange_strong_explicit(
		field, &empty, pq_tagged(gen, bits, pq_saturate(value, bits)),
		memory_order_acq_rel, memory_order_relaxed);
}

bool pq_record_move(struct pq_segment *seg, uint32_t slot, uint64_t *from,
		    uint64_t to)
{
	/* Sequentially consistent: wakers look for sleepers after it. */
	return atomic_compare_exchange_strong(&seg->records[slot].word, from,
					      to);
}

void pq_record_hint(struct pq_segment *seg, uint32_t slot, uint64_t word)
{
	if (pq_word_state(word) == PROCQ_STATE_FREE) {
		pq_hint_append(seg, &seg->free, slot, word, NULL);
		pq_wake_room(seg);
		/* After the hint: a participant that lowers the limit now looks
		 * for hints when it has done so, and one of the two sees the
		 * other. */
		if (pq_limit_over(seg))
			pq_limit_settle(seg);
	} else {
		pq_hint_append(seg, &seg->ready, slot, word, NULL);
		pq_wake_arrival(seg);
		if (pq_word_state(word) == PROCQ_STATE_EXITED)
			pq_wake_all_exits(seg);
	}
}

/* ---- the producer ---- */

static void fill_in(struct pq_record *r, uint64_t word,
		    const struct pq_origin *origin)
{
	uint64_t gen = pq_word_gen(word), label[PROCQ_LABEL_SIZE / 8];

	STORE(r->pid, pq_tagged(gen, PQ_PID_BITS, 0));
	STORE(r->ident, pq_tagged(gen, PQ_IDENT_BITS, 0));
	STORE(r->seq, pq_tagged(gen, PQ_SEQ_BITS, 0));
	STORE(r->entered, pq_tagged(gen, PQ_ENTERED_BITS, 0));
	STORE(r->producer, pq_producer(origin->incarnation, origin->flags));
	STORE(r->ppid, origin->ppid);
	memcpy(label, origin->label, sizeof(label));
	for (size_t i = 0; i < PROCQ_LABEL_SIZE / 8; i++)
		STORE(r->label[i], label[i]);
	STORE(r->sent, 0);
	STORE(r->obit, 0);
	STORE(r->user, -1);
	STORE(r->sys, -1);
	STORE(r->maxrss, UINT32_MAX);
	STORE(r->started_wall, origin->started_wall);
	STORE(r->started, origin->started);
}

int64_t pq_record_reserve(struct pq_segment *seg, unsigned owner,
			  const struct pq_origin *origin, uint64_t *word)
{
	struct pq_hint hint;
	unsigned turns = 0;

	/* The one that has raised the limit may be dead, or stopped. */
	if (!pq_ring_peek(&seg->free, &hint) && pq_limit_short(seg))
		pq_limit_settle(seg);
	while (pq_ring_peek(&seg->free, &hint)) {
		bool won = false, alone;

		if (pq_hint_free(seg, hint.index, hint.gen)) {
			uint64_t from = pq_load_word(seg, hint.index);

			/* Between the word and the CAS: see limit.c. */
			if (pq_limit_over(seg)) {
				pq_limit_settle(seg);
				if (pq_limit_over(seg))
					return -EAGAIN;
				continue;
			}
			*word = pq_word_reserve(from, owner);
			won = pq_word_state(from) == PROCQ_STATE_FREE &&
			      pq_record_move(seg, hint.index, &from, *word);
		}
		alone = pq_ring_skip(&seg->free, &hint);
		if (won) {
			fill_in(&seg->records[hint.index], *word, origin);
			return hint.index;
		}
		/* Losing a stale hint is no reason to wait. */
		if (!alone)
			pq_back_off(&turns);
	}
	return -EAGAIN;
}

void pq_record_cancel(struct pq_segment *seg, uint32_t slot, uint64_t word)
{
	uint64_t to = pq_word_free(word);

	if (pq_record_move(seg, slot, &word, to))
		pq_record_hint(seg, slot, to);
}

static void write_status(struct pq_record *r, const struct pq_status *status)
{
	uint64_t lived = micros_since(LOAD(r->started), pq_clock_life());

	STORE(r->obit, pq_obit(status->cause, status->code, lived));
	STORE(r->user, status->user);
	STORE(r->sys, status->sys);
	STORE(r->maxrss, status->maxrss < 0 ? UINT32_MAX
		: (uint32_t)pq_saturate((uint64_t)status->maxrss, 31));
}

/* The child may have died between its entry and its hint, or between the hint
 * and seq. Then the parent appends the hint; a double does no harm. */
static void mend_hint(struct pq_segment *seg, uint32_t slot, uint64_t word)
{
	struct pq_record *r = &seg->records[slot];
	uint64_t at, gen = pq_tag(LOAD(r->pid), PQ_PID_BITS);

	if (pq_untag(LOAD(r->seq), PQ_SEQ_BITS))
		return;
	if (!pq_hint_append(seg, &seg->ready, slot, word, &at))
		return;
	set_tagged(&r->seq, gen, PQ_SEQ_BITS, at + 1);
	pq_wake_arrival(seg);
}

bool pq_record_is_of(const struct pq_segment *seg, uint32_t slot,
		     uint64_t word, const struct pq_parentage *whose)
{
	struct pq_snapshot snap;
	uint64_t pid = LOAD(seg->records[slot].pid);

	pq_record_snapshot(seg, slot, word, &snap);
	if (snap.producer != whose->incarnation ||
	    (uint32_t)pq_tag(pid, PQ_PID_BITS) != whose->life)
		return false;
	/* Before its entry, the record need not have its pid. */
	if (pq_word_state(word) == PROCQ_STATE_RESERVED)
		return pq_word_owner(word) == whose->place + 1 &&
		       (!snap.pid || snap.pid == whose->pid);
	return snap.pid == whose->pid;
}

void pq_record_mark(struct pq_segment *seg, uint32_t slot,
		    const struct pq_parentage *whose,
		    const struct pq_status *status)
{
	uint64_t word = pq_load_word(seg, slot), to;

	for (;;) {
		if (!pq_record_is_of(seg, slot, word, whose))
			return;
		switch (pq_word_state(word)) {
		case PROCQ_STATE_RESERVED:
		case PROCQ_STATE_GONE:
			to = pq_word_free(word);
			break;
		case PROCQ_STATE_QUEUED:
			mend_hint(seg, slot, word);
			/* fall through */
		case PROCQ_STATE_TAKEN:
			if (pq_word_flags(word) & PQ_DEAD)
				return;
			write_status(&seg->records[slot], status);
			to = pq_word_mark(word);
			break;
		default:
			return;
		}
		/* A taker, or a sweep that hands it back, may be first. */
		if (pq_record_move(seg, slot, &word, to))
			break;
	}
	if (pq_word_state(to) == PROCQ_STATE_FREE)
		pq_record_hint(seg, slot, to);
	else if (pq_word_state(to) == PROCQ_STATE_TAKEN)
		pq_wake(seg, pq_word_owner(to) - 1, PROCQ_WAIT_DEATH);
	else
		pq_wake_all_exits(seg);
}

bool pq_record_lose(struct pq_segment *seg, uint32_t slot, uint64_t word)
{
	/* The child may have died in its entry, and its parent with it. */
	mend_hint(seg, slot, word);
	if (!pq_record_move(seg, slot, &word, pq_word_lose(word)))
		return false;
	pq_wake_all_exits(seg);
	return true;
}

/* ---- the child ---- */

/* A child counts its own life. If it was killed before, the participant that
 * releases the record counts it, before the record becomes FREE. So lives are
 * counted in order, and one that is not newer than the last counted one is
 * counted already. Lives are numbered by the generation of the reservation,
 * plus one; 0 is that of a record that never held a process. */
static void count_life(struct pq_record *r, uint32_t gen)
{
	uint64_t counted = LOAD(r->counted);
	uint32_t life = gen + 1;

	while ((int32_t)(life - pq_counted_life(counted)) > 0)
		if (atomic_compare_exchange_weak_explicit(
			    &r->counted, &counted,
			    pq_counted(life, pq_counted_count(counted) + 1),
			    memory_order_acq_rel, memory_order_relaxed))
			return;
}

bool pq_record_enter(struct pq_segment *seg, uint32_t slot, uint64_t word,
		     const struct pq_entry *entry, uint64_t *seq)
{
	struct pq_record *r = &seg->records[slot];
	uint64_t gen = pq_word_gen(word), to = pq_word_enter(word), at;
	uint64_t delay = micros_since(LOAD(r->started), entry->now);

	*seq = 0;
	if (!set_tagged(&r->pid, gen, PQ_PID_BITS, (uint32_t)entry->pid))
		return false;
	set_tagged(&r->ident, gen, PQ_IDENT_BITS, entry->ident);
	set_tagged(&r->entered, gen, PQ_ENTERED_BITS, delay);
	/* As its producer did, but it may have been stopped since. If it is
	 * now, a process that enforces the end of the lease takes the word
	 * away. */
	if (pq_term_stops_child(seg) ||
	    !pq_record_move(seg, slot, &word, to))
		return false;
	/* If the hint is missing, seq is not known yet: the taker sets it. */
	if (pq_hint_append(seg, &seg->ready, slot, to, &at)) {
		*seq = at + 1;
		set_tagged(&r->seq, gen, PQ_SEQ_BITS, *seq);
	}
	count_life(r, (uint32_t)gen);
	PQ_PROBE3(enter, *seq, entry->pid, slot);
	pq_wake_arrival(seg);
	return true;
}

/* Is the life with this pid the newest one that is counted? */
static bool is_counted(uint64_t counted, uint64_t pid)
{
	return pq_counted_life(counted) ==
	       (uint32_t)pq_tag(pid, PQ_PID_BITS) + 1;
}

bool pq_record_counted(const struct pq_segment *seg, uint32_t slot)
{
	const struct pq_record *r = &seg->records[slot];

	return is_counted(LOAD(r->counted), LOAD(r->pid));
}

/* How often to read a record that others change meanwhile: with each change of
 * the word some transition is made, so only damage goes on for ever. */
#define READS_MAX 1000

uint32_t pq_record_ended(const struct pq_segment *seg, uint32_t slot,
			 unsigned *state)
{
	const struct pq_record *r = &seg->records[slot];
	uint64_t word = pq_load_word(seg, slot), counted, pid, before;
	int reads = 0;

	do {
		before = word;
		/* Acquire: the word is not read again before these. */
		counted = atomic_load_explicit(&r->counted,
					       memory_order_acquire);
		pid = atomic_load_explicit(&r->pid, memory_order_acquire);
		word = pq_load_word(seg, slot);
	} while (word != before && ++reads < READS_MAX);
	*state = pq_word_state(word);
	/* A life that goes on may be counted already: by itself, or by the
	 * participant that is about to release the record. */
	return pq_counted_count(counted) -
	       (pq_state_present(*state) && is_counted(counted, pid));
}

/* ---- the taker ---- */

void pq_record_order(struct pq_segment *seg, uint32_t slot, uint64_t position)
{
	struct pq_record *r = &seg->records[slot];

	/* Mostly the child has set it. */
	if (!pq_untag(LOAD(r->seq), PQ_SEQ_BITS))
		set_tagged(&r->seq, pq_tag(LOAD(r->pid), PQ_PID_BITS),
			   PQ_SEQ_BITS, position + 1);
}

void pq_record_snapshot(const struct pq_segment *seg, uint32_t slot,
			uint64_t word, struct pq_snapshot *snap)
{
	const struct pq_record *r = &seg->records[slot];
	uint64_t producer = LOAD(r->producer);

	snap->word = word;
	snap->pid = (int32_t)pq_untag(LOAD(r->pid), PQ_PID_BITS);
	snap->producer = pq_producer_incarnation(producer);
	snap->flags = pq_producer_flags(producer);
	snap->ident = pq_untag(LOAD(r->ident), PQ_IDENT_BITS);
	snap->started = LOAD(r->started);
}

void pq_record_vouch(struct pq_segment *seg, uint32_t slot,
		     uint64_t incarnation, int64_t alive)
{
	struct pq_snapshot snap;
	uint64_t producer;

	if (alive <= 0)		/* never recorded, as where they are inodes */
		return;
	pq_record_snapshot(seg, slot, 0, &snap);
	if (snap.producer != incarnation || !(snap.flags & PQ_F_START) ||
	    snap.flags & PQ_F_SURE || !pq_start_is_past(snap.ident, alive))
		return;
	/* A producer that is dead, or leaves, reserves nothing any more: a
	 * record that is still its own has not changed since the snapshot. */
	producer = pq_producer(incarnation, snap.flags);
	atomic_compare_exchange_strong(
		&seg->records[slot].producer, &producer,
		pq_producer(incarnation, snap.flags | PQ_F_SURE));
}

void pq_record_left(struct pq_segment *seg, uint32_t slot,
		    uint64_t incarnation)
{
	uint64_t producer = LOAD(seg->records[slot].producer);

	/* It reserves nothing any more: see pq_record_vouch(). A record that is
	 * free meanwhile gets a new producer with its next process. */
	if (pq_producer_incarnation(producer) == incarnation)
		atomic_compare_exchange_strong(
			&seg->records[slot].producer, &producer,
			pq_producer(incarnation, pq_producer_flags(producer) |
						 PQ_F_LEFT));
}

uint64_t pq_record_sent(struct pq_segment *seg, uint32_t slot, int signo,
			bool alone)
{
	struct pq_record *r = &seg->records[slot];
	uint64_t sent = LOAD(r->sent);
	uint64_t at = pq_sent_at(sent);
	unsigned step = pq_sent_step(sent);

	if (!step)
		at = micros_since(LOAD(r->started), pq_clock_life());
	/* SIGCONT only continues what another signal is to end. */
	if (pq_sent_signal(sent) != signo && signo != SIGCONT &&
	    step < PQ_STEP_MAX)
		step++;
	STORE(r->sent, pq_sent(signo, alone, step, at));
	return sent;
}

void pq_record_unsent(struct pq_segment *seg, uint32_t slot, uint64_t before)
{
	STORE(seg->records[slot].sent, before);
}

int pq_record_last_sent(const struct pq_segment *seg, uint32_t slot)
{
	return pq_sent_signal(LOAD(seg->records[slot].sent));
}

bool pq_record_ask(struct pq_segment *seg, uint32_t slot, uint64_t word)
{
	uint64_t to;

	do {
		if (pq_word_state(word) != PROCQ_STATE_TAKEN ||
		    pq_word_flags(word) & PQ_DEAD)
			return false;
		to = pq_word_ask(word);
	} while (!pq_record_move(seg, slot, &word, to));
	return true;
}

int pq_record_asked(struct pq_segment *seg, uint32_t slot, bool *group)
{
	const struct pq_record *r = &seg->records[slot];
	uint64_t word = pq_load_word(seg, slot), to, sent;

	/* First the request is taken, then it is read: what is asked from now
	 * on is a new request. */
	do {
		if (!(pq_word_flags(word) & PQ_ASK))
			return 0;
		to = pq_word_answer(word);
	} while (!pq_record_move(seg, slot, &word, to));
	sent = LOAD(r->sent);
	*group = pq_producer_flags(LOAD(r->producer)) & PQ_F_GROUP &&
		 !pq_sent_alone(sent);
	return pq_sent_signal(sent);
}

bool pq_record_release(struct pq_segment *seg, uint32_t slot, unsigned place,
		       uint64_t word, enum pq_tally kind,
		       bool marked_or_orphan)
{
	struct pq_participant *me = &seg->participants[place];
	uint64_t to = marked_or_orphan ? pq_word_free(word)
				       : pq_word_gone(word);
	bool done;

	count_life(&seg->records[slot],
		   (uint32_t)pq_tag(LOAD(seg->records[slot].pid), PQ_PID_BITS));
	pq_tally_begin(me, kind, slot, pq_word_gen(word));
	done = pq_record_move(seg, slot, &word, to);
	pq_tally_end(me, done);
	if (done && marked_or_orphan)
		pq_record_hint(seg, slot, to);
	return done;
}

bool pq_record_return(struct pq_segment *seg, uint32_t slot, unsigned owner)
{
	uint64_t word = pq_load_word(seg, slot), to;

	/* The parent may add DEAD meanwhile. */
	do {
		if (pq_word_state(word) != PROCQ_STATE_TAKEN ||
		    pq_word_owner(word) != owner)
			return false;
		to = pq_word_return(word);
	} while (!pq_record_move(seg, slot, &word, to));
	pq_record_hint(seg, slot, to);
	return true;
}

void pq_record_bury(struct pq_segment *seg, uint32_t slot, uint64_t word)
{
	uint64_t to = pq_word_free(word);

	if (pq_record_move(seg, slot, &word, to))
		pq_record_hint(seg, slot, to);
}

/* ---- for callers of the library ---- */

void pq_record_describe(const struct pq_segment *seg, uint32_t slot,
			uint64_t word, struct procq_process *out)
{
	const struct pq_record *r = &seg->records[slot];
	uint64_t producer = LOAD(r->producer), label[PROCQ_LABEL_SIZE / 8];
	uint32_t flags = pq_producer_flags(producer);
	uint64_t entered = pq_untag(LOAD(r->entered), PQ_ENTERED_BITS);
	uint64_t obit = LOAD(r->obit);
	uint64_t sent = LOAD(r->sent);
	unsigned owner = pq_word_owner(word);

	memset(out, 0, sizeof(*out));
	out->slot = slot;
	out->state = pq_word_state(word);
	out->pid = (int32_t)pq_untag(LOAD(r->pid), PQ_PID_BITS);
	out->ppid = LOAD(r->ppid);
	out->seq = pq_untag(LOAD(r->seq), PQ_SEQ_BITS);
	out->producer = pq_producer_incarnation(producer);
	out->flags = flags & (PQ_F_KEEP | PQ_F_GROUP);
	if (pq_word_flags(word) & PQ_RETURNED)
		out->flags |= PROCQ_PROCESS_RETURNED;
	if (pq_word_flags(word) & PQ_LOST)
		out->flags |= PROCQ_PROCESS_LOST;
	if (flags & PQ_F_CGROUP)
		out->flags |= PROCQ_PROCESS_CGROUP;
	if (!(flags & PQ_F_START))
		out->ino = pq_untag(LOAD(r->ident), PQ_IDENT_BITS);
	if (out->state == PROCQ_STATE_TAKEN && owner >= 1 &&
	    owner <= PROCQ_PARTICIPANTS_MAX)
		out->consumer = pq_member_incarnation(
			atomic_load(&seg->participants[owner - 1].member));
	out->started = LOAD(r->started_wall);
	out->queued = out->pid ? pq_time_add(out->started,
					     (int64_t)entered * 1000) : 0;
	out->age = obit ? (int64_t)pq_obit_lived(obit) * 1000
			: pq_time_since(LOAD(r->started), pq_clock_life());
	out->step = (int32_t)pq_sent_step(sent);
	if (out->step) {
		out->signal = pq_sent_signal(sent);
		out->signalled = (int64_t)pq_sent_at(sent) * 1000;
	}
	for (size_t i = 0; i < PROCQ_LABEL_SIZE / 8; i++)
		label[i] = LOAD(r->label[i]);
	memcpy(out->label, label, sizeof(label));
	out->label[PROCQ_LABEL_SIZE - 1] = '\0';
}

void pq_record_obituary(const struct pq_segment *seg, uint32_t slot,
			bool marked, int64_t ago, struct procq_event *out)
{
	const struct pq_record *r = &seg->records[slot];
	/* If there is no mark, the obituary may be half written. */
	uint64_t obit = marked ? LOAD(r->obit) : 0, sent = LOAD(r->sent);
	int64_t lived = marked ? (int64_t)pq_obit_lived(obit) * 1000
			       : pq_time_since(LOAD(r->started),
					       pq_clock_life() - ago);
	int64_t asked = (int64_t)pq_sent_at(sent) * 1000;
	uint32_t maxrss = LOAD(r->maxrss);

	if (lived < 0)
		lived = 0;
	out->cause = pq_obit_cause(obit);
	out->code = (int32_t)pq_obit_code(obit);
	out->lived = lived;
	out->ended = pq_time_add(out->process.started, lived);
	out->step = (int32_t)pq_sent_step(sent);
	out->signal = out->step ? pq_sent_signal(sent) : 0;
	out->latency = !out->step ? -1 : lived > asked ? lived - asked : 0;
	out->user = marked ? LOAD(r->user) : -1;
	out->sys = marked ? LOAD(r->sys) : -1;
	out->maxrss = !marked || maxrss == UINT32_MAX ? -1 : (int64_t)maxrss;
}
