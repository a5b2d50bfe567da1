/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/host.c - a host program that does what it must not: it closes what
 * the library has opened, opens the object itself, or reaps the library's
 * children. It harms itself, but no other participant, and it is told.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#include "identity.h"

/* Between the test and the host, which is a child of it. */
struct stage {
	_Atomic int host;		/* how far the host is */
	_Atomic int test;		/* … and the test */
	int how;
	struct procq_process process;
};

static struct stage *stage;

static void await(_Atomic int *who, int step)
{
	while (atomic_load(who) < step)
		fixture_sleep(PQ_MILLI);
}

/* ---- what a host does ---- */

enum { OPENS, CLOSES, REOPENS };

static const char *const names[] = {
	[OPENS] = "opens and closes the object",
	[CLOSES] = "closes all descriptors",
	[REOPENS] = "closes them, and opens others",
};

/* The numbers from 3 to 9 are the host's own then. */
#define FIRST 3
#define LAST 9

static void open_and_close(const char *path)
{
	int fd = open(path, O_RDWR);

	must(fd >= 0 && close(fd) == 0);
}

static void lose_locks(int how)
{
	char path[PROCQ_NAME_SIZE + 32];

	if (how == OPENS) {
#if PQ_USE_SHM_LOCKS
		snprintf(path, sizeof(path), "/dev/shm%s", fixture_object);
#else
		snprintf(path, sizeof(path), "/tmp/procq-lock.%s",
			 fixture_object + 1);
#endif
		open_and_close(path);
		return;
	}
	for (int fd = FIRST; fd < 256; fd++)
		close(fd);
	for (int fd = FIRST; how == REOPENS && fd <= LAST; fd++)
		must(open("/dev/null", O_RDONLY) == fd);
}

static void must_have_its_own(int how)
{
	for (int fd = FIRST; how == REOPENS && fd <= LAST; fd++)
		must(fcntl(fd, F_GETFD) >= 0);
}

/* Wait until that says that the place is lost. */
static void must_be_told(struct procq *q)
{
	int64_t end = procq_now() + 30 * PQ_SECOND;
	int rc;

	do
		rc = procq_wait(q, 0, procq_now() + 10 * PQ_MILLI);
	while (rc != -ESTALE && procq_now() < end);
	must(rc == -ESTALE);
}

static void must_be_out(struct procq *q, uint32_t slot)
{
	struct procq_process p;
	struct procq_event e;

	must(procq_spawn(q, NULL, NULL) == -ESTALE);
	must(procq_peek(q, &p) == -ESTALE);
	must(procq_take(q, NULL, &p) == -ESTALE);
	must(procq_take_own(q, &p) == -ESTALE);
	must(procq_take_exited(q, &p) == -ESTALE);
	must(procq_signal(q, slot, SIGKILL, 0) == -ESTALE);
	must(procq_collect(q, &e) == -ESTALE);
	must(procq_give_back(q, slot) == -ESTALE);
	must(procq_remove(q) == -ESTALE);
}

/* ---- a parent ---- */

static void lost_parent(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 1);
	struct procq_stat s;

	(void)arg;
	stage->process = fixture_spawn(q, PROCQ_METHOD_AUTO, 0);
	lose_locks(stage->how);
	atomic_store(&stage->host, 1);
	await(&stage->test, 1);
	/* It asks for locks by what may be no descriptor of theirs. */
	must(procq_stat(q, &s) == 0 && s.dead == 0);
	/* By now its record is another's, of another parent in its place. */
	must(procq_reap(q) == 1);
	must(procq_children(q) == 0);
	must_be_told(q);
	must_be_out(q, 0);
	must(procq_close(q) == 0);
	must_have_its_own(stage->how);
}

static void test_parent(int how)
{
	struct procq *p, *c = NULL;
	struct procq_process mine, taken;
	struct procq_report report;
	struct procq_event e;
	pid_t host;

	note("a parent %s", names[how]);
	*stage = (struct stage){ .how = how };
	host = fixture_fork(lost_parent, NULL);
	await(&stage->host, 1);
	p = fixture_open(PROCQ_ROLE_KEEPER, 0);
	need(procq_check(p, &report) == 0);
	is_int((intmax_t)report.swept, 1, "it is dead to the others");
	procq_close(p);
	p = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	need(procq_take(c, NULL, &taken) == 0);
	is_int(taken.pid, stage->process.pid, "its process is taken");
	need(taken.pid > 1);
	if (procq_signal(c, taken.slot, SIGTERM, 0) < 0)
		need(kill(taken.pid, SIGKILL) == 0);
	fixture_collect(c, NULL);
	mine = fixture_spawn(p, PROCQ_METHOD_AUTO, 0);
	is_int(mine.slot, taken.slot, "another has its record");
	atomic_store(&stage->test, 1);
	is_int(fixture_wait(host), 0, "it harms nobody, and is told");
	is_int(fixture_state(p, mine.slot), PROCQ_STATE_QUEUED,
	       "the other is not marked");
	need(procq_take(c, NULL, &taken) == 0);
	ok(procq_signal(c, taken.slot, SIGTERM, 0) >= 0, "it is ended");
	e = fixture_collect(c, p);
	ok(e.process.pid == mine.pid && e.cause == PROCQ_CAUSE_SIGNAL &&
	   e.code == SIGTERM, "and reported as it was");
	need(procq_check(c, &report) == 0);
	is_int((intmax_t)report.faults, 0, "no fault");
	is_int(fixture_sum(c), 0, "all are counted");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

/* ---- a taker ---- */

static void lost_taker(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	(void)arg;
	must(procq_take(q, NULL, &stage->process) == 0);
	lose_locks(stage->how);
	atomic_store(&stage->host, 1);
	await(&stage->test, 1);
	must(procq_signal(q, stage->process.slot, SIGKILL, 0) == -ESTALE);
	must_be_told(q);
	must_be_out(q, stage->process.slot);
	must(procq_close(q) == 0);
	must_have_its_own(stage->how);
}

static void test_taker(int how)
{
	struct procq *p = fixture_open(PROCQ_ROLE_PRODUCER, 1), *c;
	struct procq_process taken;
	struct procq_report report;
	struct procq_event e;
	uint64_t word;
	pid_t host;

	note("a taker %s", names[how]);
	fixture_spawn(p, PROCQ_METHOD_AUTO, 0);
	*stage = (struct stage){ .how = how };
	host = fixture_fork(lost_taker, NULL);
	await(&stage->host, 1);
	need(procq_check(p, &report) == 0);
	is_int((intmax_t)report.returned, 1, "what it had goes back");
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	need(procq_take(c, NULL, &taken) == 0);
	word = pq_load_word(c->seg, taken.slot);
	atomic_store(&stage->test, 1);
	is_int(fixture_wait(host), 0, "it harms nobody, and is told");
	ok(pq_load_word(c->seg, taken.slot) == word,
	   "the other that has it keeps it");
	ok(procq_signal(c, taken.slot, SIGTERM, 0) >= 0, "and ends it");
	e = fixture_collect(c, p);
	ok(e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGTERM,
	   "by a signal of its own");
	is_int(fixture_sum(c), 0, "all are counted");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

/* ---- pins ---- */

/* The number of the pin is that of a file of the host's now, which poll()
 * shows as it shows a pin of the dead; or of nothing. */
static void test_pin(bool reopened)
{
	struct procq *p = fixture_open(PROCQ_ROLE_PRODUCER, 1);
	struct procq *c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process mine;
	struct procq_event e;
	struct pq_flight *f;
	int pin, null = open("/dev/null", O_RDONLY);

	need(null >= 0);
	fixture_spawn(p, PROCQ_METHOD_AUTO, 0);
	need(procq_take(c, NULL, &mine) == 0);
	f = pq_flights_find(&c->flights, mine.slot);
	need(f);
	pin = f->pin;
	if (pin < 0) {
		skip("a pin that was closed", "no pins");
	} else {
		need(reopened ? dup2(null, pin) == pin : close(pin) == 0);
		f->died = 1;
		c->flights.polled = 0;
		is_int(procq_collect(c, &e), 0, reopened
		       ? "a pin whose number is a file's shows no death"
		       : "nor does one that was closed");
	}
	ok(procq_signal(c, mine.slot, SIGTERM, 0) >= 0, "it is ended");
	e = fixture_collect(c, p);
	ok(e.process.pid == mine.pid && e.cause == PROCQ_CAUSE_SIGNAL,
	   "and its death is reported");
	if (pin >= 0 && reopened)
		is_int(close(pin), 0, "the host's file is open");
	close(null);
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

/* ---- children that the host reaps ---- */

static void ignore_children(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void host_reaps(void *arg)
{
	bool ignored = *(const bool *)arg;
	struct procq *p = fixture_open(PROCQ_ROLE_PRODUCER, 2);
	struct procq *c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process mine, other;
	int64_t end = procq_now() + 30 * PQ_SECOND;
	struct procq_stat s;
	struct procq_event e = { .cause = PROCQ_CAUSE_EXIT };

	mine = fixture_spawn(p, PROCQ_METHOD_AUTO, 0);
	other = fixture_spawn(p, PROCQ_METHOD_AUTO, 0);
	if (ignored)
		ignore_children();
	must(mine.pid > 1 && kill(mine.pid, SIGKILL) == 0);
	if (!ignored)
		must(waitpid(-1, NULL, 0) == mine.pid);
	while (procq_reap_one(p, &e) == 0 && procq_now() < end)
		fixture_sleep(PQ_MILLI);
	must(e.process.pid == mine.pid && e.process.slot == mine.slot);
	must(e.cause == PROCQ_CAUSE_UNKNOWN);
	must(procq_children(p) == 1);
	must(procq_take(c, &mine, &mine) == 0);
	must(procq_collect(c, &e) == 1 && e.type == PROCQ_EVENT_STALE);
	must(procq_stat(p, &s) == 0 && s.lost == 1);
	must(s.states[PROCQ_STATE_FREE] == 1 && fixture_sum(p) == 0);
	/* The last one, while it is taken. */
	must(procq_take(c, NULL, &mine) == 0 && mine.pid == other.pid);
	must(other.pid > 1 && kill(other.pid, SIGKILL) == 0);
	if (!ignored)
		must(waitpid(-1, NULL, 0) == other.pid);
	while (procq_children(p) > 0 && procq_now() < end) {
		procq_reap(p);
		fixture_sleep(PQ_MILLI);
	}
	must(procq_collect(c, &e) == 1);
	/* Where the kernel tells it. */
	must(e.cause == PROCQ_CAUSE_UNKNOWN ||
	     (e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGKILL));
	must(e.type == PROCQ_EVENT_RETIRED && e.step == 0);
	must(procq_close(c) == 0);
	must(procq_close(p) == 1);
}

int main(void)
{
	bool ignored = true, waited = false;
	int pin;

	fixture_begin("host");
	stage = fixture_shared(sizeof(*stage));
	pin = pq_pin(getpid());
	for (int how = OPENS; how <= REOPENS; how++) {
		/* Only a pin shows the death of a zombie of another's. */
		if (pin >= 0)
			test_parent(how);
		else
			skip("a parent", "no pins");
		test_taker(how);
	}
	if (pin >= 0)
		close(pin);
	test_pin(true);
	test_pin(false);
	is_int(fixture_run(host_reaps, &waited), 0, "a host reaps children");
	fixture_clean();
	is_int(fixture_run(host_reaps, &ignored), 0, "a host ignores SIGCHLD");
	return done();
}
