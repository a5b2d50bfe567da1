/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * intmap.h - a small map from positive numbers to numbers, in private memory.
 */
#ifndef PQ_INTMAP_H
#define PQ_INTMAP_H

#include <stdbool.h>
#include <stdint.h>

struct pq_pair {
	int32_t key;		/* 0: an empty cell */
	uint64_t value;
};

/* A hash table with open addressing; at most half full. */
struct pq_intmap {
	struct pq_pair *cells;
	uint32_t size;		/* a power of two, or 0 */
	uint32_t count;
};

/** Make room for one more pair. @retval 0, -ENOMEM */
int pq_intmap_reserve(struct pq_intmap *map);

/** Add a pair, or replace the value of this key. Room was made before.
 * @param key over 0 */
void pq_intmap_put(struct pq_intmap *map, int32_t key, uint64_t value);

/** @retval NULL the key is not there */
const struct pq_pair *pq_intmap_get(const struct pq_intmap *map, int32_t key);

void pq_intmap_remove(struct pq_intmap *map, int32_t key);

/**
 * Walk through all pairs, in no order. Nothing may be put meanwhile. If the
 * pair that was returned last is removed, decrement *at, as another pair may be
 * in its cell now: then none is missed, but one may come twice.
 * @param at 0 to begin with
 * @retval NULL no more
 */
const struct pq_pair *pq_intmap_next(const struct pq_intmap *map,
				     uint32_t *at);

void pq_intmap_destroy(struct pq_intmap *map);

#endif
