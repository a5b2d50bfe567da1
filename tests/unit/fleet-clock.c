/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fleet-clock.c - a clock that was set, and what only looks like that.
 */
#include <config.h>

#include "fleet/clock.h"

#include "../kit/tap.h"

#define S INT64_C(1000000000)
/* The engine's clock when this machine's says 0. */
#define ZERO (INT64_C(1800000000) * S)

static struct clock_offset o;

/* A request at t, whose answer comes after so long, is worked off in between;
 * the engine's clock is ahead by that. */
static int64_t moved(int64_t t, int64_t within, int64_t way, int64_t ahead)
{
	return clock_moved(&o, ZERO + t + within + ahead, t, t + way);
}

int main(void)
{
	ok(moved(100 * S, 0, S / 100, 0) == 0, "the first answer shows nothing");
	ok(moved(120 * S, 0, S / 100, 0) == 0, "it goes on");
	ok(moved(140 * S, 5 * S, 5 * S, 0) == 0, "an answer that took 5 s");
	ok(moved(160 * S, 0, 5 * S, 0) == 0, "one that came 5 s late");
	ok(moved(180 * S, 0, 0, 0) == 0, "and a fast one");
	ok(moved(200 * S, 0, 0, 9 * S / 10) == 0, "less than a second");
	ok(moved(220 * S, 0, 0, 9 * S / 10 + 60 * S) == 60 * S, "a minute ahead");
	ok(moved(240 * S, 0, 0, 61 * S) == 0, "is reported once");
	ok(moved(260 * S, 0, 0, -3600 * S) == -3661 * S, "an hour back");
	ok(moved(280 * S, 0, 0, -3600 * S) == 0, "is reported once");
	/* What the way may have taken is not counted. */
	ok(moved(300 * S, 0, 3 * S, -3590 * S) == 7 * S, "at least 7 s of 10");
	ok(moved(320 * S, 0, 3 * S, -3590 * S) == 0, "the same way");
	ok(moved(340 * S, 3 * S, 3 * S, -3600 * S) == -4 * S, "4 s of it back");
	/* A day without an answer, and clocks that differ by 500 in a million. */
	ok(moved(340 * S + 86400 * S, 0, 0, -3600 * S + 43 * S) == 0,
	   "a rate that is a little off");
	ok(moved(360 * S + 86400 * S, 0, 0, -3600 * S + 53 * S) > 0,
	   "the same in 20 s");
	return done();
}
