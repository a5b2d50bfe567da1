/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * unlink.h - when may an object lose its name?
 */
#ifndef PQ_UNLINK_H
#define PQ_UNLINK_H

#include <stdint.h>
#include <sys/stat.h>

#include "view.h"

/**
 * Unlink a queue of other namespaces, if it is what is left of a world that has
 * ended. The caller does not have its init lock.
 * @param st of the object
 * @retval 1 it is gone, or not what it was: look again
 * @retval -ETIMEDOUT another creator is at it, and does not come to an end
 *         (options->found: its pid; 0: unknown)
 * @retval -EXDEV it stays; options->found has PROCQ_FOREIGN_USED if the kernel
 *         has shown that it is used, or can't say
 */
int pq_segment_replace(struct pq_segment *seg, struct procq_options *options,
		       const struct stat *st);

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
