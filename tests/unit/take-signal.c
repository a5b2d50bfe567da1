/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/take-signal.c - the consumer's side: which process is signalled, which
 * must not be, and what is noted of it; groups; and, where pins are forbidden,
 * a parent that is asked to signal.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

static void test_signal(void)
{
	struct procq_event e;
	struct procq_stat s;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, 0, &pid);
	is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
	       "a consumer that has not taken it does not signal it");
	need(take(c, slot) == 0);
	ok(!pq_take_any_dead(c), "nobody is dead");
	ok(procq_signal(c, slot, 0, 0) == -EINVAL &&
	   procq_signal(c, slot, -1, 0) == -EINVAL &&
	   procq_signal(c, slot, NSIG, 0) == -EINVAL, "no such signal");
	is_int((intmax_t)sent(slot), 0, "nothing of it is noted");
	/* A parent that is asked reads it there, but as no step. */
	ok(procq_signal(c, slot, SIGCONT, 0) >= 0 &&
	   (pins ? sent(slot) : sent(slot) >> 48 & 0x7f) == 0,
	   "a SIGCONT alone ends nobody, and is not noted");
	is_int(collect(c, &e), 0, "it lives");
	ok(procq_signal(c, slot, SIGTERM, 0) >= 0 && sent(slot) != 0,
	   "a SIGTERM is");
	ok(await_event(p, c, &e) == 1 && e.type == PROCQ_EVENT_RETIRED &&
		   e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGTERM &&
		   e.step == 1 && e.signal == SIGTERM && e.process.pid == pid,
	   "and ends it");

	/* Marked, and not reaped yet: the kernel would take the signal. */
	slot = spawn(p, 0, &pid);
	need(take(c, slot) == 0);
	fixture_kill(pid);
	fixture_mark(seg, slot, p->place, &status);
	ok(pq_take_any_dead(c), "one is marked as dead");
	is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
	       "the dead are not signalled");
	is_int((intmax_t)sent(slot), 0, "nor is it noted");
	ok(collect(c, &e) == 1 && e.cause == PROCQ_CAUSE_EXIT && e.code == 3,
	   "its end is reported as its parent marked it");
	procq_reap(p);

	/* The same, but its parent has not looked yet. */
	if (pins) {
		slot = spawn(p, 0, &pid);
		need(take(c, slot) == 0);
		fixture_kill(pid);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "a zombie is not signalled");
		is_int((intmax_t)sent(slot), 0,
		       "so its end is not ours to claim");
		need(procq_reap(p) == 1);
		ok(collect(c, &e) == 1 && e.cause == PROCQ_CAUSE_SIGNAL &&
			   e.code == SIGKILL && e.step == 0,
		   "it is reported as its own");
	}

	/* Dead when it was taken, so it was not pinned, and somebody that may
	 * write to the object says otherwise. */
	slot = spawn(p, 0, &pid);
	fixture_kill(pid);
	need(procq_reap(p) == 1 && take(c, slot) == 0);
	atomic_fetch_and(&seg->records[slot].word,
			 ~((uint64_t)PQ_DEAD << PQ_FLAGS_SHIFT));
	is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
	       "what was never pinned is not signalled");
	atomic_fetch_or(&seg->records[slot].word,
			(uint64_t)PQ_DEAD << PQ_FLAGS_SHIFT);
	is_int(collect(c, &e), 1, "but reported");
	if (pins) {
		/* Reaped, and not marked: the signal fails. */
		pid = fixture_bystander();
		slot = entered(pid);
		need(take(c, slot) == 0);
		fixture_end(pid);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "a process that is not there gets no signal");
		is_int((intmax_t)sent(slot), 0, "and none is noted");
		fixture_mark(seg, slot, p->place, &status);
		is_int(collect(c, &e), 1, "reported");
	}
	procq_stat(p, &s);
	ok(s.retired == 1 && s.exited == s.started - 1 && s.lost == 0,
	   "only the one that was signalled was retired");
	teardown();
}

/* Taken, and a zombie; the other one of its group lives. */
static uint32_t take_dead_leader(pid_t *other)
{
	pid_t pid;
	uint32_t slot = take_group(&pid, other);

	fixture_kill(pid);
	return slot;
}

enum whose { NOBODYS, OURS, TO_THE_ZOMBIE };

/* Its leader dies of a signal, and is reaped, before one of the group that is
 * stopped has been continued; or dies of its own accord, and is signalled
 * before it is reaped, or not at all. */
static void test_stopped_rest(void)
{
	for (int whose = TO_THE_ZOMBIE; whose >= NOBODYS; whose--) {
		struct procq_event e;
		pid_t pid, other;
		uint32_t slot = take_group(&pid, &other);

		kill(other, SIGSTOP);
		fixture_await_stop(other);
		if (whose == OURS)
			need(procq_signal(c, slot, SIGTERM, 0) == 0);
		else
			need(pid > 1 && kill(pid, SIGKILL) == 0);
		fixture_await_death(pid);
		if (whose == TO_THE_ZOMBIE)
			need(procq_signal(c, slot, SIGTERM, 0) == -ESRCH);
		else if (whose == NOBODYS)
			need(kill(other, SIGTERM) == 0);
		need(procq_reap(p) == 1);
		need(procq_signal(c, slot, SIGCONT, 1) == -ESRCH);
		ok(lives(other), "alone: the rest stays stopped");
		is_int(procq_signal(c, slot, SIGCONT, 0), -ESRCH,
		       "the leader is reaped");
		if (whose != NOBODYS) {
			is_int(fixture_wait(other), -SIGTERM,
			       "the rest is continued, and ends");
		} else {
			ok(lives(other), "what nobody has sent is not ended");
			fixture_end(other);
		}
		need(collect(c, &e) == 1);
	}
}

/* Ignores TERM, in the group of its leader. */
static void stay(void *arg)
{
	signal(SIGTERM, SIG_IGN);
	if (setpgid(0, *(const pid_t *)arg) < 0)
		_exit(1);
	raise(SIGSTOP);
	fixture_rest(NULL);
}

/* The leader dies of TERM, and is reaped. As long as that is not collected,
 * one of its group that ignores TERM gets KILL. */
static void test_stubborn_rest(void)
{
	struct procq_event e;
	int64_t end = procq_now() + 10 * PQ_SECOND;
	pid_t pid, other;
	uint32_t slot = spawn(p, PROCQ_SPAWN_GROUP, &pid);

	other = fixture_fork(stay, &pid);
	fixture_await_stop(other);
	need(kill(other, SIGCONT) == 0);
	need(take(c, slot) == 0 && procq_signal(c, slot, SIGTERM, 0) == 0);
	fixture_await_death(pid);
	need(procq_reap(p) == 1);
	ok(lives(other), "one of its group has outlived the leader");
	is_int(procq_signal(c, slot, SIGKILL, 1), -ESRCH, "the leader is dead");
	ok(lives(other), "alone: the rest is not meant");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "it is, still");
	while (lives(other) && procq_now() < end)
		;
	ok(!lives(other), "but the rest gets the next step");
	fixture_end(other);
	need(collect(c, &e) == 1);
}

static void test_group(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid, other;

	setup();
	for (int alone = 1; alone >= 0; alone--) {
		slot = take_group(&pid, &other);
		ok(procq_signal(c, slot, SIGTERM, alone) >= 0, "signalled");
		is_int(await_event(p, c, &e), 1, "it dies");
		if (alone) {
			ok(lives(other), "alone: its group lives on");
			fixture_end(other);
		} else {
			is_int(fixture_wait(other), -SIGTERM,
			       "else its group dies, too");
		}
	}
	for (int i = 0; i < 2; i++) {
		int signo = i ? SIGKILL : SIGTERM;

		/* The leader goes over to another group, and leaves one. */
		slot = take_group(&pid, &other);
		need(setpgid(pid, getpgrp()) == 0);
		ok(procq_signal(c, slot, signo, 0) >= 0,
		   "a leader has left its group");
		ok(await_event(p, c, &e) == 1 && e.code == signo, "it dies");
		is_int(fixture_wait(other), -signo, "and so does its group");
	}
	if (pins) {
		slot = take_dead_leader(&other);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "its leader is a zombie");
		is_int(fixture_wait(other), -SIGTERM, "the rest is not");
		is_int(await_event(p, c, &e), 1, "reported");
		slot = take_dead_leader(&other);
		/* As its parent does, before it reaps. */
		fixture_mark(seg, slot, p->place, &status);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "a leader that is marked has ended");
		/* What reached it would end it once it runs, which it may not
		 * have done yet. */
		usleep(100000);
		ok(lives(other), "and the rest is not signalled any more");
		fixture_end(other);
		is_int(await_event(p, c, &e), 1, "reported");
		test_stopped_rest();
		test_stubborn_rest();
	}
	teardown();
}

/* ---- where there are no pins ---- */

static uint32_t taken_unpinned(pid_t *pid, enum pq_verdict want)
{
	uint32_t slot = spawn(p, 0, pid);

	must(take(c, slot) == 0);
	must(flight(slot)->verdict == want);
	return slot;
}

static void ask(void *arg)
{
	struct pq_participant *parent;
	struct procq_event e;
	uint32_t slot;
	pid_t pid, other;

	(void)arg;
	setup_unpinned();
	parent = &seg->participants[p->place];
	slot = taken_unpinned(&pid, PQ_VERDICT_BY_PARENT);
	/* What only wakes is no step on the way to the end. */
	must(procq_signal(c, slot, SIGCONT, 0) == 1);
	must(is_asked(slot) && sent(slot) >> 48 == SIGCONT << 8);
	procq_reap(p);
	must(!is_asked(slot));
	pq_bell_show(seg, p->place, PROCQ_WAIT_CHILD);
	must(procq_signal(c, slot, SIGWINCH, 0) == 1);
	must(is_asked(slot) && sent(slot) >> 56 == SIGWINCH);
	must(atomic_load(&parent->asked) == 1);
	must(pq_bell_hide(seg, p->place, PROCQ_WAIT_CHILD, &p->owed));
	procq_reap(p);
	must(!is_asked(slot) && atomic_load(&parent->asked) == 0);
	/* A stopped one is woken, to die: once it is, for until then it would
	 * die without. */
	kill(pid, SIGSTOP);
	fixture_await_stop(pid);
	must(procq_signal(c, slot, SIGTERM, 0) == 1);
	/* It is asked for that, and nothing takes the place of what it is
	 * asked. */
	must(procq_signal(c, slot, SIGCONT, 0) == 1);
	must(is_asked(slot) && sent(slot) >> 56 == SIGTERM);
	must(await_event(p, c, &e) == 1);
	must(e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGTERM && e.step == 2);
	/* A leader that has left its group, and one of that. */
	slot = take_group(&pid, &other);
	must(setpgid(pid, getpgrp()) == 0);
	must(procq_signal(c, slot, SIGTERM, 0) == 1);
	must(await_event(p, c, &e) == 1 && e.code == SIGTERM);
	must(fixture_wait(other) == -SIGTERM);
	must(fixture_state(p, slot) == PROCQ_STATE_FREE);
	must(fixture_sum(p) == 0);
}

/* As root sees the queue of another user. */
static void test_guarded(void)
{
	enum pq_ident_kind kind = pq_ident_kind();
	pid_t pid, other;
	struct procq_event e;
	uint32_t slot;

	setup();
	seg->guarded = true;
	seg->owner = geteuid();
	slot = take_group(&pid, &other);
	is_int(procq_signal(c, slot, SIGTERM, 0), 0,
	       "guarded: a process of the owner's is signalled");
	is_int(await_event(p, c, &e), 1, "and ends");
	is_int(procq_signal(c, slot, SIGCONT, 0), -ESRCH, "and is gone");
	fixture_sleep(10000000);
	is_int(waitpid(other, NULL, WNOHANG), 0, "but its group is left alone");
	seg->owner = geteuid() + 1;
	slot = spawn(p, 0, &pid);
	need(take(c, slot) == 0);
	is_int(procq_signal(c, slot, SIGTERM, 0), 1,
	       "guarded: for another's, the parent is asked");
	ok(await_event(p, c, &e) == 1 && e.cause == PROCQ_CAUSE_SIGNAL,
	   "which knows it");
	slot = spawn(p, 0, &pid);
	need(take(p, slot) == 0);
	is_int(procq_signal(p, slot, SIGTERM, 0), 0,
	       "guarded: a parent signals its own child");
	is_int(await_event(p, p, &e), 1, "which ends");
	slot = orphan(other, ident_of(kind, other),
		      kind == PQ_IDENT_START ? PQ_F_START : 0);
	pq_sweep_dead(seg, NULL);
	need(take(c, slot) == 0);
	is_int(procq_signal(c, slot, SIGTERM, 0), -EPERM,
	       "guarded: a bystander that a record names is not signalled");
	is_int(waitpid(other, NULL, WNOHANG), 0, "it lives");
	fixture_end(other);
	is_int(collect(c, &e), 1, "until it ends on its own");
	teardown();
}

static void ask_traced(void *arg)
{
	const struct order *o = arg;
	struct procq *q;
	int rc;

	forbid_one(SYS_pidfd_open, EPERM);
	q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	if (take(q, o->slot) < 0)
		_exit(90);
	raise(SIGSTOP);
	rc = procq_signal(q, o->slot, SIGTERM, 0);
	_exit(rc == -ESRCH && !atomic_load(&q->seg->records[o->slot].sent)
		      ? 0 : 1);
}

/* Its parent marks it just before it is asked. */
static void test_ask_late(void)
{
	struct order o;
	pid_t pid, tracee;

	setup();
	pid = fixture_bystander();
	o.slot = entered(pid);
	tracee = calls_start(ask_traced, &o);
	fixture_end(pid);
	is_int(mark_at_look(tracee, o.slot), 0,
	       "a parent that marks it is not asked, and nothing is noted");
	pq_sweep_dead(seg, NULL);
	teardown();
}

int main(void)
{
	taking_begin("take-signal");
	test_signal();
	test_group();
	if (pins)
		test_guarded();
	if (pins && calls_try())
		test_ask_late();
	unpinned(ask, "without pins a parent is asked to signal");
	return done();
}
