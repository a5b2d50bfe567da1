/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending.c - how long it takes to end a process: from the decision to the
 * confirmed death, against kill() and waitpid() on a child of one's own; and
 * from the start of both programs to the end of both.
 *
 *	ending [-n SAMPLES] [-r ROUNDS] PRODUCER CONSUMER
 *
 * Uses the library as a program would that links it, and the programs.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "procq.h"
#include "rounds.h"

static const char *producer, *consumer;
static char queue[64];
static int samples = 1000;
static double *times;

/* The c->number-th percentile of what was measured, in microseconds. */
static double percentile(const struct contender *c)
{
	rounds_median(times, samples);		/* it sorts them */
	return times[samples * c->number / 100] * 1e6;
}

static double own_child(const struct contender *c, pid_t (*start)(void))
{
	for (int i = 0; i < samples; i++) {
		pid_t pid = start();

		/* It is to be idle, as those in the queue are. */
		usleep(200);
		times[i] = bench_now();
		bare_end(pid);
		times[i] = bench_now() - times[i];
	}
	return percentile(c);
}

static double own_fork(const struct contender *c)
{
	return own_child(c, bare_fork);
}

static double own_clone(const struct contender *c)
{
#if defined __linux__
	return own_child(c, bare_clone);
#else
	(void)c;
	return BENCH_MISSING;
#endif
}

static void take(struct procq *q, struct procq_process *p)
{
	int err;

	while ((err = procq_take(q, NULL, p)) == -EAGAIN)
		procq_wait(q, PROCQ_WAIT_READY, PROCQ_FOREVER);
	if (err < 0)
		bench_die(procq_strerror(err));
}

static double from_queue(const struct contender *c)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	char n[16];
	const char *const argv[] = { producer, "-q", queue, "-n", n, "-d", "0",
				     "-c", "64", "--quiet", c->arg, NULL };
	struct procq_process p;
	struct procq_event e;
	struct procq *q;
	double begun;
	pid_t pid;

	snprintf(n, sizeof(n), "%d", samples);
	pid = bench_start(argv);
	o.role = PROCQ_ROLE_CONSUMER;
	o.flags = PROCQ_OPEN_NOCREATE;
	begun = bench_now();
	while (procq_open(&q, queue, &o) < 0) {
		if (bench_now() - begun > 10)
			bench_die("no queue");
		usleep(1000);
	}
	for (int i = 0; i < samples; i++) {
		take(q, &p);
		usleep(200);
		times[i] = bench_now();
		procq_signal(q, p.slot, SIGKILL, 0);
		while (procq_collect(q, &e) == 0)
			procq_wait(q, PROCQ_WAIT_DEATH, PROCQ_FOREVER);
		times[i] = bench_now() - times[i];
	}
	bench_finish(pid, "producer");
	procq_close(q);
	return percentile(c);
}

/* How much later than asked for it is over; that two programs were started,
 * timeout and sleep, is in it. So few that they have no 99th percentile. */
static double by_timeout(const struct contender *c)
{
	static const char *const argv[] = { "timeout", "-s", "KILL", "0.05",
					    "sleep", "1000", NULL };
	int count = samples < 50 ? samples : 50;

	(void)c;
	if (!bench_has("sleep"))
		return BENCH_MISSING;
	for (int i = 0; i < count; i++) {
		int status;
		pid_t pid;

		times[i] = bench_now();
		pid = bench_start(argv);
		if (waitpid(pid, &status, 0) != pid)
			bench_die("waitpid");
		times[i] = bench_now() - times[i] - 0.05;
		/* It dies of what it sends, or tells of it. */
		if (WIFEXITED(status) && WEXITSTATUS(status) < 128)
			return BENCH_FAILED;
	}
	return rounds_median(times, count) * 1e6;
}

static double two_trues(const struct contender *c)
{
	static const char *const argv[] = { "/bin/true", NULL };
	double begun = bench_now();
	pid_t a = bench_start(argv), b = bench_start(argv);

	(void)c;
	bench_finish(a, "true");
	bench_finish(b, "true");
	return (bench_now() - begun) * 1e3;
}

static double both_programs(const struct contender *c)
{
	const char *const p[] = { producer, "-q", queue, "-n", "1", "-d", "0",
				  "--quiet", NULL };
	const char *const e[] = { consumer, "-q", queue, "-n", "1", "-d", "0",
				  "--quiet", NULL };
	double begun = bench_now();
	pid_t first = bench_start(p), second = bench_start(e);

	(void)c;
	bench_finish(first, "producer");
	bench_finish(second, "consumer");
	return (bench_now() - begun) * 1e3;
}

/* Own children first, one for each of procq's two ways to start. */
static void compare(int percent)
{
	struct contender all[] = {
		{ .name = "own child by fork: kill, wait",
		  .run = own_fork, .number = percent },
		{ .name = "own child by clone(CLONE_VM): kill, wait",
		  .run = own_clone, .number = percent },
		{ .name = "procq: procq_signal, procq_collect",
		  .run = from_queue, .number = percent,
		  .arg = "--spawn=auto" },
		{ .name = "procq --spawn=fork: signal, collect",
		  .run = from_queue, .number = percent,
		  .arg = "--spawn=fork" },
		{ .name = "timeout: how late, with two programs' start",
		  .run = by_timeout, .needs = "timeout" },
	};
	char group[64];

	snprintf(group, sizeof(group), "ending one process, p%d", percent);
	rounds_run(group, "microseconds", all, percent == 50 ? 5 : 4);
}

int main(int argc, char **argv)
{
	static struct contender start[] = {
		{ .name = "/bin/true, twice at once", .run = two_trues,
		  .needs = "/bin/true" },
		{ .name = "producer -n 1, consumer -n 1",
		  .run = both_programs },
	};
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "n:r:")) != -1) {
		if (option == 'n')
			samples = bench_number(optarg, 1000000);
		else if (option == 'r')
			rounds = bench_number(optarg, ROUNDS_MAX);
		else
			return 2;
	}
	if (argc - optind != 2) {
		fputs("usage: ending [-n N] [-r ROUNDS] PRODUCER CONSUMER\n",
		      stderr);
		return 2;
	}
	producer = argv[optind];
	consumer = argv[optind + 1];
	snprintf(queue, sizeof(queue), "/procq.bench.%ld", (long)getpid());
	times = calloc((size_t)samples, sizeof(*times));
	if (!times)
		bench_die("calloc");
	compare(50);
	compare(99);
	rounds_run_more(10, "from start to end", "milliseconds", start, 2);
	return 0;
}
