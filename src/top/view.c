/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c - see view.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duration.h"

#include "view.h"

/* A look may take one part in so many of the time to the next one. There are
 * three kinds, which together with the drawing are to stay below a hundredth. */
#define SHARE 600
/* How often to see whether the queue's object has still its name, ns. */
#define REOPEN NS_PER_S

static int64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int open_queue(const struct view *v, struct procq **q)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	int err;

	o.role = PROCQ_ROLE_ONLOOKER;
	o.flags = PROCQ_OPEN_NOCREATE;
	o.deadline = v->now;
	err = procq_open(q, v->queue, &o);
	/* One that is being set up is none yet. */
	return err == -ETIMEDOUT ? -ENOENT : err;
}

static void forget(struct view *v)
{
	struct procq *q = v->q;

	v->q = NULL;
	v->count = v->waiter_count = v->participants = 0;
	v->second_count = 0;
	v->stat_next = v->records_next = 0;
	procq_close(q);
}

/* Is it another queue now, which has the name? An onlooker is not told when the
 * object is removed, so open it once a second, and compare. */
static void look_for_object(struct view *v)
{
	struct procq_stat there;
	struct procq *q = NULL;
	int64_t cpu = cpu_now();

	if (v->opened_at > 0 && v->now - v->opened_at <
				(v->q && v->open_share > REOPEN
					 ? v->open_share : REOPEN))
		return;
	v->opened_at = v->now;
	v->why = open_queue(v, &q);
	if (v->q && v->why == 0) {
		procq_stat(q, &there);
		if (there.created != v->stat.created && v->stat_at > 0)
			forget(v);
	}
	if (v->q && v->why < 0) {
		forget(v);
		v->gone = true;
	}
	if (v->q || v->why < 0) {
		procq_close(q);
		/* To map a large one, and to count in it, takes its time. */
		v->open_share = (cpu_now() - cpu) * SHARE;
		return;
	}
	v->q = q;
	v->gone = false;
	v->second_began = 0;
}

static uint64_t ended(const struct procq_stat *s)
{
	return s->retired + s->exited + s->lost;
}

static void keep_history(struct view *v)
{
	const struct procq_stat *s = &v->stat;
	int64_t seconds;

	if (v->second_began == 0) {
		v->second_began = v->stat_at;
		v->last_started = s->started;
		v->last_ended = ended(s);
		return;
	}
	seconds = (v->stat_at - v->second_began) / NS_PER_S;
	if (seconds < 1)
		return;
	/* A look that comes late brought what several seconds did. */
	for (int64_t i = 0; i < seconds && i < VIEW_SECONDS; i++) {
		memmove(v->history, v->history + 1,
			sizeof(v->history) - sizeof(*v->history));
		v->history[VIEW_SECONDS - 1] = (struct second){
			(s->started - v->last_started) / (uint64_t)seconds,
			(ended(s) - v->last_ended) / (uint64_t)seconds
		};
		if (v->second_count < VIEW_SECONDS)
			v->second_count++;
	}
	v->last_started = s->started;
	v->last_ended = ended(s);
	v->second_began += seconds * NS_PER_S;
}

const struct second *view_second(const struct view *v, unsigned ago)
{
	return ago < v->second_count ? &v->history[VIEW_SECONDS - 1 - ago]
				     : NULL;
}

static void look_at_stat(struct view *v)
{
	int64_t cpu = cpu_now();

	if (v->now < v->stat_next)
		return;
	procq_stat(v->q, &v->stat);
	for (int i = 0; i < PROCQ_HISTOGRAMS; i++)
		procq_histogram(v->q, i, &v->histograms[i]);
	v->stat_at = procq_now();
	v->stat_next = v->now + (cpu_now() - cpu) * SHARE;
	keep_history(v);
}

static void look_at_records(struct view *v)
{
	struct procq_process *larger;
	int64_t cpu = cpu_now();
	int n;

	if (v->now < v->records_next)
		return;
	n = procq_snapshot(v->q, v->records, v->room);
	if (n > 0 && (uint32_t)n > v->room) {
		larger = realloc(v->records, (size_t)n * 2 * sizeof(*larger));
		if (larger) {
			v->records = larger;
			v->room = (uint32_t)n * 2;
			n = procq_snapshot(v->q, v->records, v->room);
		}
	}
	if (n >= 0)
		v->count = (uint32_t)n < v->room ? (uint32_t)n : v->room;
	v->records_at = procq_now();
	v->records_next = v->now + (cpu_now() - cpu) * SHARE;
}

static void look_at_participants(struct view *v)
{
	struct procq_participant all[VIEW_PARTICIPANTS];
	struct waiter before[VIEW_PARTICIPANTS];
	uint32_t known = v->waiter_count;
	int n = procq_participants(v->q, all, VIEW_PARTICIPANTS);

	memcpy(before, v->waiters, sizeof(before));
	v->participants = (uint32_t)n;
	v->waiter_count = n < VIEW_PARTICIPANTS ? (uint32_t)n
						: VIEW_PARTICIPANTS;
	for (uint32_t i = 0; i < v->waiter_count; i++) {
		struct waiter *w = &v->waiters[i];

		*w = (struct waiter){ .p = all[i], .since = v->now };
		for (uint32_t j = 0; j < known; j++)
			if (before[j].p.incarnation == all[i].incarnation) {
				w->held = before[j].held;
				if (before[j].p.wants == all[i].wants)
					w->since = before[j].since;
			}
	}
}

/* What each has taken, of records that were read just now. */
static void count_held(struct view *v)
{
	for (uint32_t i = 0; i < v->waiter_count; i++)
		v->waiters[i].held = 0;
	for (uint32_t j = 0; j < v->count; j++) {
		if (v->records[j].state != PROCQ_STATE_TAKEN)
			continue;
		for (uint32_t i = 0; i < v->waiter_count; i++)
			v->waiters[i].held += v->waiters[i].p.incarnation ==
					      v->records[j].consumer;
	}
}

void view_look(struct view *v)
{
	v->now = procq_now();
	look_for_object(v);
	if (!v->q)
		return;
	look_at_stat(v);
	look_at_records(v);
	look_at_participants(v);
	if (v->records_at >= v->now)
		count_held(v);
}

void view_change(struct view *v, const char *queue)
{
	forget(v);
	v->queue = queue;
	v->gone = false;
	v->opened_at = 0;
	v->stat_at = 0;
}

void view_free(struct view *v)
{
	procq_close(v->q);
	free(v->records);
	*v = (struct view){ 0 };
}
