/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ended.c - see ended.h. Pure: must not look at a process, which is dead.
 */
#include <config.h>

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "ended.h"

/* Signals of which a process dies by its own doing. */
static bool is_fault(int signo)
{
	static const int faults[] = {
		SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS,
		SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (signo == faults[i])
			return true;
	return false;
}

static bool was_sent(const struct escalation *plan, int steps,
		     const struct procq_event *event)
{
	for (int step = 0; step < steps && step < plan->count; step++)
		if (plan->steps[step].signo == event->code)
			return true;
	/* By another consumer, before. */
	return event->signal == event->code;
}

enum ended_by ended_by_plan(const struct escalation *plan, int steps,
			    const struct procq_event *event)
{
	bool signalled = event->step > 0;

	if (event->type == PROCQ_EVENT_STALE)
		return ENDED_BY_UNKNOWN;
	switch ((enum procq_cause)event->cause) {
	case PROCQ_CAUSE_EXIT:
		return signalled ? ENDED_BY_US : ENDED_BY_SELF;
	case PROCQ_CAUSE_SIGNAL:
	case PROCQ_CAUSE_CORE:
		if (signalled && was_sent(plan, steps, event))
			return ENDED_BY_US;
		if (is_fault(event->code))
			return signalled ? ENDED_BY_US : ENDED_BY_SELF;
		return ENDED_BY_OTHER;
	case PROCQ_CAUSE_UNKNOWN:
	default:
		return signalled ? ENDED_BY_US : ENDED_BY_UNKNOWN;
	}
}

enum ended_by ended_by(const struct procq_event *event)
{
	return ended_by_plan(NULL, 0, event);
}
