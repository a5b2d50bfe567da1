/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * layout.h - the shared object, byte by byte.
 *
 *	header | ready ring | free ring | records | participants | histograms
 *
 * What every child touches comes first: in a small queue, one page fault maps
 * all of it.
 *
 * Must not hold a pointer, nor a type whose size differs between compilers,
 * but for pq_sem, whose size is in the header. Every offset follows from the
 * capacity, and is computed, never read from the object. A field that can
 * change while another process looks is atomic. Unless its comment says
 * otherwise, it is read and written relaxed, and its value counts only if a
 * CAS on the record's word succeeds, which orders both.
 *
 * Packed fields: word.h has the record's word, fields.h all the others.
 */
#ifndef PQ_LAYOUT_H
#define PQ_LAYOUT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "fields.h"
#include "procq.h"
#include "ring.h"
#include "sem.h"

#define PQ_MAGIC UINT64_C(0x31305150434f5250)	/* "PROCPQ01" */
#define PQ_VERSION 7u
#define PQ_BYTE_ORDER_MARK 0x01020304u
#define PQ_LINE 128

/* What a participant counts; in the order of procq_stat's members. */
enum pq_tally {
	PQ_TALLY_RETIRED = 0,
	PQ_TALLY_EXITED = 1,
	PQ_TALLY_LOST = 2,
	PQ_TALLIES = 3
};

struct pq_record {
	/* The truth: see word.h. Changed by CAS only. */
	_Atomic uint64_t word;

	/* Tagged, see fields.h. Written by the child that enters itself, by
	 * CAS; emptied by the producer that reserves the record. Read by
	 * all. */
	_Atomic uint64_t pid;
	_Atomic uint64_t ident;
	_Atomic uint64_t seq;		/* also by the parent, or a taker */
	_Atomic uint64_t entered;
	/* Counts each life once, by CAS from that of an older life: by the
	 * child, or by the participant that releases its record uncounted.
	 * Never emptied. Read by all. */
	_Atomic uint64_t counted;

	/* Written by the producer while the record is RESERVED by it; read by
	 * all. PQ_F_SURE is added by CAS, by a producer that leaves, or by the
	 * sweep of a dead one; PQ_F_LEFT by a producer that leaves. */
	_Atomic uint64_t producer;
	_Atomic int64_t started;	/* pq_clock_life() */
	_Atomic int64_t started_wall;
	_Atomic uint64_t label[PROCQ_LABEL_SIZE / 8];
	_Atomic int32_t ppid;

	/* Written by the producer before its mark, while the process is its
	 * unreaped child; read after the mark. -1: unknown. */
	_Atomic uint32_t maxrss;	/* KiB, capped; UINT32_MAX: unknown */
	_Atomic uint64_t obit;
	_Atomic int64_t user;		/* ns */
	_Atomic int64_t sys;

	/* Emptied by the producer with the rest. Written by the participant
	 * that has TAKEN the record; read by the parent on ASK, and by the
	 * participant that collects the death. */
	_Atomic uint64_t sent;
};

_Static_assert(sizeof(struct pq_record) == PQ_LINE, "a record is one line");
_Static_assert(PROCQ_LABEL_SIZE == 16, "a label is two words");

struct pq_participant {
	/* Role and incarnation, 0: the place is empty. CAS from 0 by the
	 * participant that joins; CAS to 0 when it leaves, by itself, or by
	 * the last step of the sweep after it. Read by all. */
	_Atomic uint64_t member;
	/* What it is about to count, see tally.h. Written by the participant;
	 * after its death CAS to 0 by the sweep. Read by both. */
	_Atomic uint64_t intent;
	/* Counts of this place in the table: of all participants that ever
	 * sat in it. Written by the participant; after its death CAS by the
	 * sweep. Read by all. */
	_Atomic uint64_t tally[PQ_TALLIES];
	/* What it sleeps for, PROCQ_WAIT_ROOM and so on. Set by itself; a bit
	 * is cleared by itself or by its waker. Sequentially consistent with
	 * the look that follows; see bell.c. */
	_Atomic uint32_t wants;
	_Atomic int32_t pid;		/* written by itself, to be shown */
	/* Set to 1 by takers that ask this parent to signal, after the ASK in
	 * the word; set to 0 by itself before it looks at the words. */
	_Atomic uint32_t asked;
	/* When it was last known to be alive, pq_clock_life(), where processes
	 * are identified by start times. Written by itself; read, after its
	 * death, by the sweep and by takers. Relaxed: it says nothing but that
	 * the participant was alive then. */
	_Atomic int64_t alive;
	/* Its semaphore: see bell.c. Waited for by the participant; posted by
	 * a waker that has cleared a bit of its, and by procq_wake(). */
	_Alignas(64) pq_sem bell;
	/* When it was last refused a permit, pq_clock_life(), 0: it wants none;
	 * and the start of the process that it would have ended. Written by
	 * itself, the start first, released by the time; read by the giver of
	 * permits. Hints: one that is late or too old costs time. */
	_Atomic int64_t wished;
	_Atomic int64_t wish;
};

_Static_assert(sizeof(struct pq_participant) == PQ_LINE, "one line each");
_Static_assert(PROCQ_PARTICIPANTS_MAX % 64 == 0, "whole words of bits");

/* The waiters for one kind of event; see bell.c. */
struct pq_waiters {
	/* Which participants sleep, a bit for each place. Set by the waiter;
	 * cleared by itself, by its waker, or by the sweep. */
	_Alignas(PQ_LINE) _Atomic uint64_t bits[PROCQ_PARTICIPANTS_MAX / 64];
	/* The owner number of the lookout, 0: there is none. Set by CAS from
	 * 0 by the lookout; set back by itself, by the sweep, or by a waiter
	 * whose time ran out meanwhile. Read by wakers. Not used for exits. */
	_Alignas(PQ_LINE) _Atomic uint64_t lookout;
	/* Whose turn it is, and since when: see fields.h. Written by wakers;
	 * read by them, and by the lookout. Relaxed: if two write at once, a
	 * turn is shorter or longer, no more. Not used for exits. */
	_Atomic uint64_t turn;
};

/* Where the lock bytes are: in the object itself, or in a file beside it. */
enum pq_lock_place { PQ_LOCKS_INSIDE = 1, PQ_LOCKS_BESIDE = 2 };

/* The state of the object; see segment.c. Any other value is the incarnation
 * that proposes to remove it. */
#define PQ_OBJECT_OPEN	UINT64_C(0)
#define PQ_OBJECT_FINAL UINT64_MAX

/* How long processes have lived, or their ends took; see buckets.c. Added to
 * by the participants that collect deaths; read by all. */
struct pq_histogram {
	_Alignas(PQ_LINE) _Atomic uint64_t counts[PROCQ_BUCKETS];
	_Atomic uint64_t micros;	/* the sum of all values */
};

_Static_assert(sizeof(struct pq_histogram) % PQ_LINE == 0, "whole lines");

struct pq_header {
	/* Written by the creator under the init lock, magic last with release;
	 * read by all, magic first with acquire; constant from then on. */
	_Atomic uint64_t magic;
	uint32_t version;
	uint32_t byte_order;
	/* How its users are built. One that is built otherwise would take the
	 * living for the dead, or never wake them: so it must not join. */
	uint32_t word_size;
	uint32_t page_size;
	uint32_t sem_size;
	uint32_t lock_place;		/* an enum pq_lock_place */
	uint64_t sem_kind;		/* pq_sem_kind() */
	uint64_t lock_base;		/* offset of the first lock byte */
	uint32_t clock;			/* of lifetimes: its number in POSIX */
	uint32_t capacity;
	uint64_t size;
	/* Where its users are. */
	uint64_t boot_id[2];
	uint64_t pid_namespace;		/* inode, 0: there are none */
	uint64_t pid_one;		/* start time of that namespace's pid 1,
					 * which tells it from a later one with
					 * the same inode; 0: unknown */
	uint64_t time_namespace;	/* inode, 0: there are none */
	int64_t created;		/* wall clock */

	/* OPEN, an incarnation that proposes to remove it, or FINAL. Changed
	 * by CAS, by removers and joiners; read by all. */
	_Alignas(PQ_LINE) _Atomic uint64_t state;
	_Atomic uint64_t next_incarnation;	/* fetch-and-add by joiners */
	/* PROCQ_OPEN, or nothing may be started: PROCQ_CLOSED, PROCQ_STOPPED.
	 * Written by procq_set_closed(), by any participant: the last one
	 * counts. Read by all. Sequentially consistent where a sleep or a
	 * wake-up depends on it: see bell.c, 1. */
	_Atomic uint64_t closed;
	/* When a participant last looked for dead ones, pq_now(). CAS by the
	 * next one that looks, so that a thousand idle ones don't all look. */
	_Atomic int64_t looked;
	/* 1: a hint found its ring full. Set by its appender; set back by a
	 * taker, before it puts all missing hints in. */
	_Atomic uint64_t lacking;
	/* For people to read; one too small if the participant that counts
	 * was killed just then. */
	_Atomic uint64_t returned;
	_Atomic uint64_t swept;
	/* How many records may be used, and how many are not PARKED; and the
	 * change of one record that is under way: see fields.h, limit.c. Both
	 * changed by CAS, sequentially consistent, by any process that sets the
	 * limit, releases a record, looks for room or sweeps; read by all. On a
	 * line that is read anyway, and seldom written. */
	_Atomic uint64_t gate;
	_Atomic uint64_t change;
	/* The limit that the queue was created with. Written by the creator;
	 * read by those that join. */
	uint32_t first_limit;
	/* For endings that keep their distance: see permit.c. */
	/* Which participant may begin one: see fields.h. Changed by CAS,
	 * sequentially consistent, by participants with a gap; read by them. */
	_Atomic uint64_t permit;
	/* When the death of a process that was signalled was last confirmed,
	 * pq_clock_life(); 0: never. By CAS, only upwards, by the participant
	 * that collects it, before the record is released; read by participants
	 * with a gap, after the permit and the record. */
	_Atomic int64_t ended;
	/* 1: there is or was a participant with a gap. Set by it, before its
	 * first take; read by participants that collect. */
	_Atomic uint64_t gaps;
	/* Until when processes may be started, how many slots are granted, and
	 * which lease is enforced: see fields.h, lease.c. The first two changed
	 * by CAS, by the holder of the lease; read by all that read the gate,
	 * after it, and by each child before its entry. The third by CAS, by
	 * any process that enforces it; read by those that are about to. All
	 * sequentially consistent, as the gate. On its line: without a lease,
	 * that is read once more, and no clock. */
	_Atomic uint64_t lease;
	_Atomic uint64_t grant;
	_Atomic uint64_t enforced;

	/* For endings that are permitted from outside, see ration.c. All
	 * sequentially consistent. */
	/* Are permits needed, and which participant gives them: see fields.h.
	 * Changed by CAS, by the giver; read by it before each CAS on a cell,
	 * and by all that take. */
	_Alignas(PQ_LINE) _Atomic uint64_t ration;
	/* By number, from 1. Changed by CAS: by the giver, what is no permit or
	 * is not in use; by participants that take, what is unused, or bound to
	 * a record that they take. Read by both. */
	_Atomic uint64_t permits[PROCQ_PERMITS_MAX];

	struct pq_ring_ends ready;
	struct pq_ring_ends free;
	struct pq_waiters room;
	struct pq_waiters arrivals;
	struct pq_waiters exits;

	/* The name under which the slots were taken back from the holder of the
	 * lease, and from which one: its epoch plus one; 0: nobody, or it is
	 * being written. By that holder; read by all, and only for people: fence.c
	 * has the order. */
	_Alignas(PQ_LINE) _Atomic uint64_t fenced;
	_Atomic uint64_t fencer[PROCQ_FENCER_SIZE / 8];
};

_Static_assert(offsetof(struct pq_header, state) == PQ_LINE, "layout");
_Static_assert(offsetof(struct pq_header, ready) == 4 * PQ_LINE, "layout");
_Static_assert(offsetof(struct pq_header, room) == 8 * PQ_LINE, "layout");
_Static_assert(sizeof(struct pq_header) == 15 * PQ_LINE, "layout");

#endif
