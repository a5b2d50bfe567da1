/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * lock.h - the lock bytes of participants and the init lock, and the views that
 * have them.
 */
#ifndef PQ_LOCK_H
#define PQ_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "view.h"

/* Lock bytes lie far beyond the end of any object. All users of an object have
 * the same base: it is in the header. */
#define PQ_LOCK_BASE ((off_t)(INT64_C(1) << 40))

_Static_assert(sizeof(off_t) == 8, "offsets of 64 bits");

/* How often a call is made that may fail for a moment's lack of memory. For
 * that alone a creator, or the last to leave, must not leave an object behind.
 */
#define PQ_TRIES 3

/**
 * One thread of a process at a time opens, closes or unlinks an object: threads
 * do not see each other's init lock, nor the other's descriptor of the same
 * object. The caller can't be cancelled until pq_segments_unlock(). Not kept
 * while a thread waits for an init lock.
 * @return the argument of pq_segments_unlock()
 */
int pq_segments_lock(void);
void pq_segments_unlock(int state);

/** The list of this process's views, which a fork inherits. To be called
 * between pq_segments_lock() and pq_segments_unlock(). */
void pq_segments_add(struct pq_segment *seg);
void pq_segments_remove(struct pq_segment *seg);
struct pq_segment *pq_segments_first(void);

/**
 * Take an incarnation's lock byte.
 * @retval 0
 * @retval -EAGAIN, -EACCES another process holds it, or this one
 * @retval -EBUSY none holds it, but one that can only read has a lock on it
 *         (*holder: its pid, 0: unknown)
 * @retval -ENOMEM, -ENOLCK
 */
int pq_byte_hold(struct pq_segment *seg, uint64_t incarnation,
		 uint32_t *holder);
/** Does any process hold it? If the kernel can't say, yes. */
bool pq_byte_held(struct pq_segment *seg, uint64_t incarnation);
/** Are the locks still by a descriptor of their file? */
bool pq_locks_here(const struct pq_segment *seg);
void pq_byte_drop(struct pq_segment *seg, uint64_t incarnation);

/**
 * Does any process hold any lock, but for the caller's init lock?
 * @param holder one of them; 0: of another PID namespace
 * @retval 1, 0
 * @retval -ENOLCK, … the kernel can't say
 */
int pq_locks_held(const struct pq_segment *seg, pid_t *holder);
/** The same, whatever process has the init lock. */
int pq_bytes_held(const struct pq_segment *seg, pid_t *holder);
/** The same of any open file, and of other processes only. */
int pq_file_locked(int fd, pid_t *holder);

/**
 * Take the lock under which an object is built and unlinked. To be called
 * between pq_segments_lock() and pq_segments_unlock(). While it sleeps, other
 * threads may have that: so what the caller knew of the list of views, and of
 * names, may have changed. No thread sleeps while it has an init lock, so a
 * thread that gets the mutex never finds one that this process holds.
 * @param deadline monotonic
 * @param holder after -ETIMEDOUT and -EBUSY, its pid; 0: unknown
 * @retval 0
 * @retval -EBUSY for a second, only a read lock has been in the way
 * @retval -ETIMEDOUT, -ENOLCK
 */
int pq_init_lock(struct pq_segment *seg, int64_t deadline, uint32_t *holder);
void pq_init_unlock(struct pq_segment *seg);
/**
 * Wait until no other process has the init lock. Takes no lock, so a process
 * that may only read can't be in anybody's way. To be called, and sleeps, like
 * pq_init_lock().
 * @retval 0 none had it
 * @retval 1 one had it, and has it no more
 * @retval -ETIMEDOUT, -ENOLCK
 */
int pq_init_await(struct pq_segment *seg, int64_t deadline, uint32_t *holder);
/** Sleep for a moment, likewise, where no lock says when to look again. */
void pq_init_pause(void);

/** Close what the view has open. If another view has locks on the same file,
 * leave the descriptors to that one to close. */
void pq_close_descriptors(struct pq_segment *seg);

#endif
