/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * brake.c - when a process that failed early may be replaced; see brake.h.
 *
 * Must not read a clock, start a process, or print.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "brake.h"
#include "duration.h"

void brake_init(struct brake *b, int64_t uptime)
{
	memset(b, 0, sizeof(*b));
	b->uptime = uptime;
	b->off_since = INT64_MIN;
}

void brake_free(struct brake *b)
{
	free(b->lives);
	b->lives = NULL;
	b->room = 0;
}

/* ---- those on trial ---- */

static void trial_begin(struct brake *b, uint32_t slot)
{
	struct brake_life *life = &b->lives[slot];

	life->trial = true;
	life->next = 0;
	life->prev = b->tail;
	if (b->tail)
		b->lives[b->tail - 1].next = slot + 1;
	else
		b->head = slot + 1;
	b->tail = slot + 1;
}

static void trial_end(struct brake *b, struct brake_life *life)
{
	if (!life->trial)
		return;
	life->trial = false;
	if (life->prev)
		b->lives[life->prev - 1].next = life->next;
	else
		b->head = life->next;
	if (life->next)
		b->lives[life->next - 1].prev = life->prev;
	else
		b->tail = life->prev;
}

/* ---- on and off ---- */

static void put_on(struct brake *b, int64_t now)
{
	b->pause = b->pause ? time_min(b->pause * 2, BRAKE_MAX) : BRAKE_MIN;
	b->pauses++;
	b->next = time_after(now, b->pause);
}

static void take_off(struct brake *b, int64_t now)
{
	b->pause = 0;
	b->off_since = now;
	while (b->head)
		trial_end(b, &b->lives[b->head - 1]);
}

/* Put it on for the first time. One that comes and goes is said once. */
static bool begin(struct brake *b, int64_t now)
{
	put_on(b, now);
	return b->off_since == INT64_MIN ||
	       now - b->off_since >= BRAKE_MAX;
}

int64_t brake_next(const struct brake *b)
{
	return b->pause && b->credits == 0 ? b->next : 0;
}

int64_t brake_deadline(const struct brake *b)
{
	int64_t trial = INT64_MAX;

	if (b->pause == 0)
		return INT64_MAX;
	if (b->head)
		trial = time_after(b->lives[b->head - 1].started, b->uptime);
	return b->credits ? trial : time_min(b->next, trial);
}

bool brake_look(struct brake *b, int64_t now)
{
	/* The first on trial is the oldest. */
	if (b->pause == 0 || !b->head ||
	    now - b->lives[b->head - 1].started < b->uptime)
		return false;
	take_off(b, now);
	return true;
}

/* ---- starts and ends ---- */

/* Returns NULL without memory: then there is no trial. */
static struct brake_life *life_of(struct brake *b, uint32_t slot)
{
	struct brake_life *more;
	uint32_t room = b->room ? b->room : 16;

	while (room <= slot)
		room *= 2;
	if (room == b->room)
		return &b->lives[slot];
	more = realloc(b->lives, room * sizeof(*more));
	if (!more)
		return NULL;
	memset(more + b->room, 0, (room - b->room) * sizeof(*more));
	b->lives = more;
	b->room = room;
	return &more[slot];
}

void brake_started(struct brake *b, uint32_t slot, int64_t now)
{
	struct brake_life *life = life_of(b, slot);
	bool credit = b->credits > 0;

	if (credit)
		b->credits--;
	else if (b->pause)
		b->next = time_after(now, b->pause);
	if (!life)
		return;
	trial_end(b, life);
	life->started = now;
	life->pause = b->pauses;
	life->credit = credit;
	life->failed_before = life->failed;
	life->failed = false;
	if (b->pause)
		trial_begin(b, slot);
}

static bool failed(struct brake *b, struct brake_life *life, int64_t now)
{
	if (life)
		life->failed = true;
	if (b->pause == 0)
		return begin(b, now);
	if (!life || !life->trial)
		return false;
	trial_end(b, life);
	if (life->credit)
		b->credits += life->failed_before;
	else if (life->pause == b->pauses)
		/* Others were started before this pause: once is enough. */
		put_on(b, now);
	return false;
}

bool brake_ended(struct brake *b, uint32_t slot, enum brake_end how,
		 int64_t lived, int64_t now)
{
	struct brake_life *life = life_of(b, slot);
	bool trial = life && life->trial;

	if (how == BRAKE_FAILED && lived < b->uptime)
		return failed(b, life, now);
	/* Another producer may have filled the room of earlier ones. */
	if (b->credits < b->room)
		b->credits++;
	if (life)
		trial_end(b, life);
	if (trial && (how == BRAKE_DONE || lived >= b->uptime))
		take_off(b, now);
	return false;
}

bool brake_refused(struct brake *b, int64_t now)
{
	if (b->pause == 0)
		return begin(b, now);
	if (b->credits > 0)
		b->credits--;
	else
		put_on(b, now);
	return false;
}
