/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * spawn.h - starting a child, which enters its reserved record by itself.
 */
#ifndef PQ_SPAWN_H
#define PQ_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "child.h"
#include "nest.h"

/**
 * Start the child.
 * @param method an enum procq_method, not PROCQ_METHOD_AUTO
 * @param pid of the child
 * @retval 0
 * @retval -ENOSYS this system lacks the method
 * @retval -EBUSY all stacks are in use at the moment: use another method
 * @retval -EAGAIN, -ENOMEM, … no child was started
 */
int pq_spawn(struct pq_start *start, unsigned method, struct pq_nest *nest,
	     pid_t *pid);

/** Does this system have this method? Asks the kernel once. */
bool pq_spawn_has(unsigned method);

/** Can a child be made to die with its parent, as far as this system has a way?
 * Asks the kernel once. */
bool pq_spawn_ties(void);

/** Do this thread's children stay in its PID namespace? After unshare() they do
 * not: the first is the init of another, and none can follow when it is dead.
 * Asks the kernel; true if it does not say. */
bool pq_spawn_stays(void);

/** A pipe that no command inherits. 0, or -errno. */
int pq_pipe(int ends[2]);

#endif
