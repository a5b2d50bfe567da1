/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * ration.h - permits from outside: endings are rationed by a giver, for many
 * hosts, say. A permit is a cell of the header, by its number:
 *
 *	FREE -> UNUSED		by the giver
 *	UNUSED -> claim -> bond	by a taker, as permit.h has it
 *	bond -> FREE		by the giver, when that ending is over
 *	UNUSED -> FREE		by the giver; and so what a dead or a quick
 *				taker has left unused
 *
 * So a permit belongs to the record that was taken with it, and to no
 * participant: a taker that is killed after its signal leaves that record to be
 * finished, by any other, with the same permit.
 */
#ifndef PQ_RATION_H
#define PQ_RATION_H

#include <stdbool.h>
#include <stdint.h>

#include "permit.h"

/** Does an ending need a permit? */
bool pq_ration_needed(const struct pq_segment *seg);

/* ---- of the giver ---- */

/** Say whether permits are needed. From then on, a giver with an earlier epoch
 * gives none.
 * @param owner of the giver, to be woken
 * @retval false there is a later one */
bool pq_ration_set(struct pq_segment *seg, uint64_t epoch, unsigned owner,
		   bool needed);
/** Give a permit.
 * @retval -ENOTCONN there is a giver with a later epoch, or none
 * @retval -EALREADY there is one of that number */
int pq_ration_give(struct pq_segment *seg, uint64_t epoch, unsigned number);
/** Take it back, if it is unused, or that ending is over.
 * @retval -ENOTCONN as above
 * @retval -EBUSY it is in use */
int pq_ration_withdraw(struct pq_segment *seg, uint64_t epoch, unsigned number);
/** What is it now? @return an enum procq_permit_state */
unsigned pq_ration_state(struct pq_segment *seg, unsigned number);
/** Which participants want one?
 * @param started out: the earliest start of a process that they would end
 * @return how many */
unsigned pq_ration_wishes(struct pq_segment *seg, int64_t *started);
/** Wake the giver. */
void pq_ration_call(struct pq_segment *seg);

/* ---- of a taker ---- */

/** Claim a permit to take the process of this slot: the one that it still has
 * from an earlier take, or any that is unused.
 * @retval false there is none now */
bool pq_ration_claim(struct pq_segment *seg, uint64_t incarnation,
		     uint32_t slot, struct pq_permit *out);
/** Nothing was taken with it. */
void pq_ration_unclaim(struct pq_segment *seg, struct pq_permit *permit);
/** Is one there that is unused? */
bool pq_ration_usable(struct pq_segment *seg);
/** Is there an ending that a dead participant has begun? out->slot, out->word
 * have it. */
bool pq_ration_unfinished(struct pq_segment *seg, struct pq_permit *out);
/** This participant wants one, to end a process that has started then. */
void pq_ration_wish(struct pq_segment *seg, unsigned place, int64_t started);
/** It wants none any more. */
void pq_ration_unwish(struct pq_segment *seg, unsigned place);

#endif
