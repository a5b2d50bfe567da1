/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * due.c - when each process is due, and which is first; see due.h.
 * Must not look into a queue, nor at a clock.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "due.h"
#include "duration.h"

/* ---- times ---- */

uint64_t due_key(const char *object, int64_t created)
{
	/* FNV-1a. */
	uint64_t key = UINT64_C(0xcbf29ce484222325);

	for (; *object; object++)
		key = (key ^ (unsigned char)*object) *
		      UINT64_C(0x100000001b3);
	return key ^ (uint64_t)created;
}

int64_t due_own(uint64_t key, uint64_t seq, int64_t jitter)
{
	struct generator g;
	uint64_t seed;

	if (jitter <= 0)
		return 0;
	/* Seeds that are close to each other give numbers that are not. Two
	 * keys must not be, or one queue had the other's times a seq later. */
	generator_seed(&g, key);
	seed = generator_next(&g) + seq;
	generator_seed(&g, seed);
	return (int64_t)generator_below(&g, (uint64_t)jitter + 1);
}

int64_t due_at(const struct dues *all, const struct procq_process *p,
	       int64_t now)
{
	int64_t born;

	if (p->state == PROCQ_STATE_EXITED)
		return 0;
	/* In a damaged queue, an age may be any number. */
	born = p->age < 0 ? now : p->age > now ? 0 : now - p->age;
	return time_after(time_after(born, all->min_age),
			  due_own(all->key, p->seq, all->jitter));
}

/* ---- the heap ---- */

static bool earlier(const struct due *a, const struct due *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void put(struct dues *all, uint32_t i, const struct due *d)
{
	all->heap[i] = *d;
	all->where[d->slot] = i + 1;
}

/* Put it where it belongs, from place i on, which is empty. */
static void settle(struct dues *all, uint32_t i, const struct due *d)
{
	struct due *heap = all->heap;

	for (; i > 0 && earlier(d, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		put(all, i, &heap[(i - 1) / 2]);
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < all->count &&
		    earlier(&heap[child + 1], &heap[child]))
			child++;
		if (child >= all->count || !earlier(&heap[child], d))
			break;
		put(all, i, &heap[child]);
		i = child;
	}
	put(all, i, d);
}

static int more_slots(struct dues *all, uint32_t slot)
{
	uint32_t n = all->slots > 0 ? all->slots : 64;
	uint32_t *where;

	while (n <= slot)
		n *= 2;
	where = realloc(all->where, n * sizeof(*where));
	if (!where)
		return -ENOMEM;
	memset(where + all->slots, 0, (n - all->slots) * sizeof(*where));
	all->where = where;
	all->slots = n;
	return 0;
}

static int more_room(struct dues *all)
{
	uint32_t room = all->room > 0 ? 2 * all->room : 64;
	struct due *heap = realloc(all->heap, room * sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	all->heap = heap;
	all->room = room;
	return 0;
}

int dues_add(struct dues *all, const struct procq_process *p, int64_t now)
{
	struct due d = { .at = due_at(all, p, now), .started = p->started,
			 .seq = p->seq, .slot = p->slot, .pid = p->pid };
	uint32_t i;

	if (p->slot >= PROCQ_CAPACITY_MAX)
		return 0;
	if (p->slot >= all->slots && more_slots(all, p->slot) < 0)
		return -ENOMEM;
	if (all->where[p->slot] > 0) {
		i = all->where[p->slot] - 1;
	} else {
		if (all->count == all->room && more_room(all) < 0)
			return -ENOMEM;
		i = all->count++;
	}
	settle(all, i, &d);
	return 0;
}

const struct due *dues_first(const struct dues *all)
{
	return all->count > 0 ? &all->heap[0] : NULL;
}

void dues_drop_first(struct dues *all)
{
	if (all->count == 0)
		return;
	all->where[all->heap[0].slot] = 0;
	if (--all->count > 0) {
		struct due last = all->heap[all->count];

		settle(all, 0, &last);
	}
}

void dues_clear(struct dues *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		all->where[all->heap[i].slot] = 0;
	all->count = 0;
}

void dues_free(struct dues *all)
{
	free(all->heap);
	free(all->where);
	all->heap = NULL;
	all->where = NULL;
	all->count = all->room = all->slots = 0;
}
