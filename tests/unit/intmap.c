/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/intmap.c - the map from numbers to numbers, against a plain array.
 */
#include <config.h>

#include <signal.h>
#include <unistd.h>

#include "intmap.h"

#include "../kit/tap.h"

#define KEYS 3000

static struct pq_intmap map;
static uint32_t plain[KEYS + 1];
static unsigned char there[KEYS + 1];
static uint32_t plain_count;
static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

/* Keys of a run, keys far apart, and those that share a home in any table. */
enum { RUN, APART, SAME_HOME };

static uint32_t crowded[KEYS + 1];

/* The map goes by the high bits of a product, so these have a product that is
 * small: its number times the inverse of the factor. A key is over 0. */
static void find_crowded(void)
{
	uint32_t inverse = 1, key;

	for (int i = 0; i < 5; i++)	/* Newton: twice as many bits each */
		inverse *= 2 - 2654435769u * inverse;
	for (uint32_t i = 1, product = 1; i <= KEYS; product++) {
		key = product * inverse;
		if (key < 1u << 31)
			crowded[i++] = key;
	}
}

static int32_t key_of(uint32_t i, int spread)
{
	if (spread == SAME_HOME)
		return (int32_t)crowded[i];
	return (int32_t)(spread == APART ? i << (31 - 12) | 1 : i);
}

static bool same(int spread)
{
	const struct pq_pair *pair;
	uint32_t at = 0, walked = 0;

	for (uint32_t i = 1; i <= KEYS; i++) {
		pair = pq_intmap_get(&map, key_of(i, spread));
		if (!pair != !there[i] ||
		    (pair && (pair->value != plain[i] ||
			      pair->key != key_of(i, spread))))
			return false;
	}
	while ((pair = pq_intmap_next(&map, &at)))
		walked += pair->key != 0;
	return walked == plain_count && map.count == plain_count;
}

static void put(uint32_t i, uint32_t value, int spread)
{
	if (pq_intmap_reserve(&map) < 0)
		abort();
	pq_intmap_put(&map, key_of(i, spread), value);
	plain_count += !there[i];
	there[i] = 1;
	plain[i] = value;
}

static void take_out(uint32_t i, int spread)
{
	pq_intmap_remove(&map, key_of(i, spread));
	plain_count -= there[i];
	there[i] = 0;
}

static void test_small(void)
{
	uint32_t at = 0;

	ok(!pq_intmap_get(&map, 1) && !pq_intmap_next(&map, &at),
	   "a new map is empty");
	pq_intmap_remove(&map, 1);
	is_int(map.count, 0, "a removal from an empty map does nothing");
	put(5, 50, RUN);
	put(5, 51, RUN);
	ok(map.count == 1 && pq_intmap_get(&map, 5)->value == 51,
	   "a second put takes the place of the first");
	pq_intmap_remove(&map, 6);
	is_int(map.count, 1, "what is not there can't be removed");
	take_out(5, RUN);
	ok(!pq_intmap_get(&map, 5), "what was removed is not there");
}

static void test_random(uint32_t keys, int spread, const char *name)
{
	int good = 1;

	pq_intmap_destroy(&map);
	memset(there, 0, sizeof(there));
	plain_count = 0;
	for (int round = 0; round < 20; round++) {
		/* By turns it grows and shrinks. */
		uint32_t puts = round % 2 ? 1 : 3;

		for (uint32_t n = 0; n < 2 * keys; n++) {
			uint32_t i = 1 + draw(keys);

			if (draw(4) < puts)
				put(i, draw(UINT32_MAX), spread);
			else
				take_out(i, spread);
		}
		good = good && same(spread);
	}
	ok(good, "%s: the same as a plain array", name);
	ok(map.size >= 2 * map.count, "%s: at most half full", name);
	for (uint32_t i = 1; i <= keys; i++)
		take_out(i, spread);
	ok(same(spread), "%s: empty at last", name);
}

/* As reap.c does it: walk, and remove what was found on the way. */
static void test_walk(void)
{
	const struct pq_pair *pair;
	uint32_t at = 0, removed = 0, wrong = 0, kept = 0;

	pq_intmap_destroy(&map);
	memset(there, 0, sizeof(there));
	plain_count = 0;
	for (uint32_t i = 1; i <= 1000; i++)
		put(i, i, RUN);
	while ((pair = pq_intmap_next(&map, &at))) {
		if (pair->value % 3)
			continue;
		if (!there[pair->value])
			wrong++;
		take_out((uint32_t)pair->value, RUN);
		removed++;
		at--;
	}
	for (uint32_t i = 1; i <= 1000; i++)
		kept += pq_intmap_get(&map, (int32_t)i) != NULL;
	ok(wrong == 0 && removed >= 330 && kept == 1000 - removed &&
	   same(RUN), "removal during a walk loses none of the others");
	note("removed %u of 333 in one walk", (unsigned)removed);
}

/* The cells that a search may have to pass: the longest run of full ones. */
static uint32_t longest_run(void)
{
	uint32_t run = 0, longest = 0;

	/* Twice round, for a run that goes on past the end. */
	for (uint32_t i = 0; i < 2 * map.size; i++) {
		run = map.cells[i % map.size].key ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* Or the test of such keys would be one of any. */
static void test_home(void)
{
	pq_intmap_destroy(&map);
	memset(there, 0, sizeof(there));
	plain_count = 0;
	for (uint32_t i = 1; i <= 300; i++)
		put(i, i, SAME_HOME);
	is_int(longest_run(), 300, "keys that share a home: they do");
}

/* Keys that agree in their low bits, as pids of a machine may that starts
 * batches of the same size, must not all meet in one cell. */
static void test_strides(void)
{
	uint32_t worst = 0;

	for (int32_t stride = 1; stride <= 1 << 20; stride *= 2) {
		pq_intmap_destroy(&map);
		for (int32_t i = 1; i <= 256; i++) {
			if (pq_intmap_reserve(&map) < 0)
				abort();
			pq_intmap_put(&map, i * stride, 0);
		}
		if (longest_run() > worst)
			worst = longest_run();
	}
	note("the longest run of 256 keys in 512 cells: %u", (unsigned)worst);
	ok(worst <= 32, "a search is short, whatever power of two lies between "
	   "the keys");
}

int main(void)
{
	alarm(60);	/* a table without an empty cell is searched for ever */
	test_small();
	find_crowded();
	test_random(10, RUN, "a few keys");
	test_random(KEYS, RUN, "a run of keys");
	test_random(KEYS, APART, "keys far apart");
	test_random(300, SAME_HOME, "keys that share a home");
	test_walk();
	test_home();
	test_strides();
	pq_intmap_destroy(&map);
	ok(!map.cells && !map.size && !map.count, "destroyed");
	pq_intmap_destroy(&map);
	ok(!pq_intmap_get(&map, 3), "twice does no harm");
	return done();
}
