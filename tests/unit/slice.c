/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/slice.c - what a program's scheduling is after it has asked for short
 * slices: shorter where the kernel can, never longer, all else as it was.
 */
#include <config.h>

#include <sched.h>

#include "slice.h"

#include "../kit/tap.h"
#include "../kit/fixture.h"

#if !PQ_USE_SLICE

int main(void)
{
	int before = sched_getscheduler(0);

	slice_shorten();
	is_int(sched_getscheduler(0), before,
	       "built without slices: nothing changes");
	return done();
}

#else

#include <sys/syscall.h>

#define MS UINT64_C(1000000)
#define RESET_ON_FORK 1u

/* The kernel's struct sched_attr, first version. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct change {
	void (*make)(struct attributes *);
};

/* What a child has before and after, in shared memory. */
static struct {
	struct attributes before, after;
} *seen;

static void look(struct attributes *a)
{
	if (syscall(SYS_sched_getattr, 0, a, sizeof(*a), 0) < 0)
		_exit(75);
}

/* In a child: what change makes, then slice_shorten(). */
static void shorten(void *arg)
{
	const struct change *change = arg;
	struct attributes a = { 0 };

	look(&a);
	change->make(&a);
	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		_exit(76);
	look(&seen->before);
	slice_shorten();
	look(&seen->after);
}

static bool after(void (*make)(struct attributes *))
{
	struct change change = { make };

	memset(seen, 0, sizeof(*seen));
	return fixture_wait(fixture_fork(shorten, &change)) == 0;
}

/* Nothing but the slice may have changed. */
static bool else_equal(void)
{
	const struct attributes *b = &seen->before, *a = &seen->after;

	return a->policy == b->policy && a->flags == b->flags &&
	       a->nice == b->nice && a->priority == b->priority;
}

static void nothing(struct attributes *a)
{
	(void)a;
}

static void nicer(struct attributes *a)
{
	a->nice = 7;
	a->flags = RESET_ON_FORK;
}

static void shortest(struct attributes *a)
{
	a->runtime = MS / 10;
}

static void longer(struct attributes *a)
{
	a->runtime = 50 * MS;
}

static void batch(struct attributes *a)
{
	a->policy = SCHED_BATCH;
}

static void idle(struct attributes *a)
{
	a->policy = SCHED_IDLE;
}

int main(void)
{
	bool known;

	fixture_begin("slice");
	seen = fixture_shared(sizeof(*seen));
	ok(after(nothing) && else_equal(), "all else is as it was");
	known = seen->before.runtime > 0;
	note("%s", known ? "slices can be chosen here"
			 : "this kernel knows no slices");
	ok(known ? seen->after.runtime < MS : seen->after.runtime == 0,
	   "the slice is short, where there is such a thing");
	ok(after(nicer) && else_equal() && seen->after.nice == 7 &&
	   seen->after.flags == RESET_ON_FORK,
	   "a nice program stays nice, and its children are not");
	ok(!known || seen->after.runtime < MS, "its slice is short, too");
	ok(after(longer) && else_equal() &&
	   (!known || seen->after.runtime < MS), "a long one gets short");
	ok(after(shortest) && else_equal() &&
	   seen->after.runtime == seen->before.runtime,
	   "one that is shorter already stays so");
	ok(after(batch) && else_equal() &&
	   seen->after.runtime == seen->before.runtime,
	   "another policy is left alone: batch");
	ok(after(idle) && else_equal() &&
	   seen->after.runtime == seen->before.runtime, "… idle");
	return done();
}

#endif
