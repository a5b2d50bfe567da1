/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mapping.h - memory that whoever is forked inherits and shares: one piece
 * for each file that includes it. It must not know what is in it.
 */
#ifndef BENCH_MAPPING_H
#define BENCH_MAPPING_H

#include <stddef.h>
#include <sys/mman.h>

static void *mapping;
static size_t mapping_size;

/* All zeros. NULL: there is none to be had. */
static inline void *mapping_make(size_t size)
{
	mapping = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mapping_size = size;
	return mapping == MAP_FAILED ? NULL : mapping;
}

/* For struct transport. */
static inline void mapping_remove(const char *name)
{
	(void)name;
	munmap(mapping, mapping_size);
}

#endif
