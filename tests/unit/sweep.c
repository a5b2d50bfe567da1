/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/sweep.c - repairing after the dead: reservations, taken records, told
 * ones, missing hints; once or several times, by one or by many at once; and
 * nobody alive is robbed.
 */
#include <config.h>

#include "../kit/tap.h"

#include <sched.h>

#include "bell.h"
#include "../kit/fixture.h"
#include "../kit/records.h"
#include "tally.h"

#define CAPACITY 8

static struct procq *p;		/* a living producer, which also looks */
static struct pq_segment *seg;
static const struct pq_status status = { PROCQ_CAUSE_EXIT, 0, 1, 1, 1 };

static void setup(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	seg = p->seg;
}

/* At rest: every FREE, QUEUED and EXITED record has its hint, every word is
 * legal, nothing belongs to the dead, the sum is right. */
static int troubles(void)
{
	int n = fixture_sum(p) != 0;
	uint64_t member;

	for (uint32_t i = 0; i < CAPACITY; i++) {
		uint64_t w = pq_load_word(seg, i);

		n += !pq_word_valid(w);
		if (pq_word_state(w) == PROCQ_STATE_FREE)
			n += fixture_hints(&seg->free, i) < 1;
		if (pq_word_state(w) == PROCQ_STATE_QUEUED ||
		    pq_word_state(w) == PROCQ_STATE_EXITED)
			n += fixture_hints(&seg->ready, i) < 1;
		if (pq_word_owner(w))
			n += !atomic_load(
				&seg->participants[pq_word_owner(w) - 1]
					 .member);
	}
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		n += pq_member_dead(seg, i, &member);
	return n;
}

static void teardown(void)
{
	is_int(troubles(), 0, "at rest all is well");
	procq_close(p);
	fixture_clean();
}

static uint32_t enter(struct procq *q)
{
	uint64_t word;
	uint32_t slot = records_have(q, &word);

	need(fixture_enter(q->seg, slot, word, 1, 1));
	return slot;
}

static void take(struct procq *q, uint32_t slot)
{
	need(records_take_slot(q, slot));
}

/* Taken and told, while its parent has not marked it. */
static void tell(struct procq *q, uint32_t slot, enum pq_tally kind)
{
	take(q, slot);
	need(records_release(q, slot, kind, false));
}

/* ---- the dead ---- */

static void dead_producer(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	uint64_t word;

	for (int i = 0; i < *(int *)arg; i++)
		records_reserve(q, &word);
	fixture_killed();
}

/* Takes from slot 0 on; of those, each second one is dead. */
static void dead_consumer(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	for (int i = 0; i < *(int *)arg; i++) {
		take(q, (uint32_t)i);
		if (i % 2)
			fixture_mark(q->seg, (uint32_t)i, 0, &status);
	}
	fixture_killed();
}

/* Its children were told, but it did not live to mark them.
 * @param arg not NULL: it was about to leave, and had left its place */
static void dead_parent(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);

	tell(q, enter(q), PQ_TALLY_RETIRED);
	if (arg)
		pq_member_stand_up(q->seg, q->place, q->incarnation);
	fixture_killed();
}

/* ---- */

static void test_reserved(void)
{
	struct procq_report report = { 0 };
	uint64_t before, word;
	int n = 3, bad = 0;
	uint32_t mine;

	setup();
	mine = records_have(p, &word);
	before = pq_word_gen(pq_load_word(seg, 1));
	fixture_run(dead_producer, &n);
	for (uint32_t i = 1; i <= 3; i++)
		bad += fixture_state(p, i) != PROCQ_STATE_RESERVED;
	is_int(bad, 0, "a producer was killed with three reservations");
	is_int(pq_sweep_dead(seg, &report), 1, "it is swept");
	for (uint32_t i = 1; i <= 3; i++)
		bad += fixture_state(p, i) != PROCQ_STATE_FREE ||
		       fixture_hints(&seg->free, i) != 1;
	is_int(bad, 0, "they are free, each with its hint");
	is_int((intmax_t)pq_word_gen(pq_load_word(seg, 1)),
	       (intmax_t)before + 1, "in a new generation");
	ok(report.swept == 1 && report.freed == 3 && report.returned == 0 &&
	   report.hints == 3, "and the report says so");
	ok(pq_load_word(seg, mine) == word,
	   "a living producer's reservation is as it was");
	is_int(pq_sweep_dead(seg, NULL), 0, "a second sweep finds nobody");
	pq_record_cancel(seg, mine, word);
	teardown();
}

static void test_taken(void)
{
	struct procq_report report = { 0 };
	struct procq *c;
	uint64_t words[4], word;
	int n = 4, bad = 0;

	setup();
	for (int i = 0; i < 5; i++)
		enter(p);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	take(c, 4);
	word = pq_load_word(seg, 4);
	fixture_run(dead_consumer, &n);
	/* The hints of what was taken are gone. */
	pq_ring_format(&seg->ready);
	for (uint32_t i = 0; i < 4; i++) {
		words[i] = pq_load_word(seg, i);
		bad += pq_word_state(words[i]) != PROCQ_STATE_TAKEN;
	}
	is_int(bad, 0, "a consumer was killed with four, two of them dead");
	is_int(pq_sweep_dead(seg, &report), 1, "it is swept");
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t w = pq_load_word(seg, i);

		bad += w !=
		       pq_word(i % 2 ? PROCQ_STATE_EXITED : PROCQ_STATE_QUEUED,
			       PQ_RETURNED, 0, pq_word_gen(words[i]) + 1);
		bad += fixture_hints(&seg->ready, i) != 1;
	}
	is_int(bad, 0, "they are back, the dead as exited, each with its hint");
	ok(report.returned == 4 && report.freed == 0 && report.hints == 4,
	   "and the report says so");
	ok(pq_load_word(seg, 4) == word, "a living consumer keeps its own");
	is_int(pq_sweep_dead(seg, NULL), 0, "a second sweep finds nobody");
	procq_close(c);
	is_int(fixture_state(p, 4), PROCQ_STATE_QUEUED,
	       "a consumer that leaves puts back what it has");
	teardown();
}

static void test_gone(void)
{
	struct procq *c;

	setup();
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	/* One of a living parent's. */
	tell(c, enter(p), PQ_TALLY_RETIRED);
	fixture_run(dead_parent, NULL);
	is_int(fixture_state(p, 1), PROCQ_STATE_GONE,
	       "told, then its parent died");
	is_int(pq_sweep_dead(seg, NULL), 1, "the parent is swept");
	ok(fixture_state(p, 1) == PROCQ_STATE_FREE &&
		   fixture_hints(&seg->free, 1) == 1,
	   "the record is free");
	fixture_run(dead_parent, seg);
	is_int(pq_sweep_dead(seg, NULL), 0, "another is in no table any more");
	procq_close(fixture_open(PROCQ_ROLE_CONSUMER, 0));
	ok(fixture_state(p, 2) == PROCQ_STATE_FREE &&
		   fixture_hints(&seg->free, 2) == 1,
	   "the next that leaves frees its record");
	is_int(fixture_state(p, 0), PROCQ_STATE_GONE,
	       "that of a living parent waits for it");
	/* The taker that told is dead instead: no other's sweep frees it. */
	fixture_mark(seg, 0, p->place, &status);
	is_int(fixture_state(p, 0), PROCQ_STATE_FREE, "until it marks it");
	procq_close(c);
	teardown();
}

/* Enters one, and dies. */
static void dead_enterer(void *arg)
{
	(void)arg;
	enter(fixture_open(PROCQ_ROLE_PRODUCER, 0));
	fixture_killed();
}

/* Told when its parent was swept already, by one that died over it. */
static void test_gone_late(void)
{
	struct procq *c;
	int n = 0;

	setup();
	fixture_run(dead_enterer, NULL);
	is_int(pq_sweep_dead(seg, NULL), 1, "a parent is dead, and swept");
	is_int(fixture_state(p, 0), PROCQ_STATE_QUEUED, "its child stays");
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	tell(c, 0, PQ_TALLY_LOST);
	fixture_run(dead_producer, &n);
	is_int(pq_sweep_dead(seg, NULL), 1, "another one is swept later");
	is_int(fixture_state(p, 0), PROCQ_STATE_FREE,
	       "nothing waits for a parent that is long dead");
	procq_close(c);
	teardown();
}

/* A producer that leaves frees what waits for its mark, and nothing else. */
static void test_gone_leaves(void)
{
	struct procq *c, *other;
	uint32_t slots[2];

	setup();
	other = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	slots[0] = enter(other);
	slots[1] = enter(p);
	for (int i = 0; i < 2; i++)
		tell(c, slots[i], PQ_TALLY_RETIRED);
	ok(pq_sweep_left(seg, other->incarnation) &&
	   pq_sweep_left(seg, p->incarnation) &&
	   !pq_sweep_left(seg, c->incarnation),
	   "one can see whose marks are waited for");
	procq_close(other);
	is_int(fixture_state(p, slots[0]), PROCQ_STATE_FREE,
	       "a parent that leaves waits for nobody");
	is_int(fixture_state(p, slots[1]), PROCQ_STATE_GONE,
	       "what waits for another one waits on");
	procq_close(c);
	is_int(fixture_state(p, slots[1]), PROCQ_STATE_GONE,
	       "also when its taker leaves");
	fixture_mark(seg, slots[1], p->place, &status);
	teardown();
}

static void dead_waiter(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	(void)arg;
	pq_bell_show(q->seg, q->place, PROCQ_WAIT_ROOM | PROCQ_WAIT_READY);
	fixture_killed();
}

static void test_waiter(void)
{
	uint64_t bits;

	setup();
	fixture_run(dead_waiter, NULL);
	bits = atomic_load(&seg->header->room.bits[0]) &
	       atomic_load(&seg->header->arrivals.bits[0]);
	ok(bits != 0, "somebody was killed while it waited");
	is_int(pq_sweep_dead(seg, NULL), 1, "it is swept");
	bits = atomic_load(&seg->header->room.bits[0]) |
	       atomic_load(&seg->header->arrivals.bits[0]);
	ok(bits == 0, "and rung no more");
	teardown();
}

static int missing_after(struct pq_ring *ring, const uint32_t *slots, int n)
{
	int bad = 0;

	pq_ring_format(ring);
	pq_sweep_hints(seg);
	for (int i = 0; i < n; i++)
		bad += fixture_hints(ring, slots[i]) != 1;
	return bad;
}

static void test_hints(void)
{
	uint32_t in[3], out[5], slot, n = 0;
	uint64_t word;

	setup();
	for (int i = 0; i < 3; i++)
		in[i] = enter(p);
	fixture_mark(seg, in[1], p->place, &status);
	for (slot = 0; slot < CAPACITY; slot++)
		if (fixture_state(p, slot) == PROCQ_STATE_FREE && n < 5)
			out[n++] = slot;
	is_int(pq_sweep_hints(seg), 0, "no hint is missing");
	is_int(missing_after(&seg->ready, in, 3), 0,
	       "all hints of processes are mended");
	is_int(missing_after(&seg->free, out, 5), 0, "all hints of room too");
	is_int(pq_sweep_hints(seg), 0, "and only once");
	is_int(fixture_hints(&seg->ready, -1), 3, "three in one ring");
	is_int(fixture_hints(&seg->free, -1), 5, "five in the other");
	/* A hint of an earlier generation is none. */
	take(p, in[0]);
	word = pq_load_word(seg, in[0]);
	pq_record_move(seg, in[0], &word, pq_word_return(word));
	is_int(fixture_hints(&seg->ready, in[0]), 0, "a stale hint is none");
	is_int(pq_sweep_hints(seg), 1, "so it is mended");
	is_int(fixture_hints(&seg->ready, in[0]), 1, "and then there is one");
	teardown();
}

/* Killed with the ring's cell filled, but its tail not told. */
static void test_half_appended(void)
{
	struct pq_ring *r;
	uint64_t tail;

	setup();
	r = &seg->ready;
	enter(p);
	tail = atomic_load(&r->ends->tail);
	atomic_store(&r->ends->tail, tail - 1);
	is_int(pq_sweep_hints(seg), 0,
	       "a cell that was filled last counts as a hint");
	teardown();
}

/* ---- the living ---- */

/* A sweeper is stopped after it has found somebody dead; meanwhile the place
 * is swept by others and has a new tenant, with records of its own. */
static void test_late_sweeper(void)
{
	struct procq *tenant;
	struct pq_participant *place;
	uint64_t word, member;
	uint32_t slot;
	int n = 0;

	setup();
	place = &seg->participants[1];
	slot = enter(p);
	fixture_run(dead_producer, &n);
	member = atomic_load(&place->member);
	ok(pq_member_dead(seg, 1, &member), "somebody is found dead");
	pq_sweep_dead(seg, NULL);
	tenant = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	is_int(tenant->place, 1, "its place has a new tenant");
	take(tenant, slot);
	word = pq_load_word(seg, slot);
	pq_tally_repair(seg, 1, member);
	is_int(pq_sweep_dead(seg, NULL), 0, "nobody is dead now");
	ok(pq_load_word(seg, slot) == word, "the tenant keeps what it has");
	procq_close(tenant);
	teardown();
}

static void stopped_consumer(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	(void)arg;
	take(q, 0);
	raise(SIGSTOP);
	_exit(pq_word_owner(pq_load_word(q->seg, 0)) == q->place + 1 ? 0 : 1);
}

static void test_stopped(void)
{
	pid_t pid;

	setup();
	enter(p);
	pid = fixture_fork(stopped_consumer, NULL);
	fixture_await_stop(pid);
	is_int(pq_sweep_dead(seg, NULL), 0, "a stopped one is not dead");
	is_int(fixture_state(p, 0), PROCQ_STATE_TAKEN, "it is not robbed");
	kill(pid, SIGCONT);
	is_int(fixture_wait(pid), 0, "and when continued it goes on");
	is_int(pq_sweep_dead(seg, NULL), 1, "it exits without leaving: dead");
	teardown();
}

static void test_sometimes(void)
{
	int n = 1;

	setup();
	atomic_store(&seg->header->looked, procq_now());
	fixture_run(dead_producer, &n);
	is_int(pq_sweep_sometimes(seg, INT64_C(3600000000000), NULL), 0,
	       "somebody has looked just now");
	atomic_store(&seg->header->looked,
		     procq_now() - INT64_C(7200000000000));
	is_int(pq_sweep_sometimes(seg, INT64_C(3600000000000), NULL), 1,
	       "nobody has for two hours");
	fixture_run(dead_producer, &n);
	is_int(pq_sweep_sometimes(seg, INT64_C(3600000000000), NULL), 0,
	       "that was a look, too");
	atomic_store(&seg->header->looked, INT64_MAX);
	is_int(pq_sweep_sometimes(seg, INT64_C(3600000000000), NULL), 1,
	       "a look from the future does not count");
	fixture_run(dead_producer, &n);
	is_int(pq_sweep_sometimes(seg, INT64_C(3600000000000), NULL), 0,
	       "it was one that counts");
	is_int(pq_sweep_sometimes(seg, 0, NULL), 1,
	       "at last somebody looks again");
	/* The consumer that reported its death was stopped before it looked
	 * again. */
	fixture_run(dead_parent, seg);
	is_int(fixture_in_state(p, PROCQ_STATE_GONE), 1,
	       "a parent that is in no table has left one told");
	is_int(pq_sweep_sometimes(seg, 0, NULL), 0, "nobody is dead");
	is_int(fixture_in_state(p, PROCQ_STATE_GONE), 0,
	       "a look frees that all the same");
	teardown();
}

/* Its child lives on, in the queue. @param arg where its pid goes */
static void dead_keeper(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);

	*(_Atomic int32_t *)arg =
		fixture_spawn(q, PROCQ_METHOD_AUTO, PROCQ_SPAWN_KEEP).pid;
	fixture_killed();
}

static uint64_t count_lost(void)
{
	uint64_t lost = 0;

	for (uint32_t i = 0; i < CAPACITY; i++)
		lost += (pq_word_flags(pq_load_word(seg, i)) & PQ_LOST) != 0;
	return lost;
}

static void test_lost(void)
{
	_Atomic int32_t *pid = fixture_shared(sizeof(*pid));
	struct procq_process taken;
	struct procq_event e;
	struct procq_stat s;
	const char *state;
	int pin = pq_pin(getpid());

	if (pin < 0) {
		skip("what died with its producer", "a zombie is no proof "
		     "without pidfd");
		return;
	}
	close(pin);
	setup();
	fixture_kill(fixture_spawn(p, PROCQ_METHOD_AUTO, 0).pid);
	pq_sweep_sometimes(seg, 0, NULL);
	ok(count_lost() == 0 && fixture_stat(p).states[PROCQ_STATE_QUEUED] == 1,
	   "lost: not what a living producer has yet to mark");
	need(procq_reap(p) == 1 && procq_take(p, NULL, &taken) == 0 &&
	     procq_collect(p, &e) == 1);
	is_int(e.cause, PROCQ_CAUSE_SIGNAL, "lost: it does so itself");

	fixture_run(dead_keeper, (void *)pid);
	need(*pid > 1);
	pq_sweep_sometimes(seg, 0, NULL);
	ok(count_lost() == 0 &&
		   fixture_stat(p).states[PROCQ_STATE_QUEUED] == 1 &&
		   pq_sweep_lost(seg) == 0,
	   "lost: not what lives on without its producer");
	need(kill(*pid, SIGKILL) == 0);
	/* Its zombie is gone as soon as process 1 has collected it. */
	while ((state = fixture_status_if_any(*pid, "State")) && *state != 'Z')
		sched_yield();
	s = fixture_stat(p);
	ok(count_lost() == 0 && s.states[PROCQ_STATE_EXITED] == 1 &&
		   s.present == 1,
	   "lost: a look shows it, and changes nothing");
	pq_sweep_sometimes(seg, 0, NULL);
	is_int((long)count_lost(), 1, "lost: a waiter marks it");
	is_int((long)pq_sweep_lost(seg), 1, "lost: once");
	is_int(troubles(), 0, "lost: its hint is good");
	need(procq_take_exited(p, &taken) == 0);
	ok(taken.pid == *pid && taken.flags & PROCQ_PROCESS_LOST,
	   "lost: it is taken out of turn");
	is_int(procq_give_back(p, taken.slot), 0, "lost: and put back");
	need(procq_take(p, NULL, &taken) == 0);
	is_int(procq_signal(p, taken.slot, SIGTERM, 0), -ESRCH,
	       "lost: it is not signalled");
	ok(procq_collect(p, &e) == 1 && e.type == PROCQ_EVENT_STALE &&
		   e.cause == PROCQ_CAUSE_UNKNOWN && e.step == 0,
	   "lost: it is reported as stale");
	is_int((long)fixture_stat(p).lost, 1, "lost: and counted so");
	munmap((void *)pid, sizeof(*pid));
	teardown();
}

/* A large queue. It can be looked at in pieces. */
static void test_gives_way(void)
{
	_Atomic int woken = 1;
	int n = 1, calls = 0, swept = 0;

	p = fixture_open(PROCQ_ROLE_PRODUCER, 200000);
	seg = p->seg;
	for (int i = 0; i < 3; i++)
		fixture_run(dead_producer, &n);
	while (calls < 10 && swept == 0) {
		swept = pq_sweep_sometimes(seg, 0, &woken);
		calls++;
		if (calls == 1)
			ok(swept == 0 && fixture_stat(p).dead == 3 &&
				   fixture_state(p, 0) == PROCQ_STATE_FREE,
			   "somebody is awaited: a sweep begins, and gives way");
	}
	ok(calls > 2 && swept == 3 && fixture_stat(p).dead == 0,
	   "it goes on the next times, and ends for all of the dead at once");
	fixture_run(dead_producer, &n);
	woken = 0;
	is_int(pq_sweep_sometimes(seg, 0, &woken), 1,
	       "if nobody is awaited, it does not give way");
	fixture_run(dead_producer, &n);
	woken = 1;
	is_int(pq_sweep_sometimes(seg, 0, &woken), 0, "another gives way");
	is_int(pq_sweep_dead(seg, NULL), 1, "who wants it whole, has it whole");
	for (calls = 0; calls < 10; calls++)
		pq_sweep_sometimes(seg, 0, &woken);
	is_int((long)atomic_load(&seg->header->swept), 5,
	       "what others have swept is not swept again");
	procq_close(p);
	fixture_clean();
}

/* In a busy queue no wait times out. The three calls of a busy participant look
 * in passing. */
static void test_in_passing(void)
{
	const int64_t ago = INT64_C(2000000000);
	struct procq_process what;
	int n = 1;

	setup();
	fixture_run(dead_producer, &n);
	atomic_store(&seg->header->looked, procq_now());
	procq_reap(p);
	is_int(pq_word_state(pq_load_word(seg, 0)), PROCQ_STATE_RESERVED,
	       "in passing: not if somebody has looked just now");
	atomic_store(&seg->header->looked, procq_now() - ago);
	procq_reap(p);
	is_int(fixture_state(p, 0), PROCQ_STATE_FREE,
	       "in passing: procq_reap() sweeps");
	fixture_run(dead_producer, &n);
	atomic_store(&seg->header->looked, procq_now() - ago);
	is_int(procq_take(p, NULL, &what), -EAGAIN,
	       "in passing: nothing to take");
	is_int(troubles(), 0, "in passing: procq_take() sweeps");
	fixture_run(dead_producer, &n);
	atomic_store(&seg->header->looked, procq_now() - ago);
	procq_wake(p);
	is_int(procq_wait(p, PROCQ_WAIT_READY, PROCQ_FOREVER), 0,
	       "in passing: a wait is ended at once");
	teardown();
}

/* ---- many at once ---- */

#define VICTIMS 5
#define SWEEPERS 4

/* Reserves two; takes two, one of which dies; and dies. */
static void busy_victim(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);
	uint64_t word;

	(void)arg;
	records_reserve(q, &word);
	for (uint32_t i = 0, n = 0; i < CAPACITY && n < 1; i++)
		if (pq_word_state(pq_load_word(q->seg, i)) ==
		    PROCQ_STATE_QUEUED) {
			take(q, i);
			n++;
		}
	fixture_killed();
}

static void sweeper(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);

	pq_sweep_dead(q->seg, NULL);
	/* Some of them are dead themselves, then. */
	if (*(int *)arg)
		fixture_killed();
	procq_close(q);
}

static int round_of_many(void)
{
	pid_t pids[SWEEPERS];
	int dies[SWEEPERS], bad = 0;

	setup();
	for (int i = 0; i < 3; i++)
		enter(p);
	for (int i = 0; i < VICTIMS; i++)
		fixture_run(busy_victim, NULL);
	for (int i = 0; i < SWEEPERS; i++) {
		dies[i] = i % 2;
		pids[i] = fixture_fork(sweeper, &dies[i]);
	}
	for (int i = 0; i < SWEEPERS; i++)
		bad += fixture_wait(pids[i]) != (dies[i] ? -SIGKILL : 0);
	pq_sweep_dead(seg, NULL);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		unsigned state = fixture_state(p, i);

		bad += state != PROCQ_STATE_FREE && state != PROCQ_STATE_QUEUED;
	}
	bad += troubles();
	/* Doubles are skipped, but are to be rare. */
	bad += fixture_hints(&seg->ready, -1) > 3 * SWEEPERS;
	procq_close(p);
	fixture_clean();
	return bad;
}

static void test_many(void)
{
	int bad = 0;

	for (int i = 0; i < 40 && !bad; i++)
		bad = round_of_many();
	is_int(bad, 0, "five dead, four sweepers at once, two of which die: "
	       "all is well, forty times");
}

int main(void)
{
	fixture_begin("sweep");
	test_reserved();
	test_taken();
	test_gone();
	test_gone_late();
	test_gone_leaves();
	test_waiter();
	test_hints();
	test_half_appended();
	test_late_sweeper();
	test_stopped();
	test_sometimes();
	test_in_passing();
	test_lost();
	test_gives_way();
	test_many();
	return done();
}
