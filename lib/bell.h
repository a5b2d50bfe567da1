/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * bell.h - waiting and waking. A wake-up means "look again" and nothing else.
 *
 * A participant that waits shows what it wants, looks once more, and sleeps on
 * its semaphore, the bell. One that changes something wakes a waiter that
 * wants it. Before it sleeps, a waiter lingers: it looks some more times, and
 * lets others run in between. One of those that linger for the same event is
 * the lookout. While there is one, no other waiter is woken for that event; so
 * the lookout, and any waiter that was woken, owes the others a wake-up if it
 * leaves something for them. bell.c says why no wake-up is lost.
 */
#ifndef PQ_BELL_H
#define PQ_BELL_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/* How long to linger if something may be about to happen, ns: as long as the
 * end of a process takes, with what follows from it. */
#ifndef PQ_LINGER
# define PQ_LINGER (50 * PQ_MICRO)
#endif

/* ---- waiting ---- */

/* One wait of a participant. */
struct pq_wait {
	unsigned place;		/* of the participant */
	unsigned wants;		/* PROCQ_WAIT_ROOM and so on; shown to wakers */
	int64_t linger;		/* ns, or a few looks if that is longer */
	int64_t deadline;	/* pq_now() */
	/* Is there anything to do? Asked while it lingers, and once more when
	 * wants is shown. */
	bool (*worth)(const struct pq_wait *wait);
	void *arg;		/* for worth() */
	/* Added to: the events, of PROCQ_WAIT_ROOM and PROCQ_WAIT_READY, that
	 * this participant was the lookout for, or was woken for. It owes the
	 * others a wake-up for these. When it has taken its share, and before
	 * it does anything else but wait for the same again, it has to call
	 * pq_pass_on(), which wakes one more waiter if something is left. */
	unsigned *owed;
};

/**
 * Linger, then sleep until woken, or until the deadline.
 * @retval 0 woken, or worth() said yes
 * @retval -ETIMEDOUT, -EINTR
 */
int pq_bell_wait(struct pq_segment *seg, const struct pq_wait *wait);

/** Show what this participant waits for, where it sleeps by other means. Look
 * once more before the sleep. */
void pq_bell_show(struct pq_segment *seg, unsigned place, unsigned wants);
/** Show it no more.
 * @param owed as of struct pq_wait
 * @retval true the participant was woken meanwhile */
bool pq_bell_hide(struct pq_segment *seg, unsigned place, unsigned wants,
		  unsigned *owed);

/** Clear what a dead participant shows, and end its watch. */
void pq_bell_hide_dead(struct pq_segment *seg, unsigned place);

/** End any watch for these events: the caller has slept for them until its time
 * ran out, and the lookout may be dead. If it is alive, this does no harm. */
void pq_bell_relieve(struct pq_segment *seg, unsigned wants);

/** Take all posts off a bell; if it is damaged, some.
 * @retval true there were any */
bool pq_bell_empty(pq_sem *bell);

/* ---- waking: after the change; async-signal-safe ---- */

/** Wake one participant that waits for room, or for an arrival; none if there
 * is a lookout for it. */
void pq_wake_room(struct pq_segment *seg);
void pq_wake_arrival(struct pq_segment *seg);
/** Wake all that wait for an arrival, or for an exit: not every one of them can
 * do something about each. */
void pq_wake_all_arrivals(struct pq_segment *seg);
void pq_wake_all_exits(struct pq_segment *seg);

/** Wake this participant if it waits for any of these. */
void pq_wake(struct pq_segment *seg, unsigned place, unsigned wants);

#endif
