/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * large.c - the processes that use more memory than they may; see large.h.
 * Must not take a process, nor print.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "duration.h"
#include "large.h"

#define PAUSE_MIN NS_PER_S
/* A look takes one part of so many of the time. */
#define PART 20

int large_begin(const struct procq *q)
{
	int64_t bytes;

	return procq_resident(q, NULL, &bytes);
}

static bool too_large(const struct large *l, int64_t bytes)
{
	return bytes > 0 && (uint64_t)bytes > l->most;
}

bool large_is(const struct large *l, const struct procq *q,
	      const struct procq_process *p, int64_t *bytes)
{
	return l->most > 0 && p->state == PROCQ_STATE_QUEUED &&
	       procq_resident(q, p, bytes) == 0 && too_large(l, *bytes);
}

static int by_size(const void *a, const void *b)
{
	const struct large_one *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->process.seq < y->process.seq ? -1
					       : x->process.seq > y->process.seq;
}

static void look_at(struct large *l, const struct procq *q,
		    const struct procq_process *all, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct large_one *one = &l->all[l->count];

		one->process = all[i];
		l->count += large_is(l, q, &all[i], &one->bytes);
	}
	qsort(l->all, l->count, sizeof(*l->all), by_size);
}

static int look(struct large *l, const struct procq *q)
{
	int n = procq_snapshot(q, NULL, 0), got;
	struct procq_process *all;

	large_end(l);
	if (n <= 0)
		return n;
	all = calloc((size_t)n, sizeof(*all));
	/* One more, to write to before it is known to count. */
	l->all = calloc((size_t)n + 1, sizeof(*l->all));
	got = all && l->all ? procq_snapshot(q, all, (uint32_t)n) : -ENOMEM;
	if (got > 0)
		look_at(l, q, all, (uint32_t)(got < n ? got : n));
	free(all);
	return got < 0 ? got : 0;
}

int large_next(struct large *l, const struct procq *q,
	       struct procq_process *out)
{
	int64_t now = procq_now(), pause, bytes;
	int err;

	if (l->next == l->count && now >= l->after) {
		err = look(l, q);
		if (err < 0)
			return err;
		pause = (procq_now() - now) * PART;
		l->after = time_after(procq_now(), pause > PAUSE_MIN
							   ? pause
							   : PAUSE_MIN);
	}
	while (l->next < l->count) {
		*out = l->all[l->next++].process;
		if (large_is(l, q, out, &bytes))
			return 1;
	}
	return 0;
}

void large_end(struct large *l)
{
	free(l->all);
	l->all = NULL;
	l->count = l->next = 0;
}
