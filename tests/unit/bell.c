/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/bell.c - waiting and waking: which participant is shown, which is
 * woken, how often, what a wake-up that comes early or late leaves behind; and,
 * with threads, that no wake-up is lost.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>

#include "../kit/tap.h"

#include "bell.h"
#include "../kit/fixture.h"
#include "layout.h"

#define MS INT64_C(1000000)

static struct procq *p;
static struct pq_segment *seg;
static unsigned owed;

static void setup(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, 4);
	seg = p->seg;
}

static void teardown(void)
{
	procq_close(p);
	fixture_clean();
}

/* How often this place was woken; its bell is silent afterwards. */
static int wakes(unsigned place)
{
	int n = 0;

	while (pq_sem_try(&seg->participants[place].bell))
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

/* ---- which one is woken ---- */

static void test_one(struct pq_waiters *waiters, unsigned wants,
		     void (*wake)(struct pq_segment *), const char *what)
{
	note("%s", what);
	wake(seg);
	pq_bell_show(seg, 3, wants);
	pq_bell_show(seg, 700, wants);
	is_int(wakes(3) + wakes(700), 0,
	       "nobody is woken for what came before");
	wake(seg);
	is_int(wakes(3) + wakes(700), 1, "a wake-up wakes one");
	wake(seg);
	ok(bits_of(waiters) == 0, "a second one the other");
	is_int(wakes(3) + wakes(700), 1, "once");
	wake(seg);
	is_int(wakes(3) + wakes(700), 0, "a third one nobody");
	pq_bell_hide(seg, 3, wants, &owed);
	pq_bell_hide(seg, 700, wants, &owed);

	pq_bell_show(seg, 3, wants);
	pq_bell_hide(seg, 3, wants, &owed);
	ok(bits_of(waiters) == 0, "a waiter that hides is not shown any more");
	pq_bell_show(seg, 700, wants);
	pq_bell_hide_dead(seg, 700);
	ok(bits_of(waiters) == 0, "nor is one that is dead");
	pq_bell_show(seg, 3,
		     wants == PROCQ_WAIT_ROOM ? PROCQ_WAIT_READY
					      : PROCQ_WAIT_ROOM);
	wake(seg);
	is_int(wakes(3), 0, "a waiter for something else is not woken");
	pq_bell_hide(seg, 3, PROCQ_WAIT_ROOM | PROCQ_WAIT_READY, &owed);
}

static void test_all(void)
{
	int n = 0;

	for (unsigned place = 0; place < 200; place += 50)
		pq_bell_show(seg, place, PROCQ_WAIT_READY);
	pq_wake_all_arrivals(seg);
	for (unsigned place = 0; place < 200; place += 50)
		n += wakes(place) == 1;
	is_int(n, 4, "all that wait for an arrival are woken, once each");
	for (unsigned place = 0; place < 200; place += 50)
		pq_bell_hide(seg, place, PROCQ_WAIT_READY, &owed);
}

static void test_exits(void)
{
	pq_bell_show(seg, 3, PROCQ_WAIT_EXITS);
	pq_bell_show(seg, 700, PROCQ_WAIT_EXITS);
	pq_bell_show(seg, 5, PROCQ_WAIT_READY | PROCQ_WAIT_ROOM);
	pq_wake_all_exits(seg);
	ok(wakes(3) == 1 && wakes(700) == 1 && wakes(5) == 0,
	   "all that wait for an exit are woken, and nobody else");
	pq_bell_hide(seg, 5, PROCQ_WAIT_READY | PROCQ_WAIT_ROOM, &owed);
	pq_bell_show(seg, 3, PROCQ_WAIT_EXITS);
	ok(!pq_bell_hide(seg, 3, PROCQ_WAIT_EXITS, &owed) &&
		   bits_of(&seg->header->exits) == 0,
	   "a waiter that hides is not shown any more");
	pq_bell_show(seg, 700, PROCQ_WAIT_EXITS);
	pq_bell_hide_dead(seg, 700);
	ok(bits_of(&seg->header->exits) == 0, "nor is one that is dead");
}

static void test_direct(void)
{
	pq_wake(seg, 5, ~0u);
	is_int(wakes(5), 0, "a participant that does not wait is not woken");
	pq_bell_show(seg, 5, PROCQ_WAIT_DEATH);
	pq_wake(seg, 5, PROCQ_WAIT_CHILD);
	is_int(wakes(5), 0, "nor for what it does not want");
	pq_wake(seg, 5, PROCQ_WAIT_DEATH | PROCQ_WAIT_CHILD);
	pq_wake(seg, 5, PROCQ_WAIT_DEATH);
	is_int(wakes(5), 1, "for what it wants it is, once");
	pq_bell_show(seg, 5, PROCQ_WAIT_DEATH);
	ok(!pq_bell_hide(seg, 5, PROCQ_WAIT_DEATH, &owed),
	   "nobody woke it meanwhile");
	pq_wake(seg, 5, PROCQ_WAIT_DEATH);
	is_int(wakes(5), 0, "a waiter that hides is not woken");
}

/* ---- in turn ---- */

/* As if the turn had begun so long ago. */
static void age_turn(struct pq_waiters *waiters, int64_t by)
{
	uint64_t turn = atomic_load(&waiters->turn);

	atomic_store(&waiters->turn,
		     pq_turn(pq_turn_place(turn),
			     turn - (uint64_t)by / 1000));
}

/* It is the turn of this place for an hour. */
static void begin_turn(struct pq_waiters *waiters, unsigned place)
{
	uint64_t later = (uint64_t)pq_now() / 1000 + 3600000000u;

	atomic_store(&waiters->turn, pq_turn(place, later));
}

static int woken_of(const unsigned *places, int n)
{
	int which = -1;

	for (int i = 0; i < n; i++)
		if (wakes(places[i]))
			which = which < 0 ? i : 99;
	return which;
}

/* Each that is woken waits again at once. */
static void test_turns(void)
{
	const unsigned places[] = { 3, 5, 64, 700 };
	struct pq_waiters *waiters = &seg->header->room;
	unsigned n = sizeof(places) / sizeof(*places);
	int bad = 0, first;

	for (unsigned i = 0; i < n; i++)
		pq_bell_show(seg, places[i], PROCQ_WAIT_ROOM);
	pq_wake_room(seg);
	first = woken_of(places, (int)n);
	for (unsigned round = 1; round < 3 * n; round++) {
		pq_bell_show(seg, places[((unsigned)first + round - 1) % n],
			     PROCQ_WAIT_ROOM);
		age_turn(waiters, 1000 * MS);
		pq_wake_room(seg);
		bad += woken_of(places, (int)n) !=
		       (int)(((unsigned)first + round) % n);
	}
	is_int(bad, 0, "when a turn is over, the next waiter is woken, and so "
	       "on, round the table");
	for (unsigned i = 0; i < n; i++)
		pq_bell_show(seg, places[i], PROCQ_WAIT_ROOM);
	begin_turn(waiters, places[1]);
	for (unsigned i = 0; i < 5; i++) {
		pq_wake_room(seg);
		bad += woken_of(places, (int)n) != 1;
		pq_bell_show(seg, places[1], PROCQ_WAIT_ROOM);
	}
	is_int(bad, 0, "in its turn, a waiter is woken again and again");
	for (unsigned i = 0; i < n; i++)
		pq_bell_hide(seg, places[i], PROCQ_WAIT_ROOM, &owed);
}

/* ---- what hiding tells ---- */

static void test_woken_meanwhile(unsigned wants, struct pq_waiters *waiters,
				 const char *what)
{
	owed = 0;
	pq_bell_show(seg, 9, wants);
	need(!pq_bell_hide(seg, 9, wants, &owed));
	ok(owed == 0, "%s: a waiter that is not woken owes nothing", what);
	pq_bell_show(seg, 9, wants);
	/* The waker was stopped between this and the post. */
	atomic_store(&waiters->bits[0], 0);
	ok(pq_bell_hide(seg, 9, wants, &owed), "%s: woken, if not yet heard",
	   what);
	ok(owed == (wants & (PROCQ_WAIT_ROOM | PROCQ_WAIT_READY)),
	   "%s: that may have been for many", what);
	ok(!pq_bell_hide(seg, 9, 0, &owed), "%s: told once", what);
	pq_bell_show(seg, 9, wants);
	pq_sem_post(&seg->participants[9].bell);
	pq_sem_post(&seg->participants[9].bell);
	ok(pq_bell_hide(seg, 9, wants, &owed) && wakes(9) == 0,
	   "%s: what was woken is not heard a second time", what);
}

/* ---- waiting ---- */

static int looks;
static bool shown;

static bool look(const struct pq_wait *wait)
{
	looks++;
	shown = bits_of(&seg->header->room) != 0 &&
		atomic_load(&seg->participants[p->place].wants) ==
			PROCQ_WAIT_ROOM;
	return *(bool *)wait->arg;
}

/* Once it sleeps: before, on the lookout, nobody is woken. */
static bool ring_myself(const struct pq_wait *wait)
{
	(void)wait;
	pq_wake_room(seg);
	return false;
}

/* Rung by its bit, but the post comes too late to be heard. */
static bool ring_half(const struct pq_wait *wait)
{
	(void)wait;
	atomic_store(&seg->header->room.bits[0], 0);
	return false;
}

static int linger_for(int64_t linger, int64_t deadline,
		      bool (*worth)(const struct pq_wait *), void *arg)
{
	struct pq_wait wait = { .place = p->place, .wants = PROCQ_WAIT_ROOM,
				.linger = linger, .deadline = deadline,
				.worth = worth, .arg = arg, .owed = &owed };

	return pq_bell_wait(seg, &wait);
}

static int wait_for(int64_t ns, bool (*worth)(const struct pq_wait *),
		    void *arg)
{
	return linger_for(0, procq_now() + ns, worth, arg);
}

/* Something, at the look that is counted down to. */
static bool look_down(const struct pq_wait *wait)
{
	const struct pq_wait nothing = { .arg = &(bool){ false } };
	int *left = wait->arg;

	look(&nothing);
	return --*left == 0;
}

/* For how long it looks before it sleeps. */
static void test_linger(void)
{
	int left = 1000;
	int64_t begin = procq_now(), took;

	looks = 0;
	is_int(linger_for(60000 * MS, begin + 60000 * MS, look_down, &left), 0,
	       "a lingering waiter finds what comes late");
	ok(looks == 1000 && !shown, "before it shows itself");
	left = -1;
	begin = procq_now();
	is_int(linger_for(20 * MS, begin + 60 * MS, look_down, &left),
	       -ETIMEDOUT, "not for ever");
	ok(looks > 1000 && shown, "it sleeps then");
	took = procq_now() - begin;
	ok(took >= 60 * MS, "to the deadline");
	begin = procq_now();
	is_int(linger_for(60000 * MS, begin + 20 * MS, look_down, &left),
	       -ETIMEDOUT, "nor is it late then");
	ok(procq_now() - begin < 30000 * MS, "but ends at the deadline");
	looks = 0;
	left = -1;
	begin = procq_now();
	linger_for(0, begin + 10 * MS, look_down, &left);
	ok(looks < 100, "without lingering it looks a few times");
}

/* While another waiter sleeps, whose turn may be next. */
static void test_linger_in_turn(void)
{
	int left = -1;

	pq_bell_show(seg, 3, PROCQ_WAIT_ROOM);
	age_turn(&seg->header->room, 1000 * MS);
	looks = 0;
	linger_for(60000 * MS, procq_now() + 20 * MS, look_down, &left);
	is_int(looks, 1, "a lookout whose turn is over does not linger");
	pq_bell_hide(seg, 3, PROCQ_WAIT_ROOM, &owed);
	looks = 0;
	linger_for(60000 * MS, procq_now() + 20 * MS, look_down, &left);
	ok(looks > 8, "but it does if no other waiter sleeps");
}

static void test_wait(void)
{
	bool yes = true, no = false;
	int64_t begin = procq_now();

	is_int(wait_for(60000 * MS, look, &yes), 0,
	       "a waiter that finds something does not sleep");
	ok(looks == 1 && !shown, "nor does it show itself");
	is_int(wait_for(60000 * MS, ring_myself, &no), 0,
	       "a wake-up after that look ends the sleep");
	begin = procq_now();
	is_int(wait_for(30 * MS, look, &no), -ETIMEDOUT,
	       "a waiter that is not woken sleeps");
	ok(procq_now() - begin >= 30 * MS, "to the deadline");
	ok(shown, "after a last look, once it is shown");
	is_int(wait_for(5 * MS, ring_half, &no), 0,
	       "a wake-up at the last moment is not late");
	ok(bits_of(&seg->header->room) == 0 &&
		   atomic_load(&seg->participants[p->place].wants) == 0 &&
		   wakes(p->place) == 0,
	   "nothing of a wait stays behind");
}

/* ---- one looks for many ---- */

/* Which one is the lookout while p lingers, and once it is shown? */
static struct {
	struct pq_waiters *waiters;
	void (*wake)(struct pq_segment *);
	uint64_t before, after;
	unsigned looks, relieved_by;
	bool found;
} watch;

static bool look_out(const struct pq_wait *wait)
{
	unsigned me = wait->place;

	if (atomic_load(&seg->participants[me].wants)) {
		watch.after = atomic_load(&watch.waiters->lookout);
		return true;
	}
	watch.looks++;
	watch.before = atomic_load(&watch.waiters->lookout);
	watch.wake(seg);
	if (watch.relieved_by)
		atomic_store(&watch.waiters->lookout, watch.relieved_by);
	return watch.found;
}

static unsigned wait_owing(unsigned wants, unsigned debt)
{
	struct pq_wait wait = { .place = p->place, .wants = wants,
				.deadline = procq_now() + 60000 * MS,
				.worth = look_out, .owed = &debt };

	begin_turn(&seg->header->room, 700);
	begin_turn(&seg->header->arrivals, 700);
	watch.looks = 0;
	watch.before = watch.after = 0;
	need(pq_bell_wait(seg, &wait) == 0);
	return debt;
}

static unsigned wait_out(unsigned wants)
{
	return wait_owing(wants, 0);
}

static void test_lookout(struct pq_waiters *waiters, unsigned wants,
			 void (*wake)(struct pq_segment *), const char *what)
{
	note("the lookout for %s", what);
	watch.waiters = waiters;
	watch.wake = wake;
	watch.found = true;
	pq_bell_show(seg, 700, wants);
	is_int((long)wait_out(wants), wants, "a lingering waiter owes for that");
	is_int((long)watch.before, p->place + 1, "it was on the lookout");
	is_int(wakes(700), 0, "nobody is woken meanwhile");
	is_int((long)atomic_load(&waiters->lookout), 0,
	       "not any more when it has found something");
	atomic_store(&waiters->lookout, p->place + 1);
	is_int((long)wait_out(wants), wants,
	       "a lookout that was killed leaves it to the next in its place");
	watch.found = false;
	is_int((long)wait_out(wants), wants,
	       "a waiter that finds nothing owes, too");
	ok(watch.looks > 0 && watch.after == 0,
	   "but it looks once more when it has ended its watch");
	wake(seg);
	is_int(wakes(700), 1, "then the sleeper is woken");
	watch.relieved_by = 702;
	wait_out(wants);
	is_int((long)atomic_load(&waiters->lookout), 702,
	       "a lookout that is relieved leaves the watch to another");
	watch.relieved_by = 0;

	is_int((long)wait_out(wants), 0, "a waiter beside it owes nothing");
	ok(watch.looks > 0 && watch.before == 702 && watch.after == 702,
	   "it lingers, while nobody sleeps");
	watch.found = true;
	is_int((long)wait_out(wants), 0, "nor does it if it finds something");
	ok(watch.looks == 1 && atomic_load(&waiters->lookout) == 702,
	   "and the watch is not its to end");
	watch.found = false;
	pq_bell_show(seg, 700, wants ^ (PROCQ_WAIT_ROOM | PROCQ_WAIT_READY));
	is_int((long)wait_out(wants), 0,
	       "even if another sleeps for something else");
	ok(watch.looks > 0, "is none of its business");
	pq_bell_show(seg, 700, wants);
	is_int((long)wait_out(wants), 0,
	       "nor beside one that sleeps for the same");
	ok(watch.looks == 0 && watch.after == 702, "for it sleeps at once");
	is_int((long)wait_out(PROCQ_WAIT_ROOM | PROCQ_WAIT_READY),
	       wants ^ (PROCQ_WAIT_ROOM | PROCQ_WAIT_READY),
	       "a waiter for both looks out for the other");
	ok(watch.looks > 0 && watch.before == 702, "at length");
	is_int((long)wait_owing(PROCQ_WAIT_DEATH, wants), wants,
	       "what is owed is owed until it is passed on");
	ok(watch.looks > 0, "a waiter for its own events lingers");

	pq_bell_relieve(seg, wants ^ (PROCQ_WAIT_ROOM | PROCQ_WAIT_READY));
	is_int((long)atomic_load(&waiters->lookout), 702,
	       "one that slept in vain relieves nobody else");
	pq_bell_relieve(seg, wants);
	is_int((long)atomic_load(&waiters->lookout), 0,
	       "but the lookout for the same");
	atomic_store(&waiters->lookout, 702);
	pq_bell_hide_dead(seg, 700);
	is_int((long)atomic_load(&waiters->lookout), 702,
	       "one that is dead was not on the watch");
	pq_bell_hide_dead(seg, 701);
	is_int((long)atomic_load(&waiters->lookout), 0, "this one was");
}

static pid_t started[4];

static void start_one(void)
{
	struct procq_process new;
	uint32_t n = procq_children(p);

	need(n < 4);
	new = fixture_spawn(p, PROCQ_METHOD_AUTO, 0);
	started[n] = new.pid;
	/* It wakes others when it has entered: not any more once it sleeps. */
	while (*fixture_status(new.pid, "State") != 'S')
		sched_yield();
}

static void end_all(void)
{
	for (uint32_t n = procq_children(p); n > 0; n--)
		need(started[n - 1] > 1 && kill(started[n - 1], SIGKILL) == 0);
	while (procq_children(p) > 0)
		if (procq_reap(p) == 0)
			procq_wait(p, PROCQ_WAIT_CHILD, procq_now() + 5 * MS);
}

/* One of them waits for an arrival: it is shown. */
static int wakes_ready(void)
{
	int n = wakes(700);

	pq_bell_show(seg, 700, PROCQ_WAIT_READY);
	begin_turn(&seg->header->arrivals, 700);
	return n;
}

static void test_debt(void)
{
	struct procq *c, *other;
	struct procq_process taken;

	setup();
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	note("what a lookout owes");
	for (int i = 0; i < 3; i++)
		start_one();
	wakes_ready();
	need(procq_wait(c, PROCQ_WAIT_READY, PROCQ_FOREVER) == 0);
	is_int(wakes_ready(), 0, "it has found what it has looked out for");
	need(procq_wait(c, PROCQ_WAIT_READY, PROCQ_FOREVER) == 0);
	is_int(wakes_ready(), 0, "to look again is no reason to wake others");
	need(procq_take(c, NULL, &taken) == 0);
	is_int(wakes_ready(), 1, "when it has taken one, it wakes the next");
	need(procq_take(c, NULL, &taken) == 0);
	is_int(wakes_ready(), 0, "once");
	need(procq_wait(c, PROCQ_WAIT_READY, PROCQ_FOREVER) == 0);
	procq_wait(c, PROCQ_WAIT_DEATH, 0);
	is_int(wakes_ready(), 1, "or before it waits for something else");
	need(procq_wait(c, PROCQ_WAIT_READY, PROCQ_FOREVER) == 0);
	need(procq_take(c, NULL, &taken) == 0);
	is_int(wakes_ready(), 0, "not if nothing is left");
	start_one();
	wakes_ready();
	/* What it had taken would be woken for, too. */
	other = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	need(procq_wait(other, PROCQ_WAIT_READY, PROCQ_FOREVER) == 0);
	procq_close(other);
	is_int(wakes_ready(), 1, "or before it leaves");
	procq_close(c);
	pq_bell_hide(seg, 700, PROCQ_WAIT_READY, &owed);
	end_all();
	teardown();
}

static void test_debt_of_room(void)
{
	struct procq_process new;

	setup();
	note("what a lookout for room owes");
	begin_turn(&seg->header->room, 700);
	pq_bell_show(seg, 700, PROCQ_WAIT_ROOM);
	need(procq_wait(p, PROCQ_WAIT_ROOM, PROCQ_FOREVER) == 0);
	start_one();
	is_int(wakes(700), 1, "when it has started one, it wakes the next");
	pq_bell_show(seg, 700, PROCQ_WAIT_ROOM);
	need(procq_wait(p, PROCQ_WAIT_ROOM, PROCQ_FOREVER) == 0);
	procq_set_closed(p, 1);
	need(procq_spawn(p, NULL, &new) == -ESHUTDOWN);
	is_int(wakes(700), 0, "not where nobody may start any");
	procq_set_closed(p, 0);
	is_int(wakes(700), 1, "but when it is opened");
	for (int i = 1; i < 4; i++)
		start_one();
	pq_bell_show(seg, 700, PROCQ_WAIT_ROOM);
	p->owed = PROCQ_WAIT_ROOM;
	need(procq_spawn(p, NULL, &new) == -EAGAIN);
	ok(wakes(700) == 0 && p->owed == 0, "nor where there is no room");
	pq_bell_hide(seg, 700, PROCQ_WAIT_ROOM, &owed);
	end_all();
	teardown();
}

/* It is stopped or dead, or its watch would not outlast a sleep. */
static void test_relief(void)
{
	int64_t begin = procq_now();

	setup();
	note("a lookout that is not heard of");
	atomic_store(&seg->header->room.lookout, 702);
	atomic_store(&seg->header->arrivals.lookout, 702);
	is_int(procq_wait(p, PROCQ_WAIT_READY, begin + 5 * MS), -ETIMEDOUT,
	       "a waiter beside it sleeps in vain");
	ok(atomic_load(&seg->header->room.lookout) == 702 &&
	   atomic_load(&seg->header->arrivals.lookout) == 0,
	   "and relieves it");
	need(p->owed == 0);
	procq_wait(p, PROCQ_WAIT_READY, procq_now());
	is_int((long)p->owed, PROCQ_WAIT_READY,
	       "so the next time it is on the lookout itself");
	teardown();
}

/* ---- no wake-up is lost ---- */

/*
 * The waker changes something by a plain store, and wakes; the waiter shows
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
			pq_wake(seg, 1, PROCQ_WAIT_DEATH);
		else
			pq_wake_room(seg);
		meet(2 * n);
	}
	return NULL;
}

static void test_lost(bool direct, const char *what)
{
	unsigned wants = direct ? PROCQ_WAIT_DEATH : PROCQ_WAIT_ROOM;
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
		if (!pq_bell_hide(seg, 1, wants, &owed) && !saw)
			lost++;
	}
	pthread_join(thread, NULL);
	is_int(lost, 0, what);
}

int main(void)
{
	fixture_begin("bell");
	setup();
	test_one(&seg->header->room, PROCQ_WAIT_ROOM, pq_wake_room, "room");
	test_one(&seg->header->arrivals, PROCQ_WAIT_READY, pq_wake_arrival,
		 "arrivals");
	test_all();
	test_exits();
	test_direct();
	test_turns();
	test_woken_meanwhile(PROCQ_WAIT_ROOM, &seg->header->room, "room");
	test_woken_meanwhile(PROCQ_WAIT_READY, &seg->header->arrivals,
			     "arrivals");
	test_woken_meanwhile(PROCQ_WAIT_EXITS, &seg->header->exits, "exits");
	test_wait();
	test_linger();
	test_linger_in_turn();
	test_lookout(&seg->header->room, PROCQ_WAIT_ROOM, pq_wake_room, "room");
	test_lookout(&seg->header->arrivals, PROCQ_WAIT_READY, pq_wake_arrival,
		     "arrivals");
	teardown();
	test_debt();
	test_debt_of_room();
	test_relief();
	setup();
	test_lost(false, "of 60,000 wake-ups for room none is lost");
	test_lost(true, "of 60,000 wake-ups for one participant none is lost");
	teardown();
	return done();
}
