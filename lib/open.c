/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * open.c - the public functions with which a participant joins the queue,
 * leaves and removes it, and those that say what a handle is of.
 * Must not start, take or signal a process.
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bell.h"
#include "clock.h"
#include "handle.h"
#include "lock.h"
#include "member.h"
#include "segment.h"
#include "sweep.h"
#include "unforked.h"
#include "wait.h"

/* ---- open and close ---- */

static int check_options(const struct procq_options *options)
{
	if (!options || options->size != sizeof(*options))
		return -EINVAL;
	if (options->role < PROCQ_ROLE_PRODUCER ||
	    options->role > PROCQ_ROLE_ONLOOKER ||
	    options->capacity > PROCQ_CAPACITY_MAX || options->mode & ~0777u)
		return -EINVAL;
	return 0;
}

/* When all places are taken, some may be the dead's: true, if some were, and
 * are free now. */
static bool made_room(struct procq *q, int rc)
{
	return rc == -EUSERS && pq_sweep_dead(q->seg, NULL) > 0;
}

static int seat(struct procq *q)
{
	int rc = pq_member_join(q->seg, q->role, &q->incarnation, &q->place);

	if (made_room(q, rc))
		rc = pq_member_join(q->seg, q->role, &q->incarnation,
				    &q->place);
	return rc;
}

static int seat_again(struct procq *q)
{
	int rc = pq_member_sit_again(q->seg, q->role, q->incarnation,
				     &q->place);

	if (made_room(q, rc))
		rc = pq_member_sit_again(q->seg, q->role, q->incarnation,
					 &q->place);
	return rc;
}

/* While nobody else sees the object. */
static int seat_creator(struct pq_segment *seg, void *arg)
{
	struct procq *q = arg;

	q->place = 0;
	return pq_member_join_first(seg, q->role, &q->incarnation);
}

static int open_and_join(struct procq *q, const char *object,
			 struct procq_options *options)
{
	const struct pq_creator creator = { seat_creator, q };
	int rc;

	do {
		q->incarnation = 0;
		rc = pq_segment_open(&q->seg, object, options, &creator);
		if (rc < 0)
			return rc;
		if (q->role == PROCQ_ROLE_ONLOOKER || q->incarnation)
			return 0;
		rc = seat(q);
		if (rc)
			pq_segment_close(q->seg);
	} while (rc == 1);
	return rc;
}

int procq_open(struct procq **out, const char *name,
	       struct procq_options *options)
{
	char object[PROCQ_NAME_SIZE];
	struct procq_options o;
	struct procq *q;
	int rc;

	*out = NULL;
	rc = check_options(options);
	if (rc == 0)
		rc = procq_object_name(name, object);
	if (rc < 0)
		return rc;
	q = pq_unforked_alloc(sizeof(*q));
	if (!q)
		return -ENOMEM;
	o = *options;
	o.found = 0;
	if (o.role == PROCQ_ROLE_ONLOOKER)
		o.flags |= PROCQ_OPEN_NOCREATE;
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->forks = pq_handle_forks();
	q->pid = getpid();
	q->role = o.role;
	q->flags = o.flags;
	q->lifeline[0] = q->lifeline[1] = -1;
	pq_flights_init(&q->flights);
	rc = open_and_join(q, object, &o);
	options->found = o.found;
	if (rc < 0) {
		pq_unforked_free(q, sizeof(*q));
		return rc;
	}
	*out = q;
	return 0;
}

static void free_handle(struct procq *q)
{
	pq_flights_destroy(&q->flights);
	pq_intmap_destroy(&q->children);
	pq_lookup_forget(&q->lookup);
	for (int i = 0; i < 2; i++)
		if (q->lifeline[i] >= 0)
			close(q->lifeline[i]);
	pq_unforked_free(q, sizeof(*q));
}

/* True: the queue has been removed. */
static bool leave(struct procq *q)
{
	bool removed;

	/* A child between its word and its hint may be killed there, when we
	 * are not here any more to mark it: its hint is put in for it. A
	 * second one is harmless. */
	if (q->children.count)
		pq_sweep_hints(q->seg);
	pq_show_last_alive(q);
	pq_sweep_self(q->seg, q->place, pq_member_id(q->role, q->incarnation));
	pq_bell_hide_dead(q->seg, q->place);
	/* Whatever it owes: a wait may have been cancelled. */
	q->owed = PROCQ_WAIT_ROOM | PROCQ_WAIT_READY;
	pq_pass_on(q, q->owed);
	/* After the dead, too: their places would keep the queue. */
	pq_sweep_dead(q->seg, NULL);
	/* The place first, the byte last: the removal is still ours. */
	pq_member_stand_up(q->seg, q->place, q->incarnation);
	removed = pq_segment_remove(q->seg, q->incarnation) == 0;
	pq_byte_drop(q->seg, q->incarnation);
	return removed;
}

static int close_handle(struct procq *q)
{
	bool removed = false;

	if (!q)
		return 0;
	if (pq_usable(q) < 0)
		return -ECHILD;
	if (q->role != PROCQ_ROLE_ONLOOKER) {
		q->look_after = 0;
		procq_reap(q);
		removed = leave(q);
		/* A taker that saw our byte just now has left us what it told;
		 * from here on, one sees that there is no parent. To bury that
		 * takes a participant, after which others sweep if it is
		 * killed: so once more, as another. */
		if (!removed && pq_sweep_left(q->seg, q->incarnation) &&
		    seat(q) == 0)
			removed = leave(q);
		/* Whoever waits for the end of the producers looks again. */
		if (!removed && q->role == PROCQ_ROLE_PRODUCER)
			pq_wake_all_arrivals(q->seg);
	}
	/* A child that shares our memory, stopped in the middle of its entry,
	 * needs it all when it is continued: then it is not given back. */
	if (!pq_nest_destroy(&q->nest))
		return removed;
	pq_segment_close(q->seg);
	free_handle(q);
	return removed;
}

int procq_close(struct procq *q)
{
	int state, rc;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	rc = close_handle(q);
	pthread_setcancelstate(state, NULL);
	return rc;
}

/* Without a place, it may look on. */
static void step_out(struct procq *q)
{
	pq_pass_on(q, q->owed);
	pq_byte_drop(q->seg, q->incarnation);
	q->role = PROCQ_ROLE_ONLOOKER;
}

int procq_remove(struct procq *q)
{
	int rc = pq_usable_participant(q);
	int64_t deadline;
	int again;

	if (rc < 0)
		return rc;
	/* Words name its place: who has something in the queue keeps it. */
	if (q->flights.count || q->children.count)
		return -EBUSY;
	pq_sweep_dead(q->seg, NULL);
	/* Its own place is the only one that may be taken. */
	pq_member_stand_up(q->seg, q->place, q->incarnation);
	deadline = pq_now() + PQ_SECOND;
	do {
		rc = pq_segment_remove(q->seg, q->incarnation);
		if (rc >= 0)
			break;
		again = seat_again(q);
		if (again == 0)
			return rc;
		/* All places are taken; or the queue is final, and not to be
		 * stayed in: once more, after its remover. */
		rc = again < 0 ? again : -EINPROGRESS;
	} while (again > 0 && pq_now() < deadline);
	step_out(q);
	return rc;
}

const char *procq_object(const struct procq *q)
{
	return q->seg->name;
}

uint32_t procq_capacity(const struct procq *q)
{
	return q->seg->capacity;
}

uint64_t procq_incarnation(const struct procq *q)
{
	return q->incarnation;
}

int procq_set_closed(struct procq *q, int closed)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	atomic_store(&q->seg->header->closed, closed ? 1 : 0);
	if (!closed)
		pq_wake_room(q->seg);
	return 0;
}
