/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet/cut.c - a helper is killed at each of its system calls, before and
 * after, and at each change that it makes in the object between two of them.
 *
 * For each point: a queue of its own, with a producer that wants four slots; a
 * helper that is traced up to the point, and killed there. Then what is not
 * parked in the object may be no more than what the engine has charged, now and
 * after the engine has worked off what the dead one had sent; and another
 * helper attaches, serves, leaves, and nothing stays charged.
 *
 * cut.test starts the server. Where a run has been is asked of the object and
 * of the tables, not of the helper. Linux only.
 */
#include <config.h>

#include "../kit/tap.h"
#include "../kit/fixture.h"

#if PQ_USE_LINUX
#include "../kit/calls.h"

#include <libpq-fe.h>

#define SLOTS 8
#define WANTED 4
#define FEWER 2
#define SECONDS INT64_C(1000000000)
/* So many points at most of a part of a helper's life. */
#define POINTS 20000
#define STEPS_MAX 300000
/* Of the object, after one call: slots, the lease, and a permit. */
#define CHANGES (SLOTS + 4)

static int64_t patience = 60 * SECONDS;
static PGconn *db;
static struct procq *q;
static pid_t producer, consumer, victim;

/* ---- what the engine knows ---- */

static int64_t number(const char *sql)
{
	PGresult *r = PQexec(db, sql);
	int64_t n = -1;

	if (PQresultStatus(r) != PGRES_TUPLES_OK &&
	    PQresultStatus(r) != PGRES_COMMAND_OK) {
		printf("# %s: %s\n", sql, PQerrorMessage(db));
		need(false);
	}
	if (PQntuples(r) > 0 && PQnfields(r) > 0)
		n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return n;
}

static int64_t charged(void)
{
	return number("SELECT coalesce(sum(granted), 0) FROM procq.seat");
}

static int64_t epoch(void)
{
	return number("SELECT coalesce(max(epoch), 0) FROM procq.seat");
}

static bool adds_up(void)
{
	return number("SELECT (used = (SELECT coalesce(sum(granted), 0) FROM "
		      "procq.seat))::int FROM procq.queue") == 1;
}

/* Endings that it knows of, and that are not over. */
static int64_t permitted(void)
{
	return number("SELECT count(*) FROM procq.permit WHERE ended IS NULL");
}

/* Does a server's process still work for a helper? */
static bool is_quiet(void)
{
	return number("SELECT count(*) FROM pg_stat_activity "
		      "WHERE usename = 'a'") == 0;
}

/* ---- what the object has ---- */

static uint32_t unparked(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SLOTS; i++)
		n += pq_word_state(pq_load_word(q->seg, i)) !=
		     PROCQ_STATE_PARKED;
	return n;
}

static uint32_t producers(void)
{
	struct procq_stat s;

	need(procq_stat(q, &s) == 0);
	return s.producers;
}

static uint32_t present(void)
{
	struct procq_stat s;

	need(procq_stat(q, &s) == 0);
	return (uint32_t)s.present;
}

static struct procq_permits permits(void)
{
	struct procq_permits p = PROCQ_PERMITS_INIT;

	need(procq_permits(q, &p) == 0);
	return p;
}

/* With how many permits something is, or may be, ended. */
static uint32_t may_end(void)
{
	struct procq_permits p = permits();
	uint32_t n = 0;

	for (unsigned i = 1; i <= PROCQ_PERMITS_MAX; i++)
		n += p.states[i] == PROCQ_PERMIT_UNUSED ||
		     p.states[i] == PROCQ_PERMIT_USED;
	return n;
}

struct look {
	uint64_t epoch;
	int64_t deadline;
	uint32_t granted, policy, unparked, needed;
	uint8_t permits[PROCQ_PERMITS_MAX + 1];
};

static struct look look(void)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	struct procq_permits p = permits();
	struct look now;

	need(procq_lease(q, &l) == 0);
	now = (struct look){ .epoch = l.epoch, .deadline = l.deadline,
			     .granted = l.granted, .policy = l.policy,
			     .unparked = unparked(), .needed = p.needed };
	memcpy(now.permits, p.states, sizeof(now.permits));
	return now;
}

static bool is_same(const struct look *a, const struct look *b)
{
	return a->epoch == b->epoch && a->deadline == b->deadline &&
	       a->granted == b->granted && a->policy == b->policy &&
	       a->unparked == b->unparked && a->needed == b->needed &&
	       memcmp(a->permits, b->permits, sizeof(a->permits)) == 0;
}

/* ---- the others ---- */

static pid_t launch(void (*body)(void *))
{
	return fixture_fork(body, NULL);
}

static void produce(void *arg)
{
	(void)arg;
	execl(getenv("PRODUCER"), "producer", "-q", fixture_queue, "-c", "8",
	      "-n", "4", "-d", "0", "--quiet", "--no-summary", "--", "sleep",
	      "300", (char *)NULL);
}

static void consume_two(void *arg)
{
	(void)arg;
	execl(getenv("CONSUMER"), "consumer", "-q", fixture_queue, "-n", "2",
	      "-d", "0", "--quiet", "--no-summary", (char *)NULL);
}

static void consume_all(void *arg)
{
	(void)arg;
	execl(getenv("CONSUMER"), "consumer", "-q", fixture_queue, "--drain",
	      "-d", "0", "--quiet", "--no-summary", (char *)NULL);
}

static void ends(pid_t *pid)
{
	if (*pid > 1)
		fixture_wait(*pid);
	*pid = 0;
}

static void is_killed(pid_t *pid)
{
	if (*pid > 1)
		fixture_end(*pid);
	*pid = 0;
}

static void help(void *arg)
{
	char name[100], path[4096], where[4096];

	(void)arg;
	snprintf(path, sizeof(path), "%s/procq-fleet", getenv("PROCQ_BINDIR"));
	snprintf(name, sizeof(name), "--queue=%s", fixture_queue);
	snprintf(where, sizeof(where), "--fleet=%s", getenv("FLEET_URL"));
	execl(path, "helper", where, name, (char *)NULL);
}

static void help_traced(void *arg)
{
	raise(SIGSTOP);
	help(arg);
}

/* At last. */
#define until(good) \
	do { \
		int64_t end_ = procq_now() + patience; \
		while (!(good)) { \
			need(procq_now() < end_); \
			need(procq_wait(q, 0, procq_now()) != -EIDRM); \
			fixture_sleep(2000000); \
		} \
	} while (0)

/* ---- the parts of a helper's life ---- */

struct part {
	const char *name;
	const char *policy;
	int lease_ms;
	int endings;		/* so many at once; 0: as many as one likes */
	bool settled;		/* it begins when all has been granted */
	void (*begin)(void);
	bool (*is_over)(void);
	uint32_t left;		/* what is in use after it */
};

static struct look first;		/* when the part began */

static bool is_granted(void)
{
	return unparked() == WANTED && present() == WANTED &&
	       charged() == WANTED;
}

/* Two are ended, or all, and nothing follows them: the producer has started
 * as many as it was to. */
static void fewer(void)
{
	consumer = launch(consume_two);
}

static void none(void)
{
	consumer = launch(consume_all);
}

static bool is_fewer(void)
{
	return unparked() == FEWER && charged() == FEWER;
}

/* One after the other, and the last permit is back. */
static bool is_spaced(void)
{
	struct procq_permits p = permits();

	for (unsigned i = 1; i <= PROCQ_PERMITS_MAX; i++)
		if (p.states[i] != PROCQ_PERMIT_NONE)
			return false;
	return is_fewer() && permitted() == 0;
}

static bool is_renewed(void)
{
	struct look now = look();

	return now.deadline > first.deadline + SECONDS / 2;
}

static bool never(void)
{
	return false;
}

/* The engine refuses each renewal. */
static void refuse(void)
{
	number("REVOKE EXECUTE ON FUNCTION procq.lease FROM procq_host");
}

static void refuse_no_more(void)
{
	number("GRANT EXECUTE ON FUNCTION procq.lease TO procq_host");
}

static bool is_anew(void)
{
	return look().epoch > first.epoch;
}

static const struct part parts[] = {
	{ "attach", "keep", 2000, 0, false, NULL, is_granted, WANTED },
	{ "renew", "keep", 1000, 0, true, NULL, is_renewed, WANTED },
	{ "return", "keep", 2000, 0, true, fewer, is_fewer, FEWER },
	{ "permit", "keep", 2000, 1, true, fewer, is_spaced, FEWER },
	{ "leave", "keep", 2000, 0, true, none, never, 0 },
	{ "over", "end", 2000, 0, true, refuse, is_anew, 0 },
};

#define PARTS (sizeof(parts) / sizeof(*parts))

/* ---- a traced helper ---- */

enum way { BEFORE, AFTER, CHANGE };

/* The count-th call of this number; after it, the change-th change. */
struct point {
	uint64_t nr;
	unsigned count, change;
	enum way way;
};

#define CALL_NUMBERS 512
static unsigned counts[CALL_NUMBERS];

static unsigned count_call(uint64_t nr)
{
	return nr < CALL_NUMBERS ? ++counts[nr] : 0;
}

static void trace(void)
{
	victim = calls_start(help_traced, NULL);
	need(ptrace(PTRACE_SETOPTIONS, victim, 0,
		    (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
			     PTRACE_O_TRACEEXEC)) == 0);
}

/* @retval false it has ended */
static bool next_call(struct call *call)
{
	int status;

	procq_wait(q, 0, procq_now());
	if (calls_next(victim, call, &status))
		return true;
	victim = 0;
	return false;
}

/* One instruction. @retval false a signal came, or it has ended */
static bool one_step(void)
{
	int status;

	need(ptrace(PTRACE_SINGLESTEP, victim, 0, 0) == 0);
	need(waitpid(victim, &status, 0) == victim);
	if (WIFSTOPPED(status))
		return WSTOPSIG(status) == SIGTRAP;
	victim = 0;
	return false;
}

/* Is a system call the next instruction? Where that is not known, no: then
 * STEPS_MAX ends it. */
static bool is_at_call(void)
{
	struct call here;
	long code;

	if (ptrace(CALLS_GET_INFO, victim, (void *)sizeof(here), &here) <= 0)
		return false;
	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, victim, (void *)(uintptr_t)here.at, 0);
	if (errno)
		return false;
#if defined __x86_64__ || defined __i386__
	code &= 0xffff;
	return code == 0x050f || code == 0x340f || code == 0x80cd;
#elif defined __aarch64__
	return (code & 0xffffffff) == 0xd4000001;
#else
	return false;
#endif
}

/* The next change of the object before the next system call.
 * @retval false there is none */
static bool step_to_change(void)
{
	struct look before = look(), now;

	for (int n = 0; n < STEPS_MAX && !is_at_call(); n++) {
		if (!one_step())
			return false;
		now = look();
		if (!is_same(&before, &now))
			return true;
	}
	return false;
}

/* Run it to where the part begins: when it has taken its lock, or all has been
 * granted.
 * @retval false it has ended: the machine is so slow that its lease ran out */
static bool run_to_part(const struct part *p)
{
	struct call call;

	do
		if (!next_call(&call))
			return false;
	while (!calls_is_look(&call));
	if (p->settled)
		do
			if (!next_call(&call))
				return false;
		while (call.op != 2 || !is_granted());
	memset(counts, 0, sizeof(counts));
	first = look();
	if (p->begin)
		p->begin();
	return true;
}

/* Run on to the point. @retval false the part was over before */
static bool run_to_point(const struct part *p, const struct point *at)
{
	uint64_t nr = 0;
	struct call call;
	unsigned n = 0;

	while (next_call(&call)) {
		if (call.op == 1) {
			nr = call.nr;
			n = count_call(nr);
		}
		if (at && nr == at->nr && n == at->count) {
			if (at->way == BEFORE && call.op == 1)
				return true;
			if (at->way == AFTER && call.op == 2)
				return true;
			if (at->way == CHANGE && call.op == 2) {
				for (unsigned i = 0; i < at->change; i++)
					if (!step_to_change())
						return false;
				return true;
			}
		}
		if (call.op == 2 && p->is_over())
			return false;
	}
	return false;
}

static struct point points[POINTS];
static size_t n_points;			/* none if record() had no time */

static void add(uint64_t nr, unsigned count, enum way way, unsigned change)
{
	if (n_points < POINTS)
		points[n_points++] = (struct point){ nr, count, change, way };
}

/* A lease counts from before it was asked for. */
static bool counts_from_before(const struct part *p, const struct look *now,
			       int64_t asked)
{
	return now->deadline <= asked + p->lease_ms * SECONDS / 1000 * 5 / 6;
}

/* One run to the end: each call is two points, and each but those that ask for
 * the time or sleep may be followed by changes, as many as are seen. */
static bool record(const struct part *p)
{
	int64_t asked = procq_life();
	bool good = true;
	uint64_t nr = 0;
	unsigned n = 0;
	struct look before = first, now;
	struct call call;

	n_points = 0;
	while (next_call(&call)) {
		now = look();
		if (now.deadline > before.deadline)
			good &= counts_from_before(p, &now, asked);
		if (calls_is(&call, SYS_sendto))
			asked = procq_life();
		if (call.op == 1) {
			/* Made since the last call; its changes one by one are
			 * found by stepping. */
			if (n > 0 && !is_same(&before, &now))
				for (unsigned i = 1; i <= CHANGES; i++)
					add(nr, n, CHANGE, i);
			nr = call.nr;
			n = count_call(nr);
			add(nr, n, BEFORE, 0);
		} else {
			add(nr, n, AFTER, 0);
			if (p->is_over())
				break;
		}
		before = look();
	}
	return good;
}

/* ---- what has to hold ---- */

static bool complain(const struct part *p, const struct point *at,
		     const char *what)
{
	printf("# %s: call %d, the %u-th, way %d, change %u: %s\n", p->name,
	       (int)at->nr, at->count, at->way, at->change, what);
	return false;
}

/* The engine is asked first: what it says can't be freed by time unless the
 * object has lost it before. */
static bool holds(const struct part *p, const struct point *at,
		  const char *when)
{
	int64_t charge = charged(), endings = permitted();
	char text[200];
	uint32_t n;

	procq_wait(q, 0, procq_now());
	if ((int64_t)may_end() > endings)
		return complain(p, at, "a permit that is not charged");
	n = unparked();
	if ((int64_t)n <= charge && adds_up())
		return true;
	snprintf(text, sizeof(text), "%s: %u are not parked, %jd charged", when,
		 n, (intmax_t)charge);
	return complain(p, at, text);
}

/* Another helper: it attaches, comes to what is in use, and leaves when nothing
 * is any more. */
static bool is_followed(const struct part *p, const struct point *at)
{
	int64_t before = epoch();
	pid_t next = launch(help);
	int rc;

	if (p->left > 0)
		until(epoch() > before && charged() == p->left &&
		      unparked() == p->left && present() == p->left);
	ends(&consumer);
	consumer = launch(consume_all);
	ends(&consumer);
	ends(&producer);
	rc = fixture_wait(next);
	until(is_quiet());
	if (rc != 0)
		return complain(p, at, "the next one fails");
	if (charged() != 0 || unparked() != 0 || permitted() != 0)
		return complain(p, at, "something stays charged");
	return holds(p, at, "at last");
}

/* @retval false the part never began */
static bool world_begin(const struct part *p)
{
	struct procq_lease none = PROCQ_LEASE_INIT;
	char sql[200];

	alarm(fixture_seconds());
	number("DELETE FROM procq.seat");
	snprintf(sql, sizeof(sql), "UPDATE procq.queue SET used = 0, policy = "
		 "'%s', lease_ms = %d, endings = %d, gap_ms = 50", p->policy,
		 p->lease_ms, p->endings);
	number(sql);
	q = fixture_open(PROCQ_ROLE_KEEPER, SLOTS);
	none.policy = PROCQ_POLICY_KEEP;
	none.deadline = 0;
	none.granted = 0;
	need(procq_set_lease(q, &none) == 0);
	producer = launch(produce);
	/* A helper that finds itself alone leaves. */
	until(producers() > 0);
	trace();
	return run_to_part(p);
}

static void world_end(void)
{
	is_killed(&victim);
	is_killed(&consumer);
	is_killed(&producer);
	procq_close(q);
	q = NULL;
	fixture_clean();
}

/* @param late counts those that were over before
 * @retval false something was wrong */
static bool try_point(const struct part *p, const struct point *at,
		      unsigned *late)
{
	bool good;

	if (getenv("FLEET_CUT_VERBOSE"))
		complain(p, at, "is tried");
	if (!world_begin(p) || !run_to_point(p, at))
		++*late;
	is_killed(&victim);
	good = holds(p, at, "when it is dead");
	until(is_quiet());
	good &= holds(p, at, "when all is worked off");
	refuse_no_more();
	good &= is_followed(p, at);
	world_end();
	return good;
}

/* Where it speaks to the engine, or changes the object. */
static bool is_speech(const struct point *at)
{
	return at->nr == SYS_sendto || at->nr == SYS_recvfrom ||
	       at->way == CHANGE;
}

struct tally {
	unsigned tried, late, bad;
};

/* A sample of those that are, or are not: some, evenly. */
static void try_some(const struct part *p, bool speech, unsigned sample,
		     unsigned seed, struct tally *t)
{
	size_t n = 0, at = 0, step;
	unsigned late;

	for (size_t i = 0; i < n_points; i++)
		n += is_speech(&points[i]) == speech;
	step = n > sample ? n / sample : 1;
	for (size_t i = 0; i < n_points; i++) {
		if (is_speech(&points[i]) != speech ||
		    at++ % step != seed % step)
			continue;
		late = t->late;
		t->bad += !try_point(p, &points[i], &t->late);
		t->tried++;
		/* There are no more changes after this call. */
		while (t->late > late && points[i].way == CHANGE &&
		       i + 1 < n_points && points[i + 1].way == CHANGE &&
		       points[i + 1].change > 1) {
			i++;
			at++;
		}
	}
}

static void try_part(const struct part *p, unsigned sample, unsigned seed)
{
	struct tally t = { 0 };

	ok(!world_begin(p) || record(p), "%s: leases count from before they "
	   "are asked for", p->name);
	is_killed(&victim);
	until(is_quiet());
	refuse_no_more();
	world_end();
	try_some(p, true, (sample + 1) / 2, seed, &t);
	try_some(p, false, (sample + 1) / 2, seed, &t);
	ok(t.bad == 0 && t.tried > t.late, "%s: killed at %u of %zu points, "
	   "%u of them late", p->name, t.tried, n_points, t.late);
}

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
	const char *only = getenv("FLEET_CUT_PART");

	fixture_begin("cut");
	if (!calls_try())
		skip_all("no tracing here");
	need(getenv("FLEET_URL") && getenv("PRODUCER") && getenv("CONSUMER") &&
	     getenv("PROCQ_BINDIR"));
	db = PQconnectdb("");
	need(PQstatus(db) == CONNECTION_OK);
	for (size_t i = 0; i < PARTS; i++)
		if (!only || strcmp(only, parts[i].name) == 0)
			try_part(&parts[i], setting("FLEET_CUTS", 2),
				 setting("FLEET_CUT_SEED", 0));
	PQfinish(db);
	return done();
}
#else
int main(void)
{
	skip_all("built without LINUX");
}
#endif
