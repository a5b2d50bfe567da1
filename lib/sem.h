/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sem.h - a process-shared semaphore with one waiter, for which one post is as
 * good as many.
 *
 * With the kernel's futex it is a word that all builds read alike, whatever
 * their C library, and no value of it is wrong. Else it is the C library's
 * semaphore, which counts, and which no other library understands.
 */
#ifndef PQ_SEM_H
#define PQ_SEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#if PQ_USE_FUTEX
typedef _Atomic uint32_t pq_sem;
#else
# include <semaphore.h>
typedef sem_t pq_sem;
#endif

/** Make one that is not posted. @return 0 or -errno */
int pq_sem_make(pq_sem *sem);

/** Of what kind is it? Those of two builds are alike if size and kind are.
 * @return 0 or -errno */
int pq_sem_kind(uint64_t *kind);

/** Async-signal-safe. */
void pq_sem_post(pq_sem *sem);

/** Take a post, without waiting. @retval false there was none */
bool pq_sem_try(pq_sem *sem);

/**
 * Wait for a post, and take it. One at a time: there is room for one waiter.
 * @param deadline a reading of pq_now()
 * @retval 0, -ETIMEDOUT, -EINTR
 */
int pq_sem_wait(pq_sem *sem, int64_t deadline);

#endif
