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

/* Was this life born after what was taken in that generation? Lives have the
 * generation of their reservation, as far as a tag has it. */
static bool is_later(uint64_t pid, uint64_t gen)
{
	return (int32_t)((uint32_t)gen - (uint32_t)pq_tag(pid, PQ_PID_BITS)) <=
	       0;
}

static enum pq_leave judge_bond(const struct pq_segment *seg,
				struct pq_permit *p)
{
	uint64_t gen = pq_permit_gen(p->value), word, pid, sent;
	const struct pq_record *r;
	int reads = 0;

	p->slot = pq_permit_slot(p->value);
	/* Damage. */
	if (p->slot >= seg->capacity)
		return PQ_LEAVE_OVER;
	r = &seg->records[p->slot];
	do {
		word = pq_load_word(seg, p->slot);
		if (pq_word_state(word) == PROCQ_STATE_TAKEN &&
		    pq_word_gen(word) == gen)
			return PQ_LEAVE_NONE;
		if (!pq_state_present(pq_word_state(word)))
			return PQ_LEAVE_OVER;
		/* Acquire: the word is not read again before these. */
		pid = atomic_load_explicit(&r->pid, memory_order_acquire);
		sent = atomic_load_explicit(&r->sent, memory_order_acquire);
	} while (pq_load_word(seg, p->slot) != word && ++reads < READS_MAX);
	p->word = word;
	if (is_later(pid, gen))
		return PQ_LEAVE_OVER;
	if (pq_sent_step(sent) == 0)
		return PQ_LEAVE_ANY;
	return pq_word_state(word) == PROCQ_STATE_TAKEN ? PQ_LEAVE_NONE
							: PQ_LEAVE_ONE;
}

enum pq_leave pq_permit_judge(struct pq_segment *seg, struct pq_permit *permit)
{
	switch (pq_permit_kind(permit->value)) {
	case PQ_PERMIT_BOND:
		return judge_bond(seg, permit);
	case PQ_PERMIT_CLAIM:
		return pq_byte_held(seg, pq_permit_claimant(permit->value))
			       ? PQ_LEAVE_NONE
			       : PQ_LEAVE_ANY;
	default:
		return PQ_LEAVE_ANY;
	}
}

enum pq_leave pq_permit_look(struct pq_segment *seg, struct pq_permit *out)
{
	enum pq_leave leave;

	out->cell = &seg->header->permit;
	out->value = atomic_load(out->cell);
	leave = pq_permit_judge(seg, out);
	return leave == PQ_LEAVE_OVER ? PQ_LEAVE_ANY : leave;
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

bool pq_permit_move(struct pq_permit *permit, uint64_t to)
{
	if (!atomic_compare_exchange_strong(permit->cell, &permit->value, to))
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
