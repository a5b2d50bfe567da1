/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer-rte.c - rte_ring of DPDK, in its default mode for many on both sides;
 * see transport.h. It does not wait, so whoever finds it full or empty yields
 * the processor and tries again. It needs none of DPDK's own set-up.
 */
#include <rte_ring_elem.h>
#include <sched.h>

#include "mapping.h"
#include "transport.h"

static struct rte_ring *shared;

static bool make(const char *name, unsigned capacity)
{
	ssize_t size = rte_ring_get_memsize_elem(
		sizeof(struct record), rte_align32pow2(capacity + 1));

	(void)name;
	if (size < 0)
		return false;
	shared = mapping_make((size_t)size);
	return shared && rte_ring_init(shared, "bench", capacity,
				       RING_F_EXACT_SZ) == 0;
}

static void put(const struct record *record)
{
	while (rte_ring_enqueue_elem(shared, (struct record *)(uintptr_t)record,
				     sizeof(*record)) < 0)
		sched_yield();
}

static void get(struct record *record)
{
	while (rte_ring_dequeue_elem(shared, record, sizeof(*record)) < 0)
		sched_yield();
}

const struct transport peer = {
	.name = "rte_ring (busy)", .make = make, .put = put, .get = get,
	.remove = mapping_remove, .busy = true,
};
