/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/hint.c - when a wait is spoken of.
 */
#include <config.h>

#include "procq.h"

#include "duration.h"
#include "hint.h"

#include "../kit/tap.h"

/* When a test begins. */
#define T (5000 * NS_PER_S)

static void test_terminal(void)
{
	struct hints h;

	hints_start(&h, true, false);
	ok(!hint_due(&h, HINT_NONE, T), "no wait");
	ok(hint_next(&h) == PROCQ_FOREVER, "and none to come");
	ok(!hint_due(&h, HINT_FULL, T), "not at once");
	is_int(hint_next(&h), T + NS_PER_S, "in a second");
	ok(!hint_due(&h, HINT_FULL, T + NS_PER_S - 1), "not before that");
	ok(hint_due(&h, HINT_FULL, T + NS_PER_S), "after a second");
	ok(hint_next(&h) == PROCQ_FOREVER, "that was all");
	ok(!hint_due(&h, HINT_FULL, T + 9 * NS_PER_S), "once");
	hint_due(&h, HINT_NONE, T + 9 * NS_PER_S);
	ok(!hint_due(&h, HINT_FULL, T + 10 * NS_PER_S) &&
	   !hint_due(&h, HINT_FULL, T + 20 * NS_PER_S),
	   "and not again for another wait");
	ok(hint_next(&h) == PROCQ_FOREVER, "nor is it waited for");
	ok(!hint_due(&h, HINT_CLOSED, T + 20 * NS_PER_S), "something else");
	ok(!hint_due(&h, HINT_FULL, T + 20 * NS_PER_S + NS_PER_S / 2),
	   "the wait for that is interrupted, …");
	ok(!hint_due(&h, HINT_CLOSED, T + 21 * NS_PER_S), "begins again, …");
	ok(hint_due(&h, HINT_CLOSED, T + 22 * NS_PER_S),
	   "and lasts a second itself");
}

static void test_verbose(void)
{
	struct hints h;

	hints_start(&h, false, true);
	ok(hint_due(&h, HINT_EMPTY, T), "at once");
	ok(!hint_due(&h, HINT_EMPTY, T + 5 * NS_PER_S), "once a wait");
	ok(hint_next(&h) == PROCQ_FOREVER, "that was all");
	hint_due(&h, HINT_NONE, T + 6 * NS_PER_S);
	ok(hint_due(&h, HINT_EMPTY, T + 6 * NS_PER_S), "and each wait");
	ok(!hint_due(&h, HINT_DYING, T + 6 * NS_PER_S),
	   "deaths may take a moment");
	is_int(hint_next(&h), T + 7 * NS_PER_S, "of a second");
	ok(hint_due(&h, HINT_DYING, T + 7 * NS_PER_S), "not more");
	ok(hint_due(&h, HINT_AGE, T + 8 * NS_PER_S),
	   "a wait that may be frequent: at once, …");
	ok(hint_due(&h, HINT_EMPTY, T + 8 * NS_PER_S) &&
	   !hint_due(&h, HINT_AGE, T + 9 * NS_PER_S) &&
	   hint_due(&h, HINT_AGE, T + 10 * NS_PER_S),
	   "… then after a second");
}

static void test_silence(void)
{
	struct hints h;

	hints_start(&h, false, false);
	ok(!hint_due(&h, HINT_FULL, T) &&
	   !hint_due(&h, HINT_FULL, T + 9 * NS_PER_S), "none are wanted");
	ok(hint_next(&h) == PROCQ_FOREVER, "so none are to come");
}

int main(void)
{
	test_terminal();
	test_verbose();
	test_silence();
	return done();
}
