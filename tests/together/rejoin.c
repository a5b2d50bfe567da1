/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/rejoin.c - the last one leaves, the next one comes: each
 * participant is in the object that the queue's name leads to.
 *
 * Once with one that is stopped at each of its system calls, while another
 * comes or goes. And once with a crowd that joins and leaves all the time,
 * so that the object is removed and made anew in between.
 *
 * REJOIN_SECONDS in the environment says how long; 2 by default.
 */
#include <config.h>

#include <string.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/calls.h"
#include "layout.h"

#define CROWD 6
#define MS INT64_C(1000000)

/* What the children report. */
static struct {
	uint64_t inode;		/* of the object that the stopped one is in */
	_Atomic uint64_t joins, astray, refused;
} *seen;

/* The inode of the object that it is in; 0: no name leads there any more. */
static uint64_t home(const struct procq *q)
{
	struct stat st;

	return fstat(q->seg->fd, &st) == 0 && st.st_nlink > 0 ? st.st_ino : 0;
}

static int try_join(struct procq **q, int64_t patience)
{
	struct procq_options o = fixture_options(PROCQ_ROLE_KEEPER, 1, 0);

	o.deadline = procq_now() + patience;
	return procq_open(q, fixture_queue, &o);
}

/* ---- stopped at each system call ---- */

static void leaves(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 1);

	(void)arg;
	raise(SIGSTOP);
	procq_close(q);
}

static void removes(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 1);

	(void)arg;
	raise(SIGSTOP);
	procq_remove(q);
}

static void joins(void *arg)
{
	struct procq *q;

	(void)arg;
	raise(SIGSTOP);
	need(try_join(&q, 20000 * MS) == 0);
	seen->inode = home(q);
	_exit(seen->inode ? 0 : 1);
}

/* Killed between its verdict and the unlink(). */
static void die_removing(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 1);

	(void)arg;
	pq_member_stand_up(q->seg, q->place, q->incarnation);
	atomic_store(&q->seg->header->state, PQ_OBJECT_FINAL);
}

static void make_final(void)
{
	need(fixture_run(die_removing, NULL) == 0);
	need(fixture_exists());
}

/* Run body to its nth system call. 0: it makes fewer. */
static pid_t stop_at(void (*body)(void *), int n)
{
	pid_t pid = calls_start(body, NULL);
	struct call call;
	int status;

	for (int i = -1; i < n; )
		if (!calls_next(pid, &call, &status)) {
			need(WIFEXITED(status) && WEXITSTATUS(status) == 0);
			return 0;
		} else if (call.op == 1) {
			i++;
		}
	return pid;
}

static bool ends_well(pid_t pid)
{
	need(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	return fixture_wait(pid) == 0;
}

/* Another comes meanwhile. Where the stopped one has the lock it waits in
 * vain, which is none of this test's business. */
static bool newcomer_within(pid_t pid, bool *joined)
{
	struct procq *q = NULL;
	bool good;

	seen->inode = 0;
	*joined = try_join(&q, 50 * MS) == 0;
	good = ends_well(pid);
	if (*joined) {
		good = good && home(q) != 0 &&
		       (seen->inode == 0 || seen->inode == home(q));
		procq_close(q);
	}
	return good;
}

static void test_newcomer(void (*before)(void), void (*body)(void *),
			  const char *what)
{
	int bad = 0, joined = 0, n;

	for (n = 0;; n++) {
		bool in;
		pid_t pid;

		if (before)
			before();
		pid = stop_at(body, n);
		if (!pid)
			break;
		if (!newcomer_within(pid, &in)) {
			bad++;
			note("  at call %d", n);
		}
		joined += in;
		fixture_clean();
	}
	fixture_clean();
	ok(bad == 0 && joined > 0, "%s, at %d calls, joined at %d", what, n,
	   joined);
}

/* The last one leaves while another comes. */
static void test_leaver(void)
{
	int bad = 0, removed = 0, n;

	for (n = 0;; n++) {
		struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 1);
		pid_t pid = stop_at(joins, n);

		removed += procq_close(q) == 1;
		if (!pid)
			break;
		if (!ends_well(pid)) {
			bad++;
			note("  at call %d", n);
		}
		fixture_clean();
	}
	fixture_clean();
	ok(bad == 0 && removed > 0,
	   "a leaving within a joining, at %d calls, removed at %d", n,
	   removed);
}

/* ---- a crowd ---- */

static void come_and_go(void *arg)
{
	const int64_t *end = arg;

	for (unsigned k = 0; procq_now() < *end; k++) {
		struct procq *q;

		if (try_join(&q, 20000 * MS) < 0) {
			atomic_fetch_add(&seen->refused, 1);
			continue;
		}
		for (unsigned i = 0; i <= k % 3; i++)
			if (!home(q)) {
				atomic_fetch_add(&seen->astray, 1);
				break;
			}
		procq_close(q);
		atomic_fetch_add(&seen->joins, 1);
	}
}

static void test_crowd(void)
{
	int64_t end = procq_now() +
		      fixture_seconds_of("REJOIN_SECONDS") * PQ_SECOND;

	is_int(fixture_crowd(CROWD, come_and_go, &end), 0, "six come and go");
	note("%ju times", (uintmax_t)seen->joins);
	ok(seen->joins > 0, "each finds a queue");
	is_int((intmax_t)seen->refused, 0, "nobody is refused");
	is_int((intmax_t)seen->astray, 0, "and none is in one that is gone");
	ok(!fixture_exists(), "none of the objects is left");
}

int main(void)
{
	fixture_begin("rejoin");
	seen = fixture_shared(sizeof(*seen));
	if (calls_try()) {
		test_newcomer(NULL, leaves, "a joining within a leaving");
		test_newcomer(NULL, removes, "a joining within a removal");
		test_newcomer(make_final, joins,
			      "a joining within another of what is final");
		test_leaver();
	}
	test_crowd();
	return done();
}
