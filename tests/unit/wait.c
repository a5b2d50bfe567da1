/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/wait.c - lib/wait.c: what ends a wait, what it says then, and that it
 * ends for a look where no waker reports what is awaited. How participants
 * sleep and are woken: unit/bell.c.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include "wait.h"

#define HOUR (3600 * PQ_SECOND)
#define PAUSE (20 * PQ_MILLI)

/* A wait for this that nothing ends before its time. */
static int until_soon(struct procq *q, unsigned what)
{
	int64_t end = procq_now() + PAUSE;
	bool over;
	int rc;

	/* A slice of the wait may end without anything, also past the time. */
	do {
		over = procq_now() >= end;
		rc = procq_wait(q, what, end);
	} while (rc == 0 && !over);
	return rc;
}

/* Is it there already? Its time is over, so it does not sleep. */
static bool at_once(struct procq *q, unsigned what)
{
	return procq_wait(q, what, 0) == 0;
}

static void test_there(void)
{
	pid_t pid = fixture_bystander();
	uint32_t slot;

	setup();
	is_int(until_soon(c, PROCQ_WAIT_READY), -ETIMEDOUT, "nothing comes");
	is_int(until_soon(c, 0), -ETIMEDOUT, "nothing is awaited");
	is_int(procq_wait(c, PROCQ_WAIT_READY, INT64_MIN), -ETIMEDOUT,
	       "a deadline before all time has come");
	procq_wake(c);
	ok(at_once(c, 0), "it was woken before");
	is_int(until_soon(c, 0), -ETIMEDOUT, "which is over then");
	ok(at_once(p, PROCQ_WAIT_ROOM), "there is room");
	slot = entered(pid);
	ok(at_once(c, PROCQ_WAIT_READY), "a process is there");
	is_int(until_soon(c, PROCQ_WAIT_EXITS), -ETIMEDOUT, "it is alive");
	fixture_mark(seg, slot, p->place, &status);
	ok(at_once(c, PROCQ_WAIT_EXITS), "it is dead");
	is_int(until_soon(c, PROCQ_WAIT_STOP), -ETIMEDOUT, "nothing is closed");
	atomic_store(&seg->header->closed, PROCQ_STOPPED);
	ok(at_once(c, PROCQ_WAIT_STOP), "it is stopped");
	is_int(until_soon(p, PROCQ_WAIT_ROOM), -ETIMEDOUT,
	       "so there is no room");
	teardown();
	fixture_end(pid);
}

/* Nothing but deaths of orphans is awaited: it sleeps on their pins. */
static void test_pins(void)
{
	pid_t pid = fixture_bystander();
	enum pq_ident_kind kind = pq_ident_kind();
	struct procq_event e;
	int64_t begun;
	uint32_t slot;
	int rc;

	setup();
	slot = orphan(pid, ident_of(kind, pid),
		      kind == PQ_IDENT_START ? PQ_F_START : 0);
	need(take(c, slot) == 0 && c->flights.orphans == 1);
	begun = procq_now();
	rc = until_soon(c, PROCQ_WAIT_DEATH);
	ok(rc == -ETIMEDOUT && procq_now() - begun >= PAUSE,
	   "an orphan lives: until the deadline");
	procq_wake(c);
	ok(at_once(c, PROCQ_WAIT_DEATH), "or until it is woken");
	rc = procq_wait(c, PROCQ_WAIT_DEATH | PROCQ_WAIT_READY,
			procq_now() + HOUR);
	is_int(rc, 0, "or for a while, if more is awaited");
	fixture_kill(pid);
	begun = procq_now();
	is_int(procq_wait(c, PROCQ_WAIT_DEATH, begun + HOUR), 0,
	       "or until its death");
	ok(collect(c, &e) == 1 && e.process.slot == slot, "which is told then");
	fixture_wait(pid);
	teardown();
}

/* A producer has put off a look at its children: see reap.c. */
static void test_late(void)
{
	int64_t begun = procq_now();

	setup();
	p->look_late = true;
	p->look_after = begun + PAUSE;
	is_int(procq_wait(p, 0, begun + HOUR), 0, "until it is due");
	ok(procq_now() - begun >= PAUSE, "no less");
	is_int(procq_wait(p, 0, procq_now() + HOUR), 0, "it is due");
	p->look_after = procq_now() + HOUR;
	is_int(until_soon(p, 0), -ETIMEDOUT, "no later than the deadline");
	teardown();
}

/* Somebody has removed the object by hand. */
static void test_nameless(void)
{
	int64_t begun;

	setup();
	need(shm_unlink(fixture_object) == 0);
	begun = procq_now();
	while (procq_wait(c, 0, begun + HOUR) != -EIDRM &&
	       procq_now() - begun < 10 * PQ_SECOND)
		;
	ok(c->nameless, "it is said that it has no name");
	procq_wake(c);
	is_int(procq_wait(c, 0, procq_now() + HOUR), 0,
	       "what wakes it then is told as such");
	is_int(procq_wait(c, 0, procq_now() + PAUSE), -EIDRM,
	       "after a sleep in vain it is said again");
	teardown();
}

/* The host program has closed the descriptor that has its lock byte. */
static void body_closed(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 1);

	(void)arg;
	must(close(q->seg->lock_fd) == 0);
	must(until_soon(q, 0) == -ESTALE);
	must(until_soon(q, 0) == -ESTALE);
}

static void test_errors(void)
{
	struct procq *looker;

	setup();
	looker = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(procq_wait(looker, 0, 0), -EINVAL, "an onlooker has no bell");
	procq_wake(looker);
	procq_wake(NULL);
	procq_close(looker);
	is_int(procq_wait(NULL, 0, 0), -EINVAL, "nor has nobody");
	teardown();
	is_int(fixture_run(body_closed, NULL), 0,
	       "without its lock byte it is told so");
	fixture_clean();
}

int main(void)
{
	taking_begin("wait");
	test_there();
	if (pins)
		test_pins();
	test_late();
	test_nameless();
	test_errors();
	return done();
}
