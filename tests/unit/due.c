/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/due.c - src/due.c: the times of their own are spread evenly, the same
 * for everybody and others in each queue; the heap gives the earliest first,
 * whatever is added, replaced and dropped.
 *
 * Keys are fixed, so the statistics either hold for ever or never.
 */
#include <config.h>

#include <inttypes.h>

#include "distribution.h"
#include "due.h"
#include "duration.h"

#include "../kit/tap.h"

#define DRAWS 100000
#define HOUR (3600 * NS_PER_S)

static struct procq_process process(uint32_t slot, uint64_t seq, int64_t age)
{
	return (struct procq_process){ .slot = slot, .seq = seq, .age = age,
				       .state = PROCQ_STATE_QUEUED };
}

/* ---- times ---- */

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The Kolmogorov-Smirnov distance from the even distribution, times the root
 * of the number, in thousandths. Above 1949 it is one of a thousand. */
static int64_t distance(int64_t *own, int n, int64_t jitter)
{
	double most = 0, root = 1;

	qsort(own, (size_t)n, sizeof(*own), by_value);
	for (int i = 0; i < n; i++) {
		double at = (double)own[i] / (double)jitter;
		double below = at - (double)i / n;
		double above = (double)(i + 1) / n - at;

		most = below > most ? below : most;
		most = above > most ? above : most;
	}
	for (int i = 0; i < 60; i++)
		root = (root + n / root) / 2;
	return (int64_t)(most * root * 1000);
}

/* What comes one after the other has times that are as good as drawn. */
static void test_even(uint64_t key, uint64_t first, uint64_t stride)
{
	static int64_t own[DRAWS];
	int64_t d, lowest = HOUR, highest = 0;
	int bins[100] = { 0 };
	double chi = 0;

	for (int i = 0; i < DRAWS; i++) {
		own[i] = due_own(key, first + (uint64_t)i * stride, HOUR);
		lowest = time_min(lowest, own[i]);
		highest = own[i] > highest ? own[i] : highest;
		bins[own[i] / (HOUR / 100 + 1)]++;
	}
	for (int i = 0; i < 100; i++)
		chi += (bins[i] - DRAWS / 100.0) * (bins[i] - DRAWS / 100.0) /
		       (DRAWS / 100.0);
	ok(lowest >= 0 && highest <= HOUR, "within the jitter");
	ok(chi < 149, "each hundredth has its share: chi-square %.1f", chi);
	d = distance(own, DRAWS, HOUR);
	ok(d < 1949, "and in between: Kolmogorov-Smirnov %" PRId64, d);
}

/* How much those of two neighbours have to do with each other: in thousandths
 * of what they vary, times the root of the number. */
static void test_neighbours(void)
{
	double sum = 0;

	for (uint64_t i = 0; i < DRAWS; i++)
		sum += ((double)due_own(7, i, HOUR) / (double)HOUR - 0.5) *
		       ((double)due_own(7, i + 1, HOUR) / (double)HOUR - 0.5);
	sum = sum * 12 / DRAWS;
	ok(sum < 0.0104 && sum > -0.0104,
	   "neighbours have nothing in common: %.4f", sum);
}

static void test_own(void)
{
	uint64_t a = due_key("/procq.0.a", 1), b = due_key("/procq.0.b", 1);
	unsigned bitmap = 0;
	int same = 0;

	test_even(1, 1, 1);
	test_even(a, 1, 1);
	test_even(a, UINT64_C(1) << 40, UINT64_C(1) << 20);
	test_neighbours();
	ok(a != b && a != due_key("/procq.0.a", 2),
	   "another queue, another key; one made later, too");
	for (uint64_t i = 1; i <= 1000; i++)
		same += due_own(a, i, HOUR) / NS_PER_S ==
			due_own(b, i, HOUR) / NS_PER_S;
	ok(same < 10, "another key, other times: %d alike", same);
	is_int(due_own(a, 5, HOUR), due_own(a, 5, HOUR), "the same each time");
	/* A change here changes when everybody's processes end. */
	is_int(due_own(1, 1, NS_PER_S), 661514958, "as ever");
	is_int(due_own(a, 5, 0), 0, "no jitter: none");
	for (uint64_t i = 0; i < 64; i++)
		bitmap |= 1u << due_own(a, i, 1);
	is_int(bitmap, 3, "both ends are possible");
	ok(due_own(a, 1, INT64_MAX) >= 0, "a jitter for ever");
}

static void test_at(void)
{
	struct dues all = { .min_age = 10, .key = 1 };
	struct procq_process p = process(0, 1, 7);

	is_int(due_at(&all, &p, 100), 103, "its start, and the age");
	all.jitter = 5;
	is_int(due_at(&all, &p, 100), 103 + due_own(1, 1, 5),
	       "and its own time");
	p.age = -4;
	ok(due_at(&all, &p, 100) >= 110, "an age below 0: it starts now");
	p.age = INT64_MAX;
	ok(due_at(&all, &p, 100) >= 10, "an age beyond the clock");
	all.min_age = INT64_MAX;
	is_int(due_at(&all, &p, 100), INT64_MAX, "never");
	p.state = PROCQ_STATE_EXITED;
	is_int(due_at(&all, &p, 100), 0, "a dead one: at once");
}

/* ---- the heap ---- */

static void add(struct dues *all, uint32_t slot, uint64_t seq, int64_t age)
{
	struct procq_process p = process(slot, seq, age);

	if (dues_add(all, &p, 1000000) < 0)
		abort();
}

static void test_heap(void)
{
	struct dues all = { .min_age = 1 };

	ok(!dues_first(&all), "nothing at first");
	dues_drop_first(&all);
	add(&all, 3, 30, 5);
	add(&all, 1, 10, 9);
	add(&all, 2, 20, 7);
	is_int(dues_first(&all)->slot, 1, "the oldest");
	add(&all, 1, 40, 1);
	is_int(dues_first(&all)->slot, 2, "a new process in its record");
	is_int(all.count, 3, "… takes its place");
	add(&all, 3, 50, 8);
	is_int((int64_t)dues_first(&all)->seq, 50, "… or comes first");
	dues_drop_first(&all);
	dues_drop_first(&all);
	is_int(dues_first(&all)->slot, 1, "the last one");
	add(&all, 9, 11, 1);
	is_int((int64_t)dues_first(&all)->seq, 11,
	       "of the same age, the one that came first");
	dues_clear(&all);
	ok(!dues_first(&all), "all are gone");
	add(&all, 1, 60, 1);
	is_int((int64_t)dues_first(&all)->seq, 60, "it can be used again");
	add(&all, PROCQ_CAPACITY_MAX, 1, 50);
	is_int(all.count, 1, "a record that no queue has");
	dues_free(&all);
	add(&all, 0, 1, 1);
	is_int(all.count, 1, "… also after its end");
	dues_free(&all);
}

#define SLOTS 500

/* Beside a list without any order. */
static void test_many(void)
{
	static int64_t age[SLOTS];	/* 0: not there */
	struct dues all = { .min_age = 1 };
	struct generator g;
	int wrong = 0, there = 0;

	generator_seed(&g, 1);
	for (int round = 0; round < 20000; round++) {
		uint32_t slot = (uint32_t)generator_below(&g, SLOTS);
		uint32_t oldest = 0;

		if (generator_below(&g, 3) > 0) {
			there += !age[slot];
			age[slot] = 1 + (int64_t)generator_below(&g, 1000);
			/* Equal ages: the higher slot came later. */
			add(&all, slot, slot, age[slot]);
		} else if (there > 0) {
			for (uint32_t i = 0; i < SLOTS; i++)
				if (age[i] > age[oldest])
					oldest = i;
			wrong += dues_first(&all)->slot != oldest;
			dues_drop_first(&all);
			age[oldest] = 0;
			there--;
		}
		wrong += all.count != (uint32_t)there;
	}
	is_int(wrong, 0, "always the earliest");
	ok(there > 50, "of many: %d at the end", there);
	dues_free(&all);
}

int main(void)
{
	test_own();
	test_at();
	test_heap();
	test_many();
	return done();
}
