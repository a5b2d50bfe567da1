/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * consumer.h - a run of consumer, and what its rooms call of each other.
 *
 * Only consumer-options.c and main() write what options say.
 */
#ifndef CONSUMER_H
#define CONSUMER_H

#include <stdbool.h>
#include <stdint.h>

#include "ending.h"
#include "pick.h"
#include "plan.h"
#include "procq.h"
#include "run.h"

/* How often to look for what does not wake a waiter: a queue that appears, the
 * end of the last producer, processes that exited. */
#define LOOK_EVERY (100 * NS_PER_MS)

struct consumer {
	struct run run;
	struct procq_options options;
	struct plan plan;
	struct endings endings;
	uint64_t in_flight;	/* 0: the capacity */
	struct pick pick;	/* --min-age and so on */
	bool no_group;
	bool drain;
	bool dry_run;

	bool pauses;		/* there are pauses between takes */
	bool prompt;		/* runs soon when it is woken: see slice.h */
	int64_t due;		/* the next take */
	int64_t idle_since;	/* nothing to take since then; 0: not idle */
	int64_t drained_since;	/* 0: not drained */
	bool met;		/* a process whose producer joined later */
	uint64_t refused;	/* how many of what it took it may not signal */
	bool ended;		/* drained, waited enough, or failed */
};

/* What to do after taking. */
struct outlook {
	unsigned what;		/* to wait for */
	int64_t deadline;	/* until when */
	bool more;		/* don't wait, there is more to take */
	uint64_t pending;	/* deaths awaited at the end of taking */
};

/* ---- consumer-options.c ---- */

/** Read the command line; or exit. */
void consumer_parse(struct consumer *c, int argc, char **argv);

/* ---- consumer-take.c ---- */

/** It can go on no more. */
void consumer_fail(struct consumer *c, int err);
/** For struct endings: a death that is not confirmed. @param arg a struct
 * consumer */
void consumer_unconfirmed(void *arg, const struct ending *e, int err);
/** Report the deaths that are confirmed. */
void consumer_collect(struct consumer *c);
/** Take what may be taken now, and begin to end it. */
void consumer_take(struct consumer *c, int64_t now, struct outlook *out);
/** Can it go on taking? Deaths may have made room in flight since it stopped,
 * and no wake-up comes for that. */
bool consumer_can_go_on(const struct consumer *c, const struct outlook *out);

#endif
