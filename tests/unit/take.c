/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/take.c - the consumer's side: which record is taken. By hints that are
 * stale or missing, by a search, and beside a parent that marks.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include "../kit/tap.h"

#include "../kit/records.h"
#include "../kit/taking.h"

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
	pid = fixture_bystander();
	slot = enter(other, &(struct made){ (int32_t)pid, 0, 0 });
	need(pq_ring_peek(&seg->ready, &hint));
	pq_ring_skip(&seg->ready, &hint);
	need(pq_intmap_reserve(&other->children) == 0);
	pq_intmap_put(&other->children, (int32_t)pid, slot);
	procq_close(other);
	ok(pq_ring_peek(&seg->ready, &hint) && hint.index == slot,
	   "a producer that leaves children behind puts their hints in");
	fixture_end(pid);
	need(take(c, slot) == 0);
	teardown();
}

/* ---- taking ---- */

static void test_take(void)
{
	struct procq_process d;
	struct rlimit limit, low;
	pid_t pid;
	uint64_t word, old;
	uint32_t slot;
	int fd;

	setup();
	pid = fixture_bystander();
	slot = entered(pid);
	fd = fixture_lowest_fd();
	old = pq_load_word(seg, slot);
	need(records_take_slot(p, slot));
	need(pq_record_return(seg, slot, p->place + 1));
	is_int(pq_take(c, slot, old, NO_HINT), -EAGAIN,
	       "a word that has changed is not taken");
	is_int(fixture_lowest_fd(), fd, "and its pin is closed");
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
	d = described(slot);
	is_int((intmax_t)d.seq, 0, "taken by no hint: its seq is unknown");
	ok(d.state == PROCQ_STATE_TAKEN && d.consumer == c->incarnation,
	   "taken");
	is_int(procq_give_back(c, slot), 0, "given back");
	ok(fixture_state(p, slot) == PROCQ_STATE_QUEUED &&
		   procq_in_flight(c) == 0 &&
		   fixture_hints(&seg->ready, slot) == 1 && fixture_lowest_fd() == fd,
	   "it is queued again, with a hint, and without a pin");
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH, "it is not ours");
	need(pq_take(c, slot, pq_load_word(seg, slot), 41) == 0);
	is_int((intmax_t)described(slot).seq, 42,
	       "taken by a hint: that is its place");
	fixture_end(pid);
	fixture_mark(seg, slot, p->place, &status);
	procq_collect(c, &(struct procq_event){ .type = 0 });
	teardown();
}

/* A participant that was taken for dead goes on: others have its record. */
static void test_handed_on(void)
{
	struct procq *other;
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	other = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	pid = fixture_bystander();
	slot = entered(pid);
	need(take(c, slot) == 0);
	need(pq_record_return(seg, slot, c->place + 1));
	need(take(other, slot) == 0);
	is_int(procq_signal(c, slot, SIGKILL, 0), -ESRCH,
	       "handed on: it gets no signal of the former owner");
	is_int(kill(pid, 0), 0, "and lives");
	is_int(procq_hold(c, slot, 1), -ESRCH, "nor is it held");
	is_int(procq_give_back(c, slot), 0, "nor given back");
	ok(fixture_state(other, slot) == PROCQ_STATE_TAKEN,
	   "the new owner still has it");
	is_int(procq_collect(c, &e), 0, "and the former one none");
	fixture_end(pid);
	fixture_mark(seg, slot, p->place, &status);
	is_int(procq_collect(other, &e), 1, "which reports its end");
	procq_close(other);
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
	need(records_take_slot(c, slot));
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
		fixture_mark(seg, i, p->place, &status);
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
	fixture_mark(seg, its, other->place, &status);
	is_int(pq_take_find(c, 0, false, &word), its, "one that has exited");
	ok(procq_take_exited(c, &d) == 0 && d.slot == its, "it can be taken");
	is_int(procq_take_exited(c, &d), -EAGAIN, "it was the only one");
	fixture_mark(seg, mine, p->place, &status);
	procq_close(other);
	teardown();
}

static void finish(uint32_t slot)
{
	need(records_take_slot(c, slot));
	fixture_mark(seg, slot, p->place, &status);
	need(records_release(c, slot, PQ_TALLY_EXITED, true));
}

/* One stays at the head, while others come and are taken out of turn. */
static void test_out_of_turn(void)
{
	uint32_t first, second = 0, slot;
	struct pq_hint hint;
	uint64_t word, last = 1, empty;
	int bad = 0;

	setup();
	first = entered(1);
	for (uint64_t i = 0; i < 3 * seg->ready.size; i++) {
		slot = entered(1);
		bad += described(slot).seq != ++last;
		if (i == seg->ready.size / 2)
			second = slot;
		else
			finish(slot);
	}
	is_int(bad, 0, "each has the next place in the order");
	is_int((intmax_t)atomic_load(&seg->header->lacking), 0,
	       "no hint is missing");
	/* One that was killed before it had noted its place. */
	slot = entered(1);
	word = atomic_load(&seg->records[slot].seq);
	empty = pq_tagged(pq_tag(word, PQ_SEQ_BITS), PQ_SEQ_BITS, 0);
	atomic_store(&seg->records[slot].seq, empty);
	last++;
	for (uint64_t i = 0; i < seg->ready.size; i++)
		finish(entered(1));
	is_int((intmax_t)described(slot).seq, (intmax_t)last,
	       "its place is where it came");
	ok(pq_take_next(c, &hint, &word) == 0 && hint.index == first,
	   "the first is the first");
	finish(first);
	ok(pq_take_next(c, &hint, &word) == 0 && hint.index == second,
	   "then comes the second");
	finish(second);
	ok(pq_take_next(c, &hint, &word) == 0 && hint.index == slot,
	   "then the third");
	finish(slot);
	is_int(pq_take_next(c, &hint, &word), -EAGAIN, "and no other");
	teardown();
}

/* A ring full of doubles behind a true head: what finds no place there gets one later. */
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
	for (uint64_t i = 2; i < size; i++) {
		uint32_t slot = slots[i % 2];

		word = pq_load_word(seg, slot);
		pq_ring_append(&seg->ready, slot, pq_word_gen(word), NULL);
	}
	ok(pq_ring_full(&seg->ready), "the ring is full");
	for (int i = 2; i < 4; i++) {
		struct pq_entry entry = { 1, 1, pq_clock_life() };
		uint64_t seq = 9;

		slots[i] = records_have(p, &word);
		ok(pq_record_enter(seg, slots[i], word, &entry, &seq) &&
		   seq == 0, "an entry now has no place in the order yet");
	}
	ok(atomic_load(&seg->header->lacking) != 0, "which is written down");
	while (n < 4 && pq_take_next(c, &hint, &word) == 0) {
		order[n++] = hint.index;
		need(records_take_slot(c, hint.index));
		pq_ring_skip(&seg->ready, &hint);
	}
	ok(n == 4 && order[0] == slots[0] && order[1] == slots[1],
	   "all four are found, in the order of those that have one");
	is_int((intmax_t)atomic_load(&seg->header->lacking), 0,
	       "nothing is lacking any more");
	for (int i = 0; i < 4; i++)
		fixture_mark(seg, slots[i], p->place, &status);
	for (int i = 0; i < 4; i++)
		records_release(c, slots[i], PQ_TALLY_RETIRED, true);
	teardown();
}

/* ---- a chosen one ---- */

static struct procq_process started(pid_t pid)
{
	static int64_t when = 1;
	uint32_t slot = entered(pid);

	atomic_store(&seg->records[slot].started_wall, when++);
	return described(slot);
}

static void test_this(void)
{
	struct procq_process first, second, d, out;
	struct procq_event e;
	pid_t pid[2];
	uint32_t slot;
	int fd;

	setup();
	for (int i = 0; i < 2; i++)
		pid[i] = fixture_bystander();
	first = started(pid[0]);
	second = started(pid[1]);
	fd = fixture_lowest_fd();
	is_int(procq_take_this(c, NULL, &out), -EINVAL, "which one?");
	is_int(procq_take_this(c, &second, NULL), -EINVAL, "and where to?");
	d = second;
	d.slot = CAPACITY;
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "no such slot");
	d = second;
	d.slot = first.slot;
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "not in that slot");
	d = second;
	d.started = first.started;
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "of no other time");
	d = second;
	d.pid = pid[0];
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "of no other pid");
	d = (struct procq_process){ .slot = second.slot, .seq = first.seq };
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "of no other seq");
	d = (struct procq_process){ .slot = second.slot };
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "nothing is known of it");
	ok(procq_in_flight(c) == 0 && fixture_lowest_fd() == fd,
	   "so nothing is taken or pinned");

	d = (struct procq_process){ .slot = second.slot, .seq = second.seq };
	is_int(procq_take_this(c, &d, &d), 0, "its seq is enough");
	ok(d.pid == pid[1] && d.state == PROCQ_STATE_TAKEN &&
		   d.consumer == c->incarnation,
	   "it is described, in the same place");
	is_int(procq_take_this(c, &second, &out), -EAGAIN, "it is taken");
	need(procq_give_back(c, second.slot) == 0);
	d = second;
	d.seq = 0;
	is_int(procq_take_this(c, &d, &out), 0,
	       "put back, and known without a seq");
	is_int((intmax_t)out.seq, (intmax_t)second.seq, "which it has kept");
	need(procq_peek(c, &d) == 0);
	is_int(d.pid, pid[0], "the first is still the next");
	fixture_end(pid[1]);
	fixture_mark(seg, second.slot, p->place, &status);
	need(procq_collect(c, &e) == 1);

	/* Another life in its record. */
	while ((slot = entered(pid[0])) != second.slot) {
		fixture_mark(seg, slot, p->place, &status);
		need(procq_take_exited(c, &d) == 0 &&
		     procq_collect(c, &e) == 1);
	}
	is_int(procq_take_this(c, &second, &out), -EAGAIN,
	       "that is not the one");
	fixture_mark(seg, slot, p->place, &status);
	d = described(slot);
	is_int(procq_take_this(c, &d, &out), 0, "one that has exited");
	need(procq_collect(c, &e) == 1);
	is_int(procq_take_this(c, &d, &out), -EAGAIN, "it is over");
	fixture_end(pid[0]);
	fixture_mark(seg, first.slot, p->place, &status);
	need(procq_take_exited(c, &d) == 0 && procq_collect(c, &e) == 1);
	teardown();
}

/* ---- beside a parent that marks ---- */

#define MARKS 200000

/* Enters one after the other, all dead at once. */
static void *enter_and_mark(void *arg)
{
	uint64_t word;

	for (int n = 0; n < MARKS; ) {
		int64_t slot = records_reserve(p, &word);

		if (slot < 0) {
			sched_yield();
			continue;
		}
		fixture_enter(seg, (uint32_t)slot, word, 1, 1);
		fixture_mark(seg, (uint32_t)slot, p->place, &status);
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
	pthread_t thread;
	bool more;

	setup();
	need(pthread_create(&thread, NULL, enter_and_mark, &all) == 0);
	do {
		more = !atomic_load(&all);
		while (take_marked())
			;
		if (fixture_stat(c).present < CAPACITY) {
			sched_yield();
			continue;
		}
		/* Full, and no hint leads to any of them: for ever? */
		fixture_sleep(10 * PQ_MILLI);
		if (!take_marked())
			break;
	} while (more);
	is_int((intmax_t)fixture_stat(c).present, 0,
	       "no hint is thrown out as it is marked");
	pq_sweep_hints(seg);
	while (take_marked() || !atomic_load(&all))
		;
	pthread_join(thread, NULL);
	while (take_marked())
		;
	teardown();
}

int main(void)
{
	taking_begin("take");
	test_left_without_hint();
	test_take();
	test_handed_on();
	test_next();
	test_find();
	test_this();
	test_out_of_turn();
	test_lacking();
	test_marked_meanwhile();
	return done();
}
