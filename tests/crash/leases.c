/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * leases.c - operations on a lease, and beside one.
 */
#include <config.h>

#include "hands.h"

#include "handle.h"
#include "lease.h"
#include "record.h"
#include "../kit/records.h"

#define HOUR (3600 * 1000 * MS)

static int set(struct procq *q, unsigned policy, int64_t in, uint32_t granted)
{
	struct procq_lease l = PROCQ_LEASE_INIT;

	l.policy = policy;
	l.deadline = procq_life() + in;
	l.epoch = 1;
	l.granted = granted;
	return procq_set_lease(q, &l);
}

/* It runs out, and nobody has seen that yet. */
static void let_run_out(struct pq_segment *seg, unsigned policy)
{
	atomic_store(&seg->header->lease, pq_lease(policy, 1, 77));
}

int run_lease_lower(struct hands *h)
{
	return set(h->consumer, PROCQ_POLICY_KEEP, HOUR, 1);
}

void prepare_lowered_lease(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	must(run_lease_lower(h) >= 0);
}

int run_lease_raise(struct hands *h)
{
	return set(h->consumer, PROCQ_POLICY_NONE, 0, PROCQ_UNBOUNDED);
}

int run_lease_release(struct hands *h)
{
	return set(h->consumer, PROCQ_POLICY_KEEP, -1, PROCQ_UNBOUNDED);
}

int run_lease_fence(struct hands *h)
{
	return procq_fence(h->consumer, 1, "somebody");
}

/* Something free, something reserved. */
void prepare_reserved(struct hands *h)
{
	uint64_t word;

	h->producer = join(PROCQ_ROLE_PRODUCER);
	must(records_reserve(h->producer, &word) >= 0);
}

int run_enforce(struct hands *h)
{
	/* Not before: whoever sees it enforces it. */
	let_run_out(h->producer->seg, PROCQ_POLICY_KEEP);
	pq_lease_enforce(h->producer->seg);
	return 0;
}

/* A child looks at the clock before it enters. */
void prepare_leased(struct hands *h)
{
	h->producer = join(PROCQ_ROLE_PRODUCER);
	must(set(h->producer, PROCQ_POLICY_KEEP, HOUR, PROCQ_UNBOUNDED) == 0);
}

/* There is a gap that nobody waits for any more. */
void prepare_ending(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	must(procq_set_gap(h->consumer, HOUR) == 0);
	atomic_store(&h->consumer->seg->header->ended, procq_life());
	let_run_out(h->consumer->seg, PROCQ_POLICY_END);
}
