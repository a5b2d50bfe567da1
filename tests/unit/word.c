/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/word.c - the record word: packing, what is legal, each transition, and
 * that the transitions lead to the legal words and to no others.
 */
#include <config.h>

#include "word.h"

#include "../kit/tap.h"

#define OWNER_MAX PROCQ_PARTICIPANTS_MAX

static const unsigned owners[] = { 0, 1, 2, 512, OWNER_MAX, OWNER_MAX + 1,
				   0xffff };
static const uint64_t gens[] = { 0, 1, 0xfff, 0x1000, PQ_GEN_MASK - 1,
				 PQ_GEN_MASK };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void same_parts(unsigned state, unsigned flags, unsigned owner,
		       uint64_t gen, int *bad)
{
	uint64_t w = pq_word(state, flags, owner, gen);

	if (pq_word_state(w) != state || pq_word_flags(w) != flags ||
	    pq_word_owner(w) != owner || pq_word_gen(w) != gen)
		++*bad;
	/* The layout itself is a promise to other processes. */
	if (w != ((uint64_t)state << 60 | (uint64_t)flags << 56 |
		  (uint64_t)owner << 40 | gen))
		++*bad;
}

static void test_packing(void)
{
	int bad = 0;

	for (unsigned state = 0; state < 16; state++)
		for (unsigned flags = 0; flags < 16; flags++)
			for (size_t o = 0; o < COUNT(owners); o++)
				for (size_t g = 0; g < COUNT(gens); g++)
					same_parts(state, flags, owners[o],
						   gens[g], &bad);
	is_int(bad, 0, "every part comes back, and is where it should be");
	ok(pq_word(0, 0x13, 0, 0) == pq_word(0, 3, 0, 0) &&
	   pq_word(0, 0, 0x10005, 0) == pq_word(0, 0, 5, 0) &&
	   pq_word(0, 0, 0, PQ_GEN_MASK + 8) == pq_word(0, 0, 0, 7),
	   "what is too large does not spill into its neighbour");
	ok(OWNER_MAX <= 0xffff, "every place fits as an owner");
	ok(pq_word(PROCQ_STATE_FREE, 0, 0, 0) == 0, "a new object is all free");
}

/* Written down again, from the comment at the head of record.h. */
static int legal(unsigned state, unsigned flags, unsigned owner)
{
	unsigned returned = PQ_RETURNED;

	switch (state) {
	case PROCQ_STATE_FREE:
	case PROCQ_STATE_PARKED:
		return owner == 0 && flags == 0;
	case PROCQ_STATE_RESERVED:
		return owner >= 1 && owner <= OWNER_MAX && flags == 0;
	case PROCQ_STATE_EXITED:
		if (flags & PQ_LOST)
			return owner == 0 && (flags & ~returned) == PQ_LOST;
		/* fall through */
	case PROCQ_STATE_QUEUED:
	case PROCQ_STATE_GONE:
		return owner == 0 && (flags == 0 || flags == returned);
	case PROCQ_STATE_TAKEN:
		if (owner < 1 || owner > OWNER_MAX)
			return 0;
		flags &= ~returned;
		/* Nobody asks for a signal to the dead. */
		return flags == 0 || flags == PQ_DEAD || flags == PQ_ASK ||
		       flags == (PQ_DEAD | PQ_LOST);
	default:
		return 0;
	}
}

static void test_legal(void)
{
	for (unsigned state = 0; state < 16; state++) {
		int bad = 0;

		for (unsigned flags = 0; flags < 16; flags++)
			for (size_t o = 0; o < COUNT(owners); o++)
				bad += pq_word_valid(pq_word(state, flags,
							     owners[o], 7)) !=
				       legal(state, flags, owners[o]);
		ok(!bad, "state %u: legal with the right flags and owners only",
		   state);
	}
}

static void is_word(uint64_t got, unsigned state, unsigned flags,
		    unsigned owner, uint64_t gen, const char *name)
{
	uint64_t want = pq_word(state, flags, owner, gen);

	if (!ok(got == want, "%s", name))
		note("  got %#jx, expected %#jx", (uintmax_t)got,
		     (uintmax_t)want);
}

static void test_transitions(void)
{
	uint64_t w = pq_word(PROCQ_STATE_FREE, 0, 0, 5), taken, dead;

	w = pq_word_reserve(w, 9);
	is_word(w, PROCQ_STATE_RESERVED, 0, 9, 5, "reserve");
	is_word(pq_word_free(w), PROCQ_STATE_FREE, 0, 0, 6, "cancel");
	w = pq_word_enter(w);
	is_word(w, PROCQ_STATE_QUEUED, 0, 0, 6, "enter: a new generation (R1)");
	is_word(pq_word_mark(w), PROCQ_STATE_EXITED, 0, 0, 6,
		"mark of a queued one: the hint stays good");
	is_word(pq_word_lose(w), PROCQ_STATE_EXITED, PQ_LOST, 0, 6,
		"lost: the hint stays good");
	taken = pq_word_take(pq_word_lose(w), 3);
	is_word(taken, PROCQ_STATE_TAKEN, PQ_DEAD | PQ_LOST, 3, 6,
		"take of a lost one");
	is_word(pq_word_return(taken), PROCQ_STATE_EXITED,
		PQ_RETURNED | PQ_LOST, 0, 7, "return of a lost one");
	taken = pq_word_take(w, 1024);
	is_word(taken, PROCQ_STATE_TAKEN, 0, 1024, 6, "take");
	dead = pq_word_mark(taken);
	is_word(dead, PROCQ_STATE_TAKEN, PQ_DEAD, 1024, 6,
		"mark of a taken one");
	is_word(pq_word_take(pq_word_mark(w), 3), PROCQ_STATE_TAKEN, PQ_DEAD, 3,
		6, "take of an exited one");
	is_word(pq_word_ask(taken), PROCQ_STATE_TAKEN, PQ_ASK, 1024, 6, "ask");
	is_word(pq_word_answer(pq_word_ask(taken)), PROCQ_STATE_TAKEN, 0, 1024,
		6, "answer: the question is gone");
	is_word(pq_word_answer(pq_word_take(pq_word_return(taken), 2)),
		PROCQ_STATE_TAKEN, PQ_RETURNED, 2, 7, "… and nothing else");
	is_word(pq_word_mark(pq_word_ask(taken)), PROCQ_STATE_TAKEN, PQ_DEAD,
		1024, 6,
		"a mark takes the question away");
	is_word(pq_word_free(dead), PROCQ_STATE_FREE, 0, 0, 7,
		"release: a new generation");
	is_word(pq_word_gone(taken), PROCQ_STATE_GONE, 0, 0, 6, "gone");
	is_word(pq_word_free(pq_word_gone(taken)), PROCQ_STATE_FREE, 0, 0, 7,
		"gone, then marked");
	is_word(pq_word_return(taken), PROCQ_STATE_QUEUED, PQ_RETURNED, 0, 7,
		"return: a new generation (R1)");
	is_word(pq_word_return(dead), PROCQ_STATE_EXITED, PQ_RETURNED, 0, 7,
		"return of a dead one");
	is_word(pq_word_take(pq_word_return(taken), 2), PROCQ_STATE_TAKEN,
		PQ_RETURNED, 2, 7, "take of a returned one: still told");
	is_word(pq_word_gone(pq_word_take(pq_word_return(taken), 2)),
		PROCQ_STATE_GONE, PQ_RETURNED, 0, 7, "gone of a returned one");
	w = pq_word(PROCQ_STATE_RESERVED, 0, 1, PQ_GEN_MASK);
	is_word(pq_word_enter(w), PROCQ_STATE_QUEUED, 0, 0, 0,
		"the generation wraps, and spills nowhere");
	is_word(pq_word_free(w), PROCQ_STATE_FREE, 0, 0, 0, "… at release too");
}

/* All words of one generation apart from the owner, which is 0 or 1. */
#define WORDS 512

static unsigned key_of(uint64_t w)
{
	return pq_word_state(w) << 5 | pq_word_flags(w) << 1 |
	       (pq_word_owner(w) != 0);
}

/* What record.c may do to a word. */
static size_t next_words(uint64_t w, uint64_t next[4])
{
	unsigned dead = pq_word_flags(w) & PQ_DEAD;
	size_t n = 0;

	switch (pq_word_state(w)) {
	case PROCQ_STATE_FREE:
		next[n++] = pq_word_reserve(w, 1);
		next[n++] = pq_word_park(w);
		break;
	case PROCQ_STATE_RESERVED:
		next[n++] = pq_word_enter(w);
		next[n++] = pq_word_free(w);
		break;
	case PROCQ_STATE_QUEUED:
		next[n++] = pq_word_mark(w);
		next[n++] = pq_word_lose(w);
		/* fall through */
	case PROCQ_STATE_EXITED:
		next[n++] = pq_word_take(w, 1);
		break;
	case PROCQ_STATE_TAKEN:
		next[n++] = pq_word_return(w);
		next[n++] = dead ? pq_word_free(w) : pq_word_gone(w);
		if (!dead) {
			next[n++] = pq_word_mark(w);
			next[n++] = pq_word_ask(w);
		}
		break;
	case PROCQ_STATE_GONE:
	case PROCQ_STATE_PARKED:
		next[n++] = pq_word_free(w);
		break;
	default:
		break;
	}
	return n;
}

static void test_reachable(void)
{
	unsigned char seen[WORDS] = { 0 };
	uint64_t queue[WORDS], next[4];
	size_t head = 0, tail = 0;
	int bad_gen = 0, bad = 0;

	queue[tail++] = 0;
	seen[0] = 1;
	while (head < tail) {
		uint64_t w = queue[head++];
		size_t n = next_words(w, next);

		for (size_t i = 0; i < n; i++) {
			unsigned to = pq_word_state(next[i]);

			/* R1; and the free ring's hints want the same. */
			if ((to == PROCQ_STATE_QUEUED ||
			     to == PROCQ_STATE_FREE) &&
			    pq_word_gen(next[i]) == pq_word_gen(w))
				bad_gen++;
			if (!seen[key_of(next[i])])
				queue[tail++] = next[i];
			seen[key_of(next[i])] = 1;
		}
	}
	is_int(bad_gen, 0, "R1: none into QUEUED or FREE without a new "
	       "generation");
	for (unsigned key = 0; key < WORDS; key++) {
		uint64_t w = pq_word(key >> 5, key >> 1 & 15, key & 1, 1);

		if (pq_word_valid(w) == !!seen[key])
			continue;
		bad++;
		note("state %u flags %u owner %u: %s", key >> 5, key >> 1 & 15,
		     key & 1, seen[key] ? "reached" : "never reached");
	}
	is_int(bad, 0, "legal are the words that can be reached, and no others");
}

int main(void)
{
	test_packing();
	test_legal();
	test_transitions();
	test_reachable();
	return done();
}
