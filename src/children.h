/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * children.h - what becomes of a producer's processes: who died is counted,
 * and at the end those that are left are waited for, or ended.
 *
 * Must not start a process, nor wait for one itself: the library marks a death
 * before it reaps.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/** Reap who died, and count how. */
void children_reap(struct run *r);

/** As procq_wait(); a child's death ends it. SIGCHLD interrupts only here: in
 * flood a signal for each death would cost more than the look that finds
 * many. */
void children_sleep(struct run *r, unsigned what, int64_t deadline);

/**
 * Wait until consumers have ended all.
 * @retval false the user did not want to wait so long
 */
bool children_drain(struct run *r);

/**
 * End them: TERM, and KILL after five seconds or when the user asks once more.
 * Those that a consumer is ending are left to it, for as long; what is left
 * then goes down with the producer, by the signal of its parent's death. That
 * some are not known to be dead is a failure of the run.
 * @param alone not their process groups
 */
void children_kill(struct run *r, bool alone);

#endif
