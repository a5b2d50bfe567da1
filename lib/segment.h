/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.h - the shared object: create, open, close, remove.
 */
#ifndef PQ_SEGMENT_H
#define PQ_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "view.h"

/* How the creator gets its place in the object that it builds, before anybody
 * else can see the object: so the queue never looks like one without it. */
struct pq_creator {
	int (*seat)(struct pq_segment *seg, void *arg); /* 0, -errno */
	void *arg;
};

/**
 * Open the object and verify it; create it, or set it up anew, where asked to:
 * then the creator is seated. On success the caller is one of its users.
 */
int pq_segment_open(struct pq_segment **out, const char *name,
		    struct procq_options *options,
		    const struct pq_creator *creator);

/**
 * Does this file begin as a queue does? Not to be asked by other means: were
 * it open in this process, closing it once more would drop its locks.
 * @param name in the directory dir
 * @retval 1, 0
 * @retval -EACCES, -EMFILE, … it can't be opened
 */
int pq_segment_has_magic(int dir, const char *name);

/** One user less; the last unmaps and closes. */
void pq_segment_close(struct pq_segment *seg);

/**
 * Remove the object if it is empty and unused.
 * @param incarnation whose byte the caller holds, but who has left the table
 * @retval 0 removed
 * @retval 1 its name leads to it no more: it has been removed
 * @retval -EBUSY it is in use
 */
int pq_segment_remove(struct pq_segment *seg, uint64_t incarnation);

/** As procq_unlink(). @param name of the object */
int pq_segment_unlink(const char *name, uint32_t *found);

#endif
