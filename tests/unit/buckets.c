/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/buckets.c - counts of values by their size, and which ends of
 * processes are counted.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include "buckets.h"

static struct procq_histogram read_it(int which)
{
	struct procq_histogram h;

	need(procq_histogram(c, which, &h) == 0);
	return h;
}

/* The bucket whose count is 1, of a histogram with one value; -1: none. */
static int bucket_of(int64_t value)
{
	struct procq_histogram before = read_it(PROCQ_HISTOGRAM_LATENCY);
	struct procq_histogram after;
	int found = -1;

	pq_histogram_add(seg, PROCQ_HISTOGRAM_LATENCY, value);
	after = read_it(PROCQ_HISTOGRAM_LATENCY);
	for (int i = 0; i < PROCQ_BUCKETS; i++)
		if (after.counts[i] != before.counts[i])
			found = found < 0 ? i : -2;
	return after.count == before.count + 1 ? found : -3;
}

static void test_buckets(void)
{
	int bad = 0;

	setup();
	is_int(procq_bucket(0), 1000, "the first goes to a microsecond");
	is_int(procq_bucket(PROCQ_BUCKETS - 2), 1000000 * PQ_SECOND,
	       "the last but one to a million seconds");
	ok(procq_bucket(PROCQ_BUCKETS - 1) == PROCQ_FOREVER &&
	   procq_bucket(PROCQ_BUCKETS) == PROCQ_FOREVER &&
	   procq_bucket(UINT32_MAX) == PROCQ_FOREVER, "the last has no end");
	for (unsigned i = 0; i + 1 < PROCQ_BUCKETS; i++) {
		bad += procq_bucket(i) >= procq_bucket(i + 1);
		bad += bucket_of(procq_bucket(i)) != (int)i;
		bad += bucket_of(procq_bucket(i) + 1) != (int)i + 1;
	}
	is_int(bad, 0, "each value is in its bucket, and counted once");
	is_int(bucket_of(0), 0, "nothing at all");
	is_int(bucket_of(-5), 0, "less than that");
	is_int(bucket_of(INT64_MAX), PROCQ_BUCKETS - 1, "the most");
	teardown();
}

static void test_sum(void)
{
	struct procq_histogram h;

	setup();
	h = read_it(PROCQ_HISTOGRAM_LIFETIME);
	ok(h.count == 0 && h.sum_us == 0, "a new queue has counted nothing");
	pq_histogram_add(seg, PROCQ_HISTOGRAM_LIFETIME, 1999);
	pq_histogram_add(seg, PROCQ_HISTOGRAM_LIFETIME, 3 * PQ_SECOND);
	h = read_it(PROCQ_HISTOGRAM_LIFETIME);
	ok(h.count == 2 && h.sum_us == 3000001, "the sum, in microseconds");
	is_int((intmax_t)read_it(PROCQ_HISTOGRAM_LATENCY).count, 0,
	       "each histogram by itself");
	is_int(procq_histogram(c, 2, &h), -EINVAL, "there is no third");
	is_int(procq_histogram(c, -1, &h), -EINVAL, "nor any before");
	teardown();
}

/* What was ended, what exited, and what is lost. */
static void test_counted(void)
{
	struct procq_process d;
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, 0, &pid);
	need(take(c, slot) == 0 && procq_signal(c, slot, SIGTERM, 0) >= 0);
	need(await_event(p, c, &e) == 1 && e.latency >= 0);
	is_int((intmax_t)read_it(PROCQ_HISTOGRAM_LIFETIME).count, 1,
	       "one that was ended has lived");
	is_int((intmax_t)read_it(PROCQ_HISTOGRAM_LATENCY).count, 1,
	       "and its end took a while");
	ok(read_it(PROCQ_HISTOGRAM_LIFETIME).sum_us ==
		   (uint64_t)e.lived / 1000 &&
	   read_it(PROCQ_HISTOGRAM_LATENCY).sum_us ==
		   (uint64_t)e.latency / 1000, "as it was reported");
	spawn(p, 0, &pid);
	fixture_kill(pid);
	need(procq_reap(p) == 1);
	need(procq_take_exited(c, &d) == 0 && procq_collect(c, &e) == 1);
	is_int((intmax_t)read_it(PROCQ_HISTOGRAM_LIFETIME).count, 2,
	       "so has one that exited");
	is_int((intmax_t)read_it(PROCQ_HISTOGRAM_LATENCY).count, 1,
	       "which was not ended");
	pid = fixture_bystander();
	slot = orphan(pid, 0, 0);
	fixture_end(pid);
	need(take(c, slot) == 0 && collect(c, &e) == 1 &&
	     e.type == PROCQ_EVENT_STALE);
	is_int((intmax_t)read_it(PROCQ_HISTOGRAM_LIFETIME).count, 2,
	       "of one that is lost, nobody knows how long");
	teardown();
}

int main(void)
{
	taking_begin("buckets");
	test_buckets();
	test_sum();
	test_counted();
	return done();
}
