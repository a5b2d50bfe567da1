/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * permits.c - operations on permits from outside. One that a victim has left in
 * use has to be of use for those that come after it, for the same process or
 * for another: they get no other.
 */
#include <config.h>

#include <errno.h>

#include "hands.h"

#include "handle.h"
#include "record.h"
#include "sweep.h"

/* Earlier than any that the others have. */
#define EPOCH 1
#define LATER 2

static void need_permits(struct procq *q)
{
	must(procq_need_permits(q, EPOCH, 1) == 0);
	must(procq_give_permit(q, EPOCH, 1) == 0);
}

void prepare_permit(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	need_permits(h->consumer);
}

void prepare_no_permit(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	must(procq_need_permits(h->consumer, EPOCH, 1) == 0);
}

int run_give(struct hands *h)
{
	return procq_give_permit(h->consumer, EPOCH, 1);
}

int run_withdraw(struct hands *h)
{
	return procq_withdraw_permit(h->consumer, EPOCH, 1);
}

/* A dead one has signalled what it has taken with it. */
void dead_permitted(struct hands *h)
{
	prepare_permit(h);
	take(h);
	pq_record_sent(h->consumer->seg, h->slot, SIGTERM, false);
}

bool permits_needed(struct procq *q)
{
	struct procq_permits all = PROCQ_PERMITS_INIT;

	return procq_permits(q, &all) == 0 && all.needed;
}

void renew_permit(struct procq *q)
{
	struct procq_permits all = PROCQ_PERMITS_INIT;

	must(procq_need_permits(q, LATER, 1) == 0);
	must(procq_permits(q, &all) == 0);
	if (all.states[1] == PROCQ_PERMIT_OVER)
		must(procq_withdraw_permit(q, LATER, 1) == 0);
	if (all.states[1] == PROCQ_PERMIT_OVER ||
	    all.states[1] == PROCQ_PERMIT_NONE)
		must(procq_give_permit(q, LATER, 1) == 0);
}
