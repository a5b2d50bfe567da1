/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.h - the shared object: create, open, close, remove, unlink.
 */
#ifndef PQ_SEGMENT_H
#define PQ_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "view.h"

/* Gives the creator its place in the object that it builds, before any other
 * process can see the object: so a queue never looks like one without a
 * producer. */
struct pq_creator {
	int (*seat)(struct pq_segment *seg, void *arg); /* 0, -errno */
	void *arg;
};

/**
 * Open the object and verify it. If options ask for that, create it, or set it
 * up anew: then creator->seat() is called. On success the caller is one of the
 * view's users.
 * @param out this process's view, which all its handles share
 * @retval 0, or an error of procq_open()
 */
int pq_segment_open(struct pq_segment **out, const char *name,
		    struct procq_options *options,
		    const struct pq_creator *creator);

/**
 * Does this file begin as a queue does? There must be no other way to ask: if
 * the file is open in this process, to open and close it once more drops its
 * locks.
 * @param name in the directory dir
 * @retval 1, 0
 * @retval -EACCES, -EMFILE, … it can't be opened
 */
int pq_segment_has_magic(int dir, const char *name);

/** Does its name not lead to it any more? Then nobody can join it; while a
 * participant is in it, that is somebody else's doing. A doubt is no yes. */
bool pq_segment_nameless(const struct pq_segment *seg);

/** One user of the view less; the last one unmaps and closes it. */
void pq_segment_close(struct pq_segment *seg);

/**
 * Remove the object if it is empty and unused.
 * @param incarnation the caller's, which still holds its byte but has left
 *        the table
 * @retval 0 removed
 * @retval 1 its name no longer leads to it: it has been removed
 * @retval -EBUSY it is in use
 */
int pq_segment_remove(struct pq_segment *seg, uint64_t incarnation);

/** As procq_unlink().
 * @param name of the object
 * @param found not NULL */
int pq_segment_unlink(const char *name, uint32_t *found);

#endif
