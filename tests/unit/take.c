/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/take.c - the consumer's side: which process is pinned, which is none
 * of ours, who is signalled and who must not be, how a death is told; with
 * pins and, in a sandbox that forbids them, without.
 *
 * Records are filled with the pids of bystanders, children of this test. A
 * bystander that should live and does not is a process that procq has killed
 * by mistake.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>
#ifdef __linux__
# include <linux/filter.h>
# include <linux/seccomp.h>
#endif

#include "../kit/tap.h"

#include "bell.h"
#include "clock.h"
#include "../kit/fixture.h"
#include "../kit/calls.h"
#include "identity.h"
#include "layout.h"
#include "take.h"

#define CAPACITY 8
#define NO_HINT UINT64_MAX

static struct procq *p, *c;
static struct pq_segment *seg;
static bool pins;
static const struct pq_status status = { PROCQ_CAUSE_EXIT, 3, 1, 1, 1 };

static void setup(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
}

static void teardown(void)
{
	is_int(fixture_sum(p), 0, "started = retired + exited + lost + present");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

/* ---- bystanders ---- */

static void idle(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static pid_t bystander(void)
{
	return fixture_fork(idle, NULL);
}

static bool lives(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	/* Time for a signal to arrive that should not. */
	fixture_sleep(5 * PQ_MILLI);
	return waitid(P_PID, (id_t)pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

static void end(pid_t pid)
{
	need(pid > 1);
	kill(pid, SIGKILL);
	fixture_wait(pid);
}

static void await_death(pid_t pid)
{
	siginfo_t info;

	need(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
}

/* ---- records ---- */

struct made {
	int32_t pid;
	uint64_t ident;
	uint32_t flags;
};

static uint32_t enter(struct procq *q, const struct made *made)
{
	struct pq_origin origin = { .incarnation = q->incarnation,
				    .flags = made->flags };
	uint64_t word;
	int64_t slot = pq_record_reserve(q->seg, q->place + 1, &origin, &word);

	need(slot >= 0 && fixture_enter(q->seg, (uint32_t)slot, word,
					made->pid, made->ident) > 0);
	return (uint32_t)slot;
}

static void enter_and_die(void *arg)
{
	enter(fixture_open(PROCQ_ROLE_PRODUCER, 0), arg);
	fixture_killed();
}

/* … a while after that, in which it has shown that it lives. */
static void enter_and_die_later(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);

	enter(q, arg);
	fixture_sleep(50 * PQ_MILLI);
	pq_member_show_alive(q->seg, q->place);
	fixture_killed();
}

static uint32_t slot_of(int32_t pid)
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

/* A queued record whose producer is dead. */
static uint32_t orphan(pid_t pid, uint64_t ident, uint32_t flags)
{
	struct made made = { (int32_t)pid, ident, flags };

	need(fixture_run(flags & PQ_F_START ? enter_and_die_later
					    : enter_and_die, &made) ==
	     -SIGKILL);
	return slot_of((int32_t)pid);
}

/* One of p's. */
static uint32_t entered(pid_t pid)
{
	struct made made = { (int32_t)pid, 0, 0 };

	return enter(p, &made);
}

static int take(struct procq *q, uint32_t slot)
{
	return pq_take(q, slot, pq_load_word(q->seg, slot), NO_HINT);
}

static struct pq_flight *flight(uint32_t slot)
{
	struct pq_flight *f = pq_flights_find(&c->flights, slot);

	need(f);
	return f;
}

static uint64_t ident_of(enum pq_ident_kind kind, pid_t pid)
{
	int pin = pq_pin(pid);
	uint64_t ident = pq_ident_of(kind, pin, pid);

	need(pin >= 0 && ident);
	close(pin);
	return ident;
}

static uint64_t sent(uint32_t slot)
{
	return atomic_load(&seg->records[slot].sent);
}

/* Look at all pins now. */
static int collect(struct procq *q, struct procq_event *e)
{
	q->flights.polled = 0;
	return procq_collect(q, e);
}

/* ---- whose pid is it? ---- */

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
	uint32_t slot = orphan(pid, ident, flags);
	int rc;

	need(take(c, slot) == 0);
	ok(flight(slot)->orphan && flight(slot)->verdict == want, "%s", what);
	if (want == PQ_VERDICT_UNPROVEN)
		is_int(collect(c, &e), 0, "… it is not told as dead");
	rc = procq_signal(c, slot, SIGKILL, 0);
	is_int(rc, answers[want], "… who signals it is told so");
	if (want != PQ_VERDICT_PINNED) {
		ok(lives(pid), "… and nobody gets a signal");
		ok(sent(slot) == 0, "… nor is one noted");
	}
	if (want != PQ_VERDICT_STALE)
		end(pid);
	rc = collect(c, &e);
	ok(rc == 1 && fixture_state(p, slot) == PROCQ_STATE_FREE &&
		   e.type == (want == PQ_VERDICT_STALE ? PROCQ_EVENT_STALE
						       : PROCQ_EVENT_RETIRED) &&
		   e.cause == PROCQ_CAUSE_UNKNOWN,
	   "… its end is told as it should be");
	if (want == PQ_VERDICT_STALE)
		end(pid);
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
	pid = bystander();
	made.pid = (int32_t)pid;
	made.ident = ident_of(kind, pid);
	slot = enter(p, &made);
	need(take(c, slot) == 0);
	ok(!flight(slot)->orphan && flight(slot)->verdict == PQ_VERDICT_PINNED,
	   "a living parent's child");
	pq_record_mark(seg, slot, p->place, &status);
	need(collect(c, &e) == 1);
	made.ident++;
	slot = enter(p, &made);
	need(take(c, slot) == 0);
	ok(!flight(slot)->orphan && flight(slot)->verdict == PQ_VERDICT_STALE,
	   "a living parent's child whose pid is another's");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "is not there");
	ok(lives(pid) && sent(slot) == 0, "and the other gets no signal");
	collect(c, &e);
	flight(slot)->died = procq_now() - 60 * PQ_SECOND;
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE, "it is told so");
	pq_record_mark(seg, slot, p->place, &status);
	is_int(fixture_state(p, slot), PROCQ_STATE_FREE, "its parent frees it");
	/* Marked in between: the pin is not kept. */
	slot = enter(p, &made);
	word = pq_load_word(seg, slot);
	pq_record_mark(seg, slot, p->place, &status);
	fd = dup(0);
	close(fd);
	is_int(pq_take(c, slot, word, NO_HINT), -EAGAIN, "the word says no");
	is_int(dup(0), fd, "no descriptor is left of it");
	close(fd);
	need(take(c, slot) == 0 && collect(c, &e) == 1);
	end(pid);
	teardown();
}

/* Stopped between its word and its hint, a child outlives its producer's
 * handle, and is killed. */
static void test_left_without_hint(void)
{
	struct procq *other;
	struct pq_hint hint;
	uint32_t slot;
	pid_t pid;

	setup();
	other = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	pid = bystander();
	slot = enter(other, &(struct made){ (int32_t)pid, 0, 0 });
	need(pq_ring_peek(&seg->ready, &hint));
	pq_ring_skip(&seg->ready, &hint);
	need(pq_intmap_reserve(&other->children) == 0);
	pq_intmap_put(&other->children, (int32_t)pid, slot);
	procq_close(other);
	ok(pq_ring_peek(&seg->ready, &hint) && hint.index == slot,
	   "who leaves children behind puts their hints in");
	end(pid);
	need(take(c, slot) == 0);
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
	       "who is in no place has shown nothing");
	pq_sweep_dead(seg, NULL);
	ok(is_sure(slots[0]), "a sweep vouches for an earlier start");
	ok(!is_sure(slots[1]), "not for a later one");
	ok(!is_sure(slots[2]), "nor for what is no start");
	ok(!is_sure(slots[3]), "nor for one of another producer");
	pq_record_mark(seg, slots[3], p->place, &status);
	for (int i = 0; i < 4; i++) {
		struct procq_event e;

		need(take(c, slots[i]) == 0);
		is_int(collect(c, &e), 1, "told");
	}
}

/* Which may have a pid again that was another's in the same clock tick. */
static void test_same_tick(void)
{
	struct procq_event e;
	struct made made = { .flags = PQ_F_START };
	struct procq *other;
	uint32_t slot, kept;
	pid_t pid = bystander();

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
	end(pid);
	is_int(collect(c, &e), 1, "told when it has gone");

	pid = bystander();
	slot = orphan(pid, ident_of(PQ_IDENT_START, pid), PQ_F_START);
	pq_sweep_dead(seg, NULL);
	other = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	need(take(c, slot) == 0);
	is_int(flight(slot)->verdict, PQ_VERDICT_PINNED,
	       "seen after it: the sweep says so when its place is another's");

	made.pid = (int32_t)bystander();
	made.ident = ident_of(PQ_IDENT_START, made.pid);
	kept = enter(other, &made);
	fixture_sleep(50 * PQ_MILLI);
	pq_member_show_alive(seg, other->place);
	procq_close(other);
	need(take(c, kept) == 0);
	is_int(flight(kept)->verdict, PQ_VERDICT_PINNED,
	       "who leaves says so, too");
	end(pid);
	end(made.pid);
	for (int i = 0; i < 2; i++)
		is_int(collect(c, &e), 1, "told");
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
	pid = bystander();
	judge(pid, ident_of(kind, pid), flags, PQ_VERDICT_PINNED,
	      "an orphan whose identity is the recorded one");
	pid = bystander();
	judge(pid, ident_of(kind, pid) + 1, flags, PQ_VERDICT_STALE,
	      "another process has its pid");
	judge(bystander(), 0, flags, PQ_VERDICT_UNPROVEN,
	      "no identity was recorded");
#if PQ_USE_STARTTIME
	pid = bystander();
	judge(pid, ident_of(PQ_IDENT_START, pid), PQ_F_START, PQ_VERDICT_PINNED,
	      "its start time is the recorded one");
	test_same_tick();
	test_vouching();
	pid = bystander();
	judge(pid, ident_of(PQ_IDENT_START, pid) + 1, PQ_F_START,
	      PQ_VERDICT_STALE, "another has its pid, by the start time");
#endif
	/* A zombie of the right identity: it died with its parent. */
	pid = bystander();
	ident = ident_of(kind, pid);
	kill(pid, SIGKILL);
	await_death(pid);
	slot = orphan(pid, ident, flags);
	need(take(c, slot) == 0);
	ok(flight(slot)->verdict == PQ_VERDICT_STALE && pq_take_any_dead(c),
	   "an orphan that is dead already");
	fixture_wait(pid);
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE,
	   "… is told as one that was not there any more");
	slot = orphan(pid, ident, flags);
	need(take(c, slot) == 0);
	ok(flight(slot)->verdict == PQ_VERDICT_STALE && flight(slot)->pin < 0,
	   "an orphan whose pid is nobody's");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "… is not there");
	ok(collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE, "… and told so");
	slot = orphan(0, ident, flags);
	need(take(c, slot) == 0);
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH,
	       "an orphan without a pid signals nobody");
	is_int(collect(c, &e), 1, "… and is told");
	teardown();
}

/* ---- taking ---- */

static int lowest_fd(void)
{
	int fd = dup(STDOUT_FILENO);

	need(fd >= 0);
	close(fd);
	return fd;
}

static void test_take(void)
{
	struct procq_process d;
	struct rlimit limit, low;
	pid_t pid;
	uint64_t word, old;
	uint32_t slot;
	int fd;

	setup();
	pid = bystander();
	slot = entered(pid);
	fd = lowest_fd();
	old = pq_load_word(seg, slot);
	word = old;
	need(pq_record_move(seg, slot, &word,
			    pq_word_take(word, p->place + 1)));
	need(pq_record_return(seg, slot, p->place + 1));
	is_int(pq_take(c, slot, old, NO_HINT), -EAGAIN,
	       "a word that has changed is not taken");
	is_int(lowest_fd(), fd, "and its pin is closed");
	is_int(procq_in_flight(c), 0, "nor is it in flight");

	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)fd;
	setrlimit(RLIMIT_NOFILE, &low);
	word = pq_load_word(seg, slot);
	if (pins)
		is_int(take(c, slot), -EMFILE, "no descriptor, no pin");
	setrlimit(RLIMIT_NOFILE, &limit);
	ok(pq_load_word(seg, slot) == word, "so it is not taken");

	atomic_store(&seg->records[slot].seq,
		     atomic_load(&seg->records[slot].seq) >> PQ_SEQ_BITS <<
		     PQ_SEQ_BITS);
	need(take(c, slot) == 0);
	pq_record_describe(seg, slot, pq_load_word(seg, slot), &d);
	is_int((intmax_t)d.seq, 0, "taken by no hint: its seq is unknown");
	ok(d.state == PROCQ_STATE_TAKEN && d.consumer == c->incarnation,
	   "taken");
	is_int(procq_give_back(c, slot), 0, "given back");
	ok(fixture_state(p, slot) == PROCQ_STATE_QUEUED &&
		   procq_in_flight(c) == 0 &&
		   fixture_hints(&seg->ready, slot) == 1 && lowest_fd() == fd,
	   "it is queued again, with a hint, and without a pin");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "it is not ours");
	need(pq_take(c, slot, pq_load_word(seg, slot), 41) == 0);
	pq_record_describe(seg, slot, pq_load_word(seg, slot), &d);
	is_int((intmax_t)d.seq, 42, "taken by a hint: that is its place");
	end(pid);
	pq_record_mark(seg, slot, p->place, &status);
	procq_collect(c, &(struct procq_event){ .type = 0 });
	teardown();
}

static void test_next(void)
{
	struct pq_hint hint;
	uint64_t word;
	uint32_t slot;

	setup();
	pq_ring_append(&seg->ready, PQ_HINT_INDEX_MASK, 0, NULL);
	pq_ring_append(&seg->ready, 3, 0, NULL);	/* it is free */
	slot = entered(1);
	pq_ring_append(&seg->ready, slot, 77, NULL);
	is_int(pq_take_next(c, &hint, &word), 0,
	       "hints that lead nowhere are passed over");
	ok(hint.index == slot && word == pq_load_word(seg, slot),
	   "to one that is true");
	need(pq_record_move(seg, slot, &word,
			    pq_word_take(word, c->place + 1)));
	is_int(pq_take_next(c, &hint, &word), -EAGAIN, "then there is none");
	ok(!pq_ring_peek(&seg->ready, &hint), "the stale ones are gone");

	pq_ring_append(&seg->free, PQ_HINT_INDEX_MASK, 0, NULL);
	for (int i = 1; i < CAPACITY; i++)
		entered(1);
	is_int(pq_record_reserve(seg, p->place + 1, &(struct pq_origin){ 0 },
				 &word), -EAGAIN,
	       "a hint of room that leads nowhere is passed over too");
	pq_record_return(seg, slot, c->place + 1);
	for (uint32_t i = 0; i < CAPACITY; i++)
		pq_record_mark(seg, i, p->place, &status);
	teardown();
}

static void test_find(void)
{
	struct procq_process d;
	struct procq *other;
	struct made made = { 1, 0, 0 };
	uint64_t word;
	uint32_t mine, its;

	setup();
	other = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	mine = enter(p, &made);
	its = enter(other, &made);
	is_int(pq_take_find(c, 0, false, &word), -EAGAIN,
	       "none has exited yet");
	is_int(pq_take_find(c, other->incarnation, true, &word), its,
	       "one of a certain producer's");
	is_int(pq_take_find(c, p->incarnation, true, &word), mine,
	       "… and of another's");
	is_int(pq_take_find(c, 0, true, &word), its, "the search goes on");
	is_int(pq_take_find(c, 0, true, &word), mine, "… round the records");
	pq_record_mark(seg, its, other->place, &status);
	is_int(pq_take_find(c, 0, false, &word), its, "one that has exited");
	ok(procq_take_exited(c, &d) == 0 && d.slot == its, "it can be taken");
	is_int(procq_take_exited(c, &d), -EAGAIN, "it was the only one");
	pq_record_mark(seg, mine, p->place, &status);
	procq_close(other);
	teardown();
}

/* A ring full behind a true head: what finds no place there gets one later. */
static void test_lacking(void)
{
	uint32_t slots[4], order[4] = { 0 };
	struct pq_hint hint;
	uint64_t word, size;
	int n = 0;

	setup();
	size = seg->ready.size;
	for (int i = 0; i < 2; i++)
		slots[i] = entered(1);
	for (uint64_t i = 2; i < size; i++)
		pq_ring_append(&seg->ready, CAPACITY - 1, 7, NULL);
	ok(pq_ring_full(&seg->ready), "the ring is full");
	for (int i = 2; i < 4; i++) {
		struct pq_origin origin = { .incarnation = p->incarnation };
		struct pq_entry entry = { 1, 1, pq_clock_life() };
		uint64_t seq = 9;
		int64_t slot = pq_record_reserve(seg, p->place + 1, &origin,
						 &word);

		slots[i] = (uint32_t)slot;
		ok(pq_record_enter(seg, slots[i], word, &entry, &seq) &&
		   seq == 0, "who enters now has no place in the order yet");
	}
	ok(atomic_load(&seg->header->lacking) != 0, "which is written down");
	while (n < 4 && pq_take_next(c, &hint, &word) == 0) {
		order[n++] = hint.index;
		need(pq_record_move(seg, hint.index, &word,
				    pq_word_take(word, c->place + 1)));
		pq_ring_skip(&seg->ready, &hint);
	}
	ok(n == 4 && order[0] == slots[0] && order[1] == slots[1],
	   "all four are found, in the order of those that have one");
	is_int((intmax_t)atomic_load(&seg->header->lacking), 0,
	       "nothing is lacking any more");
	for (int i = 0; i < 4; i++)
		pq_record_mark(seg, slots[i], p->place, &status);
	for (int i = 0; i < 4; i++)
		pq_record_release(seg, slots[i], c->place,
				  pq_load_word(seg, slots[i]), PQ_TALLY_RETIRED,
				  true);
	teardown();
}

/* ---- signalling ---- */

static uint32_t spawn(struct procq *q, uint32_t flags, pid_t *pid)
{
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq_process d;

	command.flags = flags | PROCQ_SPAWN_ENTERED;
	need(procq_spawn(q, &command, &d) == 0);
	*pid = d.pid;
	return d.slot;
}

/* Reap and collect until its death is told. */
static int await_event(struct procq *producer, struct procq *consumer,
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

static void test_signal(void)
{
	struct procq_event e;
	struct procq_stat s;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, 0, &pid);
	is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
	       "who has not taken it does not signal it");
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
	kill(pid, SIGKILL);
	await_death(pid);
	pq_record_mark(seg, slot, p->place, &status);
	ok(pq_take_any_dead(c), "one is marked as dead");
	is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
	       "the dead are not signalled");
	is_int((intmax_t)sent(slot), 0, "nor is it noted");
	ok(collect(c, &e) == 1 && e.cause == PROCQ_CAUSE_EXIT && e.code == 3,
	   "its end is told as its parent marked it");
	procq_reap(p);

	/* The same, but its parent has not looked yet. */
	if (pins) {
		slot = spawn(p, 0, &pid);
		need(take(c, slot) == 0);
		kill(pid, SIGKILL);
		await_death(pid);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "a zombie is not signalled");
		is_int((intmax_t)sent(slot), 0,
		       "so its end is not ours to claim");
		need(procq_reap(p) == 1);
		ok(collect(c, &e) == 1 && e.cause == PROCQ_CAUSE_SIGNAL &&
			   e.code == SIGKILL && e.step == 0,
		   "it is told as its own");
	}

	/* Dead when it was taken, so it was not pinned, and somebody who may
	 * write to the object says otherwise. */
	slot = spawn(p, 0, &pid);
	kill(pid, SIGKILL);
	await_death(pid);
	need(procq_reap(p) == 1 && take(c, slot) == 0);
	atomic_fetch_and(&seg->records[slot].word,
			 ~((uint64_t)PQ_DEAD << PQ_FLAGS_SHIFT));
	is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
	       "what was never pinned is not signalled");
	atomic_fetch_or(&seg->records[slot].word,
			(uint64_t)PQ_DEAD << PQ_FLAGS_SHIFT);
	is_int(collect(c, &e), 1, "but told");
	if (pins) {
		/* Reaped, and not marked: the signal fails. */
		pid = bystander();
		slot = entered(pid);
		need(take(c, slot) == 0);
		end(pid);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "who is not there gets no signal");
		is_int((intmax_t)sent(slot), 0, "and none is noted");
		pq_record_mark(seg, slot, p->place, &status);
		is_int(collect(c, &e), 1, "told");
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
	uint32_t slot = spawn(p, PROCQ_SPAWN_GROUP, &pid);

	*other = bystander();
	need(setpgid(*other, pid) == 0);
	need(take(c, slot) == 0);
	kill(pid, SIGKILL);
	await_death(pid);
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
		siginfo_t stopped;
		pid_t pid, other = bystander();
		uint32_t slot = spawn(p, PROCQ_SPAWN_GROUP, &pid);

		need(setpgid(other, pid) == 0);
		need(take(c, slot) == 0);
		kill(other, SIGSTOP);
		need(waitid(P_PID, (id_t)other, &stopped,
			    WSTOPPED | WNOWAIT) == 0);
		if (whose == OURS)
			need(procq_signal(c, slot, SIGTERM, 0) == 0);
		else
			need(pid > 1 && kill(pid, SIGKILL) == 0);
		await_death(pid);
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
			end(other);
		}
		need(collect(c, &e) == 1);
	}
}

static void test_group(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid, other;

	setup();
	for (int alone = 1; alone >= 0; alone--) {
		slot = spawn(p, PROCQ_SPAWN_GROUP, &pid);
		other = bystander();
		need(setpgid(other, pid) == 0);
		need(take(c, slot) == 0);
		ok(procq_signal(c, slot, SIGTERM, alone) >= 0, "signalled");
		is_int(await_event(p, c, &e), 1, "it dies");
		if (alone) {
			ok(lives(other), "alone: its group lives on");
			end(other);
		} else {
			is_int(fixture_wait(other), -SIGTERM,
			       "else its group dies, too");
		}
	}
	if (pins) {
		slot = take_dead_leader(&other);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "its leader is a zombie");
		is_int(fixture_wait(other), -SIGTERM, "the rest is not");
		is_int(await_event(p, c, &e), 1, "told");
		slot = take_dead_leader(&other);
		/* As its parent does, before it reaps. */
		pq_record_mark(seg, slot, p->place, &status);
		is_int(procq_signal(c, slot, SIGTERM, 0), -ESRCH,
		       "a leader that is marked has ended");
		/* What reached it would end it once it runs, which it may not
		 * have done yet. */
		usleep(100000);
		ok(lives(other), "and the rest is not signalled any more");
		end(other);
		is_int(await_event(p, c, &e), 1, "told");
		test_stopped_rest();
	}
	teardown();
}

/* ---- collecting ---- */

static void test_unmarked(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, 0, &pid);
	need(take(c, slot) == 0);
	is_int(collect(c, &e), 0, "it lives: nothing to tell");
	kill(pid, SIGKILL);
	await_death(pid);
	/* A minute ahead, so that no machine is too slow for it. */
	collect(c, &e);
	flight(slot)->died = procq_now() + 60 * PQ_SECOND;
	is_int(collect(c, &e), 0,
	       "dead and not marked: its parent has a while for that");
	flight(slot)->died = procq_now() - 60 * PQ_SECOND;
	ok(collect(c, &e) == 1 && e.cause == PROCQ_CAUSE_UNKNOWN &&
		   e.process.pid == pid,
	   "then its end is told without its cause");
	is_int(fixture_state(p, slot), PROCQ_STATE_GONE,
	       "its record waits for its parent");
	procq_reap(p);
	is_int(fixture_state(p, slot), PROCQ_STATE_FREE, "which frees it");
	teardown();
}

/* ---- what happens in between ---- */

struct order {
	uint32_t slot;
};

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
	pid = bystander();
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
	is_int(pinned, 1, "who takes pins the process");
	is_int(taken_early, 0, "… before it takes it");
	ok(looked > 0, "… and sees in between that its parent lives");
	is_int(noted, 1, "who signals has noted it before");
	end(pid);
	pq_sweep_dead(seg, NULL);
	pq_record_mark(seg, o.slot, p->place, &status);
	teardown();
}

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
	struct call call;
	pid_t pid, tracee;
	int wstatus;
	bool marked = false;

	setup();
	pid = bystander();
	o.slot = entered(pid);
	tracee = calls_start(collect_traced, &o);
	end(pid);
	while (calls_next(tracee, &call, &wstatus))
		if (!marked && calls_is_look(&call)) {
			pq_record_mark(seg, o.slot, p->place, &status);
			marked = true;
		}
	ok(marked && WIFEXITED(wstatus), "a mark overtakes who collects");
	is_int(WEXITSTATUS(wstatus), 111,
	       "the death is told once, with its cause");
	is_int(fixture_state(p, o.slot), PROCQ_STATE_FREE,
	       "the record is free");
	teardown();
}

static void enter_and_stay(void *arg)
{
	enter(fixture_open(PROCQ_ROLE_PRODUCER, 0), arg);
	raise(SIGSTOP);
	idle(NULL);
}

/* The parent dies after the look that finds it alive, before GONE. */
static void test_parent_dies(void)
{
	struct order o;
	struct made made;
	struct call call;
	pid_t pid, parent, tracee;
	int wstatus, looks = 0;

	setup();
	pid = bystander();
	made = (struct made){ (int32_t)pid, 0, 0 };
	parent = fixture_fork(enter_and_stay, &made);
	need(waitpid(parent, &wstatus, WUNTRACED) == parent &&
	     WIFSTOPPED(wstatus));
	o.slot = slot_of((int32_t)pid);
	tracee = calls_start(collect_traced, &o);
	end(pid);
	while (calls_next(tracee, &call, &wstatus)) {
		looks += calls_is_look(&call);
		/* The end of the first look. */
		if (looks == 1 && call.op == 2) {
			end(parent);
			pq_sweep_dead(seg, NULL);
			looks++;
		}
	}
	ok(looks > 2 && WIFEXITED(wstatus),
	   "its parent dies just before a death is told");
	is_int(WEXITSTATUS(wstatus), 110,
	       "the record does not wait for the dead");
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
	pid = bystander();
	o.slot = orphan(pid, ident_of(PQ_IDENT_START, pid) + 1, PQ_F_START);
	tracee = calls_start(judge_traced, &o);
	while (calls_next(tracee, &call, &wstatus))
		if (!dead && calls_is_open(&call)) {
			kill(pid, SIGKILL);
			await_death(pid);
			dead = true;
		}
	ok(dead && WIFEXITED(wstatus) &&
		   WEXITSTATUS(wstatus) == PQ_VERDICT_STALE,
	   "another that dies while it is looked at is none of ours, still");
	fixture_wait(pid);
	pq_sweep_dead(seg, NULL);
	need(take(c, o.slot) == 0);
	is_int(collect(c, &(struct procq_event){ .type = 0 }), 1, "told");
	teardown();
}
#endif

/* ---- where there are no pins ---- */

/* In a child: say what is wrong, and end. */
#define must(good) \
	do { \
		if (!(good)) { \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #good); \
			fflush(stdout); \
			_exit(1); \
		} \
	} while (0)

static void forbid_pins(void)
{
#ifdef __linux__
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		sizeof(filter) / sizeof(*filter), filter,
	};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
#endif
}

/* The handles of the child, in place of the test's. */
static void setup_unpinned(void)
{
	forbid_pins();
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
	must(pq_pin(getpid()) == -ENOSYS);
}

static uint32_t taken_unpinned(pid_t *pid, enum pq_verdict want)
{
	uint32_t slot = spawn(p, 0, pid);

	must(take(c, slot) == 0);
	must(flight(slot)->verdict == want);
	return slot;
}

static bool is_asked(uint32_t slot)
{
	return pq_word_flags(pq_load_word(seg, slot)) & PQ_ASK;
}

static void ask(void *arg)
{
	struct pq_participant *parent;
	struct procq_event e;
	siginfo_t stopped;
	uint32_t slot;
	pid_t pid;

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
	must(waitid(P_PID, (id_t)pid, &stopped, WSTOPPED | WNOWAIT) == 0);
	must(procq_signal(c, slot, SIGTERM, 0) == 1);
	/* It is asked for that, and nothing takes the place of what it is
	 * asked. */
	must(procq_signal(c, slot, SIGCONT, 0) == 1);
	must(is_asked(slot) && sent(slot) >> 56 == SIGTERM);
	must(await_event(p, c, &e) == 1);
	must(e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGTERM && e.step == 2);
	must(fixture_state(p, slot) == PROCQ_STATE_FREE);
	must(fixture_sum(p) == 0);
	_exit(0);
}

/* It is dead, or its parent is. */
static void ask_in_vain(void *arg)
{
	struct made made;
	struct procq_event e;
	pid_t pid = bystander(), parent;
	uint32_t slot;
	int wstatus;

	(void)arg;
	setup_unpinned();
	made = (struct made){ (int32_t)pid, 0, 0 };
	parent = fixture_fork(enter_and_stay, &made);
	must(waitpid(parent, &wstatus, WUNTRACED) == parent);
	slot = slot_of((int32_t)pid);
	must(take(c, slot) == 0);
	must(flight(slot)->verdict == PQ_VERDICT_BY_PARENT);
	end(parent);
	must(procq_signal(c, slot, SIGTERM, 0) == -ENOTSUP);
	must(sent(slot) == 0 && !is_asked(slot));
	must(collect(c, &e) == 0);
	must(lives(pid));

	/* Of a living parent only the mark tells. */
	made.pid = 0x3ffffff0;
	slot = enter(p, &made);
	must(take(c, slot) == 0);
	flight(slot)->died = 1;
	must(collect(c, &e) == 0);
	pq_record_mark(seg, slot, p->place, &status);
	must(collect(c, &e) == 1);
	must(collect(c, &e) == 0);
	/* Of a dead one, that nobody has the pid any more. */
	end(pid);
	must(collect(c, &e) == 1 && e.process.pid == pid &&
	     e.cause == PROCQ_CAUSE_UNKNOWN);
	_exit(0);
}

static void ask_traced(void *arg)
{
	const struct order *o = arg;
	struct procq *q;
	int rc;

	forbid_pins();
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
	struct call call;
	pid_t pid, tracee;
	int wstatus;
	bool marked = false;

	setup();
	pid = bystander();
	o.slot = entered(pid);
	tracee = calls_start(ask_traced, &o);
	end(pid);
	while (calls_next(tracee, &call, &wstatus))
		if (!marked && calls_is_look(&call)) {
			pq_record_mark(seg, o.slot, p->place, &status);
			marked = true;
		}
	ok(marked && WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0,
	   "a parent that marks it is not asked, and nothing is noted");
	pq_sweep_dead(seg, NULL);
	teardown();
}

static void orphans_unpinned(void *arg)
{
	struct procq_event e;
	pid_t pid = bystander();
	uint32_t slot;

	(void)arg;
	setup_unpinned();
	slot = orphan(pid, 0, 0);
	must(take(c, slot) == 0);
	must(flight(slot)->verdict == PQ_VERDICT_UNPROVEN);
	must(procq_signal(c, slot, SIGTERM, 0) == -ENOTSUP);
	must(collect(c, &e) == 0);
	must(lives(pid));
	end(pid);
	must(collect(c, &e) == 1);
#if PQ_USE_STARTTIME
	pid = bystander();
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
	end(pid);
	must(collect(c, &e) == 1);
#endif
	_exit(0);
}

/* ---- beside a parent that marks ---- */

#define MARKS 200000

/* Enters one after the other, all dead at once. */
static void *enter_and_mark(void *arg)
{
	struct pq_origin origin = { .incarnation = p->incarnation };
	uint64_t word;

	for (int n = 0; n < MARKS; ) {
		int64_t slot = pq_record_reserve(seg, p->place + 1, &origin,
						 &word);

		if (slot < 0) {
			sched_yield();
			continue;
		}
		fixture_enter(seg, (uint32_t)slot, word, 1, 1);
		pq_record_mark(seg, (uint32_t)slot, p->place, &status);
		n++;
	}
	atomic_store((_Atomic bool *)arg, true);
	return NULL;
}

/* False: there is none to take. */
static bool take_marked(void)
{
	struct pq_hint hint;
	uint64_t word, to;

	if (pq_take_next(c, &hint, &word) < 0)
		return false;
	to = pq_word_take(word, c->place + 1);
	if (!pq_record_move(seg, hint.index, &word, to))
		return true;
	pq_ring_skip(&seg->ready, &hint);
	while (!(pq_word_flags(to) & PQ_DEAD)) {
		sched_yield();
		to = pq_load_word(seg, hint.index);
	}
	need(pq_record_release(seg, hint.index, c->place, to, PQ_TALLY_EXITED,
			       true));
	return true;
}

/* A record that is marked while its hint is looked at keeps the hint. */
static void test_marked_meanwhile(void)
{
	_Atomic bool all = false;
	struct procq_stat s;
	pthread_t thread;
	bool more;

	setup();
	need(pthread_create(&thread, NULL, enter_and_mark, &all) == 0);
	do {
		more = !atomic_load(&all);
		while (take_marked())
			;
		procq_stat(c, &s);
		if (s.present < CAPACITY) {
			sched_yield();
			continue;
		}
		/* Full, and no hint leads to any of them: for ever? */
		fixture_sleep(10 * PQ_MILLI);
		if (!take_marked())
			break;
	} while (more);
	procq_stat(c, &s);
	is_int((intmax_t)s.present, 0, "no hint is thrown out as it is marked");
	pq_sweep_hints(seg);
	while (take_marked() || !atomic_load(&all))
		;
	pthread_join(thread, NULL);
	while (take_marked())
		;
	teardown();
}

static void unpinned(void (*body)(void *), const char *what)
{
	is_int(fixture_run(body, NULL), 0, what);
	fixture_clean();
}

int main(void)
{
	int fd;

	fixture_begin("take");
	fd = pq_pin(getpid());
	pins = fd >= 0;
	if (pins)
		close(fd);
	if (pins && pq_ident_kind() != PQ_IDENT_NONE) {
		test_orphans();
		test_reaped_by_others();
	}
	test_left_without_hint();
	test_take();
	test_next();
	test_find();
	test_lacking();
	test_marked_meanwhile();
	test_signal();
	test_group();
	if (pins)
		test_unmarked();
	if (pins && calls_try()) {
		test_order();
		test_overtaken();
		test_parent_dies();
#if PQ_USE_STARTTIME
		test_dies_meanwhile();
#endif
	}
	if (calls_work)
		test_ask_late();
	unpinned(ask, "without pins a parent is asked to signal");
	unpinned(ask_in_vain, "… in vain, where it is dead");
	unpinned(orphans_unpinned, "… and orphans are not signalled");
	return done();
}
