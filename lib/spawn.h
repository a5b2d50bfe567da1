/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * spawn.h - starting a child that enters itself into its reserved record.
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
 * @retval -ENOSYS not with this method on this system
 * @retval -EBUSY all stacks are taken at the moment: use another method
 * @retval -EAGAIN, -ENOMEM, … none was started
 */
int pq_spawn(struct pq_start *start, unsigned method, struct pq_nest *nest,
	     pid_t *pid);

/** Is this method to be had here? Asks the kernel once. */
bool pq_spawn_has(unsigned method);

/** Can a child be tied to its parent's life, as far as there is such a thing
 * on this system? Asks the kernel once. */
bool pq_spawn_ties(void);

/** A pipe that no command inherits. 0, or -errno. */
int pq_pipe(int ends[2]);

#endif
