/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * point.c - one point of one operation: everybody is there, the victim is
 * brought to its point and is killed or held, the others go on, and a
 * newcomer repairs, drains and uses the queue; then all leave, and nothing may
 * be left. Must not choose the points: that is crash.c's.
 */
#include <config.h>

#include "crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* A point that takes longer hangs. */
#define POINT_SECONDS 60
#define ACTORS 6

bool undisturbed = true;

static struct actor survivor, victim, waiter, sweeper, fresh;
static pid_t child;

void kill_all(void)
{
	pid_t pids[256];

	for (int round = 0; round < 100; round++) {
		size_t n = descendants(pids, 256);

		for (size_t i = 0; i < n; i++)
			if (pids[i] > 1)
				kill(pids[i], SIGKILL);
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		if (n == 0)
			break;
		usleep(1000);
	}
}

void clean_up(void)
{
	kill_all();
	remove_object();
	actor_lost(&survivor);
	actor_lost(&victim);
	actor_lost(&sweeper);
	actor_lost(&waiter);
	actor_lost(&fresh);
	child = 0;
}

static size_t known(pid_t *out)
{
	size_t n = 0;

	if (survivor.pid)
		out[n++] = survivor.pid;
	if (victim.pid)
		out[n++] = victim.pid;
	if (fresh.pid)
		out[n++] = fresh.pid;
	if (child)
		out[n++] = child;
	return n;
}

static bool at_rest(bool empty)
{
	pid_t pids[ACTORS];
	size_t n = known(pids);

	return check_at_rest(pids, n, empty);
}

/* Nobody, nothing, no object. */
static bool nothing_left(void)
{
	pid_t pid;
	size_t n = 1;

	for (int i = 0; i < 2000 && n > 0; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		n = descendants(&pid, 1);
		if (n > 0)
			usleep(500);
	}
	if (n > 0)
		complain("process %ld is left over", (long)pid);
	if (object_exists())
		complain("the object is left over");
	return !*trouble;
}

/* The newcomer repairs, drains and uses; then everybody leaves. */
static bool aftermath(const struct op *op)
{
	if (survivor.pid && op->no_reaping && !actor_does(&survivor, 'r'))
		return false;
	if (!fresh_start(&fresh) || !actor_does(&fresh, 's') ||
	    !at_rest(false) || !actor_does(&fresh, 'k'))
		return false;
	if (victim.pid && !actor_quits(&victim))
		return false;
	if (!actor_does(&fresh, 'd') || !actor_does(&fresh, 'u') ||
	    !at_rest(true) || !actor_does(&fresh, 'k'))
		return false;
	if (survivor.pid && !actor_quits(&survivor))
		return false;
	return actor_quits(&fresh) && nothing_left();
}

/* A consumer that waits beside the victim: if one of the two dies, the other is
 * woken. */
static bool waiter_start(void)
{
	return fresh_start(&waiter) && actor_does(&waiter, 'j') &&
	       actor_told(&waiter, 'w');
}

static bool waiter_wakes(void)
{
	return actor_does(&survivor, 'e') && actor_hears(&waiter) &&
	       actor_quits(&waiter);
}

/* Everybody is there; the victim is at its marker, or its child before its
 * first instruction. @return the process to step, -1 */
static pid_t set_up(const struct op *op)
{
	*trouble = '\0';
	check_begin();
	deaths_begin();
	alarm(POINT_SECONDS);
	if (op->kids >= 0 && !survivor_start(&survivor, op))
		return -1;
	if (op->dead)
		dead_start(op);
	if (op->waiter && !waiter_start())
		return -1;
	if (*trouble || !victim_start(&victim, op))
		return -1;
	if (!op->child)
		return victim.pid;
	child = run_to_child(victim.pid);
	if (child <= 0)
		complain("the victim starts no child");
	return child;
}

/* At the nth instruction; and then, if a way is named, in its system call. */
static bool arrive(pid_t pid, bool shared_text, const struct trace *trace,
		   size_t n, int way)
{
	enum stop stop = run_to(pid, trace, n, !shared_text);

	if (stop == STEPPED && (way == CALL_IN || way == CALL_OUT))
		stop = run_into_call(pid, &trace->all[n], way == CALL_OUT);
	if (stop == DIED) {
		complain("the victim dies on its own");
		return false;
	}
	/* If it has come to its end it goes on, too, to be interrupted. */
	if (way == CALL_ASLEEP && !run_to_sleep(pid, &trace->all[n]))
		stop = ENDED;
	if (stop == ENDED)
		note_early();
	return true;
}

/* The child is held; its parent dies, is swept, its record is used by others
 * for several lives, and is in use when the child goes on. */
static bool be_late(void)
{
	kill_traced(victim.pid);
	actor_lost(&victim);
	if (!fresh_start(&fresh) || !actor_does(&fresh, 's') ||
	    !at_rest(false) || !actor_does(&fresh, 'k') || !load_run(false) ||
	    !actor_does(&survivor, 'f'))
		return false;
	ptrace(PTRACE_DETACH, child, 0, 0);
	child = 0;
	if (!at_rest(false))
		return false;
	return actor_quits(&fresh);
}

/* The child is held; its parent dies, and nobody has swept when the child
 * goes on: it must follow its parent on its own. */
static bool be_orphaned(void)
{
	pid_t pid = child;

	kill_traced(victim.pid);
	actor_lost(&victim);
	ptrace(PTRACE_DETACH, child, 0, 0);
	child = 0;
	for (int i = 0; i < 6000 && pid > 1; i++) {
		waitpid(pid, NULL, WNOHANG | __WALL);
		if (kill(pid, 0) < 0)
			return true;
		usleep(500);
	}
	complain("the child outlives its parent");
	return false;
}

static bool kill_at(const struct op *op, const struct trace *trace, size_t n,
		    int way)
{
	pid_t pid = set_up(op);

	if (pid <= 0 || !arrive(pid, op->child, trace, n, way))
		return false;
	if (op->late)
		return op->orphaned ? be_orphaned() : be_late();
	kill_traced(pid);
	if (!op->child) {
		actor_lost(&victim);
		return !op->waiter || waiter_wakes();
	}
	child = 0;
	if (!run_out(victim.pid)) {
		complain("the parent does not get through");
		return false;
	}
	return actor_hears(&victim);
}

/* While it is held: a load, which moves every end and cell of the rings; or
 * no more than the repair, after which they stand as they stood. */
static bool meanwhile(const struct op *op)
{
	if (!op->calm)
		return load_run(op->locks);
	return fresh_start(&fresh) && actor_does(&fresh, 's') &&
	       actor_quits(&fresh);
}

/* The victim, and its child, to the end of the operation. */
static bool run_on(const struct op *op, const char *how)
{
	if (op->child) {
		ptrace(PTRACE_DETACH, child, 0, 0);
		child = 0;
	}
	if (run_out(victim.pid))
		return true;
	complain("the victim does not get through %s", how);
	return false;
}

static bool freeze_at(const struct op *op, const struct trace *trace, size_t n,
		      int way)
{
	pid_t pid;

	undisturbed = false;
	pid = set_up(op);
	if (pid <= 0 || !arrive(pid, op->child, trace, n, way))
		return false;
	if (way == CALL_ASLEEP && !interrupt(pid)) {
		complain("it can't be stopped where it sleeps");
		return false;
	}
	if ((op->waiter && !waiter_wakes()) || !meanwhile(op))
		return false;
	if (!run_on(op, "when continued"))
		return false;
	/* Had it ended meanwhile, it would now take the stop for its own. */
	if (way == CALL_ASLEEP)
		kill(victim.pid, SIGCONT);
	return actor_hears(&victim) && aftermath(op);
}

static void kill_actor(struct actor *a)
{
	if (a->pid > 1)
		kill_traced(a->pid);
	actor_lost(a);
}

bool kill_point(const struct op *op, const struct trace *trace, size_t n)
{
	undisturbed = !op->child;
	return kill_at(op, trace, n, -1) && aftermath(op);
}

bool alone_point(const struct op *op, const struct trace *trace, size_t n)
{
	undisturbed = !op->child;
	if (!kill_at(op, trace, n, -1))
		return false;
	kill_actor(&survivor);
	kill_actor(&victim);
	return aftermath(op);
}

bool freeze_point(const struct op *op, const struct trace *trace, size_t n)
{
	return freeze_at(op, trace, n, -1);
}

bool call_killed(const struct op *op, const struct trace *trace, size_t n,
		 int way)
{
	undisturbed = !op->child;
	return kill_at(op, trace, n, way) && aftermath(op);
}

bool call_frozen(const struct op *op, const struct trace *trace, size_t n,
		 int way)
{
	return freeze_at(op, trace, n, way);
}

/* ---- traces ---- */

/* To the end of its operation, noting every instruction. */
static bool note_all(pid_t pid, bool shared_text, struct trace *trace)
{
	enum stop stop;

	object_changed();
	while ((stop = step(pid, trace, !shared_text)) == STEPPED) {
		if (object_changed())
			trace->all[trace->count - 1].effect = true;
		alarm(POINT_SECONDS);
	}
	object_unwatched();
	if (stop == DIED)
		complain("the victim dies on its own");
	return stop != DIED;
}

bool record_trace(const struct op *op, struct trace *trace)
{
	pid_t pid;

	undisturbed = true;
	pid = set_up(op);
	if (pid <= 0 || !note_all(pid, op->child, trace))
		return false;
	if (!run_on(op, "undisturbed"))
		return false;
	return actor_hears(&victim) && (!op->waiter || waiter_wakes()) &&
	       aftermath(op);
}

/* ---- a sweeper over what a victim leaves ---- */

static const struct op *sweep_again(void)
{
	static struct op again;

	for (const struct op *op = ops; op->name && !again.name; op++)
		if (strcmp(op->name, "sweep") == 0)
			again = *op;
	return &again;
}

bool record_sweep(const struct op *op, const struct trace *trace, size_t n,
		  struct trace *sweep)
{
	undisturbed = false;
	if (!kill_at(op, trace, n, -1) ||
	    !victim_start(&sweeper, sweep_again()) ||
	    !note_all(sweeper.pid, false, sweep))
		return false;
	if (!run_out(sweeper.pid)) {
		complain("the sweeper does not get through");
		return false;
	}
	return actor_hears(&sweeper) && actor_quits(&sweeper) && aftermath(op);
}

bool pair_point(const struct op *op, const struct trace *trace, size_t n,
		const struct trace *sweep, size_t m)
{
	undisturbed = false;
	if (!kill_at(op, trace, n, -1) ||
	    !victim_start(&sweeper, sweep_again()) ||
	    !arrive(sweeper.pid, false, sweep, m, -1))
		return false;
	kill_traced(sweeper.pid);
	actor_lost(&sweeper);
	return aftermath(op);
}
