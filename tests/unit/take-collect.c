/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/take-collect.c - the consumer's side: how a death is reported. If the
 * parent has not marked it yet, marks it meanwhile, or dies; and where pins
 * are forbidden.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

static void test_unmarked(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, 0, &pid);
	need(take(c, slot) == 0);
	is_int(collect(c, &e), 0, "it lives: nothing to report");
	fixture_kill(pid);
	/* A minute ahead, so that no machine is too slow for it. */
	collect(c, &e);
	flight(slot)->died = procq_now() + 60 * PQ_SECOND;
	is_int(collect(c, &e), 0,
	       "dead and not marked: its parent has a while for that");
	flight(slot)->died = procq_now() - 60 * PQ_SECOND;
	ok(collect(c, &e) == 1 && e.process.pid == pid &&
		   e.cause == (zombies_tell ? PROCQ_CAUSE_SIGNAL
					    : PROCQ_CAUSE_UNKNOWN),
	   "then its end is reported, as far as the zombie tells it");
	is_int(e.lived, 0, "the wait for its parent is no part of its life");
	is_int(fixture_state(p, slot), PROCQ_STATE_GONE,
	       "its record waits for its parent");
	procq_reap(p);
	is_int(fixture_state(p, slot), PROCQ_STATE_FREE, "which frees it");
	teardown();
}

/* ---- what happens in between ---- */

static void collect_traced(void *arg)
{
	const struct order *o = arg;
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_event e;
	int told = 0, causes = 0, freed;

	if (take(q, o->slot) < 0)
		_exit(90);
	/* It has been dead for long. */
	pq_flights_find(&q->flights, o->slot)->died = 1;
	raise(SIGSTOP);
	for (int i = 0; i < 3; i++)
		if (collect(q, &e) == 1) {
			told++;
			causes += e.cause == PROCQ_CAUSE_EXIT;
		}
	/* Leaving would mend what telling left behind. */
	freed = fixture_state(q, o->slot) == PROCQ_STATE_FREE;
	procq_close(q);
	_exit(freed * 100 + told * 10 + causes);
}

/* The mark comes after the look at the word, before its release. */
static void test_overtaken(void)
{
	struct order o;
	pid_t pid, tracee;
	int code;

	setup();
	pid = fixture_bystander();
	o.slot = entered(pid);
	tracee = calls_start(collect_traced, &o);
	fixture_end(pid);
	code = mark_at_look(tracee, o.slot);
	ok(code >= 0, "a mark overtakes the consumer that collects");
	is_int(code, 111,
	       "the death is reported once, with its cause");
	is_int(fixture_state(p, o.slot), PROCQ_STATE_FREE,
	       "the record is free");
	teardown();
}

/* The parent dies after the look that finds it alive, before GONE. */
static void test_parent_dies(void)
{
	struct order o;
	struct call call;
	pid_t pid, parent, tracee;
	int wstatus, looks = 0;

	setup();
	pid = fixture_bystander();
	o.slot = enter_elsewhere(pid, &parent);
	tracee = calls_start(collect_traced, &o);
	fixture_end(pid);
	while (calls_next(tracee, &call, &wstatus)) {
		looks += calls_is_look(&call);
		/* The end of the first look. */
		if (looks == 1 && call.op == 2) {
			fixture_end(parent);
			pq_sweep_dead(seg, NULL);
			looks++;
		}
	}
	ok(looks > 2 && WIFEXITED(wstatus),
	   "its parent dies just before a death is reported");
	is_int(WEXITSTATUS(wstatus), 110,
	       "the record does not wait for the dead");
	teardown();
}

/* ---- where there are no pins ---- */

/* It is dead, or its parent is. */
static void ask_in_vain(void *arg)
{
	struct procq_event e;
	pid_t pid = fixture_bystander(), other, parent;
	uint32_t slot;

	(void)arg;
	setup_unpinned();
	slot = enter_elsewhere(pid, &parent);
	must(take(c, slot) == 0);
	must(flight(slot)->verdict == PQ_VERDICT_BY_PARENT);
	fixture_end(parent);
	must(procq_signal(c, slot, SIGTERM, 0) == -ENOTSUP);
	must(sent(slot) == 0 && !is_asked(slot));
	must(collect(c, &e) == 0);
	must(lives(pid));

	/* Of a living parent only the mark tells. */
	other = fixture_bystander();
	slot = entered(other);
	must(take(c, slot) == 0);
	fixture_end(other);
	flight(slot)->died = 1;
	must(collect(c, &e) == 0);
	fixture_mark(seg, slot, p->place, &status);
	must(collect(c, &e) == 1);
	must(collect(c, &e) == 0);
	/* Of a dead one, that nobody has the pid any more. */
	fixture_end(pid);
	must(collect(c, &e) == 1 && e.process.pid == pid &&
	     e.cause == PROCQ_CAUSE_UNKNOWN);
}

static void exit_later(void *arg)
{
	raise(SIGSTOP);
	_exit(*(const int *)arg);
}

/* An orphan, taken and then dead with that exit status; -1: by a signal. It is
 * a zombie. */
static uint32_t take_and_end(int code, pid_t *pid)
{
	enum pq_ident_kind kind = pq_ident_kind();
	uint32_t flags = kind == PQ_IDENT_START ? PQ_F_START : 0, slot;

	*pid = fixture_fork(exit_later, &code);
	fixture_await_stop(*pid);
	slot = orphan(*pid, ident_of(kind, *pid), flags);
	need(take(c, slot) == 0);
	need(kill(*pid, code < 0 ? SIGKILL : SIGCONT) == 0);
	fixture_await_death(*pid);
	return slot;
}

static void is_told(uint32_t cause, int code, const char *what)
{
	struct procq_event e;

	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_RETIRED &&
	   e.cause == cause && e.code == code, "%s", what);
}

/* Nobody marks an orphan: but the kernel may tell how it died. */
static void test_told(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	if (zombies_tell) {
		take_and_end(-1, &pid);
		is_told(PROCQ_CAUSE_SIGNAL, SIGKILL, "a zombie tells a signal");
		fixture_wait(pid);
		take_and_end(7, &pid);
		is_told(PROCQ_CAUSE_EXIT, 7, "or an exit status");
		fixture_wait(pid);
	}
	if (pins_tell) {
		take_and_end(-1, &pid);
		fixture_wait(pid);
		is_told(PROCQ_CAUSE_SIGNAL, SIGKILL, "so do the reaped");
		/* A zombie may hide its status, and then that is 0. */
		slot = take_and_end(0, &pid);
		is_int(collect(c, &e), 0, "a zombie does not tell a 0");
		flight(slot)->died = procq_now() + 60 * PQ_SECOND;
		is_int(collect(c, &e), 0, "so it is waited for");
		fixture_wait(pid);
		is_told(PROCQ_CAUSE_EXIT, 0, "until it is reaped");
		slot = take_and_end(0, &pid);
		flight(slot)->died = 1;
		is_told(PROCQ_CAUSE_UNKNOWN, 0, "or for long enough");
		fixture_wait(pid);
	}
	teardown();
}

int main(void)
{
	taking_begin("take-collect");
	if (pins)
		test_unmarked();
	if (pins && pq_ident_kind() != PQ_IDENT_NONE)
		test_told();
	if (pins && calls_try()) {
		test_overtaken();
		test_parent_dies();
	}
	unpinned(ask_in_vain,
		 "without pins a dead parent is asked in vain");
	return done();
}
