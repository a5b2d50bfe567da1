/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/ending.c - the right signal at the right time to the right process,
 * and what is reported of it.
 *
 * No process is signalled: procq_signal() is replaced by a record of calls
 * that refuses what the test wants refused, and procq_now() by a clock that
 * the test sets.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>

#include "procq.h"

#include "duration.h"
#include "ending.h"
#include "signame.h"

#include "../kit/tap.h"

#define MS NS_PER_MS
#define S NS_PER_S

static struct escalation steps;
static struct endings all;

/* ---- what stands in for the library, and for memory ---- */

static uint32_t capacity;
static int64_t now;
static int64_t sending_takes;	/* each call makes it so much later */
static int answer;		/* of procq_signal() … */
static int answer_to;		/* … to this signal; 0: to all */
static bool keep_log;
static bool no_memory;
static char log_text[1024];	/* "SLOT:SIGNAL", "SLOT!SIGNAL": alone */
static uint32_t kills, late;
static int64_t last_end;

uint32_t __wrap_procq_capacity(const struct procq *q);
uint32_t __wrap_procq_capacity(const struct procq *q)
{
	(void)q;
	return capacity;
}

int64_t __wrap_procq_now(void);
int64_t __wrap_procq_now(void)
{
	return now;
}

static void log_call(uint32_t slot, int signo, int alone)
{
	size_t used = strlen(log_text);
	char name[SIGNAME_SIZE];

	snprintf(log_text + used, sizeof(log_text) - used, "%s%u%c%s",
		 used > 0 ? " " : "", (unsigned)slot, alone ? '!' : ':',
		 signame_text(signo, name));
}

/* Are those that get KILL in the order in which their time was over? */
static void watch_order(uint32_t slot)
{
	const struct ending *e = &all.nodes[all.by_slot[slot]];

	kills++;
	late += e->step_end < last_end;
	last_end = e->step_end;
}

int __wrap_procq_signal(struct procq *q, uint32_t slot, int signo, int alone);
int __wrap_procq_signal(struct procq *q, uint32_t slot, int signo, int alone)
{
	(void)q;
	now += sending_takes;
	if (signo == SIGKILL)
		watch_order(slot);
	if (keep_log)
		log_call(slot, signo, alone);
	return answer_to == 0 || answer_to == signo ? answer : 0;
}

static uint32_t returns, returned;	/* slot */

int __wrap_procq_give_back(struct procq *q, uint32_t slot);
int __wrap_procq_give_back(struct procq *q, uint32_t slot)
{
	(void)q;
	returns++;
	returned = slot;
	return 0;
}

static int can_hold;		/* of procq_hold() */
static char held[64];		/* "SLOT+", "SLOT-" */

int __wrap_procq_hold(struct procq *q, uint32_t slot, int hold);
int __wrap_procq_hold(struct procq *q, uint32_t slot, int hold)
{
	size_t used = strlen(held);

	(void)q;
	snprintf(held + used, sizeof(held) - used, "%u%c", (unsigned)slot,
		 hold ? '+' : '-');
	return hold ? can_hold : 0;
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
	return no_memory ? NULL : __real_realloc(p, n);
}

static uint32_t reports;
static uint32_t reported;	/* slot */
static int reported_err, reported_sent, reported_signo;
static int64_t reported_since;

static void report(void *arg, const struct ending *e, int err)
{
	reports += arg == &all;
	reported = e->process.slot;
	reported_err = err;
	reported_sent = e->sent;
	reported_signo = e->signo;
	reported_since = e->since;
}

/* ---- what the tests do ---- */

static int begin_with(uint32_t n)
{
	memset(&all, 0, sizeof(all));
	all.plan = &steps;
	all.report = report;
	all.arg = &all;
	capacity = n;
	now = 0;
	sending_takes = 0;
	answer = 0;
	answer_to = 0;
	keep_log = true;
	log_text[0] = '\0';
	can_hold = 0;
	held[0] = '\0';
	kills = 0;
	late = 0;
	last_end = 0;
	reports = 0;
	returns = 0;
	return endings_init(&all);
}

static void end(void)
{
	endings_free(&all);
}

/* What was sent since the last call. */
static const char *sent(void)
{
	static char text[sizeof(log_text)];

	strcpy(text, log_text);
	log_text[0] = '\0';
	return text;
}

static int add_flags(uint32_t slot, int64_t when, uint32_t flags)
{
	struct procq_process p;

	memset(&p, 0, sizeof(p));
	p.slot = slot;
	p.seq = slot + 100;
	p.flags = flags;
	now = when;
	return endings_begin(&all, &p, now);
}

static int add(uint32_t slot, int64_t when)
{
	return add_flags(slot, when, 0);
}

/* What was sent at that time. */
static const char *at(int64_t when)
{
	now = when;
	endings_step(&all, now);
	return sent();
}

/* A death as the library has it: how many signals, and the last. */
static struct procq_event die(uint32_t slot, int step, int signo)
{
	struct procq_event event;

	memset(&event, 0, sizeof(event));
	event.process.slot = slot;
	event.step = step;
	event.signal = signo;
	endings_collected(&all, &event);
	return event;
}

/* One to which another has sent signals, the first so long ago. */
static int inherit(uint32_t slot, int64_t when, int step, int signo,
		   int64_t ago)
{
	struct procq_process p;

	memset(&p, 0, sizeof(p));
	p.slot = slot;
	p.signalled = 5 * NS_PER_S;
	p.age = p.signalled + ago;
	p.signal = signo;
	p.step = step;
	now = when;
	return endings_begin(&all, &p, now);
}

static void test_inherited(void)
{
	struct procq_event e;

	escalation_simple(&steps, SIGTERM, 5 * NS_PER_S);
	begin_with(8);
	add(0, 0);
	inherit(1, 0, 1, SIGTERM, 4000 * MS);
	inherit(2, 0, 1, SIGTERM, 4000 * MS);
	is_str(sent(), "0:TERM 1:TERM 2:TERM", "it may not have come");
	at(500 * MS);
	is_str(at(999 * MS), "", "the grace is that of the first signal");
	is_str(at(1000 * MS), "1:KILL 2:KILL", "and no longer");
	e = die(1, 2, SIGKILL);
	is_int(e.step, 2, "as the second step");
	inherit(3, 1000 * MS, 1, SIGTERM, 60000 * MS);
	is_str(sent(), "3:KILL", "if it is over, the next step comes at once");
	e = die(3, 2, SIGKILL);
	is_int(e.step, 2, "which is the second, too");
	inherit(4, 1000 * MS, 2, SIGKILL, 60000 * MS);
	is_str(sent(), "4:KILL", "the last one comes again");
	is_str(at(4999 * MS), "", "and has its whole time");
	is_int(reports, 0, "before it is given up");
	is_str(at(5000 * MS), "0:KILL", "a fresh one is not hurried");
	at(6000 * MS);
	is_int(reports, 2, "then both are");
	inherit(5, 6000 * MS, 1, SIGINT, 60000 * MS);
	is_str(sent(), "5:TERM", "of another plan: from the beginning");
	/* Their order is kept, though the later one is due before. */
	inherit(6, 6000 * MS, 1, SIGTERM, 4000 * MS);
	inherit(7, 6000 * MS, 1, SIGTERM, 4900 * MS);
	sent();
	at(6050 * MS);
	is_str(at(6900 * MS), "", "in order");
	is_str(at(7000 * MS), "6:KILL 7:KILL", "one after the other");
	end();
	escalation_parse(&steps, "TERM,1,INT,1,KILL", NS_PER_S);
	begin_with(8);
	inherit(1, 0, 1, SIGTERM, 60000 * MS);
	is_str(sent(), "1:INT", "no step is left out");
	at(500 * MS);
	is_str(at(1000 * MS), "1:KILL", "nor shortened, if it was not begun");
	endings_hasten(&all);
	sent();
	inherit(2, 0, 1, SIGTERM, 0);
	is_str(sent(), "2:KILL", "in haste, the last one");
	e = die(2, 2, SIGKILL);
	is_int(e.step, 2, "as the second");
	end();
}

/* Who ended one that died of a signal (or exited, if it is 0)? */
static enum ended_by end_by(uint32_t slot, int step, int signo, int code)
{
	struct procq_event event;

	memset(&event, 0, sizeof(event));
	event.process.slot = slot;
	event.type = PROCQ_EVENT_RETIRED;
	event.cause = code > 0 ? PROCQ_CAUSE_SIGNAL : PROCQ_CAUSE_EXIT;
	event.code = code;
	event.step = step;
	event.signal = signo;
	return endings_collected(&all, &event);
}

static void test_who(void)
{
	struct ending e = { .signo = SIGKILL };
	struct procq_event gone;

	escalation_parse(&steps, "TERM,1,INT,1,KILL", NS_PER_S);
	begin_with(8);
	for (uint32_t i = 0; i < 8; i++)
		add(i, 0);
	is_int(end_by(0, 1, SIGTERM, SIGTERM), ENDED_BY_US, "of its signal");
	is_int(end_by(1, 1, SIGTERM, 0), ENDED_BY_US, "exits at a signal");
	is_int(end_by(2, 1, SIGTERM, SIGINT), ENDED_BY_OTHER,
	       "of a signal that has not been sent yet");
	is_int(end_by(3, 1, SIGTERM, SIGSEGV), ENDED_BY_US,
	       "a fault at a signal");
	is_int(end_by(4, 0, 0, SIGKILL), ENDED_BY_OTHER, "KILL by another");
	is_int(end_by(5, 0, 0, SIGSEGV), ENDED_BY_SELF, "a fault");
	is_int(end_by(6, 0, 0, 0), ENDED_BY_SELF, "exits");
	at(1000 * MS);
	is_int(end_by(7, 2, SIGINT, SIGTERM), ENDED_BY_US,
	       "of a signal before the last one");
	memset(&gone, 0, sizeof(gone));
	gone.type = PROCQ_EVENT_RETIRED;
	gone.cause = PROCQ_CAUSE_UNKNOWN;
	is_int(endings_collected(&all, &gone), ENDED_BY_UNKNOWN,
	       "nobody knows of what");
	gone.cause = PROCQ_CAUSE_SIGNAL;
	gone.code = gone.signal = SIGINT;
	is_int(ended_by(&gone), ENDED_BY_OTHER, "not begun: by another");
	gone.step = 1;
	is_int(ended_by(&gone), ENDED_BY_US, "by a consumer that is dead");
	end();
	is_str(ending_reason(&e, 0), "survived-kill", "alive after KILL");
	e.signo = SIGTERM;
	is_str(ending_reason(&e, 0), "survived", "alive after less");
	is_str(ending_reason(&e, -EPERM), "not-permitted", "not permitted");
	is_str(ending_reason(&e, -ENOTSUP), "unproven", "unproven");
}

static void refuses(const char *text)
{
	struct escalation x;

	ok(escalation_parse(&x, text, NS_PER_S), "'%s' is refused", text);
}

static void test_plans(void)
{
	/* More steps than there may be. */
	static const char many[] = "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
				   "1,1,1,1,1,1,1,1,1,1,1,1";
	static const char *const bad[] = {
		"", ",", "TERM,", "TERM,INT", "TERM,1s,", "TERM,1s,FOO",
		"1s,TERM", "TERM,1s,INT,-1s", many,
	};

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
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuses(bad[i]);
}

static void test_order(void)
{
	escalation_parse(&steps, "TERM,100ms,INT,10ms,KILL", 50 * MS);
	is_int(begin_with(8), 0, "init");
	is_str(at(PROCQ_FOREVER - 1), "", "nobody is due");
	is_int(endings_deadline(&all), PROCQ_FOREVER, "nor will be");
	add(3, 0);
	is_str(sent(), "3:TERM", "each gets the first signal at once");
	add(5, 20 * MS);
	is_int(endings_pending(&all), 2, "two are pending");
	is_str(at(30 * MS), "5:TERM 3:CONT 5:CONT", "each gets CONT");
	is_int(endings_deadline(&all), 100 * MS, "the first is next");
	is_str(at(99 * MS), "", "not before its time");
	is_str(at(100 * MS), "3:INT 3:CONT", "then it is due, and gets INT");
	is_int(endings_deadline(&all), 110 * MS, "its next step comes first");
	sending_takes = 20 * MS;
	is_str(at(110 * MS), "3:KILL", "it is due again, and gets KILL");
	sending_takes = 0;
	is_int(endings_deadline(&all), 120 * MS, "now the other");
	die(5, 1, SIGTERM);
	is_int(endings_deadline(&all), 180 * MS,
	       "which dies: the first waits from when its signal was sent");
	is_str(at(179 * MS), "", "KILL needs no CONT");
	is_int(reports, 0, "not from when it was due");
	is_str(at(180 * MS), "", "no step is left");
	is_int(reports, 1, "so it is reported");
	is_int(reported, 3, "the first");
	is_int(reported_err, 0, "which could be signalled");
	is_int(reported_sent, 3, "three times");
	is_int(reported_signo, SIGKILL, "KILL was the last");
	is_int(endings_pending(&all), 0, "nothing more is expected");
	is_int(all.unconfirmed, 1, "one is unconfirmed");
	is_int(endings_deadline(&all), PROCQ_FOREVER, "and never due");
	is_str(at(PROCQ_FOREVER - 1), "", "nor can it go on");
	is_int(reports, 1, "nor is it reported again");
	is_int(all.count, 1, "but it is still known");
	is_int(die(3, 3, SIGKILL).step, 3, "it dies late");
	is_int(all.unconfirmed, 0, "so none is unconfirmed");
	is_int(all.count, 0, "none is left");
	die(3, 3, SIGKILL);
	is_int(all.count, 0, "one that is not known is not counted");
	end();
}

/* A process that is still alive gets SIGCONT, once for each signal that is
 * no KILL. */
static void test_continue(void)
{
	struct procq_event e;

	escalation_parse(&steps, "TERM,100ms,INT,5ms,CONT,1s,STOP", 50 * MS);
	begin_with(8);
	sending_takes = 1 * MS;
	add(1, 0);
	add(2, 2 * MS);
	sending_takes = 0;
	is_str(sent(), "1:TERM 2:TERM", "at first, no CONT");
	is_int(endings_deadline(&all), 11 * MS, "10 ms after its signal");
	is_str(at(11 * MS - 1), "", "not before");
	is_str(at(11 * MS), "1:CONT", "then it is due, and the first is first");
	is_int(endings_deadline(&all), 13 * MS, "the other is next");
	is_str(at(13 * MS), "2:CONT", "in its turn");
	is_int(endings_deadline(&all), 101 * MS, "none is left");
	is_str(at(101 * MS - 1), "", "once is enough");
	die(2, 1, SIGTERM);
	sending_takes = 1 * MS;
	is_str(at(101 * MS), "1:INT",
	       "the step ends when it would have without");
	sending_takes = 0;
	is_int(endings_deadline(&all), 102 * MS,
	       "in a step of less than 20 ms it is due at once");
	is_str(at(102 * MS), "1:CONT", "for a CONT");
	is_int(endings_deadline(&all), 107 * MS, "which makes it no longer");
	is_str(at(107 * MS), "1:CONT", "then the next step, which is CONT");
	is_str(at(1107 * MS - 1), "", "which needs no other");
	is_str(at(1107 * MS), "1:STOP", "on to STOP");
	is_str(at(PROCQ_FOREVER - 1), "", "which is not undone");
	die(1, 3, SIGSTOP);
	end();
	escalation_parse(&steps, "TERM,100ms,CONT", 50 * MS);
	begin_with(8);
	add(1, 0);
	at(100 * MS);
	e = die(1, 1, SIGTERM);
	is_int(e.step, 2, "CONT of the plan is a step");
	is_int(e.signal, SIGCONT, "and the signal it died after");
	add(2, 0);
	is_int(die(2, 0, 0).step, 0, "but not if it died by itself");
	sent();
	answer_to = SIGCONT;
	answer = -EPERM;
	add(3, 0);
	is_str(at(10 * MS), "3:TERM 3:CONT", "CONT is refused");
	is_int(reports, 0, "which is not reported");
	is_int(endings_deadline(&all), 100 * MS, "the next step will be");
	die(3, 1, SIGTERM);
	is_int(all.count, 0, "none is left");
	end();
}

/* With the death of its leader a group is out of reach. */
static void test_group(void)
{
	escalation_simple(&steps, SIGTERM, 1 * S);
	begin_with(8);
	add_flags(1, 0, PROCQ_SPAWN_GROUP);
	is_str(sent(), "1:TERM 1:CONT", "a group gets CONT at once");
	is_str(at(10 * MS), "1:CONT", "and again if it is alive");
	is_str(at(1 * S), "1:KILL", "KILL needs none");
	end();
	begin_with(8);
	all.mode = KILL_MODE_PROCESS;
	add_flags(1, 0, PROCQ_SPAWN_GROUP);
	is_str(sent(), "1!TERM", "a leader alone gets none at once");
	is_str(at(10 * MS), "1!CONT", "only if it is alive");
	is_str(at(1 * S), "1!KILL", "and all of them alone");
	end();
	begin_with(8);
	answer = -EPERM;
	add_flags(1, 0, PROCQ_SPAWN_GROUP);
	is_str(sent(), "1:TERM", "if that is refused, none");
	end();
}

static uint32_t outlived_slot, outlived_count;

static void outlived(void *arg, const struct ending *e)
{
	outlived_count += arg == &all;
	outlived_slot = e->process.slot;
}

/* The library reports that others of its group are left. */
static void leave(uint32_t slot, int64_t when)
{
	struct procq_event event;

	memset(&event, 0, sizeof(event));
	event.type = PROCQ_EVENT_LEFT;
	event.process.slot = slot;
	event.code = 77;
	now = when;
	answer = -ESRCH;
	endings_left(&all, &event);
}

static void begin_groups(enum kill_mode mode)
{
	begin_with(8);
	all.mode = mode;
	all.outlived = outlived;
	outlived_count = 0;
	add_flags(1, 0, PROCQ_SPAWN_GROUP);
}

/* What is left of a group when its leader is dead. */
static void test_left(void)
{
	struct procq_event e;

	escalation_parse(&steps, "TERM,1,INT,1,KILL,2", 0);
	begin_groups(KILL_MODE_GROUP);
	is_str(held, "1+", "a group is held");
	sent();
	at(10 * MS);
	leave(1, 20 * MS);
	is_str(sent(), "", "that others are left changes no step");
	is_str(at(1 * S), "1:INT 1:CONT", "the next one reaches them");
	at(1 * S + 10 * MS);
	is_str(at(2 * S), "1:KILL", "and the last");
	is_str(held, "1+", "until then it is held");
	is_int(outlived_count, 0, "they may die of it");
	at(4 * S);
	is_str(held, "1+1-", "when the last step is over, it is no more");
	ok(outlived_count == 1 && outlived_slot == 1 && reports == 0,
	   "they are named; the leader is not unconfirmed");
	e = die(1, 1, SIGTERM);
	ok(e.step == 1 && e.signal == SIGTERM && all.count == 0,
	   "it was the first signal of which the leader died");
	end();

	begin_groups(KILL_MODE_GROUP);
	at(4 * S);
	at(8 * S);
	at(12 * S);
	at(16 * S);
	ok(reports == 1 && outlived_count == 0,
	   "a leader that survives KILL is unconfirmed");
	is_str(held, "1+1-", "and held no more");
	die(1, 3, SIGKILL);
	end();

	begin_groups(KILL_MODE_MIXED);
	is_str(sent(), "1!TERM", "mixed: the leader alone");
	is_str(at(10 * MS), "1!CONT", "is continued alone");
	is_str(at(1 * S), "1!INT", "the next step, too");
	leave(1, 1500 * MS);
	is_str(sent(), "1:KILL", "when it is dead, the others get KILL");
	die(1, 2, SIGINT);
	is_int(all.count, 0, "none is left");
	end();

	begin_groups(KILL_MODE_MIXED);
	sent();
	is_str(at(1 * S), "1!CONT 1!INT", "mixed: the steps");
	at(1 * S + 20 * MS);
	is_str(at(3 * S), "1:KILL", "KILL reaches its group");
	leave(1, 3 * S + 1);
	is_str(sent(), "", "once is enough");
	die(1, 3, SIGKILL);
	end();

	begin_groups(KILL_MODE_PROCESS);
	is_str(held, "", "a process alone is not held");
	end();
	begin_with(8);
	add(1, 0);
	is_str(held, "", "nor one that leads no group");
	end();

	/* A last step without an end. */
	escalation_simple(&steps, SIGTERM, 0);
	for (int stopped = 0; stopped < 2; stopped++) {
		begin_groups(KILL_MODE_GROUP);
		sent();
		if (!stopped)
			at(10 * MS);
		sent();
		leave(1, 20 * MS);
		is_str(sent(), stopped ? "1:CONT" : "",
		       "others are left: they are continued");
		at(1 * S);
		is_int(outlived_count, 0, "and have a second to die");
		at(1 * S + 20 * MS);
		is_int(outlived_count, 1, "then they are named");
		is_str(held, "1+1-", "and hold nothing any more");
		die(1, 1, SIGTERM);
		is_int(all.count, 0, "none is left");
		end();
	}

	/* Where nothing proves who is left. */
	begin_with(8);
	can_hold = -ENOTSUP;
	add_flags(1, 0, PROCQ_SPAWN_GROUP);
	is_str(held, "1+", "it can't be held");
	die(1, 1, SIGTERM);
	end();
}

static uint32_t unreached_count, unreached_slot;

static void unreached(void *arg, const struct procq_process *p)
{
	unreached_count += arg == &all;
	unreached_slot = p->slot;
}

/* What another had begun to end, and is dead by now. */
static struct procq_event take_over(enum kill_mode mode, int hold,
				    uint32_t flags, int signo)
{
	struct procq_process p;

	begin_with(8);
	all.mode = mode;
	all.unreached = unreached;
	unreached_count = 0;
	can_hold = hold;
	answer = -ESRCH;
	memset(&p, 0, sizeof(p));
	p.slot = 1;
	p.flags = flags;
	p.step = signo ? 2 : 0;
	p.signal = signo;
	endings_begin(&all, &p, now);
	return die(1, p.step, signo);
}

static void test_unreached(void)
{
	const uint32_t flags = PROCQ_SPAWN_GROUP | PROCQ_PROCESS_RETURNED;
	struct procq_event e;

	escalation_parse(&steps, "TERM,1,INT,1,KILL,2", 0);
	e = take_over(KILL_MODE_GROUP, -ENOTSUP, flags, SIGINT);
	ok(unreached_count == 1 && unreached_slot == 1,
	   "what can't be gone on with is said");
	ok(e.step == 2 && e.signal == SIGINT,
	   "the last signal before its death was another's");
	end();
	take_over(KILL_MODE_GROUP, 0, flags, SIGINT);
	is_int(unreached_count, 0, "not if it can be held");
	end();
	take_over(KILL_MODE_PROCESS, -ENOTSUP, flags, SIGINT);
	is_int(unreached_count, 0, "nor of a process alone");
	end();
	take_over(KILL_MODE_GROUP, -ENOTSUP, PROCQ_PROCESS_RETURNED, SIGINT);
	is_int(unreached_count, 0, "or of one without a group");
	end();
	take_over(KILL_MODE_GROUP, -ENOTSUP, PROCQ_SPAWN_GROUP, SIGINT);
	is_int(unreached_count, 0, "or of one that no other has had");
	end();
	take_over(KILL_MODE_GROUP, -ENOTSUP, flags, 0);
	is_int(unreached_count, 0, "or that nobody has signalled");
	end();
}

/* A signal is refused: it is reported, and no other is sent. */
static void test_refused(void)
{
	struct procq_event e;

	escalation_simple(&steps, SIGTERM, 100 * MS);
	begin_with(8);
	answer = -EPERM;
	is_int(add(1, 1 * MS), 0, "TERM is refused");
	is_int(reports, 1, "which is reported at once");
	is_int(reported, 1, "of the right one");
	is_int(reported_err, -EPERM, "and why");
	is_int(reported_since, 1 * MS, "and since when it was ended");
	is_int(reported_sent, 0, "nothing was sent");
	is_int(reported_signo, 0, "not one signal");
	is_int(endings_pending(&all), 0, "its death is not expected");
	is_int(endings_deadline(&all), PROCQ_FOREVER, "it is never due");
	ok(!endings_escalating(&all), "no signal is to come");
	answer = 0;
	sent();
	is_str(at(PROCQ_FOREVER - 1), "", "nor comes");
	e = die(1, 1, SIGINT);
	is_int(e.signal, SIGINT, "it dies of somebody else's signal");
	is_int(e.step, 1, "which is what the library says");
	is_int(all.unconfirmed, 0, "and is unconfirmed no more");
	answer = -ENOTSUP;
	answer_to = SIGKILL;
	add(2, 0);
	at(10 * MS);
	is_int(reports, 1, "TERM is not refused");
	is_str(at(100 * MS), "2:KILL", "KILL is");
	is_int(reports, 2, "which is reported");
	is_int(reported_err, -ENOTSUP, "and why");
	is_int(reported_sent, 1, "one was sent");
	is_int(reported_signo, SIGTERM, "TERM");
	e = die(2, 1, SIGTERM);
	is_int(e.step, 1, "it dies of that later");
	is_int(all.count, 0, "none is left");
	all.give_back = true;
	answer_to = 0;
	add(3, 0);
	is_int(returns, 0, "what can't be proven is kept");
	die(3, 0, 0);
	for (int i = 0; i < 2; i++) {
		answer = i ? -EACCES : -EPERM;
		add(4, 0);
		is_int(reports, 4 + i, "what may not be signalled is reported");
		is_int(reported_err, answer, "and why");
		is_int(returns, 1 + i, "and put back");
		is_int(returned, 4, "that one");
		is_int(all.count, 0, "and kept no longer");
	}
	end();
}

/* It is dead already: so its death is expected like any other. */
static void test_dead(void)
{
	struct procq_event e;

	escalation_simple(&steps, SIGTERM, 100 * MS);
	begin_with(8);
	answer = -ESRCH;
	add(1, 0);
	add(2, 0);
	is_int(reports, 0, "the dead are no refusal");
	is_int(endings_pending(&all), 2, "they are to be collected");
	e = die(1, 0, 0);
	is_int(e.step, 0, "it died of nothing that was sent");
	is_int(e.signal, 0, "so no signal is named");
	is_str(at(100 * MS), "1:TERM 2:TERM 2:CONT 2:KILL",
	       "one that is not collected is not forgotten");
	at(2100 * MS);
	is_int(reports, 1, "nor awaited for ever");
	is_int(reported_err, 0, "if nothing is refused");
	is_int(reported_sent, 0, "though nothing was sent");
	end();
	begin_with(8);
	add(1, 0);
	answer = -ESRCH;
	at(100 * MS);
	e = die(1, 1, SIGTERM);
	is_int(e.step, 1, "one that was dead before KILL did not die of it");
	is_int(e.signal, SIGTERM, "but of TERM");
	end();
}

/* The last step ends in a report, without a signal to all others. */
static void test_give_up(void)
{
	escalation_simple(&steps, SIGTERM, 100 * MS);
	begin_with(8);
	add(1, 0);
	add(2, 50 * MS);
	ok(endings_escalating(&all), "KILL is still to come");
	at(100 * MS);
	ok(endings_escalating(&all), "for the other");
	is_str(at(150 * MS), "2:KILL", "then not for it, either");
	ok(!endings_escalating(&all), "none is to come");
	is_int(endings_deadline(&all), 2100 * MS, "2 s later it is given up");
	at(2100 * MS);
	is_int(reported, 1, "the one");
	is_int(endings_pending(&all), 1, "the other is awaited");
	die(1, 2, SIGKILL);
	is_int(all.unconfirmed, 0, "the one dies late");
	is_int(endings_pending(&all), 1, "the other is awaited still");
	at(2150 * MS);
	is_int(reports, 2, "and given up in its turn");
	end();
	escalation_simple(&steps, SIGTERM, 0);
	begin_with(8);
	add(1, 0);
	ok(!endings_escalating(&all), "without KILL there is no other signal");
	at(10 * MS);
	is_int(endings_deadline(&all), PROCQ_FOREVER, "nor is it given up");
	end();
}

/* All on to the last step: the user is in a hurry. */
static void test_hasten(void)
{
	struct procq_event e;

	escalation_simple(&steps, SIGTERM, 5 * S);
	begin_with(8);
	add(1, 0);
	at(10 * MS);
	add(2, 20 * MS);
	answer = -EPERM;
	add(3, 20 * MS);
	answer = 0;
	sent();
	now = 25 * MS;
	endings_hasten(&all);
	is_str(sent(), "2:KILL 1:KILL", "all but the unconfirmed get KILL");
	is_int(endings_deadline(&all), 25 * MS + 5 * S, "and the last wait");
	endings_hasten(&all);
	is_str(sent(), "", "once");
	add(4, 30 * MS);
	is_str(sent(), "4:KILL", "one that comes later gets KILL first");
	e = die(1, 2, SIGKILL);
	is_int(e.step, 2, "for the former it is the second signal");
	is_int(e.signal, SIGKILL, "KILL");
	e = die(4, 1, SIGKILL);
	is_int(e.step, 1, "for the latter the first");
	at(25 * MS + 5 * S);
	is_int(reports, 2, "the last wait ends as ever");
	is_int(reported, 2, "for the one that is left");
	end();
}

/* What is given back has a signal pending. */
static void test_free(void)
{
	escalation_simple(&steps, SIGTERM, 5 * S);
	begin_with(8);
	add(1, 0);
	at(10 * MS);
	add(2, 20 * MS);
	answer = 1;
	add(3, 20 * MS);
	sent();
	end();
	is_str(sent(), "2:CONT 3:CONT",
	       "so all that had no CONT get it at the end");
	memset(&all, 0, sizeof(all));
}

/* --reap: nobody is signalled. */
static void test_no_steps(void)
{
	struct procq_event e;

	steps.count = 0;
	begin_with(8);
	add(1, 0);
	add(2, 0);
	is_str(at(PROCQ_FOREVER - 1), "", "without steps nothing is sent");
	is_int(endings_deadline(&all), PROCQ_FOREVER, "nobody is due");
	is_int(endings_pending(&all), 2, "two are awaited");
	ok(!endings_escalating(&all), "no signal is to come");
	e = die(1, 1, SIGINT);
	is_int(e.signal, SIGINT, "a former consumer's signal stays");
	is_int(endings_pending(&all), 1, "one is awaited");
	end();
	is_str(sent(), "", "nor is anything sent at the end");
}

static void test_memory(void)
{
	escalation_simple(&steps, SIGTERM, 5 * S);
	begin_with(8);
	no_memory = true;
	is_int(add(1, 0), -ENOMEM, "no memory");
	is_str(sent(), "", "so nothing is sent");
	is_int(all.count, 0, "nobody is known");
	no_memory = false;
	is_int(add(1, 0), 0, "there is some again");
	is_str(sent(), "1:TERM", "so it is sent");
	keep_log = false;
	for (int i = 0; i < 1000; i++) {
		die(1, 1, SIGTERM);
		add(1, 0);
	}
	ok(all.room < 100, "the room of the dead is used again");
	end();
}

/* As good as never. */
static void test_long(void)
{
	escalation_simple(&steps, SIGTERM, INT64_MAX);
	begin_with(1);
	add(0, 12345);
	is_str(at(10 * MS + 12345), "0:TERM 0:CONT", "a long wait");
	is_int(endings_deadline(&all), PROCQ_FOREVER, "292 years are for ever");
	is_str(at(PROCQ_FOREVER - 1), "", "and not due before");
	end();
}

/* Many, dying in another order than they came. */
static void test_many(void)
{
	enum { N = 10000 };
	uint32_t wrong = 0;

	escalation_simple(&steps, SIGTERM, 10 * MS);
	begin_with(N);
	keep_log = false;
	for (uint32_t i = 0; i < N; i++)
		add((i * 7919) % N, i);
	for (uint32_t i = 0; i < N; i++)
		wrong += all.nodes[all.by_slot[i]].process.slot != i;
	is_int(wrong, 0, "each is found in its slot");
	for (uint32_t i = 0; i < N; i += 3)
		die(i, 1, SIGTERM);
	for (uint32_t i = 0; i < N; i += 6)
		add(i, N + i);
	at(20 * MS);
	is_int(late, 0, "they are due in order");
	is_int(kills, N - (N + 2) / 3 + (N + 5) / 6, "all that are left");
	at(20 * MS + 2 * S);
	is_int(reports, kills, "all are reported");
	is_int(all.unconfirmed, kills, "are counted");
	end();
}

int main(void)
{
	test_plans();
	test_order();
	test_continue();
	test_group();
	test_left();
	test_unreached();
	test_refused();
	test_dead();
	test_give_up();
	test_hasten();
	test_free();
	test_no_steps();
	test_memory();
	test_long();
	test_many();
	test_inherited();
	test_who();
	return done();
}
