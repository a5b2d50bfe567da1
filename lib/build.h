/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * build.h - an object becomes a queue.
 */
#ifndef PQ_BUILD_H
#define PQ_BUILD_H

#include <sys/stat.h>

#include "view.h"

/* Gives the creator its place in the object that it builds, before any other
 * process can see the object: so a queue never looks like one without a
 * producer. */
struct pq_creator {
	int (*seat)(struct pq_segment *seg, void *arg); /* 0, -errno */
	void *arg;
};

/**
 * Build a queue in an object that is new, or whose creator died before it was
 * finished. The caller holds the init lock, and the name leads here. If that
 * fails once it has begun, the object is unlinked.
 * @param st of the object
 * @retval 0 the view has it mapped
 * @retval -EPERM it is another user's (options->found: whose)
 * @retval -ENODEV it has a second name
 * @retval -ENOSPC, -ENOMEM, …
 */
int pq_object_build(struct pq_segment *seg, const struct stat *st,
		    struct procq_options *options,
		    const struct pq_creator *creator);

#endif
