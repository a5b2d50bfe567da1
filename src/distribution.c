/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * distribution.c - random pauses that a seed repeats.
 *
 * The generator is xoshiro256** (David Blackman and Sebastiano Vigna, 2018),
 * seeded with SplitMix64 (Guy Steele and others, 2014). The last bit of log()
 * differs from one libm to the next, so exponential pauses come from John von
 * Neumann's method of 1951, which only compares. Must not use floating point.
 */
#include <config.h>

#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_GETRANDOM
# include <sys/random.h>
#endif

#include "distribution.h"
#include "duration.h"
#include "i18n.h"

static uint64_t rotate_left(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static uint64_t splitmix_next(uint64_t *state)
{
	uint64_t z;

	*state += UINT64_C(0x9e3779b97f4a7c15);
	z = *state;
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void generator_seed(struct generator *g, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		g->state[i] = splitmix_next(&seed);
}

uint64_t generator_next(struct generator *g)
{
	uint64_t *s = g->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t generator_below(struct generator *g, uint64_t n)
{
	uint64_t few, x;

	if (n == 0)
		return 0;
	/* Skip 2^64 % n values: they would make small results more likely. */
	few = (0 - n) % n;
	do
		x = generator_next(g);
	while (x < few);
	return x % n;
}

uint64_t generator_any_seed(void)
{
	struct timespec now = { 0, 0 };
	uint64_t mix;

#ifdef HAVE_GETRANDOM
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) ==
	    (ssize_t)sizeof(seed))
		return seed;
#endif
	clock_gettime(CLOCK_REALTIME, &now);
	mix = (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	      (uint64_t)now.tv_nsec + ((uint64_t)getpid() << 40);
	return splitmix_next(&mix) >> 32;
}

static const char *parse_uniform(const char *text, const char *dash,
				 struct distribution *out)
{
	const char *why;

	out->kind = DISTRIBUTION_UNIFORM;
	why = duration_parse_part(text, (size_t)(dash - text), &out->low);
	if (!why)
		why = duration_parse(dash + 1, &out->high);
	if (!why && out->low > out->high)
		why = N_("the first bound is above the second "
			 "(a bound without a unit is in seconds)");
	return why;
}

const char *distribution_parse(const char *text, struct distribution *out)
{
	struct distribution d = { DISTRIBUTION_FIXED, 0, 0 };
	const char *dash = strchr(text, '-');
	const char *why;

	if (strncmp(text, "exp:", 4) == 0) {
		d.kind = DISTRIBUTION_EXPONENTIAL;
		why = duration_parse(text + 4, &d.low);
	} else if (dash && dash != text) {
		why = parse_uniform(text, dash, &d);
	} else {
		why = duration_parse(text, &d.low);
	}
	if (!why)
		*out = d;
	return why;
}

/* The upper half of a * b; not every compiler has 128-bit integers. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
	uint64_t al = (uint32_t)a, ah = a >> 32;
	uint64_t bl = (uint32_t)b, bh = b >> 32;
	uint64_t low = al * bl;
	uint64_t mid = ah * bl + (low >> 32);
	uint64_t mid2 = al * bh + (uint32_t)mid;

	return ah * bh + (mid >> 32) + (mid2 >> 32);
}

/*
 * Draw x, then draw on as long as each number is below the one before. With
 * probability exp(-x) the run has an odd length: then x is the part after the
 * point. Otherwise add one to the whole part, and begin again.
 */
static int64_t draw_exponential(struct generator *g, int64_t mean)
{
	int64_t whole = 0;

	for (;;) {
		uint64_t x = generator_next(g);
		uint64_t last = x;
		uint64_t next;
		bool odd = true;

		while ((next = generator_next(g)) < last) {
			last = next;
			odd = !odd;
		}
		if (odd) {
			int64_t part = (int64_t)multiply_high(x,
							      (uint64_t)mean);

			return whole > INT64_MAX - part ? INT64_MAX
							: whole + part;
		}
		whole = whole > INT64_MAX - mean ? INT64_MAX : whole + mean;
	}
}

int64_t distribution_draw(const struct distribution *d, struct generator *g)
{
	switch (d->kind) {
	case DISTRIBUTION_UNIFORM:
		return d->low +
		       (int64_t)generator_below(g, (uint64_t)d->high -
						   (uint64_t)d->low + 1);
	case DISTRIBUTION_EXPONENTIAL:
		return draw_exponential(g, d->low);
	case DISTRIBUTION_FIXED:
		break;
	}
	return d->low;
}

bool distribution_is_zero(const struct distribution *d)
{
	switch (d->kind) {
	case DISTRIBUTION_UNIFORM:
		return d->high == 0;
	case DISTRIBUTION_EXPONENTIAL:
	case DISTRIBUTION_FIXED:
		break;
	}
	return d->low == 0;
}
