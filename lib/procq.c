/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * procq.c - the public functions, but those that only look (inspect.c) and
 * those that wait (wait.c).
 * Must stay thin: what a function does is done in the rooms below.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backoff.h"
#include "bell.h"
#include "clock.h"
#include "command.h"
#include "handle.h"
#include "lock.h"
#include "member.h"
#include "record.h"
#include "spawn.h"
#include "sweep.h"
#include "peek.h"
#include "take.h"
#include "unforked.h"
#include "wait.h"

/* How long PROCQ_SPAWN_ENTERED waits for a child that is neither in nor dead.
 */
#define ENTRY_MAX PQ_SECOND

int64_t procq_now(void)
{
	return pq_now();
}

/* ---- names ---- */

int procq_object_name(const char *name, char *object)
{
	const char *rest;
	int n;

	if (!name || !*name || strcmp(name, "/") == 0)
		return -EINVAL;
	rest = *name == '/' ? name + 1 : name;
	if (strchr(rest, '/') || strcmp(rest, ".") == 0 ||
	    strcmp(rest, "..") == 0)
		return -EINVAL;
	if (*name == '/')
		n = snprintf(object, PROCQ_NAME_SIZE, "%s", name);
	else
		n = snprintf(object, PROCQ_NAME_SIZE, "/procq.%lu.%s",
			     (unsigned long)geteuid(), name);
	/* The slash is no part of the file's name. */
	if (n < 0 || n >= PROCQ_NAME_SIZE || n - 1 > NAME_MAX)
		return -ENAMETOOLONG;
	return 0;
}

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

static int join(struct procq *q, uint64_t creator)
{
	if (q->role == PROCQ_ROLE_ONLOOKER)
		return 0;
	if (creator) {
		q->incarnation = creator;
		q->place = 0;
		return 0;
	}
	return seat(q);
}

static int open_and_join(struct procq *q, const char *object,
			 struct procq_options *options)
{
	uint64_t creator;
	int rc;

	do {
		rc = pq_segment_open(&q->seg, object, options, &creator);
		if (rc < 0)
			return rc;
		rc = join(q, creator);
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

uint32_t procq_occupied(const struct procq *q)
{
	uint64_t head = atomic_load(&q->seg->header->free.head);
	uint64_t tail = atomic_load(&q->seg->header->free.tail);
	uint64_t room = tail > head ? tail - head : 0;

	return room < q->seg->capacity
		? q->seg->capacity - (uint32_t)room : 0;
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

/* ---- the producer ---- */

static const struct procq_command idle_command = {
	.size = (uint32_t)sizeof(struct procq_command),
};

static int check_command(const struct procq_command *command)
{
	if (command->size && command->size != sizeof(*command))
		return -EINVAL;
	if (command->method > PROCQ_METHOD_CLONE || command->reserved)
		return -EINVAL;
	if (command->method == PROCQ_METHOD_VFORK && !command->argv)
		return -EINVAL;
	return 0;
}

static int open_lifeline(struct procq *q)
{
#if !PQ_USE_PDEATHSIG
	if (q->lifeline[0] >= 0)
		return 0;
	return pq_pipe(q->lifeline);
#else
	(void)q;
	return 0;
#endif
}

static void fill_start(struct procq *q, const struct procq_command *command,
		       struct pq_start *start)
{
	memset(start, 0, sizeof(*start));
	start->seg = q->seg;
	start->ident_kind = pq_ident_kind();
	start->parent = q->pid;
	start->keep = command->flags & PROCQ_SPAWN_KEEP;
	start->group = command->flags & PROCQ_SPAWN_GROUP;
	start->keep_stdin = command->flags & PROCQ_SPAWN_STDIN;
	start->lifeline[0] = start->lifeline[1] = -1;
	if (!command->argv && !start->keep) {
		start->lifeline[0] = q->lifeline[0];
		start->lifeline[1] = q->lifeline[1];
	}
	start->set_mask = command->mask;
	if (command->mask)
		start->mask = *command->mask;
}

static uint32_t origin_flags(const struct pq_start *start)
{
	return (start->keep ? PQ_F_KEEP : 0) |
	       (start->group ? PQ_F_GROUP : 0) |
	       (start->ident_kind == PQ_IDENT_START ? PQ_F_START : 0);
}

static int start_process(struct procq *q, struct pq_start *start,
			 unsigned method, pid_t *pid)
{
	unsigned wanted = method;
	int rc;

	if (method == PROCQ_METHOD_AUTO)
		wanted = pq_spawn_has(PROCQ_METHOD_CLONE) ? PROCQ_METHOD_CLONE
							  : PROCQ_METHOD_FORK;
	rc = pq_spawn(start, wanted, &q->nest, pid);
	if (rc == -EBUSY || (rc == -ENOSYS && method == PROCQ_METHOD_AUTO))
		rc = pq_spawn(start, PROCQ_METHOD_FORK, &q->nest, pid);
	return rc == -EAGAIN ? -EUSERS : rc;
}

struct entry {
	const struct pq_segment *seg;
	uint32_t slot;
};

static bool has_entered(void *arg)
{
	const struct entry *entry = arg;
	struct procq_process p;

	pq_record_describe(entry->seg, entry->slot,
			   pq_load_word(entry->seg, entry->slot), &p);
	/* In the queue without a place in the order: see record.c. */
	return p.seq || (p.state != PROCQ_STATE_RESERVED &&
			 atomic_load(&entry->seg->header->lacking));
}

/* In the record, or dead; or neither for too long, which is then its
 * caller's to see. */
static int await_entry(struct procq *q, uint32_t slot, pid_t pid)
{
	int64_t end = pq_now() + ENTRY_MAX, now;
	struct entry entry = { q->seg, slot };

	while (!has_entered(&entry) && (now = pq_now()) < end) {
		if (pq_child_dead(pid))
			return pq_word_state(pq_load_word(q->seg, slot)) ==
					       PROCQ_STATE_RESERVED
				       ? -ECANCELED
				       : 0;
		pq_bell_wait(q->seg, q->place, PQ_ENTRY, PQ_LINGER,
			     now + 10 * PQ_MILLI, has_entered, &entry,
			     &q->owed);
	}
	return 0;
}

static void describe_child(const struct procq *q, uint32_t slot, pid_t pid,
			   struct procq_process *out)
{
	pq_record_describe(q->seg, slot, pq_load_word(q->seg, slot), out);
	out->pid = (int32_t)pid;
}

static int64_t reserve(struct procq *q, const struct procq_command *command,
		       struct pq_start *start)
{
	struct pq_origin origin = { .incarnation = q->incarnation,
				    .ppid = (int32_t)q->pid };

	if (atomic_load_explicit(&q->seg->header->closed,
				 memory_order_relaxed))
		return -ESHUTDOWN;
	origin.flags = origin_flags(start);
	pq_command_label(origin.label, command);
	origin.started_wall = pq_clock_wall();
	origin.started = pq_clock_life();
	return pq_record_reserve(q->seg, q->place + 1, &origin, &start->word);
}

static int spawn(struct procq *q, const struct procq_command *command,
		 struct pq_start *start, struct procq_process *out)
{
	struct pq_prepared prepared = { 0 };
	pid_t pid = 0;
	int64_t slot;
	int rc;

	slot = reserve(q, command, start);
	pq_pass_on(q, PROCQ_WAIT_ROOM);
	if (slot < 0)
		return (int)slot;
	start->slot = (uint32_t)slot;
	if (command->argv) {
		rc = pq_command_prepare(&prepared, start, command->argv,
					q->name, &q->lookup);
		if (rc < 0)
			goto cancel;
	}
	rc = start_process(q, start, command->method, &pid);
	pq_command_release(&prepared);
	if (rc < 0)
		goto cancel;
	pq_intmap_put(&q->children, (int32_t)pid, start->slot);
	if (start->ident_kind == PQ_IDENT_START)
		q->last_start = pq_clock_life();
	if (command->flags & PROCQ_SPAWN_ENTERED)
		rc = await_entry(q, start->slot, pid);
	if (start->exec_error)
		rc = -start->exec_error;
	if (out)
		describe_child(q, start->slot, pid, out);
	return rc;
cancel:
	pq_record_cancel(q->seg, start->slot, start->word);
	return rc;
}

static int check_and_spawn(struct procq *q,
			   const struct procq_command *command,
			   struct procq_process *out)
{
	struct pq_start start;
	int rc = pq_usable_participant(q);

	if (out)
		memset(out, 0, sizeof(*out));
	if (!command)
		command = &idle_command;
	if (rc == 0)
		rc = check_command(command);
	if (rc == 0 && !(command->flags & PROCQ_SPAWN_KEEP) && !pq_spawn_ties())
		rc = -ENOTSUP;
	if (rc == 0 && !q->children.count && !pq_zombies_stay())
		rc = -ECHILD;
	if (rc == 0)
		rc = pq_intmap_reserve(&q->children);
	if (rc == 0 && !command->argv)
		rc = open_lifeline(q);
	if (rc < 0)
		return rc;
	pq_show_alive(q);
	fill_start(q, command, &start);
	return spawn(q, command, &start, out);
}

/* A child has its parent's memory, or a copy of it, and in that a request to
 * cancel the thread that started it: it must not act on it. */
int procq_spawn(struct procq *q, const struct procq_command *command,
		struct procq_process *out)
{
	int state, rc;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	rc = check_and_spawn(q, command, out);
	pthread_setcancelstate(state, NULL);
	return rc;
}

int procq_entered(struct procq *q, struct procq_process *process)
{
	const struct pq_pair *child;
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	/* Until it is reaped its record is its own. */
	child = pq_intmap_get(&q->children, process->pid);
	if (!child || child->value != process->slot)
		return -ESRCH;
	rc = await_entry(q, process->slot, process->pid);
	describe_child(q, process->slot, process->pid, process);
	return rc;
}

int procq_child(const struct procq *q, uint32_t slot,
		struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	if (slot >= q->seg->capacity)
		return -ESRCH;
	pq_record_describe(q->seg, slot, pq_load_word(q->seg, slot), out);
	if (out->state == PROCQ_STATE_FREE || out->producer != q->incarnation)
		return -ESRCH;
	return 0;
}

uint32_t procq_children(const struct procq *q)
{
	return q->children.count;
}

int procq_reap(struct procq *q)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	pq_show_alive(q);
	return pq_reap(q, NULL);
}

int procq_reap_one(struct procq *q, struct procq_event *out)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	pq_show_alive(q);
	return pq_reap(q, out);
}

/* ---- the consumer ---- */

int procq_peek(struct procq *q, struct procq_process *out)
{
	struct pq_hint hint;
	uint64_t word;
	int rc = pq_usable_participant(q);

	if (rc == 0)
		rc = pq_take_next(q, &hint, &word);
	if (rc < 0)
		return rc;
	pq_record_describe(q->seg, hint.index, word, out);
	if (!out->seq)
		out->seq = hint.position + 1;
	return 0;
}

static int take_and_describe(struct procq *q, uint32_t slot, uint64_t word,
			     uint64_t position, struct procq_process *out)
{
	int rc = pq_take(q, slot, word, position);

	if (rc == 0)
		pq_record_describe(q->seg, slot, pq_load_word(q->seg, slot),
				   out);
	return rc;
}

static int take_in_turn(struct procq *q, const struct procq_process *only,
			struct procq_process *out)
{
	struct pq_hint hint;
	unsigned turns = 0;
	uint64_t word;
	int rc;

	for (;;) {
		struct procq_process p;

		rc = pq_take_next(q, &hint, &word);
		if (rc < 0)
			return rc;
		if (only) {
			pq_record_describe(q->seg, hint.index, word, &p);
			if (only->slot != hint.index || only->pid != p.pid ||
			    only->started != p.started)
				return -EAGAIN;
		}
		rc = take_and_describe(q, hint.index, word, hint.position,
				       out);
		if (rc != -EAGAIN)
			break;
		/* Somebody has changed it: look again. */
		pq_back_off(&turns);
	}
	if (rc == 0)
		pq_ring_skip(&q->seg->ready, &hint);
	return rc;
}

int procq_take(struct procq *q, const struct procq_process *only,
	       struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	rc = take_in_turn(q, only, out);
	pq_pass_on(q, PROCQ_WAIT_READY);
	return rc;
}

/* Out of order; the hint that is left behind is skipped as stale. */
static int take_any(struct procq *q, uint64_t producer, bool living,
		    struct procq_process *out)
{
	uint64_t word;
	int64_t slot;
	int rc;

	do {
		slot = pq_take_find(q, producer, living, &word);
		if (slot < 0)
			return (int)slot;
		rc = take_and_describe(q, (uint32_t)slot, word, UINT64_MAX,
				       out);
	} while (rc == -EAGAIN);
	return rc;
}

int procq_take_own(struct procq *q, struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : take_any(q, q->incarnation, true, out);
}

int procq_take_exited(struct procq *q, struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : take_any(q, 0, false, out);
}

int procq_signal(struct procq *q, uint32_t slot, int signo, int alone)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	q->vain = false;
	return pq_take_signal(q, slot, signo, alone);
}

int procq_collect(struct procq *q, struct procq_event *out)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : pq_take_collect(q, out);
}

uint32_t procq_in_flight(const struct procq *q)
{
	return q->flights.count;
}

int procq_give_back(struct procq *q, uint32_t slot)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : pq_take_return(q, slot);
}
