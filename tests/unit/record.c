/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/record.c - the transitions of a record: reserve, enter, take, mark,
 * release, return, gone; which participant may make them, what a late one
 * leaves alone,
 * and that each life is counted once. The pids are only numbers here: nothing
 * in record.c may use them.
 */
#include <config.h>

#include "../kit/tap.h"

#include "bell.h"
#include "clock.h"

#include "../kit/fixture.h"
#include "../kit/records.h"
#include "layout.h"

#define CAPACITY 8

static struct procq *p, *c;		/* a producer and a consumer */
static struct pq_segment *seg;
static struct pq_origin origin = { .ppid = 4321, .label = "test" };
static const struct pq_status status = {
	.cause = PROCQ_CAUSE_EXIT,
	.code = 3,
	.user = 1000,
	.sys = 2000,
	.maxrss = 77,
};

static void setup(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
	origin.incarnation = p->incarnation;
	origin.started = pq_clock_life();
	origin.started_wall = pq_clock_wall();
}

static void teardown(void)
{
	is_int(fixture_sum(p), 0, "started = retired + exited + lost + present");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

static uint64_t word_of(int64_t slot)
{
	return pq_load_word(seg, (uint32_t)slot);
}

static bool is_state(int64_t slot, unsigned state, unsigned flags,
		     unsigned owner)
{
	uint64_t w = word_of(slot);

	return pq_word_valid(w) && pq_word_state(w) == state &&
	       pq_word_flags(w) == flags && pq_word_owner(w) == owner;
}

static uint32_t reserve(uint64_t *word)
{
	int64_t slot = pq_record_reserve(seg, p->place + 1, &origin, word);

	need(slot >= 0);
	return (uint32_t)slot;
}

/* A record that was entered as by this pid. */
static uint32_t queued(int32_t pid)
{
	uint64_t word;
	uint32_t slot = reserve(&word);

	need(fixture_enter(seg, slot, word, pid, 1000 + (uint64_t)pid));
	return slot;
}

/* The same, taken by c. */
static uint32_t taken(int32_t pid)
{
	uint32_t slot = queued(pid);

	need(records_take_slot(c, slot));
	return slot;
}

/* A child that was killed between its entry and its hint. */
static uint32_t unhinted(void)
{
	uint64_t word;
	uint32_t slot = reserve(&word);

	atomic_store(&seg->records[slot].pid,
		     pq_tagged(pq_word_gen(word), PQ_PID_BITS, 55));
	need(pq_record_move(seg, slot, &word, pq_word_enter(word)));
	return slot;
}

static bool release(uint32_t slot, enum pq_tally kind, bool to_free)
{
	return records_release(c, slot, kind, to_free);
}

/* ---- the producer ---- */

static void test_reserve(void)
{
	struct pq_snapshot view;
	uint64_t words[CAPACITY], word, gen;
	int bad = 0;

	setup();
	for (uint32_t i = 0; i < CAPACITY; i++)
		bad += pq_record_reserve(seg, p->place + 1, &origin,
					 &words[i]) != i ||
		       words[i] != word_of(i) ||
		       !is_state(i, PROCQ_STATE_RESERVED, 0, p->place + 1);
	is_int(bad, 0, "every record can be reserved, in the order of hints");
	is_int(pq_record_reserve(seg, p->place + 1, &origin, &word), -EAGAIN,
	       "then there is no room");
	is_int(fixture_hints(&seg->free, -1), 0, "nor a hint that there is");
	pq_record_snapshot(seg, 0, words[0], &view);
	ok(view.pid == 0 && view.ident == 0 && view.started > 0 &&
	   view.producer == p->incarnation,
	   "a reserved record names its producer, and nobody else");
	is_int((intmax_t)fixture_stat(p).present, 0, "it holds no process");

	gen = pq_word_gen(words[3]);
	pq_record_cancel(seg, 3, words[3]);
	ok(is_state(3, PROCQ_STATE_FREE, 0, 0) &&
		   pq_word_gen(word_of(3)) == gen + 1,
	   "cancel: free, in a new generation");
	is_int(fixture_hints(&seg->free, 3), 1, "cancel: with its hint");
	pq_record_cancel(seg, 3, words[3]);
	is_int(fixture_hints(&seg->free, 3), 1, "a second cancel does nothing");
	ok(reserve(&word) == 3 && word == word_of(3) && word != words[3],
	   "it can be reserved again");
	pq_record_cancel(seg, 3, words[3]);
	ok(word_of(3) == word, "a late cancel leaves the newcomer alone");
	is_int((intmax_t)fixture_stat(p).started, 0, "no process was started");
	words[3] = word;
	for (uint32_t i = 0; i < CAPACITY; i++)
		pq_record_cancel(seg, i, words[i]);
	is_int(fixture_hints(&seg->free, -1), CAPACITY, "all free at last");
	teardown();
}

/* ---- the child ---- */

static void test_enter(void)
{
	struct procq_process d;
	uint64_t word, after;
	uint32_t slot;

	setup();
	slot = reserve(&word);
	is_int((intmax_t)fixture_enter(seg, slot, word, 12345, 678), 1,
	       "the first to enter is number 1");
	after = word_of(slot);
	ok(is_state(slot, PROCQ_STATE_QUEUED, 0, 0) &&
		   pq_word_gen(after) == pq_word_gen(word) + 1,
	   "queued, in a new generation (R1)");
	is_int(fixture_hints(&seg->ready, slot), 1, "with its hint");
	pq_record_describe(seg, slot, after, &d);
	ok(d.pid == 12345 && d.ino == 678 && d.seq == 1 && d.ppid == 4321 &&
		   d.slot == slot && d.producer == p->incarnation &&
		   d.consumer == 0 && d.state == PROCQ_STATE_QUEUED &&
		   d.started > 0 && d.queued >= d.started,
	   "described as it entered");
	is_str(d.label, "test", "with its label");
	is_int((intmax_t)fixture_enter(seg, slot, word, 999, 999), 0,
	       "nobody enters twice");
	pq_record_describe(seg, slot, word_of(slot), &d);
	ok(d.pid == 12345 && d.ino == 678 && word_of(slot) == after,
	   "and the second one changes nothing");
	is_int((intmax_t)fixture_stat(p).started, 1, "one life is counted");
	ok(pq_record_counted(seg, slot), "by its own child");
	is_int((intmax_t)fixture_enter(seg, queued(5), 0, 1, 1), 0,
	       "nor with a word that is none of it");
	teardown();
}

/* A child is stopped, its reservation is swept, and another has it now. */
static void test_stale_child(void)
{
	struct pq_record *r;
	uint64_t old, word, gen, before;
	uint32_t slot;

	setup();
	slot = reserve(&old);
	r = &seg->records[slot];
	pq_record_cancel(seg, slot, old);
	is_int((intmax_t)fixture_enter(seg, slot, old, 666, 666), 0,
	       "a child whose reservation was swept does not get in");
	is_state(slot, PROCQ_STATE_FREE, 0, 0);
	while (reserve(&word) != slot)
		;
	before = atomic_load(&r->pid);
	is_int((intmax_t)fixture_enter(seg, slot, old, 666, 666), 0,
	       "nor when the record is reserved anew");
	ok(atomic_load(&r->pid) == before && word_of(slot) == word,
	   "and writes nothing into it");

	/* The worst: the newcomer has won the word, and emptied all fields
	 * but the one that the stale child writes first. */
	gen = pq_word_gen(old);
	atomic_store(&r->pid, pq_tagged(gen, PQ_PID_BITS, 0));
	is_int((intmax_t)fixture_enter(seg, slot, old, 666, 666), 0,
	       "nor in the middle of its producer's writing");
	ok(pq_untag(atomic_load(&r->ident), PQ_IDENT_BITS) == 0 &&
	   pq_untag(atomic_load(&r->entered), PQ_ENTERED_BITS) == 0 &&
	   pq_untag(atomic_load(&r->seq), PQ_SEQ_BITS) == 0 &&
	   word_of(slot) == word,
	   "fields with another tag keep out of its hands");
	atomic_store(&r->pid, pq_tagged(pq_word_gen(word), PQ_PID_BITS, 0));
	ok(fixture_enter(seg, slot, word, 7, 7) > 0,
	   "the newcomer enters as if nothing had been");
	is_int((intmax_t)fixture_stat(p).started, 1, "one life is counted");
	teardown();
}

/* ---- the parent ---- */

static void test_mark(void)
{
	struct procq_event e;
	uint64_t word, before;
	uint32_t slot;

	setup();
	slot = queued(100);
	before = word_of(slot);
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_EXITED, 0, 0) &&
		   pq_word_gen(word_of(slot)) == pq_word_gen(before),
	   "mark of a queued one: exited, in the same generation");
	is_int(fixture_hints(&seg->ready, slot), 1, "its hint is still good");
	memset(&e, 0, sizeof(e));
	pq_record_obituary(seg, slot, true, 0, &e);
	ok(e.cause == PROCQ_CAUSE_EXIT && e.code == 3 && e.user == 1000 &&
		   e.sys == 2000 && e.maxrss == 77 && e.lived >= 0 &&
		   e.step == 0 && e.latency == -1,
	   "the obituary is as the parent wrote it");
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_EXITED, 0, 0),
	   "a second mark does nothing");

	slot = taken(101);
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_TAKEN, PQ_DEAD, c->place + 1),
	   "mark of a taken one: dead, still its taker's");
	word = word_of(slot);
	fixture_mark(seg, slot, p->place, &status);
	ok(word_of(slot) == word, "a second mark does nothing");

	slot = reserve(&word);
	fixture_mark(seg, slot, c->place, &status);
	ok(word_of(slot) == word, "a reservation of another is not ours");
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_FREE, 0, 0) &&
		   fixture_hints(&seg->free, slot) == 1,
	   "a child that died before its entry: free, with its hint");
	word = word_of(slot);
	fixture_mark(seg, slot, p->place, &status);
	ok(word_of(slot) == word && fixture_hints(&seg->free, slot) == 1,
	   "what is free stays so");

	slot = taken(102);
	ok(release(slot, PQ_TALLY_RETIRED, false) &&
		   is_state(slot, PROCQ_STATE_GONE, 0, 0),
	   "told, while its parent has not marked it: gone");
	is_int(fixture_hints(&seg->free, slot), 0, "gone is no room");
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_FREE, 0, 0) &&
		   fixture_hints(&seg->free, slot) == 1,
	   "then its mark frees it, with its hint");
	is_int((intmax_t)fixture_stat(p).retired, 1, "which counts it once");
	teardown();
}

/* Killed between its entry and its hint. */
static void test_mend(void)
{
	struct procq_process d;
	uint32_t slot;

	setup();
	queued(1);
	slot = unhinted();
	is_int(fixture_hints(&seg->ready, slot), 0, "a child without a hint");
	is_int((intmax_t)fixture_stat(p).started, 2, "which lives, uncounted");
	ok(!pq_record_counted(seg, slot), "… by itself");
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_EXITED, 0, 0) &&
		   fixture_hints(&seg->ready, slot) == 1,
	   "gets it from its parent");
	pq_record_describe(seg, slot, word_of(slot), &d);
	is_int((intmax_t)d.seq, 2, "and its number in the order");
	need(records_take_slot(c, slot));
	ok(release(slot, PQ_TALLY_EXITED, true), "released");
	ok(pq_record_counted(seg, slot) && fixture_stat(p).started == 2,
	   "its life is counted at its release");
	teardown();
}

static void test_status_limits(void)
{
	static const struct pq_status huge = {
		.cause = PROCQ_CAUSE_CORE,
		.code = 0xfff,
		.user = INT64_MAX,
		.sys = -1,
		.maxrss = INT64_MAX,
	};
	static const struct pq_status none = { PROCQ_CAUSE_UNKNOWN, 0, -1, -1,
					       -1 };
	struct procq_event e = { .type = 0 };
	uint32_t slot;

	setup();
	slot = queued(1);
	atomic_store(&seg->records[slot].started, INT64_MAX);
	fixture_mark(seg, slot, p->place, &huge);
	pq_record_obituary(seg, slot, true, 0, &e);
	ok(e.cause == PROCQ_CAUSE_CORE && e.code == 0xfff &&
		   e.user == INT64_MAX && e.sys == -1 &&
		   e.maxrss == 0x7fffffff && e.lived == 0,
	   "what does not fit is cut off, a clock that went back is 0");
	slot = queued(2);
	fixture_mark(seg, slot, p->place, &none);
	pq_record_obituary(seg, slot, true, 0, &e);
	ok(e.cause == PROCQ_CAUSE_UNKNOWN && e.user == -1 && e.sys == -1 &&
		   e.maxrss == -1,
	   "what is unknown stays unknown");
	teardown();
}

/* ---- the taker ---- */

static void test_release(void)
{
	struct procq_stat s;
	uint64_t word;
	uint32_t slot;

	setup();
	slot = taken(200);
	word = word_of(slot);
	fixture_mark(seg, slot, p->place, &status);
	ok(!pq_record_release(seg, slot, c->place, word, PQ_TALLY_RETIRED,
			      false),
	   "a release that a mark has overtaken does nothing");
	ok(is_state(slot, PROCQ_STATE_TAKEN, PQ_DEAD, c->place + 1) &&
		   fixture_stat(p).retired == 0,
	   "and counts nothing");
	ok(release(slot, PQ_TALLY_RETIRED, true) &&
		   is_state(slot, PROCQ_STATE_FREE, 0, 0),
	   "with the new word it frees the record");
	is_int(fixture_hints(&seg->free, slot), 1, "with its hint");
	ok(!pq_record_release(seg, slot, c->place, word, PQ_TALLY_RETIRED,
			      true),
	   "a second one does nothing");
	release(taken(201), PQ_TALLY_EXITED, true);
	release(taken(202), PQ_TALLY_EXITED, true);
	release(taken(203), PQ_TALLY_LOST, true);
	s = fixture_stat(p);
	ok(s.retired == 1 && s.exited == 2 && s.lost == 1 && s.started == 4,
	   "each is counted once, for what it was");
	is_int((intmax_t)atomic_load(&seg->participants[c->place].intent), 0,
	       "no intent stays behind");
	slot = taken(204);
	release(slot, PQ_TALLY_LOST, false);
	word = word_of(slot);
	pq_record_bury(seg, slot, word);
	pq_record_bury(seg, slot, word);
	ok(is_state(slot, PROCQ_STATE_FREE, 0, 0) &&
		   fixture_hints(&seg->free, slot) == 1,
	   "buried, once");
	teardown();
}

static void test_return(void)
{
	struct procq_process d;
	uint64_t word;
	uint32_t slot;

	setup();
	slot = taken(300);
	pq_ring_format(&seg->ready);	/* as if its hint had been skipped */
	word = word_of(slot);
	ok(!pq_record_return(seg, slot, p->place + 1) && word_of(slot) == word,
	   "only its taker can give it back");
	ok(pq_record_return(seg, slot, c->place + 1) &&
		   is_state(slot, PROCQ_STATE_QUEUED, PQ_RETURNED, 0) &&
		   pq_word_gen(word_of(slot)) == pq_word_gen(word) + 1,
	   "returned: queued, in a new generation (R1)");
	is_int(fixture_hints(&seg->ready, slot), 1, "with a new hint");
	pq_record_describe(seg, slot, word_of(slot), &d);
	ok(d.flags & PROCQ_PROCESS_RETURNED, "and one can see it");
	ok(!pq_record_return(seg, slot, c->place + 1), "once");

	slot = taken(301);
	fixture_mark(seg, slot, p->place, &status);
	ok(pq_record_return(seg, slot, c->place + 1) &&
		   is_state(slot, PROCQ_STATE_EXITED, PQ_RETURNED, 0) &&
		   fixture_hints(&seg->ready, slot) == 1,
	   "a dead one goes back as exited");
	is_int((intmax_t)fixture_stat(p).started, 2, "no life is counted anew");
	teardown();
}

static void test_signals(void)
{
	struct pq_record *r;
	struct procq_event e = { .type = 0 };
	uint64_t word, first;
	uint32_t slot;
	bool group = true;

	setup();
	origin.flags = PQ_F_GROUP;
	slot = taken(400);
	origin.flags = 0;
	r = &seg->records[slot];
	first = pq_record_sent(seg, slot, SIGTERM, false);
	is_int((intmax_t)first, 0, "nothing was sent before");
	pq_record_unsent(seg, slot, first);
	is_int((intmax_t)atomic_load(&r->sent), 0, "what failed was not sent");
	pq_record_sent(seg, slot, SIGCONT, false);
	pq_record_obituary(seg, slot, false, 0, &e);
	ok(e.signal == 0 && e.step == 0 && e.latency == -1,
	   "CONT is to end nobody");
	atomic_store(&r->started, pq_clock_life() - 5000000);
	pq_record_sent(seg, slot, SIGTERM, false);
	first = atomic_load(&r->sent);
	pq_record_sent(seg, slot, SIGTERM, false);
	ok(atomic_load(&r->sent) == first,
	   "the same signal again is no new step");
	pq_record_sent(seg, slot, SIGCONT, false);
	pq_record_obituary(seg, slot, false, 0, &e);
	ok(e.step == 1, "nor is CONT");
	is_int(pq_record_last_sent(seg, slot), SIGCONT, "though it is the last");
	pq_record_sent(seg, slot, SIGKILL, true);
	pq_record_obituary(seg, slot, false, 0, &e);
	ok(e.signal == SIGKILL && e.step == 2, "another one is");
	ok((atomic_load(&r->sent) & 0xffffffffffff) ==
	   (first & 0xffffffffffff), "the time of the first one stays");

	is_int(pq_record_asked(seg, slot, &group), 0, "nobody asks yet");
	ok(pq_record_ask(seg, slot, word_of(slot)) &&
		   is_state(slot, PROCQ_STATE_TAKEN, PQ_ASK, c->place + 1),
	   "asked");
	is_int(pq_record_asked(seg, slot, &group), SIGKILL,
	       "the parent reads which signal");
	ok(!group, "and that it is for the process alone");
	ok(is_state(slot, PROCQ_STATE_TAKEN, 0, c->place + 1), "answered");
	is_int(pq_record_asked(seg, slot, &group), 0, "once");
	pq_record_sent(seg, slot, SIGINT, false);
	pq_record_ask(seg, slot, word_of(slot));
	ok(pq_record_asked(seg, slot, &group) == SIGINT && group,
	   "or for its group");
	pq_record_ask(seg, slot, word_of(slot));
	word = word_of(slot);
	fixture_mark(seg, slot, p->place, &status);
	ok(is_state(slot, PROCQ_STATE_TAKEN, PQ_DEAD, c->place + 1),
	   "a mark answers too");
	is_int(pq_record_asked(seg, slot, &group), 0,
	       "then nothing is to be sent");
	ok(is_state(slot, PROCQ_STATE_TAKEN, PQ_DEAD, c->place + 1),
	   "a late answer changes nothing");
	ok(!pq_record_ask(seg, slot, word_of(slot)), "the dead are not asked");
	ok(!pq_record_ask(seg, slot, word), "nor with the word of before");
	teardown();
}

static void test_order(void)
{
	struct procq_process d;
	uint32_t slot;

	setup();
	slot = unhinted();
	pq_record_order(seg, slot, 41);
	pq_record_describe(seg, slot, word_of(slot), &d);
	is_int((intmax_t)d.seq, 42, "a taker says the seq for its child");
	pq_record_order(seg, slot, 50);
	pq_record_describe(seg, slot, word_of(slot), &d);
	is_int((intmax_t)d.seq, 42, "the first one to say it is right");
	teardown();
}

/* ---- which one is woken ---- */

/* Does op ring place? */
static bool rings(struct procq *q, unsigned wants, void (*op)(uint32_t),
		  uint32_t slot)
{
	pq_sem *bell = &seg->participants[q->place].bell;
	bool rung;

	pq_bell_show(seg, q->place, wants);
	op(slot);
	rung = pq_sem_try(bell);
	pq_bell_hide(seg, q->place, wants, &q->owed);
	return rung;
}

static void do_enter(uint32_t slot)
{
	fixture_enter(seg, slot, word_of(slot), 7, 7);
}

static void do_cancel(uint32_t slot)
{
	pq_record_cancel(seg, slot, word_of(slot));
}

static void do_return(uint32_t slot)
{
	pq_record_return(seg, slot, c->place + 1);
}

static void do_mark(uint32_t slot)
{
	fixture_mark(seg, slot, p->place, &status);
}

static void do_release(uint32_t slot)
{
	release(slot, PQ_TALLY_RETIRED, true);
}

static void test_bells(void)
{
	uint64_t word, tail;
	uint32_t slot;

	setup();
	slot = reserve(&word);
	ok(rings(p, PROCQ_WAIT_ROOM, do_cancel, slot),
	   "room is rung: cancelled");
	slot = reserve(&word);
	ok(rings(c, PROCQ_WAIT_READY, do_enter, slot), "an arrival is rung");
	need(records_take_slot(c, slot));
	ok(rings(c, PROCQ_WAIT_READY, do_return, slot), "a return is");
	need(records_take_slot(c, slot));
	ok(rings(c, PROCQ_WAIT_DEATH, do_mark, slot),
	   "a death is, to its taker");
	ok(rings(p, PROCQ_WAIT_EXITS, do_return, slot),
	   "an exit is: given back");
	need(records_take_slot(c, slot));
	ok(rings(p, PROCQ_WAIT_ROOM, do_release, slot),
	   "room is rung: released");
	slot = queued(9);
	ok(rings(c, PROCQ_WAIT_EXITS, do_mark, slot),
	   "an exit is: of a queued one");
	need(records_take_slot(c, slot));
	release(slot, PQ_TALLY_EXITED, true);
	slot = unhinted();
	ok(rings(c, PROCQ_WAIT_READY, do_mark, slot), "a mended hint is");
	need(records_take_slot(c, slot));
	release(slot, PQ_TALLY_RETIRED, true);

	slot = taken(8);
	tail = atomic_load(&seg->ready.ends->tail);
	release(slot, PQ_TALLY_RETIRED, false);
	ok(atomic_load(&seg->ready.ends->tail) == tail,
	   "one that is gone gets no hint");
	do_mark(slot);
	teardown();
}

/* Nothing of the process before is left in a record that is used again. */
static void test_used_again(void)
{
	struct procq_process d;
	struct procq_event e = { .type = 0 };
	struct pq_snapshot view;
	uint64_t word;
	uint32_t slot;

	setup();
	slot = taken(100);
	pq_record_sent(seg, slot, SIGTERM, false);
	fixture_mark(seg, slot, p->place, &status);
	release(slot, PQ_TALLY_RETIRED, true);
	while (reserve(&word) != slot)
		;
	pq_record_snapshot(seg, slot, word, &view);
	pq_record_describe(seg, slot, word, &d);
	pq_record_obituary(seg, slot, true, 0, &e);
	ok(view.pid == 0 && view.ident == 0 && d.seq == 0 && d.queued == 0,
	   "used again: no pid, no identity, no place in the order");
	ok(e.cause == 0 && e.signal == 0 && e.step == 0 && e.user == -1 &&
	   e.sys == -1 && e.maxrss == -1 && e.latency == -1,
	   "… no signal, no end");
	ok(atomic_load(&seg->records[slot].seq) ==
	   pq_tagged(pq_word_gen(word), PQ_SEQ_BITS, 0) &&
	   atomic_load(&seg->records[slot].entered) ==
	   pq_tagged(pq_word_gen(word), PQ_ENTERED_BITS, 0),
	   "… all empty values of this reservation");
	for (uint32_t i = 0; i < CAPACITY; i++)
		pq_record_cancel(seg, i, word_of(i));
	teardown();
}

/* What comes too late, or is none of a transition's business. */
static void test_out_of_place(void)
{
	static const struct pq_status other = { PROCQ_CAUSE_CORE, 9, 9, 9, 9 };
	struct procq_event e = { .type = 0 };
	struct procq_process d;
	struct pq_record *r;
	uint64_t word, lives;
	uint32_t slot;

	setup();
	slot = taken(1);
	r = &seg->records[slot];
	atomic_store(&r->obit, UINT64_MAX);
	pq_record_obituary(seg, slot, false, 0, &e);
	ok(e.cause == PROCQ_CAUSE_UNKNOWN && e.code == 0,
	   "not marked: what stands there does not count");
	fixture_mark(seg, slot, p->place, &status);
	fixture_mark(seg, slot, p->place, &other);
	pq_record_obituary(seg, slot, true, 0, &e);
	ok(e.cause == PROCQ_CAUSE_EXIT && e.code == 3, "the first mark counts");
	release(slot, PQ_TALLY_RETIRED, true);

	slot = queued(2);
	ok(!pq_record_ask(seg, slot, word_of(slot)) &&
		   is_state(slot, PROCQ_STATE_QUEUED, 0, 0),
	   "no question about a process that is not taken");
	fixture_mark(seg, slot, p->place, &status);
	slot = reserve(&word);
	ok(!pq_record_return(seg, slot, p->place + 1) && word_of(slot) == word,
	   "a reservation is not returned");

	/* A child that was stopped before it could count itself: somebody
	 * else did, and the record has gone on. */
	r = &seg->records[slot];
	lives = pq_tagged(pq_word_gen(word) + 9, PQ_COUNTED_BITS, 5);
	atomic_store(&r->counted, lives);
	fixture_enter(seg, slot, word, 3, 3);
	ok(atomic_load(&r->counted) == lives, "a late child counts no life");
	atomic_store(&r->counted,
		     pq_tagged(pq_word_gen(word) + 1, PQ_COUNTED_BITS, 1));
	fixture_mark(seg, slot, p->place, &status);

	slot = reserve(&word);
	atomic_store(&seg->records[slot].started,
		     pq_clock_life() - INT64_C(40) * 86400 * PQ_SECOND);
	fixture_enter(seg, slot, word, 4, 4);
	is_int((intmax_t)(atomic_load(&seg->records[slot].entered) >>
			  PQ_ENTERED_BITS),
	       (intmax_t)(pq_word_gen(word) & 0xffffff),
	       "a value that is too large leaves the tag alone");
	fixture_mark(seg, slot, p->place, &status);

	/* A damaged word: its owner has no place in the table. */
	slot = queued(5);
	word = word_of(slot);
	pq_record_describe(seg, slot, pq_word(PROCQ_STATE_TAKEN, 0, 0, 1), &d);
	is_int((intmax_t)d.consumer, 0, "taken by nobody");
	pq_record_describe(seg, slot, pq_word(PROCQ_STATE_TAKEN, 0, 0xffff, 1),
			   &d);
	is_int((intmax_t)d.consumer, 0, "taken by nobody that there is");
	fixture_mark(seg, slot, p->place, &status);
	teardown();
}

/* ---- many at once ---- */

#define CROWD 4
#define CYCLES 4000

/* Each reserves, enters, takes whatever comes, marks it in its producer's
 * place, releases. Only the words keep them apart. */
static void crowd_member(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	unsigned done = 0;

	(void)arg;
	seg = q->seg;
	while (done < CYCLES) {
		struct pq_hint hint;
		uint64_t word;
		int64_t slot = records_reserve(q, &word);

		if (slot >= 0 &&
		    !fixture_enter(seg, (uint32_t)slot, word, 1, 1))
			_exit(1);
		if (!records_take_next(q, &hint))
			continue;
		if (done % 8 == 3) {
			pq_record_return(seg, hint.index, q->place + 1);
			done++;
			continue;
		}
		if (done % 2)
			fixture_mark(seg, hint.index, q->place, &status);
		if (!records_release(q, hint.index,
				     (enum pq_tally)(done % PQ_TALLIES), true))
			_exit(2);
		done++;
	}
	procq_close(q);
}

static void test_crowd(void)
{
	struct procq_report report;
	int bad;

	setup();
	bad = fixture_crowd(CROWD, crowd_member, NULL);
	is_int(bad, 0, "four processes over eight records get through");
	for (int64_t i = 0; i < CAPACITY; i++)
		if (is_state(i, PROCQ_STATE_FREE, 0, 0))
			bad += fixture_hints(&seg->free, i) != 1;
		else
			bad += fixture_hints(&seg->ready, i) != 1;
	is_int(bad, 0, "every record has one true hint at last");
	procq_check(p, &report);
	ok(report.faults == 0 && report.hints == 0, "nothing is to be mended");
	teardown();
}

/* ---- long runs ---- */

/* As if all positions before this one had been used. */
static void begin_at(struct pq_ring *ring, uint64_t position)
{
	uint64_t end = position + ring->size;

	for (uint64_t at = position; at < end; at++)
		atomic_store(&ring->cells[at & (ring->size - 1)],
			     pq_cell(pq_ring_lap(ring, at - ring->size), 0, 0));
	atomic_store(&ring->ends->head, position);
	atomic_store(&ring->ends->tail, position);
	atomic_store(&ring->seen, position);
}

/* @return its seq */
static uint64_t enter_next(uint32_t *slot)
{
	uint64_t word, seq;

	*slot = reserve(&word);
	seq = fixture_enter(seg, *slot, word, 5, 5);
	need(seq);
	return seq;
}

/* Without a look at the ring. */
static void end_out_of_turn(uint32_t slot)
{
	need(records_take_slot(c, slot));
	fixture_mark(seg, slot, p->place, &status);
	need(release(slot, PQ_TALLY_RETIRED, true));
}

/* Lives of one record that are all taken out of turn leave the ring full of
 * stale hints. None of them may lead to a later life, whose seq would then be
 * an earlier one's. */
static void test_out_of_turn(void)
{
	int wrong = 0;
	uint64_t lives;

	p = fixture_open(PROCQ_ROLE_PRODUCER, 1);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
	origin.incarnation = p->incarnation;
	lives = 3 * seg->ready.size;
	for (uint64_t life = 0; life < lives; life++) {
		struct pq_hint hint;
		uint32_t slot;
		uint64_t seq = enter_next(&slot), word;

		need(pq_ring_peek(&seg->ready, &hint));
		wrong += pq_hint_leads(seg, hint.index, hint.gen, &word) &&
			 hint.position + 1 != seq;
		end_out_of_turn(slot);
	}
	is_int(wrong, 0, "no hint of an earlier life leads to a later one");
	teardown();
}

/* A hundred years at a million a second are less than 2^52. */
static void test_far_positions(void)
{
	uint64_t start = (UINT64_C(1) << 52) - 1 - 3 * CAPACITY;
	struct procq_process d;
	int bad = 0;

	setup();
	begin_at(&seg->ready, start);
	for (uint64_t i = 1; i <= 3 * CAPACITY; i++) {
		uint32_t slot;

		bad += enter_next(&slot) != start + i;
		pq_record_describe(seg, slot, word_of(slot), &d);
		bad += d.seq != start + i;
		end_out_of_turn(slot);
	}
	is_int(bad, 0, "a seq has 52 bits");
	teardown();
}

/* The records count lives in 32 bits. */
static void test_many_lives(void)
{
	uint64_t more = UINT32_MAX - 2, far = UINT64_C(1) << 52;
	struct procq_report report;
	struct procq_stat s;
	uint32_t slot;

	setup();
	/* As many lives in each record, all reported; and many laps before. */
	for (uint32_t i = 0; i < CAPACITY; i++)
		atomic_store(&seg->records[i].counted, pq_counted(0,
							(uint32_t)more));
	atomic_store(&seg->participants[c->place].tally[PQ_TALLY_RETIRED],
		     far + CAPACITY * more);
	for (int i = 0; i < 5 * CAPACITY; i++) {
		enter_next(&slot);
		end_out_of_turn(slot);
	}
	s = fixture_stat(p);
	ok(s.retired == far + CAPACITY * (more + 5) && s.started == s.retired,
	   "the 2^32nd life of a record is counted like all others");
	queued(6);
	s = fixture_stat(p);
	ok(s.started == s.retired + 1 && s.present == 1, "and one that lives");
	need(procq_check(p, &report) == 0);
	ok(report.faults == 0, "a check finds all well");
	atomic_fetch_add(&seg->records[0].counted, 1);
	need(procq_check(p, &report) == 0);
	ok(report.faults > 0, "and one too many, still");
	atomic_fetch_sub(&seg->records[0].counted, 1);
	teardown();
}

int main(void)
{
	fixture_begin("record");
	test_reserve();
	test_enter();
	test_stale_child();
	test_mark();
	test_mend();
	test_status_limits();
	test_release();
	test_return();
	test_signals();
	test_order();
	test_bells();
	test_used_again();
	test_out_of_place();
	test_crowd();
	test_out_of_turn();
	test_far_positions();
	test_many_lives();
	return done();
}
