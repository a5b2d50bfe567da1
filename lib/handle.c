/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * handle.c - may this process use a handle?
 * Must not look into the queue.
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>

#include "handle.h"

/* How many forks there were on the way from the first process that opened a
 * queue to this one. To compare that is cheaper than to ask for the pid. */
static atomic_uint forks;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void count_fork(void)
{
	atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, count_fork);
}

int pq_usable(const struct procq *q)
{
	if (!q)
		return -EINVAL;
	return q->forks == atomic_load_explicit(&forks, memory_order_relaxed)
		? 0 : -ECHILD;
}

int pq_usable_participant(const struct procq *q)
{
	int rc = pq_usable(q);

	return rc == 0 && q->role == PROCQ_ROLE_ONLOOKER ? -EINVAL : rc;
}

unsigned pq_handle_forks(void)
{
	pthread_once(&watch_once, watch_forks);
	return atomic_load_explicit(&forks, memory_order_relaxed);
}
