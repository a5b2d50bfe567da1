/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.h - the figures of a whole run, in bounded memory.
 *
 * Pure, except for the printing. Must not grow with the number of processes.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ending.h"
#include "histogram.h"
#include "procq.h"

/* Signals with a counter of their own. */
#define SUMMARY_SIGNALS 128

/* All zero: empty. */
struct summary {
	uint64_t started;	/* producer: entered */
	uint64_t failed;	/* … commands that could not be run */
	uint64_t left;		/* … alive when it left */
	uint64_t retired;	/* deaths reported; producer: reaped */
	uint64_t self;		/* … of these, exited on their own */
	uint64_t other;		/* … died of somebody else's signal */
	uint64_t stale;
	uint64_t unconfirmed;	/* deaths still to be confirmed */
	uint64_t unknown;	/* causes */
	uint64_t exits[256];
	uint64_t signals[SUMMARY_SIGNALS];
	uint64_t cores[SUMMARY_SIGNALS];
	struct histogram lived;
	struct histogram latency;
};

/** Count the end of a process by its cause; the second one, what ended it and
 * its times, too. */
void summary_count(struct summary *s, const struct procq_event *e);
void summary_add(struct summary *s, const struct procq_event *e,
		 enum ended_by by);

/** "12.50/s": count in ns. @retval buf */
char *rate_text(uint64_t count, int64_t ns, char buf[32]);

/* ---- summary-print.c ---- */

/* --summary */
enum summary_form {
	SUMMARY_TEXT = 0,
	SUMMARY_JSON = 1,
	SUMMARY_NONE = 2
};

/* Of what a summary is, beside its figures. */
struct summary_head {
	const char *program;
	const char *queue;
	bool producer;		/* what was started; else, what was retired */
	int64_t elapsed;	/* ns */
	int64_t when;		/* ns since the epoch */
	uint64_t seed;
};

/** Print it: lines of text, each of which begins with the program's name; or
 * an object of JSON in one line. Data: not translated. */
void summary_print(const struct summary *s, FILE *f, enum summary_form form,
		   const struct summary_head *head);

#endif
