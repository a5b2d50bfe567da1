/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * tally.c - what each participant has counted, exactly.
 * Must not change a record, nor count for a participant that is alive.
 */
#include <config.h>

#include "tally.h"

void pq_tally_begin(struct pq_participant *me, enum pq_tally kind,
		    uint32_t slot, uint64_t gen)
{
	uint64_t count = atomic_load_explicit(&me->tally[kind],
					      memory_order_relaxed);

	/* Release, and the caller's CAS on the word, which comes next, is a
	 * release too: a sweep that sees the word moved sees the intent. */
	atomic_store_explicit(&me->intent,
			      pq_intent(kind, count & 1, slot, gen),
			      memory_order_release);
}

void pq_tally_end(struct pq_participant *me, bool done)
{
	uint64_t intent = atomic_load_explicit(&me->intent,
					       memory_order_relaxed);
	unsigned kind = pq_intent_kind(intent);
	_Atomic uint64_t *count = &me->tally[kind];

	/* Released in this order: a sweep that does not see the intent any
	 * more sees the count. */
	if (done && kind < PQ_TALLIES)
		atomic_store_explicit(count, atomic_load_explicit(
			count, memory_order_relaxed) + 1,
			memory_order_release);
	atomic_store_explicit(&me->intent, 0, memory_order_release);
}

/* Is the record still as it was when the intent was written? */
static bool word_still_taken(const struct pq_segment *seg, unsigned place,
			     uint64_t intent)
{
	uint32_t slot = pq_intent_slot(intent);
	uint64_t word;

	if (slot >= seg->capacity)
		return true;
	word = pq_load_word(seg, slot);
	return pq_word_state(word) == PROCQ_STATE_TAKEN &&
	       pq_word_owner(word) == place + 1 &&
	       pq_word_gen(word) == pq_intent_gen(intent);
}

void pq_tally_repair(const struct pq_segment *seg, unsigned place,
		     uint64_t member)
{
	struct pq_participant *dead = &seg->participants[place];
	uint64_t intent = atomic_load(&dead->intent);
	unsigned kind = pq_intent_kind(intent);
	uint64_t count;
	bool moved;

	if (!intent || kind >= PQ_TALLIES)
		return;
	count = atomic_load(&dead->tally[kind]);
	moved = !word_still_taken(seg, place, intent);
	/* Another sweeper clears the intent before it hands the record back.
	 * So if the intent is still there, it was the dead member that moved
	 * the word. */
	if (atomic_load(&dead->intent) != intent ||
	    atomic_load(&dead->member) != member)
		return;
	if (moved && (count & 1) == pq_intent_odd(intent))
		atomic_compare_exchange_strong(&dead->tally[kind], &count,
					       count + 1);
	atomic_compare_exchange_strong(&dead->intent, &intent, 0);
}
