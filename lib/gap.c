/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gap.c - a take that keeps the distance of its handle, see permit.h, and has a
 * permit from outside where that is needed, see ration.h.
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
#include "ration.h"
#include "record.h"
#include "take.h"
#include "term.h"

/* How long until one asks again, while another is ending a process. After its
 * death the gap follows, so nothing is missed by as long a pause. */
#define PAUSE_MIN (10 * PQ_MILLI)

/* What a take is permitted by; no cell: nothing is needed. */
struct leave {
	struct pq_permit gap, ration;
};

/* The permit of the gap to take this one: claimed, or still bound to it. */
static bool claim_gap(struct procq *q, uint32_t slot, struct pq_permit *permit)
{
	if (!q->gap)
		return true;
	switch (pq_permit_look(q->seg, permit)) {
	case PQ_LEAVE_ONE:
		return permit->slot == slot;
	case PQ_LEAVE_ANY:
		return pq_permit_left(q->seg, q->gap) == 0 &&
		       pq_permit_move(permit, pq_permit_claim(q->incarnation));
	case PQ_LEAVE_NONE:
	case PQ_LEAVE_OVER:
	default:
		return false;
	}
}

static void unclaim_gap(struct pq_permit *permit)
{
	/* Not for what is still to be finished. */
	if (permit->cell && pq_permit_is_claim(permit->value))
		pq_permit_move(permit, 0);
}

/* People, and those that end what is theirs, need none. */
static bool is_rationed(const struct procq *q)
{
	return q->role == PROCQ_ROLE_CONSUMER && pq_ration_needed(q->seg);
}

static bool claim_ration(struct procq *q, uint32_t slot,
			 struct pq_permit *permit)
{
	if (!is_rationed(q))
		return true;
	if (pq_ration_claim(q->seg, q->incarnation, slot, permit))
		return true;
	permit->cell = NULL;
	pq_ration_wish(q->seg, q->place,
		       atomic_load_explicit(&q->seg->records[slot].started,
					    memory_order_relaxed));
	return false;
}

static bool claim(struct procq *q, uint32_t slot, struct leave *l)
{
	if (!claim_gap(q, slot, &l->gap))
		return false;
	if (claim_ration(q, slot, &l->ration))
		return true;
	unclaim_gap(&l->gap);
	return false;
}

static bool bind(struct leave *l, uint32_t slot, uint64_t word)
{
	uint64_t bond = pq_permit_bond(slot, pq_word_gen(word));

	return (!l->gap.cell || pq_permit_move(&l->gap, bond)) &&
	       (!l->ration.cell || pq_permit_move(&l->ration, bond));
}

int pq_gap_take(struct procq *q, uint32_t slot, uint64_t word,
		uint64_t position)
{
	struct leave leave = { { .cell = NULL }, { .cell = NULL } };
	int rc;

	/* The end of a lease waits for nothing. */
	if ((!q->gap && !is_rationed(q)) ||
	    pq_word_state(word) == PROCQ_STATE_EXITED ||
	    pq_term_ends(q->seg))
		return pq_take(q, slot, word, position);
	if (!claim(q, slot, &leave))
		return -EBUSY;
	rc = pq_take(q, slot, word, position);
	if (rc < 0) {
		unclaim_gap(&leave.gap);
		if (leave.ration.cell)
			pq_ration_unclaim(q->seg, &leave.ration);
		return rc;
	}
	if (bind(&leave, slot, word)) {
		if (leave.ration.cell)
			pq_ration_unwish(q->seg, q->place);
		return 0;
	}
	/* Others have taken this participant for dead. */
	pq_take_return(q, slot);
	return -EBUSY;
}

/* Of those that have permits from outside. */
static bool find_unfinished(struct procq *q, struct procq_process *first)
{
	struct pq_permit permit;

	if (!is_rationed(q) || !pq_ration_unfinished(q->seg, &permit))
		return false;
	pq_record_describe(q->seg, permit.slot, permit.word, first);
	return true;
}

int pq_gap_look(struct procq *q, int64_t *when, struct procq_process *first)
{
	struct pq_permit permit;
	int64_t left = q->gap, now;

	if (pq_term_ends(q->seg))
		return 0;
	if (!q->gap)
		return find_unfinished(q, first);
	switch (pq_permit_look(q->seg, &permit)) {
	case PQ_LEAVE_ONE:
		pq_record_describe(q->seg, permit.slot, permit.word, first);
		return 1;
	case PQ_LEAVE_ANY:
		left = pq_permit_left(q->seg, q->gap);
		if (left == 0)
			return find_unfinished(q, first);
		break;
	case PQ_LEAVE_NONE:
	case PQ_LEAVE_OVER:
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
