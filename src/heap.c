/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.c - what of the heap a fork copies; see heap.h. Must not allocate.
 */
#include <config.h>

#if PQ_USE_HIDDEN_HEAP
# include <pthread.h>
# include <stdint.h>
# include <sys/mman.h>
# include <unistd.h>
#endif

#include "heap.h"

#if PQ_USE_HIDDEN_HEAP

static char *begin, *end;	/* hidden from here to there; equal: nothing */

/* Before a fork() of the libc's. The library's own forks don't call it. */
static void show(void)
{
	if (begin < end)
		madvise(begin, (size_t)(end - begin), MADV_DOFORK);
	end = begin;
}

void heap_begins(void)
{
	begin = end = sbrk(0);
}

bool heap_hide(void)
{
	static bool heeds_fork;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *now = sbrk(0);

	if (!heeds_fork && pthread_atfork(show, NULL, NULL) != 0)
		return false;
	heeds_fork = true;
	/* Whole pages: the first one and the last may be somebody else's. */
	begin += -(uintptr_t)begin % page;
	end = now - (uintptr_t)now % page;
	/* Refused half-way: all of it is copied again. */
	if (begin >= end ||
	    madvise(begin, (size_t)(end - begin), MADV_DONTFORK) < 0)
		show();
	return begin < end;
}

#else

void heap_begins(void)
{
}

bool heap_hide(void)
{
	return false;
}

#endif
