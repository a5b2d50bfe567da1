/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * view.h - one process's view of the shared object; and what every room reads
 * in it: the word of a record, and whether a hint is valid.
 *
 * Must not open, lock or map anything: segment.c makes the view.
 */
#ifndef PQ_VIEW_H
#define PQ_VIEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout.h"
#include "owner.h"
#include "word.h"

/* One process's view of one object. Locks by fcntl() are lost when any
 * descriptor of the file is closed, so a process opens an object once, and all
 * its handles share one view. */
struct pq_segment {
	struct pq_segment *next;	/* in the process's list */
	char name[PROCQ_NAME_SIZE];
	char lock_name[PROCQ_NAME_SIZE + 16];
	int fd;
	struct pq_file file;		/* of fd */
	int lock_fd;			/* fd, or of a lock file beside it */
	/* Of lock_fd: all views of it have their locks in common. */
	struct pq_file lock_file;
	pid_t pid;			/* the process that opened it */
	unsigned users;
	bool readonly;
	uid_t owner;			/* of the object */
	/* The process that had a read lock where a participant could not get
	 * its byte; 0: unknown. Relaxed: only to be told. */
	_Atomic uint32_t reader;
	/* This process is root, and the object is another user's. */
	bool guarded;

	/* Descriptors of closed views with the same locks: see lock.c. */
	struct pq_parked {
		int fd;
		struct pq_file file;
	} *parked;
	size_t parked_count;

	size_t size;
	uint32_t capacity;
	struct pq_header *header;
	struct pq_participant *participants;
	struct pq_record *records;
	struct pq_histogram *histograms;	/* by PROCQ_HISTOGRAM_… */
	struct pq_ring ready;
	struct pq_ring free;
	/* Where pq_sweep_sometimes() goes on. Relaxed: threads of this process
	 * may look at the same records, or skip some until the next round. */
	_Atomic uint32_t look_at;
	/* A sweep that gave way, to be gone on with; NULL: none. Taken and put
	 * back by threads of this process. */
	struct pq_sweep *_Atomic sweep;

	/* Incarnations whose bytes this process holds through this view:
	 * F_GETLK does not report the locks of the process that asks. Guarded
	 * by the mutex of lock.c's list. */
	uint64_t *own;
	size_t own_count;
	size_t own_room;
};

/* The record's word. Acquire: what its writer wrote before it is visible. */
static inline uint64_t pq_load_word(const struct pq_segment *seg,
				    uint32_t slot)
{
	return atomic_load_explicit(&seg->records[slot].word,
				    memory_order_acquire);
}

/* ---- hints ---- */

static inline bool pq_same_gen(uint64_t word, uint32_t gen)
{
	return pq_hint_gen(pq_word_gen(word)) == gen;
}

/** Append a hint. If the ring is full, the hint is missing, and the next taker
 * puts it in. */
static inline bool pq_hint_append(struct pq_segment *seg, struct pq_ring *ring,
				  uint32_t slot, uint64_t word, uint64_t *at)
{
	if (pq_ring_append(ring, slot, pq_word_gen(word), at))
		return true;
	atomic_store(&seg->header->lacking, 1);
	return false;
}

/** Is this hint of the ready ring still valid?
 * @param word the word that says so */
static inline bool pq_hint_leads(const struct pq_segment *seg, uint32_t index,
				 uint32_t gen, uint64_t *word)
{
	if (index >= seg->capacity)
		return false;
	*word = pq_load_word(seg, index);
	return pq_same_gen(*word, gen) &&
	       (pq_word_state(*word) == PROCQ_STATE_QUEUED ||
		pq_word_state(*word) == PROCQ_STATE_EXITED);
}

/** The same, for the ring: struct pq_ring.fresh. */
static inline bool pq_hint_ready(const void *segment, uint32_t index,
				 uint32_t gen)
{
	uint64_t word;

	return pq_hint_leads(segment, index, gen, &word);
}

/** A hint goes on to the next cell: struct pq_ring.moves. The place in the order
 * is that where the process has entered. Mostly the child has noted it; one
 * that was killed right before that never does, and the next cell was
 * another's. */
static inline void pq_hint_moves(const void *segment,
				 const struct pq_hint *hint)
{
	const struct pq_segment *seg = segment;
	/* Of the reservation, with which the field is tagged: the entry is one
	 * later. A process that was put back has its place already. */
	uint64_t gen = hint->gen - 1, empty = pq_tagged(gen, PQ_SEQ_BITS, 0);

	if (hint->index < seg->capacity)
		atomic_compare_exchange_strong_explicit(
			&seg->records[hint->index].seq, &empty,
			pq_tagged(gen, PQ_SEQ_BITS,
				  pq_saturate(hint->position + 1, PQ_SEQ_BITS)),
			memory_order_acq_rel, memory_order_relaxed);
}

/** Is this hint of the free ring still valid? Also struct pq_ring.fresh. */
static inline bool pq_hint_free(const void *segment, uint32_t index,
				uint32_t gen)
{
	const struct pq_segment *seg = segment;
	uint64_t word;

	if (index >= seg->capacity)
		return false;
	word = pq_load_word(seg, index);
	return pq_same_gen(word, gen) &&
	       pq_word_state(word) == PROCQ_STATE_FREE;
}

#endif
