/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * children.h - what becomes of a producer's processes: the dead are counted,
 * and at the end those that are left are waited for, or ended.
 *
 * Must not start a process. Must not reap one except through the library,
 * which marks a death before it reaps.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "run.h"

/** Have this called with the pid of each that is reaped from now on. */
void children_watch(void (*reaped)(void *arg, int pid), void *arg);

/** Reap the dead, and count how they died. */
void children_reap(struct run *r);

/** Is a consumer attached? As it was within the last moments. */
bool children_have_consumer(struct run *r);

/** Reap the dead, and report them while no consumer is attached. */
void children_report(struct run *r);

/** Are there some that have exited, and are perhaps not reported? */
bool children_have_exited(const struct run *r);

/** Collect and report those that have exited and nobody has reported, in the
 * order of their deaths.
 * @return how many */
unsigned children_collect_own(struct run *r);

/** Collect and report all processes in the queue that have exited on their own,
 * or that died with their producer: for room that nobody else makes.
 * @return how many */
unsigned children_collect(struct run *r);

/** As procq_wait(); a child's death ends the wait. SIGCHLD interrupts only
 * here: in flood a signal for each death would cost more than the look that
 * finds many. */
void children_sleep(struct run *r, unsigned what, int64_t deadline);

/**
 * Wait until all are over. If a lease that ends all runs out meanwhile, end them
 * by the steps of the plan. While no consumer is attached, report those that
 * have exited.
 * @param asked by the user: it goes on after the first signal, be that sent
 *        before this call or meanwhile
 * @retval false the user sent a signal that ends it, or the queue's object was
 *         removed
 */
bool children_drain(struct run *r, const struct plan *plan, bool asked);

/**
 * End them as ending.h has it, by the steps of the plan; at the user's second
 * signal, by the last of these at once. Those that a consumer is ending are left to it as long
 * as it takes, or for a second after the second signal. The processes that are
 * left then die of their parent's death, unless they were started with
 * PROCQ_SPAWN_KEEP. If some are not known to be dead, the run has failed.
 */
void children_kill(struct run *r, const struct plan *plan);

/**
 * The lease of the queue is over, and ends all processes (r->ends_all): end all
 * that nobody else has taken, whosever they are, by the steps of the plan. Until
 * that is done; if the lease is renewed meanwhile, only what is begun.
 */
void children_end(struct run *r, const struct plan *plan);

#endif
