/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * format.h - what is in an object: laid out, filled, judged.
 */
#ifndef PQ_FORMAT_H
#define PQ_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view.h"

/* The magic of an object that is being built. */
#define PQ_MAGIC_BUILDING UINT64_C(0x212121)

/** Bytes of the object for this capacity. */
size_t pq_segment_bytes(uint32_t capacity);

/** Set where everything is in the mapping that begins at base. */
void pq_format_locate(struct pq_segment *seg, char *base, uint32_t capacity);

/**
 * Fill an object that is all zeros, but for the magic, which makes it visible.
 * @param limit up to the capacity; the records beyond it are parked
 * @retval 0, -errno
 */
int pq_format_fill(struct pq_segment *seg, uint32_t limit);

enum pq_finding { PQ_UNFINISHED, PQ_FINISHED, PQ_FINISHED_FINAL };

/**
 * What is there? Decided by the first bytes only, which are trusted for no more
 * than that.
 * @param size of the object, which is at least that of the header
 * @param differs out, with -EPROTONOSUPPORT: an enum procq_differs
 * @retval an enum pq_finding
 * @retval -EBADMSG no queue
 * @retval -EPROTONOSUPPORT a queue of another build: nothing else of it is read
 */
int pq_format_judge(const struct pq_header *h, size_t size, uint32_t *differs);

/**
 * Is this finished queue of this boot and of the caller's namespaces, and of
 * the capacity that options ask for? If not, options->found is what it has
 * instead; with -EXDEV without PROCQ_FOREIGN_USED, for that takes a look at the
 * locks.
 * @retval its capacity
 * @retval -EBADMSG, -ESTALE, -EXDEV, -EEXIST, …
 */
int pq_format_verify(const struct pq_header *h, size_t size,
		     struct procq_options *options);

#endif
