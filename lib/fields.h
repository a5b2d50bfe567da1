/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * fields.h - the packed fields of records and participants, but for the word.
 * layout.h says which of them is where, what writes and what reads it.
 *
 * Must not touch memory or call anything: pure arithmetic.
 */
#ifndef PQ_FIELDS_H
#define PQ_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "word.h"

/* The value, or the largest that fits into so many bits. */
static inline uint64_t pq_saturate(uint64_t value, unsigned bits)
{
	uint64_t max = (UINT64_C(1) << bits) - 1;

	return value < max ? value : max;
}

/* ---- a cell of a ring: lap:19 index:20 generation:25 ---- */

/*
 * How often the ring was filled before, which record, and the low bits of its
 * generation. A hint must not look valid in a later life of its record. As
 * long as its cell is not filled anew, at most as many hints come as the ring
 * has cells, and for each the generation goes up by two at most: so there are
 * more generations than twice the cells.
 */
#define PQ_HINT_GEN_BITS 25
#define PQ_HINT_INDEX_BITS 20
#define PQ_HINT_LAP_BITS 19
#define PQ_HINT_GEN_MASK ((UINT32_C(1) << PQ_HINT_GEN_BITS) - 1)
#define PQ_HINT_INDEX_MASK ((UINT32_C(1) << PQ_HINT_INDEX_BITS) - 1)
#define PQ_HINT_LAP_MASK ((UINT32_C(1) << PQ_HINT_LAP_BITS) - 1)
/* The most cells that a ring may have. */
#define PQ_RING_MAX (UINT64_C(1) << (PQ_HINT_GEN_BITS - 2))

_Static_assert(PQ_HINT_GEN_BITS + PQ_HINT_INDEX_BITS + PQ_HINT_LAP_BITS == 64,
	       "a cell is 64 bits");
_Static_assert(PROCQ_CAPACITY_MAX - 1 <= PQ_HINT_INDEX_MASK, "every record");

static inline uint64_t pq_cell(uint64_t lap, uint32_t index, uint64_t gen)
{
	return (lap & PQ_HINT_LAP_MASK)
		       << (PQ_HINT_GEN_BITS + PQ_HINT_INDEX_BITS) |
	       (uint64_t)(index & PQ_HINT_INDEX_MASK) << PQ_HINT_GEN_BITS |
	       (gen & PQ_HINT_GEN_MASK);
}

static inline uint32_t pq_cell_lap(uint64_t cell)
{
	return (uint32_t)(cell >> (PQ_HINT_GEN_BITS + PQ_HINT_INDEX_BITS));
}

static inline uint32_t pq_cell_index(uint64_t cell)
{
	return (uint32_t)(cell >> PQ_HINT_GEN_BITS) & PQ_HINT_INDEX_MASK;
}

/* The part of a generation that a hint has. */
static inline uint32_t pq_hint_gen(uint64_t gen)
{
	return (uint32_t)gen & PQ_HINT_GEN_MASK;
}

/* ---- tagged fields ---- */

/*
 * A tagged field holds a value and, above it, the low bits of the generation
 * in which the record was reserved. It is set by CAS from the empty value of
 * that same reservation. A child may be stopped in the middle of its entry;
 * then its producer may die, the sweep may free its reservation, and another
 * process may enter the record. When the child is continued, its CAS fails.
 */

/* The widths of the values; the tag has the rest. */
#define PQ_PID_BITS 32
/* PQ_IDENT_BITS: identity.h */
#define PQ_SEQ_BITS 52		/* position in the ready ring, plus one */
#define PQ_ENTERED_BITS 40	/* µs from start to entry */

static inline uint64_t pq_tagged(uint64_t gen, unsigned bits, uint64_t value)
{
	return gen << bits | (value & ((UINT64_C(1) << bits) - 1));
}

static inline uint64_t pq_untag(uint64_t field, unsigned bits)
{
	return field & ((UINT64_C(1) << bits) - 1);
}

/* The low bits of the generation. */
static inline uint64_t pq_tag(uint64_t field, unsigned bits)
{
	return field >> bits;
}

/* ---- counted: life:32 count:32 ---- */

/* The newest life that is counted, and how many processes are: see
 * count_life() in record.c. */
#define PQ_COUNTED_BITS 32

static inline uint64_t pq_counted(uint32_t life, uint32_t count)
{
	return (uint64_t)life << PQ_COUNTED_BITS | count;
}

static inline uint32_t pq_counted_life(uint64_t counted)
{
	return (uint32_t)(counted >> PQ_COUNTED_BITS);
}

static inline uint32_t pq_counted_count(uint64_t counted)
{
	return (uint32_t)counted;
}

/* ---- producer: flags:16 incarnation:48 ---- */

#define PQ_INCARNATION_BITS 48
#define PQ_INCARNATION_MASK ((UINT64_C(1) << PQ_INCARNATION_BITS) - 1)

/* Flags of a record's producer. */
#define PQ_F_KEEP 1u
#define PQ_F_GROUP 2u
#define PQ_F_START 4u		/* ident is a start time, not an inode */
#define PQ_F_SURE 8u		/* and no other has both it and the pid */
#define PQ_F_CGROUP 16u		/* a cgroup of its own */
#define PQ_F_LEFT 256u		/* its producer has left, and may live on */

static inline uint64_t pq_producer(uint64_t incarnation, uint32_t flags)
{
	return (uint64_t)flags << PQ_INCARNATION_BITS |
	       (incarnation & PQ_INCARNATION_MASK);
}

static inline uint64_t pq_producer_incarnation(uint64_t producer)
{
	return producer & PQ_INCARNATION_MASK;
}

static inline uint32_t pq_producer_flags(uint64_t producer)
{
	return (uint32_t)(producer >> PQ_INCARNATION_BITS);
}

/* ---- member: role:16 incarnation:48 ---- */

static inline uint64_t pq_member_id(unsigned role, uint64_t incarnation)
{
	return (uint64_t)role << PQ_INCARNATION_BITS |
	       (incarnation & PQ_INCARNATION_MASK);
}

static inline unsigned pq_member_role(uint64_t member)
{
	return (unsigned)(member >> PQ_INCARNATION_BITS);
}

static inline uint64_t pq_member_incarnation(uint64_t member)
{
	return member & PQ_INCARNATION_MASK;
}

/* ---- turn: place:16 since:48 ---- */

/* Which waiter was woken at the beginning of the turn; µs, pq_now(). */
#define PQ_TURN_BITS 48

static inline uint64_t pq_turn(unsigned place, uint64_t since)
{
	return (uint64_t)place << PQ_TURN_BITS |
	       (since & ((UINT64_C(1) << PQ_TURN_BITS) - 1));
}

static inline unsigned pq_turn_place(uint64_t turn)
{
	return (unsigned)(turn >> PQ_TURN_BITS);
}

/* How long it has lasted, in µs; below 0: it begins later. */
static inline int64_t pq_turn_age(uint64_t turn, uint64_t now)
{
	const uint64_t sign = UINT64_C(1) << (PQ_TURN_BITS - 1);
	uint64_t age = (now - turn) & ((UINT64_C(1) << PQ_TURN_BITS) - 1);

	return (int64_t)(age ^ sign) - (int64_t)sign;
}

/* ---- sent: signal:8 alone:1 step:7 at:48 ---- */

/* The signal that was sent last; was it for the process without its group?
 * The escalation step: how many signals were sent to end it, a repeated one
 * counted once, and SIGCONT not at all. µs from its start to the first step. */
#define PQ_SENT_BITS 48
#define PQ_STEP_MAX 127u

static inline uint64_t pq_sent(int signo, bool alone, unsigned step,
			       uint64_t at)
{
	return (uint64_t)signo << 56 | (uint64_t)alone << 55 |
	       (uint64_t)(step & PQ_STEP_MAX) << PQ_SENT_BITS |
	       pq_saturate(at, PQ_SENT_BITS);
}

static inline int pq_sent_signal(uint64_t sent)
{
	return (int)(sent >> 56);
}

static inline bool pq_sent_alone(uint64_t sent)
{
	return sent >> 55 & 1;
}

static inline unsigned pq_sent_step(uint64_t sent)
{
	return (unsigned)(sent >> PQ_SENT_BITS) & PQ_STEP_MAX;
}

static inline uint64_t pq_sent_at(uint64_t sent)
{
	return sent & ((UINT64_C(1) << PQ_SENT_BITS) - 1);
}

/* ---- obit: cause:4 code:12 lived:48 ---- */

/* How the process ended: an enum procq_cause and its code; µs from its start
 * to its death. 0: not written yet. */
#define PQ_OBIT_BITS 48

static inline uint64_t pq_obit(unsigned cause, unsigned code, uint64_t lived)
{
	return (uint64_t)cause << 60 |
	       (uint64_t)(code & 0xfffu) << PQ_OBIT_BITS |
	       pq_saturate(lived, PQ_OBIT_BITS);
}

static inline unsigned pq_obit_cause(uint64_t obit)
{
	return (unsigned)(obit >> 60);
}

static inline unsigned pq_obit_code(uint64_t obit)
{
	return (unsigned)(obit >> PQ_OBIT_BITS) & 0xfffu;
}

static inline uint64_t pq_obit_lived(uint64_t obit)
{
	return obit & ((UINT64_C(1) << PQ_OBIT_BITS) - 1);
}

/* ---- intent: set:1 kind:2 odd:1 slot:20 generation:40 ---- */

/* What a participant is about to count (see tally.h): the kind, an enum
 * pq_tally; is that count odd at the moment? Which record, in which
 * generation. 0: nothing; so one bit is always set. */
#define PQ_SLOT_BITS 20
#define PQ_SLOT_MASK ((UINT32_C(1) << PQ_SLOT_BITS) - 1)

static inline uint64_t pq_intent(unsigned kind, bool odd, uint32_t slot,
				 uint64_t gen)
{
	return UINT64_C(1) << 63 | (uint64_t)kind << 61 |
	       (uint64_t)odd << 60 |
	       (uint64_t)(slot & PQ_SLOT_MASK) << PQ_GEN_BITS |
	       (gen & PQ_GEN_MASK);
}

static inline unsigned pq_intent_kind(uint64_t intent)
{
	return (unsigned)(intent >> 61) & 3u;
}

static inline bool pq_intent_odd(uint64_t intent)
{
	return intent >> 60 & 1;
}

static inline uint32_t pq_intent_slot(uint64_t intent)
{
	return (uint32_t)(intent >> PQ_GEN_BITS) & PQ_SLOT_MASK;
}

static inline uint64_t pq_intent_gen(uint64_t intent)
{
	return intent & PQ_GEN_MASK;
}

_Static_assert(PROCQ_CAPACITY_MAX - 1 <= PQ_SLOT_MASK, "every slot fits");

/* ---- gate: limit:21 have:21 done:1 number:21 ---- */

/*
 * How many records may be used; how many are not PARKED; was the last change
 * done; and its number. A participant that is stopped in the middle of a
 * change, and goes on after so many others that the numbers have wrapped, does
 * so with the one number in two million at which the rest is the same. Then
 * "have" is one off: the bound is off by one until the queue is empty and gone,
 * and procq check says so.
 */
#define PQ_LIMIT_BITS 21
#define PQ_LIMIT_MASK ((UINT32_C(1) << PQ_LIMIT_BITS) - 1)

_Static_assert(PROCQ_CAPACITY_MAX <= PQ_LIMIT_MASK, "every limit fits");

static inline uint64_t pq_gate(uint32_t limit, uint32_t have, bool done,
			       uint32_t number)
{
	return (uint64_t)(limit & PQ_LIMIT_MASK) << (2 * PQ_LIMIT_BITS + 1) |
	       (uint64_t)(have & PQ_LIMIT_MASK) << (PQ_LIMIT_BITS + 1) |
	       (uint64_t)done << PQ_LIMIT_BITS | (number & PQ_LIMIT_MASK);
}

static inline uint32_t pq_gate_limit(uint64_t gate)
{
	return (uint32_t)(gate >> (2 * PQ_LIMIT_BITS + 1));
}

static inline uint32_t pq_gate_have(uint64_t gate)
{
	return (uint32_t)(gate >> (PQ_LIMIT_BITS + 1)) & PQ_LIMIT_MASK;
}

static inline bool pq_gate_done(uint64_t gate)
{
	return gate >> PQ_LIMIT_BITS & 1;
}

static inline uint32_t pq_gate_number(uint64_t gate)
{
	return (uint32_t)gate & PQ_LIMIT_MASK;
}

/* ---- change: kind:2 slot:20 gen:21 number:21 ---- */

/* The change that is under way: to park or to unpark which record, if it is
 * still in the generation with these low bits; see limit.c. */
enum pq_change { PQ_CHANGE_NONE = 0, PQ_CHANGE_PARK = 1, PQ_CHANGE_UNPARK = 2 };

static inline uint64_t pq_change(unsigned kind, uint32_t slot, uint64_t gen,
				 uint32_t number)
{
	return (uint64_t)kind << 62 |
	       (uint64_t)(slot & PQ_SLOT_MASK) << (2 * PQ_LIMIT_BITS) |
	       (gen & PQ_LIMIT_MASK) << PQ_LIMIT_BITS |
	       (number & PQ_LIMIT_MASK);
}

static inline unsigned pq_change_kind(uint64_t change)
{
	return (unsigned)(change >> 62);
}

static inline uint32_t pq_change_slot(uint64_t change)
{
	return (uint32_t)(change >> (2 * PQ_LIMIT_BITS)) & PQ_SLOT_MASK;
}

static inline uint32_t pq_change_gen(uint64_t change)
{
	return (uint32_t)(change >> PQ_LIMIT_BITS) & PQ_LIMIT_MASK;
}

static inline uint32_t pq_change_number(uint64_t change)
{
	return (uint32_t)change & PQ_LIMIT_MASK;
}

/* ---- lease: policy:2 until:40 serial:22 ---- */

/*
 * What to do when the time is over, an enum procq_policy; until when, in units
 * of 2^20 ns, which are a little more than a millisecond, rounded down; and a
 * number that every setting increments, so that none looks like an earlier
 * one. 0: there is no lease. A participant that is stopped while it enforces
 * one, and goes on after four million others, does so with the one number at
 * which the rest is the same.
 */
#define PQ_SERIAL_BITS 22
#define PQ_SERIAL_MASK ((UINT32_C(1) << PQ_SERIAL_BITS) - 1)
#define PQ_UNTIL_BITS 40
#define PQ_UNTIL_NEVER ((UINT64_C(1) << PQ_UNTIL_BITS) - 1)
#define PQ_UNTIL_SHIFT 20

/* A time that has passed is 0; one in 36 years, or later, never comes. */
static inline uint64_t pq_until(int64_t ns)
{
	return ns <= 0 ? 0
		       : pq_saturate((uint64_t)ns >> PQ_UNTIL_SHIFT,
				     PQ_UNTIL_BITS);
}

static inline uint64_t pq_lease(unsigned policy, uint64_t until,
				uint32_t serial)
{
	return (uint64_t)(policy & 3u) << (PQ_UNTIL_BITS + PQ_SERIAL_BITS) |
	       (until & PQ_UNTIL_NEVER) << PQ_SERIAL_BITS |
	       (serial & PQ_SERIAL_MASK);
}

static inline unsigned pq_lease_policy(uint64_t lease)
{
	return (unsigned)(lease >> (PQ_UNTIL_BITS + PQ_SERIAL_BITS));
}

static inline uint64_t pq_lease_until(uint64_t lease)
{
	return lease >> PQ_SERIAL_BITS & PQ_UNTIL_NEVER;
}

static inline uint32_t pq_lease_serial(uint64_t lease)
{
	return (uint32_t)lease & PQ_SERIAL_MASK;
}

/* ---- grant: slots:21 epoch:43 ---- */

/* How many slots its holder has granted, plus one, 0: any number; and which
 * holder of the lease that was. */
#define PQ_EPOCH_BITS 43

_Static_assert(PROCQ_EPOCH_MAX == (UINT64_C(1) << PQ_EPOCH_BITS) - 1,
	       "every epoch fits");

static inline uint64_t pq_grant(uint32_t slots, uint64_t epoch)
{
	return (uint64_t)(slots < PROCQ_CAPACITY_MAX ? slots + 1 : 0)
		       << PQ_EPOCH_BITS |
	       (epoch & PROCQ_EPOCH_MAX);
}

/* UINT32_MAX: any number. */
static inline uint32_t pq_grant_slots(uint64_t grant)
{
	return (uint32_t)(grant >> PQ_EPOCH_BITS) - 1;
}

static inline uint64_t pq_grant_epoch(uint64_t grant)
{
	return grant & PROCQ_EPOCH_MAX;
}

/* ---- permit: kind:2, then 0:2 slot:20 generation:40, or incarnation:48, or
 * epoch:43 ---- */

/* Which participant may begin to end a process, see permit.h: a participant
 * that is about to take one (a claim); or the record that was taken, in the
 * generation of its TAKEN word (a bond). 0: anybody.
 *
 * Where permits come from outside, see ration.h, a cell has the same, or that
 * there is no permit, or one that is unused: with the epoch in which that was
 * set. */
enum pq_permit_kind {
	PQ_PERMIT_FREE = 0,
	PQ_PERMIT_UNUSED = 1,
	PQ_PERMIT_BOND = 2,
	PQ_PERMIT_CLAIM = 3
};

static inline unsigned pq_permit_kind(uint64_t permit)
{
	return (unsigned)(permit >> 62);
}

static inline uint64_t pq_permit_free(uint64_t epoch)
{
	return epoch & PROCQ_EPOCH_MAX;
}

static inline uint64_t pq_permit_unused(uint64_t epoch)
{
	return UINT64_C(1) << 62 | (epoch & PROCQ_EPOCH_MAX);
}

/* Of one that is free or unused. */
static inline uint64_t pq_permit_epoch(uint64_t permit)
{
	return permit & PROCQ_EPOCH_MAX;
}

static inline uint64_t pq_permit_claim(uint64_t incarnation)
{
	return UINT64_C(3) << 62 | (incarnation & PQ_INCARNATION_MASK);
}

static inline uint64_t pq_permit_bond(uint32_t slot, uint64_t gen)
{
	return UINT64_C(1) << 63 |
	       (uint64_t)(slot & PQ_SLOT_MASK) << PQ_GEN_BITS |
	       (gen & PQ_GEN_MASK);
}

static inline bool pq_permit_is_claim(uint64_t permit)
{
	return pq_permit_kind(permit) == PQ_PERMIT_CLAIM;
}

static inline uint64_t pq_permit_claimant(uint64_t permit)
{
	return permit & PQ_INCARNATION_MASK;
}

static inline uint32_t pq_permit_slot(uint64_t permit)
{
	return (uint32_t)(permit >> PQ_GEN_BITS) & PQ_SLOT_MASK;
}

static inline uint64_t pq_permit_gen(uint64_t permit)
{
	return permit & PQ_GEN_MASK;
}

/* ---- ration: needed:1 owner:20 epoch:43 ---- */

/* Does an ending need a permit from outside? Which participant has said so last,
 * as the owner in a word: it is woken when one is wanted; and in which epoch. */
static inline uint64_t pq_ration(bool needed, unsigned owner, uint64_t epoch)
{
	return (uint64_t)needed << 63 |
	       pq_saturate(owner, 63 - PQ_EPOCH_BITS) << PQ_EPOCH_BITS |
	       (epoch & PROCQ_EPOCH_MAX);
}

static inline bool pq_ration_is_needed(uint64_t ration)
{
	return ration >> 63;
}

static inline unsigned pq_ration_owner(uint64_t ration)
{
	return (unsigned)(ration >> PQ_EPOCH_BITS) & 0xfffffu;
}

static inline uint64_t pq_ration_epoch(uint64_t ration)
{
	return ration & PROCQ_EPOCH_MAX;
}

#endif
