/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * peek.h - a look at a dead child, which stays a zombie.
 */
#ifndef PQ_PEEK_H
#define PQ_PEEK_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

struct pq_corpse {
	siginfo_t info;			/* as of waitid() */
	struct rusage usage;
	int has_usage;			/* 0: usage is not known here */
};

/** Look for a dead child, without reaping it.
 * @param type, pid as for waitid()
 * @retval 1 *corpse is one
 * @retval 0 there is none
 * @retval -ECHILD nor is there a living one: the host program has reaped it, or
 *         the kernel has, since SIGCHLD is ignored */
int pq_peek(idtype_t type, pid_t pid, struct pq_corpse *corpse);

/** Do dead children stay until they are reaped? Not if SIGCHLD is ignored, or
 * has SA_NOCLDWAIT. */
bool pq_zombies_stay(void);

/** Is this child dead, or gone? */
int pq_child_dead(pid_t pid);

#endif
