/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper.h - the helper of a queue: it takes slots from the fleet's engine, and
 * gives them back.
 */
#ifndef FLEET_HELPER_H
#define FLEET_HELPER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

#include "distribution.h"

#include "clock.h"
#include "fleet.h"
#include "safe.h"
#include "seat.h"

/* How often the queue is looked at. */
#define HELPER_LOOK INT64_C(50000000)
/* How long idle slots, and unused permits, are kept. */
#define HELPER_IDLE_MAX INT64_C(1000000000)

/* A sentence with a reason of the server's, or with a queue, a seat and up to
 * three names as a shell reads them. */
#define TOLD_TEXT (ENGINE_WHY + 2 * SEAT_TEXT + \
		   3 * sizeof(struct shell_word) + 400)
#define TOLD_MAX 8

/* What has been told. */
struct told {
	uint64_t mark;
	int64_t at;		/* when it was so last; 0: never */
};

/* Permits to end processes: see permit.h. */
struct helper_permits {
	struct procq_permits all;	/* as the object has them */
	bool needed;		/* by the engine's last word */
	bool unsure;		/* the engine may have given one that has not
				 * come here */
	uint32_t charged;	/* by the engine's last word */
	uint32_t wanted;	/* by the last request, and not given */
	int64_t next;		/* when to ask for more */
	int64_t retry;		/* not before, after a failure */
	int64_t idle;		/* since when one is unused; 0: none is */
};

struct helper {
	struct fleet *f;
	struct procq *q;
	struct seat seat;
	struct generator random;
	sigset_t mask;
	bool attached;
	bool service;		/* messages go to standard error for good */
	uint64_t epoch, seq;
	uint64_t heard;		/* the last seq that was answered */
	uint32_t granted;	/* as the object has it */
	uint32_t policy;
	uint32_t wanted;	/* by the last request */
	int64_t deadline;	/* of the lease, as the object has it */
	bool ends_all;		/* it has run out, and that ends processes */
	int64_t lease;		/* how long one is; ns */
	int64_t next;		/* when to ask, at the latest */
	int64_t asked;		/* when the last request was sent */
	struct clock_offset clock;	/* the engine's */
	int64_t idle, alone;	/* since when; 0: it is not so */
	int64_t ends_since;	/* … it waits for that; 0: it does not */
	int64_t backoff;
	struct helper_permits permits;
	struct told told[TOLD_MAX];
	int64_t fenced;		/* when by another one, last; 0: never */
	struct procq_stat stat;
	uint64_t started;	/* stat.started, at the start of a look */
	uint64_t turns;		/* starts in the look before that */
	int64_t looked;		/* when it began */
	int status;
	bool leave;
};

/** Until no one else uses the queue and it is empty, or a signal asks to stop.
 * @return an exit status */
int fleet_help(struct fleet *f);

#endif
