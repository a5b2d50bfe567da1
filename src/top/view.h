/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h - what procq top knows of a queue, and how old that is.
 *
 * It only looks, as an onlooker. A look at all records costs the more, the more
 * there are: so the next one comes when the last one is less than half a
 * percent of the time since. Must not draw.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procq.h"

/* Seconds of history. */
#define VIEW_SECONDS 600
/* Participants that are shown at most. */
#define VIEW_PARTICIPANTS 64

/* What a second brought. */
struct second {
	uint64_t started, ended;
};

/* A participant, and since when it has waited for the same. */
struct waiter {
	struct procq_participant p;
	int64_t since;		/* procq_now() */
	uint32_t held;		/* what it has taken */
};

struct view {
	const char *queue;	/* as the user named it */
	struct procq *q;	/* NULL: there is none now */
	int why;		/* then: what procq_open() returned */
	bool gone;		/* it was there, and is removed */
	int64_t now;		/* procq_now(), of this look */

	struct procq_stat stat;
	struct procq_histogram histograms[PROCQ_HISTOGRAMS];
	int64_t stat_at;	/* when */
	int64_t stat_next;	/* not before */

	struct procq_process *records;
	uint32_t count;
	uint32_t room;
	int64_t records_at;
	int64_t records_next;

	struct waiter waiters[VIEW_PARTICIPANTS];
	uint32_t waiter_count;
	uint32_t participants;	/* all of them */

	/* The last seconds that are over, newest last, in a circle. */
	struct second history[VIEW_SECONDS];
	unsigned second_count;
	uint64_t last_started, last_ended;
	int64_t second_began;
	int64_t opened_at;	/* the last try */
	int64_t open_share;	/* what it took, times SHARE; ns */
};

/** Look again, as far as it is time for it. */
void view_look(struct view *v);
/** The second that was so many ago, 0 the last that is over; NULL: not known.
 */
const struct second *view_second(const struct view *v, unsigned ago);
/** Look at another queue. @param queue kept, not copied */
void view_change(struct view *v, const char *queue);
void view_free(struct view *v);

#endif
