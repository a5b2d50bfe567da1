/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * headroom.h - is the machine idle enough, and is there memory enough, to start
 * one more process?
 *
 * Must not start or end one. The caller reads the clock and does the waiting.
 */
#ifndef HEADROOM_H
#define HEADROOM_H

#include <stdbool.h>
#include <stdint.h>

enum headroom_lack {
	HEADROOM_ENOUGH = 0,
	HEADROOM_LOAD = 1,
	HEADROOM_MEMORY = 2
};

/* All zero: no limits. */
struct headroom {
	/* Set by the caller. */
	uint64_t max_load;		/* in thousandths; 0: no limit */
	uint64_t min_memory;		/* in bytes; 0: no limit */
	const char *root;		/* what stands before /proc and /sys;
					 * NULL but for tests */

	/* Written here only. */
	enum headroom_lack lack;	/* at the last look */
	uint64_t load;			/* the average of a minute, likewise */
	uint64_t running;		/* processes at that moment, likewise */
	uint64_t memory;
	int64_t look_again;
	unsigned budget;		/* starts until then */
};

/** Read the argument of --max-load. @return NULL, or what is wrong,
 * untranslated */
const char *headroom_parse_load(const char *text, uint64_t *thousandths);

/** Can this system say what the limits ask for?
 * @retval HEADROOM_ENOUGH it can; else what it can't say */
enum headroom_lack headroom_unknown(struct headroom *h);

/**
 * May a process be started now? If the load is too high or the memory too low,
 * not before it is better by a tenth, so that it does not go to and fro.
 */
bool headroom_has(struct headroom *h, int64_t now);
/** A process was started. */
void headroom_started(struct headroom *h);

/** What is lacking, in a sentence. @retval buf */
char *headroom_describe(const struct headroom *h, char *buf, unsigned size);

#endif
