/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sem.c - sleeping until another process posts; see sem.h.
 * Must not know what is waited for.
 *
 * The word is POSTED, ASLEEP or QUIET. The waiter makes it ASLEEP only where
 * it was QUIET, then sleeps only if the kernel finds it still so; a poster
 * makes it POSTED, then wakes if it was ASLEEP. So a post comes before the
 * kernel's look, which sees it, or after it, and wakes (model/sem.pml). A
 * poster that is killed between its two steps wakes nobody: the waiter's
 * deadline has to do, as bell.c says. A waiter that is killed leaves ASLEEP,
 * for which the next post wakes nobody, once. What else may stand in the word
 * is damage: it counts as a post, and is gone then.
 *
 * Each step is sequentially consistent, but only for the word itself: what is
 * waited for is ordered by the fences of bell.c.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "raw.h"
#include "sem.h"

#if PQ_USE_FUTEX

#define QUIET 0
#define POSTED 1
#define ASLEEP 2

/* Of linux/futex.h, which not every C library's headers come with: by the
 * object's page, not by the address. */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

int pq_sem_make(pq_sem *sem)
{
	atomic_store(sem, QUIET);
	return 0;
}

int pq_sem_kind(uint64_t *kind)
{
	static const char name[sizeof(*kind)] = "futex";

	memcpy(kind, name, sizeof(*kind));
	return 0;
}

void pq_sem_post(pq_sem *sem)
{
	if (atomic_exchange(sem, POSTED) == ASLEEP)
		pq_raw(SYS_futex, (long)sem, FUTEX_WAKE, 1, 0, 0);
}

bool pq_sem_try(pq_sem *sem)
{
	uint32_t value = atomic_exchange(sem, QUIET);

	return value != QUIET && value != ASLEEP;
}

/* -EAGAIN, too: it was not asleep any more. */
static int sleep_on(pq_sem *sem, int64_t left)
{
	/* The kernel's, which is one of longs also where time_t is not. */
	long pause[2] = { (long)(left / PQ_SECOND), (long)(left % PQ_SECOND) };

	return (int)pq_raw(SYS_futex, (long)sem, FUTEX_WAIT, ASLEEP,
			   (long)pause, 0);
}

int pq_sem_wait(pq_sem *sem, int64_t deadline)
{
	int rc;

	do {
		uint32_t before = QUIET;
		int64_t left = deadline - pq_now();

		/* One that was killed here may have left ASLEEP. */
		if (atomic_compare_exchange_strong(sem, &before, ASLEEP) ||
		    before == ASLEEP)
			rc = left > 0 ? sleep_on(sem, left) : -ETIMEDOUT;
		else
			rc = 0;
		/* However the sleep has ended. */
		if (pq_sem_try(sem))
			return 0;
	} while (rc == 0 || rc == -EAGAIN);
	return rc;
}

#else

int pq_sem_make(pq_sem *sem)
{
	return sem_init(sem, 1, 0) < 0 ? -errno : 0;
}

/* The semaphores of two C libraries may have the same size, and yet not wake
 * each other's waiters. So it counts what sem_init() makes of one: a number of
 * all its bytes (FNV-1a). */
int pq_sem_kind(uint64_t *kind)
{
	unsigned char bytes[sizeof(sem_t)];
	sem_t sem;

	memset(&sem, 0, sizeof(sem));
	*kind = UINT64_C(0xcbf29ce484222325);
	if (sem_init(&sem, 1, 1) < 0)
		return -errno;
	memcpy(bytes, &sem, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		*kind = (*kind ^ bytes[i]) * UINT64_C(0x100000001b3);
	sem_destroy(&sem);
	return 0;
}

void pq_sem_post(pq_sem *sem)
{
	sem_post(sem);
}

bool pq_sem_try(pq_sem *sem)
{
	return sem_trywait(sem) == 0;
}

int pq_sem_wait(pq_sem *sem, int64_t deadline)
{
	int64_t left = deadline - pq_now();
	struct timespec ts;

	/* The wall clock may be set meanwhile. But slices are short, and the
	 * caller goes by the monotonic clock. */
	ts = pq_timespec(pq_clock_wall() + (left > 0 ? left : 0));
	return sem_timedwait(sem, &ts) == 0 ? 0 : -errno;
}

#endif
