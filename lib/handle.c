/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * handle.c - may this process use a handle?
 * Must not look into the queue, but for the place that is the handle's.
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"
#include "member.h"

/* The number of this process among those of its line of forks that have opened
 * a queue; 0: it has opened none. To compare that with a handle's is cheaper
 * than to ask for the pid.
 *
 * The number lies in a page that the kernel empties in every child that gets a
 * copy of its parent's memory, be it by fork(), _Fork() or clone(). Where the
 * kernel can't do that, a handler of fork() empties it, and since the other
 * calls run no handlers, the pid is compared, too. Written by CAS from 0, read
 * relaxed: nothing else is ordered by it. */
static atomic_uint plain;
static atomic_uint *mine = &plain;
static bool emptied;		/* by the kernel */
/* The highest number of this process and its parents, which a child inherits.
 */
static atomic_uint last;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void forget(void)
{
	atomic_store_explicit(&plain, 0, memory_order_relaxed);
}

/* false: the kernel does not know how. An emulator that says yes to an advice
 * that there is none of says so to all, and does nothing. */
static bool map_emptied(void)
{
#if PQ_USE_WIPEONFORK
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	if (madvise(page, size, -1) < 0 &&
	    madvise(page, size, MADV_WIPEONFORK) == 0) {
		mine = page;
		return true;
	}
	munmap(page, size);
#endif
	return false;
}

static void watch_forks(void)
{
	emptied = map_emptied();
	if (!emptied)
		pthread_atfork(NULL, NULL, forget);
}

int pq_usable(const struct procq *q)
{
	if (!q)
		return -EINVAL;
	if (q->number != atomic_load_explicit(mine, memory_order_relaxed))
		return -ECHILD;
	return emptied || q->pid == getpid() ? 0 : -ECHILD;
}

int pq_usable_parent(const struct procq *q)
{
	int rc = pq_usable(q);

	return rc == 0 && q->role == PROCQ_ROLE_ONLOOKER ? -EINVAL : rc;
}

int pq_usable_participant(const struct procq *q)
{
	int rc = pq_usable_parent(q);

	return rc == 0 && !pq_seated(q) ? -ESTALE : rc;
}

bool pq_seated(const struct procq *q)
{
	return !q->lost && pq_member_is(q->seg, q->place, q->incarnation);
}

unsigned pq_handle_number(void)
{
	unsigned number, now = 0;

	pthread_once(&watch_once, watch_forks);
	number = atomic_load_explicit(mine, memory_order_relaxed);
	if (number)
		return number;
	number = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	/* If another thread was first, its number is the process's. */
	return atomic_compare_exchange_strong(mine, &now, number) ? number
								  : now;
}
