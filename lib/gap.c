/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gap.c - a take that keeps the distance of its handle; see permit.h.
 * Must not signal a process.
 *
 * First the permit is claimed, then the record is taken, then the permit is
 * bound to it; only then may it be signalled. Claiming first spares others a
 * take in vain, which would put the process behind all others.
 */
#include <config.h>

#include <errno.h>

#include "clock.h"
#include "gap.h"
#include "permit.h"
#include "record.h"
#include "take.h"
#include "term.h"

/* How long until one asks again, while another is ending a process. After its
 * death the gap follows, so nothing is missed by as long a pause. */
#define PAUSE_MIN (10 * PQ_MILLI)

/* The permit to take this one: claimed, or still bound to it. */
static int claim(struct procq *q, uint32_t slot, struct pq_permit *permit)
{
	switch (pq_permit_look(q->seg, permit)) {
	case PQ_LEAVE_ONE:
		return permit->slot == slot ? 0 : -EBUSY;
	case PQ_LEAVE_ANY:
		if (pq_permit_left(q->seg, q->gap) == 0 &&
		    pq_permit_move(q->seg, permit,
				   pq_permit_claim(q->incarnation)))
			return 0;
		return -EBUSY;
	case PQ_LEAVE_NONE:
	default:
		return -EBUSY;
	}
}

int pq_gap_take(struct procq *q, uint32_t slot, uint64_t word,
		uint64_t position)
{
	struct pq_permit permit;
	int rc;

	/* The end of a lease waits for no gap. */
	if (!q->gap || pq_word_state(word) == PROCQ_STATE_EXITED ||
	    pq_term_ends(q->seg))
		return pq_take(q, slot, word, position);
	rc = claim(q, slot, &permit);
	if (rc < 0)
		return rc;
	rc = pq_take(q, slot, word, position);
	if (rc < 0) {
		/* Not for what is still to be finished. */
		if (pq_permit_is_claim(permit.value))
			pq_permit_move(q->seg, &permit, 0);
		return rc;
	}
	if (pq_permit_move(q->seg, &permit,
			   pq_permit_bond(slot, pq_word_gen(word))))
		return 0;
	/* Others have taken this participant for dead. */
	pq_take_return(q, slot);
	return -EBUSY;
}

int pq_gap_look(struct procq *q, int64_t *when, struct procq_process *first)
{
	struct pq_permit permit;
	int64_t left = q->gap, now;

	if (!q->gap || pq_term_ends(q->seg))
		return 0;
	switch (pq_permit_look(q->seg, &permit)) {
	case PQ_LEAVE_ONE:
		pq_record_describe(q->seg, permit.slot, permit.word, first);
		return 1;
	case PQ_LEAVE_ANY:
		left = pq_permit_left(q->seg, q->gap);
		if (left == 0)
			return 0;
		break;
	case PQ_LEAVE_NONE:
	default:
		if (left < PAUSE_MIN)
			left = PAUSE_MIN;
		if (left > PROCQ_PATIENCE)
			left = PROCQ_PATIENCE;
		break;
	}
	now = pq_now();
	*when = left < INT64_MAX - now ? now + left : PROCQ_FOREVER;
	return -EBUSY;
}
