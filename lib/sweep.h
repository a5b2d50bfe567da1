/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sweep.h - repairing after the dead.
 *
 * Idempotent and restartable: anybody may sweep, several at once, and a
 * sweeper that dies leaves nothing to undo.
 */
#ifndef PQ_SWEEP_H
#define PQ_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"
#include "view.h"

/**
 * Find dead participants and sweep after each.
 * @param report what was done, added up; may be NULL
 * @retval how many were swept, or -ENOMEM
 */
int pq_sweep_dead(struct pq_segment *seg, struct procq_report *report);

/** The same, unless somebody looked within the last interval, ns. */
int pq_sweep_sometimes(struct pq_segment *seg, int64_t interval);

/** Give up what a participant that leaves still holds; bury what was told
 * and has no parent any more. */
void pq_sweep_self(struct pq_segment *seg, unsigned place, uint64_t member);

/** Is there a record of this parent's that was told, and is not yet free? */
bool pq_sweep_left(const struct pq_segment *seg, uint64_t incarnation);

/** Put missing hints back. @retval how many, or -ENOMEM */
int64_t pq_sweep_hints(struct pq_segment *seg);

#endif
