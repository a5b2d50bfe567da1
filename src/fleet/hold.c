/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold.c - what the object has of the lease; see hold.h. Must not speak to the
 * engine.
 */
#include <config.h>

#include <errno.h>

#include "complain.h"
#include "i18n.h"

#include "hold.h"
#include "permit.h"

#define MORE_MAX 64u

bool hold_fail(struct helper *h, int err)
{
	complain(_("queue '%s': %s"), h->f->local, _(procq_strerror(err)));
	h->status = EXIT_FAILED;
	h->leave = true;
	return false;
}

bool hold_set(struct helper *h, uint32_t granted, int64_t deadline,
	      uint64_t epoch)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	int rc;

	l.policy = h->policy;
	l.deadline = deadline;
	l.epoch = epoch;
	l.granted = granted;
	rc = procq_set_lease(h->q, &l);
	if (rc == -ENOTCONN) {
		/* Another helper is here: it has a later epoch. */
		h->leave = true;
		return false;
	}
	if (rc < 0)
		return hold_fail(h, rc);
	h->granted = granted;
	h->deadline = deadline;
	return true;
}

bool hold_fence(struct helper *h)
{
	h->attached = false;
	permit_fence(h);
	return hold_set(h, 0, 0, h->epoch);
}

bool hold_released(struct helper *h, const char *by)
{
	int err = procq_fence(h->q, h->epoch, *by ? by : "?");

	if (err < 0 && err != -ENOTCONN)
		return hold_fail(h, err);
	return hold_fence(h);
}

bool hold_read(struct helper *h)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	struct procq_permits p = PROCQ_PERMITS_INIT;
	int err = procq_lease(h->q, &l);

	if (err == 0)
		err = procq_permits(h->q, &p);
	if (err < 0)
		return hold_fail(h, err);
	/* One that was killed may have set the one, and not the other. */
	if (l.epoch > h->epoch)
		h->epoch = l.epoch;
	if (p.epoch > h->epoch)
		h->epoch = p.epoch;
	h->granted = l.granted;
	h->policy = l.policy;
	h->deadline = l.deadline;
	/* It has run out, so others may have been granted it. */
	h->ends_all = l.policy == PROCQ_POLICY_END && l.over;
	if (h->ends_all && l.granted > 0)
		return hold_fence(h);
	return true;
}

bool hold_count(struct helper *h)
{
	int err = procq_stat(h->q, &h->stat);
	int64_t now = procq_life();

	if (err < 0)
		return hold_fail(h, err);
	if (now - h->looked >= HELPER_LOOK) {
		h->turns = h->looked ? h->stat.started - h->started : 0;
		h->started = h->stat.started;
		h->looked = now;
	}
	return true;
}

uint32_t hold_have(const struct helper *h)
{
	uint32_t unparked = h->stat.capacity -
			    (uint32_t)h->stat.states[PROCQ_STATE_PARKED];

	return unparked > h->granted ? unparked : h->granted;
}

uint32_t hold_want(const struct helper *h)
{
	bool busy = h->turns > h->granted;
	uint32_t n = h->stat.wanted;

	/* Processes live so short that a look sees few of them: but all slots
	 * were in use, and again. */
	if (busy && n < h->granted)
		n = h->granted;
	if (busy || h->stat.waiting_room > 0)
		n += h->granted < MORE_MAX ? h->granted : MORE_MAX;
	if (h->stat.closed != PROCQ_OPEN)
		n = (uint32_t)h->stat.present;
	return n < h->stat.limit ? n : h->stat.limit;
}
