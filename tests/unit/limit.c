/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/limit.c - a limit that changes while the queue lives: what is parked,
 * what is started, and that any participant finishes what another has begun.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/records.h"
#include "limit.h"

#define MAX 8u
#define FIRST 3u

static struct procq *p;
static struct pq_segment *seg;

static int try_open(struct procq **q, uint32_t capacity, uint32_t max,
		    struct procq_options *o)
{
	*o = fixture_options(PROCQ_ROLE_PRODUCER, capacity, 0);
	o->max = max;
	return procq_open(q, fixture_queue, o);
}

static void begin(uint32_t capacity, uint32_t max)
{
	struct procq_options o;

	need(try_open(&p, capacity, max, &o) == 0);
	seg = p->seg;
}

static void end(void)
{
	procq_close(p);
	fixture_clean();
}

static uint32_t count(unsigned state)
{
	return fixture_in_state(p, state);
}

static uint64_t gate(void)
{
	return atomic_load(&seg->header->gate);
}

/* So many free records, each with a hint, all others in use or parked; and
 * they are counted. */
static bool settled(uint32_t limit, uint32_t have, uint32_t used)
{
	struct procq_report r;
	uint32_t parked = count(PROCQ_STATE_PARKED);
	bool good = procq_limit(p) == limit &&
		    pq_gate_have(gate()) == have &&
		    parked == seg->capacity - have &&
		    count(PROCQ_STATE_FREE) == have - used &&
		    procq_occupied(p) == used &&
		    pq_change_kind(atomic_load(&seg->header->change)) ==
			    PQ_CHANGE_NONE;

	if (!good)
		note("limit %u have %u parked %u free %u occupied %u",
		     procq_limit(p), pq_gate_have(gate()), parked,
		     count(PROCQ_STATE_FREE), procq_occupied(p));
	return procq_check(p, &r) == 0 && r.faults == 0 && r.hints == 0 && good;
}

/* ---- the public functions ---- */

static void test_open(void)
{
	struct procq_options o;
	struct procq_stat s;
	struct procq *q;

	is_int(try_open(&q, 4, 3, &o), -EINVAL, "fewer records than capacity");
	is_int(try_open(&q, 4, PROCQ_CAPACITY_MAX + 1, &o), -EINVAL,
	       "more records than there can be");
	begin(FIRST, MAX);
	procq_stat(p, &s);
	ok(procq_capacity(p) == MAX && procq_limit(p) == FIRST &&
		   s.capacity == MAX && s.limit == FIRST &&
		   s.states[PROCQ_STATE_PARKED] == MAX - FIRST &&
		   s.states[PROCQ_STATE_FREE] == FIRST,
	   "built for more than it begins with");
	ok(settled(FIRST, FIRST, 0), "which all is in order");
	ok(procq_snapshot(p, NULL, 0) == 0 && procq_child(p, MAX - 1,
		(struct procq_process[1]){ { 0 } }) == -ESRCH,
	   "nothing is in a parked record");
	need(procq_set_limit(p, 5) == 0);
	is_int(try_open(&q, 5, 0, &o), 0, "joined with the limit in force");
	procq_close(q);
	is_int(try_open(&q, FIRST, MAX, &o), 0, "… or with the first one");
	procq_close(q);
	ok(try_open(&q, 4, 0, &o) == -EEXIST && o.found == 5 &&
		   o.found_max == MAX, "not with another one");
	ok(try_open(&q, FIRST, MAX + 1, &o) == -EEXIST && o.found == 5 &&
		   o.found_max == MAX, "nor with other records");
	ok(try_open(&q, 0, 0, &o) == 0 && !o.found && !o.found_max,
	   "any will do if none is named");
	procq_close(q);
	end();
	begin(0, 4);
	is_int(procq_limit(p), 4, "the default is no more than the records");
	end();
}

static void test_errors(void)
{
	struct procq *looker;

	begin(FIRST, MAX);
	looker = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(procq_set_limit(p, MAX + 1), -ERANGE, "more than the records");
	is_int(procq_set_limit(looker, 1), -EINVAL, "an onlooker sets none");
	is_int(procq_set_limit(NULL, 1), -EINVAL, "nor does nobody");
	is_int(procq_limit(looker), FIRST, "but it sees it");
	procq_close(looker);
	end();
}

static void test_free(void)
{
	begin(FIRST, MAX);
	ok(procq_set_limit(p, MAX) == 0 && settled(MAX, MAX, 0), "all");
	ok(procq_set_limit(p, 1) == 0 && settled(1, 1, 0), "one");
	ok(procq_set_limit(p, 0) == 0 && settled(0, 0, 0) && records_full(p),
	   "none: nothing can be started");
	ok(procq_set_limit(p, 2) == 0 && settled(2, 2, 0), "two");
	for (int i = 0; i < 5000; i++) {
		need(procq_set_limit(p, MAX) == 0);
		need(procq_set_limit(p, 1) == 0);
	}
	ok(settled(1, 1, 0), "however often: no hint is left behind");
	end();
}

static void test_used(void)
{
	uint64_t words[MAX];
	uint32_t slots[MAX];

	begin(6, MAX);
	for (int i = 0; i < 5; i++)
		slots[i] = records_have(p, &words[i]);
	is_int(procq_set_limit(p, 2), 3, "five are in use: three too many");
	ok(settled(2, 5, 5) && records_full(p), "the free one is parked");
	for (uint32_t i = 0; i < 3; i++) {
		pq_record_cancel(seg, slots[i], words[i]);
		ok(fixture_state(p, slots[i]) == PROCQ_STATE_PARKED &&
			   settled(2, 4 - i, 4 - i) && records_full(p),
		   "what is released is parked: %u of 3", i + 1);
	}
	pq_record_cancel(seg, slots[3], words[3]);
	ok(settled(2, 2, 1), "but not the next");
	slots[3] = records_have(p, &words[3]);
	ok(records_full(p), "which is all that there is");
	is_int(procq_set_limit(p, 3), 0, "one more");
	slots[0] = records_have(p, &words[0]);
	ok(records_full(p) && settled(3, 3, 3), "and no more than one");
	for (int i = 0; i < 5; i++)
		if (i < 1 || i > 2)
			pq_record_cancel(seg, slots[i], words[i]);
	end();
}

/* The body of a producer that waits for room, and takes it. */
static void wait_for_room(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	uint64_t word;

	must(records_reserve(q, &word) == -EAGAIN);
	atomic_store((_Atomic int *)arg, 1);
	/* Its time does not run out: it has to be woken. */
	while (records_reserve(q, &word) < 0)
		must(procq_wait(q, PROCQ_WAIT_ROOM, PROCQ_FOREVER) == 0);
	procq_close(q);
}

static void test_waiter(void)
{
	uint64_t word;
	uint32_t slot;
	pid_t pid;

	begin(1, 2);
	slot = records_have(p, &word);
	pid = fixture_launch(wait_for_room);
	while (!atomic_load(&seg->header->room.bits[0]))
		fixture_sleep(PQ_MILLI);
	is_int(procq_set_limit(p, 2), 0, "the limit is raised");
	is_int(fixture_wait(pid), 0, "so one who waits for room gets it");
	pq_record_cancel(seg, slot, word);
	end();
}

/* ---- changes that were begun by one who was killed ---- */

/* How far a change of record 0 had come. */
enum step { ANNOUNCED, FIRST_HALF, SECOND_HALF, STEPS };

static void set_gate(uint32_t limit, uint32_t have, bool done)
{
	atomic_store(&seg->header->gate,
		     pq_gate(limit, have, done, pq_gate_number(gate())));
}

/* As lib/limit.c does it. */
static void leave_park(enum step last)
{
	uint64_t word = pq_load_word(seg, 0);
	uint32_t number = pq_gate_number(gate());

	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_PARK, 0, pq_word_gen(word), number));
	if (last >= FIRST_HALF)
		need(pq_record_move(seg, 0, &word, pq_word_park(word)));
	if (last >= SECOND_HALF)
		atomic_store(&seg->header->gate,
			     pq_gate(procq_limit(p), pq_gate_have(gate()) - 1,
				     true, number + 1));
}

static void leave_unpark(enum step last)
{
	uint64_t word = pq_load_word(seg, 0);
	uint32_t number = pq_gate_number(gate());

	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_UNPARK, 0, pq_word_gen(word), number));
	if (last >= FIRST_HALF)
		atomic_store(&seg->header->gate,
			     pq_gate(procq_limit(p), pq_gate_have(gate()) + 1,
				     true, number + 1));
	if (last >= SECOND_HALF)
		need(pq_record_move(seg, 0, &word, pq_word_free(word)));
}

static void test_park_half(void)
{
	static const char *const where[] = {
		"announced", "the word moved", "counted",
	};

	for (unsigned step = ANNOUNCED; step < STEPS; step++) {
		begin(2, 2);
		set_gate(1, 2, false);
		leave_park(step);
		ok(pq_limit_settle(seg) &&
			   fixture_state(p, 0) == PROCQ_STATE_PARKED &&
			   settled(1, 1, 0),
		   "parking, %s: another finishes it", where[step]);
		end();
	}
	begin(2, 2);
	set_gate(1, 2, false);
	leave_park(ANNOUNCED);
	records_have(p, (uint64_t[1]){ 0 });
	ok(fixture_state(p, 0) == PROCQ_STATE_PARKED && records_full(p),
	   "so does a producer that looks for room");
	pq_sweep_self(seg, p->place, pq_member_id(p->role, p->incarnation));
	end();
}

static void test_unpark_half(void)
{
	static const char *const where[] = {
		"announced", "counted", "the word moved",
	};

	for (unsigned step = ANNOUNCED; step < STEPS; step++) {
		begin(2, 2);
		need(procq_set_limit(p, 0) == 0);
		set_gate(1, 0, false);
		leave_unpark(step);
		ok(pq_limit_settle(seg) &&
			   fixture_state(p, 0) == PROCQ_STATE_FREE &&
			   pq_sweep_hints(seg) == (step == SECOND_HALF) &&
			   settled(1, 1, 0),
		   "unparking, %s: another finishes it", where[step]);
		end();
	}
	begin(2, 2);
	need(procq_set_limit(p, 0) == 0);
	set_gate(1, 0, false);
	ok(records_have(p, (uint64_t[1]){ 0 }) == 0 && records_full(p),
	   "who finds no room raises what a dead one did not");
	pq_sweep_self(seg, p->place, pq_member_id(p->role, p->incarnation));
	end();
}

/* A change that can't be done any more is counted all the same. */
static void test_overtaken(void)
{
	uint64_t word, change;
	uint32_t number;

	begin(2, 2);
	set_gate(1, 2, false);
	number = pq_gate_number(gate());
	change = pq_change(PQ_CHANGE_PARK, 0, 0, number);
	set_gate(2, 2, false);
	need(records_have(p, &word) == 0);
	set_gate(1, 2, false);
	atomic_store(&seg->header->change, change);
	ok(pq_limit_settle(seg) &&
		   fixture_state(p, 0) == PROCQ_STATE_RESERVED &&
		   fixture_state(p, 1) == PROCQ_STATE_PARKED,
	   "a producer was faster: another record is parked");
	pq_record_cancel(seg, 0, word);
	ok(settled(1, 1, 0), "and all is counted");
	need(pq_gate_number(gate()) == number + 2);
	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_PARK, 0, 0, number + 2));
	ok(pq_limit_settle(seg) && settled(1, 1, 0),
	   "a record of another generation is not parked");
	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_UNPARK, 1, 0, number + 3));
	ok(pq_limit_settle(seg) && settled(1, 1, 0),
	   "none is unparked beyond the limit");
	set_gate(2, 1, false);
	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_UNPARK, 0,
			       pq_word_gen(pq_load_word(seg, 0)),
			       pq_gate_number(gate())));
	ok(pq_limit_settle(seg) && settled(2, 2, 0),
	   "one that is free already is not counted again");
	end();
}

static void lower_and_die(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);

	atomic_store(&q->seg->header->gate,
		     pq_gate((uint32_t)(uintptr_t)arg, 4, false,
			     pq_gate_number(
				     atomic_load(&q->seg->header->gate))));
	fixture_killed();
}

static void test_swept(void)
{
	for (uintptr_t limit = 2; limit <= 6; limit += 4) {
		begin(4, MAX);
		need(fixture_run(lower_and_die, (void *)limit) == -SIGKILL);
		need(pq_sweep_dead(seg, NULL) == 1);
		ok(settled((uint32_t)limit, (uint32_t)limit, 0),
		   "killed before it parked or unparked one: the sweep does");
		end();
	}
}

/* ---- damage ---- */

static void test_damage(void)
{
	struct procq_report r;
	uint64_t word;

	begin(2, 4);
	atomic_store(&seg->header->change, pq_change(PQ_CHANGE_PARK, 4, 0, 0));
	ok(!pq_limit_settle(seg) && procq_set_limit(p, 1) == -EBADMSG,
	   "a record that there is not");
	atomic_store(&seg->header->change, pq_change(PQ_CHANGE_PARK, 0, 0, 9));
	ok(!pq_limit_settle(seg), "a change with a number of its own");
	atomic_store(&seg->header->change, pq_change(PQ_CHANGE_NONE, 0, 0, 9));
	ok(!pq_limit_settle(seg), "no change, with another number");
	ok(records_full(p), "nothing is started");
	atomic_store(&seg->header->change, 0);
	set_gate(2, 0, false);
	ok(pq_limit_settle(seg) && pq_gate_have(gate()) == 2,
	   "a count that is too small is no reason to wait");
	need(procq_check(p, &r) == 0);
	ok(r.faults == 1 && strstr(r.first, "not parked"),
	   "the check sees it: %s", r.first);
	set_gate(0, 0, false);
	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_PARK, 0, 0, pq_gate_number(gate())));
	ok(pq_limit_settle(seg) && pq_gate_have(gate()) == 0,
	   "no count is below none");
	set_gate(4, 3, false);
	for (uint32_t i = 0; i < 4; i++) {
		word = pq_load_word(seg, i);
		if (pq_word_state(word) == PROCQ_STATE_PARKED)
			pq_record_move(seg, i, &word, pq_word_free(word));
	}
	ok(pq_limit_settle(seg), "nothing is left to unpark");
	fixture_clean();
	procq_close(p);
}

int main(void)
{
	fixture_begin("limit");
	test_open();
	test_errors();
	test_free();
	test_used();
	test_waiter();
	test_park_half();
	test_unpark_half();
	test_overtaken();
	test_swept();
	test_damage();
	return done();
}
