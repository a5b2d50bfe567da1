/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-room.c - what to do while there is no room: make it, or wait.
 *
 * A producer's processes that have exited hold no room against it: it reports
 * them itself, if no consumer does. Must not end a process, nor report one of
 * another producer before that and the consumers had half a second.
 */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

#include "children.h"
#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"
#include "run.h"

/* If there has been no room for so long, the producer also collects what others
 * have left in the queue. */
#define COLLECT_AFTER COURTESY_MAX
/* The least time that a consumer is given; below it, none. */
#define COURTESY_MIN NS_PER_MS

bool producer_waited(struct producer *p, int64_t now)
{
	if (p->full_since == 0)
		p->full_since = now;
	if (!p->run.waits || now - p->full_since < p->run.wait)
		return false;
	p->failed = true;
	return true;
}

int64_t producer_wait_deadline(const struct producer *p)
{
	return p->run.waits ? time_after(p->full_since, p->run.wait)
			    : PROCQ_FOREVER;
}

/* How long a consumer is given to report what has exited. To one that lets this
 * pass, since it pauses, a quarter of it the next time, and so on; to one that
 * makes room, twice as much. */
static int64_t courtesy(struct producer *p)
{
	return children_have_consumer(&p->run) ? p->courtesy : 0;
}

void producer_found_room(struct producer *p)
{
	if (p->full_since > 0 && !p->made_room)
		p->courtesy = time_min(COURTESY_MAX,
				       2 * p->courtesy + COURTESY_MIN);
	p->full_since = 0;
	p->made_room = false;
}

/* Of our own, when no consumer does. */
static bool make_room(struct producer *p, int64_t now)
{
	int64_t given = courtesy(p);

	if (now - p->full_since < given || children_collect_own(&p->run) == 0)
		return false;
	if (given > 0)
		p->courtesy = given / 4 > COURTESY_MIN ? given / 4 : 0;
	p->made_room = true;
	return true;
}

/* Is it time to collect all the dead in the queue, or --wait about to be over?
 */
static bool must_collect(const struct producer *p, int64_t now)
{
	int64_t waited = now - p->full_since;

	return waited >= COLLECT_AFTER ||
	       (p->run.waits && waited >= p->run.wait);
}

/* Until there is room, or it is time to make it. */
static void await_room(struct producer *p, int64_t now)
{
	int64_t deadline = producer_wait_deadline(p);
	int64_t end = time_after(p->full_since, courtesy(p));

	if (end > now && children_have_exited(&p->run))
		deadline = time_min(deadline, end);
	producer_rest(p, PROCQ_WAIT_ROOM, deadline);
}

void producer_no_room(struct producer *p, int err)
{
	int64_t now = procq_now();

	if (p->full_since == 0) {
		p->full_since = now;
		/* What has exited by now makes room at once. */
		producer_reap(p);
	}
	if (err == -EAGAIN && make_room(p, now))
		return;
	if (err == -EAGAIN && must_collect(p, now) &&
	    children_collect(&p->run) > 0)
		return;
	if (producer_waited(p, now)) {
		complain(err == -ESHUTDOWN
			 ? _("gave up waiting until queue '%s' is opened")
			 : _("gave up waiting for room in queue '%s'"),
			 p->run.queue);
		run_fail(&p->run, EXIT_WAITED);
		return;
	}
	/* With --replace it is meant to be full. */
	if (err == -ESHUTDOWN || p->run.starts_nothing || !p->replace)
		run_hint(&p->run, err == -ESHUTDOWN	    ? HINT_CLOSED
				  : p->run.starts_nothing ? HINT_LEASE
							    : HINT_FULL, 0);
	/* A closed queue may have room, but not for a producer. */
	if (err == -ESHUTDOWN)
		producer_rest(p, 0, producer_wait_deadline(p));
	else
		await_room(p, now);
}
