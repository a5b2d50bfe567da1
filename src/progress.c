/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.c - the progress line: how far a run is, and how much time is left.
 *
 * Must not write to standard output, which is for data.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "progress.h"
#include "summary.h"

#define PROGRESS_EVERY (500 * NS_PER_MS)

void progress_start(struct progress *p, enum progress_wish wish,
		    bool elsewhere, int64_t now)
{
	memset(p, 0, sizeof(*p));
	p->begun = now;
	p->next = now;
	p->on = wish == PROGRESS_ON;
	if (wish == PROGRESS_AUTO) {
		p->on = elsewhere && isatty(STDERR_FILENO);
		p->known_only = true;
	}
	if (!p->on)
		p->next = PROCQ_FOREVER;
}

/* How much time is left, in ns; -1: unknown. */
static int64_t progress_left(const struct progress *p, uint64_t done,
			     int64_t elapsed)
{
	int64_t left = -1;

	if (p->duration > 0)
		left = p->duration > elapsed ? p->duration - elapsed : 0;
	if (p->count > 0 && done > 0 && done <= p->count) {
		double each = (double)elapsed / (double)done;
		double need = each * (double)(p->count - done);

		if (need < 1e18 && (left < 0 || need < (double)left))
			left = (int64_t)need;
	}
	return left;
}

static void progress_row(const struct progress *p, uint64_t done, int64_t now)
{
	char text[STATUS_WIDTH + 1], total[32] = "", rate[32];
	char left[DURATION_SIZE] = "";
	int64_t ns = progress_left(p, done, now - p->begun);

	if (p->count > 0)
		snprintf(total, sizeof(total), "/%" PRIu64 " (%d%%)",
			 p->count, (int)((double)done * 100 /
					 (double)p->count));
	if (ns >= 0)
		duration_text(ns, left);
	snprintf(text, sizeof(text), *left ? _("%" PRIu64 "%s, %s, %s left")
					   : "%" PRIu64 "%s, %s", done, total,
		 rate_text(done, now - p->begun, rate), left);
	status_show(text);
}

void progress_show(struct progress *p, uint64_t done, int64_t now)
{
	if (now < p->next)
		return;
	p->next = now + PROGRESS_EVERY;
	if (p->known_only && p->count == 0 && p->duration == 0)
		return;
	progress_row(p, done, now);
	/* What comes then is no progress of this kind. */
	if (p->count > 0 && done >= p->count)
		p->next = PROCQ_FOREVER;
}
