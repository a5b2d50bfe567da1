/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * member.c - participants: join, leave, which are alive.
 * Must not sleep, nor change a record.
 */
#include <config.h>

#include <errno.h>
#include <unistd.h>

#include "bell.h"
#include "clock.h"
#include "lock.h"
#include "member.h"

/* How many incarnation numbers to try: if more than this are held already, the
 * counter is damaged. */
#define DRAWS_MAX (2u * PROCQ_PARTICIPANTS_MAX)

/* Only the tenant of a place writes its other fields, after the CAS on member
 * that made it the tenant. */
static void sit_down(struct pq_segment *seg, unsigned place)
{
	struct pq_participant *me = &seg->participants[place];

	atomic_store_explicit(&me->pid, (int32_t)getpid(),
			      memory_order_relaxed);
	atomic_store_explicit(&me->wants, 0, memory_order_relaxed);
	atomic_store_explicit(&me->alive, 0, memory_order_relaxed);
	atomic_store_explicit(&me->wished, 0, memory_order_relaxed);
	/* A late wake-up for the previous tenant may still come. It only ends
	 * a wait too early. */
	pq_bell_empty(&me->bell);
}

static int draw_incarnation(struct pq_segment *seg, uint64_t *incarnation)
{
	uint32_t reader;
	int rc = 0;

	/* The counter may be damaged: it may yield 0, whose byte is the init
	 * lock, or the number of another participant, which holds its byte. */
	for (unsigned n = 0; n < DRAWS_MAX; n++) {
		*incarnation = atomic_fetch_add(&seg->header->next_incarnation,
						1) & PQ_INCARNATION_MASK;
		if (*incarnation == 0)
			continue;
		rc = pq_byte_hold(seg, *incarnation, &reader);
		if (rc == -EBUSY)
			seg->reader = reader;
		else if (rc != -EAGAIN && rc != -EACCES)
			return rc;
	}
	return rc == -EBUSY ? -EBUSY : -EBADMSG;
}

int pq_member_join_first(struct pq_segment *seg, unsigned role,
			 uint64_t *incarnation)
{
	int rc = draw_incarnation(seg, incarnation);

	if (rc < 0)
		return rc;
	atomic_store(&seg->participants[0].member,
		     pq_member_id(role, *incarnation));
	sit_down(seg, 0);
	return 0;
}

static int find_place(struct pq_segment *seg, uint64_t member)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		uint64_t empty = 0;

		if (atomic_load_explicit(&seg->participants[i].member,
					 memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_strong(&seg->participants[i].member,
						   &empty, member))
			return (int)i;
	}
	return -EUSERS;
}

/* Put a proposal to remove the object back. False: it is final. Sequentially
 * consistent, after the CAS on member: either the remover sees the member, or
 * this sees the remover's proposal. */
static bool keep_open(struct pq_segment *seg)
{
	uint64_t state = atomic_load(&seg->header->state);

	while (state != PQ_OBJECT_OPEN && state != PQ_OBJECT_FINAL)
		if (atomic_compare_exchange_weak(&seg->header->state, &state,
						 PQ_OBJECT_OPEN))
			return true;
	return state == PQ_OBJECT_OPEN;
}

int pq_member_sit_again(struct pq_segment *seg, unsigned role,
			uint64_t incarnation, unsigned *place)
{
	uint64_t member = pq_member_id(role, incarnation);
	int rc = find_place(seg, member);

	if (rc < 0)
		return rc;
	*place = (unsigned)rc;
	sit_down(seg, *place);
	if (keep_open(seg))
		return 0;
	pq_member_stand_up(seg, *place, incarnation);
	return 1;
}

int pq_member_join(struct pq_segment *seg, unsigned role,
		   uint64_t *incarnation, unsigned *place)
{
	/* The byte first: a member whose byte is not held is dead. */
	int rc = draw_incarnation(seg, incarnation);

	if (rc < 0)
		return rc;
	rc = pq_member_sit_again(seg, role, *incarnation, place);
	if (rc)
		pq_byte_drop(seg, *incarnation);
	return rc;
}

void pq_member_stand_up(struct pq_segment *seg, unsigned place,
			uint64_t incarnation)
{
	struct pq_participant *me = &seg->participants[place];
	uint64_t member = atomic_load(&me->member);

	if (pq_member_incarnation(member) == incarnation)
		atomic_compare_exchange_strong(&me->member, &member, 0);
}

bool pq_member_is(const struct pq_segment *seg, unsigned place,
		  uint64_t incarnation)
{
	return pq_member_incarnation(atomic_load_explicit(
		       &seg->participants[place].member,
		       memory_order_relaxed)) == incarnation;
}

int pq_member_find(const struct pq_segment *seg, uint64_t incarnation)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		uint64_t member = atomic_load_explicit(
			&seg->participants[i].member, memory_order_relaxed);

		if (member && pq_member_incarnation(member) == incarnation)
			return (int)i;
	}
	return -1;
}

void pq_member_show_alive(struct pq_segment *seg, unsigned place)
{
	atomic_store_explicit(&seg->participants[place].alive, pq_clock_life(),
			      memory_order_relaxed);
}

int64_t pq_member_last_alive(const struct pq_segment *seg, unsigned place,
			     uint64_t incarnation)
{
	const struct pq_participant *p = &seg->participants[place];
	int64_t alive = atomic_load_explicit(&p->alive, memory_order_acquire);

	/* If the place is still its own after that, the time is not its
	 * successor's. Its predecessor's would be too early, which does no
	 * harm. */
	return pq_member_incarnation(atomic_load(&p->member)) == incarnation
		       ? alive
		       : 0;
}

bool pq_member_dead(struct pq_segment *seg, unsigned place, uint64_t *member)
{
	*member = atomic_load(&seg->participants[place].member);
	return *member && !pq_byte_held(seg, pq_member_incarnation(*member));
}
