/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hint.c - a program that waits says so: what for, and what would help.
 *
 * Must not wait, and must not print.
 */
#include <config.h>

#include "procq.h"

#include "duration.h"
#include "hint.h"

/* How long a silence needs no reason. */
#define SILENCE NS_PER_S

void hints_start(struct hints *h, bool wanted, bool at_once)
{
	*h = (struct hints){ .on = wanted || at_once, .at_once = at_once };
}

/* With --verbose, none; but a line for each wait that is nothing special would
 * be too many, and one for a death that takes no time says nothing. */
static int64_t silence(const struct hints *h)
{
	bool frequent = h->what >= HINT_LINES && h->said & 1u << h->what;

	return h->at_once && !frequent && h->what != HINT_DYING ? 0 : SILENCE;
}

static bool is_said(const struct hints *h)
{
	return h->told || (!h->at_once && h->said & 1u << h->what);
}

bool hint_due(struct hints *h, enum hint what, int64_t now)
{
	if (what != h->what) {
		h->what = what;
		h->since = now;
		h->told = false;
	}
	if (!h->on || what == HINT_NONE || is_said(h))
		return false;
	if (now - h->since < silence(h))
		return false;
	h->told = true;
	h->said |= 1u << what;
	return true;
}

int64_t hint_next(const struct hints *h)
{
	if (!h->on || h->what == HINT_NONE || is_said(h))
		return PROCQ_FOREVER;
	return time_after(h->since, silence(h));
}
