/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/flight.c - lib/flight.c: what a consumer has taken is in the order of
 * taking, is found, and leaves nothing behind; its pins are its own.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#include "flight.h"
#include "identity.h"

static struct pq_flights all;

static struct pq_flight *add(uint32_t slot, int pin)
{
	const struct pq_flight f = { .slot = slot, .pin = pin,
				     .pin_file = pq_file_of(pin),
				     .verdict = PQ_VERDICT_PINNED };

	need(pq_flights_reserve(&all) == 0);
	pq_flights_add(&all, &f);
	return pq_flights_find(&all, slot);
}

static void drop(uint32_t slot)
{
	struct pq_flight *f = pq_flights_find(&all, slot);

	need(f);
	pq_flights_remove(&all, f);
}

/* Their slots, in order; and back again. */
static void order_is(const char *want, const char *what)
{
	char there[256] = "", back[256] = "";
	size_t n = strlen(want);
	uint32_t count = 0;

	for (uint32_t i = all.first; i != PQ_NO_FLIGHT; i = all.all[i].after) {
		count++;
		snprintf(there + strlen(there), 8, "%u ",
			 (unsigned)all.all[i].slot);
	}
	for (uint32_t i = all.last; i != PQ_NO_FLIGHT; i = all.all[i].before)
		snprintf(back + strlen(back), 8, "%u ",
			 (unsigned)all.all[i].slot);
	is_str(there, want, what);
	ok(strlen(back) == n && count == all.count, "… both ways, %u",
	   (unsigned)count);
}

static void test_order(void)
{
	pq_flights_init(&all);
	order_is("", "nothing is taken at first");
	ok(!pq_flights_find(&all, 3), "so nothing is found");
	for (uint32_t i = 1; i <= 5; i++)
		add(i, -1);
	order_is("1 2 3 4 5 ", "in the order of taking");
	drop(1);
	drop(3);
	drop(5);
	order_is("2 4 ", "without the first, the last, one in between");
	ok(!pq_flights_find(&all, 3) && pq_flights_find(&all, 4)->slot == 4,
	   "which are not found any more");
	add(3, -1);
	order_is("2 4 3 ", "taken once more, it is the last");
	drop(2);
	drop(4);
	drop(3);
	order_is("", "until all are collected");
	ok(!pq_flights_find(&all, PROCQ_CAPACITY_MAX) &&
	   !pq_flights_find(&all, UINT32_MAX), "there is no such record");
	pq_flights_destroy(&all);
}

static void test_many(void)
{
	uint32_t bad = 0, room;

	pq_flights_init(&all);
	for (uint32_t i = 0; i < 1000; i++)
		add(i * 7, -1);
	for (uint32_t i = 0; i < 1000; i++)
		bad += pq_flights_find(&all, i * 7)->slot != i * 7;
	is_int(bad, 0, "many are found, too");
	room = all.room;
	for (uint32_t i = 0; i < 5000; i++) {
		drop((i % 1000) * 7);
		add((i % 1000) * 7, -1);
	}
	ok(all.room == room && all.count == 1000,
	   "and need no more room as they come and go");
	pq_flights_destroy(&all);
}

/* procq_collect() goes on behind what it reported last. */
static void test_cursor(void)
{
	pq_flights_init(&all);
	for (uint32_t i = 1; i <= 3; i++)
		add(i, -1);
	all.cursor = (uint32_t)(pq_flights_find(&all, 2) - all.all);
	drop(1);
	is_int(all.all[all.cursor].slot, 2, "another is none of its business");
	drop(2);
	is_int(all.all[all.cursor].slot, 3, "it goes on with the next");
	drop(3);
	ok(all.cursor == PQ_NO_FLIGHT, "or begins anew");
	pq_flights_destroy(&all);
}

static void test_counts(void)
{
	struct pq_flight *f;

	pq_flights_init(&all);
	add(1, -1);
	f = add(2, -1);
	pq_flights_orphan(&all, f);
	pq_flights_orphan(&all, f);
	is_int(all.orphans, 1, "an orphan is one once");
	pq_flights_left(&all, f, true);
	pq_flights_left(&all, f, true);
	is_int(all.lefts, 1, "as is one with others left");
	pq_flights_left(&all, f, false);
	is_int(all.lefts, 0, "until that does not matter");
	pq_flights_left(&all, f, true);
	drop(2);
	ok(all.orphans == 0 && all.lefts == 0 && all.count == 1,
	   "one that is collected does not count");
	pq_flights_destroy(&all);
}

/* ---- pins ---- */

static void test_pins(void)
{
	int one = fixture_lowest_fd(), null, fds[2];
	struct pq_flight *f;

	need(pipe(fds) == 0 && fds[0] == one);
	pq_flights_init(&all);
	f = add(1, fds[0]);
	ok(pq_flight_pinned(f), "a pin");
	drop(1);
	is_int(fixture_lowest_fd(), one, "is closed with its flight");
	need(dup2(fds[1], one) == one);
	f = add(1, one);
	null = open("/dev/null", O_RDONLY);
	need(null >= 0 && dup2(null, one) == one);
	f->orphan = true;
	ok(!pq_flight_pinned(f) && f->verdict == PQ_VERDICT_UNPROVEN,
	   "one that the host has closed is none: nothing is proven");
	ok(!pq_flight_pinned(f), "from now on");
	f->orphan = false;
	f->pin = one;
	f->verdict = PQ_VERDICT_PINNED;
	ok(!pq_flight_pinned(f) && f->verdict == PQ_VERDICT_BY_PARENT,
	   "but a living parent can signal it");
	f->pin = one;
	f->verdict = PQ_VERDICT_STALE;
	ok(!pq_flight_pinned(f) && f->verdict == PQ_VERDICT_STALE,
	   "what is known to be gone stays so");
	f->pin = one;
	drop(1);
	ok(fcntl(one, F_GETFD) >= 0, "what the host has there is not closed");
	close(one);
	close(null);
	close(fds[1]);
	pq_flights_destroy(&all);
}

static int poll_now(void)
{
	return pq_flights_poll(&all, 0);
}

/* A pipe that can be read stands for the pin of a dead one. */
static void test_poll(void)
{
	int64_t begun = pq_now();
	struct pq_flight *f;
	int fds[2];

	need(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
	pq_flights_init(&all);
	is_int(pq_flights_poll(&all, begun + 20 * PQ_MILLI), -ETIMEDOUT,
	       "nothing to wait for");
	ok(pq_now() >= begun + 20 * PQ_MILLI, "is waited for");
	add(1, -1);
	f = add(2, fds[0]);
	is_int(poll_now(), -ETIMEDOUT, "what has a parent is not polled");
	pq_flights_orphan(&all, f);
	is_int(poll_now(), 0, "the death of an orphan is seen");
	is_int(pq_flights_poll(&all, pq_now() + 3600 * PQ_SECOND), 0,
	       "at once");
	f->died = 1;
	is_int(poll_now(), -ETIMEDOUT, "it is known: not once more");
	close(fds[1]);
	is_int(poll_now(), 0, "but when it is reaped");
	pq_flights_left(&all, f, true);
	is_int(poll_now(), -ETIMEDOUT, "not if others of its group are left");
	pq_flights_left(&all, f, false);
	f->died = 0;
	f->pin = -1;
	is_int(poll_now(), -ETIMEDOUT, "nor without a pin");
	close(fds[0]);
	pq_flights_destroy(&all);
}

/* More than one call can take: the first of them. */
static void test_poll_many(void)
{
	int fds[2];

	need(pipe(fds) == 0);
	pq_flights_init(&all);
	for (uint32_t i = 1; i <= 300; i++) {
		int fd = dup(fds[0]);

		need(fd >= 0);
		pq_flights_orphan(&all, add(i, fd));
	}
	is_int(poll_now(), -ETIMEDOUT, "many that live");
	need(write(fds[1], "x", 1) == 1);
	is_int(poll_now(), 0, "many that are dead");
	pq_flights_destroy(&all);
	is_int(fixture_lowest_fd(), fds[1] + 1, "all pins are closed at last");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	fixture_begin("flight");
	test_order();
	test_many();
	test_cursor();
	test_counts();
	test_pins();
	test_poll();
	test_poll_many();
	return done();
}
