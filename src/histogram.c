/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram.c - lengths of time, counted in bounded memory.
 *
 * Must not grow with the number of values. Minimum, maximum and mean must be
 * exact: they are kept beside the buckets.
 */
#include <config.h>

#include <stddef.h>
#include <stdint.h>

#include "duration.h"
#include "histogram.h"

#define SUB (UINT64_C(1) << HISTOGRAM_BITS)

/* The number of the highest bit of a value other than 0. */
static unsigned high_bit(uint64_t v)
{
	unsigned bit = 0;

	for (unsigned step = 32; step > 0; step /= 2) {
		if (v >> step == 0)
			continue;
		v >>= step;
		bit += step;
	}
	return bit;
}

/* Values below 2 * SUB have a bucket each. The bucket of a larger one is given
 * by its highest bit and the HISTOGRAM_BITS that follow. */
static size_t bucket_of(uint64_t v)
{
	unsigned shift;

	if (v < 2 * SUB)
		return (size_t)v;
	shift = high_bit(v) - HISTOGRAM_BITS;
	return (size_t)((uint64_t)shift * SUB + (v >> shift));
}

/* The middle of a bucket. */
static int64_t bucket_value(size_t bucket)
{
	unsigned shift;
	uint64_t low;

	if (bucket < 2 * SUB)
		return (int64_t)bucket;
	shift = (unsigned)(bucket / SUB - 1);
	low = (bucket % SUB + SUB) << shift;
	return (int64_t)(low + (UINT64_C(1) << shift) / 2);
}

/* Insert one of the first values in its place. It is counted already. */
static void keep_first(struct histogram *h, int64_t value)
{
	size_t i;

	if (h->count > HISTOGRAM_EXACT)
		return;
	for (i = (size_t)h->count - 1; i > 0 && h->first[i - 1] > value; i--)
		h->first[i] = h->first[i - 1];
	h->first[i] = value;
}

void histogram_add(struct histogram *h, int64_t value)
{
	if (value < 0)
		value = 0;
	if (h->count == 0 || value < h->min)
		h->min = value;
	if (h->count == 0 || value > h->max)
		h->max = value;
	h->count++;
	h->sum_s += (uint64_t)(value / NS_PER_S);
	h->sum_ns += (uint64_t)(value % NS_PER_S);
	if (h->sum_ns >= (uint64_t)NS_PER_S) {
		h->sum_ns -= (uint64_t)NS_PER_S;
		h->sum_s++;
	}
	h->buckets[bucket_of((uint64_t)value)]++;
	keep_first(h, value);
}

int64_t histogram_quantile(const struct histogram *h, uint64_t num,
			   uint64_t den)
{
	uint64_t rank, seen = 0;
	int64_t value = h->max;

	if (h->count == 0)
		return 0;
	/* count * num / den, rounded up, within 64 bits. */
	rank = h->count / den * num + (h->count % den * num + den - 1) / den;
	if (rank <= 1)
		return h->min;
	if (rank >= h->count)
		return h->max;
	if (h->count <= HISTOGRAM_EXACT)
		return h->first[rank - 1];
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen < rank || seen == 0)
			continue;
		value = bucket_value(i);
		break;
	}
	if (value < h->min)
		return h->min;
	return value > h->max ? h->max : value;
}

int64_t histogram_mean(const struct histogram *h)
{
	uint64_t ns = (uint64_t)NS_PER_S;

	if (h->count == 0)
		return 0;
	return (int64_t)(h->sum_s / h->count * ns +
			 (h->sum_s % h->count * ns + h->sum_ns) / h->count);
}
