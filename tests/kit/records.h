/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * records.h - records that are moved by hand, for tests with TAP and without.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <errno.h>
#include <stdlib.h>

#include "format.h"
#include "handle.h"
#include "record.h"
#include "word.h"

/* Take the record of this hint, which is the first of the ready ring, and drop
 * the hint.
 * @retval false the hint is not valid, or another participant was faster */
static inline bool records_take(struct procq *q, const struct pq_hint *hint)
{
	uint64_t word = pq_load_word(q->seg, hint->index);
	bool taken = pq_hint_ready(q->seg, hint->index, hint->gen) &&
		     pq_record_move(q->seg, hint->index, &word,
				    pq_word_take(word, pq_owner(q)));

	pq_ring_skip(&q->seg->ready, hint);
	return taken;
}

/* Take what is in this record, whatever its hint is.
 * @retval false it can't be taken, or another participant was faster */
static inline bool records_take_slot(struct procq *q, uint32_t slot)
{
	uint64_t word = pq_load_word(q->seg, slot);

	return pq_record_move(q->seg, slot, &word,
			      pq_word_take(word, pq_owner(q)));
}

/* Release what is taken. @param to_free or it is gone, until its parent marks
 * it */
static inline bool records_release(struct procq *q, uint32_t slot,
				   enum pq_tally kind, bool to_free)
{
	return pq_record_release(q->seg, slot, q->place,
				 pq_load_word(q->seg, slot), kind, to_free);
}

/* Take the next one, and give it its place in the order.
 * @retval false there is none, or another participant was faster */
static inline bool records_take_next(struct procq *q, struct pq_hint *hint)
{
	if (!pq_ring_peek(&q->seg->ready, hint) || !records_take(q, hint))
		return false;
	pq_record_order(q->seg, hint->index, hint->position);
	return true;
}

/* Reserve a record, if one is free. @retval -1 none is */
static inline int64_t records_reserve(struct procq *q, uint64_t *word)
{
	struct pq_origin mine = { .incarnation = q->incarnation };

	return pq_record_reserve(q->seg, q->place + 1, &mine, word);
}

/* The same where one is known to be free. */
static inline uint32_t records_have(struct procq *q, uint64_t *word)
{
	int64_t slot = records_reserve(q, word);

	if (slot < 0)
		abort();
	return (uint32_t)slot;
}

static inline bool records_full(struct procq *q)
{
	uint64_t word;

	return records_reserve(q, &word) == -EAGAIN;
}

#endif
