/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * lease.c - setting a lease, and enforcing it.
 * Must not sleep, nor touch a record that a process has entered.
 *
 * When a lease is over, the limit is none: a process that looks at it reads the
 * clock (term.h). A producer does so between the load of a free record's word
 * and its CAS, as with any limit; limit.c says why no start that looked too
 * early comes through once the free ring was gone through. What was reserved
 * before is taken back here: RESERVED to FREE, in a new generation, then it is
 * parked. So a child that was stopped on its way, after its own look at the
 * clock, loses its CAS, and exits before it executes anything. When that is
 * done, nothing can come to life any more, whatever is continued later.
 *
 * The word is loaded, then it is seen that the lease is still the same, then
 * the CAS is done. In this order, one that was stopped in between takes nothing
 * that was reserved with a later lease: every setting has another serial.
 *
 * The lease and the grant are two words, and a setter may be killed between
 * two steps. So whatever becomes less comes first: the grant is lowered, then
 * the lease is set, then the grant is raised. What stands after a kill is the
 * old time or the new one, with as many slots as the lesser of both: never more
 * for longer than what was asked, then or now.
 *
 * The epoch is in the grant. The first step raises it, and from then on an
 * older holder fails: at the grant by the CAS, and at the lease because it
 * loads that, then sees that the epoch is not later than its own, then does
 * the CAS. If the CAS succeeds though the epoch has been raised in between,
 * the new holder's own is still to come, and overwrites it. model/lease.pml.
 */
#include <config.h>

#include <errno.h>

#include "fence.h"
#include "lease.h"
#include "limit.h"
#include "record.h"
#include "term.h"

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* false: a later holder has it. */
static bool set_grant(struct pq_segment *seg, uint64_t epoch, uint32_t slots,
		      bool lower)
{
	uint64_t grant = atomic_load(&seg->header->grant), to;

	do {
		if (pq_grant_epoch(grant) > epoch)
			return false;
		to = pq_grant(lower ? lesser(slots, pq_grant_slots(grant))
				    : slots, epoch);
	} while (!atomic_compare_exchange_strong(&seg->header->grant, &grant,
						 to));
	return true;
}

static bool set_lease(struct pq_segment *seg, const struct procq_lease *terms)
{
	uint64_t lease = atomic_load(&seg->header->lease), to;

	do {
		if (pq_grant_epoch(atomic_load(&seg->header->grant)) >
		    terms->epoch)
			return false;
		to = pq_lease(terms->policy,
			      terms->policy == PROCQ_POLICY_NONE
				      ? 0
				      : pq_until(terms->deadline),
			      pq_lease_serial(lease) + 1);
	} while (!atomic_compare_exchange_strong(&seg->header->lease, &lease,
						 to));
	return true;
}

int pq_lease_set(struct pq_segment *seg, const struct procq_lease *terms)
{
	uint64_t gate;
	uint32_t limit;

	if (!set_grant(seg, terms->epoch, terms->granted, true) ||
	    !set_lease(seg, terms) ||
	    !set_grant(seg, terms->epoch, terms->granted, false))
		return -ENOTCONN;
	if (!pq_limit_settle(seg))
		return -EBADMSG;
	pq_lease_enforce(seg);
	gate = atomic_load(&seg->header->gate);
	limit = pq_term_limit(seg, gate);
	return pq_gate_have(gate) > limit ? (int)(pq_gate_have(gate) - limit)
					  : 0;
}

void pq_lease_get(const struct pq_segment *seg, struct procq_lease *out)
{
	uint64_t lease = atomic_load(&seg->header->lease);
	uint64_t grant = atomic_load(&seg->header->grant);
	uint64_t until = pq_lease_until(lease);

	*out = (struct procq_lease)PROCQ_LEASE_INIT;
	out->policy = pq_lease_policy(lease);
	out->granted = pq_grant_slots(grant);
	out->epoch = pq_grant_epoch(grant);
	pq_fence_read(seg, out);
	if (out->policy == PROCQ_POLICY_NONE)
		return;
	if (until != PQ_UNTIL_NEVER)
		out->deadline = (int64_t)(until << PQ_UNTIL_SHIFT);
	out->over = pq_term_is_over(lease, pq_clock_life());
}

/* false: it was set anew meanwhile. */
static bool take_back(struct pq_segment *seg, uint64_t lease)
{
	for (uint32_t slot = 0; slot < seg->capacity; slot++) {
		uint64_t word = pq_load_word(seg, slot);

		if (pq_word_state(word) != PROCQ_STATE_RESERVED)
			continue;
		if (atomic_load(&seg->header->lease) != lease)
			return false;
		pq_record_cancel(seg, slot, word);
	}
	return atomic_load(&seg->header->lease) == lease;
}

void pq_lease_enforce(struct pq_segment *seg)
{
	uint64_t lease = atomic_load(&seg->header->lease);
	uint64_t enforced = atomic_load(&seg->header->enforced);

	if (!lease || enforced == lease || !pq_term_stops(lease))
		return;
	/* First what is free: from then on, nothing more is reserved. */
	if (pq_limit_settle(seg) && take_back(seg, lease))
		atomic_compare_exchange_strong(&seg->header->enforced,
					       &enforced, lease);
}
