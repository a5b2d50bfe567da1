/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/threads.c - the same code with threads for processes, for
 * ThreadSanitizer, which sees nothing across processes; without it, a stress
 * test.
 *
 * Workers make records go round, as producers and as consumers, wait, leave;
 * others sleep, look, sweep. Now and then a worker dies as a killed process
 * does: its byte is let go of, and nothing else. The pids in the records are
 * this process's own; none is ever signalled.
 *
 * Each record has a cargo of plain memory, which only the transitions of its
 * word hand on: where an order is too weak, ThreadSanitizer sees a race.
 *
 * THREADS_SECONDS in the environment says how long; 2 by default.
 */
#include <config.h>

#include <pthread.h>

#include "../kit/tap.h"

#include "bell.h"
#include "clock.h"
#include "../kit/fixture.h"
#include "../kit/records.h"
#include "layout.h"
#include "unforked.h"

#define CAPACITY 16
#define WORKERS 3
#define MS INT64_C(1000000)

static _Atomic int stop;
static _Atomic uint64_t cycles, marks, reported, deaths, wakes, looks, troubles;
static _Atomic int trouble_line;
/* Nobody dies, so nobody sweeps; all the more leave in good order. */
static bool calm;
/* A handle that others wake; NULL at times. */
static struct procq *_Atomic sleeper;

/* A number each. Written while RESERVED, by the producer; while TAKEN, by
 * the taker; before its mark, by the parent. */
static struct cargo {
	uint64_t entered, taken, marked;
} cargo[CAPACITY];

#define trouble() \
	(atomic_store(&trouble_line, __LINE__), \
	 (void)atomic_fetch_add(&troubles, 1))

struct worker {
	struct procq *q;
	uint64_t random;
	/* What it started and has not marked: nobody frees these but it. */
	uint32_t mine[CAPACITY];
	unsigned count;
};

static uint32_t draw(struct worker *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)(w->random >> 33) % below;
}

/* As the kernel does it for a killed process: the lock goes, the place and
 * the records stay. */
static void die(struct worker *w)
{
	struct procq *q = w->q;

	pq_byte_drop(q->seg, q->incarnation);
	pq_segment_close(q->seg);
	pq_flights_destroy(&q->flights);
	pq_intmap_destroy(&q->children);
	pq_unforked_free(q, sizeof(*q));
	w->q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	w->count = 0;
	atomic_fetch_add(&deaths, 1);
}

/* In good order: but whatever it started goes on without a parent. */
static void leave(struct worker *w)
{
	procq_close(w->q);
	w->q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	w->count = 0;
}

static bool dies_here(struct worker *w)
{
	if (calm || draw(w, 400))
		return false;
	die(w);
	return true;
}

/* One record through one of its lives, as far as this one lives. */
static void enter_one(struct worker *w)
{
	struct pq_segment *seg = w->q->seg;
	uint64_t word;
	int64_t slot = records_reserve(w->q, &word);

	if (slot < 0)
		return;
	cargo[slot] = (struct cargo){ .entered = w->q->incarnation };
	if (dies_here(w))
		return;
	if (draw(w, 8) == 0) {
		pq_record_cancel(seg, (uint32_t)slot, word);
		return;
	}
	w->mine[w->count++] = (uint32_t)slot;
	if (!fixture_enter(seg, (uint32_t)slot, word, getpid(), 1))
		trouble();
	dies_here(w);
}

/* As a parent does when a child of its own has died. */
static void mark_one(struct worker *w)
{
	static const struct pq_status status = { PROCQ_CAUSE_EXIT, 1, 2, 3, 4 };
	struct pq_segment *seg = w->q->seg;
	uint32_t slot, i;
	bool group;

	if (!w->count)
		return;
	i = draw(w, w->count);
	slot = w->mine[i];
	pq_record_asked(seg, slot, &group);
	cargo[slot].marked = w->q->incarnation;
	fixture_mark(seg, slot, w->q->place, &status);
	w->mine[i] = w->mine[--w->count];
	atomic_fetch_add(&marks, 1);
}

static bool take_one(struct worker *w, uint32_t *slot)
{
	struct pq_segment *seg = w->q->seg;
	struct pq_hint hint;
	struct pq_snapshot view;

	while (pq_ring_peek(&seg->ready, &hint)) {
		pq_record_snapshot(seg, hint.index,
				   pq_load_word(seg, hint.index), &view);
		if (records_take(w->q, &hint)) {
			pq_record_order(seg, hint.index, hint.position);
			*slot = hint.index;
			return true;
		}
	}
	return false;
}

/* What is reported but not marked is left to its parent, if that is alive. */
static void report(struct worker *w, uint32_t slot)
{
	struct pq_segment *seg = w->q->seg;
	enum pq_tally kind = (enum pq_tally)draw(w, PQ_TALLIES);
	unsigned place = w->q->place;
	struct pq_snapshot view;
	uint64_t word;
	bool dead, finished;

	do {
		word = pq_load_word(seg, slot);
		/* Only its parent changes it now: by a mark, an answer. */
		if (pq_word_state(word) != PROCQ_STATE_TAKEN ||
		    pq_word_owner(word) != place + 1) {
			trouble();
			return;
		}
		pq_record_snapshot(seg, slot, word, &view);
		dead = pq_word_flags(word) & PQ_DEAD;
		if (cargo[slot].entered != view.producer ||
		    cargo[slot].taken != w->q->incarnation ||
		    (dead && !(pq_word_flags(word) & PQ_LOST) &&
		     cargo[slot].marked != view.producer))
			trouble();
		finished = dead || !pq_byte_held(seg, view.producer);
	} while (!pq_record_release(seg, slot, place, word, kind, finished));
	atomic_fetch_add(&cycles, 1);
	if (finished || dies_here(w))
		return;
	atomic_fetch_add(&reported, 1);
	if (pq_byte_held(seg, view.producer))
		return;
	word = pq_load_word(seg, slot);
	if (pq_word_state(word) == PROCQ_STATE_GONE &&
	    pq_word_gen(word) == pq_word_gen(view.word))
		pq_record_bury(seg, slot, word);
}

static void end_one(struct worker *w)
{
	struct pq_segment *seg = w->q->seg;
	uint32_t slot;

	if (!take_one(w, &slot))
		return;
	cargo[slot].taken = w->q->incarnation;
	if (dies_here(w))
		return;
	switch (draw(w, 4)) {
	case 0:
		if (!pq_record_return(seg, slot, w->q->place + 1))
			trouble();
		return;
	case 1:
		pq_record_sent(seg, slot, SIGTERM, false);
		pq_record_ask(seg, slot, pq_load_word(seg, slot));
		break;
	default:
		break;
	}
	report(w, slot);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint32_t often = calm ? 16 : 2;

	w->q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	while (!atomic_load(&stop)) {
		enter_one(w);
		if (draw(w, often) == 0)
			mark_one(w);
		end_one(w);
		if (draw(w, often) == 0)
			mark_one(w);
		if (draw(w, calm ? 4 : 400) == 0)
			leave(w);
		if (draw(w, 50) == 0)
			procq_wait(w->q, PROCQ_WAIT_READY | PROCQ_WAIT_ROOM,
				   procq_now() + MS / 2);
	}
	procq_close(w->q);
	return NULL;
}

/* It only sleeps; others wake it. */
static void *sleep_well(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	(void)arg;
	atomic_store(&sleeper, q);
	while (!atomic_load(&stop))
		if (procq_wait(q, 0, procq_now() + 20 * MS) == 0)
			atomic_fetch_add(&wakes, 1);
	return q;
}

static void *wake(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		procq_wake(atomic_load(&sleeper));
		fixture_sleep(MS);
	}
	return NULL;
}

static void *look(void *arg)
{
	static struct procq_process all[CAPACITY];

	(void)arg;
	while (!atomic_load(&stop)) {
		struct procq *q = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
		struct procq_stat s;
		int n;

		procq_stat(q, &s);
		n = procq_snapshot(q, all, CAPACITY);
		if (n < 0 || n > CAPACITY || s.present > CAPACITY)
			trouble();
		procq_close(q);
		atomic_fetch_add(&looks, 1);
		fixture_sleep(MS / 4);
	}
	return NULL;
}

static void *sweep(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);

	(void)arg;
	while (!atomic_load(&stop)) {
		pq_sweep_dead(q->seg, NULL);
		pq_sweep_hints(q->seg);
		procq_set_closed(q, 0);
		fixture_sleep(MS / 2);
	}
	procq_close(q);
	return NULL;
}

static void run(void)
{
	void *(*const others[])(void *) = { sleep_well, wake, look, sweep,
					    sweep };
	const size_t count = sizeof(others) / sizeof(*others);
	pthread_t threads[WORKERS + sizeof(others) / sizeof(*others)];
	struct worker workers[WORKERS];
	void *slept = NULL;

	atomic_store(&stop, 0);
	atomic_store(&sleeper, NULL);
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){
			.random = UINT64_C(88172645463325252) + i,
		};
		need(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
	}
	for (size_t i = 0; i < count; i++)
		need(pthread_create(&threads[WORKERS + i], NULL, others[i],
				    NULL) == 0);
	fixture_sleep(fixture_seconds_of("THREADS_SECONDS") * PQ_SECOND / 2);
	atomic_store(&stop, 1);
	for (size_t i = 0; i < WORKERS + count; i++)
		pthread_join(threads[i], i == WORKERS ? &slept : NULL);
	procq_close(slept);
}

/* Everybody else is gone, and nobody has died since the last sweep. */
static void is_at_rest(struct procq *q)
{
	struct procq_report report;
	uint64_t member;
	int bad = 0;

	is_int((intmax_t)troubles, 0, "each could do what only it can do");
	if (troubles)
		note("  the last time at line %d", trouble_line);
	is_int(procq_check(q, &report), 0, "check");
	is_int((intmax_t)report.faults, 0, "finds no fault");
	if (report.faults)
		note("  %s", report.first);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		uint64_t w = pq_load_word(q->seg, i);
		unsigned state = pq_word_state(w);

		bad += !pq_word_valid(w) || pq_word_owner(w) != 0;
		if (state == PROCQ_STATE_FREE)
			bad += fixture_hints(&q->seg->free, i) < 1;
		else if (state == PROCQ_STATE_QUEUED ||
			 state == PROCQ_STATE_EXITED)
			bad += fixture_hints(&q->seg->ready, i) < 1;
		else
			bad++;
	}
	is_int(bad, 0, "every record is free or queued, and has its hint");
	bad = 0;
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		bad += pq_member_dead(q->seg, i, &member) ||
		       (member && i != q->place);
	is_int(bad, 0, "nobody is left but us");
	is_int(fixture_sum(q), 0, "started = retired + exited + lost + present");
	is_int((intmax_t)q->seg->own_count, 1, "no byte of others is held");
}

int main(void)
{
	struct procq *q;

	fixture_begin("threads");
	q = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);
	run();
	note("%ju cycles, %ju marks, %ju deaths, %ju wakes, %ju looks",
	     (uintmax_t)cycles, (uintmax_t)marks, (uintmax_t)deaths,
	     (uintmax_t)wakes, (uintmax_t)looks);
	ok(cycles > 0 && marks > 0 && deaths > 0 && wakes > 0 && looks > 0,
	   "everybody had a part");
	is_at_rest(q);
	calm = true;
	atomic_store(&reported, 0);
	run();
	note("calm: %ju were left to a parent", (uintmax_t)reported);
	ok(reported > 0, "and in the calm");
	is_at_rest(q);
	procq_close(q);
	return done();
}
