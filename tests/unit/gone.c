/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/gone.c - lib/gone.c: of a queued process whose producer is dead, what
 * proves that it is gone, and what does not.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#include "gone.h"

static enum pq_trace trace(uint32_t slot)
{
	struct pq_living living = { { 0 } };

	return pq_trace(seg, slot, pq_load_word(seg, slot), &living);
}

static void test_alive(void)
{
	struct pq_living living = { { 0 } };
	pid_t pid = fixture_bystander(), other = fixture_bystander();
	uint32_t slot, dead;

	setup();
	is_int(trace(0), PQ_TRACE_OTHER, "nothing is in this record");
	slot = entered(pid);
	is_int(trace(slot), PQ_TRACE_OTHER, "its producer is alive");
	dead = orphan(other, 0, 0);
	is_int(pq_trace(seg, slot, pq_load_word(seg, slot), &living),
	       PQ_TRACE_OTHER, "which is remembered");
	is_int(pq_trace(seg, dead, pq_load_word(seg, dead), &living),
	       PQ_TRACE_ORPHAN, "of that one alone");
	is_int(pq_trace(seg, slot, pq_load_word(seg, slot), &living),
	       PQ_TRACE_OTHER, "in the same look");
	fixture_kill(pid);
	is_int(trace(slot), PQ_TRACE_OTHER, "its producer has to tell");
	need(take(c, slot) == 0);
	is_int(trace(slot), PQ_TRACE_OTHER, "what is taken is its taker's");
	fixture_mark(seg, slot, p->place, &status);
	fixture_wait(pid);
	fixture_end(other);
	teardown();
}

static void test_orphans(void)
{
	uint64_t inode, start;
	pid_t pid;
	uint32_t slot;

	setup();
	pid = fixture_bystander();
	start = ident_of(PQ_IDENT_START, pid);
	slot = orphan(pid, 0, 0);
	is_int(trace(slot), PQ_TRACE_ORPHAN, "a process has its pid");
	slot = orphan(pid, start, PQ_F_START);
	is_int(trace(slot), PQ_TRACE_ORPHAN, "the very one, by its start");
	teardown();
	setup();
	slot = orphan(pid, start + 1, PQ_F_START);
	is_int(trace(slot), PQ_TRACE_LOST, "another, by its start");
	if (pq_ident_kind() == PQ_IDENT_INODE) {
		inode = ident_of(PQ_IDENT_INODE, pid);
		teardown();
		setup();
		slot = orphan(pid, inode, 0);
		is_int(trace(slot), PQ_TRACE_ORPHAN,
		       "the very one, by its inode");
		teardown();
		setup();
		slot = orphan(pid, inode + 1, 0);
		is_int(trace(slot), PQ_TRACE_LOST, "another, by its inode");
	}
	teardown();
	setup();
	slot = orphan(pid, 0, 0);
	fixture_kill(pid);
	is_int(trace(slot), PQ_TRACE_LOST, "a zombie is gone");
	fixture_wait(pid);
	is_int(trace(slot), PQ_TRACE_LOST, "as is what nobody has the pid of");
	atomic_store(&seg->records[slot].pid,
		     pq_tagged(0, PQ_PID_BITS, (uint32_t)pq_tag(
			     atomic_load(&seg->records[slot].pid),
			     PQ_PID_BITS)));
	is_int(trace(slot), PQ_TRACE_ORPHAN, "without a pid nothing is known");
	teardown();
}

/* Of a producer that is not there: in place of one that was killed. */
static uint32_t orphaned(pid_t pid)
{
	uint32_t slot = entered(pid);

	atomic_store(&seg->records[slot].producer, pq_producer(999, 0));
	return slot;
}

/* Without pins: what kill() and /proc say. */
static void body_unpinned(void *arg)
{
	pid_t pid = fixture_bystander();
	uint32_t slot;

	(void)arg;
	setup_unpinned();
	slot = orphaned(pid);
	must(trace(slot) == PQ_TRACE_ORPHAN);
	fixture_kill(pid);
	must(trace(slot) == PQ_TRACE_ORPHAN);
	fixture_wait(pid);
	must(trace(slot) == PQ_TRACE_LOST);
}

/* Too few descriptors prove nothing. */
static void body_short(void *arg)
{
	pid_t pid = fixture_bystander();
	uint32_t slot;

	(void)arg;
	setup();
	slot = orphaned(pid);
	fixture_end(pid);
	must(trace(slot) == PQ_TRACE_LOST);
	forbid_one(SYS_pidfd_open, EMFILE);
	must(trace(slot) == PQ_TRACE_ORPHAN);
}

int main(void)
{
	taking_begin("gone");
	test_alive();
	if (pins)
		test_orphans();
	/* No filter, under an emulator. */
	if (calls_try()) {
		unpinned(body_unpinned,
			 "without pins, only that nobody has the pid");
		if (pins)
			unpinned(body_short, "no proof: it may be alive");
	}
	return done();
}
