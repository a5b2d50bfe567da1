/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crash.c - SIGKILL at every instruction, SIGSTOP at every instruction, and a
 * sweeper killed over a killed one's remains.
 *
 * For each operation of ops.c and each chosen n: a new queue with a survivor;
 * a victim that is run up to its n-th instruction in the operation, and
 * killed there; then a newcomer sweeps, the checker looks, the newcomer
 * drains and uses the queue, the checker looks again; all leave, and nothing
 * may be left.
 *
 * A loop's instructions are points in all of its rounds or, with --brief, in
 * its first ones and its last.
 */
#include <config.h>

#include "crash.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kit/tap.h"

#include "procq.h"

#define FAILURES_SHOWN 5
/* So many seconds a worker waits in all for the machine to have processes. */
#define SHORTAGES_MAX 300
/* Who stops this waits so long before it kills, or longer. */
#define GIVE_UP_SECONDS 4

enum mode { KILL = 1, ALONE = 2, FREEZE = 4, CALLS = 8, PAIRS = 16, ANY = 31 };

static char queue_buffer[64], run_id[32];
const char *queue_name = queue_buffer;

static struct {
	unsigned modes;
	bool quick, brief, list;
	size_t stride, side, jobs;
	long point;
	const char *op;
} options = { .modes = ANY, .stride = 1, .side = 100, .jobs = 1, .point = -1 };

/* ---- the workers ---- */

/* What they share. */
static struct {
	size_t next, failures, early, run;
} *common;

void note_early(void)
{
	__atomic_fetch_add(&common->early, 1, __ATOMIC_SEQ_CST);
}

/* What is being tried, to be printed if it hangs. */
static char at_point[200];

/* Each worker has a queue, and sees its own descendants only. */
static void take_name(size_t worker)
{
	snprintf(queue_buffer, sizeof(queue_buffer), "t%s.crash%zu", run_id,
		 worker);
	if (procq_object_name(queue_name, object_name) < 0)
		abort();
}

static void remove_all(void)
{
	for (size_t i = 0; i < options.jobs; i++) {
		take_name(i);
		remove_object();
	}
}

static _Noreturn void end_now(int signo)
{
	(void)signo;
	remove_all();
	_exit(99);
}

/* Where a signal may have interrupted malloc(), kill_all() may never return. */
static void bound_the_end(void)
{
	sigset_t set;

	signal(SIGALRM, end_now);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(GIVE_UP_SECONDS);
}

static void give_up(int signo)
{
	static const char text[] = "Bail out! this hangs: ";

	if (signo == SIGALRM && (write(1, text, sizeof(text) - 1) < 0 ||
				 write(1, at_point, strlen(at_point)) < 0))
		end_now(0);
	bound_the_end();
	kill_all();
	end_now(0);
}

/* All of the work, shared out one at a time. */
static void labour(size_t count, void (*task)(size_t))
{
	size_t i;

	while ((i = __atomic_fetch_add(&common->next, 1, __ATOMIC_SEQ_CST)) <
	       count)
		task(i);
}

static void share_out(size_t count, void (*task)(size_t))
{
	memset(common, 0, sizeof(*common));
	if (options.jobs == 1) {
		labour(count, task);
		return;
	}
	for (size_t k = 0; k < options.jobs; k++) {
		pid_t pid = fork();

		if (pid < 0)
			abort();
		if (pid > 0)
			continue;
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		take_name(k);
		labour(count, task);
		_exit(0);
	}
	for (size_t k = 0; k < options.jobs; k++) {
		int status;

		while (wait(&status) < 0 && errno == EINTR)
			;
		if (status)
			give_up(0);
	}
}

/* ---- which points ---- */

struct points {
	size_t *all;
	size_t count;
};

/* Does the instruction at n run again, soon? */
static bool runs_again(const struct trace *trace, size_t n)
{
	size_t end = n + 4096 < trace->count ? n + 4096 : trace->count;

	for (size_t i = n + 1; i < end; i++)
		if (trace->all[i].pc == trace->all[n].pc)
			return true;
	return false;
}

/* Could others see a difference to the point before? */
static bool differs(const struct trace *trace, size_t n)
{
	return n == 0 || trace->all[n - 1].effect;
}

static bool is_point(const struct trace *trace, size_t n)
{
	const struct insn *insn = &trace->all[n];

	if (!options.brief)
		return true;
	return insn->nth < 2 || (insn->nth < 6 && differs(trace, n)) ||
	       (insn->nth < 5000 && !runs_again(trace, n));
}

/* A process is held when it has seen all, and has done nothing yet. */
static bool is_about_to(const struct trace *trace, size_t n)
{
	return n < trace->count && trace->all[n].effect;
}

/* Which points are telling? */
typedef bool telling_fn(const struct trace *trace, size_t n);

/* Mark these of n, evenly. */
static void mark_some(bool *marked, const size_t *all, size_t n, size_t want)
{
	for (size_t i = 0; i < want && i < n; i++)
		marked[all[want >= n ? i : want == 1 ? 0
				     : i * (n - 1) / (want - 1)]] = true;
}

/* So many of them, the telling ones first. */
static void thin_out(const struct trace *trace, struct points *p,
		     size_t at_most, telling_fn *telling)
{
	bool *marked = calloc(trace->count + 1, sizeof(bool));
	size_t *some = calloc(p->count, sizeof(size_t)), n = 0, chosen = 0;

	if (!marked || !some)
		abort();
	for (size_t i = 0; i < p->count; i++)
		if (telling(trace, p->all[i]))
			some[n++] = p->all[i];
	mark_some(marked, some, n, at_most);
	chosen = n < at_most ? n : at_most;
	n = 0;
	for (size_t i = 0; i < p->count; i++)
		if (!marked[p->all[i]])
			some[n++] = p->all[i];
	mark_some(marked, some, n, at_most - chosen);
	n = 0;
	for (size_t i = 0; i <= trace->count; i++)
		if (marked[i])
			p->all[n++] = i;
	p->count = n;
	free(marked);
	free(some);
}

static struct points choose(const struct trace *trace, size_t at_most,
			    telling_fn *telling)
{
	struct points p = { calloc(trace->count + 1, sizeof(size_t)), 0 };
	size_t n = 0;

	if (!p.all)
		abort();
	for (size_t i = 0; i < trace->count; i++)
		if (is_point(trace, i) && n++ % options.stride == 0)
			p.all[p.count++] = i;
	p.all[p.count++] = trace->count;
	if (at_most && p.count > at_most)
		thin_out(trace, &p, at_most, telling);
	return p;
}

static struct points choose_calls(const struct trace *trace, size_t at_most)
{
	struct points p = { calloc(trace->count + 1, sizeof(size_t)), 0 };
	size_t n = 0;

	if (!p.all)
		abort();
	for (size_t i = 0; i < trace->count; i++)
		if (trace->all[i].call && n++ % options.stride == 0)
			p.all[p.count++] = i;
	if (at_most && p.count > at_most)
		thin_out(trace, &p, at_most, differs);
	return p;
}

/* ---- tasks ---- */

/* What the tasks at hand are about. */
static struct {
	const char *what;
	const struct op *op;
	struct trace trace;
	struct points points, columns;
	bool (*point)(const struct op *, const struct trace *, size_t);
	size_t side;
} now;

static void begin(const char *what, size_t n, const char *detail)
{
	snprintf(at_point, sizeof(at_point), "%s %s at %zu of %zu%s\n",
		 now.op->name, what, n, now.trace.count, detail);
}

/* It went wrong because the machine has no process left: once more, later. */
static bool again(bool good)
{
	static int times;

	if (good || !had_shortage() || times++ == SHORTAGES_MAX)
		return false;
	alarm(0);
	clean_up();
	sleep(1);
	return true;
}

static void end(bool good, size_t n)
{
	const struct trace *trace = &now.trace;
	uintptr_t pc = n < trace->count ? (uintptr_t)trace->all[n].pc -
					  (uintptr_t)marker_begin : 0;

	alarm(0);
	__atomic_fetch_add(&common->run, 1, __ATOMIC_SEQ_CST);
	if (good)
		return;
	if (__atomic_fetch_add(&common->failures, 1, __ATOMIC_SEQ_CST) <
	    FAILURES_SHOWN)
		note("%.*s (pc marker_begin%+jd): %s",
		     (int)strcspn(at_point, "\n"), at_point, (intmax_t)pc,
		     trouble);
	clean_up();
}

static void point_task(size_t i)
{
	size_t n = now.points.all[i];
	bool good;

	if (options.point >= 0 && n != (size_t)options.point)
		return;
	begin(now.what, n, "");
	do
		good = now.point(now.op, &now.trace, n);
	while (again(good));
	end(good, n);
}

static void call_task(size_t i)
{
	static const char *const ways[] = { " on its way in",
					    " on its way out", " asleep" };
	size_t n = now.points.all[i / (2 * CALL_WAYS)];
	int way = (int)(i / 2 % CALL_WAYS);
	bool freeze = i % 2, good;

	if (freeze && (now.op->no_freeze || now.op->late))
		return;
	/* A child that shares its parent's text sleeps in the end only. */
	if (way == CALL_ASLEEP && (now.op->child ||
				   !may_sleep(&now.trace.all[n])))
		return;
	begin(freeze ? "frozen in call" : "killed in call", n, ways[way]);
	do
		good = (freeze ? call_frozen : call_killed)(now.op, &now.trace,
							    n, way);
	while (again(good));
	end(good, n);
}

/* A row: the victim killed at one point, its sweeper at many. */
static void pair_task(size_t i)
{
	struct trace sweep = { NULL, 0, 0, 0 };
	size_t n = now.points.all[i];
	struct points p;
	bool good;

	begin("killed, its sweeper traced,", n, "");
	do {
		trace_free(&sweep);
		good = record_sweep(now.op, &now.trace, n, &sweep);
	} while (again(good));
	if (!good) {
		end(false, n);
		trace_free(&sweep);
		return;
	}
	alarm(0);
	p = choose(&sweep, now.side, differs);
	for (size_t k = 0; k < p.count; k++) {
		char second[64];

		snprintf(second, sizeof(second), ", its sweeper at %zu of %zu",
			 p.all[k], sweep.count);
		begin("killed", n, second);
		do
			good = pair_point(now.op, &now.trace, n, &sweep,
					  p.all[k]);
		while (again(good));
		end(good, n);
	}
	free(p.all);
	trace_free(&sweep);
}

/* ---- runs ---- */

static size_t total_run, total_failures;

static void report(int64_t start, size_t of, const char *unit)
{
	char early[64] = "";

	if (common->early)
		snprintf(early, sizeof(early), ", %zu over before",
			 common->early);
	ok(common->failures == 0, "%s: %s at %zu points of %zu %s: "
	   "%zu failures", now.op->name, now.what, common->run, of, unit,
	   common->failures);
	note("  %.1f s%s", (double)(procq_now() - start) / 1e9, early);
	total_run += common->run;
	total_failures += common->failures;
	free(now.points.all);
}

static void run_points(const char *what, size_t at_most, telling_fn *telling,
		       bool (*point)(const struct op *, const struct trace *,
				     size_t))
{
	int64_t start = procq_now();

	now.what = what;
	now.points = choose(&now.trace, at_most, telling);
	now.point = point;
	share_out(now.points.count, point_task);
	report(start, now.trace.count, "instructions");
}

static void run_calls(size_t at_most)
{
	int64_t start = procq_now();
	size_t calls;

	now.what = "killed or frozen in system calls";
	now.points = choose_calls(&now.trace, at_most);
	calls = now.points.count;
	share_out(calls * 2 * CALL_WAYS, call_task);
	report(start, calls, "calls");
}

static void run_pairs(size_t side)
{
	int64_t start = procq_now();

	now.what = "killed, and its sweeper killed,";
	now.points = choose(&now.trace, side, differs);
	now.side = side;
	share_out(now.points.count, pair_task);
	report(start, now.points.count * side, "pairs");
}

static size_t sample(size_t quick)
{
	return options.quick ? quick : 0;
}

static void run_op(const struct op *op)
{
	bool plain = !op->child && !op->leaves && op->kids >= 0, good;

	if (op->lacks) {
		ok(1, "%s # SKIP not in this build", op->name);
		return;
	}
	memset(&now, 0, sizeof(now));
	now.op = op;
	begin("to the end", 0, "");
	do {
		trace_free(&now.trace);
		good = record_trace(op, &now.trace);
	} while (again(good));
	if (!good) {
		ok(0, "%s: goes well when nobody is killed", op->name);
		note("  %s", trouble);
		clean_up();
		trace_free(&now.trace);
		return;
	}
	alarm(0);
	if (options.modes & KILL)
		run_points("killed", sample(30), differs, kill_point);
	if (options.modes & ALONE && op->kids >= 0 && !op->late)
		run_points("killed, and all others,", sample(8), differs,
			   alone_point);
	if (options.modes & FREEZE && !op->no_freeze && !op->late)
		run_points("frozen", sample(8), is_about_to, freeze_point);
	if (options.modes & CALLS)
		run_calls(sample(3));
	if (options.modes & PAIRS && plain)
		run_pairs(options.quick ? 3 : options.side);
	trace_free(&now.trace);
}

/* ---- start ---- */

/* In a PID namespace of its own, where that is allowed: /proc is then all
 * ours, and nothing outlives the first process. */
static void enter_namespace(char **argv)
{
	char *args[64] = { (char *)(uintptr_t)"unshare",
			   (char *)(uintptr_t)"--kill-child=TERM",
			   (char *)(uintptr_t)"-p", (char *)(uintptr_t)"-f",
			   (char *)(uintptr_t)"--mount-proc" };
	char id[32], self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t n = 5;

	if (geteuid() != 0 || getenv("CRASH_ID") || len <= 0)
		return;
	self[len] = '\0';
	snprintf(id, sizeof(id), "%ld", (long)getpid());
	setenv("CRASH_ID", id, 1);
	args[n++] = self;
	for (size_t i = 1; argv[i] && n + 1 < 64; i++)
		args[n++] = argv[i];
	if (system("unshare --kill-child=TERM -p -f --mount-proc true 2>/dev/null") == 0)
		execvp(args[0], args);
}

/* A copy is taken apart: the arguments are handed on to the namespace. */
static void read_modes(const char *arg)
{
	static const char *const names[] = { "kill", "alone", "freeze",
					     "calls", "pairs" };
	char *text = strdup(arg);

	if (!text)
		abort();
	options.modes = 0;
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		unsigned i = 0;

		while (i < 5 && strcmp(word, names[i]) != 0)
			i++;
		if (i == 5)
			usage(2);
		options.modes |= 1u << i;
	}
	free(text);
}

static void read_point(const char *arg)
{
	options.point = atol(arg);
}

static void read_op(const char *arg)
{
	const struct op *op = ops;

	while (op->name && strcmp(op->name, arg) != 0)
		op++;
	if (!op->name)
		usage(2);
	options.op = arg;
}

static const struct harness_option all_options[] = {
	{ "quick", NULL, "a sample of the points", .flag = &options.quick },
	{ "brief", NULL, "a loop's first rounds and its last",
	  .flag = &options.brief },
	{ "stride", "K", "each Kth point", .count = &options.stride },
	{ "side", "N", "pairs: a grid of N by N", .count = &options.side },
	{ "jobs", "N", "so many points at a time", .count = &options.jobs },
	{ "op", "NAME", "this operation only", .read = read_op },
	{ "mode", "MODE,...", "kill, alone, freeze, calls, pairs",
	  .read = read_modes },
	{ "point", "N", "this point only", .read = read_point },
	{ "list", NULL, "the operations", .flag = &options.list },
	{ .name = NULL },
};

static const struct harness this_harness = { "crash", all_options, NULL };

static void list_operations(void)
{
	for (const struct op *op = ops; op->name; op++)
		puts(op->name);
}

static void prepare(void)
{
	const char *id = getenv("CRASH_ID");

	if (id)
		snprintf(run_id, sizeof(run_id), "%s", id);
	else
		snprintf(run_id, sizeof(run_id), "%ld", (long)getpid());
	take_name(0);
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED)
		abort();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, give_up);
	signal(SIGTERM, give_up);
	signal(SIGINT, give_up);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	/* For a run of hours: its reader sees how far it is. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	read_options(&this_harness, argc, argv);
	options.brief |= options.quick;
	if (options.list) {
		list_operations();
		return 0;
	}
#if !defined __x86_64__
	skip_all("single-stepping is written for x86-64 only");
#endif
	enter_namespace(argv);
	prepare();
	for (const struct op *op = ops; op->name; op++)
		if (!options.op || strcmp(op->name, options.op) == 0)
			run_op(op);
	note("%zu points, %zu failures", total_run, total_failures);
	clean_up();
	return done();
}
