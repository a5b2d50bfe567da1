/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-replace.c - with --replace: what exits is reported and replaced at
 * once, and what fails early only after a pause (brake.c).
 *
 * Must not start or end a process.
 */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "procq.h"

#include "brake.h"
#include "children.h"
#include "complain.h"
#include "duration.h"
#include "event.h"
#include "i18n.h"
#include "producer.h"
#include "run.h"

static enum brake_end how_it_ended(const struct procq_event *e)
{
	/* Whatever a signal has made of it: a command may exit with any status
	 * when it is asked to end. */
	if (e->process.signal > 0 || e->process.state == PROCQ_STATE_TAKEN)
		return BRAKE_ENDED;
	/* How it ended is not known if something else has reaped it. */
	if (e->cause == PROCQ_CAUSE_UNKNOWN ||
	    (e->cause == PROCQ_CAUSE_EXIT && e->code == 0))
		return BRAKE_DONE;
	return BRAKE_FAILED;
}

/* The brake was put on. */
static void say(struct producer *p, const char *label, const char *how)
{
	const char *command = p->command.argv ? p->command.argv[0] : label;
	char uptime[DURATION_SIZE];

	if (p->unexecuted)
		complain(_("cannot run '%s' for now: %s; trying again after 1 s,"
			   " 2 s, 4 s, ... 1 min"), command,
			 strerror(-p->unexecuted));
	else
		complain(_("'%s' has failed within %s (%s): starting again after"
			   " 1 s, 2 s, 4 s, ... 1 min, until one lives longer"),
			 command, duration_text(p->brake.uptime, uptime), how);
}

static void has_died(void *arg, const struct procq_event *e)
{
	struct producer *p = arg;
	char how[EVENT_CAUSE_SIZE];

	/* After a start that failed for good, none follows. */
	if (brake_ended(&p->brake, e->process.slot, how_it_ended(e), e->lived,
			procq_now()) && !p->failed)
		say(p, e->process.label, event_cause(e, how));
}

void producer_replace_begin(struct producer *p)
{
	if (!p->replace)
		return;
	p->run.died = has_died;
	p->run.died_arg = p;
}

void producer_replace_end(struct producer *p)
{
	p->run.died = NULL;
	brake_free(&p->brake);
}

void producer_replace_started(struct producer *p, uint32_t slot)
{
	if (p->replace)
		brake_started(&p->brake, slot, procq_now());
}

void producer_replace_refused(struct producer *p)
{
	if (brake_refused(&p->brake, procq_now()))
		say(p, "", "");
}

bool producer_may_replace(struct producer *p)
{
	int64_t now = procq_now();

	if (!p->replace)
		return true;
	if (brake_look(&p->brake, now) && p->run.verbose)
		complain(_("one has lived longer: starts are not slowed any "
			   "more"));
	if (now >= brake_next(&p->brake))
		return true;
	producer_rest(p, 0, brake_deadline(&p->brake));
	return false;
}
