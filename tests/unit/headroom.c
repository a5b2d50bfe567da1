/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/headroom.c - nothing is started while the load is too high or the memory
 * too low, by a machine that the test makes up: its files are in a folder.
 */
#include <config.h>

#include <inttypes.h>

#include "decimal.h"
#include "duration.h"
#include "groups.h"
#include "headroom.h"

#include "../kit/tap.h"
#include "../kit/machine.h"

#define GIB (UINT64_C(1) << 30)

static void test_load_argument(void)
{
	uint64_t load = 7;

	ok(!headroom_parse_load("4", &load) && load == 4000, "4");
	ok(!headroom_parse_load("0.25", &load) && load == 250, "0.25");
	ok(!headroom_parse_load("1.23456789", &load) && load == 1234,
	   "1.23456789");
	ok(!headroom_parse_load("0.00001", &load) && load == 1, "0.00001");
	ok(!headroom_parse_load("1000000", &load) && load == 1000000000, "a "
	   "million");
	load = 7;
	is_str(headroom_parse_load("0", &load), "it has to be more than 0",
	       "0");
	is_str(headroom_parse_load("1000001", &load), "it is too large",
	       "too much");
	is_str(headroom_parse_load("4x", &load), "a decimal number is expected",
	       "4x");
	is_str(headroom_parse_load("80%", &load),
	       "a decimal number is expected", "80%");
	is_str(headroom_parse_load("4,5", &load), "use '.' for the decimals",
	       "4,5");
	is_int((int64_t)load, 7, "none of these is taken");
}

static void is_text(const struct headroom *h, const char *want)
{
	char buf[200];

	is_str(headroom_describe(h, buf, sizeof(buf)), want, "it is described");
}

static void test_load(void)
{
	struct headroom h = { .max_load = 4000, .root = root };
	int64_t now = NS_PER_S;
	int n = 0;

	put("proc/loadavg", "1.25 2.00 3.00 2/300 4711\n");
	is_int(headroom_unknown(&h), HEADROOM_ENOUGH, "the load is known");
	for (; headroom_has(&h, now); n++)
		headroom_started(&h);
	is_int(n, 3, "at most as many are started at once as are missing");
	now += 10 * NS_PER_MS;
	ok(headroom_has(&h, now), "a moment later, more");
	headroom_started(&h);
	put("proc/loadavg", "4.01 2.00 3.00 2/300 4711\n");
	ok(headroom_has(&h, now), "the machine is not asked before each start");
	now += 10 * NS_PER_MS;
	ok(!headroom_has(&h, now), "but soon: 4.01 is too much");
	is_text(&h, "the load average is 4.01, and --max-load is 4.00");
	put("proc/loadavg", "3.70 2.00 3.00 2/300 4711\n");
	now += NS_PER_S;
	ok(!headroom_has(&h, now), "so is 3.70, then");
	is_text(&h, "the load average is 3.70, and --max-load is 4.00");
	put("proc/loadavg", "3.60 2.00 3.00 2/300 4711\n");
	ok(!headroom_has(&h, now + NS_PER_MS), "it is not asked all the time");
	now += NS_PER_S;
	ok(headroom_has(&h, now), "3.60 is a tenth less");
	put("proc/loadavg", "3.99 2.00 3.00 2/300 4711\n");
	now += NS_PER_S;
	ok(headroom_has(&h, now), "up to 4 again");
	put("proc/loadavg", "0.00 2.00 3.00 6/300 4711\n");
	now += NS_PER_S;
	ok(!headroom_has(&h, now), "what runs now is in no average yet");
	is_text(&h, "5 other processes are running, and --max-load is 4.00");
	put("proc/loadavg", "0.00 0.00 0.00 0/300 4711\n");
	now += NS_PER_S;
	ok(headroom_has(&h, now), "none runs");
	drop("proc/loadavg");
	now += NS_PER_S;
	ok(headroom_has(&h, now), "what was last known holds");
	is_int(headroom_unknown(&h), HEADROOM_LOAD, "the load is unknown");
	put("proc/loadavg", "garbage\n");
	is_int(headroom_unknown(&h), HEADROOM_LOAD, "it still is");
}

static void memory_is(struct headroom *h, int64_t *now, uint64_t bytes)
{
	*now += NS_PER_S;
	headroom_has(h, *now);
	is_int((int64_t)h->memory, (int64_t)bytes, "so much memory is left");
}

static void test_memory(void)
{
	struct headroom h = { .min_memory = 4 * GIB, .root = root };
	int64_t now = NS_PER_S;

	is_int(headroom_unknown(&h), HEADROOM_MEMORY, "it is unknown");
	put("proc/meminfo", "MemTotal: 24684084 kB\nMemFree:  1 kB\n"
	    "MemAvailable:    8388608 kB\nBuffers: 1 kB\n");
	is_int(headroom_unknown(&h), HEADROOM_ENOUGH, "it is known");
	ok(headroom_has(&h, now), "8 GiB are enough");
	memory_is(&h, &now, 8 * GIB);
	put("proc/meminfo", "MemAvailable: 3145728 kB\n");
	memory_is(&h, &now, 3 * GIB);
	ok(!headroom_has(&h, now), "three are not");
	is_text(&h, "3G of memory are left, and --min-memory is 4G");
	put("proc/meminfo", "MemAvailable: 4300000 kB\n");
	now += NS_PER_S;
	ok(!headroom_has(&h, now), "four and a bit are not yet");
	put("proc/meminfo", "MemAvailable: 4700000 kB\n");
	now += NS_PER_S;
	ok(headroom_has(&h, now), "with a tenth more they are");
	drop("proc/meminfo");
	is_int(headroom_unknown(&h), HEADROOM_MEMORY, "it is unknown again");
}

/* The limits of the own control group, and of those above it. */
static void test_groups(void)
{
	struct headroom h = { .min_memory = 1, .root = root };
	int64_t now = NS_PER_S;

	put("proc/meminfo", "MemAvailable: 8388608 kB\n");
	put("proc/self/cgroup", "0::/a/b\n");
	memory_is(&h, &now, 8 * GIB);
	put("sys/fs/cgroup/a/b/memory.current", "3221225472\n");
	put("sys/fs/cgroup/a/b/memory.max", "max\n");
	memory_is(&h, &now, 8 * GIB);
	put("sys/fs/cgroup/a/b/memory.max", "4294967296\n");
	memory_is(&h, &now, 1 * GIB);
	put("sys/fs/cgroup/a/b/memory.stat",
	    "anon 1\ninactive_file 1073741824\nactive_file 4096\n");
	memory_is(&h, &now, 2 * GIB);
	put("sys/fs/cgroup/a/b/memory.high", "3221225472\n");
	memory_is(&h, &now, 1 * GIB);
	put("sys/fs/cgroup/a/memory.current", "5368709120\n");
	put("sys/fs/cgroup/a/memory.max", "4294967296\n");
	memory_is(&h, &now, 0);
	/* Version 1. */
	put("proc/self/cgroup", "5:cpu,memory_not:/x\n4:memory:/m\n0::/\n");
	memory_is(&h, &now, 8 * GIB);
	put("sys/fs/cgroup/memory/m/memory.usage_in_bytes", "2147483648\n");
	put("sys/fs/cgroup/memory/m/memory.limit_in_bytes", "4294967296\n");
	memory_is(&h, &now, 2 * GIB);
	put("sys/fs/cgroup/memory/m/memory.stat",
	    "inactive_file 5\ntotal_inactive_file 1073741824\n");
	memory_is(&h, &now, 3 * GIB);
	put("proc/self/cgroup", "4:memory\nnonsense\n");
	memory_is(&h, &now, 8 * GIB);
}

static bool ends(const char *dir, void *arg)
{
	(void)dir;
	++*(int *)arg;
	return true;
}

static void test_visits(void)
{
	int visits = 0;

	put("proc/self/cgroup", "7:cpu,pids,x:/q/r\n0::/s\n");
	ok(groups_each(root, "pids", ends, &visits), "a visit can end it");
	is_int(visits, 1, "then it is the last");
	ok(!groups_each("/nonexistent", "pids", ends, &visits),
	   "without /proc there is none");
	is_int(visits, 1, "none");
}

static void test_none(void)
{
	struct headroom h = { .root = root };

	is_int(headroom_unknown(&h), HEADROOM_ENOUGH, "no limits: all is known");
	for (int i = 0; i < 100; i++) {
		headroom_started(&h);
		if (!headroom_has(&h, 0))
			break;
	}
	ok(headroom_has(&h, 0), "and there is always enough");
}

int main(void)
{
	test_load_argument();
#if !defined PQ_USE_LINUX || !PQ_USE_LINUX
	printf("ok %d - files # SKIP built without LINUX\n", ++tap_run);
	return done();
#endif
	begin_machine("headroom");
	test_load();
	test_memory();
	test_groups();
	test_visits();
	test_none();
	return done();
}
