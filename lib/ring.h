/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * ring.h - the hint ring: the order of the records, in hints that are never
 * trusted.
 *
 * A cell hints that the record with this index, in this generation, is next.
 * The hint may be stale, doubled or missing: the record's word decides. So a
 * participant may be killed between any two instructions here. At worst a hint
 * is missing then, and the sweep puts it in.
 *
 * Pure: atomics on memory that the caller has, no system call, no allocation.
 */
#ifndef PQ_RING_H
#define PQ_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The shared part: two counters, each alone on its cache lines. */
struct pq_ring_ends {
	/* The next position to take. Written by takers and by appenders that
	 * skip stale hints, or close up, by CAS, one up; read by all. */
	_Alignas(128) _Atomic uint64_t head;
	/* The next position to fill. Written by appenders and their helpers,
	 * by CAS, one up; read by all. */
	_Alignas(128) _Atomic uint64_t tail;
};

/* One process's view of a ring. */
struct pq_hint;

struct pq_ring {
	struct pq_ring_ends *ends;
	/* Written by appenders, by CAS from one lap to the next; or within a
	 * lap, from a stale or doubled hint to the one before it. Read by
	 * all. */
	_Atomic uint64_t *cells;
	uint64_t size;			/* a power of two */
	unsigned shift;			/* which: set by pq_ring_shape() */
	/* Is this hint still valid? For appenders that find the ring full. */
	bool (*fresh)(const void *arg, uint32_t index, uint32_t gen);
	/* This valid hint is about to be in the next cell, too. NULL: nobody
	 * needs to know. Both are called with arg. */
	void (*moves)(const void *arg, const struct pq_hint *hint);
	const void *arg;
	/* The head as this process last saw it. Written and read, relaxed, by
	 * the appenders of this process and by children that share its memory;
	 * a forked child has a copy. The head only moves on, so an old one can
	 * make the ring look full, but never less full than it is. If the ring
	 * looks full, the head is read again. */
	_Atomic uint64_t seen;
};

struct pq_hint {
	uint64_t position;
	uint32_t index;		/* may be out of range in a damaged object */
	uint32_t gen;		/* pq_hint_gen() */
};

/** Set the size, a power of two. */
void pq_ring_shape(struct pq_ring *ring, uint64_t size);

/**
 * Fill a ring with empty cells: those of the lap before position 0.
 * Only while no other process can see it.
 */
void pq_ring_format(struct pq_ring *ring);

/**
 * Append a hint. Lock-free; async-signal-safe.
 * @param at its position; may be NULL
 * @retval true
 * @retval false the hint is missing: the ring is full of valid hints; or the
 *         ring is damaged
 */
bool pq_ring_append(struct pq_ring *ring, uint32_t index, uint64_t gen,
		    uint64_t *at);

/** The lap that this position is in, and that of its cell now. Both as far as
 * a cell has it. If they are the same, the cell is filled. */
uint32_t pq_ring_lap(const struct pq_ring *ring, uint64_t position);
uint32_t pq_ring_lap_at(const struct pq_ring *ring, uint64_t position);

/** Is the ring full? The answer may be out of date. */
bool pq_ring_full(const struct pq_ring *ring);

/**
 * Read the hint at the head.
 * @retval false the ring is empty
 */
bool pq_ring_peek(const struct pq_ring *ring, struct pq_hint *hint);

/**
 * Move the head past this hint, if it is still there.
 * @retval false it is not: another participant has done so
 */
bool pq_ring_skip(struct pq_ring *ring, const struct pq_hint *hint);

/**
 * Read the first hint at or after a position, and move the position past it.
 * Hints that others skip meanwhile may be missed.
 * @param position in and out
 * @param end look no further; at most a lap after the head
 * @retval false there is none before the tail, or before end
 */
bool pq_ring_next(const struct pq_ring *ring, uint64_t *position, uint64_t end,
		  struct pq_hint *hint);

/**
 * Call visit with every hint from head to tail, in order.
 * Hints that others append or skip meanwhile may be missed.
 */
void pq_ring_scan(const struct pq_ring *ring,
		  void (*visit)(const struct pq_hint *, void *), void *arg);

#endif
