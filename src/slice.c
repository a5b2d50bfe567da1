/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice.c - how soon this program runs once it is woken.
 *
 * Must not change what the user has chosen: policy, nice value.
 */
#include <config.h>

#include <sched.h>
#include <stdint.h>
#include <string.h>
#if PQ_USE_SLICE
# include <sys/syscall.h>
#endif
#include <unistd.h>

#include "slice.h"

#if PQ_USE_SLICE

/* ns. The kernel's own slice is 0.7 ms or more, its least 0.1. */
#define SLICE 300000u

/* The kernel's struct sched_attr in its first version; not every libc has it,
 * and its header clashes with <sched.h> of some. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;	/* SCHED_OTHER: the slice; 0: an old kernel */
	uint64_t deadline, period;
};

void slice_shorten(void)
{
	struct attributes a;

	memset(&a, 0, sizeof(a));
	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0 ||
	    a.policy != SCHED_OTHER || a.runtime <= SLICE)
		return;
	a.runtime = SLICE;
	/* If it is refused, the program is as slow as before. */
	(void)syscall(SYS_sched_setattr, 0, &a, 0);
}

#else

void slice_shorten(void)
{
}

#endif
