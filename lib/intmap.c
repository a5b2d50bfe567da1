/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * intmap.c - a small map from positive numbers to numbers.
 * Must not know what the numbers mean.
 */
#include <config.h>

#include <errno.h>
#include <stddef.h>

#include "intmap.h"
#include "unforked.h"

static uint32_t home_of(const struct pq_intmap *map, int32_t key)
{
	/* Fibonacci hashing: the factor is 2^32 over the golden ratio, and the
	 * high bits of the product count, which all bits of the key decide.
	 * The low ones would have keys that agree modulo the size, such as
	 * pids of batches, meet in one cell. */
	return (uint32_t)key * 2654435769u >> (__builtin_clz(map->size) + 1);
}

/* The cell with this key, or the empty one where it would be. */
static struct pq_pair *cell_of(const struct pq_intmap *map, int32_t key)
{
	uint32_t i = home_of(map, key);

	while (map->cells[i].key && map->cells[i].key != key)
		i = (i + 1) & (map->size - 1);
	return &map->cells[i];
}

int pq_intmap_reserve(struct pq_intmap *map)
{
	struct pq_intmap larger = { NULL, 0, 0 };
	const struct pq_pair *pair;
	uint32_t at = 0;

	if (2 * (map->count + 1) <= map->size)
		return 0;
	/* A page to begin with, as less can't be mapped. */
	larger.size = map->size ? 2 * map->size : 256;
	larger.cells = pq_unforked_alloc(larger.size * sizeof(*larger.cells));
	if (!larger.cells)
		return -ENOMEM;
	while ((pair = pq_intmap_next(map, &at)))
		pq_intmap_put(&larger, pair->key, pair->value);
	pq_intmap_destroy(map);
	*map = larger;
	return 0;
}

void pq_intmap_put(struct pq_intmap *map, int32_t key, uint64_t value)
{
	struct pq_pair *cell = cell_of(map, key);

	if (!cell->key)
		map->count++;
	cell->key = key;
	cell->value = value;
}

const struct pq_pair *pq_intmap_get(const struct pq_intmap *map, int32_t key)
{
	struct pq_pair *cell;

	if (!map->size)
		return NULL;
	cell = cell_of(map, key);
	return cell->key ? cell : NULL;
}

void pq_intmap_remove(struct pq_intmap *map, int32_t key)
{
	uint32_t mask = map->size - 1, hole, i;

	if (!map->size || !cell_of(map, key)->key)
		return;
	/* Close the gap: move up each pair that a search would no longer
	 * find. */
	hole = (uint32_t)(cell_of(map, key) - map->cells);
	for (i = (hole + 1) & mask; map->cells[i].key; i = (i + 1) & mask) {
		uint32_t home = home_of(map, map->cells[i].key);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->cells[hole] = map->cells[i];
		hole = i;
	}
	map->cells[hole].key = 0;
	map->count--;
}

const struct pq_pair *pq_intmap_next(const struct pq_intmap *map,
				     uint32_t *at)
{
	while (*at < map->size)
		if (map->cells[(*at)++].key)
			return &map->cells[*at - 1];
	return NULL;
}

void pq_intmap_destroy(struct pq_intmap *map)
{
	pq_unforked_free(map->cells, map->size * sizeof(*map->cells));
	*map = (struct pq_intmap){ NULL, 0, 0 };
}
