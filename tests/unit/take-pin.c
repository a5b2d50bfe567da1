/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/take-pin.c - the consumer's side: is the process with this pid the one
 * that the record means? Of living and of dead parents; with pins and, in a
 * sandbox that forbids them, without.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include <sched.h>

#include "proc.h"

/* @param ident recorded; the process with this pid is pid's
 * @param want how it must be judged */
static void judge(pid_t pid, uint64_t ident, uint32_t flags,
		  enum pq_verdict want, const char *what)
{
	static const int answers[] = {
		[PQ_VERDICT_PINNED] = 0,
		[PQ_VERDICT_STALE] = -ESRCH,
		[PQ_VERDICT_UNPROVEN] = -ENOTSUP,
	};
	struct procq_event e;
	uint32_t slot = orphan(pid, ident, flags), cause;
	int rc;

	need(take(c, slot) == 0);
	ok(flight(slot)->orphan && flight(slot)->verdict == want, "%s", what);
	if (want == PQ_VERDICT_UNPROVEN)
		is_int(collect(c, &e), 0, "… it is not reported as dead");
	rc = procq_signal(c, slot, SIGKILL, 0);
	is_int(rc, answers[want], "… and that is what a signal to it returns");
	if (want != PQ_VERDICT_PINNED) {
		ok(lives(pid), "… and nobody gets a signal");
		ok(sent(slot) == 0, "… nor is one noted");
	}
	if (want != PQ_VERDICT_STALE)
		fixture_end(pid);
	cause = want == PQ_VERDICT_PINNED && pins_tell ? PROCQ_CAUSE_SIGNAL
						       : PROCQ_CAUSE_UNKNOWN;
	rc = collect(c, &e);
	ok(rc == 1 && fixture_state(p, slot) == PROCQ_STATE_FREE &&
		   e.type == (want == PQ_VERDICT_STALE ? PROCQ_EVENT_STALE
						       : PROCQ_EVENT_RETIRED) &&
		   e.cause == cause,
	   "… its end is reported as it should be");
	if (want == PQ_VERDICT_STALE)
		fixture_end(pid);
}

/* Reaped by somebody else, so not marked: its parent lives, or its last thread
 * does, and a stranger has its pid. */
static void test_reaped_by_others(void)
{
	enum pq_ident_kind kind = pq_ident_kind();
	struct made made = { 0, 0, kind == PQ_IDENT_START ? PQ_F_START : 0 };
	struct procq_event e;
	uint32_t slot;
	uint64_t word;
	pid_t pid;
	int fd;

	setup();
	pid = fixture_bystander();
	made.pid = (int32_t)pid;
	made.ident = ident_of(kind, pid);
	slot = enter(p, &made);
	need(take(c, slot) == 0);
	ok(!flight(slot)->orphan && flight(slot)->verdict == PQ_VERDICT_PINNED,
	   "a living parent's child");
	fixture_mark(seg, slot, p->place, &status);
	need(collect(c, &e) == 1);
	made.ident++;
	slot = enter(p, &made);
	need(take(c, slot) == 0);
	ok(!flight(slot)->orphan && flight(slot)->verdict == PQ_VERDICT_STALE,
	   "a living parent's child whose pid is another's");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "is not there");
	ok(lives(pid) && sent(slot) == 0, "and the other gets no signal");
	ok(pq_take_any_dead(c), "it is to be looked at");
	is_int(collect(c, &e), 0, "its parent has time to mark it");
	ok(!pq_take_any_dead(c), "and nobody looks at it meanwhile");
	flight(slot)->died = procq_now() - 60 * PQ_SECOND;
	ok(pq_take_any_dead(c), "but then");
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE,
	   "it is reported so");
	fixture_mark(seg, slot, p->place, &status);
	is_int(fixture_state(p, slot), PROCQ_STATE_FREE, "its parent frees it");
	/* Marked in between: the pin is not kept. */
	slot = enter(p, &made);
	word = pq_load_word(seg, slot);
	fixture_mark(seg, slot, p->place, &status);
	fd = dup(0);
	close(fd);
	is_int(pq_take(c, slot, word, NO_HINT), -EAGAIN, "the word says no");
	is_int(dup(0), fd, "no descriptor is left of it");
	close(fd);
	need(take(c, slot) == 0 && collect(c, &e) == 1);
	fixture_end(pid);
	teardown();
}

#if PQ_USE_STARTTIME
static bool is_sure(uint32_t slot)
{
	struct pq_snapshot view;

	pq_record_snapshot(seg, slot, 0, &view);
	return view.flags & PQ_F_SURE;
}

/* The sweep of a dead producer vouches for what that had started before it was
 * last seen, and for nothing else. */
static void test_vouching(void)
{
	struct made old = { 0x3ffffff0, 1, PQ_F_START };
	struct made late = { 0x3ffffff1, UINT64_C(1) << 40, PQ_F_START };
	struct made none = { 0x3ffffff2, 1, 0 };
	uint32_t slots[4];

	slots[0] = orphan(old.pid, old.ident, PQ_F_START);
	slots[1] = orphan(late.pid, late.ident, PQ_F_START);
	slots[2] = orphan(none.pid, none.ident, 0);
	old.pid = 0x3ffffff3;
	slots[3] = enter(p, &old);
	pq_member_show_alive(seg, p->place);
	ok(pq_member_last_alive(seg, p->place, p->incarnation) > 0,
	   "a producer shows that it lives");
	is_int(pq_member_last_alive(seg, p->place, p->incarnation + 1), 0,
	       "a participant in no place has shown nothing");
	pq_sweep_dead(seg, NULL);
	ok(is_sure(slots[0]), "a sweep vouches for an earlier start");
	ok(!is_sure(slots[1]), "not for a later one");
	ok(!is_sure(slots[2]), "nor for what is no start");
	ok(!is_sure(slots[3]), "nor for one of another producer");
	fixture_mark(seg, slots[3], p->place, &status);
	for (int i = 0; i < 4; i++) {
		struct procq_event e;

		need(take(c, slots[i]) == 0);
		is_int(collect(c, &e), 1, "reported");
	}
}

/* Which may have a pid again that was another's in the same clock tick. */
static void test_same_tick(void)
{
	struct procq_event e;
	struct made made = { .flags = PQ_F_START };
	struct procq *other;
	uint32_t slot, kept;
	pid_t pid = fixture_bystander();

	made.pid = (int32_t)pid;
	made.ident = ident_of(PQ_IDENT_START, pid);
	need(fixture_run(enter_and_die, &made) == -SIGKILL);
	slot = slot_of((int32_t)pid);
	need(take(c, slot) == 0);
	is_int(flight(slot)->verdict, PQ_VERDICT_UNPROVEN,
	       "nobody saw its producer after the tick of its start");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ENOTSUP,
	       "so it may be another: it is not signalled");
	ok(lives(pid), "and lives");
	need(procq_give_back(c, slot) == 0);
	pq_sweep_dead(seg, NULL);
	need(take(c, slot) == 0);
	is_int(flight(slot)->verdict, PQ_VERDICT_UNPROVEN, "nor after a sweep");
	fixture_end(pid);
	is_int(collect(c, &e), 1, "reported when it has gone");

	pid = fixture_bystander();
	slot = orphan(pid, ident_of(PQ_IDENT_START, pid), PQ_F_START);
	pq_sweep_dead(seg, NULL);
	other = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	need(take(c, slot) == 0);
	is_int(flight(slot)->verdict, PQ_VERDICT_PINNED,
	       "seen after it: the sweep says so when its place is another's");

	made.pid = (int32_t)fixture_bystander();
	made.ident = ident_of(PQ_IDENT_START, made.pid);
	kept = enter(other, &made);
	fixture_sleep(50 * PQ_MILLI);
	pq_member_show_alive(seg, other->place);
	procq_close(other);
	need(take(c, kept) == 0);
	is_int(flight(kept)->verdict, PQ_VERDICT_PINNED,
	       "a producer that leaves says so, too");
	fixture_end(pid);
	fixture_end(made.pid);
	for (int i = 0; i < 2; i++)
		is_int(collect(c, &e), 1, "reported");
}
#endif

static void test_orphans(void)
{
	struct procq_event e;
	enum pq_ident_kind kind = pq_ident_kind();
	uint32_t flags = kind == PQ_IDENT_START ? PQ_F_START : 0, slot;
	uint64_t ident;
	pid_t pid;

	setup();
	pid = fixture_bystander();
	judge(pid, ident_of(kind, pid), flags, PQ_VERDICT_PINNED,
	      "an orphan whose identity is the recorded one");
	pid = fixture_bystander();
	judge(pid, ident_of(kind, pid) + 1, flags, PQ_VERDICT_STALE,
	      "another process has its pid");
	judge(fixture_bystander(), 0, flags, PQ_VERDICT_UNPROVEN,
	      "no identity was recorded");
#if PQ_USE_STARTTIME
	pid = fixture_bystander();
	judge(pid, ident_of(PQ_IDENT_START, pid), PQ_F_START, PQ_VERDICT_PINNED,
	      "its start time is the recorded one");
	test_same_tick();
	test_vouching();
	pid = fixture_bystander();
	judge(pid, ident_of(PQ_IDENT_START, pid) + 1, PQ_F_START,
	      PQ_VERDICT_STALE, "another has its pid, by the start time");
#endif
	/* A zombie of the right identity: it died with its parent. */
	pid = fixture_bystander();
	ident = ident_of(kind, pid);
	fixture_kill(pid);
	slot = orphan(pid, ident, flags);
	need(take(c, slot) == 0);
	ok(flight(slot)->verdict == PQ_VERDICT_STALE && pq_take_any_dead(c),
	   "an orphan that is dead already");
	fixture_wait(pid);
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE,
	   "… is reported as one that was not there any more");
	slot = orphan(pid, ident, flags);
	need(take(c, slot) == 0);
	ok(flight(slot)->verdict == PQ_VERDICT_STALE && flight(slot)->pin < 0,
	   "an orphan whose pid is nobody's");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "… is not there");
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE,
	   "… and reported so");
	slot = orphan(0, ident, flags);
	need(take(c, slot) == 0);
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH,
	       "an orphan without a pid signals nobody");
	is_int(collect(c, &e), 1, "… and is reported");
	teardown();
}

/* ---- the order of the calls ---- */

static void take_traced(void *arg)
{
	const struct order *o = arg;
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	uint64_t word = pq_load_word(q->seg, o->slot);

	raise(SIGSTOP);
	if (pq_take(q, o->slot, word, NO_HINT) < 0)
		_exit(1);
	pq_take_signal(q, o->slot, SIGTERM, false);
	fixture_killed();
}

/* Pin, then look at the parent, then take; note, then signal. */
static void test_order(void)
{
	struct order o;
	struct call call;
	pid_t pid, tracee;
	int wstatus, pinned = 0, looked = 0, taken_early = 0, noted = 0;

	setup();
	pid = fixture_bystander();
	o.slot = entered(pid);
	tracee = calls_start(take_traced, &o);
	while (calls_next(tracee, &call, &wstatus)) {
		bool taken = fixture_state(p, o.slot) == PROCQ_STATE_TAKEN;

		if (calls_is(&call, SYS_pidfd_open)) {
			pinned++;
			taken_early += taken;
		} else if (calls_is_look(&call) && pinned && !taken) {
			looked++;
		} else if (calls_is(&call, SYS_pidfd_send_signal)) {
			noted += sent(o.slot) != 0;
			break;
		}
	}
	kill(tracee, SIGKILL);
	waitpid(tracee, &wstatus, 0);
	is_int(pinned, 1, "a take pins the process");
	is_int(taken_early, 0, "… before it takes it");
	ok(looked > 0, "… and sees in between that its parent lives");
	is_int(noted, 1, "a signal is noted before");
	fixture_end(pid);
	pq_sweep_dead(seg, NULL);
	fixture_mark(seg, o.slot, p->place, &status);
	teardown();
}

#if PQ_USE_STARTTIME
static void judge_traced(void *arg)
{
	const struct order *o = arg;
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	raise(SIGSTOP);
	if (take(q, o->slot) < 0)
		_exit(90);
	_exit((int)pq_flights_find(&q->flights, o->slot)->verdict);
}

/* A start time is read by pid: what it says is of the pinned process only if
 * that is alive afterwards. */
static void test_dies_meanwhile(void)
{
	struct order o;
	struct call call;
	pid_t pid, tracee;
	int wstatus;
	bool dead = false;

	setup();
	pid = fixture_bystander();
	o.slot = orphan(pid, ident_of(PQ_IDENT_START, pid) + 1, PQ_F_START);
	tracee = calls_start(judge_traced, &o);
	while (calls_next(tracee, &call, &wstatus))
		if (!dead && calls_is_open(&call)) {
			fixture_kill(pid);
			dead = true;
		}
	ok(dead && WIFEXITED(wstatus) &&
		   WEXITSTATUS(wstatus) == PQ_VERDICT_STALE,
	   "another that dies while it is looked at is none of ours, still");
	fixture_wait(pid);
	pq_sweep_dead(seg, NULL);
	need(take(c, o.slot) == 0);
	is_int(collect(c, &(struct procq_event){ .type = 0 }), 1, "reported");
	teardown();
}
#endif

#if PQ_USE_STARTTIME && defined __linux__
/* ---- in a PID namespace whose /proc is another's ---- */

/* The number 1 is this process's, and in /proc another's. */
static void judge_in_namespace(void *arg)
{
	struct procq_event e;
	uint64_t ident = pq_ident_of(PQ_IDENT_START, -1, 1);

	(void)arg;
	must(getpid() == 1 && ident != 0);
	must(!pq_proc_is_ours());
	must(pq_ident_kind() != PQ_IDENT_START);
	setup();
	for (int other = 0; other <= 1; other++) {
		uint32_t slot = orphan(1, ident + (uint64_t)other, PQ_F_START);

		must(take(c, slot) == 0);
		must(flight(slot)->verdict == PQ_VERDICT_UNPROVEN);
		must(procq_signal(c, slot, SIGTERM, 0) == -ENOTSUP);
		must(collect(c, &e) == 0);
	}
	_exit(0);
}

static void enter_namespace(void *arg)
{
	pid_t pid;

	/* The parent's answer is not its child's. */
	pq_ident_kind();
	if (!pq_proc_is_ours() || unshare(CLONE_NEWPID) < 0)
		_exit(77);
	/* Its parent has no number there, so it is no fixture_fork(). */
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(fixture_seconds());
		judge_in_namespace(arg);
	}
	must(pid > 0);
	_exit(fixture_wait(pid));
}

static void test_namespace(void)
{
	int rc = fixture_run(enter_namespace, NULL);

	if (rc == 77)
		skip("a start time in another's /proc", "no PID namespace");
	else
		is_int(rc, 0, "a start time in another's /proc proves nothing");
	fixture_clean();
}
#endif

/* ---- where there are no pins ---- */

static void orphans_unpinned(void *arg)
{
	struct procq_event e;
	pid_t pid = fixture_bystander();
	uint32_t slot;

	(void)arg;
	setup_unpinned();
	slot = orphan(pid, 0, 0);
	must(take(c, slot) == 0);
	must(flight(slot)->verdict == PQ_VERDICT_UNPROVEN);
	must(procq_signal(c, slot, SIGTERM, 0) == -ENOTSUP);
	must(collect(c, &e) == 0);
	must(lives(pid));
	fixture_end(pid);
	must(collect(c, &e) == 1);
#if PQ_USE_STARTTIME
	pid = fixture_bystander();
	slot = orphan(pid, pq_ident_of(PQ_IDENT_START, -1, pid), PQ_F_START);
	must(take(c, slot) == 0);
	/* The same now; nobody knows when a signal would arrive. */
	must(flight(slot)->verdict == PQ_VERDICT_UNPROVEN);
	must(procq_signal(c, slot, SIGTERM, 0) == -ENOTSUP);
	must(lives(pid));
	must(collect(c, &e) == 0);
	slot = orphan(pid, pq_ident_of(PQ_IDENT_START, -1, pid) + 1,
		      PQ_F_START);
	must(take(c, slot) == 0);
	must(flight(slot)->verdict == PQ_VERDICT_STALE);
	must(procq_signal(c, slot, SIGTERM, 0) == -ESRCH);
	must(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE);
	must(lives(pid));
	/* A living parent's, which something else has reaped. */
	slot = enter(p, &(struct made){
		(int32_t)pid, pq_ident_of(PQ_IDENT_START, -1, pid) + 1,
		PQ_F_START });
	must(take(c, slot) == 0);
	must(flight(slot)->verdict == PQ_VERDICT_STALE);
	must(procq_signal(c, slot, SIGTERM, 0) == -ESRCH);
	fixture_end(pid);
	must(collect(c, &e) == 1);
#endif
}

int main(void)
{
	taking_begin("take-pin");
	if (pins && pq_ident_kind() != PQ_IDENT_NONE) {
		test_orphans();
		test_reaped_by_others();
	}
	if (pins && calls_try()) {
		test_order();
#if PQ_USE_STARTTIME
		test_dies_meanwhile();
#endif
	}
#if PQ_USE_STARTTIME && defined __linux__
	if (pins)
		test_namespace();
#endif
	unpinned(orphans_unpinned, "without pins orphans are not signalled");
	return done();
}
