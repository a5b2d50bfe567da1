/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pick.c - which process a consumer takes next; see pick.h.
 * Must not signal a process, nor print.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "duration.h"
#include "pick.h"
#include "snapshot.h"

/* So many are read at once. */
#define AT_ONCE 64
/* How often to look for what is due before all others that are known. What
 * enters is not due before its min_age, but what is put back may be. */
#define PAUSE_MIN (50 * NS_PER_MS)
/* The pauses between two looks at all records, for each record; and at least.
 */
#define DEAD_PAUSE NS_PER_US
#define ALL_PAUSE (4 * NS_PER_US)
#define ALL_PAUSE_MIN NS_PER_S

bool pick_is_aged(const struct pick *k)
{
	return k->dues.min_age > 0 || k->dues.jitter > 0;
}

bool pick_chooses(const struct pick *k)
{
	return pick_is_aged(k) || k->min_gap > 0 || k->large.most > 0;
}

void pick_begin(struct pick *k, struct procq *q)
{
	struct procq_stat s;

	k->q = q;
	/* An onlooker, which takes nothing, can't, and need not. */
	procq_set_gap(q, k->min_gap);
	/* Looks at all records, so only if that is needed. */
	if (k->dues.jitter > 0 && !k->keyed && procq_stat(q, &s) == 0)
		k->dues.key = due_key(procq_object(q), s.created);
}

void pick_end(struct pick *k)
{
	dues_free(&k->dues);
	large_end(&k->large);
}

static int64_t for_each_record(const struct pick *k, int64_t pause)
{
	return pause * (int64_t)procq_capacity(k->q);
}

/* ---- what has come ---- */

static int note(struct pick *k, const struct procq_process *all, int n)
{
	int64_t now = procq_life();
	int err = 0;

	for (int i = 0; i < n && err == 0; i++)
		if (all[i].state == PROCQ_STATE_QUEUED ||
		    all[i].state == PROCQ_STATE_EXITED)
			err = dues_add(&k->dues, &all[i], now);
	return err;
}

/* Some can only be found by a look at all records. Not too often. */
static int look_at_all(struct pick *k)
{
	int64_t now = procq_now(), pause = for_each_record(k, ALL_PAUSE);
	struct procq_process *all;
	int n, err;

	if (now < k->all_after)
		return 0;
	n = snapshot_all(k->q, &all);
	err = n > 0 ? note(k, all, n) : n;
	free(all);
	if (n <= 0)
		return n;
	if (pause < ALL_PAUSE_MIN)
		pause = ALL_PAUSE_MIN;
	k->all_after = time_after(now, pause);
	return err;
}

static int look(struct pick *k)
{
	struct procq_process some[AT_ONCE];
	int n, err = 0;

	do {
		n = procq_arrivals(k->q, &k->seen, some, AT_ONCE);
		if (n == -ENOBUFS)
			return look_at_all(k);
		if (n < 0)
			return n;
		err = note(k, some, n);
	} while (n == AT_ONCE && err == 0);
	return err;
}

/* ---- what is due ---- */

/* Is there a process at all? This skips what leads to nothing any more, so that
 * a wait for an arrival waits. */
static int peek_any(struct pick *k, struct procq_process *next)
{
	int err = procq_peek(k->q, next);

	/* Those that are noted are gone, by other hands. What is put back
	 * comes again. */
	if (err == -EAGAIN)
		dues_clear(&k->dues);
	return err;
}

/* None is due. Is there none at all? */
static int see_whether_any(struct pick *k)
{
	struct procq_process next;
	int err = peek_any(k, &next);

	if (err < 0)
		return err;
	return dues_first(&k->dues) ? 0 : note(k, &next, 1);
}

static int64_t ask_again(const struct pick *k, int64_t left)
{
	int64_t pause = k->dues.min_age;

	if (pause > PROCQ_PATIENCE)
		pause = PROCQ_PATIENCE;
	if (pause < PAUSE_MIN)
		pause = PAUSE_MIN;
	return time_after(procq_now(), time_min(pause, left));
}

static int take_due(struct pick *k, struct procq_process *out,
		    int64_t *deadline)
{
	for (;;) {
		int err = look(k);
		const struct due *first = dues_first(&k->dues);
		int64_t left = first ? first->at - procq_life() : 1;
		struct procq_process which = { 0 };

		if (err == 0 && left > 0)
			err = see_whether_any(k);
		if (err < 0)
			return err;
		if (!first)
			continue;
		if (left > 0) {
			k->due_in = left;
			*deadline = ask_again(k, left);
			return -EBUSY;
		}
		which.seq = first->seq;
		which.slot = first->slot;
		which.pid = first->pid;
		which.started = first->started;
		err = procq_take_this(k->q, &which, out);
		if (err == 0 || err == -EAGAIN)
			dues_drop_first(&k->dues);
		/* -EAGAIN: another participant was faster. */
		if (err != -EAGAIN)
			return err;
	}
}

/* ---- what is dead ---- */

static int take_dead(struct pick *k, struct procq_process *out,
		     int64_t *deadline)
{
	int64_t now = procq_now();
	int err;

	if (now < k->dead_after) {
		*deadline = time_min(*deadline, k->dead_after);
		return -EAGAIN;
	}
	err = procq_take_exited(k->q, out);
	if (err == -EAGAIN)
		k->dead_after = time_after(now, for_each_record(k,
								DEAD_PAUSE));
	return err;
}

/* ---- not too soon after another ---- */

/* What uses too much memory comes first. -EAGAIN: nothing does, for now. */
static int take_large(struct pick *k, struct procq_process *out)
{
	struct procq_process which;
	int rc;

	if (k->large.most == 0)
		return -EAGAIN;
	do {
		rc = large_next(&k->large, k->q, &which);
		if (rc <= 0)
			return rc < 0 ? rc : -EAGAIN;
		rc = procq_take_this(k->q, &which, out);
	} while (rc == -EAGAIN);
	return rc;
}

static int take_living(struct pick *k, struct procq_process *out,
		       int64_t *deadline)
{
	int err = take_large(k, out);

	if (err != -EAGAIN)
		return err;
	err = pick_is_aged(k) ? take_due(k, out, deadline)
			      : procq_take(k->q, NULL, out);
	if (err == -EBUSY && k->large.most > 0)
		*deadline = time_min(*deadline, k->large.after);
	return err;
}

/* The gap is not over, or there is no permit; but is there a process at all? */
static int wait_for_leave(struct pick *k, bool gap)
{
	struct procq_process next;
	int err = peek_any(k, &next);

	if (err < 0)
		return err;
	k->spaced = gap;
	k->unpermitted = !gap;
	return -EBUSY;
}

static int take_spaced(struct pick *k, struct procq_process *out,
		       int64_t *deadline)
{
	struct procq_process first;
	int err = procq_gap(k->q, deadline, &first);

	if (err == -EBUSY)
		return wait_for_leave(k, true);
	/* What a killed consumer has begun, however young it is here. */
	if (err == 1)
		err = procq_take_this(k->q, &first, out);
	else if (err == 0)
		err = take_living(k, out, deadline);
	if (err != -EBUSY || k->due_in > 0)
		return err;
	/* Another consumer was faster, and has it now; or a permit is asked
	 * for, which ends the wait. */
	if (k->min_gap > 0)
		*deadline = time_after(procq_now(), PAUSE_MIN);
	return wait_for_leave(k, k->min_gap > 0);
}

int pick_next(struct pick *k, struct procq_process *out, int64_t *deadline)
{
	int err;

	k->due_in = 0;
	k->spaced = k->unpermitted = false;
	if (k->dead_only)
		return procq_take_exited(k->q, out);
	err = take_spaced(k, out, deadline);
	/* The dead among those that may not be ended need not wait for them. */
	if (err == -EBUSY && take_dead(k, out, deadline) == 0)
		return 0;
	return err;
}

/* ---- what would be taken ---- */

struct candidate {
	bool large;
	int64_t at;
	struct procq_process process;
};

static int by_due(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->large != y->large)
		return x->large ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->process.seq < y->process.seq ? -1
					       : x->process.seq > y->process.seq;
}

int pick_sort(const struct pick *k, struct procq_process *all, uint32_t n)
{
	struct candidate *sorted = calloc((size_t)n + 1, sizeof(*sorted));
	int64_t now = procq_life();
	uint32_t kept = 0;

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		int64_t at = due_at(&k->dues, &all[i], now), bytes;
		bool large = large_is(&k->large, k->q, &all[i], &bytes);

		if (all[i].state != PROCQ_STATE_QUEUED || (at > now && !large))
			continue;
		sorted[kept].large = large;
		/* In turn, as they are, if none becomes due. */
		sorted[kept].at = large ? -bytes
				  : pick_is_aged(k) ? at
						    : (int64_t)i;
		sorted[kept++].process = all[i];
	}
	qsort(sorted, kept, sizeof(*sorted), by_due);
	for (uint32_t i = 0; i < kept; i++)
		all[i] = sorted[i].process;
	free(sorted);
	return (int)kept;
}
