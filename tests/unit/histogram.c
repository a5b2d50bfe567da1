/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/histogram.c - percentiles are right to 1 %, and exact of few values.
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>

#include "distribution.h"
#include "duration.h"
#include "histogram.h"

#include "../kit/tap.h"

static struct histogram h;

static void near(int64_t got, int64_t want, const char *name)
{
	int64_t off = got > want ? got - want : want - got;

	if (!ok(off <= want / 100, "%s is within 1 %%", name))
		note("  got %" PRId64 ", expected %" PRId64, got, want);
}

static void test_uniform(void)
{
	memset(&h, 0, sizeof(h));
	for (int64_t i = 1; i <= 100000; i++)
		histogram_add(&h, i * 1000);
	is_int((int64_t)h.count, 100000, "count");
	is_int(h.min, 1000, "minimum");
	is_int(h.max, 100000000, "maximum");
	is_int(histogram_mean(&h), 50000500, "mean");
	near(histogram_quantile(&h, 50, 100), 50000000, "p50");
	near(histogram_quantile(&h, 90, 100), 90000000, "p90");
	near(histogram_quantile(&h, 99, 100), 99000000, "p99");
	near(histogram_quantile(&h, 1, 100), 1000000, "p1");
	is_int(histogram_quantile(&h, 1, 1), 100000000, "p100 is the maximum");
	is_int(histogram_quantile(&h, 0, 1), 1000, "p0 is the minimum");
}

/* Every power of two, and its neighbours. */
static void test_range(void)
{
	int wrong = 0;

	for (int bit = 0; bit < 63; bit++)
		for (int64_t d = -1; d <= 1; d++) {
			int64_t v = (INT64_C(1) << bit) + d;
			int64_t q, off;

			memset(&h, 0, sizeof(h));
			/* Not alone, or minimum and maximum would tell. */
			histogram_add(&h, 0);
			histogram_add(&h, v);
			histogram_add(&h, INT64_MAX);
			q = histogram_quantile(&h, 1, 2);
			off = q > v ? q - v : v - q;
			if (off > v / 100) {
				wrong++;
				note("%" PRId64 " became %" PRId64, v, q);
			}
		}
	is_int(wrong, 0, "no value is off by more than 1 %");
}

static void test_few(void)
{
	memset(&h, 0, sizeof(h));
	is_int(histogram_quantile(&h, 50, 100), 0, "p50 of nothing");
	is_int(histogram_mean(&h), 0, "mean of nothing");
	histogram_add(&h, 1234567);
	is_int(histogram_quantile(&h, 50, 100), 1234567, "p50 of one");
	is_int(histogram_quantile(&h, 99, 100), 1234567, "p99 of one");
	histogram_add(&h, -5);
	is_int(h.min, 0, "a clock that went backwards counts as 0");
	memset(&h, 0, sizeof(h));
	for (int i = 0; i < 4; i++)
		histogram_add(&h, INT64_MAX);
	is_int(histogram_mean(&h), INT64_MAX, "a sum beyond 64 bits");
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Up to a thousand: each percentile is one of the values, and the right one. */
static void test_exact(void)
{
	static int64_t all[HISTOGRAM_EXACT];
	struct generator g;
	int wrong = 0;

	generator_seed(&g, 7);
	memset(&h, 0, sizeof(h));
	for (size_t n = 0; n < HISTOGRAM_EXACT; n++) {
		all[n] = (int64_t)generator_below(&g, 1000000000);
		histogram_add(&h, all[n]);
		qsort(all, n + 1, sizeof(*all), by_value);
		for (uint64_t p = 1; p <= 100; p++) {
			/* That many, rounded up, do not exceed it. */
			size_t rank = ((n + 1) * (size_t)p + 99) / 100;

			wrong += histogram_quantile(&h, p, 100) !=
				 all[rank - 1];
		}
	}
	is_int(wrong, 0, "of a thousand values, every percentile");
	histogram_add(&h, 5);
	near(histogram_quantile(&h, 50, 100), all[499], "p50 of one more");
	is_int(histogram_quantile(&h, 1, 1), all[HISTOGRAM_EXACT - 1],
	       "and the maximum");
}

int main(void)
{
	test_uniform();
	test_range();
	test_few();
	test_exact();
	return done();
}
