/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * open.c - the public functions that join, leave, close and remove a queue, and
 * those that say what a handle belongs to.
 * Must not start or take a process, nor map or unlink an object (segment.c,
 * unlink.c).
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
#include "limit.h"
#include "lock.h"
#include "member.h"
#include "segment.h"
#include "sweep.h"
#include "unforked.h"
#include "unlink.h"
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
	if (options->max > PROCQ_CAPACITY_MAX ||
	    (options->max && options->max < options->capacity))
		return -EINVAL;
	/* A user that can read, but not write, could place locks, and so keep
	 * others out. */
	return options->mode & 0444 & ~(options->mode << 1) ? -EINVAL : 0;
}

/* If all places are taken, some may be those of the dead. true: some were, and
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

/* No other process can see the object yet. */
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
		if (rc == -EBUSY)
			options->found = q->seg->reader;
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
	o.found = o.found_max = 0;
	if (o.role == PROCQ_ROLE_ONLOOKER)
		o.flags |= PROCQ_OPEN_NOCREATE;
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->number = pq_handle_number();
	q->pid = getpid();
	q->role = o.role;
	q->flags = o.flags;
	q->lifeline[0] = q->lifeline[1] = -1;
	pq_flights_init(&q->flights);
	rc = open_and_join(q, object, &o);
	options->found = o.found;
	options->found_max = o.found_max;
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
	pq_late_release(&q->late);
	for (int i = 0; i < 2; i++)
		if (q->lifeline[i] >= 0)
			close(q->lifeline[i]);
	pq_unforked_free(q, sizeof(*q));
}

/* true: the queue has been removed. */
static bool leave(struct procq *q)
{
	bool removed;

	/* What was in that place is others' by now. */
	if (!pq_member_is(q->seg, q->place, q->incarnation)) {
		pq_byte_drop(q->seg, q->incarnation);
		return false;
	}
	/* A child may be killed between its word and its hint, when this parent
	 * is no longer here to mark it. So the hint is put in for it; a
	 * duplicate does no harm. */
	if (q->children.count)
		pq_sweep_hints(q->seg);
	pq_show_last_alive(q);
	pq_sweep_self(q->seg, q->place, pq_member_id(q->role, q->incarnation));
	pq_bell_hide_dead(q->seg, q->place);
	/* All that it may owe: a wait may have been cancelled. */
	q->owed = PROCQ_WAIT_ROOM | PROCQ_WAIT_READY;
	pq_pass_on(q, q->owed);
	/* For the dead, too: their places would keep the queue. */
	pq_sweep_dead(q->seg, NULL);
	/* The place first, the byte last: until then a removal that this one
	 * proposes is no dead remover's. */
	pq_member_stand_up(q->seg, q->place, q->incarnation);
	removed = pq_segment_remove(q->seg, q->incarnation) == 0;
	pq_byte_drop(q->seg, q->incarnation);
	return removed;
}

static int close_handle(struct procq *q)
{
	bool removed = false, seated;

	if (!q)
		return 0;
	if (pq_usable(q) < 0)
		return -ECHILD;
	if (q->role != PROCQ_ROLE_ONLOOKER) {
		q->look_after = 0;
		procq_reap(q);
		seated = pq_seated(q);
		removed = leave(q);
		/* A taker that saw the byte just now has left GONE records to
		 * this parent; from here on, takers see that there is none. To
		 * bury them takes a place, for which others sweep if this
		 * process is killed: so join and leave once more. */
		if (!removed && seated &&
		    pq_sweep_left(q->seg, q->incarnation) && seat(q) == 0)
			removed = leave(q);
		/* Those that wait until there is no producer look again. */
		if (!removed && q->role == PROCQ_ROLE_PRODUCER)
			pq_wake_all_arrivals(q->seg);
	}
	/* A child that shares this memory may be stopped in the middle of its
	 * entry. It needs all of it when it goes on: then nothing is freed. */
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

/* A handle without a place is an onlooker's. */
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
	/* Words name its place: while it has something in the queue, the place
	 * must stay its own. */
	if (q->flights.count || q->children.count)
		return -EBUSY;
	pq_sweep_dead(q->seg, NULL);
	/* The object must have no other place that is taken. */
	pq_member_stand_up(q->seg, q->place, q->incarnation);
	deadline = pq_now() + PQ_SECOND;
	do {
		rc = pq_segment_remove(q->seg, q->incarnation);
		if (rc >= 0)
			break;
		again = seat_again(q);
		if (again == 0)
			return rc;
		/* All places are taken; or the queue is final and can't be
		 * joined: then once more, after its remover. */
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

uint32_t procq_limit(const struct procq *q)
{
	uint32_t limit = pq_gate_limit(atomic_load(&q->seg->header->gate));

	/* Whatever a damaged object has. */
	return limit < q->seg->capacity ? limit : q->seg->capacity;
}

int procq_set_limit(struct procq *q, uint32_t limit)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	return limit > q->seg->capacity ? -ERANGE
					: pq_limit_set(q->seg, limit);
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
	if (closed != PROCQ_OPEN && closed != PROCQ_CLOSED &&
	    closed != PROCQ_STOPPED)
		return -EINVAL;
	atomic_store(&q->seg->header->closed, (uint64_t)closed);
	if (closed == PROCQ_OPEN)
		pq_wake_room(q->seg);
	else if (closed == PROCQ_STOPPED)
		for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
			pq_wake(q->seg, i, PROCQ_WAIT_STOP);
	return 0;
}
