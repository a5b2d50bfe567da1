/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * clock.h - the clocks of the library, in nanoseconds. All async-signal-safe.
 */
#ifndef PQ_CLOCK_H
#define PQ_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "raw.h"

#define PQ_SECOND INT64_C(1000000000)
#define PQ_MILLI INT64_C(1000000)
#define PQ_MICRO INT64_C(1000)

static inline int64_t pq_clock(clockid_t id)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * PQ_SECOND + ts.tv_nsec;
}

/* The clock of deadlines, which procq_now() reads. */
static inline int64_t pq_now(void)
{
	return pq_clock(CLOCK_MONOTONIC);
}

/* The clock of lifetimes. It is the same in every process and, where there is
 * such a clock, goes on while the machine is suspended. */
#if PQ_USE_BOOTTIME
# define PQ_CLOCK_LIFE CLOCK_BOOTTIME
#else
# define PQ_CLOCK_LIFE CLOCK_MONOTONIC
#endif

static inline int64_t pq_clock_life(void)
{
	return pq_clock(PQ_CLOCK_LIFE);
}

/* The same, for a child before it has entered (raw.h). In a forked child the
 * vDSO costs several page faults; the system call costs less. */
static inline int64_t pq_clock_life_child(void)
{
#if PQ_USE_BOOTTIME && PQ_USE_LINUX && defined __LP64__
	struct timespec ts = { 0, 0 };

	pq_raw(SYS_clock_gettime, CLOCK_BOOTTIME, (long)&ts, 0, 0, 0);
	return (int64_t)ts.tv_sec * PQ_SECOND + ts.tv_nsec;
#else
	return pq_clock_life();
#endif
}

static inline int64_t pq_clock_wall(void)
{
	return pq_clock(CLOCK_REALTIME);
}

/* A time from a shared object may be any number: these wrap around where
 * int64_t would overflow. */
static inline int64_t pq_time_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t pq_time_since(int64_t then, int64_t now)
{
	return (int64_t)((uint64_t)now - (uint64_t)then);
}

static inline struct timespec pq_timespec(int64_t ns)
{
	struct timespec ts;

	ts.tv_sec = (time_t)(ns / PQ_SECOND);
	ts.tv_nsec = (long)(ns % PQ_SECOND);
	return ts;
}

#endif
