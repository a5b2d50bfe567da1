/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-ending.c - the right signal at the right time to the right one.
 */
#include <config.h>

#include <signal.h>

#include "procq.h"

#include "duration.h"
#include "ending.h"

#include "tap.h"

#define MS NS_PER_MS

static struct escalation steps;
static struct endings all;

static struct ending *add(uint32_t slot, int64_t now)
{
	struct procq_process p;

	memset(&p, 0, sizeof(p));
	p.slot = slot;
	p.seq = slot + 100;
	return endings_add(&all, &p, now);
}

static void refuses(const char *text)
{
	struct escalation x;

	ok(escalation_parse(&x, text, NS_PER_S), "'%s' is refused", text);
}

static void test_plans(void)
{
	escalation_simple(&steps, SIGTERM, 5 * NS_PER_S);
	is_int(steps.count, 2, "TERM, 5 s, KILL");
	is_int(steps.steps[0].signo, SIGTERM, "TERM");
	is_int(steps.steps[0].wait, 5 * NS_PER_S, "5 s");
	is_int(steps.steps[1].signo, SIGKILL, "KILL");
	is_int(steps.steps[1].wait, 5 * NS_PER_S, "5 s to be confirmed");
	escalation_simple(&steps, SIGINT, 10 * MS);
	is_int(steps.steps[0].wait, 10 * MS, "10 ms");
	is_int(steps.steps[1].wait, 2 * NS_PER_S,
	       "but 2 s to be confirmed, which may take one");
	escalation_simple(&steps, SIGINT, 0);
	is_int(steps.count, 1, "never KILL");
	is_int(steps.steps[0].wait, PROCQ_FOREVER, "it may take its time");
	escalation_simple(&steps, SIGKILL, 5 * NS_PER_S);
	is_int(steps.count, 1, "KILL needs no KILL after it");
	is_int(steps.steps[0].wait, 5 * NS_PER_S, "5 s to be confirmed");
	is_str(escalation_parse(&steps, "INT,1s,TERM", 7), NULL,
	       "a sequence without KILL");
	is_int(steps.steps[1].wait, PROCQ_FOREVER, "has no last wait");
	is_str(escalation_parse(&steps, "term,200ms,SIGINT,1s,9", 7), NULL,
	       "a sequence");
	is_int(steps.count, 3, "of three");
	is_int(steps.steps[0].wait, 200 * MS, "200 ms after the first");
	is_int(steps.steps[1].signo, SIGINT, "INT is the second");
	is_int(steps.steps[2].signo, SIGKILL, "KILL is the third");
	is_int(steps.steps[2].wait, 7, "whose wait is the default");
	is_str(escalation_parse(&steps, "TERM,3s", 7), NULL, "one with a wait");
	is_int(steps.steps[0].wait, 3 * NS_PER_S, "of its own");
	refuses("");
	refuses(",");
	refuses("TERM,");
	refuses("TERM,INT");
	refuses("TERM,1s,");
	refuses("TERM,1s,FOO");
	refuses("1s,TERM");
	refuses("TERM,1s,INT,-1s");
	refuses("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
		"1,1,1,1");
}

static void test_order(void)
{
	struct ending *e;

	escalation_parse(&steps, "TERM,100ms,INT,10ms,KILL", 50 * MS);
	is_int(endings_init(&all, &steps, 8), 0, "init");
	ok(!endings_due(&all, PROCQ_FOREVER), "nobody is due");
	is_int(endings_deadline(&all), PROCQ_FOREVER, "nor will be");
	add(3, 0);
	add(5, 20 * MS);
	is_int(endings_pending(&all), 2, "two are pending");
	is_int(endings_deadline(&all), 100 * MS, "the first is next");
	ok(!endings_due(&all, 99 * MS), "not before its time");
	e = endings_due(&all, 100 * MS);
	ok(e && e->process.slot == 3, "then it is due");
	ok(endings_advance(&all, e, 100 * MS), "it goes on to INT");
	is_int(endings_deadline(&all), 110 * MS, "its next step comes first");
	e = endings_due(&all, 110 * MS);
	ok(e && e->process.slot == 3, "it is due again");
	ok(endings_advance(&all, e, 110 * MS), "it goes on to KILL");
	is_int(endings_deadline(&all), 120 * MS, "now the other");
	endings_sent(&all, e, 130 * MS);
	ok(!e->uncontinued, "KILL needs no CONT");
	endings_remove(&all, endings_find(&all, 5));
	is_int(endings_deadline(&all), 180 * MS,
	       "which dies: the first waits from when its signal was sent");
	ok(!endings_due(&all, 179 * MS), "not from when it was due");
	e = endings_due(&all, 180 * MS);
	ok(e && !endings_advance(&all, e, 180 * MS), "no step is left");
	endings_give_up(&all, e);
	endings_give_up(&all, e);
	is_int(endings_pending(&all), 0, "nothing more is expected");
	is_int(all.unconfirmed, 1, "one is unconfirmed");
	ok(!endings_due(&all, PROCQ_FOREVER - 1), "and never due");
	ok(!endings_advance(&all, e, 0), "nor can it go on");
	ok(endings_find(&all, 3) == e, "but it is still found");
	endings_remove(&all, e);
	ok(!endings_find(&all, 3), "until it is dead");
	is_int(all.count, 0, "none is left");
	endings_free(&all);
}

/* Who lives on gets SIGCONT, once for each signal that is no KILL. */
static void test_continue(void)
{
	struct ending *e, *other;

	escalation_parse(&steps, "TERM,100ms,INT,5ms,CONT,1s,STOP", 50 * MS);
	endings_init(&all, &steps, 8);
	e = add(1, 0);
	ok(!e->uncontinued, "nothing was sent, nothing is to go on");
	ok(!endings_uncontinued(&all), "nobody is");
	endings_sent(&all, e, 1 * MS);
	other = add(2, 2 * MS);
	e = endings_find(&all, 1);
	endings_sent(&all, other, 3 * MS);
	ok(endings_uncontinued(&all) == e, "the first is first");
	is_int(endings_deadline(&all), 11 * MS, "10 ms after its signal");
	ok(!endings_due(&all, 11 * MS - 1), "not before");
	ok(endings_due(&all, 11 * MS) == e && e->uncontinued, "then it is due");
	endings_continued(&all, e);
	ok(endings_uncontinued(&all) == other, "the other is next");
	is_int(endings_deadline(&all), 13 * MS, "in its turn");
	endings_continued(&all, e);
	endings_continued(&all, other);
	ok(!endings_uncontinued(&all), "none is left");
	ok(endings_due(&all, 101 * MS) == e && !e->uncontinued,
	   "the step ends when it would have without");
	ok(endings_due(&all, 100 * MS) == NULL, "not before");
	ok(endings_advance(&all, e, 101 * MS), "on to INT");
	ok(!e->uncontinued, "which was not sent yet");
	endings_sent(&all, e, 102 * MS);
	endings_remove(&all, other);
	ok(e->uncontinued, "now it was");
	is_int(endings_deadline(&all), 102 * MS,
	       "in a step of less than 20 ms it is due at once");
	e = endings_due(&all, 102 * MS);
	ok(e && e->uncontinued, "for a CONT");
	endings_continued(&all, e);
	is_int(endings_deadline(&all), 107 * MS, "which makes it no longer");
	ok(endings_due(&all, 107 * MS) == e && !e->uncontinued,
	   "then the next step");
	ok(endings_advance(&all, e, 107 * MS), "on to CONT");
	endings_sent(&all, e, 108 * MS);
	ok(!e->uncontinued, "which needs no other");
	ok(endings_advance(&all, e, 1108 * MS), "on to STOP");
	endings_sent(&all, e, 1108 * MS);
	ok(!e->uncontinued, "which is not undone");
	endings_remove(&all, e);
	e = add(3, 0);
	endings_sent(&all, e, 0);
	endings_give_up(&all, e);
	endings_continued(&all, e);
	ok(!endings_uncontinued(&all), "who was given up is in no list");
	endings_remove(&all, e);
	is_int(all.count, 0, "none is left");
	endings_free(&all);
}

/* As good as never. */
static void test_long(void)
{
	escalation_simple(&steps, SIGTERM, INT64_MAX);
	endings_init(&all, &steps, 1);
	add(0, 12345);
	is_int(endings_deadline(&all), PROCQ_FOREVER, "292 years are for ever");
	ok(!endings_due(&all, PROCQ_FOREVER - 1), "and not due before");
	endings_free(&all);
}

/* Many, dying in another order than they came. */
static void test_many(void)
{
	enum { N = 10000 };
	int64_t last = 0;
	uint32_t left = 0, late = 0, wrong = 0;
	struct ending *e;

	escalation_simple(&steps, SIGTERM, 10 * MS);
	endings_init(&all, &steps, N);
	for (uint32_t i = 0; i < N; i++)
		add((i * 7919) % N, i);
	for (uint32_t i = 0; i < N; i++)
		wrong += !endings_find(&all, i) ||
			 endings_find(&all, i)->process.slot != i;
	is_int(wrong, 0, "each is found in its slot");
	for (uint32_t i = 0; i < N; i += 3)
		endings_remove(&all, endings_find(&all, i));
	for (uint32_t i = 0; i < N; i += 6)
		add(i, N + i);
	while ((e = endings_due(&all, 20 * MS))) {
		late += e->deadline < last;
		last = e->deadline;
		endings_give_up(&all, e);
		left++;
	}
	is_int(late, 0, "they are due in order");
	is_int(left, N - (N + 2) / 3 + (N + 5) / 6, "all that are left");
	is_int(all.unconfirmed, (intmax_t)left, "are counted");
	endings_free(&all);
}

int main(void)
{
	test_plans();
	test_order();
	test_continue();
	test_long();
	test_many();
	return done();
}
