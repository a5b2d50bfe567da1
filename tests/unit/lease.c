/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/lease.c - a lease: what is granted and until when, who may set it, and
 * that nothing enters when it is over, however late a child or a participant
 * goes on.
 */
#include <config.h>

#include <signal.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/records.h"
#include "lease.h"
#include "limit.h"
#include "term.h"

#define MAX 6u
#define HOUR (3600 * PQ_SECOND)

static struct procq *p;
static struct pq_segment *seg;

static void begin(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, MAX);
	seg = p->seg;
}

static void end(void)
{
	is_int(fixture_sum(p), 0, "started = retired + exited + lost + present");
	pq_sweep_self(seg, p->place, pq_member_id(p->role, p->incarnation));
	procq_close(p);
	fixture_clean();
}

static struct procq_lease terms(unsigned policy, int64_t in, uint64_t epoch,
				uint32_t granted)
{
	struct procq_lease t = PROCQ_LEASE_INIT;

	t.policy = policy;
	t.deadline = in == PROCQ_FOREVER ? in : procq_life() + in;
	t.epoch = epoch;
	t.granted = granted;
	return t;
}

static int set(unsigned policy, int64_t in, uint64_t epoch, uint32_t granted)
{
	struct procq_lease t = terms(policy, in, epoch, granted);

	return procq_set_lease(p, &t);
}

static int lease_for(unsigned policy, int64_t in)
{
	return set(policy, in, 1, PROCQ_UNBOUNDED);
}

/* As a holder that is killed before it enforces what it has set. */
static void let_it_run_out(unsigned policy)
{
	uint64_t lease = atomic_load(&seg->header->lease);

	atomic_store(&seg->header->lease,
		     pq_lease(policy, 1, pq_lease_serial(lease) + 1));
}

static uint32_t count(unsigned state)
{
	return fixture_in_state(p, state);
}

/* So many free, each with a hint, so many in use, and the rest parked. */
static bool settled(uint32_t free, uint32_t used)
{
	struct procq_report r;
	bool good = count(PROCQ_STATE_FREE) == free &&
		    count(PROCQ_STATE_PARKED) == MAX - free - used &&
		    procq_occupied(p) == used;

	if (!good)
		note("free %u parked %u occupied %u", count(PROCQ_STATE_FREE),
		     count(PROCQ_STATE_PARKED), procq_occupied(p));
	if (procq_check(p, &r) != 0 || r.faults || r.hints)
		note("%d hints, %s", (int)r.hints, r.first);
	return r.faults == 0 && r.hints == 0 && good;
}

static bool enters(uint32_t slot, uint64_t word)
{
	const struct pq_entry entry = { getpid(), 1, pq_clock_life() };
	uint64_t seq;

	return pq_record_enter(seg, slot, word, &entry, &seq);
}

/* ---- the public functions ---- */

static void test_errors(void)
{
	struct procq_lease t = PROCQ_LEASE_INIT, now;
	struct procq *looker;

	begin();
	looker = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(procq_lease(looker, &now), 0, "an onlooker may read it");
	ok(now.policy == PROCQ_POLICY_NONE && !now.over && now.epoch == 0 &&
		   now.deadline == PROCQ_FOREVER &&
		   now.granted == PROCQ_UNBOUNDED,
	   "there is none at first");
	is_int(procq_set_lease(looker, &t), -EINVAL, "but sets none");
	is_int(procq_set_lease(NULL, &t), -EINVAL, "no handle");
	is_int(procq_set_lease(p, NULL), -EINVAL, "no terms");
	is_int(procq_lease(p, NULL), -EINVAL, "no room for an answer");
	is_int(procq_lease(NULL, &now), -EINVAL, "no handle to read by");
	t.size--;
	is_int(procq_set_lease(p, &t), -EINVAL, "of another size");
	is_int(set(PROCQ_POLICY_CONTINUE + 1, 0, 0, 1), -EINVAL,
	       "no such policy");
	is_int(set(PROCQ_POLICY_KEEP, 0, 0, MAX + 1), -ERANGE,
	       "more slots than records");
	is_int(set(PROCQ_POLICY_KEEP, 0, PROCQ_EPOCH_MAX + 1, 1), -ERANGE,
	       "an epoch that is too large");
	ok(atomic_load(&seg->header->lease) == 0 &&
		   atomic_load(&seg->header->grant) == 0 && settled(MAX, 0),
	   "nothing of all that was set");
	ok(strcmp(procq_strerror(-ENOTCONN), procq_strerror(-ESTALE)) != 0,
	   "the error of an older epoch is one of its own");
	procq_close(looker);
	end();
}

static void test_granted(void)
{
	struct procq_stat s;
	uint64_t words[4];

	begin();
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 1, 2), 0, "two slots are granted");
	ok(settled(2, 0), "so four records are parked");
	procq_stat(p, &s);
	ok(s.granted == 2 && s.limit == MAX && s.wanted == 0 && !s.over,
	   "the limit is what it was");
	records_have(p, &words[0]);
	records_have(p, &words[1]);
	ok(records_full(p), "two may start");
	is_int(fixture_stat(p).wanted, 2, "two are wanted, as nobody waits");
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 1, 4), 0, "two more");
	records_have(p, &words[2]);
	ok(settled(1, 3), "can be used");
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 1, 1), 2, "now two too many are");
	ok(settled(0, 3) && records_full(p), "no more is started");
	for (uint32_t i = 0; i < seg->capacity; i++)
		if (fixture_state(p, i) == PROCQ_STATE_RESERVED)
			pq_record_cancel(seg, i, pq_load_word(seg, i));
	ok(settled(1, 0), "what is released is parked, but for one");
	is_int(procq_set_limit(p, 0), 0, "a limit of none");
	ok(records_full(p) && settled(0, 0), "is less than one");
	is_int(procq_set_limit(p, 3), 0, "a limit of three");
	ok(settled(1, 0), "does not add to what is granted");
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 1, 5), 0, "nor five to the limit");
	ok(settled(3, 0), "the lesser of both counts");
	is_int(set(PROCQ_POLICY_NONE, 0, 1, PROCQ_UNBOUNDED), 0, "no lease");
	is_int(procq_set_limit(p, MAX), 0, "and no limit");
	ok(settled(MAX, 0), "all may be used");
	end();
}

static void test_epoch(void)
{
	struct procq_lease now;

	begin();
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 5, 3), 0, "epoch 5");
	is_int(set(PROCQ_POLICY_END, 2 * HOUR, 4, 6), -ENOTCONN,
	       "epoch 4 is another holder's, which is over");
	procq_lease(p, &now);
	ok(now.policy == PROCQ_POLICY_KEEP && now.epoch == 5 &&
		   now.granted == 3 && now.deadline < procq_life() + 2 * HOUR,
	   "it has changed nothing");
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 5, 2), 0, "the same epoch may");
	is_int(set(PROCQ_POLICY_CONTINUE, HOUR, PROCQ_EPOCH_MAX, 2), 0,
	       "so may a later one");
	procq_lease(p, &now);
	ok(now.epoch == PROCQ_EPOCH_MAX && now.policy == PROCQ_POLICY_CONTINUE,
	   "which then has it");
	is_int(set(PROCQ_POLICY_NONE, 0, PROCQ_EPOCH_MAX, PROCQ_UNBOUNDED), 0,
	       "a lease that is taken away");
	is_int(set(PROCQ_POLICY_NONE, 0, 5, PROCQ_UNBOUNDED), -ENOTCONN,
	       "leaves its epoch behind");
	end();
}

/* Another holder, with a later epoch, comes between two steps. The first raises
 * the epoch; the older one has done its first step, and fails at the next. */
static void test_overtaken(void)
{
	struct procq_lease now;

	begin();
	need(set(PROCQ_POLICY_KEEP, HOUR, 7, 2) == 0);
	atomic_store(&seg->header->grant, pq_grant(2, 8));
	is_int(set(PROCQ_POLICY_KEEP, 2 * HOUR, 7, 2), -ENOTCONN,
	       "overtaken after one step of the later holder");
	procq_lease(p, &now);
	ok(now.deadline < procq_life() + 2 * HOUR, "its time does not count");
	end();
}

static void test_time(void)
{
	struct procq_lease now, t;
	int64_t before;

	begin();
	t = terms(PROCQ_POLICY_KEEP, HOUR, 1, 3);
	need(procq_set_lease(p, &t) == 0);
	procq_lease(p, &now);
	ok(now.deadline <= t.deadline &&
		   now.deadline > t.deadline - (1 << 20) && !now.over,
	   "a deadline is rounded down, by a millisecond");
	ok(pq_term_left(seg) > HOUR - PQ_SECOND * 60 &&
		   pq_term_left(seg) <= HOUR, "how long it lasts");
	need(lease_for(PROCQ_POLICY_KEEP, PROCQ_FOREVER) == 0);
	procq_lease(p, &now);
	ok(now.deadline == PROCQ_FOREVER && !now.over && !pq_term_left(seg) &&
		   !records_full(p), "a deadline that never comes");
	need(lease_for(PROCQ_POLICY_KEEP, 40 * PQ_MILLI) == 0);
	before = pq_now();
	while (procq_lease(p, &now) == 0 && !now.over)
		procq_wait(p, 0, PROCQ_FOREVER);
	ok(pq_now() - before < 10 * PQ_SECOND && !pq_term_left(seg),
	   "a wait ends when it comes");
	ok(!pq_term_is_over(pq_lease(PROCQ_POLICY_KEEP, 1, 0), INT64_MIN) &&
		   pq_term_is_over(pq_lease(PROCQ_POLICY_KEEP, 0, 0), 0),
	   "no clock is before 0");
	end();
}

/* ---- when it is over ---- */

static void test_over(unsigned policy, const char *what)
{
	struct procq_lease now;
	uint64_t words[2];
	uint32_t slot;

	begin();
	slot = records_have(p, &words[0]);
	records_have(p, &words[1]);
	need(enters(slot, words[0]));
	ok(lease_for(policy, -PQ_SECOND) == 1, "%s: one is in the queue", what);
	procq_lease(p, &now);
	ok(now.over && now.deadline < procq_life(), "it is over");
	ok(fixture_state(p, slot) == PROCQ_STATE_QUEUED && settled(0, 1),
	   "that lives, and all else is parked, what was reserved, too");
	ok(records_full(p) && procq_spawn(p, NULL, NULL) == -EAGAIN,
	   "nothing is started");
	is_int(lease_for(policy, HOUR), 0, "it is renewed");
	ok(settled(MAX - 1, 1), "so there is room again");
	fixture_mark(seg, slot, p->place,
		     &(struct pq_status){ PROCQ_CAUSE_EXIT, 0, 1, 1, 1 });
	need(lease_for(policy, -1) == 1);
	ok(settled(0, 1), "the dead keep their records");
	need(lease_for(policy, HOUR) == 0);
	pq_ring_skip(&seg->ready, (struct pq_hint[1]){ { 0 } });
	need(procq_take_exited(p, &(struct procq_process){ 0 }) == 0);
	need(lease_for(policy, -1) == 1);
	need(procq_collect(p, &(struct procq_event){ 0 }) == 1);
	ok(settled(0, 0), "until they are reported");
	end();
}

static void test_continue(void)
{
	struct procq_stat s;
	uint64_t word;

	begin();
	need(set(PROCQ_POLICY_CONTINUE, -PQ_SECOND, 1, 2) == 0);
	procq_stat(p, &s);
	ok(s.over && s.granted == 2 && settled(2, 0),
	   "continue: it is over, and what was granted is still there");
	records_have(p, &word);
	ok(enters(records_have(p, &word), word) && records_full(p),
	   "for two, and no third");
	end();
}

/* What each of them may have begun before the end, and goes on with after it.
 */
static void test_late(void)
{
	uint64_t word, other;
	uint32_t slot;

	begin();
	slot = records_have(p, &word);
	let_it_run_out(PROCQ_POLICY_KEEP);
	ok(!enters(slot, word), "a child looks before it enters");
	is_int(fixture_state(p, slot), PROCQ_STATE_RESERVED,
	       "and changes nothing");
	pq_lease_enforce(seg);
	is_int(fixture_state(p, slot), PROCQ_STATE_PARKED,
	       "then its reservation is taken back");
	need(lease_for(PROCQ_POLICY_KEEP, HOUR) == 0);
	ok(!enters(slot, word), "so it never enters, whatever the lease is");
	is_int(count(PROCQ_STATE_QUEUED), 0, "nobody did");
	while (records_have(p, &other) != slot)
		;
	ok(!enters(slot, word), "nor if another has the record");
	ok(enters(slot, other), "which enters");
	end();
}

static void test_once(void)
{
	uint64_t word, lease;
	uint32_t slot;

	begin();
	need(lease_for(PROCQ_POLICY_KEEP, -1) == 0);
	lease = atomic_load(&seg->header->lease);
	ok(lease && atomic_load(&seg->header->enforced) == lease,
	   "that it is enforced is noted");
	need(lease_for(PROCQ_POLICY_KEEP, HOUR) == 0);
	pq_lease_enforce(seg);
	ok(atomic_load(&seg->header->enforced) == lease && !records_full(p),
	   "one that is not over is not enforced");
	slot = records_have(p, &word);
	need(lease_for(PROCQ_POLICY_KEEP, -1) == 0 ||
	     count(PROCQ_STATE_RESERVED) == 0);
	ok(fixture_state(p, slot) == PROCQ_STATE_PARKED &&
		   atomic_load(&seg->header->lease) != lease,
	   "the same deadline once more is another lease");
	need(lease_for(PROCQ_POLICY_NONE, -1) == 0);
	ok(settled(MAX, 0), "a lease that is no more is not over");
	end();
}

/* Each of these sees to it in passing. */
static void test_anybody(void)
{
	struct procq_process what;
	struct procq *c;
	uint64_t word;

	begin();
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	for (int i = 0; i < 4; i++) {
		need(lease_for(PROCQ_POLICY_KEEP, HOUR) == 0);
		records_have(p, &word);
		let_it_run_out(PROCQ_POLICY_KEEP);
		switch (i) {
		case 0:
			procq_take(c, NULL, &what);
			break;
		case 1:
			procq_wait(c, 0, 0);
			break;
		case 2:
			procq_reap(p);
			break;
		default:
			procq_spawn(p, NULL, NULL);
			procq_wait(p, PROCQ_WAIT_ROOM, 0);
		}
		ok(settled(0, 0), "enforced by whoever looks: %d", i);
	}
	procq_close(c);
	end();
}

/* The wait's own child has not entered, and its slot is another's by now. */
static void test_mark(void)
{
	struct procq_process what = { 0 };
	uint64_t first, second;
	uint32_t slot;
	pid_t pid = fixture_bystander();

	begin();
	need(lease_for(PROCQ_POLICY_KEEP, HOUR) == 0);
	slot = records_have(p, &first);
	need(pq_intmap_reserve(&p->children) == 0);
	pq_intmap_put(&p->children, (int32_t)pid, pq_life(slot, first));
	need(lease_for(PROCQ_POLICY_KEEP, -1) == 0);
	need(lease_for(PROCQ_POLICY_KEEP, HOUR) == 0);
	while (records_have(p, &second) != slot)
		;
	fixture_kill(pid);
	what.pid = (int32_t)pid;
	what.slot = slot;
	is_int(procq_entered(p, &what), -ECANCELED,
	       "the child has not entered");
	ok(what.pid == pid && what.slot == slot && !what.seq && !what.started,
	   "and nothing is told of the other");
	is_int(procq_reap(p), 1, "it is reaped");
	ok(pq_load_word(seg, slot) == second,
	   "which leaves the reservation of the next child alone");
	ok(enters(slot, second), "that enters");
	end();
}

static void test_end(void)
{
	const struct procq_command kept = {
		.size = sizeof(kept), .flags = PROCQ_SPAWN_KEEP,
	};
	struct procq_process first;
	int64_t when;

	begin();
	need(lease_for(PROCQ_POLICY_END, HOUR) == 0);
	is_int(procq_spawn(p, &kept, NULL), -EDOM,
	       "end: nothing may outlive its producer");
	need(procq_set_gap(p, HOUR) == 0);
	atomic_store(&seg->header->ended, pq_clock_life());
	is_int(procq_gap(p, &when, &first), -EBUSY, "a gap is kept");
	need(lease_for(PROCQ_POLICY_END, -1) == 0);
	is_int(procq_gap(p, &when, &first), 0, "but not at the end");
	need(lease_for(PROCQ_POLICY_KEEP, -1) == 0);
	is_int(procq_gap(p, &when, &first), -EBUSY, "of this kind");
	end();
}

/* The setter is killed between two steps: see lease.c. */
static void test_half(void)
{
	struct procq_lease now;
	uint64_t word;

	begin();
	need(set(PROCQ_POLICY_KEEP, HOUR, 1, 4) == 0);
	atomic_store(&seg->header->grant, pq_grant(2, 2));
	ok(!records_full(p) && records_have(p, &word) < MAX && records_full(p),
	   "granted is less, before anything is parked: two");
	is_int(set(PROCQ_POLICY_KEEP, HOUR, 2, 4), 0, "the next goes on");
	procq_lease(p, &now);
	ok(now.granted == 4 && settled(2, 2), "and all is as it says");
	end();
}

static void test_jumps(void)
{
	uint32_t used = 0;
	uint64_t word, random = 88172645463325252u;
	bool good = true;

	begin();
	for (int i = 0; i < 3000; i++) {
		unsigned policy;
		uint32_t granted;
		bool past;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		policy = (unsigned)(random >> 20) & 3;
		past = random >> 30 & 1;
		granted = (uint32_t)(random >> 40) % (MAX + 1);
		need(set(policy, past ? -1 : HOUR, 1 + (uint64_t)i / 9,
			 granted) >= 0);
		if (past && (policy == PROCQ_POLICY_KEEP ||
			     policy == PROCQ_POLICY_END)) {
			good &= records_full(p);
			used = 0;	/* none has entered */
			good &= count(PROCQ_STATE_FREE) == 0 &&
				count(PROCQ_STATE_RESERVED) == 0;
			continue;
		}
		good &= count(PROCQ_STATE_FREE) ==
			(granted > used ? granted - used : 0);
		if (granted > used && random >> 50 & 1) {
			records_have(p, &word);
			used++;
		}
	}
	ok(good, "a deadline that jumps back and forth");
	need(set(PROCQ_POLICY_NONE, 0, 4000, PROCQ_UNBOUNDED) == 0);
	ok(settled(MAX - used, used), "no record is lost by that");
	end();
}

/* No number in the object makes anybody hang, or use more than there is. */
static void test_damage(void)
{
	begin();
	atomic_store(&seg->header->grant, UINT64_MAX);
	atomic_store(&seg->header->lease, UINT64_MAX);
	atomic_store(&seg->header->enforced, UINT64_MAX);
	pq_lease_enforce(seg);
	is_int(set(PROCQ_POLICY_KEEP, HOUR, PROCQ_EPOCH_MAX, 2), 0,
	       "whatever was there, a lease can be set");
	ok(settled(2, 0), "and counts");
	atomic_store(&seg->header->change,
		     pq_change(PQ_CHANGE_PARK, 0, 0, 77));
	atomic_store(&seg->header->lease, pq_lease(PROCQ_POLICY_KEEP, 1, 9));
	is_int(set(PROCQ_POLICY_KEEP, HOUR, PROCQ_EPOCH_MAX, 3), -EBADMSG,
	       "not if the limit can't be settled");
	atomic_store(&seg->header->change, 0);
	atomic_store(&seg->header->lease, 0);
	end();
}

int main(void)
{
	fixture_begin("lease");
	test_errors();
	test_granted();
	test_epoch();
	test_overtaken();
	test_time();
	test_over(PROCQ_POLICY_KEEP, "keep");
	test_over(PROCQ_POLICY_END, "end");
	test_continue();
	test_late();
	test_once();
	test_anybody();
	test_mark();
	test_end();
	test_half();
	test_jumps();
	test_damage();
	return done();
}
