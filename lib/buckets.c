/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * buckets.c - counts of values by their size.
 * Must not decide what is counted, nor when.
 *
 * The counts are added after the record is released, so they miss the one that
 * a killed participant was about to count. To make them as exact as the
 * tallies would take an intent for each; the sums of procq_stat() are exact
 * without them, and of many values one more or less shows nothing.
 */
#include <config.h>

#include "buckets.h"

#define DECADE(ns) INT64_C(ns), INT64_C(2) * (ns), INT64_C(5) * (ns)

/* From 1 us to a million seconds: what a process may live. In steps that people
 * read, not in powers of two. */
static const int64_t most[PROCQ_BUCKETS] = {
	DECADE(1000), DECADE(10000), DECADE(100000),
	DECADE(1000000), DECADE(10000000), DECADE(100000000),
	DECADE(1000000000), DECADE(10000000000), DECADE(100000000000),
	DECADE(1000000000000), DECADE(10000000000000), DECADE(100000000000000),
	INT64_C(1000000000000000), PROCQ_FOREVER
};

int64_t pq_bucket_most(unsigned bucket)
{
	return bucket < PROCQ_BUCKETS ? most[bucket] : PROCQ_FOREVER;
}

static unsigned bucket_of(int64_t value)
{
	unsigned from = 0, to = PROCQ_BUCKETS - 1;

	while (from < to) {
		unsigned middle = (from + to) / 2;

		if (most[middle] < value)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Relaxed: each count is right by itself, and none says anything of others. */
void pq_histogram_add(struct pq_segment *seg, unsigned which, int64_t value)
{
	struct pq_histogram *h = &seg->histograms[which];

	if (value < 0)
		value = 0;
	atomic_fetch_add_explicit(&h->counts[bucket_of(value)], 1,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&h->micros, (uint64_t)value / 1000,
				  memory_order_relaxed);
}

void pq_histogram_read(const struct pq_segment *seg, unsigned which,
		       struct procq_histogram *out)
{
	const struct pq_histogram *h = &seg->histograms[which];

	out->count = 0;
	for (unsigned i = 0; i < PROCQ_BUCKETS; i++) {
		out->counts[i] = atomic_load_explicit(&h->counts[i],
						      memory_order_relaxed);
		out->count += out->counts[i];
	}
	out->sum_us = atomic_load_explicit(&h->micros, memory_order_relaxed);
}
