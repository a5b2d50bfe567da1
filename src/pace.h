/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.h - when the next start is due: after a pause, or by a schedule.
 *
 * Pure: the caller reads the clock and does the waiting; all arithmetic is on
 * integers.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "distribution.h"

/* Starts that are later than this are not caught up with: the schedule begins
 * anew. */
#define PACE_DEBT_MAX INT64_C(1000000000)
/* The same for pauses: what a timer and the start itself take, not more. */
#define PACE_SLIP_MAX INT64_C(100000000)

/* A schedule of starts, whole + rest / n ns apart: exact over any time. */
struct rate {
	uint64_t n;		/* 0: there is none */
	uint64_t whole;
	uint64_t rest;		/* less than n */
};

/**
 * Read a rate: a decimal number, and one of /s /m /h /d; without one, per
 * second.
 * @return NULL, or what is wrong, untranslated
 */
const char *rate_parse(const char *text, struct rate *out);

struct pace {
	struct rate rate;
	const struct distribution *delay; /* if there is no rate */
	struct generator *random;
	int64_t due;			/* the next start */
	uint64_t over;			/* the fraction of a ns beyond, in
					 * 1/rate.n */
};

/** Is the next start always due? */
bool pace_is_flood(const struct pace *p);

/** The first start: with a rate it is due at once, otherwise after a pause. */
void pace_begin(struct pace *p, int64_t now);

/**
 * A process was started: when is the next one due? By a schedule, up to a
 * second late is caught up. A pause runs from the moment when this start was
 * due, so that a mean holds; but from now if the start had to wait for room or
 * the like, or is late by more than a pause should make up for.
 * @param waited it had to wait
 */
void pace_started(struct pace *p, int64_t now, bool waited);

#endif
