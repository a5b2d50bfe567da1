/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run-waits.c - what a run says while it waits: the words of hint.c.
 *
 * Must not wait.
 */
#include <config.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "hint.h"
#include "i18n.h"
#include "run.h"
#include "safe.h"
#include "signals.h"

/* A program, and the option that it needs to use this queue. */
struct invocation {
	char text[sizeof(struct shell_word) + 16];
};

static const char *invocation(struct invocation *i, const char *program,
			      const char *queue)
{
	bool usual = strcmp(queue, "default") == 0;

	snprintf(i->text, sizeof(i->text), "%s%s%s", program,
		 usual ? "" : " -q ", usual ? "" : shell_word(queue).text);
	return i->text;
}

/* Is one attached that would end this wait? */
static bool is_attended(const struct run *r, enum procq_role role)
{
	struct procq_stat stat;

	if (procq_stat(r->q, &stat) < 0)
		return false;
	return role == PROCQ_ROLE_CONSUMER ? stat.consumers > 0
					   : stat.producers > 0;
}

static void say_full(const struct run *r)
{
	uint32_t n = procq_limit(r->q), used = procq_occupied(r->q);
	struct invocation i = { "" };

	if (is_attended(r, PROCQ_ROLE_CONSUMER))
		complain(_("queue '%s' is full (%" PRIu32 "/%" PRIu32
			   "); waiting until one is over"), r->queue, used, n);
	else if (r->commands)
		complain(_("queue '%s' is full (%" PRIu32 "/%" PRIu32
			   "); waiting until one exits, or '%s' ends it"),
			 r->queue, used, n,
			 invocation(&i, "consumer", r->queue));
	else
		complain(_("queue '%s' is full (%" PRIu32 "/%" PRIu32
			   "); start '%s' in another terminal"), r->queue,
			 used, n, invocation(&i, "consumer", r->queue));
}

static void say_empty(const struct run *r)
{
	struct invocation i = { "" };

	if (is_attended(r, PROCQ_ROLE_PRODUCER))
		complain(_("queue '%s' is empty; waiting for a process"),
			 r->queue);
	else
		complain(_("queue '%s' is empty; start '%s' in another "
			   "terminal"), r->queue,
			 invocation(&i, "producer", r->queue));
}

static void say_deaths(uint64_t n, const char *signals)
{
	unsigned long many = n < ULONG_MAX ? (unsigned long)n : ULONG_MAX;

	complain(P_("waiting for %" PRIu64 " process to die%s",
		    "waiting for %" PRIu64 " processes to die%s", many),
		 n, signals);
}

/* Ended by so many signals. */
static void say_drain(const struct run *r, uint64_t signals)
{
	uint64_t n = r->summary.started;

	if (r->commands)
		complain(signals > 1
			 ? _("all %" PRIu64 " started; waiting until they are "
			     "over; Ctrl-C twice ends them")
			 : _("all %" PRIu64 " started; waiting until they are "
			     "over; Ctrl-C ends them"), n);
	else
		complain(signals > 1
			 ? _("all %" PRIu64 " started; waiting until consumers "
			     "have ended them; Ctrl-C twice ends them")
			 : _("all %" PRIu64 " started; waiting until consumers "
			     "have ended them; Ctrl-C ends them"), n);
}

static void say_age(uint64_t ns)
{
	char left[DURATION_SIZE];

	complain(_("waiting until the next process is old enough, %s"),
		 duration_text((int64_t)ns, left));
}

static void say_queue(const struct run *r)
{
	struct invocation i = { "" };

	complain(_("no queue '%s' yet; start '%s' in another terminal"),
		 r->queue, invocation(&i, "producer", r->queue));
}

/* What the next signal does. */
static const char *after_signal(const char *again, const char *twice)
{
	return signals_stops() > 0 ? _(again) : _(twice);
}

static void say(const struct run *r, enum hint what, uint64_t n)
{
	switch (what) {
	case HINT_READER:
		complain(_("waiting until '%s' has a reader"), r->file);
		break;
	case HINT_LINES:
		complain(_("waiting for the next line of --args-from"));
		break;
	case HINT_QUEUE:
		say_queue(r);
		break;
	case HINT_FULL:
		say_full(r);
		break;
	case HINT_CLOSED:
		complain(_("queue '%s' is closed; waiting until 'procq open "
			   "%s'"), r->queue, shell_word(r->queue).text);
		break;
	case HINT_LEASE:
		complain(_("the lease of queue '%s' is over; waiting until it "
			   "is renewed"), r->queue);
		break;
	case HINT_EMPTY:
		say_empty(r);
		break;
	case HINT_EXITS:
		complain(_("waiting until a process in queue '%s' exits"),
			 r->queue);
		break;
	case HINT_AGE:
		say_age(n);
		break;
	case HINT_GAP:
		complain(_("waiting for the end of --min-gap, or of what "
			   "another consumer is ending"));
		break;
	case HINT_PERMIT:
		complain(_("waiting for a permit of the fleet to end a "
			   "process; 'procq hosts' shows which host has one"));
		break;
	case HINT_DYING:
		say_deaths(n, "");
		break;
	case HINT_DEATHS:
		say_deaths(n, after_signal(N_("; Ctrl-C again gives them back"),
					   N_("; Ctrl-C twice gives them "
					      "back")));
		break;
	case HINT_KILLS:
		say_deaths(n, after_signal(N_("; Ctrl-C again kills them at "
					      "once"),
					   N_("; Ctrl-C twice kills them at "
					      "once")));
		break;
	case HINT_DRAIN:
		say_drain(r, n);
		break;
	case HINT_CONSUMERS:
		complain(_("waiting until consumers have ended the rest"
			   " (%" PRIu64 ")"), n);
		break;
	case HINT_OVER:
	case HINT_IN_USE:
	case HINT_NONE:
		break;
	}
}

void run_hint(struct run *r, enum hint what, uint64_t n)
{
	int64_t now = what == HINT_NONE ? 0 : procq_now();

	if (hint_due(&r->hints, what, now))
		say(r, what, n);
}
