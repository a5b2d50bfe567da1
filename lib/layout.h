/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * layout.h - the shared object, byte by byte.
 *
 *	header | ready ring | free ring | records | participants
 *
 * What every child touches comes first: in a small queue it is all within
 * reach of one page fault.
 *
 * Only fixed-width types at fixed offsets. Every offset follows from the
 * capacity, and is computed, never read from the object. Everything that can
 * change while two look is atomic; unless a field says otherwise it is read
 * and written relaxed, and what it says counts only together with a CAS on
 * the record's word, which orders it.
 */
#ifndef PQ_LAYOUT_H
#define PQ_LAYOUT_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "fields.h"
#include "procq.h"
#include "ring.h"

#define PQ_MAGIC UINT64_C(0x31305150434f5250)	/* "PROCPQ01" */
#define PQ_VERSION 2u
#define PQ_BYTE_ORDER_MARK 0x01020304u
#define PQ_LINE 128

/* Who counts what; the order of procq_stat's members. */
enum pq_tally {
	PQ_TALLY_RETIRED = 0,
	PQ_TALLY_EXITED = 1,
	PQ_TALLY_LOST = 2,
	PQ_TALLIES = 3
};

struct pq_record {
	/* The truth; see word.h. Written by whoever wins the CAS. */
	_Atomic uint64_t word;

	/* Tagged, see fields.h. Written by the child that enters itself, by
	 * CAS; emptied by the producer that reserved the record. Read by all. */
	_Atomic uint64_t pid;
	_Atomic uint64_t ident;
	_Atomic uint64_t seq;		/* also by the producer's mark */
	_Atomic uint64_t entered;
	/* Counts each life once: by the child, or whoever comes upon it
	 * uncounted; CAS from a tag of another life. Never emptied. */
	_Atomic uint64_t counted;

	/* Written by the producer while the record is RESERVED by it. SURE is
	 * added by CAS, by who leaves or by the sweep of a dead producer. */
	_Atomic uint64_t producer;
	_Atomic int64_t started;	/* pq_clock_life() */
	_Atomic int64_t started_wall;
	_Atomic uint64_t label[PROCQ_LABEL_SIZE / 8];
	_Atomic int32_t ppid;

	/* Written by the producer before its mark, while the process is its
	 * unreaped child; read after the mark. -1: unknown. */
	_Atomic uint32_t maxrss;	/* KiB, saturated; UINT32_MAX: unknown */
	_Atomic uint64_t obit;
	_Atomic int64_t user;		/* ns */
	_Atomic int64_t sys;

	/* Written by the participant that has TAKEN it; read by the parent
	 * on ASK, and by whoever collects the death. */
	_Atomic uint64_t sent;
};

_Static_assert(sizeof(struct pq_record) == PQ_LINE, "a record is one line");
_Static_assert(PROCQ_LABEL_SIZE == 16, "a label is two words");

struct pq_participant {
	/* role:16 incarnation:48, 0: empty. CAS from 0 by who joins; CAS to 0
	 * by who leaves, or by the sweep after it. Read by all. */
	_Atomic uint64_t member;
	/* What it is about to count, see tally.h. Written by the participant;
	 * after its death CAS to 0 by the sweep. */
	_Atomic uint64_t intent;
	/* Counts of this place in the table, whoever sits in it. Written by
	 * the participant; after its death CAS by the sweep. */
	_Atomic uint64_t tally[PQ_TALLIES];
	/* What it sleeps for, PROCQ_WAIT_ROOM and so on. Set by itself; a bit
	 * is cleared by itself or by who wakes for it. Sequentially consistent
	 * with the look that follows; see bell.c. */
	_Atomic uint32_t wants;
	_Atomic int32_t pid;		/* written by itself, for others to show */
	/* Set to 1 by takers that ask this parent to signal, after the ASK in
	 * the word; set to 0 by itself before it looks at the words. */
	_Atomic uint32_t asked;
	/* When it was last seen alive, pq_clock_life(); where processes are
	 * known by their start times. Written by itself; read, after its
	 * death, by the sweep and by takers. Relaxed: it says nothing but that
	 * it lived then. */
	_Atomic int64_t alive;
	_Alignas(64) sem_t bell;
};

_Static_assert(sizeof(struct pq_participant) == PQ_LINE, "one line each");
_Static_assert(PROCQ_PARTICIPANTS_MAX % 64 == 0, "whole words of bits");

/* Waiters of a kind. */
struct pq_waiters {
	/* Who sleeps, one bit per participant. Set by the waiter; cleared by
	 * it, by who wakes it, or by the sweep. */
	_Alignas(PQ_LINE) _Atomic uint64_t bits[PROCQ_PARTICIPANTS_MAX / 64];
	/* The place + 1 of the lookout, 0: there is none. Set by itself, by
	 * CAS from 0; set back by it, by the sweep, or by who has slept in
	 * vain meanwhile. Read by who wakes. Not for exits. */
	_Alignas(PQ_LINE) _Atomic uint64_t lookout;
};

/* The life of the object; see segment.c. Anything else is the incarnation
 * that proposes to remove it. */
#define PQ_OBJECT_OPEN	UINT64_C(0)
#define PQ_OBJECT_FINAL UINT64_MAX

struct pq_header {
	/* Written by the creator under the init lock, magic last with release;
	 * read by all, magic first with acquire; constant from then on. */
	_Atomic uint64_t magic;
	uint32_t version;
	uint32_t byte_order;
	uint32_t word_size;
	uint32_t sem_size;
	uint32_t page_size;
	uint32_t capacity;
	uint64_t size;
	uint64_t boot_id[2];
	uint64_t pid_namespace;		/* inode, 0: there are none */
	int64_t created;		/* wall clock */

	/* OPEN, PROPOSED by an incarnation, FINAL; by CAS. */
	_Alignas(PQ_LINE) _Atomic uint64_t state;
	_Atomic uint64_t next_incarnation;	/* fetch-and-add by joiners */
	_Atomic uint64_t closed;		/* by procq_set_closed() */
	/* When somebody last looked for the dead, monotonic ns; CAS by who
	 * looks next, so that a thousand idle ones don't all look. */
	_Atomic int64_t looked;
	/* 1: a hint found no place in its ring. Set by its appender; set back
	 * by a taker, before it puts all missing hints in. */
	_Atomic uint64_t lacking;
	/* For people to read, off by one where a counter was killed. */
	_Atomic uint64_t returned;
	_Atomic uint64_t swept;

	struct pq_ring_ends ready;
	struct pq_ring_ends free;
	struct pq_waiters room;
	struct pq_waiters arrivals;
	struct pq_waiters exits;
};

_Static_assert(offsetof(struct pq_header, state) == PQ_LINE, "layout");
_Static_assert(offsetof(struct pq_header, ready) == 2 * PQ_LINE, "layout");
_Static_assert(offsetof(struct pq_header, room) == 6 * PQ_LINE, "layout");
_Static_assert(sizeof(struct pq_header) == 12 * PQ_LINE, "layout");

#endif
