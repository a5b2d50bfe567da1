/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram.h - lengths of time, counted in bounded memory.
 *
 * Pure. Must not grow with the number of values.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

/*
 * A histogram whose buckets grow with the value: 128 for each power of two,
 * one for each value below 256 ns. A percentile is the middle of its bucket, so
 * its error is less than 1/256 (0.4 %). The first values are kept, too: while
 * they are all, a percentile is exact, one of them.
 */
#define HISTOGRAM_BITS 7
#define HISTOGRAM_EXACT 1000
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
	uint64_t count;
	int64_t min;		/* exact, as are max and mean */
	int64_t max;
	uint64_t sum_s;		/* the sum, in seconds … */
	uint64_t sum_ns;	/* … and the ns below one */
	uint64_t buckets[HISTOGRAM_BUCKETS];
	int64_t first[HISTOGRAM_EXACT];	/* in ascending order */
};

void histogram_add(struct histogram *h, int64_t value);
/** The value that num / den of all, rounded up, do not exceed; 0 if empty. */
int64_t histogram_quantile(const struct histogram *h, uint64_t num,
			   uint64_t den);
int64_t histogram_mean(const struct histogram *h);

#endif
