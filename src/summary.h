/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.h - the figures of a whole run, in bounded memory.
 *
 * Pure, except for the printing. Must not grow with the number of processes.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "ending.h"
#include "procq.h"

/*
 * A histogram whose buckets grow with the value: 128 for each power of two,
 * one for each value below 256 ns. A percentile is the middle of its bucket, so
 * its error is less than 1/256 (0.4 %).
 */
#define HISTOGRAM_BITS 7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
	uint64_t count;
	int64_t min;		/* exact, as are max and mean */
	int64_t max;
	uint64_t sum_s;		/* the sum, in seconds … */
	uint64_t sum_ns;	/* … and the ns below one */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

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

void histogram_add(struct histogram *h, int64_t value);
/** The value that num / den of all, rounded up, do not exceed; 0 if empty. */
int64_t histogram_quantile(const struct histogram *h, uint64_t num,
			   uint64_t den);
int64_t histogram_mean(const struct histogram *h);

/** Count the end of a process by its cause; the second one, who ended it and
 * its times, too. */
void summary_count(struct summary *s, const struct procq_event *e);
void summary_add(struct summary *s, const struct procq_event *e,
		 enum ended_by by);

/** "12.50/s": count in ns. @retval buf */
char *rate_text(uint64_t count, int64_t ns, char buf[32]);

/** Print the summary of a producer, or of a consumer; each line begins with the
 * program's name.
 * @param elapsed ns */
void summary_print_started(const struct summary *s, FILE *f,
			   const char *program, int64_t elapsed,
			   uint64_t seed);
void summary_print_retired(const struct summary *s, FILE *f,
			   const char *program, int64_t elapsed,
			   uint64_t seed);

#endif
