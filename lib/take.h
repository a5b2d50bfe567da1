/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * take.h - the consumer's side: pin, take, signal, collect.
 */
#ifndef PQ_TAKE_H
#define PQ_TAKE_H

#include "handle.h"

/** The hint of the process whose turn is next, and its word.
 * @retval 0, -EAGAIN */
int pq_take_next(struct procq *q, struct pq_hint *hint, uint64_t *word);

/** Find a record to take out of order: EXITED, or QUEUED too if living.
 * Goes on round the records where the last search stopped.
 * @param producer only its records, 0: anybody's
 * @retval slot, or -EAGAIN: none in a whole round */
int64_t pq_take_find(struct procq *q, uint64_t producer, bool living,
		     uint64_t *word);

/** Pin the process in this record and take it, if its word is still this.
 * @param position of the hint that led here, or UINT64_MAX
 * @retval 0
 * @retval -EAGAIN the word has changed
 * @retval -EMFILE, -ENFILE, -ENOMEM */
int pq_take(struct procq *q, uint32_t slot, uint64_t word, uint64_t position);

/** See procq_signal(), procq_collect(), procq_give_back(). */
int pq_take_signal(struct procq *q, uint32_t slot, int signo, bool alone);
int pq_take_collect(struct procq *q, struct procq_event *out);
int pq_take_return(struct procq *q, uint32_t slot);

/** Is any of the taken marked dead? For who is about to sleep. */
bool pq_take_any_dead(const struct procq *q);

#endif
