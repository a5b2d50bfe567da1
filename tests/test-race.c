/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-race.c - two at once: two threads begin at the same moment, thousands
 * of times, each with one operation on the same record, place or ring; then
 * all must be as one of the two orders leaves it.
 *
 * What is wrong shows itself in some of the rounds, on two processors; what
 * is right never fails. The participants are fixture's, and some that are
 * dead: an entry whose number holds no byte.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>

#include "tap.h"

#include "fixture.h"
#include "layout.h"
#include "take.h"

#define CAPACITY 4
#define DEAD_PLACE 2u		/* the first that is empty */
#define NOBODY (UINT64_C(1) << 40)

static struct procq *p, *c;
static struct pq_segment *seg;
static struct pq_origin origin;
static const struct pq_status status = { PROCQ_EXIT, 3, 1, 1, 1 };

/* ---- two at once ---- */

static _Atomic unsigned ready;
static void (*second)(void);
static int rounds;

/* For the two to meet the nth time. */
static void meet(unsigned n)
{
	atomic_fetch_add(&ready, 1);
	for (int spins = 0; atomic_load(&ready) < 2 * n; spins++)
		if (spins % 256 == 255)
			sched_yield();
}

static void *other(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < (unsigned)rounds; i++) {
		meet(2 * i + 1);
		second();
		meet(2 * i + 2);
	}
	return NULL;
}

/* before() and after() are done by one alone. */
static void race(int n, void (*before)(void), void (*a)(void),
		 void (*b)(void), bool (*after)(void), const char *what)
{
	pthread_t thread;
	int bad = 0;

	p = fixture_open(PROCQ_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_CONSUMER, 0);
	seg = p->seg;
	origin.incarnation = p->incarnation;
	second = b;
	rounds = n;
	atomic_store(&ready, 0);
	pthread_create(&thread, NULL, other, NULL);
	for (unsigned i = 0; i < (unsigned)n; i++) {
		before();
		meet(2 * i + 1);
		a();
		meet(2 * i + 2);
		bad += !after();
	}
	pthread_join(thread, NULL);
	is_int(bad, 0, what);
	is_int(fixture_sum(p), 0, "… and all are counted");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

/* ---- a record ---- */

static uint32_t slot;
static uint64_t word;
static bool held;

static uint64_t now(void)
{
	return pq_load_word(seg, slot);
}

static void reserved(void)
{
	int64_t rc = pq_record_reserve(seg, p->place + 1, &origin, &word);

	need(rc >= 0);
	slot = (uint32_t)rc;
	held = true;
}

static void enter(void)
{
	need(fixture_enter(seg, slot, word, 77, 78) > 0);
}

static void queued(void)
{
	reserved();
	enter();
}

static bool take_as(unsigned owner)
{
	uint64_t w = now();

	do {
		if (pq_word_state(w) != PROCQ_QUEUED &&
		    pq_word_state(w) != PROCQ_EXITED)
			return false;
	} while (!pq_record_move(seg, slot, &w, pq_word_take(w, owner)));
	return true;
}

static void take(void)
{
	while (!take_as(c->place + 1))
		sched_yield();
}

static void taken(void)
{
	queued();
	take();
}

static void mark(void)
{
	pq_record_mark(seg, slot, p->place, &status);
}

static void give_back(void)
{
	pq_record_return(seg, slot, c->place + 1);
}

static void ask(void)
{
	pq_record_ask(seg, slot, now());
}

/* Whatever has become of it: on to FREE. */
static void to_end(void)
{
	if (pq_word_state(now()) == PROCQ_QUEUED ||
	    pq_word_state(now()) == PROCQ_EXITED)
		take();
	if (pq_word_state(now()) == PROCQ_TAKEN)
		pq_record_release(seg, slot, pq_word_owner(now()) - 1, now(),
				  PQ_RETIRED, true);
}

static bool is_at_last(unsigned state, unsigned flags)
{
	bool good = pq_word_state(now()) == state &&
		    pq_word_flags(now()) == flags &&
		    atomic_load(&seg->records[slot].obit) != 0;

	if (state == PROCQ_EXITED)
		good = good && fixture_hints(&seg->ready, slot) > 0;
	to_end();
	return good && pq_word_state(now()) == PROCQ_FREE && held;
}

static bool taken_and_dead(void)
{
	return is_at_last(PROCQ_TAKEN, PQ_DEAD);
}

static bool back_and_exited(void)
{
	return is_at_last(PROCQ_EXITED, PQ_RETURNED);
}

/* What stands in the record, read as soon as the word says so. */
static void read_obit(void)
{
	for (int n = 0; !(pq_word_flags(now()) & PQ_DEAD); n++)
		if (n % 256 == 255)
			sched_yield();
	held = atomic_load_explicit(&seg->records[slot].obit,
				    memory_order_relaxed) != 0;
}

static void read_pid(void)
{
	struct pq_view view;

	for (int n = 0; pq_word_state(now()) != PROCQ_QUEUED; n++)
		if (n % 256 == 255)
			sched_yield();
	pq_record_view(seg, slot, now(), &view);
	held = view.pid == 77 && view.ident == 78;
}

static bool queued_and_whole(void)
{
	bool good = held;

	mark();
	to_end();
	return good;
}

/* Taken by the handle; only its parent can signal it. */
static void taken_unpinned(void)
{
	queued();
	need(pq_take(c, slot, now(), UINT64_MAX) == 0);
	pq_flights_find(&c->flights, slot)->verdict = PQ_BY_PARENT;
	atomic_store(&seg->participants[p->place].asked, 0);
}

static void ask_parent(void)
{
	need(procq_signal(c, slot, SIGTERM, 0) == 1);
}

/* As soon as there is a question, it is a whole one. */
static void hear(void)
{
	bool group;
	int signo;

	for (int n = 0; !(pq_word_flags(now()) & PQ_ASK); n++)
		if (n % 256 == 255)
			sched_yield();
	signo = pq_record_asked(seg, slot, &group);
	held = signo == SIGTERM && !group;
}

static bool heard(void)
{
	struct procq_event e;
	bool good = held && !(pq_word_flags(now()) & PQ_ASK) &&
		    atomic_load(&seg->participants[p->place].asked) == 1;

	mark();
	return procq_collect(c, &e) == 1 && good && e.step == 1;
}

/* ---- room ---- */

static int64_t got[2];
static uint64_t words[2];
static uint64_t spare[CAPACITY];

/* But for one all are reserved. */
static void one_free(void)
{
	for (uint32_t i = 0; i < CAPACITY - 1; i++)
		need(pq_record_reserve(seg, p->place + 1, &origin,
				       &spare[i]) >= 0);
}

static void reserve_0(void)
{
	got[0] = pq_record_reserve(seg, p->place + 1, &origin, &words[0]);
}

static void reserve_1(void)
{
	got[1] = pq_record_reserve(seg, c->place + 1, &origin, &words[1]);
}

static bool one_each(void)
{
	bool good = (got[0] < 0) != (got[1] < 0);

	for (uint32_t i = 0; i < CAPACITY; i++)
		pq_record_cancel(seg, i, pq_load_word(seg, i));
	return good;
}

/* ---- places ---- */

static uint64_t numbers[2];
static unsigned places[2];

static void nothing(void)
{
}

static void join_0(void)
{
	need(pq_member_join(seg, PROCQ_CONSUMER, &numbers[0], &places[0]) == 0);
}

static void join_1(void)
{
	need(pq_member_join(seg, PROCQ_CONSUMER, &numbers[1], &places[1]) == 0);
}

static bool both_sit(void)
{
	bool good = numbers[0] != numbers[1] && places[0] != places[1];

	for (int i = 0; i < 2; i++) {
		good = good && seg->participants[places[i]].who ==
			       pq_who(PROCQ_CONSUMER, numbers[i]);
		pq_member_stand_up(seg, places[i], numbers[i]);
		pq_byte_drop(seg, numbers[i]);
	}
	return good;
}

/* ---- the dead ---- */

/* What the dead one has counted, and will have. */
static uint64_t told, want;

static uint64_t tally_now(void)
{
	return atomic_load(&seg->participants[DEAD_PLACE].tally[PQ_RETIRED]);
}

/* Somebody has taken a record, and is dead. */
static void dead_taker(void)
{
	queued();
	atomic_store(&seg->participants[DEAD_PLACE].who,
		     pq_who(PROCQ_CONSUMER, NOBODY));
	need(take_as(DEAD_PLACE + 1));
	told = tally_now();
	want = told;
}

/* … when it was about to count its release. */
static void dead_before_release(void)
{
	dead_taker();
	pq_tally_begin(&seg->participants[DEAD_PLACE], PQ_RETIRED, slot,
		       pq_word_gen(now()));
}

static void dead_after_release(void)
{
	uint64_t w;

	dead_before_release();
	w = now();
	need(pq_record_move(seg, slot, &w, pq_word_free(w)));
	want++;
}

static void sweep(void)
{
	need(pq_sweep_dead(seg, NULL) >= 0);
}

static bool swept(void)
{
	bool good = seg->participants[DEAD_PLACE].who == 0 &&
		    seg->participants[DEAD_PLACE].intent == 0 &&
		    tally_now() == want;

	if (want == told) {
		good = good && pq_word_state(now()) == PROCQ_QUEUED &&
		       fixture_hints(&seg->ready, slot) > 0;
		mark();
		to_end();
	}
	return good && fixture_hints(&seg->free, slot) > 0;
}

static bool swept_and_exited(void)
{
	bool good = seg->participants[DEAD_PLACE].who == 0;

	return is_at_last(PROCQ_EXITED, PQ_RETURNED) && good;
}

/* A sweeper that has handed it back, and a taker that has it then. */
static void pass_on(void)
{
	pq_record_return(seg, slot, DEAD_PLACE + 1);
	if (pq_word_state(now()) == PROCQ_QUEUED)
		take();
}

static bool passed_on(void)
{
	bool good = pq_word_state(now()) == PROCQ_TAKEN &&
		    pq_word_owner(now()) == c->place + 1;

	mark();
	to_end();
	return good;
}

static int looks[2];

static void dead_for_long(void)
{
	dead_taker();
	atomic_store(&seg->header->looked,
		     procq_now() - 7200 * INT64_C(1000000000));
}

static void look_0(void)
{
	looks[0] = pq_sweep_sometimes(seg, 3600 * INT64_C(1000000000));
}

static void look_1(void)
{
	looks[1] = pq_sweep_sometimes(seg, 3600 * INT64_C(1000000000));
}

static bool one_looked(void)
{
	return swept() && looks[0] + looks[1] == 1;
}

/* Sweeps, sits down in the place of the dead one, and takes. */
static void inherit(void)
{
	sweep();
	join_0();
	held = take_as(places[0] + 1);
}

static bool inherited(void)
{
	bool good = seg->participants[places[0]].who ==
		    pq_who(PROCQ_CONSUMER, numbers[0]) &&
		    held && pq_word_state(now()) == PROCQ_TAKEN &&
		    pq_word_owner(now()) == places[0] + 1;

	mark();
	to_end();
	pq_member_stand_up(seg, places[0], numbers[0]);
	pq_byte_drop(seg, numbers[0]);
	sweep();
	return good;
}

int main(void)
{
	fixture_begin("race");
	race(4000, queued, take, mark, taken_and_dead,
	     "a take and a mark: taken, and dead");
	race(4000, taken, give_back, mark, back_and_exited,
	     "a return and a mark: returned, and exited");
	race(4000, taken, ask, mark, taken_and_dead,
	     "a question and a mark: dead, and nothing asked");
	race(4000, taken, read_obit, mark, taken_and_dead,
	     "a mark: the status stands there before it");
	race(4000, reserved, read_pid, enter, queued_and_whole,
	     "an entry: pid and identity stand there before it");
	race(4000, taken_unpinned, hear, ask_parent, heard,
	     "a question to the parent: whole when it is heard");
	race(4000, one_free, reserve_0, reserve_1, one_each,
	     "two reservations, room for one: one has it");
	race(2000, nothing, join_0, join_1, both_sit,
	     "two newcomers: each has a place and a number of its own");
	race(2000, dead_taker, sweep, sweep, swept,
	     "two sweepers after a taker: its record is back");
	race(2000, dead_before_release, sweep, sweep, swept,
	     "… that was about to count: nothing is counted");
	race(2000, dead_after_release, sweep, sweep, swept,
	     "… that was yet to count: it is counted once");
	race(2000, dead_for_long, look_0, look_1, one_looked,
	     "of two that would look for the dead one does");
	race(2000, dead_taker, sweep, mark, swept_and_exited,
	     "a sweeper and a mark: back, and exited");
	race(2000, dead_taker, sweep, pass_on, passed_on,
	     "a sweeper that is late: the next taker keeps it");
	race(2000, dead_taker, sweep, inherit, inherited,
	     "… the next tenant keeps its place, and what it takes");
	return done();
}
