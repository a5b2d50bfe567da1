/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * peek.c - a look at a dead child, which stays a zombie. Must not reap.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "peek.h"
#include "raw.h"

int pq_peek(idtype_t type, pid_t pid, struct pq_corpse *corpse)
{
	long rc;

	memset(&corpse->info, 0, sizeof(corpse->info));
#if PQ_USE_LINUX && defined __LP64__
	/* The system call, unlike waitid(), also reports what the process has
	 * used. */
	rc = pq_raw(SYS_waitid, type, pid, (long)&corpse->info,
		    WEXITED | WNOHANG | WNOWAIT, (long)&corpse->usage);
	corpse->has_usage = 1;
#else
	rc = waitid(type, (id_t)pid, &corpse->info,
		    WEXITED | WNOHANG | WNOWAIT);
	if (rc < 0 && errno == ECHILD)
		rc = -ECHILD;
	corpse->has_usage = 0;
#endif
	if (rc == -ECHILD)
		return -ECHILD;
	return rc == 0 && corpse->info.si_pid > 0;
}

bool pq_zombies_stay(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, NULL, &sa) < 0)
		return true;
	return !(sa.sa_flags & SA_NOCLDWAIT) &&
	       (sa.sa_flags & SA_SIGINFO || sa.sa_handler != SIG_IGN);
}

int pq_child_dead(pid_t pid)
{
	struct pq_corpse corpse;

	return pq_peek(P_PID, pid, &corpse) != 0;
}
