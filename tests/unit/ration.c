/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/ration.c - lib/ration.c, permits.c, and what gap.c does with them: no
 * ending without a permit from outside, which belongs to the process that was
 * taken with it, wherever a participant died; and one giver at a time.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include "gap.h"
#include "ration.h"

static struct procq *d, *k;	/* another consumer; the giver */
static pid_t pid;		/* of a bystander, whom all records name */

static void begin(int processes)
{
	setup();
	d = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	k = fixture_open(PROCQ_ROLE_KEEPER, 0);
	pid = fixture_bystander();
	need(procq_need_permits(k, 1, 1) == 0);
	while (processes-- > 0)
		entered(pid);
}

static void end(void)
{
	procq_close(k);
	procq_close(d);
	teardown();
	fixture_end(pid);
}

static struct procq_permits look(void)
{
	struct procq_permits all = PROCQ_PERMITS_INIT;

	need(procq_permits(k, &all) == 0);
	return all;
}

static unsigned state(unsigned number)
{
	return look().states[number];
}

/* ---- one after the other ---- */

static void test_a_life(void)
{
	struct procq_permits all;
	uint32_t slot, other;

	begin(2);
	all = look();
	ok(all.needed == 1 && all.epoch == 1 && all.wanted == 0,
	   "permits are needed, and nobody wants one yet");
	is_int(take_next(c, &slot), -EBUSY, "without one, none is taken");
	all = look();
	is_int(all.wanted, 1, "so one is wanted");
	ok(all.oldest > 0, "and it is known how old its process is");
	is_int(take_next(d, &slot), -EBUSY, "nor by another");
	is_int(look().wanted, 2, "which wants one, too");
	is_int(procq_give_permit(k, 1, 7), 0, "one is given");
	is_int(procq_give_permit(k, 1, 7), -EALREADY, "once");
	is_int(state(7), PROCQ_PERMIT_UNUSED, "it is unused");
	is_int(take_next(c, &slot), 0, "with it, one is taken");
	is_int(state(7), PROCQ_PERMIT_USED, "now it is used");
	is_int(look().wanted, 1, "and one is wanted less");
	is_int(take_next(d, &other), -EBUSY, "it is no permit for another");
	is_int(procq_withdraw_permit(k, 1, 7), -EBUSY, "nor withdrawn");
	note_signal(slot);
	is_int(state(7), PROCQ_PERMIT_USED, "it was signalled");
	end_it(c, slot);
	is_int(state(7), PROCQ_PERMIT_OVER, "it is dead: that ending is over");
	is_int(take_next(d, &other), -EBUSY, "which permits no other");
	is_int(procq_give_permit(k, 1, 7), -EALREADY, "nor is it given anew");
	is_int(procq_withdraw_permit(k, 1, 7), 0, "before it is withdrawn");
	is_int(state(7), PROCQ_PERMIT_NONE, "now there is none");
	is_int(procq_withdraw_permit(k, 1, 7), 0, "however often");
	end();
}

/* The record has another process before the giver has looked. */
static void test_next_life(void)
{
	uint32_t slot, other;

	begin(1);
	need(procq_give_permit(k, 1, 1) == 0 && take_next(c, &slot) == 0);
	end_it(c, slot);
	for (int i = 0; i < CAPACITY; i++)
		entered(pid);
	is_int(state(1), PROCQ_PERMIT_OVER, "a later life does not matter");
	need(procq_give_permit(k, 1, 2) == 0 && take_next(c, &other) == 0);
	is_int(state(1), PROCQ_PERMIT_OVER, "nor if it is taken");
	is_int(state(2), PROCQ_PERMIT_USED, "with another permit");
	end();
}

static void test_not_needed(void)
{
	struct procq_process got;
	struct procq *e;
	uint32_t slot;

	begin(6);
	e = fixture_open(PROCQ_ROLE_KEEPER, 0);
	is_int(take_next(e, &slot), 0, "a keeper needs none");
	procq_close(e);
	e = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	is_int(take_next(e, &slot), 0, "nor does a producer");
	procq_close(e);
	fixture_mark(seg, 4, p->place, &status);
	is_int(procq_take_exited(c, &got), 0, "nor what is dead");
	is_int(got.slot, 4, "which is that one");
	end_it(c, 4);
	need(procq_need_permits(k, 1, 0) == 0);
	is_int(take_next(c, &slot), 0, "if none are needed, anybody takes");
	is_int(look().needed, 0, "which is shown");
	end();
}

static void test_with_gap(void)
{
	uint32_t slot, other;
	struct procq_process first;
	int64_t when;

	begin(3);
	need(procq_set_gap(c, PQ_SECOND * 3600) == 0);
	is_int(take_next(c, &slot), -EBUSY, "a gap, and no permit: none");
	is_int(procq_gap(c, &when, &first), 0, "and the gap is not claimed");
	need(procq_give_permit(k, 1, 1) == 0 && take_next(c, &slot) == 0);
	note_signal(slot);
	end_it(c, slot);
	need(procq_give_permit(k, 1, 2) == 0);
	is_int(take_next(c, &other), -EBUSY, "a permit, but the gap goes on");
	is_int(state(2), PROCQ_PERMIT_UNUSED, "for which none is used up");
	is_int(take_next(d, &other), 0, "one without a gap uses it");
	end();
}

/* ---- given back ---- */

static void test_given_back(void)
{
	struct procq_process first;
	uint32_t slot, other;
	int64_t when;

	begin(3);
	need(procq_give_permit(k, 1, 1) == 0 && take_next(c, &slot) == 0);
	need(procq_give_back(c, slot) == 0);
	is_int(state(1), PROCQ_PERMIT_UNUSED,
	       "given back without a signal: it is unused");
	is_int(take_next(d, &other), 0, "and of use for another");
	ok(other != slot, "which takes the next");
	note_signal(other);
	need(procq_give_back(d, other) == 0);
	is_int(state(1), PROCQ_PERMIT_USED, "after a signal, it is in use");
	is_int(procq_gap(c, &when, &first), 1, "there is one to be finished");
	ok(first.slot == other, "which is that");
	is_int(take_next(c, &slot), 0, "it is taken first");
	is_int(slot, other, "though its turn is last");
	is_int(state(1), PROCQ_PERMIT_USED, "with the permit that it has");
	is_int(take_next(d, &other), -EBUSY, "which is no other's");
	end_it(c, slot);
	is_int(state(1), PROCQ_PERMIT_OVER, "until its end");
	end();
}

static void test_vain(void)
{
	begin(1);
	need(procq_give_permit(k, 1, 1) == 0);
	is_int(pq_gap_take(c, 0, pq_load_word(seg, 0) + 1, NO_HINT), -EAGAIN,
	       "a process that has gone in the meantime is taken in vain");
	is_int(state(1), PROCQ_PERMIT_UNUSED, "so the permit is unused");
	end();
}

/* ---- a participant dies ---- */

static void claim_and_die(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct pq_permit permit;

	must(pq_ration_claim(q->seg, q->incarnation, 0, &permit));
	(void)arg;
	fixture_killed();
}

static void take_and_die(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process got;

	must(procq_take(q, NULL, &got) == 0);
	if (arg)
		pq_record_sent(q->seg, got.slot, SIGTERM, false);
	fixture_killed();
}

static void test_deaths(void)
{
	uint32_t slot;

	begin(2);
	need(procq_give_permit(k, 1, 3) == 0);
	need(fixture_run(claim_and_die, NULL) == -SIGKILL);
	is_int(state(3), PROCQ_PERMIT_UNUSED, "the claim of a dead one is none");
	need(fixture_run(take_and_die, NULL) == -SIGKILL);
	is_int(state(3), PROCQ_PERMIT_USED, "what it has taken is awaited");
	need(pq_sweep_dead(seg, NULL) >= 1);
	is_int(state(3), PROCQ_PERMIT_UNUSED, "it was not signalled: unused");
	need(fixture_run(take_and_die, &slot) == -SIGKILL &&
	     pq_sweep_dead(seg, NULL) == 1);
	is_int(state(3), PROCQ_PERMIT_USED, "it was: it goes on");
	is_int(procq_withdraw_permit(k, 1, 3), -EBUSY, "and is not withdrawn");
	is_int(take_next(d, &slot), 0, "another takes it, without another one");
	end_it(d, slot);
	is_int(state(3), PROCQ_PERMIT_OVER, "and ends it");
	end();
}

/* ---- the giver ---- */

static void test_givers(void)
{
	struct procq *k2;

	begin(1);
	k2 = fixture_open(PROCQ_ROLE_KEEPER, 0);
	need(procq_give_permit(k, 1, 1) == 0);
	is_int(procq_need_permits(k2, 5, 1), 0, "a later giver");
	is_int(procq_need_permits(k, 1, 0), -ENOTCONN, "is not overruled");
	is_int(procq_give_permit(k, 1, 2), -ENOTCONN, "the old one gives none");
	is_int(procq_withdraw_permit(k, 1, 1), -ENOTCONN, "nor withdraws one");
	is_int(state(1), PROCQ_PERMIT_UNUSED, "what was given stays");
	is_int(procq_withdraw_permit(k2, 5, 1), 0, "for the later one");
	is_int(procq_give_permit(k2, 5, 2), 0, "which gives another");
	is_int(look().epoch, 5, "its epoch is shown");
	is_int(procq_give_permit(k2, 4, 3), -ENOTCONN, "an epoch has to be its");
	procq_close(k2);
	end();
}

/* A giver was stopped between its look at the ration and its CAS. */
static void test_stopped_giver(void)
{
	uint64_t before, old;

	begin(1);
	old = before = atomic_load(&seg->header->permits[0]);
	need(procq_need_permits(k, 2, 1) == 0);
	ok(!atomic_compare_exchange_strong(&seg->header->permits[0], &old,
					   pq_permit_unused(1)),
	   "what an old giver has read is not there any more");
	is_int(state(1), PROCQ_PERMIT_NONE, "so its permit does not come");
	/* … or it had passed that look to withdraw one. */
	need(procq_give_permit(k, 2, 1) == 0);
	atomic_store(&seg->header->permits[0], before);
	is_int(procq_give_permit(k, 2, 1), 0, "an older cell is given anew");
	atomic_store(&seg->header->permits[1], pq_permit_free(9));
	is_int(procq_give_permit(k, 2, 2), -ENOTCONN, "a later one is not");
	end();
}

static void test_lease(void)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	uint32_t slot;

	begin(3);
	l.policy = PROCQ_POLICY_KEEP;
	l.deadline = 1;
	need(procq_give_permit(k, 1, 1) == 0 && procq_set_lease(k, &l) >= 0);
	is_int(take_next(c, &slot), -EBUSY,
	       "a lease is over: an unused permit is of no use");
	ok(!pq_ration_usable(seg), "nor waited for");
	l.deadline = PROCQ_FOREVER;
	need(procq_set_lease(k, &l) >= 0);
	is_int(take_next(c, &slot), 0, "until it is renewed");
	l.policy = PROCQ_POLICY_END;
	l.deadline = 1;
	need(procq_set_lease(k, &l) >= 0);
	is_int(take_next(d, &slot), 0, "with 'end', none is needed then");
	end();
}

/* ---- waits ---- */

static void test_waits(void)
{
	uint32_t slot;
	unsigned owed = 0;

	begin(2);
	is_int(procq_wait(c, PROCQ_WAIT_PERMIT, procq_now() + PQ_MILLI),
	       -ETIMEDOUT, "a wait for a permit");
	need(take_next(c, &slot) == -EBUSY);
	pq_bell_show(seg, c->place, PROCQ_WAIT_PERMIT);
	need(procq_give_permit(k, 1, 1) == 0);
	ok(pq_bell_hide(seg, c->place, PROCQ_WAIT_PERMIT, &owed),
	   "is ended by one");
	is_int(procq_wait(c, PROCQ_WAIT_PERMIT, PROCQ_FOREVER), 0,
	       "and at once if it is there");
	need(take_next(c, &slot) == 0);
	pq_bell_show(seg, k->place, PROCQ_WAIT_ENDINGS);
	need(take_next(d, &slot) == -EBUSY);
	ok(pq_bell_hide(seg, k->place, PROCQ_WAIT_ENDINGS, &owed),
	   "the giver hears of a wish");
	pq_bell_show(seg, k->place, PROCQ_WAIT_ENDINGS);
	end_it(c, 0);
	ok(pq_bell_hide(seg, k->place, PROCQ_WAIT_ENDINGS, &owed),
	   "and of an end");
	pq_bell_show(seg, k->place, PROCQ_WAIT_ENDINGS);
	need(take_next(d, &slot) == -EBUSY);
	ok(!pq_bell_hide(seg, k->place, PROCQ_WAIT_ENDINGS, &owed),
	   "the same wish again wakes nobody");
	end();
}

static void wish_and_die(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process got;

	must(procq_take(q, NULL, &got) == -EBUSY);
	(void)arg;
	fixture_killed();
}

static void test_wishes(void)
{
	struct pq_participant *me;
	uint32_t slot;

	begin(3);
	need(fixture_run(wish_and_die, NULL) == -SIGKILL);
	is_int(look().wanted, 0, "a dead one wants none");
	pq_sweep_dead(seg, NULL);
	need(take_next(c, &slot) == -EBUSY);
	me = &seg->participants[c->place];
	atomic_store(&me->wished, pq_clock_life() - 2 * PQ_SECOND);
	is_int(look().wanted, 0, "nor one that has not asked for long");
	need(take_next(c, &slot) == -EBUSY);
	is_int(look().wanted, 1, "until it asks again");
	atomic_store(&me->wish, 1);
	need(take_next(d, &slot) == -EBUSY);
	ok(look().oldest >= pq_clock_life() - PQ_SECOND - 1,
	   "the oldest counts, of several");
	end();
}

/* ---- wrong use, damage ---- */

static void test_wrong(void)
{
	struct procq_permits all = PROCQ_PERMITS_INIT;

	begin(1);
	is_int(procq_need_permits(NULL, 1, 1), -EINVAL, "no handle");
	is_int(procq_give_permit(NULL, 1, 1), -EINVAL, "to give");
	is_int(procq_permits(NULL, &all), -EINVAL, "to look");
	is_int(procq_permits(k, NULL), -EINVAL, "no place to write to");
	all.size--;
	is_int(procq_permits(k, &all), -EINVAL, "another size");
	is_int(procq_need_permits(k, PROCQ_EPOCH_MAX + 1, 1), -ERANGE,
	       "no such epoch");
	is_int(procq_give_permit(k, PROCQ_EPOCH_MAX + 1, 1), -ERANGE,
	       "to give");
	is_int(procq_give_permit(k, 1, 0), -ERANGE, "no number 0");
	is_int(procq_give_permit(k, 1, PROCQ_PERMITS_MAX + 1), -ERANGE,
	       "nor so great a one");
	is_int(procq_give_permit(k, 1, PROCQ_PERMITS_MAX), 0, "the last one");
	is_int(procq_withdraw_permit(k, 1, 0), -ERANGE, "nor to withdraw");
	end();
}

static void test_damage(void)
{
	begin(1);
	atomic_store(&seg->header->permits[0], pq_permit_bond(CAPACITY, 1));
	is_int(state(1), PROCQ_PERMIT_OVER,
	       "a record that there is not is over");
	is_int(procq_withdraw_permit(k, 1, 1), 0, "and withdrawn");
	atomic_store(&seg->header->ration, pq_ration(true, 0xfffff, 1));
	pq_ration_call(seg);
	ok(true, "a giver that there is not is not woken");
	end();
}

int main(void)
{
	taking_begin("ration");
	test_a_life();
	test_next_life();
	test_not_needed();
	test_with_gap();
	test_given_back();
	test_vain();
	test_deaths();
	test_givers();
	test_stopped_giver();
	test_lease();
	test_waits();
	test_wishes();
	test_wrong();
	test_damage();
	return done();
}
