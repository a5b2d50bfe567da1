/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sweep.h - repairing after the dead.
 *
 * Idempotent and restartable: any participant may sweep, several may do so at
 * once, and a sweeper that dies leaves nothing to undo.
 */
#ifndef PQ_SWEEP_H
#define PQ_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procq.h"
#include "view.h"

/**
 * Find dead participants and sweep after them, in one pass over the records.
 * @param report what is done is added to it; may be NULL
 * @return how many were swept
 * @retval -ENOMEM
 */
int pq_sweep_dead(struct pq_segment *seg, struct procq_report *report);

/** The same, unless a participant has looked in the last interval; then 0. Also
 * bury some GONE records that have no parent any more, and mark some processes
 * that died with their producer.
 * @param interval ns
 * @param woken if it is not 0 in the middle of a large queue, the rest is left
 *        to the next call; may be NULL
 * @return how many were swept; 0 also if the sweep is not finished */
int pq_sweep_sometimes(struct pq_segment *seg, int64_t interval,
		       const _Atomic int *woken);

/** Give up what a participant that leaves still holds; bury the GONE records
 * that have no parent any more, or this one. */
void pq_sweep_self(struct pq_segment *seg, unsigned place, uint64_t member);

/** Mark every process that died with its producer. @return how many there are
 * that are still to be reported */
uint64_t pq_sweep_lost(struct pq_segment *seg);

/** Is there a GONE record of this parent? */
bool pq_sweep_left(const struct pq_segment *seg, uint64_t incarnation);

/** Put missing hints in. One that another participant appends meanwhile may
 * seem to be missing; a second one of it does no harm.
 * @return how many @retval -ENOMEM */
int64_t pq_sweep_hints(struct pq_segment *seg);

/* Records whose hints were missed by each look so far. Begins with zeros. */
struct pq_missing {
	struct pq_lack {
		uint32_t slot;
		uint64_t word;
	} *all;
	size_t count, room;
	unsigned looked;
};

/** Look once more. @return how many are still missing @retval -ENOMEM */
int64_t pq_missing_look(struct pq_segment *seg, struct pq_missing *m);
/** Put these in, and free the list.
 * @param rc what the last look returned; after an error nothing is put in
 * @return rc */
int64_t pq_missing_mend(struct pq_segment *seg, struct pq_missing *m,
			int64_t rc);

#endif
