/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * bell.h - waiting and waking. A wake-up means "look again" and nothing else.
 */
#ifndef PQ_BELL_H
#define PQ_BELL_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/** Take all posts off a bell; of a damaged one, not for ever.
 * @retval true there were some */
bool pq_bell_empty(sem_t *bell);

/* How long to linger where something is about to happen: as long as the end
 * of a process takes, and what comes of it; ns. */
#ifndef PQ_LINGER
# define PQ_LINGER (50 * PQ_MICRO)
#endif

/**
 * Sleep until woken, or until the deadline.
 * @param wants PROCQ_WAIT_ROOM and so on, shown to those who wake
 * @param time let others run so long before the sleep, or a few turns; ns.
 * Not if another is on the lookout for the same, and a third sleeps for it
 * @param worth is there anything already? Asked between those turns, and
 * once more after wants is shown
 * @param owed what it has been on the lookout for, or woken for, is added:
 * room, arrivals. The caller owes a wake-up for that, if there is more than it
 * takes, before it does anything else than to wait for it again
 * @retval 0 woken, or it was worth it
 * @retval -ETIMEDOUT, -EINTR
 */
int pq_bell_wait(struct pq_segment *seg, unsigned place, unsigned wants,
		 int64_t time, int64_t deadline, bool (*worth)(void *),
		 void *arg, unsigned *owed);

/** No lookout any more: it has not been heard of as long as somebody slept for
 * the same. Harmless if it lives. */
void pq_bell_relieve(struct pq_segment *seg, unsigned wants);

/** Show, and no longer show, what this participant waits for, where it
 * sleeps by other means. True: it was woken meanwhile.
 * @param owed as of pq_bell_wait() */
void pq_bell_show(struct pq_segment *seg, unsigned place, unsigned wants);
bool pq_bell_hide(struct pq_segment *seg, unsigned place, unsigned wants,
		  unsigned *owed);

/** Clear what a dead participant shows, and end its watch. */
void pq_bell_hide_dead(struct pq_segment *seg, unsigned place);

/** Wake one that waits for room, for an arrival; nobody, if one is on the
 * lookout for it. Async-signal-safe. */
void pq_wake_room(struct pq_segment *seg);
void pq_wake_arrival(struct pq_segment *seg);
/** Wake all that wait for an arrival, for an exit: not all of them can do
 * something about each. */
void pq_wake_all_arrivals(struct pq_segment *seg);
void pq_wake_all_exits(struct pq_segment *seg);

/** Wake this participant if it waits for any of these. Async-signal-safe. */
void pq_wake(struct pq_segment *seg, unsigned place, unsigned wants);

#endif
