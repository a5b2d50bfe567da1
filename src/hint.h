/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hint.h - a program that waits says so: what for, and what would help.
 *
 * On a terminal, once for each thing that is waited for, after a second, as
 * nothing else explains the silence; with --verbose, at once and at the
 * beginning of each wait, wherever it is read. Must not wait, and must not
 * print: the caller does when it is told to.
 */
#ifndef HINT_H
#define HINT_H

#include <stdbool.h>
#include <stdint.h>

/* What is waited for. */
enum hint {
	HINT_NONE = 0,
	HINT_READER,		/* of a FIFO, to open it */
	HINT_QUEUE,		/* to be there */
	HINT_FULL,
	HINT_CLOSED,
	HINT_LEASE,		/* to be renewed */
	HINT_EMPTY,
	HINT_DEATHS,		/* at the end of a consumer … */
	HINT_KILLS,		/* … and of a producer */
	HINT_DRAIN,		/* what a producer has started to be over */
	HINT_CONSUMERS,		/* … what others are ending */
	HINT_OVER,		/* processes to be over, by procq wait */
	HINT_IN_USE,		/* participants to leave, by procq remove */
	/* Waits that are nothing special if they are short: with --verbose,
	 * from the second one on they are spoken of after a second … */
	HINT_LINES,		/* of --args-from, the next one */
	HINT_EXITS,		/* with --reap */
	HINT_AGE,		/* of the process whose turn is next */
	HINT_GAP,		/* since the last ending, to be over */
	HINT_PERMIT,		/* of the fleet, to end a process */
	HINT_DYING		/* … and this one always: deaths, while a
				 * consumer runs */
};

/* All zero: no hints. */
struct hints {
	bool on;
	bool at_once;
	bool told;		/* of this wait */
	enum hint what;
	int64_t since;		/* when this wait began */
	unsigned said;		/* 1 << enum hint, for each that was */
};

/** Begin.
 * @param wanted none are given without; @param at_once with --verbose */
void hints_start(struct hints *h, bool wanted, bool at_once);

/** It waits for this now; HINT_NONE: for nothing. @param now monotonic, ns
 * @retval true say so */
bool hint_due(struct hints *h, enum hint what, int64_t now);

/** When to call hint_due() again at the latest, or PROCQ_FOREVER. */
int64_t hint_next(const struct hints *h);

#endif
