/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending.c - how a process that was taken is ended; see ending.h.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "cgroup.h"
#include "duration.h"
#include "ending.h"
#include "ending-list.h"

/* A death takes a moment, whatever the user said. If the parent is stopped and
 * so does not report it, the library does after a second. */
#define LEAST_LAST_WAIT (2 * NS_PER_S)

/* One that is dead, and not held, is collected within this time. */
#define COLLECTED_WITHIN (2 * NS_PER_S)

/* What dies of a last signal without a time limit does so within this time,
 * once its leader is dead. */
#define OUTLIVE_WITHIN NS_PER_S

int endings_init(struct endings *all)
{
	all->by_slot = calloc(procq_capacity(all->q), sizeof(*all->by_slot));
	return all->by_slot ? 0 : -ENOMEM;
}

/* ---- steps; a process is in no list while its signal is sent ---- */

/* KILL ends a stopped process, too; CONT and STOP are about just that. */
static bool leaves_stopped(int signo)
{
	return signo != SIGKILL && signo != SIGCONT && signo != SIGSTOP;
}

static void begin_wait(struct endings *all, struct ending *e)
{
	int64_t wait = all->plan->steps[e->step].wait;
	/* After the signal: a step takes no less than was asked for, however
	 * long the sending took. */
	int64_t now = procq_now();

	e->shorter = e->left < wait;
	e->step_end = time_after(now, e->shorter ? e->left : wait);
	e->left = PROCQ_FOREVER;
	e->deadline = e->step_end;
	e->uncontinued = leaves_stopped(all->plan->steps[e->step].signo);
	/* In a short step SIGCONT comes at once. */
	if (e->uncontinued)
		e->deadline = wait > 2 * CONTINUE_AFTER ? now + CONTINUE_AFTER
							: now;
	ending_append(all, e);
}

bool ending_refused(int err)
{
	return err == -EACCES || err == -EPERM;
}

static void give_up(struct endings *all, struct ending *e, int err)
{
	if (all->give_back && ending_refused(err)) {
		all->report(all->arg, e, err);
		procq_give_back(all->q, e->process.slot);
		ending_drop(all, e);
		return;
	}
	e->unconfirmed = true;
	/* A late death is collected at once. */
	if (e->held)
		procq_hold(all->q, e->process.slot, 0);
	e->held = false;
	all->unconfirmed++;
	all->report(all->arg, e, err);
}

/* Does this signal reach the command alone? */
static bool goes_alone(const struct endings *all, const struct ending *e,
		       int signo)
{
	return all->mode == KILL_MODE_PROCESS ||
	       (all->mode == KILL_MODE_MIXED && signo != SIGKILL && !e->dead);
}

/* Its group is to be waited for, too. Where nothing proves what is left of it,
 * it can't be. */
static void hold(struct endings *all, struct ending *e)
{
	if (!e->held && all->mode != KILL_MODE_PROCESS &&
	    e->process.flags & PROCQ_SPAWN_GROUP)
		e->held = procq_hold(all->q, e->process.slot, 1) == 0;
	e->was_held |= e->held;
}

/* What e->cgroup is given, gcc -fanalyzer takes for leaked, as it does not know
 * what e is by then. ending_drop() frees it. */
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
# pragma GCC diagnostic push
# pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* The cgroup of a command that was started in one of its own. */
static void note_cgroup(struct endings *all, struct ending *e)
{
	char path[PATH_MAX];

	if (!e->cgroup && e->process.flags & PROCQ_PROCESS_CGROUP &&
	    all->mode != KILL_MODE_PROCESS &&
	    cgroup_of(procq_object(all->q), e->process.pid, path,
		      sizeof(path)))
		e->cgroup = strdup(path);
}

#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
# pragma GCC diagnostic pop
#endif

/* A signal was sent, or not. If it was, by the pin of the process, that was
 * alive, so it was its cgroup that was noted before. */
static void prove_cgroup(struct ending *e, int signo, int err)
{
	if (e->cgroup && !e->cgroup_proven) {
		e->cgroup_proven = err == 0;
		if (err != 0) {
			free(e->cgroup);
			e->cgroup = NULL;
		}
	}
	if (e->cgroup && signo == SIGKILL)
		cgroup_finish(e->cgroup);
}

static void send_step(struct endings *all, struct ending *e)
{
	int signo = all->plan->steps[e->step].signo;
	uint32_t slot = e->process.slot;
	bool alone = goes_alone(all, e, signo);
	int err;

	hold(all, e);
	note_cgroup(all, e);
	err = procq_signal(all->q, slot, signo, alone);
	prove_cgroup(e, signo, err);
	/* -ESRCH: dead already, and collected like any other. */
	if (err < 0 && err != -ESRCH) {
		give_up(all, e, err);
		return;
	}
	if (err >= 0) {
		e->sent++;
		e->signo = signo;
	}
	begin_wait(all, e);
	/* When the leader is dead, its group is out of reach: so continue the
	 * stopped ones of the group before that. */
	if (e->uncontinued && !alone &&
	    e->process.flags & PROCQ_SPAWN_GROUP)
		procq_signal(all->q, slot, SIGCONT, false);
}

/* If this fails, the next signal says why. */
static void send_continue(struct endings *all, struct ending *e)
{
	procq_signal(all->q, e->process.slot, SIGCONT,
		     goes_alone(all, e, SIGCONT));
	ending_leave(all, e);
	e->uncontinued = false;
	e->deadline = e->step_end;
	ending_append(all, e);
}

/* The step that another has sent, and did not live to see the end of; -1:
 * none of this plan. */
static int step_before(const struct endings *all,
		       const struct procq_process *p)
{
	int step = p->step - 1;

	if (p->signal == 0 || step < 0)
		return -1;
	/* SIGCONT comes after any step. */
	if (step < all->plan->count &&
	    (p->signal == SIGCONT || all->plan->steps[step].signo == p->signal))
		return step;
	for (step = all->plan->count - 1; step >= 0; step--)
		if (all->plan->steps[step].signo == p->signal)
			break;
	return step;
}

/* How long after the first signal this step ends. */
static int64_t step_due(const struct endings *all, int step)
{
	int64_t due = 0;

	for (int i = 0; i <= step; i++)
		due = time_after(due, all->plan->steps[i].wait);
	return due;
}

/*
 * Go on where another was: an escalation belongs to the process, not to the
 * sender of its signals. The signal of that step is sent again, since it is noted
 * before it is sent; but the step is over when it would have been. If it is
 * over now, the next one begins. The last one has its whole time again.
 */
static void find_step(const struct endings *all, struct ending *e)
{
	int before = step_before(all, &e->process);

	if (before < 0)
		return;
	e->sent = before + 1;
	if (before < e->step)
		return;
	e->step = before;
	if (before + 1 < all->plan->count) {
		e->left = step_due(all, before) -
			  (e->process.age - e->process.signalled);
		if (e->left <= 0) {
			e->step++;
			e->left = PROCQ_FOREVER;
		}
	}
	e->sent = e->step;
}

int endings_begin(struct endings *all, const struct procq_process *p,
		  int64_t now)
{
	struct ending *e = ending_new(all);

	if (!e)
		return -ENOMEM;
	*e = (struct ending){ .process = *p, .since = now,
			      .step = all->first_step,
			      .left = PROCQ_FOREVER };
	all->by_slot[p->slot] = ending_index(all, e);
	if (all->plan->count > 0) {
		find_step(all, e);
		send_step(all, e);
	} else {
		ending_append(all, e);
	}
	return 0;
}

/* From now on it waits so long, for its last step. */
static void wait_shortly(struct endings *all, struct ending *e, int64_t wait)
{
	e->uncontinued = false;
	e->shorter = true;
	e->deadline = e->step_end = time_after(procq_now(), wait);
	ending_append(all, e);
}

/* The last step is over: nothing is held any more. A process that is dead is
 * collected at once. Returns false if it is not dead. */
static bool let_go(struct endings *all, struct ending *e)
{
	if (e->held)
		procq_hold(all->q, e->process.slot, 0);
	e->held = false;
	if (!e->dead)
		return false;
	if (all->outlived)
		all->outlived(all->arg, e);
	e->dead = false;
	wait_shortly(all, e, COLLECTED_WITHIN);
	return true;
}

/* The step that sends KILL, from this one on; or the last. */
static int step_of_kill(const struct escalation *plan, int step)
{
	while (step + 1 < plan->count && plan->steps[step].signo != SIGKILL)
		step++;
	return step;
}

void endings_left(struct endings *all, const struct procq_event *event)
{
	struct ending *e = &all->nodes[all->by_slot[event->process.slot]];
	int step = e->step;

	e->dead = true;
	e->rest = event->code;
	/* In mixed they have got no signal yet, and get KILL at once. */
	if (all->mode == KILL_MODE_MIXED)
		step = step_of_kill(all->plan, step);
	if (step > e->step) {
		ending_leave(all, e);
		e->step = step;
		send_step(all, e);
	} else if (all->plan->steps[step].wait == PROCQ_FOREVER) {
		/* They may ignore the last signal for ever. */
		ending_leave(all, e);
		if (e->uncontinued)
			procq_signal(all->q, e->process.slot, SIGCONT, 0);
		wait_shortly(all, e, OUTLIVE_WITHIN);
	}
}

void endings_step(struct endings *all, int64_t now)
{
	struct ending *e;

	while ((e = ending_due(all)) && e->deadline <= now) {
		if (e->uncontinued) {
			send_continue(all, e);
			continue;
		}
		ending_leave(all, e);
		if (e->step + 1 < all->plan->count) {
			e->step++;
			send_step(all, e);
		} else if (!let_go(all, e)) {
			give_up(all, e, 0);
		}
	}
}

void endings_hasten(struct endings *all)
{
	int last = all->plan->count - 1;
	struct ending *e;

	all->first_step = last;
	for (int step = 0; step < last; step++)
		while ((e = ending_first(all, &all->uncontinued[step])) ||
		       (e = ending_first(all, &all->waiting[step])) ||
		       (e = ending_first(all, &all->shorter[step]))) {
			ending_leave(all, e);
			e->step = last;
			send_step(all, e);
		}
}

/* ---- deaths ---- */

const char *ending_reason(const struct ending *e, int err)
{
	switch (err) {
	case 0:
		return e->signo == SIGKILL ? "survived-kill" : "survived";
	case -ENOTSUP:
		return "unproven";
	default:
		return ending_refused(err) ? "not-permitted" : "failed";
	}
}

/* Had another begun to end its group, which this one could not go on with? */
static bool is_unreached(const struct endings *all, const struct ending *e,
			 const struct procq_event *event)
{
	return !e->was_held && event->step > 0 &&
	       all->mode != KILL_MODE_PROCESS &&
	       e->process.signal > 0 && e->process.flags & PROCQ_SPAWN_GROUP &&
	       e->process.flags & PROCQ_PROCESS_RETURNED;
}

enum ended_by endings_collected(struct endings *all, struct procq_event *event)
{
	uint32_t i = all->by_slot[event->process.slot];
	struct ending *e = &all->nodes[i];
	enum ended_by by = ended_by_plan(all->plan, i > 0 ? e->step + 1 : 0,
					 event);

	if (i == 0)
		return by;
	if (all->unreached && is_unreached(all, e, event))
		all->unreached(all->arg, &event->process);
	/* Of one that was dead already, its record knows more. */
	if (event->step > 0 && e->signo > 0) {
		event->step = e->sent;
		event->signal = e->signo;
	}
	/* Its producer does so, too; but may be dead. */
	if (e->cgroup)
		cgroup_finish(e->cgroup);
	if (e->unconfirmed)
		all->unconfirmed--;
	else
		ending_leave(all, e);
	ending_drop(all, e);
	return by;
}

int endings_collect(struct endings *all, struct procq_event *event,
		    enum ended_by *by)
{
	int rc;

	while ((rc = procq_collect(all->q, event)) > 0 &&
	       event->type == PROCQ_EVENT_LEFT)
		endings_left(all, event);
	if (rc > 0)
		*by = endings_collected(all, event);
	return rc;
}

void endings_free(struct endings *all)
{
	struct ending *e;

	for (int step = 0; step < all->plan->count; step++)
		while ((e = ending_first(all, &all->uncontinued[step])))
			send_continue(all, e);
	for (uint32_t i = 0; all->count > 0 && i < procq_capacity(all->q); i++)
		if (all->nodes && all->by_slot[i] > 0)
			free(all->nodes[all->by_slot[i]].cgroup);
	free(all->by_slot);
	free(all->nodes);
}

/* ---- looks ---- */

int64_t endings_deadline(const struct endings *all)
{
	const struct ending *e = ending_due(all);

	return e ? e->deadline : PROCQ_FOREVER;
}

uint32_t endings_pending(const struct endings *all)
{
	return all->count - all->unconfirmed;
}

bool endings_escalating(const struct endings *all)
{
	for (int step = 0; step + 1 < all->plan->count; step++)
		if (all->waiting[step].head > 0 ||
		    all->shorter[step].head > 0 ||
		    all->uncontinued[step].head > 0)
			return true;
	return false;
}
