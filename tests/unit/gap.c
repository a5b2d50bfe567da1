/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/gap.c - lib/gap.c and lib/permit.c: one ending at a time, the next not
 * before the gap; and what holds the others up no longer, wherever a
 * participant died. By its own clock; model/gap.pml has every order of steps.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include "gap.h"
#include "permit.h"

#define HOUR (3600 * PQ_SECOND)

static struct procq *d;		/* another consumer */
static pid_t pid;		/* of a bystander, whom all records name */

static void begin(int64_t gap)
{
	setup();
	d = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	need(procq_set_gap(c, gap) == 0 && procq_set_gap(d, gap) == 0);
	pid = fixture_bystander();
}

static void end(void)
{
	procq_close(d);
	teardown();
	fixture_end(pid);
}

static int ask(struct procq *q)
{
	struct procq_process first;
	int64_t when = 0;
	int rc = procq_gap(q, &when, &first);

	if (rc == -EBUSY)
		ok(when > procq_now() - PQ_SECOND, "it is said when");
	return rc;
}

static void test_one_at_a_time(void)
{
	uint32_t slot, other;

	begin(HOUR);
	for (int i = 0; i < 4; i++)
		entered(pid);
	is_int(ask(c), 0, "nothing was ended yet: now");
	is_int(take_next(c, &slot), 0, "one takes a process");
	is_int(take_next(d, &other), -EBUSY, "the other takes none");
	is_int(ask(d), -EBUSY, "and is told to wait");
	is_int(take_next(c, &other), -EBUSY, "nor does the one take a second");
	fixture_mark(seg, 2, p->place, &status);
	{
		struct procq_process dead;

		is_int(procq_take_exited(d, &dead), 0,
		       "but what is dead, at any time");
		is_int(dead.slot, 2, "which is that one");
	}
	end_it(d, 2);
	end_it(c, slot);
	is_int(ask(d), 0, "a death without a signal is no ending");
	need(take_next(d, &slot) == 0);
	is_int(ask(c), -EBUSY, "now the one waits for the other");
	note_signal(slot);
	end_it(d, slot);
	is_int(ask(c), -EBUSY, "after an ending, for the gap");
	is_int(take_next(c, &slot), -EBUSY, "it takes none");
	is_int(ask(d), -EBUSY, "nor does the other");
	need(procq_set_gap(d, 1) == 0);
	is_int(ask(d), 0, "each waits for its own gap");
	need(procq_set_gap(c, 0) == 0);
	is_int(ask(c), 0, "and without a gap for none");
	is_int(take_next(c, &slot), 0, "it takes");
	is_int(take_next(d, &other), -EAGAIN, "until there is none");
	is_int(ask(d), 0, "what was claimed in vain is given up");
	end();
}

/* Without a gap, one may end what it wants; but it counts. */
static void test_without(void)
{
	uint32_t slot, other;

	begin(HOUR);
	need(procq_set_gap(d, 0) == 0);
	for (int i = 0; i < 2; i++)
		entered(pid);
	need(take_next(d, &slot) == 0);
	note_signal(slot);
	is_int(ask(c), 0, "an ending without a gap holds up nobody");
	end_it(d, slot);
	is_int(take_next(c, &other), -EBUSY, "until its end, which counts");
	end();
}

static void test_nobody_asks(void)
{
	uint32_t slot;

	setup();
	pid = fixture_bystander();
	entered(pid);
	need(take_next(c, &slot) == 0);
	note_signal(slot);
	end_it(c, slot);
	ok(atomic_load(&seg->header->ended) == 0 &&
	   atomic_load(&seg->header->permit) == 0,
	   "where nobody has a gap, nothing is noted");
	teardown();
	fixture_end(pid);
}

static void test_given_back(void)
{
	struct procq_process first = { 0 };
	uint32_t slot, other;
	int64_t when;

	begin(1);
	for (int i = 0; i < 3; i++)
		entered(pid);
	need(take_next(c, &slot) == 0 && procq_give_back(c, slot) == 0);
	is_int(ask(d), 0, "given back without a signal: nothing was begun");
	need(take_next(c, &slot) == 0);
	note_signal(slot);
	need(procq_give_back(c, slot) == 0);
	is_int(procq_gap(d, &when, &first), 1, "given back after one:");
	is_int(first.slot, slot, "that is to be finished first");
	need(procq_peek(d, &first) == 0 && first.slot != slot);
	is_int(procq_take_this(d, &first, &first), -EBUSY, "no other is taken");
	is_int(procq_take(d, &first, &first), -EBUSY, "nor the next in turn");
	is_int(take_next(d, &other), 0, "a take, as it comes,");
	is_int(other, slot, "takes that one");
	is_int(ask(c), -EBUSY, "and the first waits for it");
	/* Dead, and put back once more. */
	fixture_mark(seg, slot, p->place, &status);
	need(procq_give_back(d, slot) == 0);
	is_int(procq_gap(c, &when, &first), 1, "a dead one, too, is first");
	is_int(take_next(c, &other), 0, "to be collected");
	is_int(ask(d), -EBUSY, "which is awaited");
	{
		struct procq_event e;

		need(collect(c, &e) == 1);
	}
	fixture_sleep(PQ_MILLI);
	is_int(ask(d), 0, "then the next may be taken");
	end();
}

/* One without a gap has taken what is to be finished. */
static void test_finished_by_other(void)
{
	uint32_t slot, same;

	begin(1);
	entered(pid);
	entered(pid);
	need(take_next(c, &slot) == 0);
	note_signal(slot);
	need(procq_give_back(c, slot) == 0 && procq_set_gap(c, 0) == 0);
	need(take_next(c, &same) == 0 && same != slot);
	need(take_next(c, &same) == 0 && same == slot);
	is_int(ask(d), -EBUSY, "whoever has it: it is awaited");
	end_it(c, slot);
	fixture_sleep(PQ_MILLI);
	is_int(ask(d), 0, "until its end");
	/* All records: so that one, too. */
	for (int i = 1; i < CAPACITY; i++)
		entered(pid);
	need(fixture_state(d, slot) == PROCQ_STATE_QUEUED);
	note_signal(slot);
	is_int(ask(d), 0, "another process in that record is another matter");
	end();
}

/* The living are not to be taken now; the dead are. */
static void test_own(void)
{
	struct procq_process own;
	struct procq_event e;
	uint32_t slot;

	begin(HOUR);
	need(procq_set_gap(p, HOUR) == 0);
	entered(pid);
	need(take_next(c, &slot) == 0);
	note_signal(slot);
	end_it(c, slot);
	for (int i = 0; i < 3; i++)
		entered(pid);
	is_int(procq_take_own(p, &own), -EBUSY, "one's own wait for the gap");
	for (uint32_t i = 0; i < CAPACITY; i++)
		if (fixture_state(p, i) == PROCQ_STATE_QUEUED)
			slot = i;
	fixture_mark(seg, slot, p->place, &status);
	p->search = 0;
	is_int(procq_take_own(p, &own), 0, "but the dead, behind the living,");
	is_int(own.slot, slot, "which is taken");
	is_int(procq_take_own(p, &own), -EBUSY, "and then none");
	need(collect(p, &e) == 1);
	end();
}

/* A take in vain of what is to be finished: it is still to be. */
static void test_finished_in_vain(void)
{
	struct procq_process first = { 0 };
	uint32_t slot;
	int64_t when;

	begin(1);
	entered(pid);
	need(take_next(c, &slot) == 0);
	note_signal(slot);
	need(procq_give_back(c, slot) == 0);
	is_int(pq_gap_take(d, slot, pq_load_word(seg, slot) + 1, NO_HINT),
	       -EAGAIN, "it has changed in the meantime");
	is_int(procq_gap(d, &when, &first), 1, "it is still the first,");
	is_int(first.slot, slot, "which a take in vain does not undo");
	is_int(take_next(c, &slot), 0, "and anybody takes it");
	end();
}

/* ---- a participant that is taken for dead ---- */

static void take_traced(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process got;

	(void)arg;
	must(procq_set_gap(q, 1) == 0);
	raise(SIGSTOP);
	_exit(procq_take(q, NULL, &got) == -EBUSY && procq_in_flight(q) == 0 ?
	      0 : 1);
}

/* While it pins the process, its permit goes to another. */
static void test_overtaken(void)
{
	uint64_t claim, theirs = 0;
	struct call call;
	uint32_t slot;
	pid_t tracee;
	int wstatus;

	begin(1);
	slot = entered(pid);
	claim = pq_permit_claim(c->incarnation);
	tracee = calls_start(take_traced, NULL);
	while (calls_next(tracee, &call, &wstatus))
		if (!theirs && calls_is(&call, SYS_pidfd_open)) {
			theirs = atomic_load(&seg->header->permit);
			atomic_store(&seg->header->permit, claim);
		}
	ok(theirs != claim && pq_permit_is_claim(theirs),
	   "one has claimed the permit, and pins the process");
	ok(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0,
	   "it takes nothing if the permit is another's then");
	is_int(fixture_state(c, slot), PROCQ_STATE_QUEUED, "it is put back");
	ok(atomic_load(&seg->header->permit) == claim,
	   "and the permit is left to whom it belongs");
	atomic_store(&seg->header->permit, 0);
	is_int(take_next(d, &slot), 0, "so it is taken by the next");
	end();
}

/* ---- a participant dies ---- */

static void claim_and_die(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct pq_permit permit;

	must(procq_set_gap(q, 1) == 0);
	must(pq_permit_look(q->seg, &permit) == PQ_LEAVE_ANY);
	must(pq_permit_move(&permit, pq_permit_claim(q->incarnation)));
	(void)arg;
	fixture_killed();
}

static void take_and_die(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process got;

	must(procq_set_gap(q, 1) == 0);
	must(procq_take(q, NULL, &got) == 0);
	if (arg)
		pq_record_sent(q->seg, got.slot, SIGTERM, false);
	fixture_killed();
}

static void test_deaths(void)
{
	struct pq_permit permit;
	uint32_t slot;

	begin(1);
	entered(pid);
	entered(pid);
	need(fixture_run(claim_and_die, NULL) == -SIGKILL);
	is_int(ask(c), 0, "the claim of a dead one is none");
	need(fixture_run(take_and_die, NULL) == -SIGKILL);
	is_int(ask(c), -EBUSY, "what a dead one has taken is awaited");
	need(pq_sweep_dead(seg, NULL) >= 1);
	is_int(ask(c), 0, "until the sweep: it was not signalled");
	need(fixture_run(take_and_die, &slot) == -SIGKILL &&
	     pq_sweep_dead(seg, NULL) == 1);
	is_int(pq_permit_look(seg, &permit), PQ_LEAVE_ONE,
	       "one that was signalled is to be finished");
	is_int(take_next(d, &slot), 0, "it is taken");
	is_int(slot, permit.slot, "first");
	end();
}

/* A claim of a participant that is alive. */
static void test_claimed(void)
{
	struct pq_permit permit = { 0 };
	uint32_t slot;

	begin(1);
	permit.cell = &seg->header->permit;
	entered(pid);
	need(pq_permit_move(&permit, pq_permit_claim(c->incarnation)));
	is_int(take_next(d, &slot), -EBUSY, "another is about to take");
	permit.value = pq_permit_claim(c->incarnation);
	ok(pq_permit_move(&permit, 0) && ask(d) == 0,
	   "it gives that up");
	is_int(pq_gap_take(c, 0, pq_load_word(seg, 0) + 1, NO_HINT), -EAGAIN,
	       "a process that has gone in the meantime is taken in vain");
	is_int(ask(d), 0, "which holds up nobody");
	permit.value = 5;
	ok(!pq_permit_move(&permit, 7), "who is too late moves nothing");
	end();
}

/* ---- damage ---- */

static void test_damage(void)
{
	uint32_t slot;

	begin(HOUR);
	entered(pid);
	atomic_store(&seg->header->permit, pq_permit_bond(CAPACITY, 3));
	is_int(ask(c), 0, "a record that is not there");
	/* Far behind the object. */
	atomic_store(&seg->header->permit,
		     pq_permit_bond(PROCQ_CAPACITY_MAX - 1, 3));
	is_int(ask(c), 0, "nor is the last that there can be");
	atomic_store(&seg->header->permit, 1);
	is_int(ask(c), 0, "neither claim nor bond");
	atomic_store(&seg->header->ended, INT64_MAX);
	is_int(ask(c), 0, "a death in the future");
	atomic_store(&seg->header->ended, INT64_MIN);
	is_int(ask(c), 0, "one before all time");
	need(take_next(c, &slot) == 0);
	note_signal(slot);
	end_it(c, slot);
	is_int(ask(c), -EBUSY, "after the next death all is well");
	end();
}

static void test_arguments(void)
{
	struct procq *onlooker = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);
	struct procq_process first;
	int64_t when;

	is_int(procq_set_gap(onlooker, -1), -EINVAL, "a gap below 0");
	is_int(procq_set_gap(onlooker, INT64_MAX), 0, "one for ever");
	atomic_store(&onlooker->seg->header->ended, 1);
	is_int(procq_gap(onlooker, &when, &first), -EBUSY, "… lasts");
	is_int(when, INT64_MAX, "for ever");
	is_int(procq_gap(onlooker, NULL, &first), -EINVAL, "no when");
	is_int(procq_gap(onlooker, &when, NULL), -EINVAL, "no first");
	procq_close(onlooker);
	onlooker = NULL;
	is_int(procq_set_gap(onlooker, 1), -EINVAL, "no handle");
	is_int(procq_gap(onlooker, &when, &first), -EINVAL, "nor here");
}

int main(void)
{
	taking_begin("gap");
	test_one_at_a_time();
	test_without();
	test_nobody_asks();
	test_given_back();
	test_finished_by_other();
	test_finished_in_vain();
	test_own();
	if (pins && calls_try())
		test_overtaken();
	test_deaths();
	test_claimed();
	test_damage();
	test_arguments();
	return done();
}
