/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * large.h - the processes of a queue that use more memory than they may, the
 * largest first.
 *
 * All are looked at once a second; where there are so many that a look takes
 * long, less often, so that it takes a twentieth of the time at most. Before
 * one is taken, it is looked at again.
 *
 * Must not take a process, nor print.
 */
#ifndef LARGE_H
#define LARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

struct large {
	/* Set by the caller, which begins with zeros. */
	uint64_t most;			/* bytes; 0: any */

	/* Written here only. */
	struct large_one {
		int64_t bytes;
		struct procq_process process;
	} *all;				/* the largest first */
	uint32_t count, next;
	int64_t after;			/* when to look again */
};

/** Can this be told here? @retval 0, -ENOTSUP */
int large_begin(const struct procq *q);
/**
 * The largest that is too large.
 * @retval 1 *out is it; the next call gives another
 * @retval 0 there is none until l->after
 * @retval -ENOMEM
 */
int large_next(struct large *l, const struct procq *q,
	       struct procq_process *out);
/** Does this one use too much? */
bool large_is(const struct large *l, const struct procq *q,
	      const struct procq_process *p, int64_t *bytes);
void large_end(struct large *l);

#endif
