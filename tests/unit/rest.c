/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/rest.c - what is left of a group whose leader is dead: who is seen, how
 * long it holds the leader's record, and what signals reach it.
 */
#include <config.h>

#include <pthread.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include "rest.h"

/* The leader, and the other one. */
static pid_t leader, other;

/* The leader dies of a signal sent here to it alone, and is reaped. */
static void end_leader(uint32_t slot)
{
	need(procq_signal(c, slot, SIGTERM, 1) == 0);
	fixture_await_death(leader);
	need(procq_reap(p) == 1);
}

static int await_collect(struct procq_event *e)
{
	int64_t end = procq_now() + 10 * PQ_SECOND;
	int rc;

	while ((rc = collect(c, e)) == 0 && procq_now() < end)
		procq_wait(c, PROCQ_WAIT_DEATH, end);
	return rc;
}

/* Held, and then? */
static void test_held(void)
{
	struct procq_event e;
	int64_t begun;
	uint32_t slot;

	setup();
	slot = take_group(&leader, &other);
	is_int(procq_hold(c, slot, 1), 0, "a group is held");
	is_int(collect(c, &e), 0, "all are alive");
	end_leader(slot);
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_LEFT &&
		   e.code == other && e.process.pid == leader,
	   "its leader is dead: that the other is left is reported");
	is_int(collect(c, &e), 0, "once");
	is_int(procq_in_flight(c), 1, "it is not yet collected");
	ok(!pq_take_any_dead(c), "and no reason to look at once");
	begun = procq_now();
	procq_wait(c, PROCQ_WAIT_DEATH, begun + 200 * PQ_MILLI);
	ok(lives(other), "nobody has signalled the other");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "the next step");
	is_int(fixture_wait(other), -SIGKILL, "reaches the other");
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED &&
		   e.process.pid == leader && e.code == SIGTERM &&
		   e.signal == SIGTERM,
	   "nobody is left: the end of the leader is reported");
	is_int(procq_in_flight(c), 0, "it is collected");

	/* A zombie is nobody. */
	slot = take_group(&leader, &other);
	need(procq_hold(c, slot, 1) == 0);
	end_leader(slot);
	fixture_kill(other);
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED,
	   "a zombie of its group, which nobody reaps, holds up nothing");
	fixture_wait(other);

	/* Let go. */
	slot = take_group(&leader, &other);
	need(procq_hold(c, slot, 1) == 0);
	end_leader(slot);
	need(await_collect(&e) == 1 && e.type == PROCQ_EVENT_LEFT);
	is_int(procq_hold(c, slot, 0), 0, "it is let go");
	ok(pq_take_any_dead(c), "so there is something to collect");
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_RETIRED,
	   "the leader, at once");
	ok(lives(other), "the other lives on");
	fixture_end(other);

	/* No signal of ours: it exits on its own. */
	slot = take_group(&leader, &other);
	need(procq_hold(c, slot, 1) == 0);
	fixture_kill(leader);
	need(procq_reap(p) == 1);
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED &&
		   e.step == 0,
	   "what outlives one that got no signal holds up nothing");
	fixture_end(other);

	/* The parent has not reaped it yet, and takes its time. */
	slot = take_group(&leader, &other);
	need(procq_hold(c, slot, 1) == 0);
	need(procq_signal(c, slot, SIGTERM, 1) == 0);
	fixture_await_death(leader);
	fixture_mark(seg, slot, p->place, &status);
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_LEFT &&
		   e.code == other,
	   "the zombie of the leader is told from the other");
	fixture_end(other);
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED,
	   "and counts as nobody");
	need(procq_reap(p) == 1);
	teardown();
}

/* What can't be held. */
static void test_not_held(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	is_int(procq_hold(c, 0, 1), -ESRCH, "what is not taken");
	slot = spawn(p, 0, &pid);
	need(take(c, slot) == 0);
	is_int(procq_hold(c, slot, 1), -ENOTSUP, "one without a group");
	need(procq_signal(c, slot, SIGTERM, 0) >= 0);
	is_int(await_event(p, c, &e), 1, "reported");
	slot = spawn(p, PROCQ_SPAWN_GROUP, &pid);
	fixture_kill(pid);
	need(procq_reap(p) == 1 && take(c, slot) == 0);
	is_int(procq_hold(c, slot, 1), -ENOTSUP, "one that was dead before");
	is_int(await_event(p, c, &e), 1, "reported");
	teardown();
}

/* ---- taken over from one that is gone ---- */

/* Can a pin be opened again here? */
static bool reopens(void)
{
	int fd = pq_pin_again(ident_of(PQ_IDENT_INODE, getpid()));

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* It was signalled, is dead, and in the queue again. */
static uint32_t hand_back(void)
{
	struct procq_event e;
	uint32_t slot = take_group(&leader, &other);

	need(procq_hold(c, slot, 1) == 0);
	end_leader(slot);
	need(await_collect(&e) == 1 && e.type == PROCQ_EVENT_LEFT);
	need(procq_give_back(c, slot) == 0);
	return slot;
}

static void test_taken_over(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = hand_back();
	need(take(c, slot) == 0);
	is_int(procq_hold(c, slot, 1), 0, "the next one can hold it, too");
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_LEFT &&
		   e.code == other && e.process.pid == leader,
	   "who is left is reported again");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "its next step");
	is_int(fixture_wait(other), -SIGKILL, "reaches the other");
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED &&
		   e.code == SIGTERM && e.signal == SIGTERM && e.step == 1,
	   "the end of the leader is reported");

	/* Alone: not to the others. */
	slot = hand_back();
	need(take(c, slot) == 0);
	is_int(procq_signal(c, slot, SIGKILL, 1), -ESRCH,
	       "a signal to it alone");
	ok(lives(other), "reaches nobody");
	need(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED);
	ok(lives(other), "who is not held lives on");
	fixture_end(other);

	slot = hand_back();
	fixture_end(other);
	need(take(c, slot) == 0);
	is_int(procq_hold(c, slot, 1), -ENOTSUP, "nobody is left to hold");
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED,
	   "it is reported");

	/* Nobody of the queue has signalled it. */
	slot = take_group(&leader, &other);
	fixture_kill(leader);
	need(procq_reap(p) == 1 && procq_give_back(c, slot) == 0);
	need(take(c, slot) == 0);
	is_int(procq_hold(c, slot, 1), -ENOTSUP,
	       "what outlives one that exited on its own is left alone");
	need(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED);
	fixture_end(other);

	/* Its producer is dead, too: there is no mark. */
	leader = pid = fixture_bystander();
	other = fixture_bystander();
	need(setpgid(leader, leader) == 0 && setpgid(other, leader) == 0);
	slot = orphan(pid, ident_of(PQ_IDENT_INODE, pid), PQ_F_GROUP);
	need(take(c, slot) == 0 && procq_signal(c, slot, SIGTERM, 1) == 0);
	is_int(fixture_wait(leader), -SIGTERM, "an orphan dies");
	need(procq_give_back(c, slot) == 0 && take(c, slot) == 0);
	is_int(flight(slot)->verdict, PQ_VERDICT_STALE, "it is stale");
	is_int(procq_hold(c, slot, 1), 0, "its group is held");
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_LEFT &&
		   e.code == other, "who is left is reported");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "the next step");
	is_int(fixture_wait(other), -SIGKILL, "reaches the other");
	ok(await_collect(&e) == 1 && e.type == PROCQ_EVENT_STALE,
	   "its end is reported");
	teardown();
}

static void body_no_handles(void *arg)
{
	const struct rule rule = { *(const int *)arg, -1, 0, EPERM };
	struct procq_event e;
	uint32_t slot;

	setup();
	slot = hand_back();
	forbid(&rule, 1);
	must(pq_pin_again(ident_of(PQ_IDENT_INODE, getpid())) == -ENOSYS);
	must(take(c, slot) == 0 && procq_hold(c, slot, 1) == -ENOTSUP);
	must(await_collect(&e) == 1 && e.type == PROCQ_EVENT_RETIRED);
	must(lives(other));
	fixture_end(other);
}

/* There are descriptors again when some process is dead. */
static void body_no_descriptor(void *arg)
{
	uint32_t slot;

	(void)arg;
	setup();
	slot = hand_back();
	forbid_one(SYS_open_by_handle_at, EMFILE);
	must(take(c, slot) == -EMFILE && procq_in_flight(c) == 0);
	must(pq_word_state(pq_load_word(seg, slot)) == PROCQ_STATE_EXITED);
	fixture_end(other);
}

static void test_refused(void)
{
	int nr = SYS_name_to_handle_at;

	is_int(fixture_run(body_no_handles, &nr), 0,
	       "without handles, nobody is taken for one of the group");
	nr = SYS_open_by_handle_at;
	is_int(fixture_run(body_no_handles, &nr), 0,
	       "nor where a sandbox forbids to open one");
	is_int(fixture_run(body_no_descriptor, NULL), 0,
	       "without a descriptor, nothing is taken");
	fixture_clean();
}

/* An inode is one process's for good. */
static void test_again(void)
{
	pid_t pid = fixture_bystander();
	uint64_t inode = ident_of(PQ_IDENT_INODE, pid);
	int fd = pq_pin_again(inode);

	ok(fd >= 0 && pq_ident_of(PQ_IDENT_INODE, fd, pid) == inode,
	   "a living process is pinned by its inode");
	close(fd);
	fixture_end(pid);
	is_int(pq_pin_again(inode), -ESRCH, "one that is gone is not");
	is_int(pq_pin_again(0), -ESRCH, "nor is none");
	is_int(pq_pin_again(UINT64_MAX), -ESRCH,
	       "nor one whose inode is too wide to be recorded");
}

/* The number of the group comes round: nobody in the new one is meant. A new
 * group can't get it here, so the pin is shown to reach nobody. */
static void test_empty(void)
{
	struct pq_flight f = { .pid = 0, .verdict = PQ_VERDICT_PINNED,
			       .group = true };

	leader = fixture_bystander();
	need(setpgid(leader, leader) == 0);
	f.pid = leader;
	f.pin = pq_pin(leader);
	f.pin_file = pq_file_of(f.pin);
	ok(pq_rest_reachable(&f), "a group is within reach");
	fixture_end(leader);
	ok(pq_rest_reachable(&f), "also when it is empty");
	is_int(pq_rest_look(&f, pq_now()), PQ_REST_NONE, "nobody is left");
	is_int(pq_pin_signal(f.pin, SIGKILL, true), -ESRCH,
	       "and nobody gets a signal");
	close(f.pin);
	ok(!pq_rest_reachable(&f), "without its pin, nothing is");
	is_int(pq_rest_look(&f, pq_now()), PQ_REST_NONE, "nor seen");
}

/* ---- a flight whose leader is dead ---- */

/* Its leader is reaped; the other is left. */
static void leave(struct pq_flight *f)
{
	leader = fixture_bystander();
	other = fixture_bystander();
	need(setpgid(leader, leader) == 0 && setpgid(other, leader) == 0);
	*f = (struct pq_flight){ .pid = leader, .verdict = PQ_VERDICT_PINNED,
				 .group = true };
	f->pin = pq_pin(leader);
	f->pin_file = pq_file_of(f->pin);
	fixture_end(leader);
}

/* The times are those that it is told. */
static void test_pauses(void)
{
	int64_t now = PQ_SECOND, pause = 0, last = 0;
	struct pq_flight f;
	bool good = true;

	leave(&f);
	for (int i = 0; i < 12; i++) {
		good = good && pq_rest_look(&f, now) == PQ_REST_LIVES &&
		       f.rest == other && f.rest_due > now;
		pause = f.rest_due - now;
		good = good && (pause == 2 * last || i == 0 ||
				(pause == last && pause < PQ_SECOND));
		last = pause;
		now = f.rest_due;
	}
	ok(good, "the longer it is there, the longer the pauses");
	ok(pause > 10 * PQ_MILLI && pause < PQ_SECOND, "up to a limit");
	need(pq_rest_look(&f, now) == PQ_REST_LIVES);
	fixture_end(other);
	is_int(pq_rest_look(&f, f.rest_due - 1), PQ_REST_LIVES,
	       "in a pause it is not looked at");
	is_int(pq_rest_look(&f, f.rest_due), PQ_REST_NONE, "after it, it is");
	close(f.pin);
}

static void *outlive(void *arg)
{
	atomic_store((_Atomic int *)arg, 1);
	fixture_rest(NULL);
	return NULL;
}

/* In /proc it looks like a zombie, but for its threads. */
static void body_headless(void *arg)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, outlive, arg) == 0);
	pthread_exit(NULL);
}

static bool looks_dead(pid_t pid)
{
	return fixture_status(pid, "State")[0] == 'Z';
}

static void test_headless(void)
{
	struct pq_flight f;
	pid_t pid;

	leave(&f);
	pid = fixture_launch(body_headless);
	need(setpgid(pid, f.pid) == 0);
	while (!looks_dead(pid))
		fixture_sleep(PQ_MILLI);
	fixture_end(other);
	is_int(pq_rest_look(&f, pq_now()), PQ_REST_LIVES,
	       "a process whose first thread has ended is somebody");
	is_int(f.rest, pid, "who is found");
	fixture_end(pid);
	is_int(pq_rest_look(&f, f.rest_due), PQ_REST_NONE, "until its end");
	close(f.pin);
}

/* Without /proc, what the kernel says of the group counts. */
static void body_closed(void *arg)
{
	const struct rule rules[] = { { SYS_openat, -1, 0, ENOENT },
				      { SYS_open, -1, 0, ENOENT } };
	struct pq_flight f;
	int64_t now = PQ_SECOND;
	pid_t last;

	(void)arg;
	leave(&f);
	last = other;
	forbid(rules, 2);
	must(pq_rest_look(&f, now) == PQ_REST_LIVES && f.rest == 0);
	fixture_end(last);
	must(pq_rest_look(&f, f.rest_due) == PQ_REST_NONE);
	/* The leader itself is in its group until it is reaped. */
	leader = fixture_bystander();
	must(setpgid(leader, leader) == 0);
	f = (struct pq_flight){ .pid = leader, .verdict = PQ_VERDICT_PINNED,
				.group = true };
	f.pin = pq_pin(leader);
	f.pin_file = pq_file_of(f.pin);
	fixture_kill(leader);
	must(pq_rest_look(&f, now) == PQ_REST_SOON);
	must(pq_rest_look(&f, now + PQ_SECOND) == PQ_REST_NONE);
	fixture_wait(leader);
}

/* As a kernel that knows no signals to groups, or a sandbox. */
static void body_refused(void *arg)
{
	struct pq_flight f;

	(void)arg;
	leave(&f);
	must(pq_rest_reachable(&f));
	forbid_one(SYS_pidfd_send_signal, EINVAL);
	must(!pq_rest_reachable(&f));
	must(pq_rest_look(&f, PQ_SECOND) == PQ_REST_NONE);
	fixture_end(other);
}

/* The host has closed the descriptor, and another file has it. */
static void test_closed_pin(void)
{
	struct pq_flight f;

	leave(&f);
	need(dup2(STDOUT_FILENO, f.pin) == f.pin);
	is_int(pq_rest_look(&f, PQ_SECOND), PQ_REST_NONE,
	       "another file is no pin: nobody is seen");
	ok(f.pin == -1 && f.verdict != PQ_VERDICT_PINNED && lives(other),
	   "nor taken for one again");
	fixture_end(other);
}

/* Can the kernel signal groups by pins? */
static bool groups_by_pin(void)
{
	int fd = pq_pin(getpid());
	int rc = fd < 0 ? fd : pq_pin_signal(fd, 0, true);

	if (fd >= 0)
		close(fd);
	return rc == 0 || rc == -ESRCH;
}

int main(void)
{
	taking_begin("rest");
	test_not_held();
	if (groups_by_pin()) {
		test_held();
		test_empty();
		test_pauses();
		test_headless();
		test_closed_pin();
	}
	if (groups_by_pin() && reopens()) {
		test_again();
		test_taken_over();
		if (calls_try())
			test_refused();
	}
	/* No filter, either, under an emulator. */
	if (groups_by_pin() && calls_try()) {
		is_int(fixture_run(body_closed, NULL), 0, "without /proc");
		is_int(fixture_run(body_refused, NULL), 0,
		       "without signals to groups");
	}
	return done();
}
