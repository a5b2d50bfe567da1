/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * backoff.h - what to do when another processor was faster.
 * Must not wait for another participant: only for time to pass.
 *
 * Two processors that change a queue in turns, one record each, fetch its cache
 * lines from each other for each record, and often for nothing, as the other
 * one has changed them meanwhile. So the loser of a compare-and-swap leaves the
 * lines to the winner for a while, which does several records with them. A
 * participant that is killed or stopped in this wait has done nothing yet, and
 * nobody waits for it.
 */
#ifndef PQ_BACKOFF_H
#define PQ_BACKOFF_H

#include <stdatomic.h>

/* Turns of waiting, at first and at most: 1.7 and 27 us on the one machine that
 * they were measured on, two cores of an AMD EPYC, where a turn takes 26 ns.
 * Others may do better elsewhere; all are correct. */
#define PQ_BACKOFF_LEAST 64u
#define PQ_BACKOFF_MOST 1024u

static inline void pq_relax(void)
{
#if defined __x86_64__ || defined __i386__
	__builtin_ia32_pause();
#elif defined __aarch64__
	/* Not "yield", which does nothing unless threads share a core. */
	__asm__ volatile ("isb" : : : "memory");
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

/**
 * Wait, twice as long as the last time. Async-signal-safe.
 * @param turns 0 before the first loss
 */
static inline void pq_back_off(unsigned *turns)
{
	if (*turns == 0)
		*turns = PQ_BACKOFF_LEAST;
	else if (*turns < PQ_BACKOFF_MOST)
		*turns *= 2;
	for (unsigned i = 0; i < *turns; i++)
		pq_relax();
}

#endif
