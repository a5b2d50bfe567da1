/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * killed.c - what becomes of each system that hands over records when one of
 * its users is killed in the middle of it. It must not know how any of them
 * works; what it costs is for handover.c.
 *
 *	killed [-atv] [-p POINTS] [-o OBJECT] [-s SYSTEM] [MODULE...]
 *
 * For put and for get, and for every n: two records are put into a new object;
 * a victim is run instruction by instruction (ptrace), and killed by SIGKILL
 * after its n-th one in the operation; then a survivor puts a record of its
 * own, and gets. Within a second it has
 *
 *	hang	not got its own record
 *	torn	got one that nobody put
 *	lost	not got one that was put, and that the victim had not got
 *	twice	got one twice, or one that the victim had got
 *
 * and the first of these that holds is told. The victim has got a record when
 * get() has returned and it has noted that, before it calls done().
 *
 * -a: every instruction is a point; otherwise 200 of each operation at most,
 * or POINTS, evenly spread. -v: also each point at which it is not well.
 * -t: as a test: it fails if a system does not do what is expected of it, and
 * what is expected never to happen is looked at for ten seconds. With few
 * points too few deaths may show. -o: what objects' names begin with.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mapping.h"
#include "rounds.h"
#include "systems.h"

#define FILLING (sizeof(((struct record *)NULL)->filling) / sizeof(uint64_t))
/* An operation that takes more steps is not going to end. */
#define STEPS_MAX 100000
/* Nor is a victim that takes longer, s; nor making and removing an object. */
#define VICTIM_MAX 30
/* How long a survivor has, ms; and longer, in a test, before something is
 * told that is expected never to happen. */
#define PATIENCE 1000
#define PATIENCE_MORE 9000
/* So many processes share the points of an operation: most of the time is
 * spent waiting for what does not come. Those that spin would need cores. */
#define SHARES 16
#define SHARES_BUSY 4

enum op { PUT, GET, OPS };
enum outcome { HANG, TORN, LOST, TWICE, WELL, OUTCOMES };

static const char *const op_names[] = { "put", "get" };
static const char *const outcome_names[] = { "hang", "torn", "lost", "twice" };

static struct {
	bool all, test, verbose;
	int points;
	const char *system;
} options = { .points = 200 };

/* ---- what is expected ---- */

/* Of put and of get: hangs, torn, lost, twice. 0: none, +: some, ?: either. */
static const struct expectation {
	const char *name;
	const char *of[OPS];
} expectations[] = {
	/* What a killed taker had not said to be done with is there again. */
	{ "procq", { "0000", "000+" } },
	/* What the kernel has given out it knows no more of. */
	{ "POSIX message queue", { "0000", "00+0" } },
	{ "System V message queue", { "0000", "00+0" } },
	{ "pipe", { "0000", "00+0" } },
	/* A mutex that nobody unlocks any more. */
	{ "three semaphores", { "+???", "+???" } },
	/* Nobody gets past a place that was reserved and never filled. */
	{ "rte_ring", { "+???", "+???" } },
	/* Its takers reserve nothing: they copy, and then move the head. */
	{ "ck_ring", { "+???", "00+0" } },
	/* The next one learns that it has died, and mends. */
	{ "robust", { "0000", "00+0" } },
};

static const struct expectation *expectation_of(const struct transport *t)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations);
	     i++) {
		const char *name = expectations[i].name;

		if (strncmp(t->name, name, strlen(name)) == 0)
			return &expectations[i];
	}
	return NULL;
}

/* Is it told of this operation that no such thing ever happens? */
static bool is_ruled_out(const struct transport *t, enum op op,
			 enum outcome outcome)
{
	const struct expectation *e = expectation_of(t);

	return e && outcome < WELL && e->of[op][outcome] == '0';
}

/* ---- records ---- */

enum { FIRST = 1, SECOND, OF_VICTIM, OF_SURVIVOR, IDS };

/* All words of it come from the id. */
static void fill(struct record *record, uint64_t id)
{
	record->id = id;
	record->sum = id;
	for (size_t i = 0; i < FILLING; i++) {
		record->filling[i] = id * UINT64_C(0x9e3779b97f4a7c15) ^
				     (i + 1) * UINT64_C(0xbf58476d1ce4e5b9);
		record->sum += record->filling[i];
	}
}

/* Is it one that was put, as far as this system carries it? */
static bool is_whole(const struct transport *t, const struct record *record)
{
	size_t filling = t->words ? t->words - 2 : FILLING;
	struct record wanted;

	if (record->id < FIRST || record->id >= IDS)
		return false;
	fill(&wanted, record->id);
	return record->sum == wanted.sum &&
	       memcmp(record->filling, wanted.filling,
		      filling * sizeof(uint64_t)) == 0;
}

/* ---- one point ---- */

/* What the processes of a point say of themselves; shared by them. */
static struct stage {
	_Atomic int where;		/* by the victim */
	_Atomic bool noted;		/* by it: put() or get() has returned */
	struct record got;		/* by it */
	_Atomic bool torn;		/* by the survivor */
	_Atomic unsigned times[IDS];	/* by it: how often got */
} *stage;

enum { BEFORE, INSIDE, OVER };

static void end(pid_t pid)
{
	if (pid <= 1)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* In a new process: it must not outlive who started it. */
static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static _Noreturn void be_victim(const struct transport *t, enum op op)
{
	struct record record;

	fill(&record, OF_VICTIM);
	if (t->join)
		t->join(op == PUT);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(1);
	raise(SIGSTOP);
	if (op == PUT) {
		atomic_store_explicit(&stage->where, INSIDE,
				      memory_order_relaxed);
		t->put(&record);
		atomic_store_explicit(&stage->noted, true,
				      memory_order_relaxed);
	} else {
		atomic_store_explicit(&stage->where, INSIDE,
				      memory_order_relaxed);
		t->get(&stage->got);
		atomic_store_explicit(&stage->noted, true,
				      memory_order_relaxed);
		if (t->done)
			t->done();
	}
	atomic_store_explicit(&stage->where, OVER, memory_order_relaxed);
	_exit(0);
}

static volatile sig_atomic_t too_late;

static void on_alarm(int signo)
{
	(void)signo;
	too_late = 1;
}

/* From now on; 0: no more. It comes again, in case that nobody waits yet when
 * it comes. */
static void set_alarm(int seconds)
{
	struct itimerval timer = { { 1, 0 }, { seconds, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };

	if (!seconds)
		timer.it_interval.tv_sec = 0;
	too_late = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Why a point can't be tried. */
static char trouble[80];

/* The signal that it stopped with; -1: it won't. */
static int wait_stop(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR || too_late) {
			snprintf(trouble, sizeof(trouble),
				 "the victim does not go on");
			return -1;
		}
	if (WIFSTOPPED(status))
		return WSTOPSIG(status);
	snprintf(trouble, sizeof(trouble), "the victim ended, status %#x",
		 (unsigned)status);
	return -1;
}

/* The n-th instruction inside, or the end of the operation. How many it has
 * run; -1: neither comes. */
static long run_to(pid_t pid, long n)
{
	long steps = 0;
	int signo = wait_stop(pid) == SIGSTOP ? 0 : -1;

	if (signo < 0 || ptrace(PTRACE_SETOPTIONS, pid, 0,
				(void *)PTRACE_O_EXITKILL) < 0)
		return -1;
	for (int all = 0; steps < n && all < STEPS_MAX; all++) {
		int before = stage->where;

		if (ptrace(PTRACE_SINGLESTEP, pid, 0,
			   (void *)(long)signo) < 0)
			return -1;
		signo = wait_stop(pid);
		if (signo < 0)
			return -1;
		if (signo == SIGTRAP)
			signo = 0;
		if (stage->where == OVER)
			return steps;
		steps += before == INSIDE;
	}
	if (steps < n)
		snprintf(trouble, sizeof(trouble), "it does not end");
	return steps < n ? -1 : steps;
}

/* A victim, killed after its n-th instruction. */
static long kill_after(const struct transport *t, enum op op, long n)
{
	pid_t parent = getpid(), pid = fork();
	long steps;

	if (pid < 0)
		bench_die("fork");
	if (pid == 0) {
		die_with_parent(parent);
		be_victim(t, op);
	}
	set_alarm(VICTIM_MAX);
	steps = run_to(pid, n);
	set_alarm(0);
	end(pid);
	return steps;
}

/* It waits for all records, for one that comes again would be among them. */
static _Noreturn void be_survivor(const struct transport *t, unsigned wanted)
{
	struct record record;

	if (t->join)
		t->join(true);
	fill(&record, OF_SURVIVOR);
	t->put(&record);
	for (unsigned got = 0; (got & wanted) != wanted;) {
		t->get(&record);
		if (is_whole(t, &record)) {
			atomic_fetch_add(&stage->times[record.id], 1);
			got |= 1u << record.id;
		} else {
			atomic_store(&stage->torn, true);
		}
		if (t->done)
			t->done();
	}
	_exit(0);
}

static enum outcome judge(const struct transport *t, enum op op)
{
	bool used = op == GET && stage->noted;
	enum outcome outcome = WELL;

	if (!stage->times[OF_SURVIVOR])
		return HANG;
	if (stage->torn || (used && !is_whole(t, &stage->got)))
		return TORN;
	for (unsigned id = FIRST; id < IDS; id++) {
		unsigned times = stage->times[id];

		times += used && stage->got.id == id;
		if (times > 1)
			outcome = TWICE;
		/* Of the victim's, one knows only if put() returned. */
		if (!times && (id != OF_VICTIM || (op == PUT && stage->noted)))
			return LOST;
	}
	return outcome;
}

/* Returns when the survivor has ended, or after so long. */
static void wait_end(int gate, int ms)
{
	struct pollfd ended = { .fd = gate };
	int rc;

	do
		rc = poll(&ended, 1, ms);
	while (rc < 0 && errno == EINTR);
}

static enum outcome let_survive(const struct transport *t, enum op op)
{
	unsigned wanted = 1u << FIRST | 1u << SECOND | 1u << OF_SURVIVOR;
	pid_t parent = getpid(), pid;
	int gate[2];

	if (op == PUT && stage->noted)
		wanted |= 1u << OF_VICTIM;
	/* It is closed by the survivor's end. */
	if (pipe(gate) < 0)
		bench_die("pipe");
	pid = fork();
	if (pid < 0)
		bench_die("fork");
	if (pid == 0) {
		die_with_parent(parent);
		close(gate[0]);
		be_survivor(t, wanted);
	}
	close(gate[1]);
	wait_end(gate[0], PATIENCE);
	/* A test must not fail because the machine has other work. */
	if (options.test && is_ruled_out(t, op, judge(t, op)))
		wait_end(gate[0], PATIENCE_MORE);
	end(pid);
	close(gate[0]);
	return judge(t, op);
}

/* What this process does with an object itself is over by then, or it ends:
 * a system may be broken. */
static void limit_self(int seconds)
{
	signal(SIGALRM, SIG_DFL);
	alarm((unsigned)seconds);
}

static void clear_away(const struct transport *t)
{
	limit_self(VICTIM_MAX);
	t->remove(bench_object);
	limit_self(0);
}

/* A new object, and two records in it. */
static bool set_up(const struct transport *t)
{
	struct record record;

	memset(stage, 0, sizeof(*stage));
	limit_self(VICTIM_MAX);
	if (!t->make(bench_object, CAPACITY)) {
		limit_self(0);
		snprintf(trouble, sizeof(trouble), "no object");
		return false;
	}
	for (uint64_t id = FIRST; id <= SECOND; id++) {
		fill(&record, id);
		t->put(&record);
	}
	limit_self(0);
	return true;
}

/* ---- all points of a system ---- */

static struct tally {
	/* By who starts the others: how many instructions; -1: the system is
	 * not to be had here. How many of them are points. */
	long instructions[OPS], points[OPS];
	_Atomic long outcomes[OPS][OUTCOMES];
} *tallies;

static _Noreturn void complain(const struct transport *t, enum op op, long n)
{
	fprintf(stderr, "killed: %s: %s, after %ld: it can't be tried: %s\n",
		t->name, op_names[op], n, trouble);
	exit(1);
}

static bool measure(const struct transport *t, struct tally *tally)
{
	for (int op = 0; op < OPS; op++) {
		long *n = &tally->instructions[op];

		if (!set_up(t)) {
			printf("%s: skipped: not to be had here\n", t->name);
			*n = -1;
			return false;
		}
		*n = kill_after(t, (enum op)op, STEPS_MAX);
		clear_away(t);
		if (*n < 0)
			complain(t, (enum op)op, 0);
		tally->points[op] = options.all || *n < options.points
			? *n : options.points;
	}
	return true;
}

static void try_point(const struct transport *t, struct tally *tally,
		      enum op op, long n)
{
	enum outcome outcome;

	if (!set_up(t) || kill_after(t, op, n) < 0)
		complain(t, op, n);
	outcome = let_survive(t, op);
	tally->outcomes[op][outcome]++;
	if (options.verbose && outcome != WELL)
		printf("%s: %s, after %ld: %s\n", t->name, op_names[op], n,
		       outcome_names[outcome]);
	clear_away(t);
}

/* The first instruction, the last, and those between, evenly. */
static long point(const struct tally *tally, enum op op, long i)
{
	long last = tally->instructions[op] - 1, count = tally->points[op];

	return count > 1 ? 1 + i * last / (count - 1) : 1 + last / 2;
}

static void start_share(size_t system, enum op op, int share, int shares)
{
	const struct tally *tally = &tallies[system];
	pid_t parent = getpid(), pid;
	size_t end_of_name = strlen(bench_object);

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return;
	die_with_parent(parent);
	stage = mapping_make(sizeof(*stage));
	if (!stage)
		bench_die("mmap");
	snprintf(bench_object + end_of_name,
		 sizeof(bench_object) - end_of_name, ".%zu.%s.%d", system,
		 op_names[op], share);
	for (long i = share; i < tally->points[op]; i += shares)
		try_point(systems[system], &tallies[system], op,
			  point(tally, op, i));
	fflush(stdout);
	_exit(0);
}

/* Returns how many. */
static int start_shares(size_t system)
{
	int shares = systems[system]->busy ? SHARES_BUSY : SHARES;

	for (int i = 0; i < OPS * shares; i++)
		start_share(system, (enum op)(i % OPS), i / OPS, shares);
	return OPS * shares;
}

static bool failed;

static void wait_shares(int count)
{
	int status;

	while (count > 0) {
		pid_t pid = wait(&status);

		if (pid < 0 && errno != EINTR)
			bench_die("wait");
		if (pid < 0)
			continue;
		if (status) {
			fprintf(stderr, "killed: a part failed: status %#x\n",
				(unsigned)status);
			failed = true;
		}
		count--;
	}
}

static bool is_wanted(size_t system)
{
	return !options.system ||
	       strcmp(systems[system]->name, options.system) == 0;
}

/* Those that sleep side by side; then those that spin, one after another. */
static void try_all(void)
{
	int started = 0;

	for (size_t i = 0; i < system_count; i++)
		if (is_wanted(i) && measure(systems[i], &tallies[i]) &&
		    !systems[i]->busy)
			started += start_shares(i);
	wait_shares(started);
	for (size_t i = 0; i < system_count; i++)
		if (tallies[i].points[GET] && systems[i]->busy)
			wait_shares(start_shares(i));
}

/* ---- what is told ---- */

static long sum(const struct tally *tally, enum outcome outcome)
{
	return tally->outcomes[PUT][outcome] + tally->outcomes[GET][outcome];
}

static void tell(const struct transport *t, const struct tally *tally)
{
	long points = tally->points[PUT] + tally->points[GET];

	printf("%-36s %5ld %5ld %6ld %5ld %5ld %5ld %5ld\n", t->name,
	       tally->instructions[PUT], tally->instructions[GET], points,
	       sum(tally, HANG), sum(tally, TORN), sum(tally, LOST),
	       sum(tally, TWICE));
	rounds_note("killed in the middle", t->name,
		    "instructions of put; of get; points; hangs; torn; lost; "
		    "twice", "%ld; %ld; %ld; %ld; %ld; %ld; %ld",
		    tally->instructions[PUT], tally->instructions[GET],
		    points, sum(tally, HANG), sum(tally, TORN),
		    sum(tally, LOST), sum(tally, TWICE));
}

static bool is_expected(const struct expectation *e,
			const struct tally *tally, int op)
{
	for (int i = 0; i < WELL; i++) {
		bool some = tally->outcomes[op][i] > 0;

		if (e->of[op][i] != '?' && some != (e->of[op][i] == '+'))
			return false;
	}
	return true;
}

/* A line for each operation; see bench/killed.test. */
static bool test(const struct transport *t, const struct tally *tally)
{
	const struct expectation *e = expectation_of(t);
	bool good = true;

	for (int op = 0; e && op < OPS; op++) {
		bool expected = is_expected(e, tally, op);

		printf("%s - %s: %s, killed at %ld points: %ld hang, %ld torn, "
		       "%ld lost, %ld twice (expected: %c, %c, %c, %c)\n",
		       expected ? "ok" : "not ok", t->name, op_names[op],
		       tally->points[op], tally->outcomes[op][HANG],
		       tally->outcomes[op][TORN], tally->outcomes[op][LOST],
		       tally->outcomes[op][TWICE], e->of[op][HANG],
		       e->of[op][TORN], e->of[op][LOST], e->of[op][TWICE]);
		good = good && expected;
	}
	return good;
}

/* The exit status. */
static int tell_all(void)
{
	bool good = !failed;

	printf("\n%-36s %5s %5s %6s %5s %5s %5s %5s\n", "killed in the middle",
	       "put", "get", "points", "hangs", "torn", "lost", "twice");
	for (size_t i = 0; i < system_count; i++) {
		if (tallies[i].points[GET])
			tell(systems[i], &tallies[i]);
	}
	for (size_t i = 0; options.test && i < system_count; i++)
		if (tallies[i].points[GET] && !test(systems[i], &tallies[i]))
			good = false;
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	char object[40];
	int option;

	bench_begin();
	snprintf(object, sizeof(object), "/procq.bench.%ld", (long)getpid());
	while ((option = getopt(argc, argv, "atvo:p:s:")) != -1) {
		if (option == 'a')
			options.all = true;
		else if (option == 't')
			options.test = true;
		else if (option == 'v')
			options.verbose = true;
		else if (option == 'o')
			snprintf(object, sizeof(object), "/%s", optarg);
		else if (option == 'p')
			options.points = bench_number(optarg, STEPS_MAX);
		else if (option == 's')
			options.system = optarg;
		else
			return 2;
	}
	systems_begin(object, argv + optind, argc - optind);
	tallies = mapping_make(SYSTEMS_MAX * sizeof(*tallies));
	stage = mapping_make(sizeof(*stage));
	if (!tallies || !stage)
		bench_die("mmap");
	try_all();
	return tell_all();
}
