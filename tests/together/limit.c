/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/limit.c - two participants move the limit at once, beside producers
 * and a consumer.
 *
 * A round has two halves: the limiters are at work; then the limit stays as it
 * is, and each reservation that begins is judged by a count of this test's own.
 * That is raised after a reservation and lowered before a release, so it is
 * never more than what is in use. The records are moved by hand: no process is
 * started, and none is signalled.
 */
#include <config.h>

#include <sched.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/records.h"
#include "limit.h"

#define CAPACITY 12u
#define ROUNDS 400
#define MOVES 8
/* Reservations, or looks in vain, in a quiet half. */
#define LOOKS 60u
#define HELD 5u

/* Shared by all, and by nothing that is tested. */
static struct book {
	_Atomic unsigned half;		/* odd: the limit stays as it is */
	_Atomic unsigned arrived;	/* limiters that are through */
	_Atomic unsigned looks;		/* in this half */
	_Atomic bool stop;
	_Atomic int64_t used;
	_Atomic uint64_t judged, full, broken, reused;
} *book;

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 33) % below;
}

/* ---- who moves the limit ---- */

static void move_limit(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);
	uint64_t random = (uint64_t)getpid() * 2654435761u + 1;
	unsigned half = 0;

	(void)arg;
	while (!atomic_load(&book->stop)) {
		unsigned now = atomic_load(&book->half);

		if (now & 1 || now == half) {
			sched_yield();
			continue;
		}
		half = now;
		for (int i = 0; i < MOVES; i++)
			must(procq_set_limit(q, draw(&random, CAPACITY + 1)) >=
			     0);
		atomic_fetch_add(&book->arrived, 1);
	}
	procq_close(q);
}

/* ---- who is bound by it ---- */

struct held {
	uint32_t slot[HELD];
	uint64_t word[HELD];
	unsigned count;
};

/* Reserve one. In a quiet half, no more than the limit may be in use. */
static void reserve_one(struct procq *q, struct held *h)
{
	unsigned half = atomic_load(&book->half);
	uint32_t most = procq_limit(q);
	int64_t slot = records_reserve(q, &h->word[h->count]), used;

	must(slot >= 0 || slot == -EAGAIN);
	if (slot >= 0) {
		h->slot[h->count++] = (uint32_t)slot;
		used = atomic_fetch_add(&book->used, 1) + 1;
	} else {
		used = -1;
	}
	if (!(half & 1) || half != atomic_load(&book->half))
		return;
	atomic_fetch_add(&book->looks, 1);
	if (used < 0)
		return;
	atomic_fetch_add(&book->judged, 1);
	atomic_fetch_add(&book->full, used == most);
	atomic_fetch_add(&book->broken, used > most);
}

static void end_reservation(struct procq *q, struct held *h)
{
	unsigned i = --h->count;

	if (atomic_load(&book->half) & 2) {
		fixture_enter(q->seg, h->slot[i], h->word[i], getpid(), 1);
		return;
	}
	atomic_fetch_sub(&book->used, 1);
	pq_record_cancel(q->seg, h->slot[i], h->word[i]);
}

static void produce(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	uint64_t random = (uint64_t)getpid() * 2654435761u + 1;
	struct held h = { .count = 0 };

	(void)arg;
	while (!atomic_load(&book->stop)) {
		if (h.count < HELD)
			reserve_one(q, &h);
		if (h.count > 0 && draw(&random, 3))
			end_reservation(q, &h);
		/* Others are to get the processor in the middle. */
		if (draw(&random, 8) == 0)
			sched_yield();
	}
	while (h.count > 0)
		end_reservation(q, &h);
	procq_close(q);
}

static void consume_one(struct procq *q)
{
	struct pq_hint hint;

	if (!records_take_next(q, &hint)) {
		sched_yield();
		return;
	}
	atomic_fetch_sub(&book->used, 1);
	must(records_release(q, hint.index, PQ_TALLY_RETIRED, true));
	atomic_fetch_add(&book->reused, 1);
}

static void consume(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	(void)arg;
	while (!atomic_load(&book->stop) || procq_occupied(q) > 0)
		consume_one(q);
	procq_close(q);
}

/* ---- the rounds ---- */

static void play(unsigned limiters)
{
	int rounds = fixture_rounds(ROUNDS);

	for (int i = 0; i < rounds; i++) {
		atomic_store(&book->arrived, 0);
		/* Even, and never 0. */
		atomic_store(&book->half, 2 * (unsigned)i + 2);
		while (atomic_load(&book->arrived) < limiters)
			sched_yield();
		atomic_store(&book->looks, 0);
		atomic_fetch_add(&book->half, 1);
		while (atomic_load(&book->looks) < LOOKS)
			sched_yield();
	}
	atomic_store(&book->stop, true);
}

/* All others have left: as many as the limit says, no fault, no more hints than
 * records. */
static bool is_settled(struct procq *q, uint32_t limit)
{
	struct procq_report r;
	uint64_t words[CAPACITY];
	int64_t slots[CAPACITY];
	uint32_t n = 0;
	bool good;

	need(procq_set_limit(q, limit) == 0);
	good = procq_check(q, &r) == 0 && r.faults == 0 && r.hints == 0;
	while (n < CAPACITY && (slots[n] = records_reserve(q, &words[n])) >= 0)
		n++;
	good = good && n == limit;
	while (n-- > 0)
		pq_record_cancel(q->seg, (uint32_t)slots[n], words[n]);
	return good;
}

int main(void)
{
	static void (*const bodies[])(void *) = {
		move_limit, move_limit, produce, produce, consume,
	};
	enum { BODIES = sizeof(bodies) / sizeof(*bodies) };
	pid_t pids[BODIES];
	struct procq *q;
	int bad = 0;

	fixture_begin("together-limit");
	book = fixture_shared(sizeof(*book));
	q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	for (int i = 0; i < BODIES; i++)
		pids[i] = fixture_fork(bodies[i], NULL);
	play(2);
	/* The consumer last: it empties what the others have left. */
	for (int i = 0; i < BODIES; i++)
		bad += fixture_wait(pids[i]) != 0;
	is_int(bad, 0, "nobody was surprised");
	is_int((intmax_t)atomic_load(&book->broken), 0,
	       "two limiters: nothing was reserved beyond what they agreed on");
	ok(atomic_load(&book->full) > 0,
	   "%ju of %ju reservations were the last that it allowed",
	   (uintmax_t)atomic_load(&book->full),
	   (uintmax_t)atomic_load(&book->judged));
	note("%ju records went through the queue",
	     (uintmax_t)atomic_load(&book->reused));
	for (uint32_t i = 0; i <= CAPACITY; i++)
		bad += !is_settled(q, i);
	is_int(bad, 0, "afterwards as many fit as each limit says");
	procq_close(q);
	munmap(book, sizeof(*book));
	return done();
}
