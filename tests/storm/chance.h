/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chance.h - choices that follow from a seed, and pauses between them.
 *
 * The state is static: each .c file of a program has its own. A child of fork()
 * sets it anew, or draws what its parent draws.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>
#include <time.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)

/* xorshift64*, which is enough to choose victims. Never 0. */
static uint64_t state;

__attribute__((__unused__))
static void chance_begin(uint64_t seed)
{
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

__attribute__((__unused__))
static uint64_t draw(uint64_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * UINT64_C(2685821657736338717) >> 33) % below;
}

__attribute__((__unused__))
static void nap(int64_t ns)
{
	struct timespec ts = { (time_t)(ns / S), (long)(ns % S) };

	nanosleep(&ts, NULL);
}

#endif
