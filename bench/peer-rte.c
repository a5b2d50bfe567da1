/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer-rte.c - rte_ring of DPDK, in its default mode for many on both sides;
 * see transport.h. It does not wait, so whoever finds it full or empty yields
 * the processor and tries again. It needs none of DPDK's own set-up.
 */
#include <rte_ring_elem.h>
#include <sched.h>
#include <sys/mman.h>

#include "transport.h"

static struct rte_ring *shared;
static size_t size;

static bool make(const char *name, unsigned capacity)
{
	ssize_t needed;

	(void)name;
	/* A ring of n holds n - 1. */
	capacity *= 2;
	needed = rte_ring_get_memsize_elem(sizeof(struct record), capacity);
	if (needed < 0)
		return false;
	size = (size_t)needed;
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED &&
	       rte_ring_init(shared, "bench", capacity, 0) == 0;
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

static void remove_it(const char *name)
{
	(void)name;
	munmap(shared, size);
}

const struct transport peer = {
	.name = "rte_ring (busy)", .make = make, .put = put, .get = get,
	.remove = remove_it,
};
