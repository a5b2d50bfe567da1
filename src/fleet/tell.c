/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tell.c - what a helper has to say, once each; see tell.h. Must not decide
 * anything.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "complain.h"
#include "i18n.h"

#include "duration.h"
#include "remedy.h"
#include "safe.h"
#include "tell.h"

/* What is told again within that time goes on. */
#define SILENCE (60 * NS_PER_S)

/* FNV-1a, of 64 bits. */
static uint64_t mark_of(const char *text)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		mark = (mark ^ (unsigned char)*text) *
		       UINT64_C(0x100000001b3);
	return mark;
}

/* Has it been said, and gone on since? Then the words would say nothing new. */
static bool is_old(struct helper *h, const char *text)
{
	uint64_t mark = mark_of(text);
	int64_t now = procq_life();
	struct told *oldest = &h->told[0];

	for (size_t i = 0; i < TOLD_MAX; i++) {
		struct told *t = &h->told[i];

		if (t->mark == mark) {
			bool old = t->at > 0 && now - t->at < SILENCE;

			t->at = now;
			return old;
		}
		if (t->at < oldest->at)
			oldest = t;
	}
	oldest->mark = mark;
	oldest->at = now;
	return false;
}

void tell(struct helper *h, const char *text)
{
	if (is_old(h, text))
		return;
	if (h->service || !h->attached)
		complain("%s", text);
	else
		syslog(LOG_NOTICE, "queue %s: %s", procq_object(h->q), text);
}

void tell_why(struct helper *h)
{
	char text[TOLD_TEXT], more[REMEDY_TEXT];
	const struct engine *e = &h->f->engine;
	const char *what = remedy(e, more, sizeof(more));

	snprintf(text, sizeof(text), *e->sqlstate
		 ? _("'%s' does not do what it is asked: %s")
		 : _("'%s' does not answer: %s"), h->f->url.shown, e->why);
	tell(h, text);
	if (what)
		tell(h, what);
}

/* Of what was typed wrong, and of what is not made yet. */
void tell_no_queue(struct helper *h)
{
	struct shell_word url = shell_word(h->f->url.shown);
	char text[TOLD_TEXT];

	snprintf(text, sizeof(text), _("there is no fleet queue '%s' at '%s'; "
		 "'procq list --fleet=%s' has their names, 'procq limit "
		 "--fleet=%s#%s N' makes it"), h->f->queue, h->f->url.shown,
		 url.text, url.text, shell_word(h->f->queue).text);
	tell(h, text);
}

/* A queue has one helper at a time, and one that is killed leaves nothing that
 * could attach later than a few seconds. */
void tell_fenced(struct helper *h)
{
	char text[TOLD_TEXT];
	int64_t now = procq_life();

	if (h->fenced > 0 && now - h->fenced < SILENCE) {
		snprintf(text, sizeof(text), _("another machine answers to the "
			 "name '%s', too: give each a name of its own, and a "
			 "clone a new /etc/machine-id"), h->seat.name);
		tell(h, text);
	}
	h->fenced = now;
}

void tell_ends(struct helper *h)
{
	char text[TOLD_TEXT];

	snprintf(text, sizeof(text), _("fleet queue '%s': the lease here has "
		 "run out; slots are asked for when all processes of it have "
		 "been ended"), h->f->queue);
	tell(h, text);
}

void tell_clock(struct helper *h, int64_t moved)
{
	char text[TOLD_TEXT], by[DURATION_SIZE];

	if (moved == 0)
		return;
	duration_text(moved < 0 ? -moved : moved, by);
	snprintf(text, sizeof(text), moved > 0
		 ? _("'%s': the clock there was set forward by %s, or this "
		     "machine stood still: where the policy is 'end', leases "
		     "have run out too early by that")
		 : _("'%s': the clock there was set back by %s: slots of lost "
		     "machines, and permits after a gap, come later by that"),
		 h->f->url.shown, by);
	tell(h, text);
}

/* Messages went to the program that has started this; now that all is well, to
 * the system's log. */
void tell_settle(struct helper *h, const char *durable)
{
	char text[TOLD_TEXT];

	if (!h->service) {
		fflush(stderr);
		if (!freopen("/dev/null", "w", stderr))
			h->service = true;
	}
	if (!*durable)
		return;
	snprintf(text, sizeof(text), _("'%s' can lose what it has "
		 "acknowledged (%s): the bound then does not hold"),
		 h->f->url.shown, durable);
	tell(h, text);
}
