/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * limit.c - parking and unparking records.
 * Must not sleep, nor touch a record that is in use.
 *
 * The gate says how many records may be used (limit), and how many are not
 * parked (have); the words say which. Each change of one record has a number:
 * a participant announces it in header->change, and from then on every
 * participant that sees it takes it further, in this order:
 *
 *	to park:	the word, FREE to PARKED; then have - 1
 *	to unpark:	have + 1, unless the limit is reached; then the word
 *	both:		the next number in the gate, with have; then no change
 *
 * So have is never less than the records that are not parked, and a change is
 * counted once: the number shows if it was. Whether a record could be parked
 * is the same for all that look, because the change names its generation.
 *
 * A producer reads a free record's word, then the gate, then does its CAS. If
 * the gate was read after the limit was set, it shows that. If it was read
 * before, the CAS fails, for the one that has set the limit then goes through
 * the free ring to its end, and a hint is passed only when its record has
 * changed. So once the limit is set, nothing is started that would be more.
 *
 * What is granted by a lease is a second limit, in a word of its own, and the
 * end of a lease a third (term.h); the least of them counts. For each of them
 * the same holds, as a producer reads them all after the record's word. Between
 * the look at them and the count of an unparked record, one may have become
 * less: then there is one free record too many for a moment, which no producer
 * reserves, since it looks first; and the process that unparked it goes on
 * until the number is right, or the next that looks for room, releases a
 * record, or sweeps does.
 */
#include <config.h>

#include <errno.h>

#include "backoff.h"
#include "bell.h"
#include "limit.h"

/* How often to look at a change, or an object between two changes, that does
 * not move: a participant that is about to move it is faster, so it is
 * damaged. */
#define LOOKS_MAX 1000u

static bool same_change_gen(uint64_t word, uint64_t change)
{
	return ((uint32_t)pq_word_gen(word) & PQ_LIMIT_MASK) ==
	       pq_change_gen(change);
}

static bool is_in(uint64_t word, unsigned state, uint64_t change)
{
	return pq_word_state(word) == state && same_change_gen(word, change);
}

static bool move(struct pq_segment *seg, uint64_t change, uint64_t from,
		 uint64_t to)
{
	return atomic_compare_exchange_strong(
		&seg->records[pq_change_slot(change)].word, &from, to);
}

/* FREE to PARKED, if it is still free. */
static bool park(struct pq_segment *seg, uint64_t change)
{
	uint32_t slot = pq_change_slot(change);
	uint64_t word = pq_load_word(seg, slot);

	if (is_in(word, PROCQ_STATE_FREE, change))
		move(seg, change, word, pq_word_park(word));
	/* Another participant may have done it, or a producer was faster. */
	return is_in(pq_load_word(seg, slot), PROCQ_STATE_PARKED, change);
}

/* The change has the gate's number, so it is not counted yet: count it. If the
 * gate has changed, nothing is done. */
static void count(struct pq_segment *seg, uint64_t change, uint64_t gate)
{
	uint32_t limit = pq_gate_limit(gate), have = pq_gate_have(gate);
	uint64_t word;
	bool done;

	if (pq_change_kind(change) == PQ_CHANGE_PARK) {
		done = park(seg, change) && have > 0;
		have -= done;
	} else {
		word = pq_load_word(seg, pq_change_slot(change));
		done = is_in(word, PROCQ_STATE_PARKED, change) &&
		       have < pq_term_limit(seg, gate);
		have += done;
	}
	atomic_compare_exchange_strong(
		&seg->header->gate, &gate,
		pq_gate(limit, have, done, pq_gate_number(gate) + 1));
}

/* PARKED to FREE, when it is counted. */
static void unpark(struct pq_segment *seg, uint64_t change)
{
	uint32_t slot = pq_change_slot(change);
	uint64_t word = pq_load_word(seg, slot), to = pq_word_free(word);

	if (!is_in(word, PROCQ_STATE_PARKED, change) ||
	    !move(seg, change, word, to))
		return;
	/* If it is killed here, the sweep puts the hint in. */
	pq_hint_append(seg, &seg->free, slot, to, NULL);
	pq_wake_room(seg);
}

/* Take the change that is under way to its end, unless the limit is set at
 * this moment. */
static void advance(struct pq_segment *seg, uint64_t change)
{
	uint32_t number = pq_change_number(change);
	uint64_t gate = atomic_load(&seg->header->gate);

	if (pq_change_slot(change) >= seg->capacity)
		return;
	if (pq_gate_number(gate) == number) {
		count(seg, change, gate);
		gate = atomic_load(&seg->header->gate);
	}
	number = (number + 1) & PQ_LIMIT_MASK;
	if (pq_gate_number(gate) != number)
		return;
	if (pq_change_kind(change) == PQ_CHANGE_UNPARK && pq_gate_done(gate))
		unpark(seg, change);
	atomic_compare_exchange_strong(&seg->header->change, &change,
				       pq_change(PQ_CHANGE_NONE, 0, 0, number));
}

/* Announce a change of this record, and take it to its end. While no other was
 * announced, have is as the caller read it. */
static void begin(struct pq_segment *seg, uint64_t none, unsigned kind,
		  uint32_t slot, uint64_t word)
{
	uint64_t change = pq_change(kind, slot, pq_word_gen(word),
				    pq_change_number(none));

	if (atomic_compare_exchange_strong(&seg->header->change, &none,
					   change))
		advance(seg, change);
}

/* Park the record that the next hint leads to. false: there is no hint. */
static bool park_next(struct pq_segment *seg, uint64_t none)
{
	struct pq_hint hint;
	uint64_t word;

	if (!pq_ring_peek(&seg->free, &hint))
		return false;
	if (pq_hint_free(seg, hint.index, hint.gen)) {
		word = pq_load_word(seg, hint.index);
		if (pq_word_state(word) == PROCQ_STATE_FREE)
			begin(seg, none, PQ_CHANGE_PARK, hint.index, word);
	}
	if (!pq_hint_free(seg, hint.index, hint.gen))
		pq_ring_skip(&seg->free, &hint);
	return true;
}

/* Unpark the first record from here on that is parked. false: there is none */
static bool unpark_next(struct pq_segment *seg, uint64_t none, uint32_t *slot)
{
	for (; *slot < seg->capacity; ++*slot) {
		uint64_t word = pq_load_word(seg, *slot);

		if (pq_word_state(word) != PROCQ_STATE_PARKED)
			continue;
		begin(seg, none, PQ_CHANGE_UNPARK, *slot, word);
		return true;
	}
	return false;
}

/* One round. false: there is nothing to do. */
static bool step(struct pq_segment *seg, uint64_t change, uint32_t *slot)
{
	uint64_t gate;
	uint32_t limit;

	if (pq_change_kind(change) != PQ_CHANGE_NONE) {
		advance(seg, change);
		return true;
	}
	gate = atomic_load(&seg->header->gate);
	/* Another one was announced meanwhile. */
	if (pq_gate_number(gate) != pq_change_number(change))
		return true;
	limit = pq_term_limit(seg, gate);
	if (pq_gate_have(gate) == limit)
		return false;
	return pq_gate_have(gate) > limit ? park_next(seg, change)
					  : unpark_next(seg, change, slot);
}

bool pq_limit_settle(struct pq_segment *seg)
{
	uint64_t last = 0, head, last_head = 0;
	uint32_t slot = 0;
	unsigned looks = 0, turns = 0;

	for (;;) {
		uint64_t change = atomic_load(&seg->header->change);

		if (!step(seg, change, &slot))
			return true;
		head = atomic_load_explicit(&seg->free.ends->head,
					    memory_order_relaxed);
		looks = change == last && head == last_head ? looks + 1 : 0;
		if (looks > LOOKS_MAX)
			return false;
		if (looks > 1)
			pq_back_off(&turns);
		last = change;
		last_head = head;
	}
}

int pq_limit_set(struct pq_segment *seg, uint32_t limit)
{
	uint64_t gate = atomic_load(&seg->header->gate);

	while (!atomic_compare_exchange_strong(
		&seg->header->gate, &gate,
		pq_gate(limit, pq_gate_have(gate), pq_gate_done(gate),
			pq_gate_number(gate))))
		;
	if (!pq_limit_settle(seg))
		return -EBADMSG;
	gate = atomic_load(&seg->header->gate);
	limit = pq_term_limit(seg, gate);
	return pq_gate_have(gate) > limit ? (int)(pq_gate_have(gate) - limit)
					  : 0;
}
