/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * lock.h - the locks that say who lives.
 */
#ifndef PQ_LOCK_H
#define PQ_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/* Calls that for a moment's lack of memory may fail are made again: who has
 * just created an object, or leaves last, must not leave it behind for that. */
#define PQ_TRIES 3

/**
 * One opening or closing of objects at a time in a process: its threads would
 * not see each other's init lock, nor the other's descriptor of the same
 * object. Nobody is cancelled meanwhile.
 * @return what to hand to pq_segments_unlock()
 */
int pq_segments_lock(void);
void pq_segments_unlock(int state);

/** The views that this process has, and forks of it inherit. Only between the
 * two above. */
void pq_segments_add(struct pq_segment *seg);
void pq_segments_remove(struct pq_segment *seg);
struct pq_segment *pq_segments_first(void);

/**
 * Take an incarnation's lock byte.
 * @retval 0
 * @retval -EAGAIN, -EACCES it is held, by another process or this one
 * @retval -ENOMEM, -ENOLCK
 */
int pq_byte_hold(struct pq_segment *seg, uint64_t incarnation);
/** Is it held by anybody? If the kernel can't say, yes. */
bool pq_byte_held(struct pq_segment *seg, uint64_t incarnation);
void pq_byte_drop(struct pq_segment *seg, uint64_t incarnation);

/**
 * Does any process hold any lock, but for the caller's init lock?
 * @param holder one of them; 0: of another PID namespace
 * @retval 1, 0
 * @retval -ENOLCK, … the kernel can't say
 */
int pq_locks_held(const struct pq_segment *seg, pid_t *holder);

/**
 * The lock under which an object is built and unlinked. Sleeps.
 * @param deadline monotonic
 * @param who the pid of its holder, when it timed out; 0: unknown
 * @retval 0
 * @retval -ETIMEDOUT, -ENOLCK
 */
int pq_init_lock(struct pq_segment *seg, int64_t deadline, uint32_t *holder);
void pq_init_unlock(struct pq_segment *seg);

/** Close what the view has open, or leave it to another view to close, if it
 * has locks on the same file. */
void pq_close_descriptors(struct pq_segment *seg);

#endif
