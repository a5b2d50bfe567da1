/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/distribution.c - pauses have the distribution that was asked for, and
 * are the same for the same seed on every machine.
 *
 * Seeds are fixed, so the statistics either hold for ever or never.
 */
#include <config.h>

#include <inttypes.h>
#include <math.h>

#include "distribution.h"
#include "duration.h"

#include "../kit/tap.h"

#define DRAWS 100000

static void refuses(const char *text)
{
	struct distribution d = { DISTRIBUTION_FIXED, 42, 0 };

	ok(distribution_parse(text, &d) && d.low == 42, "'%s' is refused",
	   text);
}

static struct distribution parse(const char *text)
{
	struct distribution d = { DISTRIBUTION_FIXED, -1, -1 };
	const char *why = distribution_parse(text, &d);

	ok(!why, "'%s' is read", text);
	if (why)
		note("  %s", why);
	return d;
}

static void test_parsing(void)
{
	static const char *const bad[] = {
		"", "-1", "-", "1-", "2-1", "100-200ms", "1-2-3", "exp:",
		"exp:-1", "exp:1-2", "EXP:1", "exp 1", "normal:1",
		"1s-2parsec",
	};
	struct distribution d = parse("1.5ms");

	is_int(d.kind, DISTRIBUTION_FIXED, "fixed");
	is_int(d.low, 1500000, "its value");
	d = parse("0-1s");
	is_int(d.kind, DISTRIBUTION_UNIFORM, "uniform");
	is_int(d.low, 0, "from");
	is_int(d.high, NS_PER_S, "to");
	d = parse("100ms-200ms");
	is_int(d.low, 100000000, "from, with a unit");
	is_int(d.high, 200000000, "to, with a unit");
	d = parse("exp:250ms");
	is_int(d.kind, DISTRIBUTION_EXPONENTIAL, "exponential");
	is_int(d.low, 250000000, "its mean");
	d = parse("0");
	ok(distribution_is_zero(&d), "0 is no pause");
	d = parse("0-0");
	ok(distribution_is_zero(&d), "nor is 0-0");
	d = parse("0-1us");
	ok(!distribution_is_zero(&d), "but 0-1us is one");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuses(bad[i]);
}

/* The first numbers of the two published generators, and of the pauses that
 * come of them: a change of one of them changes everybody's runs. */
static void test_reproducible(void)
{
	struct distribution uniform = parse("0-1s");
	struct distribution exponential = parse("exp:1s");
	struct generator g = { { 1, 2, 3, 4 } };

	is_int((int64_t)generator_next(&g), 11520, "xoshiro256**, first");
	is_int((int64_t)generator_next(&g), 0, "second");
	is_int((int64_t)generator_next(&g), 1509978240, "third");
	is_int((int64_t)generator_next(&g), INT64_C(1215971899390074240),
	       "fourth");
	generator_seed(&g, 1234567);
	ok(g.state[0] == UINT64_C(6457827717110365317) &&
	   g.state[1] == UINT64_C(3203168211198807973) &&
	   g.state[2] == UINT64_C(9817491932198370423) &&
	   g.state[3] == UINT64_C(4593380528125082431), "SplitMix64");
	generator_seed(&g, 42);
	is_int(distribution_draw(&uniform, &g), INT64_C(855559980),
	       "seed 42, uniform");
	is_int(distribution_draw(&exponential, &g), INT64_C(378980250),
	       "seed 42, then exponential");
}

static void test_below(void)
{
	struct generator g;
	unsigned seen[6] = { 0 };
	int wrong = 0;

	generator_seed(&g, 1);
	for (int i = 0; i < 60000; i++) {
		uint64_t n = generator_below(&g, 6);

		if (n > 5)
			wrong++;
		else
			seen[n]++;
	}
	is_int(wrong, 0, "never beyond");
	for (int i = 0; i < 6; i++)
		ok(seen[i] > 9600 && seen[i] < 10400, "%d came %u times", i,
		   seen[i]);
	is_int((int64_t)generator_below(&g, 0), 0, "below 0 is 0");
	is_int((int64_t)generator_below(&g, 1), 0, "below 1 is 0");
}

static void test_uniform(void)
{
	struct distribution d = parse("100ms-200ms");
	struct distribution two = { DISTRIBUTION_UNIFORM, 7, 8 };
	struct distribution all = { DISTRIBUTION_UNIFORM, 0, INT64_MAX };
	struct generator g;
	int64_t sum = 0;
	int outside = 0, low = 0, negative = 0;

	generator_seed(&g, 2);
	for (int i = 0; i < DRAWS; i++) {
		int64_t x = distribution_draw(&d, &g);

		outside += x < d.low || x > d.high;
		sum += x;
		low += distribution_draw(&two, &g) == 7;
		negative += distribution_draw(&all, &g) < 0;
	}
	is_int(outside, 0, "no pause is outside");
	is_int(negative, 0, "nor is one of the widest");
	ok(sum / DRAWS > 149000000 && sum / DRAWS < 151000000,
	   "the mean is %" PRId64, sum / DRAWS);
	ok(low > DRAWS * 48 / 100 && low < DRAWS * 52 / 100,
	   "both bounds come, the lower %d times", low);
}

static void test_exponential(void)
{
	struct distribution d = parse("exp:1s");
	struct distribution huge = { DISTRIBUTION_EXPONENTIAL, INT64_MAX, 0 };
	struct distribution none = { DISTRIBUTION_EXPONENTIAL, 0, 0 };
	struct generator g;
	int64_t sum = 0;
	int above1 = 0, above3 = 0, negative = 0;

	generator_seed(&g, 3);
	for (int i = 0; i < DRAWS; i++) {
		int64_t x = distribution_draw(&d, &g);

		sum += x;
		above1 += x > NS_PER_S;
		above3 += x > 3 * NS_PER_S;
		negative += x < 0 || distribution_draw(&huge, &g) < 0;
	}
	is_int(negative, 0, "no pause is negative, however long the mean");
	ok(sum / DRAWS > 985000000 && sum / DRAWS < 1015000000,
	   "the mean is %" PRId64, sum / DRAWS);
	/* exp(-1) is 0.3679, exp(-3) is 0.0498. */
	ok(above1 > 36200 && above1 < 37400, "%d are above the mean", above1);
	ok(above3 > 4700 && above3 < 5260, "%d are above three of it", above3);
	is_int(distribution_draw(&none, &g), 0, "a mean of 0 is no pause");
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double uniform_cdf(double x)
{
	return x;
}

static double exponential_cdf(double x)
{
	return 1 - exp(-x);
}

/* Kolmogorov and Smirnov: how far the pauses of an hour at 5000/s are from
 * their distribution, at most. One whose mean is off by 1 % is found: it is
 * 0.0037 away. */
#define MANY 1000000
/* With true ones, five of a hundred thousand are farther away. */
#define FAR_AWAY 2.3

static void test_fit(const char *text, double unit, double cdf(double))
{
	struct distribution d = parse(text);
	int64_t *draws = malloc(MANY * sizeof(*draws));
	double away = 0, limit = FAR_AWAY / sqrt(MANY);
	struct generator g;

	if (!draws) {
		ok(0, "memory for %d pauses", MANY);
		return;
	}
	generator_seed(&g, 4);
	for (int i = 0; i < MANY; i++)
		draws[i] = distribution_draw(&d, &g);
	qsort(draws, MANY, sizeof(*draws), by_value);
	for (int i = 0; i < MANY; i++) {
		double at = cdf((double)(draws[i] - d.low * (d.high > 0)) /
				unit);

		away = fmax(away, fabs(at - (double)i / MANY));
		away = fmax(away, fabs(at - (double)(i + 1) / MANY));
	}
	free(draws);
	ok(away < limit, "'%s' is %.5f away, at most %.5f", text, away, limit);
}

static void test_seeds(void)
{
	struct generator a, b;

	generator_seed(&a, 0);
	ok(a.state[0] | a.state[1] | a.state[2] | a.state[3],
	   "seed 0 gives a state that is not all zero");
	generator_seed(&b, 1);
	ok(generator_next(&a) != generator_next(&b), "another seed, others");
	ok(generator_any_seed() <= UINT32_MAX, "a seed can be typed");
	ok(generator_any_seed() != generator_any_seed() ||
	   generator_any_seed() != generator_any_seed(),
	   "and is not always the same");
}

int main(void)
{
	test_parsing();
	test_reproducible();
	test_below();
	test_uniform();
	test_exponential();
	test_fit("exp:200us", 200e3, exponential_cdf);
	test_fit("exp:1h", 3600e9, exponential_cdf);
	test_fit("0-1s", 1e9, uniform_cdf);
	test_fit("2ms-5ms", 3e6, uniform_cdf);
	test_seeds();
	return done();
}
