/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hands.h - what an actor has in its hands; for those that act, not for those
 * that look.
 */
#ifndef CRASH_HANDS_H
#define CRASH_HANDS_H

#include "crash.h"

#include "procq.h"

/* Configured off: not defined. */
#ifndef PQ_USE_PDEATHSIG
# define PQ_USE_PDEATHSIG 0
#endif
#ifndef PQ_USE_PIDFD
# define PQ_USE_PIDFD 0
#endif
#ifndef PQ_USE_PIDFS
# define PQ_USE_PIDFS 0
#endif
#ifndef PQ_USE_STARTTIME
# define PQ_USE_STARTTIME 0
#endif
#ifndef PQ_USE_CLONE
# define PQ_USE_CLONE 0
#endif

/* Without these a dead parent's child can't be proven to be the same. */
#define PINS (PQ_USE_PIDFD && (PQ_USE_PIDFS || PQ_USE_STARTTIME))

struct hands {
	struct procq *producer, *consumer;
	uint32_t slot;
	struct procq_process chosen;	/* as it has looked before */
	int ready, go;		/* its own ends of the pipes */
	bool no_reaping;
	int descriptors;	/* that were open at its start */
	struct procq_event event;	/* a death that was reported to it */
};

#endif
