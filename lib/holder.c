/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * holder.c - the public functions of the holder of a lease: set it, read it.
 * Must not change a record, but for those that are parked or taken back
 * because of it.
 */
#include <config.h>

#include <errno.h>

#include "fence.h"
#include "handle.h"
#include "lease.h"

/* Whatever a damaged object has is kept within what it can hold. */
static bool is_valid(const struct procq_lease *terms)
{
	return terms->size == sizeof(*terms) &&
	       terms->policy <= PROCQ_POLICY_CONTINUE;
}

int procq_set_lease(struct procq *q, const struct procq_lease *terms)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	if (!terms || !is_valid(terms))
		return -EINVAL;
	if (terms->epoch > PROCQ_EPOCH_MAX ||
	    (terms->granted != PROCQ_UNBOUNDED &&
	     terms->granted > q->seg->capacity))
		return -ERANGE;
	return pq_lease_set(q->seg, terms);
}

int procq_fence(struct procq *q, uint64_t epoch, const char *by)
{
	struct procq_lease terms = PROCQ_LEASE_INIT;
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	if (!by || !*by)
		return -EINVAL;
	if (epoch > PROCQ_EPOCH_MAX)
		return -ERANGE;
	rc = pq_fence_note(q->seg, epoch, by);
	if (rc < 0)
		return rc;
	pq_lease_get(q->seg, &terms);
	if (terms.policy == PROCQ_POLICY_NONE)
		terms.policy = PROCQ_POLICY_KEEP;
	terms.deadline = 0;
	terms.epoch = epoch;
	terms.granted = 0;
	rc = pq_lease_set(q->seg, &terms);
	return rc < 0 ? rc : 0;
}

int procq_lease(const struct procq *q, struct procq_lease *out)
{
	if (!q || !out)
		return -EINVAL;
	pq_lease_get(q->seg, out);
	return 0;
}
