/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer-ck.c - ck_ring of Concurrency Kit; see transport.h. It does not wait,
 * so whoever finds it full or empty yields the processor and tries again.
 */
#include <ck_ring.h>
#include <sched.h>

#include "mapping.h"
#include "transport.h"

CK_RING_PROTOTYPE(record, record)

struct shared {
	ck_ring_t ring;
	struct record records[];
};

static struct shared *shared;

static bool make(const char *name, unsigned capacity)
{
	(void)name;
	/* It holds one less: the cells are a power of two. */
	shared = mapping_make(sizeof(*shared) +
			      capacity * sizeof(struct record));
	if (!shared)
		return false;
	ck_ring_init(&shared->ring, capacity);
	return true;
}

static void put(const struct record *record)
{
	while (!CK_RING_ENQUEUE_MPMC(record, &shared->ring, shared->records,
				     (struct record *)(uintptr_t)record))
		sched_yield();
}

static void get(struct record *record)
{
	while (!CK_RING_DEQUEUE_MPMC(record, &shared->ring, shared->records,
				     record))
		sched_yield();
}

const struct transport peer = {
	.name = "ck_ring (busy)", .make = make, .put = put, .get = get,
	.remove = mapping_remove, .busy = true,
};
