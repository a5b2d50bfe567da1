/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * limit.h - how many records may be used: parks those beyond the limit, and
 * unparks them.
 *
 * Idempotent and restartable: any participant may do it, several may at once,
 * and what one that dies has begun is finished by the next.
 */
#ifndef PQ_LIMIT_H
#define PQ_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"
#include "term.h"
#include "view.h"

/** Are more records in use, or free, than may be? Sequentially consistent. A
 * free record may be reserved if it is not so after its word was read. */
static inline bool pq_limit_over(const struct pq_segment *seg)
{
	uint64_t gate = atomic_load(&seg->header->gate);

	return pq_gate_have(gate) > pq_term_limit(seg, gate);
}

/** Might there be more room, if a change were finished? */
static inline bool pq_limit_short(const struct pq_segment *seg)
{
	uint64_t gate = atomic_load(&seg->header->gate);

	return pq_gate_have(gate) < pq_term_limit(seg, gate) ||
	       pq_change_kind(atomic_load(&seg->header->change)) !=
		       PQ_CHANGE_NONE;
}

/**
 * Park free records, or unpark some, until as many are not parked as the limit
 * says; or, if there are more, none of them has a hint in the free ring.
 * @retval false the object is damaged
 */
bool pq_limit_settle(struct pq_segment *seg);

/**
 * Set the limit, and settle.
 * @param limit 0 to the capacity
 * @return how many more records are in use
 * @retval -EBADMSG the object is damaged
 */
int pq_limit_set(struct pq_segment *seg, uint32_t limit);

#endif
