/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.c - see clock.h. Pure: must not read a clock, nor decide anything.
 */
#include <config.h>

#include "duration.h"

#include "clock.h"

/* Clocks that are steered differ in rate by less than one in so many; and less
 * than this in all is of no interest. */
#define RATE 1000
#define LEAST NS_PER_S

int64_t clock_moved(struct clock_offset *o, int64_t engine, int64_t sent,
		    int64_t heard)
{
	struct clock_offset now = { engine - heard, engine - sent, heard };
	int64_t drift = LEAST + (heard - o->at) / RATE;
	int64_t moved = 0;

	if (o->at > 0 && now.low > o->high + drift)
		moved = now.low - o->high;
	else if (o->at > 0 && now.high < o->low - drift)
		moved = now.high - o->low;
	*o = now;
	return moved;
}
