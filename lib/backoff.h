/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * backoff.h - what to do when somebody else was faster.
 *
 * Processors that change a queue in turns, each one record, fetch its cache
 * lines from each other for each record, and mostly in vain: the other has
 * been there meanwhile. So who has lost a compare-and-swap leaves the lines to
 * the winner for a while, who does several records with them. Whoever is
 * killed or stopped while it waits has done nothing yet, and nobody waits for
 * it.
 */
#ifndef PQ_BACKOFF_H
#define PQ_BACKOFF_H

#include <stdatomic.h>

/* Turns of waiting: 26 ns each on the machine of bench/RESULTS.md. */
#define PQ_BACKOFF_LEAST 64u
#define PQ_BACKOFF_MOST 1024u

static inline void pq_relax(void)
{
#if defined __x86_64__ || defined __i386__
	__builtin_ia32_pause();
#elif defined __aarch64__
	/* Not "yield", which does nothing where no thread shares the core. */
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
