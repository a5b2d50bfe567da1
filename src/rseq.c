/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rseq.c - restartable sequences. Must not use any.
 */
#include <config.h>

#if PQ_USE_RSEQ_OFF
# include <stddef.h>
# include <sys/rseq.h>
# include <sys/syscall.h>
# include <unistd.h>
#endif

#include "rseq.h"

#if PQ_USE_RSEQ_OFF

/* The kernel's first structure; some libcs register a larger one. */
#define FIRST_SIZE 32u

static bool unregister(unsigned size)
{
	char *thread = __builtin_thread_pointer();

	return syscall(SYS_rseq, thread + __rseq_offset, size,
		       RSEQ_FLAG_UNREGISTER, RSEQ_SIG) == 0;
}

bool rseq_off(void)
{
	/* 0: the libc could not register it, or was told not to. */
	if (__rseq_size == 0)
		return false;
	return unregister(FIRST_SIZE) || unregister(__rseq_size);
}

#else

bool rseq_off(void)
{
	return false;
}

#endif
