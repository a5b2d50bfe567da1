/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * ration.c - permits from outside; see ration.h, and permit.h for when one is
 * in use. Must not change a record, nor wait.
 *
 * A giver may be stopped at any instruction, and go on beside its successor. So
 * a permit that it was granted must not come into the object when the successor
 * has reported what is there. The successor raises the epoch of the ration, then
 * that of each free cell; then it looks. A giver reads a cell, sees that the
 * epoch of the ration is its own, then does the CAS: if the successor has looked
 * in between, the cell has the later epoch, and the CAS fails.
 *
 * A claim that is given up becomes a permit of the present epoch: its giver has
 * seen the claim, and counts it as in use.
 */
#include <config.h>

#include <errno.h>

#include "bell.h"
#include "clock.h"
#include "lock.h"
#include "ration.h"
#include "term.h"

/* A taker that waits for a permit asks again every PROCQ_PATIENCE. One that
 * has not for so long is stopped, or wants none any more. */
#define WISH_MAX (4 * PROCQ_PATIENCE)

static _Atomic uint64_t *cell(struct pq_segment *seg, unsigned number)
{
	return &seg->header->permits[number - 1];
}

bool pq_ration_needed(const struct pq_segment *seg)
{
	return pq_ration_is_needed(atomic_load(&seg->header->ration));
}

static bool is_giver(const struct pq_segment *seg, uint64_t epoch)
{
	return pq_ration_epoch(atomic_load(&seg->header->ration)) == epoch;
}

/* ---- the giver ---- */

/* What is free is free for this epoch, and for no earlier one. */
static void raise_epoch(_Atomic uint64_t *at, uint64_t epoch)
{
	uint64_t value = atomic_load(at);

	while (pq_permit_kind(value) == PQ_PERMIT_FREE &&
	       pq_permit_epoch(value) < epoch &&
	       !atomic_compare_exchange_strong(at, &value,
					       pq_permit_free(epoch)))
		;
}

bool pq_ration_set(struct pq_segment *seg, uint64_t epoch, unsigned owner,
		   bool needed)
{
	uint64_t ration = atomic_load(&seg->header->ration);

	do {
		if (pq_ration_epoch(ration) > epoch)
			return false;
	} while (!atomic_compare_exchange_strong(
		&seg->header->ration, &ration,
		pq_ration(needed, owner, epoch)));
	for (unsigned n = 1; n <= PROCQ_PERMITS_MAX; n++)
		raise_epoch(cell(seg, n), epoch);
	return true;
}

/* Those that wait for one. One that has not shown that yet looks once more
 * before it sleeps. */
static void wake_takers(struct pq_segment *seg)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (atomic_load_explicit(&seg->participants[i].wished,
					 memory_order_relaxed))
			pq_wake(seg, i, PROCQ_WAIT_PERMIT);
}

int pq_ration_give(struct pq_segment *seg, uint64_t epoch, unsigned number)
{
	uint64_t value = atomic_load(cell(seg, number));

	if (!is_giver(seg, epoch))
		return -ENOTCONN;
	if (pq_permit_kind(value) != PQ_PERMIT_FREE)
		return -EALREADY;
	/* A giver that was stopped here gives nothing that its successor does
	 * not know of. */
	if (pq_permit_epoch(value) > epoch ||
	    !atomic_compare_exchange_strong(cell(seg, number), &value,
					    pq_permit_unused(epoch)))
		return -ENOTCONN;
	wake_takers(seg);
	return 0;
}

int pq_ration_withdraw(struct pq_segment *seg, uint64_t epoch, unsigned number)
{
	struct pq_permit p = { .cell = cell(seg, number) };
	enum pq_leave leave;

	do {
		p.value = atomic_load(p.cell);
		if (!is_giver(seg, epoch))
			return -ENOTCONN;
		if (pq_permit_kind(p.value) == PQ_PERMIT_FREE)
			return 0;
		leave = pq_permit_judge(seg, &p);
		if (leave != PQ_LEAVE_ANY && leave != PQ_LEAVE_OVER)
			return -EBUSY;
		/* Another taker may claim it meanwhile. */
	} while (!pq_permit_move(&p, pq_permit_free(epoch)));
	return 0;
}

unsigned pq_ration_state(struct pq_segment *seg, unsigned number)
{
	struct pq_permit p = { .cell = cell(seg, number) };

	p.value = atomic_load(p.cell);
	if (pq_permit_kind(p.value) == PQ_PERMIT_FREE)
		return PROCQ_PERMIT_NONE;
	switch (pq_permit_judge(seg, &p)) {
	case PQ_LEAVE_ANY:
		return PROCQ_PERMIT_UNUSED;
	case PQ_LEAVE_OVER:
		return PROCQ_PERMIT_OVER;
	case PQ_LEAVE_ONE:
	case PQ_LEAVE_NONE:
	default:
		return PROCQ_PERMIT_USED;
	}
}

unsigned pq_ration_wishes(struct pq_segment *seg, int64_t *started)
{
	int64_t now = pq_clock_life();
	unsigned n = 0;

	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		const struct pq_participant *p = &seg->participants[i];
		uint64_t member = atomic_load(&p->member);
		int64_t wished = atomic_load_explicit(&p->wished,
						      memory_order_acquire);
		int64_t wish = atomic_load_explicit(&p->wish,
						    memory_order_relaxed);

		if (!member || !wished ||
		    pq_time_since(wished, now) > WISH_MAX ||
		    !pq_byte_held(seg, pq_member_incarnation(member)))
			continue;
		if (n++ == 0 || wish < *started)
			*started = wish;
	}
	return n;
}

void pq_ration_call(struct pq_segment *seg)
{
	uint64_t ration = atomic_load(&seg->header->ration);

	if (pq_ration_is_needed(ration) && pq_ration_owner(ration) > 0)
		pq_wake(seg, pq_ration_owner(ration) - 1, PROCQ_WAIT_ENDINGS);
}

/* ---- a taker ---- */

/* A host that was cut off, and then given up by a person, begins no ending with
 * what it had been given. */
static bool is_void(const struct pq_segment *seg, uint64_t value)
{
	return pq_permit_kind(value) == PQ_PERMIT_FREE ||
	       pq_term_stops(atomic_load(&seg->header->lease));
}

/* The next cell from this number on that is judged so; 0: none. */
static unsigned find(struct pq_segment *seg, unsigned from,
		     enum pq_leave wanted, struct pq_permit *out)
{
	for (unsigned n = from; n <= PROCQ_PERMITS_MAX; n++) {
		out->cell = cell(seg, n);
		out->value = atomic_load(out->cell);
		if (pq_permit_kind(out->value) != PQ_PERMIT_FREE &&
		    pq_permit_judge(seg, out) == wanted)
			return n;
	}
	return 0;
}

bool pq_ration_claim(struct pq_segment *seg, uint64_t incarnation,
		     uint32_t slot, struct pq_permit *out)
{
	unsigned n;

	for (n = 1; (n = find(seg, n, PQ_LEAVE_ONE, out)) > 0; n++)
		if (out->slot == slot)
			return true;
	for (n = 1; (n = find(seg, n, PQ_LEAVE_ANY, out)) > 0; n++)
		if (!is_void(seg, out->value) &&
		    pq_permit_move(out, pq_permit_claim(incarnation)))
			return true;
	return false;
}

void pq_ration_unclaim(struct pq_segment *seg, struct pq_permit *permit)
{
	uint64_t ration = atomic_load(&seg->header->ration);

	/* What is still to be finished stays so. */
	if (pq_permit_is_claim(permit->value))
		pq_permit_move(permit,
			       pq_permit_unused(pq_ration_epoch(ration)));
}

bool pq_ration_usable(struct pq_segment *seg)
{
	struct pq_permit p;

	return find(seg, 1, PQ_LEAVE_ANY, &p) > 0 && !is_void(seg, p.value);
}

bool pq_ration_unfinished(struct pq_segment *seg, struct pq_permit *out)
{
	return find(seg, 1, PQ_LEAVE_ONE, out) > 0;
}

void pq_ration_wish(struct pq_segment *seg, unsigned place, int64_t started)
{
	struct pq_participant *me = &seg->participants[place];
	bool known = atomic_load_explicit(&me->wished, memory_order_relaxed);

	atomic_store_explicit(&me->wish, started, memory_order_relaxed);
	atomic_store_explicit(&me->wished, pq_clock_life(),
			      memory_order_release);
	if (!known)
		pq_ration_call(seg);
}

void pq_ration_unwish(struct pq_segment *seg, unsigned place)
{
	atomic_store_explicit(&seg->participants[place].wished, 0,
			      memory_order_relaxed);
}
