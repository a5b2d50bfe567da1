/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-bell.c - waiting and waking: who is shown, who is rung, how often,
 * what a ring that comes early or late leaves behind; and, with threads,
 * that no ring is lost.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>

#include "tap.h"

#include "bell.h"
#include "fixture.h"
#include "layout.h"

#define MS INT64_C(1000000)

static struct procq *p;
static struct pq_segment *seg;

static void setup(void)
{
	p = fixture_open(PROCQ_PRODUCER, 4);
	seg = p->seg;
}

static void teardown(void)
{
	procq_close(p);
	fixture_clean();
}

/* How often this place was rung; its bell is silent afterwards. */
static int rings(unsigned place)
{
	int n = 0;

	while (sem_trywait(&seg->participants[place].bell) == 0)
		n++;
	return n;
}

static uint64_t bits_of(const struct pq_waiters *waiters)
{
	uint64_t bits = 0;

	for (int i = 0; i < PROCQ_PARTICIPANTS_MAX / 64; i++)
		bits |= atomic_load(&waiters->bits[i]);
	return bits;
}

/* ---- who is rung ---- */

static void test_one(struct pq_waiters *waiters, unsigned wants,
		     void (*ring)(struct pq_segment *), const char *what)
{
	note("%s", what);
	ring(seg);
	pq_bell_show(seg, 3, wants);
	pq_bell_show(seg, 700, wants);
	is_int(rings(3) + rings(700), 0, "nobody is rung for what came before");
	ring(seg);
	is_int(rings(3) + rings(700), 1, "a ring wakes one");
	ring(seg);
	ok(bits_of(waiters) == 0, "a second one the other");
	is_int(rings(3) + rings(700), 1, "once");
	ring(seg);
	is_int(rings(3) + rings(700), 0, "a third one nobody");
	pq_bell_hide(seg, 3, wants);
	pq_bell_hide(seg, 700, wants);

	pq_bell_show(seg, 3, wants);
	pq_bell_hide(seg, 3, wants);
	ok(bits_of(waiters) == 0, "who hides is not shown any more");
	pq_bell_show(seg, 700, wants);
	pq_bell_hide_dead(seg, 700);
	ok(bits_of(waiters) == 0, "nor is one that is dead");
	pq_bell_show(seg, 3, wants == PROCQ_ROOM ? PROCQ_READY : PROCQ_ROOM);
	ring(seg);
	is_int(rings(3), 0, "who waits for something else is not rung");
	pq_bell_hide(seg, 3, PROCQ_ROOM | PROCQ_READY);
}

static void test_all(void)
{
	int n = 0;

	for (unsigned place = 0; place < 200; place += 50)
		pq_bell_show(seg, place, PROCQ_READY);
	pq_bell_ring_arrivals(seg);
	for (unsigned place = 0; place < 200; place += 50)
		n += rings(place) == 1;
	is_int(n, 4, "all that wait for an arrival are rung, once each");
	for (unsigned place = 0; place < 200; place += 50)
		pq_bell_hide(seg, place, PROCQ_READY);
}

static void test_exits(void)
{
	pq_bell_show(seg, 3, PROCQ_EXITS);
	pq_bell_show(seg, 700, PROCQ_EXITS);
	pq_bell_show(seg, 5, PROCQ_READY | PROCQ_ROOM);
	pq_bell_ring_exits(seg);
	ok(rings(3) == 1 && rings(700) == 1 && rings(5) == 0,
	   "all that wait for an exit are rung, and nobody else");
	pq_bell_hide(seg, 5, PROCQ_READY | PROCQ_ROOM);
	pq_bell_show(seg, 3, PROCQ_EXITS);
	ok(!pq_bell_hide(seg, 3, PROCQ_EXITS) &&
	   bits_of(&seg->header->exits) == 0,
	   "who hides is not shown any more");
	pq_bell_show(seg, 700, PROCQ_EXITS);
	pq_bell_hide_dead(seg, 700);
	ok(bits_of(&seg->header->exits) == 0, "nor is one that is dead");
}

static void test_direct(void)
{
	pq_bell_ring(seg, 5, ~0u);
	is_int(rings(5), 0, "who waits for nothing is not rung");
	pq_bell_show(seg, 5, PROCQ_DEATH);
	pq_bell_ring(seg, 5, PROCQ_CHILD);
	is_int(rings(5), 0, "nor for what it does not want");
	pq_bell_ring(seg, 5, PROCQ_DEATH | PROCQ_CHILD);
	pq_bell_ring(seg, 5, PROCQ_DEATH);
	is_int(rings(5), 1, "for what it wants it is, once");
	pq_bell_show(seg, 5, PROCQ_DEATH);
	ok(!pq_bell_hide(seg, 5, PROCQ_DEATH), "nobody rang meanwhile");
	pq_bell_ring(seg, 5, PROCQ_DEATH);
	is_int(rings(5), 0, "who hides is not rung");
}

/* ---- what hiding tells ---- */

static void test_rung_meanwhile(unsigned wants, struct pq_waiters *waiters,
				const char *what)
{
	pq_bell_show(seg, 9, wants);
	/* Who rings was stopped between this and the post. */
	atomic_store(&waiters->bits[0], 0);
	ok(pq_bell_hide(seg, 9, wants), "%s: rung, if not yet heard", what);
	ok(!pq_bell_hide(seg, 9, 0), "%s: told once", what);
	pq_bell_show(seg, 9, wants);
	sem_post(&seg->participants[9].bell);
	sem_post(&seg->participants[9].bell);
	ok(pq_bell_hide(seg, 9, wants) && rings(9) == 0,
	   "%s: what was rung is not heard a second time", what);
}

/* ---- waiting ---- */

static int looks;
static bool shown;

static bool look(void *arg)
{
	looks++;
	shown = bits_of(&seg->header->room) != 0 &&
		atomic_load(&seg->participants[p->place].wants) == PROCQ_ROOM;
	return *(bool *)arg;
}

static bool ring_myself(void *arg)
{
	(void)arg;
	pq_bell_ring_room(seg);
	return false;
}

/* Rung by its bit, but the post comes too late to be heard. */
static bool ring_half(void *arg)
{
	(void)arg;
	atomic_store(&seg->header->room.bits[0], 0);
	return false;
}

static int wait_for(int64_t ns, bool (*worth)(void *), void *arg)
{
	return pq_bell_wait(seg, p->place, PROCQ_ROOM, 0, procq_now() + ns,
			    worth, arg);
}

/* Something, at the look that is counted down to. */
static bool look_down(void *arg)
{
	int *left = arg;

	look(&(bool){ false });
	return --*left == 0;
}

/* For how long it looks before it sleeps. */
static void test_linger(void)
{
	int left = 1000;
	int64_t begin = procq_now(), took;

	looks = 0;
	is_int(pq_bell_wait(seg, p->place, PROCQ_ROOM, 60000 * MS,
			    begin + 60000 * MS, look_down, &left), 0,
	       "who lingers finds what comes late");
	ok(looks == 1000 && !shown, "before it shows itself");
	left = -1;
	begin = procq_now();
	is_int(pq_bell_wait(seg, p->place, PROCQ_ROOM, 20 * MS,
			    begin + 60 * MS, look_down, &left), -ETIMEDOUT,
	       "not for ever");
	ok(looks > 1000 && shown, "it sleeps then");
	took = procq_now() - begin;
	ok(took >= 60 * MS, "to the deadline");
	begin = procq_now();
	is_int(pq_bell_wait(seg, p->place, PROCQ_ROOM, 60000 * MS,
			    begin + 20 * MS, look_down, &left), -ETIMEDOUT,
	       "nor is it late then");
	ok(procq_now() - begin < 30000 * MS, "but ends at the deadline");
	looks = 0;
	left = -1;
	begin = procq_now();
	pq_bell_wait(seg, p->place, PROCQ_ROOM, 0, begin + 10 * MS, look_down,
		     &left);
	ok(looks < 100, "who is not to linger looks a few times");
}

static void test_wait(void)
{
	bool yes = true, no = false;
	int64_t begin = procq_now();

	is_int(wait_for(60000 * MS, look, &yes), 0,
	       "who finds something does not sleep");
	ok(looks == 1 && !shown, "nor does it show itself");
	is_int(wait_for(60000 * MS, ring_myself, &no), 0,
	       "a ring after that look ends the sleep");
	begin = procq_now();
	is_int(wait_for(30 * MS, look, &no), -ETIMEDOUT,
	       "who is not rung sleeps");
	ok(procq_now() - begin >= 30 * MS, "to the deadline");
	ok(shown, "after a last look, once it is shown");
	is_int(wait_for(5 * MS, ring_half, &no), 0,
	       "who was rung at the last moment is not late");
	ok(bits_of(&seg->header->room) == 0 &&
	   atomic_load(&seg->participants[p->place].wants) == 0 &&
	   rings(p->place) == 0, "nothing of a wait stays behind");
}

/* ---- no ring is lost ---- */

/*
 * The ringer changes something by a plain store, and rings; the waiter shows
 * itself, and looks by a plain load. If neither has seen the other, a ring is
 * lost: that takes a store that is overtaken by a later load, which any
 * machine with a second processor does. In rounds, each begun by both at once.
 */
#define ROUNDS 60000

static struct {
	_Alignas(128) _Atomic int round, ready;
	_Alignas(128) _Atomic int thing;
	_Alignas(128) bool direct;
} race;

static void meet(int n)
{
	atomic_fetch_add(&race.ready, 1);
	for (int spins = 0; atomic_load(&race.ready) < 2 * n; spins++)
		if (spins % 256 == 255)
			sched_yield();
}

static void *ringer(void *arg)
{
	(void)arg;
	for (int n = 1; n <= ROUNDS; n++) {
		meet(2 * n - 1);
		atomic_store_explicit(&race.thing, n, memory_order_relaxed);
		if (race.direct)
			pq_bell_ring(seg, 1, PROCQ_DEATH);
		else
			pq_bell_ring_room(seg);
		meet(2 * n);
	}
	return NULL;
}

static void test_lost(bool direct, const char *what)
{
	unsigned wants = direct ? PROCQ_DEATH : PROCQ_ROOM;
	pthread_t thread;
	int lost = 0;

	atomic_store(&race.ready, 0);
	race.direct = direct;
	atomic_store(&race.thing, 0);
	pthread_create(&thread, NULL, ringer, NULL);
	for (int n = 1; n <= ROUNDS; n++) {
		bool saw;

		meet(2 * n - 1);
		pq_bell_show(seg, 1, wants);
		saw = atomic_load_explicit(&race.thing,
					   memory_order_relaxed) == n;
		meet(2 * n);
		if (!pq_bell_hide(seg, 1, wants) && !saw)
			lost++;
	}
	pthread_join(thread, NULL);
	is_int(lost, 0, what);
}

int main(void)
{
	fixture_begin("bell");
	setup();
	test_one(&seg->header->room, PROCQ_ROOM, pq_bell_ring_room, "room");
	test_one(&seg->header->arrivals, PROCQ_READY, pq_bell_ring_arrival,
		 "arrivals");
	test_all();
	test_exits();
	test_direct();
	test_rung_meanwhile(PROCQ_ROOM, &seg->header->room, "room");
	test_rung_meanwhile(PROCQ_READY, &seg->header->arrivals, "arrivals");
	test_rung_meanwhile(PROCQ_EXITS, &seg->header->exits, "exits");
	test_wait();
	test_linger();
	test_lost(false, "of 60,000 rings for room none is lost");
	test_lost(true, "of 60,000 rings for one participant none is lost");
	teardown();
	return done();
}
