/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * member.h - participants: join, leave, which are alive.
 *
 * An incarnation is one stay of one participant: a number that is never used
 * again. While it lasts, the participant holds the lock byte of that number.
 * It sits in a place of the table, which record words name as their owner. A
 * place gets a new tenant only after a sweep for the old one.
 */
#ifndef PQ_MEMBER_H
#define PQ_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/** Place 0, for the creator, while no other process sees the object.
 * @retval 0
 * @retval -ENOLCK, … the lock byte */
int pq_member_join_first(struct pq_segment *seg, unsigned role,
			 uint64_t *incarnation);

/**
 * Draw an incarnation, hold its byte, take a place in the table.
 * @param place of the participant, from 0
 * @retval 0
 * @retval 1 the object is being removed: open it anew
 * @retval -EUSERS no place is empty
 * @retval -EBADMSG the counter of incarnations is damaged
 * @retval -EBUSY seg->reader has locked all bytes, though it can only read
 * @retval -ENOLCK, … the lock byte
 */
int pq_member_join(struct pq_segment *seg, unsigned role,
		   uint64_t *incarnation, unsigned *place);

/** Empty the place, which is swept already. The byte is still held. */
void pq_member_stand_up(struct pq_segment *seg, unsigned place,
			uint64_t incarnation);
/** Take a place again, for an incarnation whose byte is still held.
 * @retval as of pq_member_join() */
int pq_member_sit_again(struct pq_segment *seg, unsigned role,
			uint64_t incarnation, unsigned *place);

/** Is the place this incarnation's? Not any more, if others have taken it for
 * dead. */
bool pq_member_is(const struct pq_segment *seg, unsigned place,
		  uint64_t incarnation);

/** The place of an incarnation, or -1. */
int pq_member_find(const struct pq_segment *seg, uint64_t incarnation);

/** Record that this participant is alive: see pq_start_is_past(). */
void pq_member_show_alive(struct pq_segment *seg, unsigned place);
/** When the incarnation recorded that last. 0: never, or it is not in this
 * place any more. */
int64_t pq_member_last_alive(const struct pq_segment *seg, unsigned place,
			     uint64_t incarnation);

/** Is the participant in this place dead?
 * @param member what was read there; 0: the place is empty */
bool pq_member_dead(struct pq_segment *seg, unsigned place, uint64_t *member);

#endif
