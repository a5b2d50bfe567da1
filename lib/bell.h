/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * bell.h - waiting and waking. A ring means "look again" and nothing else.
 */
#ifndef PQ_BELL_H
#define PQ_BELL_H

#include <stdbool.h>
#include <stdint.h>

#include "segment.h"

/** Take all posts off a bell; of a damaged one, not for ever.
 * @retval true there were some */
bool pq_bell_empty(sem_t *bell);

/* How long to linger where something is about to happen: as long as the end
 * of a process takes, and what comes of it; ns. */
#ifndef PQ_LINGER
# define PQ_LINGER (50 * PQ_MICRO)
#endif

/**
 * Sleep until rung, or until the deadline.
 * @param wants PROCQ_ROOM and so on, shown to those who ring
 * @param time let others run so long before the sleep, or a few turns; ns
 * @param worth is there anything already? Asked between those turns, and
 * once more after wants is shown
 * @retval 0 rung, or it was worth it
 * @retval -ETIMEDOUT, -EINTR
 */
int pq_bell_wait(struct pq_segment *seg, unsigned place, unsigned wants,
		 int64_t time, int64_t deadline, bool (*worth)(void *),
		 void *arg);

/** Show, and no longer show, what this participant waits for, where it
 * sleeps by other means. True: it was rung meanwhile. */
void pq_bell_show(struct pq_segment *seg, unsigned place, unsigned wants);
bool pq_bell_hide(struct pq_segment *seg, unsigned place, unsigned wants);

/** Clear what a dead participant shows. */
void pq_bell_hide_dead(struct pq_segment *seg, unsigned place);

/** Wake one that waits for room, for an arrival. Async-signal-safe. */
void pq_bell_ring_room(struct pq_segment *seg);
void pq_bell_ring_arrival(struct pq_segment *seg);
/** Wake all that wait for an arrival, for an exit: not all of them can do
 * something about each. */
void pq_bell_ring_arrivals(struct pq_segment *seg);
void pq_bell_ring_exits(struct pq_segment *seg);

/** Wake this participant if it waits for any of these. Async-signal-safe. */
void pq_bell_ring(struct pq_segment *seg, unsigned place, unsigned wants);

#endif
