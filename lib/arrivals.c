/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * arrivals.c - what has come to wait since a participant last looked.
 * Must not change anything, nor look at a record that no new hint leads to.
 *
 * Each way into QUEUED appends a hint to the ready ring, after its CAS on the
 * word. So a reader of all hints from one position on sees all that has come
 * since, but for hints that found the ring full: these are missing until a
 * taker puts them in, which appends them, too.
 */
#include <config.h>

#include <errno.h>

#include "handle.h"
#include "record.h"

/* Describe the process that the hint leads to. False: it leads to none. */
static bool describe(const struct pq_segment *seg, const struct pq_hint *hint,
		     struct procq_process *out)
{
	uint64_t word;

	do {
		if (!pq_hint_leads(seg, hint->index, hint->gen, &word))
			return false;
		pq_record_describe(seg, hint->index, word, out);
		/* If it changed while it was read, read it again. */
	} while (pq_load_word(seg, hint->index) != word);
	if (!out->seq)
		out->seq = hint->position + 1;
	return true;
}

int procq_arrivals(const struct procq *q, uint64_t *seen,
		   struct procq_process *out, uint32_t max)
{
	const struct pq_ring *ring = &q->seg->ready;
	/* Acquire: no cell is read as it was before this. */
	uint64_t head = atomic_load_explicit(&ring->ends->head,
					     memory_order_acquire);
	uint64_t position = *seen > head ? *seen : head;
	struct pq_hint hint;
	uint32_t n = 0;

	/* Relaxed: one that is missing from now on is of the next call. */
	if (atomic_load_explicit(&q->seg->header->lacking,
				 memory_order_relaxed))
		return -ENOBUFS;
	while (n < max && pq_ring_next(ring, &position, head + ring->size,
				       &hint))
		n += describe(q->seg, &hint, &out[n]);
	*seen = position;
	return (int)n;
}
