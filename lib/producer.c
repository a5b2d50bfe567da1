/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * producer.c - the public functions of the parent: start processes, look at
 * them, reap them.
 * Must not take a process, nor know how one is started (spawn.c) or reaped
 * (reap.c).
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "bell.h"
#include "clock.h"
#include "command.h"
#include "handle.h"
#include "peek.h"
#include "record.h"
#include "spawn.h"
#include "term.h"
#include "wait.h"

/* How long to wait for a child that has neither entered nor died. */
#define ENTRY_MAX PQ_SECOND

static const struct procq_command idle_command = PROCQ_COMMAND_INIT;

static int check_command(const struct procq_command *command)
{
	if (command->size && command->size != sizeof(*command))
		return -EINVAL;
	if (command->method > PROCQ_METHOD_CLONE || command->cgroup < 0)
		return -EINVAL;
#if !PQ_USE_LINUX
	if (command->cgroup)
		return -ENOSYS;
#endif
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
	/* That asks which process this is. The handle is of this one alone. */
	if (q->ident_kind == PQ_IDENT_NONE)
		q->ident_kind = pq_ident_kind();
	start->ident_kind = q->ident_kind;
	start->parent = q->pid;
	start->cgroup = command->cgroup;
	start->keep = command->flags & PROCQ_SPAWN_KEEP;
	start->group = command->flags & (PROCQ_SPAWN_GROUP | PROCQ_SPAWN_APART);
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

static uint32_t origin_flags(const struct procq_command *command,
			     const struct pq_start *start)
{
	return (start->keep ? PQ_F_KEEP : 0) |
	       (command->flags & PROCQ_SPAWN_GROUP ? PQ_F_GROUP : 0) |
	       (command->cgroup ? PQ_F_CGROUP : 0) |
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
	/* -ENOMEM: perhaps for the stacks alone, with a limit of memory. */
	if (rc == -EBUSY || (method == PROCQ_METHOD_AUTO &&
			     (rc == -ENOSYS || rc == -ENOMEM)))
		rc = pq_spawn(start, PROCQ_METHOD_FORK, &q->nest, pid);
	/* What fork says where no child can be. */
	if (rc == -ENOMEM && !pq_spawn_stays())
		return -EXDEV;
	return rc == -EAGAIN ? -EUSERS : rc;
}

/* The record that a child is about to enter, or has entered. */
struct reservation {
	const struct pq_segment *seg;
	uint32_t slot;
	struct pq_parentage whose;
};

static struct reservation reservation_of(const struct procq *q,
					 const struct pq_pair *child)
{
	return (struct reservation){
		q->seg, pq_slot_of(child),
		{ q->place, q->incarnation, child->key, pq_life_of(child) }
	};
}

/* Is it in that record, alive or not? Until it is reaped, a record that it has
 * entered is no other's; but a lease may end before its entry. */
static bool is_inside(const struct reservation *r)
{
	uint64_t word = pq_load_word(r->seg, r->slot);
	unsigned state = pq_word_state(word);

	return state != PROCQ_STATE_RESERVED && !pq_state_unused(state) &&
	       pq_record_is_of(r->seg, r->slot, word, &r->whose);
}

static bool has_entered(const struct pq_wait *wait)
{
	const struct reservation *r = wait->arg;
	struct procq_process p;

	if (!is_inside(r))
		return false;
	pq_record_describe(r->seg, r->slot, pq_load_word(r->seg, r->slot), &p);
	/* In the queue, but with no place in the order: see record.c. */
	return p.seq || atomic_load(&r->seg->header->lacking);
}

/* Wait until the child has entered or is dead, for ENTRY_MAX at most.
 * -ECANCELED: it died before it had entered. Otherwise 0, and the record says
 * whether it has entered. */
static int await_entry(struct procq *q, const struct pq_pair *child)
{
	int64_t end = pq_now() + ENTRY_MAX, now;
	struct reservation r = reservation_of(q, child);
	struct pq_wait wait = { .place = q->place, .wants = PQ_ENTRY,
				.linger = PQ_LINGER, .worth = has_entered,
				.arg = &r, .owed = &q->owed };

	while (!has_entered(&wait) && (now = pq_now()) < end) {
		if (pq_child_dead(child->key))
			return is_inside(&r) ? 0 : -ECANCELED;
		wait.deadline = now + 10 * PQ_MILLI;
		pq_bell_wait(q->seg, &wait);
	}
	return 0;
}

static void describe_child(const struct procq *q, const struct pq_pair *child,
			   struct procq_process *out)
{
	struct reservation r = reservation_of(q, child);
	uint64_t word = pq_load_word(q->seg, r.slot);

	pq_record_describe(q->seg, r.slot, word, out);
	/* The reservation may have been taken back, and be another's. */
	if (!pq_record_is_of(q->seg, r.slot, word, &r.whose)) {
		memset(out, 0, sizeof(*out));
		out->slot = r.slot;
	}
	out->pid = child->key;
}

static int64_t reserve(struct procq *q, const struct procq_command *command,
		       struct pq_start *start)
{
	struct pq_origin origin = { .incarnation = q->incarnation,
				    .ppid = (int32_t)q->pid };

	if (atomic_load_explicit(&q->seg->header->closed,
				 memory_order_relaxed))
		return -ESHUTDOWN;
	origin.flags = origin_flags(command, start);
	pq_command_label(origin.label, command);
	origin.started_wall = pq_clock_wall();
	origin.started = pq_clock_life();
	return pq_record_reserve(q->seg, pq_owner(q), &origin, &start->word);
}

static int spawn(struct procq *q, const struct procq_command *command,
		 struct pq_start *start, struct procq_process *out)
{
	struct pq_prepared prepared = { 0 };
	struct pq_pair child;
	pid_t pid = 0;
	int64_t slot;
	int rc;

	slot = reserve(q, command, start);
	pq_pass_on(q, PROCQ_WAIT_ROOM);
	if (slot < 0)
		return (int)slot;
	start->slot = (uint32_t)slot;
	if (q->late) {
		pq_nest_settle(&q->nest);
		pq_late_release(&q->late);
	}
	if (command->argv) {
		rc = pq_command_prepare(&prepared, start, command,
					q->name, &q->lookup);
		if (rc < 0)
			goto cancel;
	}
	rc = start_process(q, start, command->method, &pid);
	if (start->late)
		pq_late_add(&q->late, &prepared, start->late);
	else
		pq_command_release(&prepared);
	if (rc < 0)
		goto cancel;
	child.key = (int32_t)pid;
	child.value = pq_life(start->slot, start->word);
	pq_intmap_put(&q->children, child.key, child.value);
	q->started = true;
	if (start->ident_kind == PQ_IDENT_START)
		q->last_start = pq_clock_life();
	if (command->flags & PROCQ_SPAWN_ENTERED)
		rc = await_entry(q, &child);
	if (out)
		describe_child(q, &child, out);
	if (start->exec_error)
		rc = start->exec_error < 0 ? start->exec_error
					   : -start->exec_error;
	if (out && start->exec_error < 0)
		out->flags |= PROCQ_PROCESS_NO_OUTPUT;
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
	if (rc == 0 && pq_nameless(q))
		rc = -EIDRM;
	if (rc == 0)
		rc = check_command(command);
	if (rc == 0 && command->flags & PROCQ_SPAWN_KEEP &&
	    pq_term_will_end(q->seg))
		rc = -EDOM;
	if (rc == 0 && !(command->flags & PROCQ_SPAWN_KEEP) && !pq_spawn_ties())
		rc = -ENOTSUP;
	if (rc == 0 && !q->children.count && !pq_zombies_stay())
		rc = -ECHILD;
	if (rc == 0 && !q->started && !pq_spawn_stays())
		rc = -EXDEV;
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

/* A child has its parent's memory, or a copy of it. If that has a request to
 * cancel the thread that started the child, the child must not act on it. */
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
	int rc = pq_usable_parent(q);

	if (rc < 0)
		return rc;
	child = pq_intmap_get(&q->children, process->pid);
	if (!child || pq_slot_of(child) != process->slot)
		return -ESRCH;
	rc = await_entry(q, child);
	describe_child(q, child, process);
	return rc;
}

int procq_child(const struct procq *q, uint32_t slot,
		struct procq_process *out)
{
	int rc = pq_usable_parent(q);

	if (rc < 0)
		return rc;
	if (slot >= q->seg->capacity)
		return -ESRCH;
	pq_record_describe(q->seg, slot, pq_load_word(q->seg, slot), out);
	if (pq_state_unused(out->state) || out->producer != q->incarnation)
		return -ESRCH;
	return 0;
}

uint32_t procq_children(const struct procq *q)
{
	return q->children.count;
}

int procq_reap(struct procq *q)
{
	int rc = pq_usable_parent(q);

	if (rc < 0)
		return rc;
	pq_show_alive(q);
	pq_look_in_passing(q);
	return pq_reap(q, NULL);
}

int procq_reap_one(struct procq *q, struct procq_event *out)
{
	int rc = pq_usable_parent(q);

	if (rc < 0)
		return rc;
	pq_show_alive(q);
	pq_look_in_passing(q);
	return pq_reap(q, out);
}
