/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.h - a process's view of the shared object: opened, closed.
 */
#ifndef PQ_SEGMENT_H
#define PQ_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "build.h"
#include "view.h"

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

#endif
