/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-headroom.c - what to do while the machine has no load or no memory
 * to spare: wait, and say so once.
 *
 * Must not start or end a process.
 */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"
#include "run.h"

/* A wait that is shorter need not be said. */
#define SILENCE NS_PER_S

void producer_check_headroom(struct producer *p)
{
	enum headroom_lack unknown = headroom_unknown(&p->headroom);

	if (unknown == HEADROOM_ENOUGH)
		return;
	complain(unknown == HEADROOM_LOAD
		 ? _("--max-load: this system does not say how loaded it is")
		 : _("--min-memory: this system does not say how much memory "
		     "is left"));
	exit(EXIT_FAILED);
}

static void say(struct producer *p, int64_t now)
{
	char why[256];

	if (p->lack_said ||
	    (!p->run.verbose && now - p->lacking_since < SILENCE))
		return;
	p->lack_said = true;
	complain(_("waiting: %s"),
		 headroom_describe(&p->headroom, why, sizeof(why)));
}

static bool gives_up(struct producer *p, int64_t now)
{
	char why[256];

	if (!p->run.waits || now - p->lacking_since < p->run.wait)
		return false;
	complain(_("gave up waiting: %s"),
		 headroom_describe(&p->headroom, why, sizeof(why)));
	p->failed = true;
	run_fail(&p->run, EXIT_WAITED);
	return true;
}

bool producer_has_headroom(struct producer *p)
{
	int64_t now = procq_now();
	int64_t deadline;

	if (headroom_has(&p->headroom, now))
		return true;
	deadline = p->headroom.look_again;
	if (p->headroom.lack != HEADROOM_ENOUGH) {
		if (p->lacking_since == 0)
			p->lacking_since = now;
		if (gives_up(p, now))
			return false;
		say(p, now);
		if (p->run.waits)
			deadline = time_min(deadline,
					    time_after(p->lacking_since,
						       p->run.wait));
	}
	producer_rest(p, 0, deadline);
	return false;
}

void producer_used_headroom(struct producer *p)
{
	headroom_started(&p->headroom);
	p->lacking_since = 0;
	if (p->run.verbose)
		p->lack_said = false;
}
