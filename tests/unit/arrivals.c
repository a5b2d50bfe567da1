/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/arrivals.c - lib/arrivals.c: what has come since the last look is told
 * once, in order; what was put back, again; what is taken, not.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

static uint64_t seen;

/* The slots that have come, as a text. @param at_once how many a call has
 * room for */
static const char *came(uint32_t at_once)
{
	static char text[128];
	struct procq_process all[CAPACITY];
	size_t n = 0;
	int got;

	text[0] = '\0';
	do {
		got = procq_arrivals(c, &seen, all, at_once);
		need(got >= 0);
		for (int i = 0; i < got; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%u ", (unsigned)all[i].slot);
	} while (got == (int)at_once);
	return text;
}

static void test_order(void)
{
	struct procq_process all[2];
	pid_t pid = getpid();

	setup();
	seen = 0;
	is_str(came(1), "", "an empty queue: nothing");
	for (int i = 0; i < 3; i++)
		entered(pid);
	seen = 0;
	is_int(procq_arrivals(c, &seen, all, 2), 2, "two of three");
	ok(all[0].seq == 1 && all[1].seq == 2 &&
	   all[0].state == PROCQ_STATE_QUEUED && all[1].pid == pid,
	   "they are described");
	is_str(came(8), "2 ", "then the third");
	is_str(came(8), "", "each once");
	entered(pid);
	entered(pid);
	is_str(came(1), "3 4 ", "what comes later, one by one");
	fixture_mark(seg, 1, p->place, &status);
	seen = 0;
	need(procq_arrivals(c, &seen, all, 2) == 2);
	is_int(all[1].state, PROCQ_STATE_EXITED, "what has exited, as that");
	teardown();
}

static void test_taken(void)
{
	pid_t pid = fixture_bystander();
	struct procq_process next;

	setup();
	seen = 0;
	for (int i = 0; i < 4; i++)
		entered(pid);
	need(take(c, 1) == 0 && procq_take(c, NULL, &next) == 0);
	is_str(came(8), "2 3 ", "what is taken is left out");
	need(procq_give_back(c, 1) == 0);
	is_str(came(8), "1 ", "what is put back comes again");
	need(procq_give_back(c, next.slot) == 0);
	seen = 0;
	is_str(came(8), "2 3 1 0 ", "all, from the start");
	seen = 1000;
	is_str(came(8), "", "nothing is after a place that none has reached");
	teardown();
	fixture_end(pid);
}

/* A child that was stopped before it has noted its place. */
static void test_no_seq(void)
{
	struct procq_process one;
	pid_t pid = getpid();
	uint32_t slot;

	setup();
	seen = 0;
	entered(pid);
	slot = entered(pid);
	atomic_store(&seg->records[slot].seq, pq_tagged(0, PQ_SEQ_BITS, 0));
	need(procq_arrivals(c, &seen, &one, 1) == 1 &&
	     procq_arrivals(c, &seen, &one, 1) == 1);
	is_int((int64_t)one.seq, 2, "without a seq, the place says it");
	teardown();
}

static void test_lacking(void)
{
	struct procq_process one;

	setup();
	seen = 0;
	entered(getpid());
	atomic_store(&seg->header->lacking, 1);
	is_int(procq_arrivals(c, &seen, &one, 1), -ENOBUFS,
	       "hints are missing: that is said");
	is_int((int64_t)seen, 0, "and nothing is passed over");
	need(procq_peek(c, &one) == 0);
	is_int(procq_arrivals(c, &seen, &one, 1), 1, "until a taker mends it");
	teardown();
}

/* One that leads nowhere, one beyond the records, one that is no cell. */
static void test_damage(void)
{
	struct procq_process all[CAPACITY];

	setup();
	seen = 0;
	for (int i = 0; i < 3; i++)
		entered(getpid());
	need(pq_ring_append(&seg->ready, CAPACITY + 9, 1, NULL) &&
	     pq_ring_append(&seg->ready, 0, 9999, NULL));
	is_str(came(8), "0 1 2 ", "hints that lead nowhere are left out");
	atomic_store(&seg->header->ready.tail, UINT64_MAX);
	seen = 0;
	ok(procq_arrivals(c, &seen, all, CAPACITY) <= 3,
	   "a damaged tail: it ends");
	atomic_store(&seg->header->ready.tail, 5);
	teardown();
}

int main(void)
{
	int64_t now = procq_now();

	fixture_begin("arrivals");
	test_order();
	test_taken();
	test_no_seq();
	test_lacking();
	test_damage();
	ok(procq_life() >= now, "a life goes on in a suspend, too");
	return done();
}
