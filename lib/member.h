/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * member.h - participants: join, leave, who is alive.
 *
 * An incarnation is one stay of one participant: a number that is never used
 * again, and the lock byte of that number. Its place in the table is what
 * record words name as owner, and can have a new tenant only after a sweep
 * for the old one.
 */
#ifndef PQ_MEMBER_H
#define PQ_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/** The creator's seat, place 0, while nobody else sees the object. */
int pq_member_join_first(struct pq_segment *seg, unsigned role,
			 uint64_t *incarnation);

/**
 * Take a place at the table.
 * @param place of the participant, from 0
 * @retval 0
 * @retval 1 the object is being removed: open it anew
 * @retval -EUSERS no place is free, and none of a dead one either
 * @retval -ENOLCK, … the lock byte
 */
int pq_member_join(struct pq_segment *seg, unsigned role,
		   uint64_t *incarnation, unsigned *place);

/** Give the place back, swept already; the byte is still held. */
void pq_member_stand_up(struct pq_segment *seg, unsigned place,
			uint64_t incarnation);
/** Take a place again, with the byte that is still held.
 * @retval as pq_member_join() */
int pq_member_sit_again(struct pq_segment *seg, unsigned role,
			uint64_t incarnation, unsigned *place);

/** The place of an incarnation, or -1. */
int pq_member_find(const struct pq_segment *seg, uint64_t incarnation);

/** It lives: to be told from time to time, see pq_start_is_past(). */
void pq_member_show_alive(struct pq_segment *seg, unsigned place);
/** When the incarnation in this place said so last; 0: never, or it is not in
 * this place any more. */
int64_t pq_member_last_alive(const struct pq_segment *seg, unsigned place,
			     uint64_t incarnation);

/** Is this seat taken by somebody who is dead? *who is what was read. */
bool pq_member_dead(struct pq_segment *seg, unsigned place, uint64_t *member);

#endif
