/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * ring.c - the hint ring. Must not call the system, allocate, or block.
 *
 * Memory order: a cell is written with release and read with acquire, so the
 * reader of a hint also sees the record's word as the appender saw it, or a
 * later one. The ends are hints too: the cell's position shows that a head or
 * tail is stale. They are read with acquire only so that the cell that is read
 * next is no older than they are.
 *
 * Rule R2: an appender overwrites a cell only if that is exactly one lap old.
 *
 * Closing up. Processes that are taken out of order leave stale hints behind a
 * valid one, which may stay at the head for years. If the ring is full then,
 * the hints between the head and the first stale one go on by a cell each, the
 * last of them first, and then the head. Each goes to the next cell before its
 * own is overwritten, by a CAS from what makes that cell needless: a stale
 * hint, which stays stale, or one that is in the next cell as well, and was
 * seen there after it was seen here. So whichever process does this, or is
 * killed or stopped meanwhile, no valid hint is lost, and in the order of the
 * cells nothing but doubles comes in: hints only go up, into a cell whose next
 * one is the same or a later one.
 */
#include <config.h>

#include "backoff.h"
#include "fields.h"
#include "ring.h"

void pq_ring_shape(struct pq_ring *ring, uint64_t size)
{
	ring->size = size;
	for (ring->shift = 0; UINT64_C(1) << ring->shift < size;)
		ring->shift++;
}

static uint64_t make_cell(const struct pq_ring *ring, uint64_t position,
			  uint32_t index, uint64_t gen)
{
	return pq_cell(position >> ring->shift, index, gen);
}

uint32_t pq_ring_lap(const struct pq_ring *ring, uint64_t position)
{
	return (uint32_t)(position >> ring->shift) & PQ_HINT_LAP_MASK;
}

/* The cell is of this ring's position, so only the lap remains to be seen. */
static bool cell_at(const struct pq_ring *ring, uint64_t cell,
		    uint64_t position)
{
	return pq_cell_lap(cell) == pq_ring_lap(ring, position);
}

static _Atomic uint64_t *cell_of(const struct pq_ring *ring, uint64_t position)
{
	return &ring->cells[position & (ring->size - 1)];
}

static void read_hint(struct pq_hint *hint, uint64_t cell, uint64_t position)
{
	hint->position = position;
	hint->index = pq_cell_index(cell);
	hint->gen = pq_hint_gen(cell);
}

void pq_ring_format(struct pq_ring *ring)
{
	for (uint64_t i = 0; i < ring->size; i++)
		atomic_store_explicit(&ring->cells[i],
				      make_cell(ring, i - ring->size, 0, 0),
				      memory_order_relaxed);
	atomic_store_explicit(&ring->ends->head, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->ends->tail, 0, memory_order_relaxed);
}

/* False: another participant has done so. */
static bool advance(_Atomic uint64_t *end, uint64_t from)
{
	return atomic_compare_exchange_strong_explicit(end, &from, from + 1,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

static uint64_t read_head(const struct pq_ring *ring)
{
	return atomic_load_explicit(&ring->ends->head, memory_order_acquire);
}

/* Does nobody need this cell at p? If the hint is in the next one, too, it is
 * not needed here. */
static bool is_needless(const struct pq_ring *ring, uint64_t cell, uint64_t p)
{
	struct pq_hint hint, next;
	uint64_t other;

	read_hint(&hint, cell, p);
	if (!ring->fresh(ring->arg, hint.index, hint.gen))
		return true;
	/* Acquire: it is no older than the cell that was read before. */
	other = atomic_load_explicit(cell_of(ring, p + 1),
				     memory_order_acquire);
	if (!cell_at(ring, other, p + 1))
		return false;
	read_hint(&next, other, p + 1);
	return next.index == hint.index && next.gen == hint.gen;
}

/* The hint at p - 1 goes on to p, too. False: others have changed either. */
static bool double_up(struct pq_ring *ring, uint64_t p)
{
	_Atomic uint64_t *cell = cell_of(ring, p);
	uint64_t old = atomic_load_explicit(cell, memory_order_acquire), from;
	struct pq_hint hint;

	if (!cell_at(ring, old, p) || !is_needless(ring, old, p))
		return false;
	from = atomic_load_explicit(cell_of(ring, p - 1),
				    memory_order_acquire);
	if (!cell_at(ring, from, p - 1))
		return false;
	read_hint(&hint, from, p - 1);
	if (ring->moves)
		ring->moves(ring->arg, &hint);
	/* Release, as an append. */
	return atomic_compare_exchange_strong_explicit(
		cell, &old, make_cell(ring, p, hint.index, hint.gen),
		memory_order_acq_rel, memory_order_relaxed);
}

/* See the top. False: none of them is needless; that can't be, but in a ring
 * that is damaged, or while many participants are about to append doubles. */
static bool close_up(struct pq_ring *ring, uint64_t head)
{
	uint64_t p = head, end = head + ring->size, cell;

	do {
		if (++p == end)
			return false;
		cell = atomic_load_explicit(cell_of(ring, p),
					    memory_order_acquire);
		/* The head has gone on; if not, that is damage. */
		if (!cell_at(ring, cell, p))
			return read_head(ring) != head;
	} while (!is_needless(ring, cell, p));
	for (; p != head; p--)
		if (!double_up(ring, p))
			return true;
	advance(&ring->ends->head, head);
	return true;
}

/* Make place in a full ring. False: there is none to be made. */
static bool make_place(struct pq_ring *ring, uint64_t head)
{
	struct pq_hint hint;

	/* Emptied meanwhile; but with the same head that can't be: damage. */
	if (!pq_ring_peek(ring, &hint))
		return read_head(ring) != head;
	if (!is_needless(ring, make_cell(ring, hint.position, hint.index,
					 hint.gen), hint.position))
		return close_up(ring, hint.position);
	pq_ring_skip(ring, &hint);
	return true;
}

static uint64_t look(struct pq_ring *ring)
{
	uint64_t head = read_head(ring);

	atomic_store_explicit(&ring->seen, head, memory_order_relaxed);
	return head;
}

/* Is there no room between this tail and the head? The head is on a cache line
 * that each take writes. So it is fetched only if the ring looks full by the
 * head that was seen last: once a lap, not with each hint. */
static bool is_full(struct pq_ring *ring, uint64_t tail, uint64_t *head)
{
	*head = atomic_load_explicit(&ring->seen, memory_order_relaxed);
	if ((int64_t)(tail - *head) < (int64_t)ring->size)
		return false;
	*head = look(ring);
	return (int64_t)(tail - *head) >= (int64_t)ring->size;
}

bool pq_ring_append(struct pq_ring *ring, uint32_t index, uint64_t gen,
		    uint64_t *at)
{
	unsigned turns = 0;

	/* Ends: a round without success has moved an end, or another
	 * participant has; and garbage that no participant changes moves
	 * neither end by more than a lap. */
	for (;;) {
		uint64_t tail = atomic_load_explicit(&ring->ends->tail,
						     memory_order_acquire);
		_Atomic uint64_t *cell = cell_of(ring, tail);
		uint64_t old = atomic_load_explicit(cell, memory_order_acquire);
		uint64_t head;

		if (cell_at(ring, old, tail)) {	/* filled: help it along */
			advance(&ring->ends->tail, tail);
			pq_back_off(&turns);
			continue;
		}
		/* R2. If it is not one lap old, this tail is out of date, and
		 * the cell may have a valid hint of a later lap. */
		if (!cell_at(ring, old, tail - ring->size)) {
			/* Then the tail has moved on. If it has not, the ring
			 * is damaged, and no round will mend it. */
			if (atomic_load_explicit(&ring->ends->tail,
						 memory_order_acquire) == tail)
				return false;
			continue;
		}
		if (is_full(ring, tail, &head)) {
			if (!make_place(ring, head))
				return false;
			continue;
		}
		if (!atomic_compare_exchange_strong_explicit(
			    cell, &old, make_cell(ring, tail, index, gen),
			    memory_order_acq_rel, memory_order_relaxed)) {
			pq_back_off(&turns);
			continue;
		}
		advance(&ring->ends->tail, tail);
		if (at)
			*at = tail;
		return true;
	}
}

uint32_t pq_ring_lap_at(const struct pq_ring *ring, uint64_t position)
{
	return pq_cell_lap(atomic_load_explicit(cell_of(ring, position),
						memory_order_acquire));
}

bool pq_ring_full(const struct pq_ring *ring)
{
	uint64_t tail = atomic_load_explicit(&ring->ends->tail,
					     memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&ring->ends->head,
					     memory_order_relaxed);

	return (int64_t)(tail - head) >= (int64_t)ring->size;
}

bool pq_ring_peek(const struct pq_ring *ring, struct pq_hint *hint)
{
	uint64_t head, cell;

	head = atomic_load_explicit(&ring->ends->head, memory_order_acquire);
	for (;;) {
		uint64_t now;

		cell = atomic_load_explicit(cell_of(ring, head),
					    memory_order_acquire);
		if (cell_at(ring, cell, head))
			break;
		/* Empty, unless others have taken hints meanwhile. */
		now = atomic_load_explicit(&ring->ends->head,
					   memory_order_acquire);
		if (now == head)
			return false;
		head = now;
	}
	read_hint(hint, cell, head);
	return true;
}

bool pq_ring_skip(struct pq_ring *ring, const struct pq_hint *hint)
{
	return advance(&ring->ends->head, hint->position);
}

bool pq_ring_next(const struct pq_ring *ring, uint64_t *position, uint64_t end,
		  struct pq_hint *hint)
{
	/* The cell at the tail itself may be filled already. */
	for (uint64_t p = *position; p != end; p++) {
		uint64_t cell = atomic_load_explicit(cell_of(ring, p),
						     memory_order_acquire);

		if (!cell_at(ring, cell, p)) {
			if (p >= atomic_load_explicit(&ring->ends->tail,
						      memory_order_acquire))
				return false;
			continue;
		}
		read_hint(hint, cell, p);
		*position = p + 1;
		return true;
	}
	return false;
}

void pq_ring_scan(const struct pq_ring *ring,
		  void (*visit)(const struct pq_hint *, void *), void *arg)
{
	uint64_t p = atomic_load_explicit(&ring->ends->head,
					  memory_order_acquire);
	/* There can't be more than a whole lap. */
	uint64_t end = p + ring->size;
	struct pq_hint hint;

	while (pq_ring_next(ring, &p, end, &hint))
		visit(&hint, arg);
}
