/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * object.h - the files of an object: opened, judged, mapped, unlinked.
 */
#ifndef PQ_OBJECT_H
#define PQ_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "view.h"

/** A view that has nothing open, of the object of this name; NULL: no memory.
 * pq_close_descriptors() comes before pq_view_free(). */
struct pq_segment *pq_view_new(const char *name);
void pq_view_free(struct pq_segment *seg);

/** fstat() that outlives a moment's lack of memory. 0, -errno. */
int pq_object_stat(int fd, struct stat *st);

/**
 * Open the object: seg->fd. If options ask for that and there is none, an empty
 * one is made.
 * @param st out: as it is now
 * @retval 0
 * @retval -EPERM a name of the user's own leads to another user's
 *         (options->found: whose)
 * @retval -ENODEV it is no object
 * @retval -ENOENT, -EACCES, …
 */
int pq_object_open(struct pq_segment *seg, struct procq_options *options,
		   struct stat *st);

/** Open what its locks are on: seg->lock_fd. The errors of pq_object_open(). */
int pq_object_open_locks(struct pq_segment *seg, struct procq_options *options,
			 const struct stat *st);

/** Do the names of the object and of its lock file still lead to those that are
 * open here? 1; 0; -errno: that can't be seen just now. */
int pq_object_named(const struct pq_segment *seg);

/**
 * Does a process of another build have a lock on it, where such a build has its
 * locks? pq_locks_held() looks where this one has them.
 * @param holder one of them; 0: unknown
 * @retval 1, 0, -errno
 */
int pq_object_held_elsewhere(const struct pq_segment *seg, pid_t *holder);

/** Unlink it and its lock file. The caller holds the init lock, and both names
 * lead to what is open here. 0, -errno. */
int pq_object_unlink(const struct pq_segment *seg);

/** Its first bytes, for the caller to unmap. MAP_FAILED: see errno. */
void *pq_object_map(const struct pq_segment *seg, size_t size);
/** What is there? As pq_format_judge(), and for any size. */
int pq_object_look(const struct pq_segment *seg, size_t size,
		   struct procq_options *options);
/** Its capacity, if it is a queue that can be used here: as
 * pq_format_verify(). */
int pq_object_verify(const struct pq_segment *seg, size_t size,
		     struct procq_options *options);

#endif
