/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fence.c - who has taken the slots back: the note, whole or none, and
 * the lease that goes with it.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "fence.h"

static struct procq *p;
static struct pq_header *h;

static struct procq_lease look(void)
{
	struct procq_lease l = PROCQ_LEASE_INIT;

	is_int(procq_lease(p, &l), 0, "the lease is read");
	return l;
}

static void begin(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, 4);
	h = p->seg->header;
}

static void end(void)
{
	procq_close(p);
	fixture_clean();
}

static void test_note(void)
{
	char longer[2 * PROCQ_FENCER_SIZE];
	struct procq_lease l;

	begin();
	l = look();
	ok(l.fenced == 0 && !*l.fenced_by, "nobody has");
	is_int(pq_fence_note(p->seg, 0, "ann"), 0, "ann has");
	l = look();
	ok(l.fenced == 1, "in epoch 0");
	is_str(l.fenced_by, "ann", "so it is known");
	is_int(pq_fence_note(p->seg, 0, "bob"), 0, "again in that epoch");
	l = look();
	is_str(l.fenced_by, "ann", "it was the first one");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	is_int(pq_fence_note(p->seg, 1, longer), 0, "a long name");
	l = look();
	is_int((int64_t)strlen(l.fenced_by), PROCQ_FENCER_SIZE - 1, "is cut");
	is_int(pq_fence_note(p->seg, 2, "b"), 0, "a short one");
	l = look();
	is_str(l.fenced_by, "b", "leaves nothing of the long one");
	end();
}

/* A writer that is killed at any step, and a reader in between. */
static void test_torn(void)
{
	struct procq_lease l;

	begin();
	pq_fence_note(p->seg, 5, "ann");
	atomic_store(&h->fenced, 0);
	l = look();
	ok(l.fenced == 0 && !*l.fenced_by, "while it is written, nobody is");
	is_int(pq_fence_note(p->seg, 5, "ann"), 0, "once more");
	l = look();
	is_str(l.fenced_by, "ann", "is whole");
	for (int i = 0; i < PROCQ_FENCER_SIZE / 8; i++)
		atomic_store(&h->fencer[i], UINT64_MAX);
	l = look();
	is_int((int64_t)strlen(l.fenced_by), PROCQ_FENCER_SIZE - 1,
	       "text without an end gets one");
	end();
}

static void test_lease(void)
{
	struct procq_lease l = PROCQ_LEASE_INIT;

	begin();
	is_int(procq_fence(p, 0, NULL), -EINVAL, "by nobody");
	is_int(procq_fence(p, 0, ""), -EINVAL, "by no name");
	is_int(procq_fence(p, PROCQ_EPOCH_MAX + 1, "ann"), -ERANGE,
	       "an epoch that is none");
	is_int(procq_fence(p, 3, "ann"), 0, "without a lease");
	l = look();
	ok(l.policy == PROCQ_POLICY_KEEP && l.over && l.granted == 0 &&
	   l.epoch == 3, "it is over, nothing is granted, policy keep");
	is_int(procq_fence(p, 2, "bob"), -ENOTCONN, "an older holder");
	l = look();
	is_str(l.fenced_by, "ann", "changes nothing");
	l.policy = PROCQ_POLICY_END;
	l.deadline = PROCQ_FOREVER;
	l.epoch = 4;
	l.granted = 2;
	is_int(procq_set_lease(p, &l), 0, "the next holder");
	l = look();
	ok(!l.over && l.granted == 2, "has a lease");
	ok(l.fenced == 4, "that it was fenced is known on");
	is_int(procq_fence(p, 4, "bob"), 0, "once more");
	l = look();
	ok(l.policy == PROCQ_POLICY_END && l.over, "the policy stays");
	ok(l.fenced == 5, "by another number");
	end();
	is_int(procq_fence(NULL, 0, "ann"), -EINVAL, "no queue");
}

int main(void)
{
	fixture_begin("fence");
	test_note();
	test_torn();
	test_lease();
	return done();
}
