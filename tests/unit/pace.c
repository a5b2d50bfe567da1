/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/pace.c - starts are due when they were asked for, over any time, by a
 * clock that the test moves.
 */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "duration.h"
#include "pace.h"

#include "../kit/tap.h"

#define DAY (86400 * NS_PER_S)

static struct rate parse(const char *text)
{
	struct rate r = { 0, 0, 0 };
	const char *why = rate_parse(text, &r);

	ok(!why, "'%s' is read%s%s", text, why ? ": " : "", why ? why : "");
	return r;
}

static void is_rate(const char *text, int64_t whole, int64_t rest, int64_t n)
{
	const struct rate r = parse(text);

	is_int((int64_t)r.whole, whole, "so many ns apart");
	/* The fraction need not be in its lowest terms. */
	ok(r.n > 0 && (int64_t)r.rest * n == rest * (int64_t)r.n,
	   "and %" PRId64 "/%" PRId64, rest, n);
}

static void refuses(const char *text, const char *why)
{
	struct rate r = { 7, 7, 7 };
	const char *said = rate_parse(text, &r);

	ok(said && strcmp(said, why) == 0 && r.n == 7, "'%s' is refused: %s",
	   text, said ? said : "no");
}

static void test_parsing(void)
{
	static const struct {
		const char *why, *texts[9];
	} refused[] = {
		{ "a decimal number is expected",
		  { "", ".", "/s", "x", "nan", "inf", "+1", " 1" } },
		{ "it can't be negative", { "-1" } },
		{ "it has to be more than 0", { "0", "0.000/d" } },
		{ "use '.' for the decimals", { "1,5/s" } },
		{ "it is too large",
		  { "1000000001", "99999999999999999999999" } },
		{ "it has too many decimals",
		  { "0.0000000001", "0.1234567890123" } },
		{ "less than one start in 292 years", { "0.000000001/d" } },
		{ "after the number comes nothing, /s, /m, /h or /d",
		  { "1/w", "1/", "1s", "1/s ", "1e3", "0x10", "1.5.5" } },
	};

	is_rate("10", 100000000, 0, 1);
	is_rate("10/s", 100000000, 0, 1);
	is_rate("5000/s", 200000, 0, 1);
	is_rate("3/s", 333333333, 1, 3);
	is_rate("0.5/s", 2 * NS_PER_S, 0, 1);
	is_rate(".5", 2 * NS_PER_S, 0, 1);
	is_rate("2.", 500000000, 0, 1);
	is_rate("2.50", 400000000, 0, 1);
	is_rate("0.7/m", INT64_C(85714285714), 2, 7);
	is_rate("90/m", 666666666, 2, 3);
	is_rate("7/h", INT64_C(514285714285), 5, 7);
	is_rate("1/d", DAY, 0, 1);
	is_rate("0.25/d", 4 * DAY, 0, 1);
	is_rate("1000000000", 1, 0, 1);
	is_rate("1000000000.000000000000", 1, 0, 1);
	is_rate("0.000000001/s", NS_PER_S * NS_PER_S, 0, 1);
	is_rate("1.000000001/d", INT64_C(86399999913600),
		INT64_C(86400), INT64_C(1000000001));
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		for (size_t k = 0; refused[i].texts[k]; k++)
			refuses(refused[i].texts[k], refused[i].why);
}

/* Start when it is due, n times; returns when the next one is. */
static int64_t run(struct pace *p, int64_t now, int64_t n)
{
	pace_begin(p, now);
	for (int64_t i = 0; i < n; i++)
		pace_started(p, p->due, false);
	return p->due;
}

static void test_exact(void)
{
	struct pace p = { .rate = parse("7/s") };

	is_int(run(&p, 42, 7000000), 42 + 1000000 * NS_PER_S,
	       "7/s for a million seconds, to the ns");
	p.rate = parse("3.3/s");
	is_int(run(&p, 0, 3300000), 1000000 * NS_PER_S, "3.3/s, too");
	p.rate = parse("0.123456789/s");
	is_int(run(&p, 0, 123456789), 1000000000 * NS_PER_S,
	       "and nine decimals, for thirty years");
	p.rate = parse("86399/d");
	is_int(run(&p, 0, 86399 * 10), 10 * DAY, "86399/d for ten days");
	p.rate = parse("1000000000");
	is_int(run(&p, 0, 1000), 1000, "one each ns");
}

/* Each start is late by a little: the schedule holds. */
static void test_late(void)
{
	struct pace p = { .rate = parse("5000/s") };

	pace_begin(&p, 0);
	for (int i = 0; i < 50000; i++) {
		pace_started(&p, p.due + 60000 + i % 7 * 11000, i % 100 == 0);
	}
	is_int(p.due, 10 * NS_PER_S, "5000/s, each up to 126 us late");
}

/* How many starts come at once after a stop of so long. */
static int debt(const char *rate, int64_t stop)
{
	struct pace p = { .rate = parse(rate) };
	int64_t now;
	int n = 0;

	pace_begin(&p, 0);
	for (int i = 0; i < 50; i++)
		pace_started(&p, p.due, false);
	now = p.due + stop;
	for (; p.due <= now; n++)
		pace_started(&p, now, true);
	return n;
}

static void test_debt(void)
{
	is_int(debt("10/s", 950000000), 10, "most of a second is caught up");
	is_int(debt("10/s", NS_PER_S), 11, "a second is");
	is_int(debt("10/s", NS_PER_S + 1), 1, "more is not");
	is_int(debt("10/s", 3600 * NS_PER_S), 1, "nor is an hour");
	is_int(debt("5000/s", 3 * NS_PER_S), 1, "however many are due");
	is_int(debt("1/h", 1800 * NS_PER_S), 1,
	       "a rare one that is late is not followed by another at once");
}

static void test_anew(void)
{
	struct pace p = { .rate = parse("3/s") };

	pace_begin(&p, 0);
	for (int i = 0; i < 4; i++)
		pace_started(&p, p.due, false);
	pace_started(&p, 10 * NS_PER_S, false);
	is_int(p.due, 10 * NS_PER_S + 333333333,
	       "after a stop, a whole interval passes");
	pace_started(&p, p.due, false);
	pace_started(&p, p.due, false);
	is_int(p.due, 11 * NS_PER_S, "and the schedule is exact again");
	p.rate = parse("0.000000001/s");
	pace_begin(&p, INT64_MAX - NS_PER_S);
	pace_started(&p, INT64_MAX - NS_PER_S, false);
	is_int(p.due, INT64_MAX, "what is out of range never comes");
}

static void test_pauses(void)
{
	struct distribution fixed = { DISTRIBUTION_FIXED, 10000000, 0 };
	struct distribution none = { DISTRIBUTION_UNIFORM, 0, 0 };
	struct distribution drawn = { DISTRIBUTION_EXPONENTIAL, NS_PER_S, 0 };
	struct generator g, same;
	struct pace p = { .delay = &fixed, .random = &g };
	int64_t first, second;

	pace_begin(&p, 5);
	is_int(p.due, 5 + fixed.low, "the first start comes after a pause");
	pace_started(&p, p.due + 3000000, false);
	is_int(p.due, 5 + 2 * fixed.low, "what a start takes is made up for");
	pace_started(&p, p.due + 3000000, true);
	is_int(p.due, 5 + 3 * fixed.low + 3000000,
	       "a wait for room is not: the pause comes after it");
	first = p.due + PACE_SLIP_MAX + 1;
	pace_started(&p, first, false);
	is_int(p.due, first + fixed.low, "nor is a stop");
	ok(!pace_is_flood(&p), "there are pauses");
	p.delay = &none;
	ok(pace_is_flood(&p), "there are none");
	p.rate = parse("1/s");
	ok(!pace_is_flood(&p), "a rate is no flood");
	p.rate.n = 0;
	p.delay = &drawn;
	generator_seed(&g, 11);
	generator_seed(&same, 11);
	first = distribution_draw(&drawn, &same);
	second = distribution_draw(&drawn, &same);
	pace_begin(&p, 0);
	is_int(p.due, first, "a drawn pause");
	pace_started(&p, p.due, false);
	is_int(p.due, first + second, "and the next, by the seed");
}

int main(void)
{
	test_parsing();
	test_exact();
	test_late();
	test_debt();
	test_anew();
	test_pauses();
	return done();
}
