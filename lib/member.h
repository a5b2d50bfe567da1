/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * member.h - participants: join, leave, who is alive; and their tallies.
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

#include "segment.h"

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

/*
 * Counting exactly once, although the counter may be killed between the CAS
 * on the word and the count. The intent names the record and its generation,
 * the kind, and whether the count is odd before. The sweep finds it: if the
 * word has moved on and the count is as odd as before, the count is one
 * behind.
 */
void pq_tally_begin(struct pq_participant *me, enum pq_tally kind,
		    uint32_t slot, uint64_t gen);
void pq_tally_end(struct pq_participant *me, bool done);
/** The sweep's part, for the dead incarnation in this place. */
void pq_tally_repair(const struct pq_segment *seg, unsigned place,
		     uint64_t member);

#endif
