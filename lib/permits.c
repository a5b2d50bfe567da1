/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * permits.c - the public functions of the giver of permits: say whether endings
 * need one, give one, take one back, look.
 * Must not end a process, nor decide which is ended: takers do.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "handle.h"
#include "ration.h"

int procq_need_permits(struct procq *q, uint64_t epoch, int needed)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	if (epoch > PROCQ_EPOCH_MAX)
		return -ERANGE;
	return pq_ration_set(q->seg, epoch, pq_owner(q), needed != 0)
		       ? 0
		       : -ENOTCONN;
}

static int usable_giver(const struct procq *q, uint64_t epoch, unsigned number)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	return epoch > PROCQ_EPOCH_MAX || number < 1 ||
			       number > PROCQ_PERMITS_MAX
		       ? -ERANGE
		       : 0;
}

int procq_give_permit(struct procq *q, uint64_t epoch, unsigned number)
{
	int rc = usable_giver(q, epoch, number);

	return rc < 0 ? rc : pq_ration_give(q->seg, epoch, number);
}

int procq_withdraw_permit(struct procq *q, uint64_t epoch, unsigned number)
{
	int rc = usable_giver(q, epoch, number);

	return rc < 0 ? rc : pq_ration_withdraw(q->seg, epoch, number);
}

int procq_permits(const struct procq *q, struct procq_permits *out)
{
	int64_t started = 0;
	uint64_t ration;

	if (!q || !out || out->size != sizeof(*out))
		return -EINVAL;
	*out = (struct procq_permits)PROCQ_PERMITS_INIT;
	ration = atomic_load(&q->seg->header->ration);
	out->needed = pq_ration_is_needed(ration);
	out->epoch = pq_ration_epoch(ration);
	for (unsigned n = 1; n <= PROCQ_PERMITS_MAX; n++)
		out->states[n] = (uint8_t)pq_ration_state(q->seg, n);
	out->wanted = pq_ration_wishes(q->seg, &started);
	if (out->wanted > 0)
		out->oldest = pq_time_since(started, pq_clock_life());
	return 0;
}
