/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * permit.h - endings that keep their distance: one at a time over all
 * participants with a gap, and the next not before the gap after the last
 * confirmed death. A permit that comes from outside, ration.h, is judged in the
 * same way.
 *
 * Nobody gives the permit back. It names what it was used for: a participant
 * that is about to take a process, or the record that was taken, in its
 * generation. A participant that wants it judges by that whether it is in use:
 *
 *	claim	of a participant that is alive		in use
 *		of a dead one: nothing was signalled	free
 *	bond	TAKEN in that generation		in use
 *		that life is over			free
 *		put back, and never signalled		free
 *		put back, and signalled			to be finished first
 *
 * So SIGKILL may fall anywhere: what a dead participant had taken is put back
 * by the sweep, and that shows what to do.
 */
#ifndef PQ_PERMIT_H
#define PQ_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

enum pq_leave {
	PQ_LEAVE_ANY,		/* it is free */
	PQ_LEAVE_ONE,		/* only to finish what a dead one has begun */
	PQ_LEAVE_NONE,		/* it is in use */
	PQ_LEAVE_OVER		/* that ending is over; pq_permit_look(): ANY */
};

struct pq_permit {
	_Atomic uint64_t *cell;	/* where it is */
	uint64_t value;		/* … and what it has, for the CAS */
	uint64_t word;		/* LEAVE_ONE: of the record, QUEUED or EXITED */
	uint32_t slot;		/* … and which that is */
};

/** Judge a permit by its value. One that is free or unused is nobody's: ANY. */
enum pq_leave pq_permit_judge(struct pq_segment *seg, struct pq_permit *permit);
/** Judge the permit of the queue's own gap. */
enum pq_leave pq_permit_look(struct pq_segment *seg, struct pq_permit *out);
/** How long the gap after the last confirmed death still lasts, in ns; 0: it
 * is over. After pq_permit_look() only. */
int64_t pq_permit_left(const struct pq_segment *seg, int64_t gap);
/** One CAS, from the value that was judged. */
bool pq_permit_move(struct pq_permit *permit, uint64_t to);
/** The death of a process that was signalled is confirmed. Before its record
 * is released. */
void pq_permit_ended(struct pq_segment *seg);

#endif
