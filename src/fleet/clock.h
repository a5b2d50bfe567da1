/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - whether the engine's clock goes on as the one of this machine does.
 */
#ifndef FLEET_CLOCK_H
#define FLEET_CLOCK_H

#include <stdint.h>

/* The engine's clock less procq_life(), in ns, as of an answer: between these
 * two, as the answer was on its way for an unknown time. */
struct clock_offset {
	int64_t low, high;
	int64_t at;		/* when that was, by procq_life(); 0: never */
};

/**
 * Compare with the last answer, and keep this one.
 * @param engine what the engine's clock said in its answer, ns
 * @param sent when the request was, ns of procq_life()
 * @param heard when the answer was
 * @return by how many ns at least the engine's clock was set forward, or this
 *         machine stood still; negative: set back; 0: neither can be shown
 */
int64_t clock_moved(struct clock_offset *o, int64_t engine, int64_t sent,
		    int64_t heard);

#endif
