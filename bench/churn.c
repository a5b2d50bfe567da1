/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * churn.c - how many processes per second are started and ended: procq, and
 * what one would use instead.
 *
 *	churn [-n PROCESSES] [-m COMMANDS] [-r ROUNDS] PRODUCER CONSUMER
 *
 * Must not use the library: it measures the programs as users run them.
 */
#include <config.h>

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "rounds.h"

/* The capacity of procq's queues here. */
#define ALIVE_MAX 64
#define TRUE "/bin/true"

extern char **environ;

static const char *producer, *consumer;
static char queue[64];
static int processes = 20000, commands = 2000;

/* ---- idle processes, in one loop ---- */

/* Starts n and ends each as the oldest of so many. */
static void loop(pid_t (*start)(void), int n, int kept)
{
	pid_t alive[ALIVE_MAX];

	for (int i = 0; i < n + kept - 1; i++) {
		if (i < n)
			alive[i % kept] = start();
		if (i >= kept - 1)
			bare_end(alive[(i + 1) % kept]);
	}
}

static double one_loop(const struct contender *c)
{
	double begun = bench_now();

	c->work(*c->count);
	return *c->count / (bench_now() - begun);
}

/* The same work in two processes at once. */
static double two_loops(const struct contender *c)
{
	int n = *c->count;
	double begun = bench_now();
	pid_t other = fork();

	if (other == 0) {
		c->work(n / 2);
		_exit(0);
	}
	c->work(n - n / 2);
	bench_finish(other, "the second loop");
	return n / (bench_now() - begun);
}

static void fork_many(int n)
{
	loop(bare_fork, n, 1);
}

static void fork_many_kept(int n)
{
	loop(bare_fork, n, ALIVE_MAX);
}

#if defined __linux__
static void clone_many(int n)
{
	loop(bare_clone, n, 1);
}

static void vfork_many(int n)
{
	loop(bare_vfork, n, 1);
}
#endif

/* ---- procq: two programs ---- */

static double two_programs(const char *const *p, const char *const *c, int n)
{
	double begun = bench_now();
	pid_t first = bench_start(p), second = bench_start(c);

	bench_finish(first, "producer");
	bench_finish(second, "consumer");
	return n / (bench_now() - begun);
}

static double procq_idle(const struct contender *c)
{
	char n[16];
	const char *const p[] = { producer, "-q", queue, "-n", n, "-d", "0",
				  "-c", "64", "--quiet", c->arg, NULL };
	const char *const e[] = { consumer, "-q", queue, "-d", "0", "--drain",
				  "--quiet", NULL };

	snprintf(n, sizeof(n), "%d", processes);
	return two_programs(p, e, processes);
}

/* ---- stress-ng ---- */

/* Its bogo operations are processes started and reaped. */
static double stress_ng(const struct contender *c)
{
	char command[512], line[512];
	double rate = BENCH_FAILED;
	FILE *f;

	snprintf(command, sizeof(command),
		 "stress-ng --temp-path /tmp %s --timeout 2 --metrics-brief "
		 "2>&1", c->arg);
	f = popen(command, "r");
	if (!f)
		return BENCH_FAILED;
	while (fgets(line, sizeof(line), f)) {
		double ops, real;
		char *at = strchr(line, ']');

		if (at &&
		    sscanf(at + 1, " %*s %lf %lf", &ops, &real) == 2 &&
		    real > 0)
			rate = ops / real;
	}
	pclose(f);
	return rate;
}

/* ---- commands ---- */

static pid_t spawn_command(const char *const *argv)
{
	pid_t pid;
	int err = posix_spawnp(&pid, argv[0], NULL, NULL,
			       (char *const *)(uintptr_t)argv, environ);

	errno = err;
	return err ? -1 : pid;
}

static void true_many(int n)
{
	static const char *const argv[] = { TRUE, NULL };

	for (int i = 0; i < n; i++) {
		pid_t pid = spawn_command(argv);

		if (pid <= 0 || waitpid(pid, NULL, 0) != pid)
			bench_die("posix_spawn");
	}
}

static pid_t start_sleep(void)
{
	static const char *const argv[] = { "sleep", "1000", NULL };

	return spawn_command(argv);
}

static void sleep_many(int n)
{
	loop(start_sleep, n, 1);
}

static void sleep_many_kept(int n)
{
	loop(start_sleep, n, ALIVE_MAX);
}

/* A command that ends by itself, and is only collected; or that is ended,
 * perhaps before it has run. /bin/true does not care for its operand. */
static double procq_command(const struct contender *c)
{
	char n[16];
	const char *const p[] = { producer, "-q", queue, "-n", n, "-d", "0",
				  "-c", "64", "--quiet", c->needs, "1000",
				  NULL };
	const char *const e[] = { consumer, "-q", queue, "-d", "0", "--drain",
				  c->arg, "--quiet", NULL };

	snprintf(n, sizeof(n), "%d", commands);
	return two_programs(p, e, commands);
}

/* A shell's command, which starts $N processes; c->number divides them, for
 * some are slow. */
static double shell(const struct contender *c)
{
	int n = commands / c->number;
	char number[16];
	double begun;

	snprintf(number, sizeof(number), "%d", n);
	setenv("N", number, 1);
	begun = bench_now();
	if (!bench_shell(c->arg))
		return BENCH_FAILED;
	return n / (bench_now() - begun);
}

/* ---- all of them ---- */

static struct contender idle[] = {
	{ .name = "bare loop: fork, SIGKILL, wait", .run = one_loop,
	  .work = fork_many, .count = &processes },
	{ .name = "fork, two processes", .run = two_loops,
	  .work = fork_many, .count = &processes },
	{ .name = "fork, the oldest of 64", .run = one_loop,
	  .work = fork_many_kept, .count = &processes },
	{ .name = "fork, the oldest of 64, two processes",
	  .run = two_loops, .work = fork_many_kept, .count = &processes },
#if defined __linux__
	{ .name = "bare loop: clone(CLONE_VM), SIGKILL, wait",
	  .run = one_loop, .work = clone_many, .count = &processes },
	{ .name = "clone(CLONE_VM), two processes", .run = two_loops,
	  .work = clone_many, .count = &processes },
	{ .name = "bare loop: vfork, exit, wait", .run = one_loop,
	  .work = vfork_many, .count = &processes },
#endif
	{ .name = "stress-ng --fork 1", .run = stress_ng,
	  .needs = "stress-ng", .arg = "--fork 1" },
	{ .name = "stress-ng --fork 1 --fork-max 64", .run = stress_ng,
	  .needs = "stress-ng", .arg = "--fork 1 --fork-max 64" },
	{ .name = "stress-ng --vfork 1", .run = stress_ng,
	  .needs = "stress-ng", .arg = "--vfork 1" },
	{ .name = "stress-ng --clone 1", .run = stress_ng,
	  .needs = "stress-ng", .arg = "--clone 1" },
	{ .name = "stress-ng --zombie 1", .run = stress_ng,
	  .needs = "stress-ng", .arg = "--zombie 1" },
	{ .name = "procq --spawn=fork", .run = procq_idle,
	  .arg = "--spawn=fork" },
	{ .name = "procq", .run = procq_idle, .arg = "--spawn=auto" },
};

static struct contender true_commands[] = {
	{ .name = "bare loop: posix_spawn, wait", .run = one_loop,
	  .needs = TRUE, .work = true_many, .count = &commands },
	{ .name = "posix_spawn, two processes", .run = two_loops,
	  .needs = TRUE, .work = true_many, .count = &commands },
	{ .name = "xargs -P2", .run = shell, .needs = "xargs", .number = 1,
	  .arg = "seq $N | xargs -P2 -n1 -I{} " TRUE },
	{ .name = "make -j2", .run = shell, .needs = "make", .number = 1,
	  .arg = "seq $N | sed 's/.*/all: t&\\nt&:;@\\/bin\\/true/' |"
		 " make -s -j2 -f - all" },
	{ .name = "GNU parallel -j2", .run = shell, .needs = "parallel",
	  .number = 10, .arg = "seq $N | parallel -j2 " TRUE },
	{ .name = "procq, consumer --reap", .run = procq_command,
	  .needs = TRUE, .arg = "--reap" },
	{ .name = "procq, consumer --min-age=1h", .run = procq_command,
	  .needs = TRUE, .arg = "--min-age=1h" },
	{ .name = "procq, ended before its end, by its consumer",
	  .run = procq_command, .needs = TRUE, .arg = "--signal=TERM" },
};

static struct contender sleep_commands[] = {
	{ .name = "bare loop: posix_spawn, SIGKILL, wait", .run = one_loop,
	  .needs = "sleep", .work = sleep_many, .count = &commands },
	{ .name = "posix_spawn, two processes", .run = two_loops,
	  .needs = "sleep", .work = sleep_many, .count = &commands },
	{ .name = "posix_spawn, the oldest of 64", .run = one_loop,
	  .needs = "sleep", .work = sleep_many_kept, .count = &commands },
	{ .name = "posix_spawn, the oldest of 64, two processes",
	  .run = two_loops, .needs = "sleep", .work = sleep_many_kept,
	  .count = &commands },
	{ .name = "procq", .run = procq_command, .needs = "sleep",
	  .arg = "--signal=TERM" },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(int argc, char **argv)
{
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "n:m:r:")) != -1) {
		if (option == 'n')
			processes = bench_number(optarg, 100000000);
		else if (option == 'm')
			commands = bench_number(optarg, 100000000);
		else if (option == 'r')
			rounds = bench_number(optarg, ROUNDS_MAX);
		else
			return 2;
	}
	if (argc - optind != 2) {
		fputs("usage: churn [-n N] [-m N] [-r ROUNDS] PRODUCER"
		      " CONSUMER\n", stderr);
		return 2;
	}
	producer = argv[optind];
	consumer = argv[optind + 1];
	snprintf(queue, sizeof(queue), "/procq.bench.%ld", (long)getpid());
	rounds_run("idle processes", "processes per second", idle,
		   COUNT(idle));
	rounds_run("/bin/true, to its end", "processes per second",
		   true_commands, COUNT(true_commands));
	rounds_run("sleep 1000, ended", "processes per second",
		   sleep_commands, COUNT(sleep_commands));
	return 0;
}
