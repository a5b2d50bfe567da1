/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * permit.c - which participant may begin to end a process; see permit.h.
 * Must not change a record, nor wait.
 *
 * A death is noted before its record is released, and a signal before it is
 * sent. So a taker that sees by the word that an ending is over also sees when
 * it was; and if a record was put back, it sees whether its process was
 * signalled: a dead participant's stores are visible once the kernel has let go
 * of its lock byte, and the sweep's CAS on the word comes after that.
 *
 * The order in which it is judged matters: first the permit, then the record,
 * then the time of the last death. If another ending has begun and ended in
 * between, the permit is another, and the CAS on it fails. model/gap.pml.
 */
#include <config.h>

#include "clock.h"
#include "lock.h"
#include "permit.h"
#include "record.h"

/* How often to read a record that others change meanwhile: with each change of
 * the word some transition is made, so only damage goes on for ever. */
#define READS_MAX 1000

/* Is it the same life that was taken in that generation, and was a signal
 * noted? Lives have the generation of their reservation, as far as a tag has
 * it. */
static bool is_unfinished(const struct pq_segment *seg, uint32_t slot,
			  uint64_t gen)
{
	const struct pq_record *r = &seg->records[slot];
	/* Acquire: the word is not read again before these. */
	uint64_t pid = atomic_load_explicit(&r->pid, memory_order_acquire);
	uint64_t sent = atomic_load_explicit(&r->sent, memory_order_acquire);
	uint32_t born = (uint32_t)pq_tag(pid, PQ_PID_BITS);

	return (int32_t)((uint32_t)gen - born) > 0 && pq_sent_step(sent) > 0;
}

static enum pq_leave judge_bond(const struct pq_segment *seg,
				struct pq_permit *p)
{
	uint64_t gen = pq_permit_gen(p->value), word;
	bool unfinished;
	int reads = 0;

	p->slot = pq_permit_slot(p->value);
	/* Damage. */
	if (p->slot >= seg->capacity)
		return PQ_LEAVE_ANY;
	do {
		word = pq_load_word(seg, p->slot);
		if (pq_word_state(word) == PROCQ_STATE_TAKEN &&
		    pq_word_gen(word) == gen)
			return PQ_LEAVE_NONE;
		if (!pq_state_present(pq_word_state(word)))
			return PQ_LEAVE_ANY;
		unfinished = is_unfinished(seg, p->slot, gen);
	} while (pq_load_word(seg, p->slot) != word && ++reads < READS_MAX);
	p->word = word;
	if (!unfinished)
		return PQ_LEAVE_ANY;
	return pq_word_state(word) == PROCQ_STATE_TAKEN ? PQ_LEAVE_NONE
							: PQ_LEAVE_ONE;
}

enum pq_leave pq_permit_look(struct pq_segment *seg, struct pq_permit *out)
{
	out->value = atomic_load(&seg->header->permit);
	if (!out->value)
		return PQ_LEAVE_ANY;
	if (!pq_permit_is_claim(out->value))
		return judge_bond(seg, out);
	return pq_byte_held(seg, pq_permit_claimant(out->value))
		       ? PQ_LEAVE_NONE
		       : PQ_LEAVE_ANY;
}

int64_t pq_permit_left(const struct pq_segment *seg, int64_t gap)
{
	/* Read before the clock, or a death at this very moment seems to be in
	 * the future. Sequentially consistent, as the permit before it. */
	int64_t ended = atomic_load(&seg->header->ended);
	int64_t since = pq_time_since(ended, pq_clock_life());

	/* One in the future is of damage, and holds up nobody. */
	return !ended || since < 0 || since >= gap ? 0 : gap - since;
}

bool pq_permit_move(struct pq_segment *seg, struct pq_permit *permit,
		    uint64_t to)
{
	if (!atomic_compare_exchange_strong(&seg->header->permit,
					    &permit->value, to))
		return false;
	permit->value = to;
	return true;
}

void pq_permit_ended(struct pq_segment *seg)
{
	struct pq_header *h = seg->header;
	int64_t now, before;

	/* Relaxed: a death that is confirmed as the first participant with a
	 * gap joins may count or not. */
	if (!atomic_load_explicit(&h->gaps, memory_order_relaxed))
		return;
	now = pq_clock_life();
	before = atomic_load_explicit(&h->ended, memory_order_relaxed);
	/* Released by the CAS on the word, which comes next. */
	while (before < now &&
	       !atomic_compare_exchange_weak(&h->ended, &before, now))
		;
}
