/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * word.h - the record word: what is true about a record, in 64 bits.
 *
 * state:4 flags:4 owner:16 generation:40, most significant first. Every
 * transition is one compare-and-swap (CAS) on the whole word. If it succeeds,
 * the transition is made; nothing else counts.
 *
 * Rule R1: the generation changes on every transition into QUEUED, so that no
 * two queued periods of a record look alike. It also changes on every
 * transition into FREE, for the hints of the free ring.
 *
 * Must not touch memory or call anything: pure arithmetic.
 */
#ifndef PQ_WORD_H
#define PQ_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

#define PQ_GEN_BITS 40
#define PQ_GEN_MASK ((UINT64_C(1) << PQ_GEN_BITS) - 1)
#define PQ_OWNER_SHIFT 40
#define PQ_FLAGS_SHIFT 56
#define PQ_STATE_SHIFT 60

/* Flags. DEAD: its parent has written the obituary. ASK: the taker asks the
 * parent to send the signal in the record. RETURNED: it was handed back. LOST:
 * the sweep found it gone, and its producer dead: so there is no obituary. */
#define PQ_DEAD 1u
#define PQ_ASK 2u
#define PQ_RETURNED 4u
#define PQ_LOST 8u

static inline uint64_t pq_word(unsigned state, unsigned flags, unsigned owner,
			       uint64_t gen)
{
	return (uint64_t)state << PQ_STATE_SHIFT |
	       (uint64_t)(flags & 15u) << PQ_FLAGS_SHIFT |
	       (uint64_t)(owner & 0xffffu) << PQ_OWNER_SHIFT |
	       (gen & PQ_GEN_MASK);
}

static inline unsigned pq_word_state(uint64_t word)
{
	return (unsigned)(word >> PQ_STATE_SHIFT);
}

static inline unsigned pq_word_flags(uint64_t word)
{
	return (unsigned)(word >> PQ_FLAGS_SHIFT) & 15u;
}

/* The owner is the place of a participant, plus one; 0: nobody. */
static inline unsigned pq_word_owner(uint64_t word)
{
	return (unsigned)(word >> PQ_OWNER_SHIFT) & 0xffffu;
}

static inline uint64_t pq_word_gen(uint64_t word)
{
	return word & PQ_GEN_MASK;
}

/* Is nothing in a record of this state? */
static inline bool pq_state_unused(unsigned state)
{
	return state == PROCQ_STATE_FREE || state == PROCQ_STATE_PARKED;
}

/* Can a sequence of transitions lead to this word? */
static inline bool pq_word_valid(uint64_t word)
{
	unsigned owner = pq_word_owner(word), flags = pq_word_flags(word);

	if (owner > PROCQ_PARTICIPANTS_MAX)
		return false;
	switch (pq_word_state(word)) {
	case PROCQ_STATE_FREE:
	case PROCQ_STATE_PARKED:
		return !owner && !flags;
	case PROCQ_STATE_RESERVED:
		return owner && !flags;
	case PROCQ_STATE_QUEUED:
	case PROCQ_STATE_GONE:
		return !owner && !(flags & ~PQ_RETURNED);
	case PROCQ_STATE_EXITED:
		return !owner && !(flags & ~(PQ_RETURNED | PQ_LOST));
	case PROCQ_STATE_TAKEN:
		/* The mark takes ASK away; and what is LOST is DEAD. */
		return owner && !(flags & PQ_DEAD && flags & PQ_ASK) &&
		       !(flags & PQ_LOST && !(flags & PQ_DEAD));
	default:
		return false;
	}
}

/*
 * The transitions. Each takes the word that was read, and returns the one for
 * the CAS to put in its place.
 */

static inline uint64_t pq_word_reserve(uint64_t word, unsigned owner)
{
	return pq_word(PROCQ_STATE_RESERVED, 0, owner, pq_word_gen(word));
}

static inline uint64_t pq_word_enter(uint64_t word)
{
	return pq_word(PROCQ_STATE_QUEUED, 0, 0, pq_word_gen(word) + 1);
}

/* QUEUED to TAKEN; EXITED to TAKEN with DEAD. */
static inline uint64_t pq_word_take(uint64_t word, unsigned owner)
{
	unsigned flags = pq_word_flags(word) & (PQ_RETURNED | PQ_LOST);

	if (pq_word_state(word) == PROCQ_STATE_EXITED)
		flags |= PQ_DEAD;
	return pq_word(PROCQ_STATE_TAKEN, flags, owner, pq_word_gen(word));
}

/* The parent's mark: QUEUED to EXITED, TAKEN to TAKEN with DEAD. The
 * generation stays, so the hint in the ring stays valid. */
static inline uint64_t pq_word_mark(uint64_t word)
{
	unsigned flags = pq_word_flags(word);

	if (pq_word_state(word) == PROCQ_STATE_QUEUED)
		return pq_word(PROCQ_STATE_EXITED, flags, 0, pq_word_gen(word));
	return pq_word(PROCQ_STATE_TAKEN, (flags & ~PQ_ASK) | PQ_DEAD,
		       pq_word_owner(word), pq_word_gen(word));
}

/* QUEUED to EXITED, by the sweep. The generation stays, as with the mark. */
static inline uint64_t pq_word_lose(uint64_t word)
{
	return pq_word(PROCQ_STATE_EXITED, pq_word_flags(word) | PQ_LOST, 0,
		       pq_word_gen(word));
}

/* The taker asks the parent to signal; the parent takes the request. */
static inline uint64_t pq_word_ask(uint64_t word)
{
	return word | (uint64_t)PQ_ASK << PQ_FLAGS_SHIFT;
}

static inline uint64_t pq_word_answer(uint64_t word)
{
	return word & ~((uint64_t)PQ_ASK << PQ_FLAGS_SHIFT);
}

/* TAKEN back to QUEUED; with DEAD, to EXITED. */
static inline uint64_t pq_word_return(uint64_t word)
{
	bool dead = pq_word_flags(word) & PQ_DEAD;

	return pq_word(dead ? PROCQ_STATE_EXITED : PROCQ_STATE_QUEUED,
		       PQ_RETURNED | (pq_word_flags(word) & PQ_LOST), 0,
		       pq_word_gen(word) + 1);
}

/* TAKEN to GONE: reported, but its parent has yet to reap it. */
static inline uint64_t pq_word_gone(uint64_t word)
{
	return pq_word(PROCQ_STATE_GONE, pq_word_flags(word) & PQ_RETURNED, 0,
		       pq_word_gen(word));
}

/* FREE to PARKED. The generation stays: the way back changes it. */
static inline uint64_t pq_word_park(uint64_t word)
{
	return pq_word(PROCQ_STATE_PARKED, 0, 0, pq_word_gen(word));
}

static inline uint64_t pq_word_free(uint64_t word)
{
	return pq_word(PROCQ_STATE_FREE, 0, 0, pq_word_gen(word) + 1);
}

#endif
