/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ended.h - what ended a process, by its death and what it had been sent.
 */
#ifndef ENDED_H
#define ENDED_H

#include "plan.h"
#include "procq.h"

/* What ended a process. */
enum ended_by {
	ENDED_BY_UNKNOWN,
	ENDED_BY_SELF,		/* it exited, or died of a fault of its own */
	ENDED_BY_US,		/* signals were sent to it here */
	ENDED_BY_OTHER		/* a signal that nobody of the queue had sent */
};

/** What ended one that got the first steps of a plan here.
 * @param steps how many; 0: it was not begun here, and plan may be NULL */
enum ended_by ended_by_plan(const struct escalation *plan, int steps,
			    const struct procq_event *event);
/** What ended one that was not begun here: it was taken when it was dead. */
enum ended_by ended_by(const struct procq_event *event);

#endif
