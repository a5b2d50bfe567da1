/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * term.h - what the lease and the limit allow at this moment. Only reads; also
 * in a child before it has entered.
 *
 * That a lease is over is nowhere noted: everybody reads it from the clock. So
 * nobody has to be alive for that. lease.h is what has to be done then.
 */
#ifndef PQ_TERM_H
#define PQ_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "procq.h"
#include "view.h"

/** Is this lease over? @param now pq_clock_life() */
static inline bool pq_term_is_over(uint64_t lease, int64_t now)
{
	uint64_t until = pq_lease_until(lease);

	return pq_lease_policy(lease) != PROCQ_POLICY_NONE &&
	       until != PQ_UNTIL_NEVER &&
	       (now > 0 ? (uint64_t)now : 0) >> PQ_UNTIL_SHIFT >= until;
}

/** The same, and is nothing to be started any more? No clock is read where
 * there is no lease. */
static inline bool pq_term_stops(uint64_t lease)
{
	unsigned policy = pq_lease_policy(lease);

	return (policy == PROCQ_POLICY_KEEP || policy == PROCQ_POLICY_END) &&
	       pq_term_is_over(lease, pq_clock_life());
}

/** The same, for a child. */
static inline bool pq_term_stops_child(const struct pq_segment *seg)
{
	uint64_t lease = atomic_load(&seg->header->lease);
	unsigned policy = pq_lease_policy(lease);

	return (policy == PROCQ_POLICY_KEEP || policy == PROCQ_POLICY_END) &&
	       pq_term_is_over(lease, pq_clock_life_child());
}

/** Are all processes to be ended when the lease is over? */
static inline bool pq_term_will_end(const struct pq_segment *seg)
{
	return pq_lease_policy(atomic_load(&seg->header->lease)) ==
	       PROCQ_POLICY_END;
}

/** Are all processes to be ended now? */
static inline bool pq_term_ends(const struct pq_segment *seg)
{
	uint64_t lease = atomic_load(&seg->header->lease);

	return pq_lease_policy(lease) == PROCQ_POLICY_END &&
	       pq_term_stops(lease);
}

/** How long it lasts, in ns; 0: it is over, or there is no end to wait for. */
static inline int64_t pq_term_left(const struct pq_segment *seg)
{
	uint64_t lease = atomic_load(&seg->header->lease);
	uint64_t until = pq_lease_until(lease);
	int64_t left;

	if (pq_lease_policy(lease) == PROCQ_POLICY_NONE ||
	    until == PQ_UNTIL_NEVER)
		return 0;
	left = (int64_t)(until << PQ_UNTIL_SHIFT) - pq_clock_life();
	return left > 0 ? left : 0;
}

/** How many records may be used: the least of what the limit says, what is
 * granted, and nothing, if a lease is over. After the gate was read. */
static inline uint32_t pq_term_limit(const struct pq_segment *seg,
				     uint64_t gate)
{
	uint32_t limit = pq_gate_limit(gate), granted;

	if (pq_term_stops(atomic_load(&seg->header->lease)))
		return 0;
	granted = pq_grant_slots(atomic_load(&seg->header->grant));
	return granted < limit ? granted : limit;
}

#endif
