/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * unforked.h - zeroed memory that fork() does not copy.
 *
 * A producer writes to its own memory after every fork. Each page would then
 * be copied, for a child that never looks at it. A child that the caller of
 * the library forks shares this memory, and must not use the handle in it.
 */
#ifndef PQ_UNFORKED_H
#define PQ_UNFORKED_H

#include <stddef.h>
#include <sys/mman.h>

static inline void *pq_unforked_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline void pq_unforked_free(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

#endif
