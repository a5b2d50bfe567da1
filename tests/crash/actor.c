/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * actor.c - the participants around a victim: those that live on, the dead
 * ones before it, the newcomer that repairs and drains, the load.
 * Must not judge the object: that is the checker's.
 */
#include <config.h>

#include "hands.h"

#include "../kit/records.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "format.h"
#include "handle.h"
#include "member.h"
#include "record.h"
#include "sweep.h"
#include "word.h"

#define PATIENCE (5000 * MS)
#define LAPS 3

struct answer {
	char trouble[sizeof(trouble)];
};

/* ---- what participants do ---- */

static struct procq *open_queue(uint32_t role)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q = NULL;
	int rc;

	o.role = role;
	o.capacity = CAPACITY;
	o.deadline = procq_now() + PATIENCE;
	rc = procq_open(&q, queue_name, &o);
	if (rc < 0)
		complain("open: %s", procq_strerror(rc));
	return q;
}

/* What any waiter does when its wait has timed out, and no more. */
static void sweep(struct hands *h)
{
	if (!h->consumer)
		h->consumer = open_queue(PROCQ_ROLE_CONSUMER);
	if (h->consumer && pq_sweep_dead(h->consumer->seg, NULL) < 0)
		complain("the sweep fails");
}

/* Then nothing needs repair. */
static void check(struct hands *h)
{
	struct procq_report report;
	int rc = procq_check(h->consumer, &report);

	if (rc < 0)
		complain("check: %s", procq_strerror(rc));
	else if (report.faults)
		complain("procq_check: %s", report.first);
	else if (report.hints || report.returned || report.freed)
		complain("procq_check mends %ju hints, %ju records",
			 (uintmax_t)report.hints,
			 (uintmax_t)(report.returned + report.freed));
}

static bool all_free(const struct procq *q)
{
	struct procq_stat s;

	procq_stat(q, &s);
	return s.states[PROCQ_STATE_FREE] + s.states[PROCQ_STATE_PARKED] ==
	       s.capacity;
}

/* What all actors of a point share: the deaths that were reported, and whether
 * the system was short of processes. */
static struct deaths {
	bool shortage;
	size_t count;
	struct { int32_t pid; int64_t started; } all[64];
} *deaths;

void deaths_begin(void)
{
	if (!deaths)
		deaths = mmap(NULL, sizeof(*deaths), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (deaths == MAP_FAILED)
		abort();
	deaths->count = 0;
	deaths->shortage = false;
}

/* From the library, EAGAIN would be a full queue. */
int note_shortage(int rc)
{
	if (rc == -EUSERS)
		deaths->shortage = true;
	return rc;
}

bool had_shortage(void)
{
	return deaths && deaths->shortage;
}

/* An idle process. */
static int spawn(struct procq *q, uint32_t flags)
{
	struct procq_command idle = PROCQ_COMMAND_INIT;

	idle.flags = flags;
	return note_shortage(procq_spawn(q, &idle, NULL));
}

/* Each death is reported once. */
static void note_death(const struct procq_event *e)
{
	size_t n = __atomic_fetch_add(&deaths->count, 1, __ATOMIC_SEQ_CST);

	if (n >= 64 || e->process.pid <= 0) {
		complain("a process without a pid is reported, or too many are");
		return;
	}
	deaths->all[n].pid = e->process.pid;
	deaths->all[n].started = e->process.started;
	for (size_t i = 0; i < n; i++)
		if (deaths->all[i].pid == e->process.pid &&
		    deaths->all[i].started == e->process.started)
			complain("the end of %d is reported twice",
				 (int)e->process.pid);
}

static void end_one(struct hands *h, const struct procq_process *p)
{
	int rc = procq_signal(h->consumer, p->slot, SIGKILL, 0);

	/* Without a pin nobody can prove whose pid a dead parent's child has:
	 * it is left alone, and dies when it sees that its parent has. */
	if (rc == -ENOTSUP && !PINS)
		return;
	if (rc < 0 && rc != -ESRCH)
		complain("%d can't be signalled: %s", (int)p->pid,
			 procq_strerror(rc));
}

/* Take all, end all. */
static void drain(struct hands *h, bool in_order)
{
	int64_t end = procq_now() + PATIENCE;
	uint64_t last = 0;

	/* One at a time: so nobody may have left the permit in use. */
	if (h->gap && procq_set_gap(h->consumer, 1) < 0)
		complain("no gap can be set");
	/* Whoever drains it has to have one. */
	h->permit = permits_needed(h->consumer);
	while (!all_free(h->consumer)) {
		struct procq_process p;
		struct procq_event e;
		int rc;

		if (h->permit)
			renew_permit(h->consumer);
		while ((rc = procq_take(h->consumer, NULL, &p)) == 0) {
			if (in_order && p.seq <= last)
				complain("%ju is taken after %ju",
					 (uintmax_t)p.seq, (uintmax_t)last);
			last = p.seq;
			end_one(h, &p);
		}
		if (rc != -EAGAIN && !((h->gap || h->permit) && rc == -EBUSY))
			complain("take: %s", procq_strerror(rc));
		while (procq_collect(h->consumer, &e) > 0)
			note_death(&e);
		if (h->producer)
			procq_reap(h->producer);
		if (all_free(h->consumer))
			break;
		if (procq_now() > end) {
			complain("it can't be drained");
			return;
		}
		procq_wait(h->consumer, PROCQ_WAIT_READY | PROCQ_WAIT_DEATH,
			   procq_now() + MS / 2);
	}
}

/* Whatever limit and lease were: all may be used again. */
static void raise_limit(struct procq *q)
{
	struct procq_lease none = PROCQ_LEASE_INIT, lease;
	int rc = procq_lease(q, &lease);

	none.epoch = lease.epoch;
	if (rc == 0 && (lease.policy || lease.granted != PROCQ_UNBOUNDED))
		rc = procq_set_lease(q, &none);
	if (rc == 0 && procq_limit(q) < CAPACITY)
		rc = procq_set_limit(q, CAPACITY);
	if (rc != 0)
		complain("the limit can't be raised: %d", rc);
}

/* A newcomer fills it, and drains it in order. */
static void use(struct hands *h)
{
	unsigned n = 0;
	int rc;

	h->producer = open_queue(PROCQ_ROLE_PRODUCER);
	if (!h->producer)
		return;
	raise_limit(h->producer);
	while ((rc = spawn(h->producer, 0)) == 0)
		n++;
	if (rc != -EAGAIN)
		complain("spawn: %s", procq_strerror(rc));
	else if (n != CAPACITY)
		complain("room for %u of %u", n, CAPACITY);
	/* Those of clone() may come in at any time: let them. */
	for (int64_t end = procq_now() + PATIENCE; procq_now() < end; ) {
		struct procq_stat s;

		procq_stat(h->consumer, &s);
		if (s.states[PROCQ_STATE_RESERVED] == 0)
			break;
		procq_wait(h->producer, PROCQ_WAIT_CHILD, procq_now() + MS / 4);
	}
	drain(h, true);
}

/* One more process, wherever there is room. */
static void enter_one(struct hands *h)
{
	int rc;

	raise_limit(h->producer);
	rc = spawn(h->producer, PROCQ_SPAWN_ENTERED);
	if (rc < 0)
		complain("spawn: %s", procq_strerror(rc));
}

/* As many as there is room for. */
static void fill(struct hands *h)
{
	int rc;

	raise_limit(h->producer);
	while ((rc = spawn(h->producer, PROCQ_SPAWN_ENTERED)) == 0)
		;
	if (rc != -EAGAIN)
		complain("spawn: %s", procq_strerror(rc));
}

/* Until there is one; it ends it, and sees it end. */
static void wait_for_one(struct hands *h)
{
	int64_t end = procq_now() + PATIENCE;
	struct procq_process p;
	struct procq_event e;
	int rc;

	while ((rc = procq_take(h->consumer, NULL, &p)) == -EAGAIN &&
	       procq_now() < end)
		procq_wait(h->consumer, PROCQ_WAIT_READY, end);
	if (rc < 0) {
		complain("take: %s", procq_strerror(rc));
		return;
	}
	end_one(h, &p);
	while (procq_in_flight(h->consumer) > 0 && procq_now() < end) {
		if (procq_collect(h->consumer, &e) > 0)
			note_death(&e);
		else
			procq_wait(h->consumer, PROCQ_WAIT_DEATH,
				   procq_now() + MS / 2);
	}
	if (procq_in_flight(h->consumer) > 0)
		complain("a taken one is never collected");
}

static void leave(struct hands *h)
{
	int now;

	procq_close(h->producer);
	procq_close(h->consumer);
	h->producer = h->consumer = NULL;
	now = open_descriptors();
	if (now != h->descriptors)
		complain("%d descriptors are left open", now - h->descriptors);
}

/* ---- an actor's life ---- */

static void perform(struct hands *h, char what)
{
	switch (what) {
	case 's':
		sweep(h);
		break;
	case 'k':
		check(h);
		break;
	case 'd':
		drain(h, false);
		break;
	case 'u':
		use(h);
		break;
	case 'e':
		enter_one(h);
		break;
	case 'f':
		fill(h);
		break;
	case 'j':
		h->consumer = open_queue(PROCQ_ROLE_CONSUMER);
		break;
	case 'w':
		wait_for_one(h);
		break;
	case 'r':
		h->no_reaping = false;
		break;
	default:
		leave(h);
	}
}

static void say(struct hands *h)
{
	struct answer a;

	memcpy(a.trouble, trouble, sizeof(a.trouble));
	if (write(h->ready, &a, sizeof(a)) != (ssize_t)sizeof(a))
		_exit(3);
}

static _Noreturn void serve(struct hands *h)
{
	struct pollfd fd = { .fd = h->go, .events = POLLIN };
	char what;

	for (;;) {
		if (h->producer && !h->no_reaping)
			procq_reap(h->producer);
		if (poll(&fd, 1, 1) <= 0)
			continue;
		if (read(h->go, &what, 1) != 1)
			_exit(2);
		perform(h, what);
		say(h);
		if (what == 'q')
			_exit(0);
	}
}

/* 0 in the actor, with its hands; its pid in the driver, -1: none. */
static pid_t actor_fork(struct actor *a, struct hands *h)
{
	pid_t driver = getpid();
	int up[2], down[2];

	if (pipe(up) < 0 || pipe(down) < 0)
		return -1;
	a->pid = fork();
	if (a->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != driver)
			_exit(0);
		close(up[0]);
		close(down[1]);
		memset(h, 0, sizeof(*h));
		h->ready = up[1];
		h->go = down[0];
		h->descriptors = open_descriptors();
		*trouble = '\0';
		return 0;
	}
	if (a->pid < 0) {
		note_shortage(-EUSERS);
		complain("no process can be started");
		a->pid = 0;
	}
	close(up[1]);
	close(down[0]);
	a->answer = up[0];
	a->command = down[1];
	return a->pid ? a->pid : -1;
}

/* Its answer, within a bound. */
static bool hear(struct actor *a, const char *what)
{
	struct pollfd fd = { .fd = a->answer, .events = POLLIN };
	struct answer answer;
	int64_t end = procq_now() + 4 * PATIENCE;
	int rc;

	/* Orphans come to us: while a zombie has its pid, it may be taken for
	 * alive by those that have no better way to know. */
	while ((rc = poll(&fd, 1, 20)) != 1 && procq_now() < end)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	if (rc != 1 ||
	    read(a->answer, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		complain("%s: no answer", what);
	else if (*answer.trouble)
		complain("%s: %s", what, answer.trouble);
	return !*trouble;
}

bool actor_hears(struct actor *a)
{
	return hear(a, "victim");
}

bool actor_told(struct actor *a, char what)
{
	if (write(a->command, &what, 1) != 1)
		complain("an actor is gone");
	return !*trouble;
}

bool actor_does(struct actor *a, char what)
{
	static const char *const names[] = {
		['s'] = "sweep", ['k'] = "check", ['d'] = "drain", ['u'] = "use",
		['e'] = "enter", ['f'] = "fill", ['j'] = "join", ['r'] = "reap",
		['q'] = "leave",
	};

	return actor_told(a, what) && hear(a, names[(unsigned char)what]);
}

void actor_lost(struct actor *a)
{
	if (a->command > 0)
		close(a->command);
	if (a->answer > 0)
		close(a->answer);
	memset(a, 0, sizeof(*a));
}

bool actor_quits(struct actor *a)
{
	int status = 0;

	actor_does(a, 'q');
	while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		complain("an actor ended with status %#x", (unsigned)status);
	actor_lost(a);
	return !*trouble;
}

/* ---- the participants ---- */

bool survivor_start(struct actor *s, const struct op *op)
{
	struct hands h;
	pid_t pid = actor_fork(s, &h);

	if (pid > 0)
		return hear(s, "survivor");
	if (pid < 0)
		return false;
	h.producer = open_queue(PROCQ_ROLE_PRODUCER);
	h.no_reaping = op->no_reaping;
	h.gap = op->gap;
	for (int i = 0; i < op->kids && h.producer; i++)
		if (spawn(h.producer, PROCQ_SPAWN_ENTERED) < 0)
			complain("a kid can't be started");
	say(&h);
	serve(&h);
}

void dead_start(const struct op *op)
{
	struct actor a;
	struct hands h;
	pid_t pid = actor_fork(&a, &h);
	int status;

	if (pid == 0) {
		op->dead(&h);
		raise(SIGKILL);
	}
	if (pid > 0 && (waitpid(pid, &status, 0) < 0 || !WIFSIGNALED(status)))
		complain("the dead one did not get ready");
	actor_lost(&a);
}

static bool start_traced(struct actor *v, const struct op *op)
{
	struct hands h;
	pid_t pid = actor_fork(v, &h);
	int rc;

	if (pid > 0) {
		if (!run_to_marker(pid))
			complain("the victim did not get ready");
		return !*trouble;
	}
	if (pid < 0)
		return false;
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(4);
	if (op->prepare)
		op->prepare(&h);
	marker_begin();
	rc = op->run(&h);
	marker_end();
	if (rc != op->want &&
	    (undisturbed || !(op->shared || (op->limited && rc == 0))))
		complain("the operation returned %d, not %d", rc, op->want);
	if (h.event.process.pid)
		note_death(&h.event);
	say(&h);
	serve(&h);
}

bool victim_start(struct actor *v, const struct op *op)
{
	return start_traced(v, op);
}

bool fresh_start(struct actor *f)
{
	struct hands h;
	pid_t pid = actor_fork(f, &h);

	if (pid == 0)
		serve(&h);
	return pid > 0;
}

/* ---- load ---- */

/* One process's life in the queue, without a process: the pid is this one's
 * own, which nobody gets to see. What is real goes back to the end. */
static bool cycle(struct procq *q, pid_t me)
{
	struct pq_entry entry = { me, 1, pq_clock_life() };
	uint64_t seq;
	static const struct pq_status status = { PROCQ_CAUSE_EXIT, 0, 0, 0, 0 };
	struct pq_segment *seg = q->seg;
	struct pq_origin origin = { .incarnation = q->incarnation };
	struct pq_hint hint;
	struct pq_snapshot view;
	struct pq_parentage whose = { .place = q->place, .pid = me };
	uint64_t word;
	int64_t slot = pq_record_reserve(seg, q->place + 1, &origin, &word);

	if (slot < 0)
		return false;
	if (!pq_record_enter(seg, (uint32_t)slot, word, &entry, &seq))
		complain("the load could not enter");
	for (;;) {
		if (!pq_ring_peek(&seg->ready, &hint)) {
			complain("the load entered, but nobody is there");
			return false;
		}
		if (!records_take(q, &hint))
			continue;
		pq_record_snapshot(seg, hint.index,
				   pq_load_word(seg, hint.index), &view);
		if (view.pid == me)
			break;
		pq_record_return(seg, hint.index, q->place + 1);
	}
	whose.incarnation = view.producer;
	whose.life = (uint32_t)pq_tag(
		atomic_load(&seg->records[hint.index].pid), PQ_PID_BITS);
	pq_record_mark(seg, hint.index, &whose, &status);
	pq_record_release(seg, hint.index, q->place,
			  pq_load_word(seg, hint.index), PQ_TALLY_LOST, true);
	return true;
}

static void load(bool may_time_out)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	int64_t end;
	struct procq *q;
	uint64_t rounds;
	int rc;

	o.role = PROCQ_ROLE_PRODUCER;
	o.deadline = procq_now() + (may_time_out ? 20 * MS : PATIENCE);
	rc = procq_open(&q, queue_name, &o);
	if (rc == -ETIMEDOUT && may_time_out)
		return;
	if (rc < 0) {
		complain("the load can't join: %s", procq_strerror(rc));
		return;
	}
	raise_limit(q);
	rounds = LAPS * q->seg->free.size;
	end = procq_now() + PATIENCE;
	while (rounds > 0 && procq_now() < end && !*trouble)
		if (cycle(q, getpid()))
			rounds--;
		else
			pq_sweep_dead(q->seg, NULL);
	if (rounds > 0)
		complain("the load comes to a standstill");
	procq_close(q);
}

bool load_run(bool may_time_out)
{
	struct actor a;
	struct hands h;
	pid_t pid = actor_fork(&a, &h);

	if (pid == 0) {
		load(may_time_out);
		say(&h);
		_exit(0);
	}
	if (pid > 0) {
		hear(&a, "load");
		waitpid(pid, NULL, 0);
	}
	actor_lost(&a);
	return !*trouble;
}
