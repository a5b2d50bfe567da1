/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * take.h - the consumer's side: take, signal, give back. Processes are found
 * by their records, and taken as flights of the handle (flight.h).
 */
#ifndef PQ_TAKE_H
#define PQ_TAKE_H

#include "handle.h"
#include "record.h"

/** The hint of the process whose turn is next, and its word.
 * @retval 0, -EAGAIN */
int pq_take_next(struct procq *q, struct pq_hint *hint, uint64_t *word);

/** Find a record to take out of order. The search goes round all records, on
 * from where the last one stopped.
 * @param producer only its records; 0: of any producer
 * @param living QUEUED records, too, not EXITED ones only
 * @param word of the record
 * @return its slot
 * @retval -EAGAIN none in a whole round */
int64_t pq_take_find(struct procq *q, uint64_t producer, bool living,
		     uint64_t *word);

/** Pin the process in this record and take it, if its word is still this.
 * @param position of the hint that led here, or UINT64_MAX
 * @retval 0
 * @retval -EAGAIN the word has changed
 * @retval -EMFILE, -ENFILE, -ENOMEM */
int pq_take(struct procq *q, uint32_t slot, uint64_t word, uint64_t position);

/** See procq_signal(), procq_give_back(). */
int pq_take_signal(struct procq *q, uint32_t slot, int signo, bool alone);
int pq_take_return(struct procq *q, uint32_t slot);
/** See procq_hold(). */
int pq_take_hold(struct procq *q, uint32_t slot, bool hold);

/** Is the record still what this participant took? If others have taken it for
 * dead, they have handed that on. */
static inline bool pq_take_is_ours(const struct procq *q,
				   const struct pq_flight *f, uint64_t word)
{
	return pq_record_taken(word, pq_owner(q), f->gen);
}

/** Did its leader, or what is left of the group, get a signal before? What
 * outlives a command that exited on its own is left alone. */
bool pq_take_signalled(const struct procq *q, const struct pq_flight *f);

#endif
