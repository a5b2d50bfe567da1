/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit/plot-scene.c - src/plot/scene.c: who lived when, the waits, histograms
 * and quantiles, of lives that the test makes. */
#include <config.h>

#include "plot/scene.h"

#include "../kit/tap.h"

#define MS INT64_C(1000000)
#define BASE INT64_C(1795947303000000000)

static struct life lives[400];
static struct bound bounds[2];

static struct log make_log(size_t count)
{
	return (struct log){ .lives = lives, .count = count,
			     .bounds = bounds, .bound_count = 2 };
}

static void set_life(size_t i, int64_t start, int64_t end, int slot)
{
	lives[i] = (struct life){
		.seq = i + 1, .start = BASE + start * MS,
		.end = end < 0 ? INT64_MAX : BASE + end * MS,
		.latency = -1, .slot = slot, .cause = CAUSE_EXIT,
		.hand = HAND_SELF
	};
}

/* Two in a queue of two; nobody; one, in a queue of one. */
static void test_waits(void)
{
	struct log log = make_log(3);
	struct scene s;

	set_life(0, 0, 10, 0);
	set_life(1, 5, 20, 1);
	set_life(2, 30, -1, 0);
	bounds[0] = (struct bound){ BASE, 2, 0 };
	bounds[1] = (struct bound){ BASE + 25 * MS, 1, 0 };
	is_int(scene_make(&s, &log, ROWS_AUTO), 0, "a scene");
	is_int(s.all.begin, BASE, "it begins with the first start");
	is_int(s.all.end, BASE + 30 * MS, "it ends with the last event");
	is_int(s.most, 2, "two at once");
	is_int((int64_t)s.full_count, 1, "full once");
	is_int(s.full[0].begin, BASE + 5 * MS, "from the second start");
	is_int(s.full[0].end, BASE + 10 * MS, "to the first end");
	is_int((int64_t)s.empty_count, 1, "empty once");
	is_int(s.empty[0].begin, BASE + 20 * MS, "from the second end");
	is_int(s.empty[0].end, BASE + 30 * MS, "to the third start");
	is_int(scene_capacity(&s, BASE + 24 * MS), 2, "two, before");
	is_int(scene_capacity(&s, BASE + 25 * MS), 1, "one, from then on");
	is_int(scene_end(&s, &lives[2]), s.all.end, "it lives to the end");
	is_int((int64_t)s.lived.count, 2, "two lifetimes are known");
	is_int((int64_t)s.latency.count, 0, "and no latency");
	is_int((int64_t)s.causes[CAUSE_EXIT], 3, "causes are counted");
	is_int(s.rows, ROWS_ORDER, "few have a row each");
	is_int(s.row_count, 3, "three rows");
	is_int(scene_row(&s, 2), 2, "in order of start");
	scene_free(&s);
	is_int(scene_make(&s, &log, ROWS_SLOT), 0, "rows by slot");
	is_int(s.row_count, 2, "two of these");
	is_int(scene_row(&s, 2), 0, "the third is where the first was");
	scene_free(&s);
}

/* One ends as the other starts: never two at once. */
static void test_handover(void)
{
	struct log log = make_log(2);
	struct scene s;

	set_life(0, 0, 10, 0);
	set_life(1, 10, 20, 0);
	scene_make(&s, &log, ROWS_AUTO);
	is_int(s.step_count > 2 ? s.steps[1].alive : 9, 0,
	       "at one moment the end comes first");
	is_int((int64_t)s.empty_count, 0, "no moment is empty");
	scene_free(&s);
}

static void test_spread(void)
{
	struct log log = make_log(400);
	struct scene s;
	uint64_t sum = 0;

	for (size_t i = 0; i < 400; i++) {
		set_life(i, (int64_t)i, (int64_t)(2 * i + 1), (int)i % 7);
		lives[i].latency = (int64_t)(i + 1) * 1000;
	}
	lives[3].slot = -1;
	scene_make(&s, &log, ROWS_AUTO);
	is_int(s.rows, ROWS_SLOT, "many are by slot");
	is_int(s.row_count, 8, "one row for those without a slot");
	is_int(scene_row(&s, 3), 7, "the last");
	is_int((int64_t)spread_quantile(&s.latency, 0.5), 200000, "p50");
	is_int((int64_t)spread_quantile(&s.latency, 0.99), 396000, "p99");
	is_int((int64_t)spread_quantile(&s.latency, 1), 400000, "all");
	is_int((int64_t)spread_quantile(&s.latency, 0), 1000, "none");
	for (int i = 0; i < SCENE_BINS; i++)
		sum += s.latency.bins[i];
	is_int((int64_t)sum, 400, "each is in a bin");
	ok(s.latency.log, "1 to 400 takes growing bins");
	ok(spread_edge(&s.latency, SCENE_BINS) >= 399999 &&
	   spread_edge(&s.latency, SCENE_BINS) <= 400001,
	   "the last edge is the largest");
	scene_free(&s);
}

int main(void)
{
	test_waits();
	test_handover();
	test_spread();
	return done();
}
