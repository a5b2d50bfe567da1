/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * taking.h - for the tests of the consumer's side: a queue with one producer
 * and one consumer, records whose pids are those of bystanders, and ways to
 * take, signal and collect these.
 *
 * A bystander is a child of the test. If one that should live is dead, procq
 * has killed it by mistake. After tap.h.
 */
#ifndef TAKING_H
#define TAKING_H

#include "fixture.h"
#include "calls.h"
#include "forbid.h"

#include "bell.h"
#include "identity.h"
#include "layout.h"
#include "collect.h"
#include "take.h"

#define CAPACITY 8
#define NO_HINT UINT64_MAX

static struct procq *p, *c;
static struct pq_segment *seg;
/* Can processes be pinned here? Is it known how they died: from zombies, and
 * from those that were reaped? */
static bool pins;
TAP_UNUSED static bool zombies_tell, pins_tell;
TAP_UNUSED static const struct pq_status status = { PROCQ_CAUSE_EXIT, 3, 1, 1,
						    1 };

/* As fixture_begin(). */
TAP_UNUSED static void taking_begin(const char *test)
{
	int fd, wstatus;
	pid_t pid;

	fixture_begin(test);
	fd = pq_pin(getpid());
	pins = fd >= 0;
	if (!pins)
		return;
	close(fd);
	pid = fixture_bystander();
	fd = pq_pin(pid);
	fixture_kill(pid);
	zombies_tell = pq_pin_status(fd, pid, &wstatus) == 1;
	fixture_wait(pid);
	pins_tell = pq_pin_status(fd, pid, &wstatus) == 1;
	close(fd);
}

TAP_UNUSED static void setup(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
}

TAP_UNUSED static void teardown(void)
{
	is_int(fixture_sum(p), 0, "started = retired + exited + lost + present");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

TAP_UNUSED static bool lives(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	/* Time for a signal to arrive that should not. */
	fixture_sleep(5 * PQ_MILLI);
	return waitid(P_PID, (id_t)pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/* ---- records ---- */

struct made {
	int32_t pid;
	uint64_t ident;
	uint32_t flags;
};

TAP_UNUSED static uint32_t enter(struct procq *q, const struct made *made)
{
	struct pq_origin origin = { .incarnation = q->incarnation,
				    .flags = made->flags };
	uint64_t word;
	int64_t slot = pq_record_reserve(q->seg, q->place + 1, &origin, &word);

	need(slot >= 0 && fixture_enter(q->seg, (uint32_t)slot, word,
					made->pid, made->ident) > 0);
	return (uint32_t)slot;
}

TAP_UNUSED static void enter_and_die(void *arg)
{
	enter(fixture_open(PROCQ_ROLE_PRODUCER, 0), arg);
	fixture_killed();
}

/* The same, but it has shown meanwhile that it is alive. */
TAP_UNUSED static void enter_and_die_later(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);

	enter(q, arg);
	fixture_sleep(50 * PQ_MILLI);
	pq_member_show_alive(q->seg, q->place);
	fixture_killed();
}

TAP_UNUSED static void enter_and_stay(void *arg)
{
	enter(fixture_open(PROCQ_ROLE_PRODUCER, 0), arg);
	raise(SIGSTOP);
	fixture_rest(NULL);
}

TAP_UNUSED static uint32_t slot_of(int32_t pid)
{
	for (uint32_t i = 0; i < CAPACITY; i++) {
		struct pq_snapshot view;
		uint64_t word = pq_load_word(seg, i);

		pq_record_snapshot(seg, i, word, &view);
		if (pq_word_state(word) == PROCQ_STATE_QUEUED &&
		    view.pid == pid)
			return i;
	}
	need(false);		/* there is no such record */
	return 0;
}

TAP_UNUSED static struct procq_process described(uint32_t slot)
{
	struct procq_process d;

	pq_record_describe(seg, slot, pq_load_word(seg, slot), &d);
	return d;
}

/* A queued record whose producer is dead. */
TAP_UNUSED static uint32_t orphan(pid_t pid, uint64_t ident, uint32_t flags)
{
	struct made made = { (int32_t)pid, ident, flags };

	need(fixture_run(flags & PQ_F_START ? enter_and_die_later
					    : enter_and_die, &made) ==
	     -SIGKILL);
	return slot_of((int32_t)pid);
}

/* One whose producer is another process, which is stopped. */
TAP_UNUSED static uint32_t enter_elsewhere(pid_t pid, pid_t *producer)
{
	struct made made = { (int32_t)pid, 0, 0 };

	*producer = fixture_fork(enter_and_stay, &made);
	fixture_await_stop(*producer);
	return slot_of((int32_t)pid);
}

/* One of p's. */
TAP_UNUSED static uint32_t entered(pid_t pid)
{
	struct made made = { (int32_t)pid, 0, 0 };

	return enter(p, &made);
}

TAP_UNUSED static int take(struct procq *q, uint32_t slot)
{
	return pq_take(q, slot, pq_load_word(q->seg, slot), NO_HINT);
}

TAP_UNUSED static struct pq_flight *flight(uint32_t slot)
{
	struct pq_flight *f = pq_flights_find(&c->flights, slot);

	need(f);
	return f;
}

TAP_UNUSED static uint64_t ident_of(enum pq_ident_kind kind, pid_t pid)
{
	int pin = pq_pin(pid);
	uint64_t ident = pq_ident_of(kind, pin, pid);

	need(pin >= 0 && ident);
	close(pin);
	return ident;
}

TAP_UNUSED static uint64_t sent(uint32_t slot)
{
	return atomic_load(&seg->records[slot].sent);
}

TAP_UNUSED static bool is_asked(uint32_t slot)
{
	return pq_word_flags(pq_load_word(seg, slot)) & PQ_ASK;
}

/* Look at all pins now. */
TAP_UNUSED static int collect(struct procq *q, struct procq_event *e)
{
	q->flights.polled = 0;
	return procq_collect(q, e);
}

/* ---- processes ---- */

TAP_UNUSED static uint32_t spawn(struct procq *q, uint32_t flags, pid_t *pid)
{
	struct procq_process d = fixture_spawn(q, PROCQ_METHOD_AUTO, flags);

	*pid = d.pid;
	return d.slot;
}

/* The leader of a group, which is taken, and another one of that group. */
TAP_UNUSED static uint32_t take_group(pid_t *leader, pid_t *other)
{
	uint32_t slot = spawn(p, PROCQ_SPAWN_GROUP, leader);

	*other = fixture_bystander();
	need(setpgid(*other, *leader) == 0);
	need(take(c, slot) == 0);
	return slot;
}

/* Reap and collect until a death is reported.
 * @return 0: none is, for 30 s */
TAP_UNUSED static int await_event(struct procq *producer,
				  struct procq *consumer,
				  struct procq_event *e)
{
	int64_t end_of = procq_now() + 30 * PQ_SECOND;

	do {
		procq_reap(producer);
		if (procq_collect(consumer, e) == 1)
			return 1;
		fixture_sleep(PQ_MILLI);
	} while (procq_now() < end_of);
	return 0;
}

/* ---- a consumer that stops at its system calls ---- */

struct order {
	uint32_t slot;
};

/* Let it run to its end, and mark the record when it first looks at a lock
 * byte.
 * @return its exit status; -1: it has none, or it has not looked */
TAP_UNUSED static int mark_at_look(pid_t tracee, uint32_t slot)
{
	struct call call;
	int wstatus;
	bool marked = false;

	while (calls_next(tracee, &call, &wstatus))
		if (!marked && calls_is_look(&call)) {
			fixture_mark(seg, slot, p->place, &status);
			marked = true;
		}
	return marked && WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -1;
}

/* ---- step by step ---- */

TAP_UNUSED static int take_next(struct procq *q, uint32_t *slot)
{
	struct procq_process got;
	int rc = procq_take(q, NULL, &got);

	if (rc == 0)
		*slot = got.slot;
	return rc;
}

/* As if it was signalled: the bystander lives on. */
TAP_UNUSED static void note_signal(uint32_t slot)
{
	pq_record_sent(seg, slot, SIGTERM, false);
}

/* It dies, is marked, and is collected. */
TAP_UNUSED static void end_it(struct procq *q, uint32_t slot)
{
	struct procq_event e;

	fixture_mark(seg, slot, p->place, &status);
	need(collect(q, &e) == 1 && e.process.slot == slot);
}

/* ---- where there are no pins ---- */

/* In a child: the handles are its own, in place of the test's. */
TAP_UNUSED static void setup_unpinned(void)
{
	forbid_one(SYS_pidfd_open, EPERM);
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
	must(pq_pin(getpid()) == -ENOSYS);
}

TAP_UNUSED static void unpinned(void (*body)(void *), const char *what)
{
	if (!forbid_works()) {
		skip(what, "no filter of system calls");
		return;
	}
	is_int(fixture_run(body, NULL), 0, what);
	fixture_clean();
}

#endif
