/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-end.c - what becomes of a producer's processes at its end.
 *
 * Must not end a process: children.c does.
 */
#include <config.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>

#include "procq.h"

#include "children.h"
#include "complain.h"
#include "i18n.h"
#include "producer.h"
#include "run.h"

static enum on_exit choose_end(struct producer *p)
{
	/* Whatever its own user has said for its end: it is asked to drain. */
	if (p->stopped && !p->failed && !run_stopped(&p->run))
		return ON_EXIT_DRAIN;
	if (p->on_exit != ON_EXIT_DEFAULT)
		return p->on_exit;
	if (p->failed || run_stopped(&p->run))
		return ON_EXIT_KILL;
	return ON_EXIT_DRAIN;
}

/* Nobody finds those that are left by the queue. */
static void name_kept(struct producer *p)
{
	struct procq_process *all;
	uint32_t room = procq_capacity(p->run.q);
	int n;

	all = calloc(room, sizeof(*all));
	n = all ? procq_snapshot(p->run.q, all, room) : 0;
	for (int i = 0; i < n && (uint32_t)i < room; i++)
		if (all[i].producer == procq_incarnation(p->run.q) &&
		    all[i].state == PROCQ_STATE_QUEUED)
			complain(_("process %" PRId32 " is left, in no queue"),
				 all[i].pid);
	free(all);
}

void producer_finish(struct producer *p)
{
	enum on_exit end = choose_end(p);

	if (end == ON_EXIT_DRAIN &&
	    !children_drain(&p->run, &p->plan, p->on_exit == ON_EXIT_DRAIN))
		end = ON_EXIT_KILL;
	if (end == ON_EXIT_KILL)
		children_kill(&p->run, &p->plan);
	producer_reap(p);
	if (p->run.removed && p->command.flags & PROCQ_SPAWN_KEEP)
		name_kept(p);
	run_report_repairs(&p->run, true);
	p->run.summary.left = procq_children(p->run.q);
}
