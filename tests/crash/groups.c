/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * groups.c - operations on what leads a process group: it is held; and it is
 * taken over when it is dead, and others are left of its group.
 * Must not be listed here: the table is in ops.c.
 */
#include <config.h>

#include "hands.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "handle.h"
#include "peek.h"
#include "sweep.h"

static void spawn(struct hands *h, uint32_t flags, struct procq_process *out)
{
	struct procq_command c = PROCQ_COMMAND_INIT;

	c.flags = flags | PROCQ_SPAWN_ENTERED;
	must(note_shortage(procq_spawn(h->producer, &c, out)) == 0 &&
	     out->pid > 1);
}

void prepare_leader(struct hands *h)
{
	struct procq_process leader;

	h->producer = join(PROCQ_ROLE_PRODUCER);
	spawn(h, PROCQ_SPAWN_GROUP, &leader);
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	take(h);
}

/* Before Linux 6.9 there is no hold. */
int run_hold(struct hands *h)
{
	int rc = procq_hold(h->consumer, h->slot, 1);

	return rc < 0 && rc != -ENOTSUP ? rc
					: procq_give_back(h->consumer, h->slot);
}

/* The leader has got a signal, and died of it; so has its producer, after it.
 * The other one is in the queue, too, so that nobody is there without a
 * record. */
void dead_with_group(struct hands *h)
{
	struct procq_process leader, other;

	h->producer = join(PROCQ_ROLE_PRODUCER);
	spawn(h, PROCQ_SPAWN_GROUP | PROCQ_SPAWN_KEEP, &leader);
	spawn(h, PROCQ_SPAWN_KEEP, &other);
	must(setpgid(other.pid, leader.pid) == 0);
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	take(h);
	must(h->slot == leader.slot);
	must(procq_signal(h->consumer, h->slot, SIGKILL, 1) == 0);
	while (!pq_child_dead(leader.pid))
		nap();
}

void prepare_heir(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	pq_sweep_dead(h->consumer->seg, NULL);
}

/* Before Linux 6.14 it can't be held by another. */
int run_take_rest(struct hands *h)
{
	struct procq_process p;
	int rc = procq_take(h->consumer, NULL, &p);

	if (rc == 0)
		rc = procq_hold(h->consumer, p.slot, 1);
	if (rc == 0 && procq_collect(h->consumer, &h->event) == 1 &&
	    h->event.type != PROCQ_EVENT_LEFT && undisturbed)
		rc = -ECHILD;
	return rc == -ENOTSUP ? 0 : rc;
}
