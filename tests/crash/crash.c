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
 * A loop's instructions are points in its first rounds and its last, not in
 * all between: --all is for those too.
 */
#include <config.h>

#include "crash.h"

#include <errno.h>
#include <getopt.h>
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

#include "../tap.h"

#include "procq.h"

/* A point that takes longer hangs. */
#define POINT_SECONDS 30
#define FAILURES_SHOWN 5
#define ACTORS 5

enum mode { KILL = 1, FREEZE = 2, PAIRS = 4 };

static char queue_buffer[64];
const char *queue_name = queue_buffer;
bool undisturbed = true;

static struct {
	unsigned modes;
	bool quick, all;
	size_t stride;
	long point;
	const char *op;
} options = { .modes = KILL | FREEZE | PAIRS, .stride = 1, .point = -1 };

/* ---- one point ---- */

static struct actor survivor, victim, sweeper, fresh;
static pid_t child;

static void kill_all(void)
{
	pid_t pids[256];

	for (int round = 0; round < 100; round++) {
		size_t n = descendants(pids, 256);

		for (size_t i = 0; i < n; i++)
			if (pids[i] > 1)
				kill(pids[i], SIGKILL);
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		if (n == 0)
			break;
		usleep(1000);
	}
}

static void clean_up(void)
{
	kill_all();
	shm_unlink(object_name);
	actor_lost(&survivor);
	actor_lost(&victim);
	actor_lost(&sweeper);
	actor_lost(&fresh);
	child = 0;
}

static size_t known(pid_t *out)
{
	size_t n = 0;

	if (survivor.pid)
		out[n++] = survivor.pid;
	if (victim.pid)
		out[n++] = victim.pid;
	if (fresh.pid)
		out[n++] = fresh.pid;
	if (child)
		out[n++] = child;
	return n;
}

static bool at_rest(bool empty)
{
	pid_t pids[ACTORS];
	size_t n = known(pids);

	return check_at_rest(pids, n, empty);
}

/* Nobody, nothing, no object. */
static bool nothing_left(void)
{
	pid_t pid;
	size_t n = 1;

	for (int i = 0; i < 2000 && n > 0; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		n = descendants(&pid, 1);
		if (n > 0)
			usleep(500);
	}
	if (n > 0)
		complain("process %ld is left over", (long)pid);
	if (object_exists())
		complain("the object is left over");
	return !*trouble;
}

/* The newcomer repairs, drains and uses; then everybody leaves. */
static bool aftermath(const struct op *op)
{
	if (survivor.pid && op->no_reaping && !actor_does(&survivor, 'r'))
		return false;
	if (!fresh_start(&fresh) || !actor_does(&fresh, 's') ||
	    !at_rest(false) || !actor_does(&fresh, 'k'))
		return false;
	if (victim.pid && !actor_quits(&victim))
		return false;
	if (!actor_does(&fresh, 'd') || !actor_does(&fresh, 'u') ||
	    !at_rest(true) || !actor_does(&fresh, 'k'))
		return false;
	if (survivor.pid && !actor_quits(&survivor))
		return false;
	return actor_quits(&fresh) && nothing_left();
}

/* Everybody is there; the victim is at its marker, or its child before its
 * first instruction. @return whom to step, -1 */
static pid_t set_up(const struct op *op)
{
	*trouble = '\0';
	check_begin();
	alarm(POINT_SECONDS);
	if (op->kids >= 0 && !survivor_start(&survivor, op))
		return -1;
	if (op->dead)
		dead_start(op);
	if (*trouble || !victim_start(&victim, op))
		return -1;
	if (!op->child)
		return victim.pid;
	child = run_to_child(victim.pid);
	if (child <= 0)
		complain("the victim starts no child");
	return child;
}

static bool arrive(pid_t pid, const struct op *op, const struct trace *trace,
		   size_t n)
{
	if (run_to(pid, trace, n, !op->child) != DIED)
		return true;
	complain("the victim dies by itself");
	return false;
}

/* The child is held; its parent dies, is swept, its record is used by others;
 * then the child goes on. */
static bool be_late(void)
{
	kill_traced(victim.pid);
	actor_lost(&victim);
	if (!fresh_start(&fresh) || !actor_does(&fresh, 's') ||
	    !at_rest(false) || !actor_does(&fresh, 'k') || !load_run(false))
		return false;
	ptrace(PTRACE_DETACH, child, 0, 0);
	child = 0;
	if (!at_rest(false))
		return false;
	return actor_quits(&fresh);
}

static bool kill_at(const struct op *op, const struct trace *trace, size_t n)
{
	pid_t pid = set_up(op);

	if (pid <= 0 || !arrive(pid, op, trace, n))
		return false;
	if (op->late)
		return be_late();
	kill_traced(pid);
	if (!op->child) {
		actor_lost(&victim);
		return true;
	}
	child = 0;
	if (!run_out(victim.pid)) {
		complain("the parent does not get through");
		return false;
	}
	return actor_hears(&victim);
}

static bool kill_point(const struct op *op, const struct trace *trace,
		       size_t n)
{
	undisturbed = !op->child;
	return kill_at(op, trace, n) && aftermath(op);
}

static bool freeze_point(const struct op *op, const struct trace *trace,
			 size_t n)
{
	pid_t pid;

	undisturbed = false;
	pid = set_up(op);
	if (pid <= 0 || !arrive(pid, op, trace, n) || !load_run(op->locks))
		return false;
	if (op->child) {
		ptrace(PTRACE_DETACH, child, 0, 0);
		child = 0;
	}
	if (!run_out(victim.pid)) {
		complain("it does not get through when continued");
		return false;
	}
	return actor_hears(&victim) && aftermath(op);
}

/* ---- which points ---- */

struct points {
	size_t *all;
	size_t count;
};

/* Does the instruction at n run again, later? */
static bool runs_again(const struct trace *trace, size_t n)
{
	size_t end = n + 4096 < trace->count ? n + 4096 : trace->count;

	for (size_t i = n + 1; i < end; i++)
		if (trace->all[i].pc == trace->all[n].pc)
			return true;
	return false;
}

static bool is_point(const struct trace *trace, size_t n)
{
	const struct insn *insn = &trace->all[n];

	if (options.all || insn->nth < 2)
		return true;
	/* What others can see is done by the instruction before. */
	if (insn->nth < 6 && (insn->telling || trace->all[n - 1].telling))
		return true;
	return insn->nth < 5000 && !runs_again(trace, n);
}

static struct points choose(const struct trace *trace, size_t at_most)
{
	struct points p = { calloc(trace->count + 1, sizeof(size_t)), 0 };
	size_t n = 0, kept = 0;

	if (!p.all)
		abort();
	for (size_t i = 0; i < trace->count; i++)
		if (is_point(trace, i) && n++ % options.stride == 0)
			p.all[p.count++] = i;
	p.all[p.count++] = trace->count;
	if (at_most == 0 || p.count <= at_most)
		return p;
	for (size_t i = 0; i < at_most; i++)
		p.all[kept++] = p.all[i * (p.count - 1) / (at_most - 1)];
	p.count = kept;
	return p;
}

/* Run the operation once, undisturbed, and note every instruction. */
static bool record_trace(const struct op *op, struct trace *trace)
{
	enum stop stop;
	pid_t pid;

	undisturbed = true;
	pid = set_up(op);
	if (pid <= 0)
		return false;
	while ((stop = step(pid, trace, !op->child)) == STEPPED)
		alarm(POINT_SECONDS);
	if (stop == DIED) {
		complain("the victim dies by itself");
		return false;
	}
	if (op->child) {
		ptrace(PTRACE_DETACH, child, 0, 0);
		child = 0;
	}
	if (!run_out(victim.pid)) {
		complain("the victim does not get through");
		return false;
	}
	return actor_hears(&victim) && aftermath(op);
}

/* ---- runs ---- */

static size_t failures;

static void failed(const char *what, const struct op *op,
		   const struct trace *trace, size_t n, long second)
{
	if (failures++ >= FAILURES_SHOWN)
		return;
	note("%s %s at %zu of %zu (pc %#jx)%s: %s", what, op->name, n,
	     trace->count,
	     n < trace->count ? (uintmax_t)trace->all[n].pc -
				(uintmax_t)(uintptr_t)marker_begin : 0,
	     second >= 0 ? " and a sweeper" : "", trouble);
	if (second >= 0)
		note("  the sweeper at %ld", second);
}

static void run_points(const struct op *op, const struct trace *trace,
		       size_t at_most, const char *what,
		       bool (*point)(const struct op *, const struct trace *,
				     size_t))
{
	struct points p = choose(trace, at_most);
	int64_t start = procq_now();
	size_t run = 0;

	failures = 0;
	for (size_t i = 0; i < p.count; i++) {
		if (options.point >= 0 && p.all[i] != (size_t)options.point)
			continue;
		run++;
		if (point(op, trace, p.all[i]))
			continue;
		failed(what, op, trace, p.all[i], -1);
		clean_up();
	}
	ok(failures == 0, "%s: %s at %zu points of %zu: %zu failures",
	   op->name, what, run, trace->count, failures);
	note("  %.1f s", (double)(procq_now() - start) / 1e9);
	free(p.all);
}

static const struct op *find_op(const char *name)
{
	const struct op *op = ops;

	while (op->name && strcmp(op->name, name) != 0)
		op++;
	return op->name ? op : NULL;
}

/* A sweeper over what a victim leaves. */
static struct op sweep_again;

static bool pair_point(const struct op *op, const struct trace *trace,
		       size_t n, const struct trace *sweep, size_t m)
{
	undisturbed = false;
	if (!kill_at(op, trace, n))
		return false;
	if (!victim_start(&sweeper, &sweep_again) ||
	    !arrive(sweeper.pid, &sweep_again, sweep, m))
		return false;
	kill_traced(sweeper.pid);
	actor_lost(&sweeper);
	return aftermath(op);
}

static void run_pairs(const struct op *op, const struct trace *trace,
		      const struct trace *sweep, size_t side)
{
	struct points p = choose(trace, side), s = choose(sweep, side);
	int64_t start = procq_now();

	failures = 0;
	for (size_t i = 0; i < p.count; i++)
		for (size_t k = 0; k < s.count; k++) {
			if (pair_point(op, trace, p.all[i], sweep, s.all[k]))
				continue;
			failed("kill", op, trace, p.all[i], (long)s.all[k]);
			clean_up();
		}
	ok(failures == 0, "%s: killed at %zu points, its sweeper at %zu: "
	   "%zu failures", op->name, p.count, s.count, failures);
	note("  %.1f s", (double)(procq_now() - start) / 1e9);
	free(p.all);
	free(s.all);
}

static void run_op(const struct op *op, const struct trace *sweep)
{
	bool pairs = !op->child && !op->leaves && op->kids >= 0 &&
		     options.modes & PAIRS;
	struct trace trace = { NULL, 0, 0, 0 };

	if (!record_trace(op, &trace)) {
		ok(0, "%s: goes well when nobody is killed", op->name);
		note("  %s", trouble);
		clean_up();
		trace_free(&trace);
		return;
	}
	if (options.modes & KILL)
		run_points(op, &trace, options.quick ? 45 : 0, "killed",
			   kill_point);
	if (options.modes & FREEZE && !op->no_freeze && !op->late)
		run_points(op, &trace, options.quick ? 12 : 0, "frozen",
			   freeze_point);
	if (pairs)
		run_pairs(op, &trace, sweep, options.quick ? 3 : 100);
	trace_free(&trace);
}

/* ---- start ---- */

/* A point hangs, or somebody has had enough. */
static void give_up(int signo)
{
	static const char text[] = "Bail out! a point hangs\n";

	if (signo == SIGALRM && write(1, text, sizeof(text) - 1) < 0)
		_exit(98);
	kill_all();
	shm_unlink(object_name);
	_exit(99);
}

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

static void usage(void)
{
	puts("Usage: crash [OPTION]...\n"
	     "  --quick          a sample of the points\n"
	     "  --all            every round of every loop\n"
	     "  --stride=K       each Kth point\n"
	     "  --op=NAME        this operation only\n"
	     "  --mode=MODE      kill, freeze or pairs only\n"
	     "  --point=N        this point only\n"
	     "  --list           the operations");
	exit(0);
}

static void list(void)
{
	for (const struct op *op = ops; op->name; op++)
		puts(op->name);
	exit(0);
}

static void read_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "all", no_argument, NULL, 'a' },
		{ "stride", required_argument, NULL, 's' },
		{ "op", required_argument, NULL, 'o' },
		{ "mode", required_argument, NULL, 'm' },
		{ "point", required_argument, NULL, 'p' },
		{ "list", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'q':
			options.quick = true;
			break;
		case 'a':
			options.all = true;
			break;
		case 's':
			options.stride = strtoul(optarg, NULL, 10);
			if (options.stride == 0)
				usage();
			break;
		case 'o':
			options.op = optarg;
			break;
		case 'm':
			options.modes = *optarg == 'k' ? KILL
				      : *optarg == 'f' ? FREEZE : PAIRS;
			break;
		case 'p':
			options.point = atol(optarg);
			break;
		case 'l':
			list();
			break;
		default:
			usage();
		}
}

int main(int argc, char **argv)
{
	struct trace sweep = { NULL, 0, 0, 0 };
	const char *id;

	read_options(argc, argv);
#if !defined __x86_64__
	skip_all("single-stepping is written for x86-64 only");
#endif
	enter_namespace(argv);
	id = getenv("CRASH_ID");
	snprintf(queue_buffer, sizeof(queue_buffer), "t%s.crash",
		 id ? id : "0");
	if (!id)
		snprintf(queue_buffer, sizeof(queue_buffer), "t%ld.crash",
			 (long)getpid());
	if (procq_object_name(queue_name, object_name) < 0)
		return 99;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, give_up);
	signal(SIGTERM, give_up);
	signal(SIGINT, give_up);
	signal(SIGPIPE, SIG_IGN);
	sweep_again = *find_op("sweep");
	if (options.op && !find_op(options.op)) {
		fprintf(stderr, "crash: %s: no such operation\n", options.op);
		return 2;
	}
	if (options.modes & PAIRS && !record_trace(&sweep_again, &sweep)) {
		printf("Bail out! no trace of a sweep: %s\n", trouble);
		clean_up();
		return 99;
	}
	for (const struct op *op = ops; op->name; op++)
		if (!options.op || strcmp(op->name, options.op) == 0)
			run_op(op, &sweep);
	trace_free(&sweep);
	clean_up();
	return done();
}
