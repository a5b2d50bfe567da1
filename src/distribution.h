/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * distribution.h - random pauses that a seed repeats.
 *
 * Pure: the caller holds the generator's whole state, and all arithmetic is on
 * integers, so a seed gives the same pauses on every machine. Must not be used
 * where an adversary may guess.
 */
#ifndef DISTRIBUTION_H
#define DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

/* xoshiro256** by Blackman and Vigna. Its state is never all zero. */
struct generator {
	uint64_t state[4];
};

enum distribution_kind {
	DISTRIBUTION_FIXED = 0,		/* always low */
	DISTRIBUTION_UNIFORM = 1,	/* low to high, both possible */
	DISTRIBUTION_EXPONENTIAL = 2	/* with the mean low */
};

struct distribution {
	enum distribution_kind kind;
	int64_t low;			/* ns */
	int64_t high;			/* ns, uniform only */
};

/** Start a generator: SplitMix64 fills the state from the seed. */
void generator_seed(struct generator *g, uint64_t seed);

/** The next 64 random bits. */
uint64_t generator_next(struct generator *g);

/** A number from 0 to n - 1, all equally likely; 0 if n is 0. */
uint64_t generator_below(struct generator *g, uint64_t n);

/** A seed if the user gave none: from the system, or from the clock. It has 32
 * bits, so that it is short enough to be typed again. */
uint64_t generator_any_seed(void);

/**
 * Read a distribution: D fixed, A-B uniform, exp:D exponential.
 * @return NULL, or what is wrong, untranslated
 */
const char *distribution_parse(const char *text, struct distribution *out);

/** Draw a pause in ns, never negative. A fixed one draws nothing. */
int64_t distribution_draw(const struct distribution *d, struct generator *g);

/** Is there never a pause? */
bool distribution_is_zero(const struct distribution *d);

#endif
