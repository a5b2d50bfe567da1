/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handover.c - how long a slot is on its way from one host to another: from
 * the end of a process here to the start of one there, as onlookers see both.
 *
 *	handover [-n SAMPLES] [-t SECONDS] FLEET PRODUCER PROCQ
 *
 * FLEET is the URL for hosts of a fleet queue that has one slot.
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "look.h"
#include "rounds.h"

#define SAMPLES_MAX 10000
#define LOOK_US 500

static const char *producer, *procq;
static char fleet[512];
static int samples = 21, seconds = 20;
static char queues[2][64];
static struct procq *hosts[2];
static double times[SAMPLES_MAX];
static int count;

static void pause_a_little(void)
{
	usleep(LOOK_US);
}

static void report(const char *name, const char *what, double value)
{
	const char *file = getenv("BENCH_REPORT");
	FILE *f = file && *file ? fopen(file, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "fleet: a slot from one host to another\t%s: %s\t"
		"milliseconds\t%.6g\t\t\t0\n", name, what, value);
	fclose(f);
}

static void print(const char *name)
{
	double median, ninety;

	if (count == 0) {
		printf("%-46s none was seen\n", name);
		return;
	}
	median = rounds_median(times, count) * 1e3;
	ninety = times[count * 9 / 10] * 1e3;
	printf("%-46s %9.4g %9.4g %9.4g %7d\n", name, median, ninety,
	       times[count - 1] * 1e3, count);
	fflush(stdout);
	report(name, "median", median);
	report(name, "p90", ninety);
	count = 0;
}

static void sample(double since)
{
	if (count < SAMPLES_MAX)
		times[count++] = bench_now() - since;
}

/* ---- both hosts always have more to start ---- */

static pid_t hungry(int host)
{
	const char *const argv[] = { producer, "-q", queues[host], "-d", "0",
				     "-c", "4", "--quiet", "--no-summary",
				     fleet, "sleep", "0.05", NULL };

	return bench_start(argv);
}

/* So many of them; the slot goes to and fro. */
static void contend(void)
{
	pid_t pids[2] = { hungry(0), hungry(1) };
	uint64_t started[2] = { 0, 0 };
	int last = -1;
	double begun, ended = 0;

	hosts[0] = look_on(queues[0]);
	hosts[1] = look_on(queues[1]);
	begun = bench_now();
	while (bench_now() < begun + seconds) {
		for (int i = 0; i < 2; i++) {
			uint64_t now = look_started(hosts[i]);

			if (now != started[i] && last == !i && ended > 0)
				sample(ended);
			if (now != started[i]) {
				last = i;
				ended = 0;
			}
			started[i] = now;
		}
		if (last >= 0 && ended <= 0 &&
		    look_present(hosts[last]) == 0)
			ended = bench_now();
		pause_a_little();
	}
	for (int i = 0; i < 2; i++) {
		bench_signal(pids[i], SIGTERM);
		waitpid(pids[i], NULL, 0);
		procq_close(hosts[i]);
		look_gone(queues[i]);
	}
}

/* ---- one host is done, the other one waits ---- */

/* A participant, so that the queue and its helper stay: its first start is an
 * hour away. */
static pid_t keep(int host)
{
	const char *const argv[] = { producer, "-q", queues[host], "-d", "1h",
				     "--quiet", "--no-summary", fleet,
				     "/bin/true", NULL };

	return bench_start(argv);
}

static pid_t start_one(int host)
{
	const char *const argv[] = { producer, "-q", queues[host], "-n", "1",
				     "--quiet", "--no-summary", fleet, "sleep",
				     "1000", NULL };

	return bench_start(argv);
}

/* The last one that was started there. */
static void end_one(int host)
{
	char seq[24];
	const char *const argv[] = { procq, "end", "-q", queues[host], seq,
				     NULL };

	snprintf(seq, sizeof(seq), "%ju", (uintmax_t)look_seq(hosts[host]));
	bench_finish(bench_start(argv), "procq end");
}

static void pass(bool kept)
{
	pid_t keepers[2] = { 0, 0 };
	uint64_t started[2] = { 0, 0 };
	pid_t makers[2];

	for (int i = 0; kept && i < 2; i++) {
		keepers[i] = keep(i);
		hosts[i] = look_on(queues[i]);
		look_helped(hosts[i], keepers[i]);
		procq_close(hosts[i]);
	}
	makers[0] = start_one(0);
	for (int n = 0; n < samples; n++) {
		int from = n % 2, to = !from;
		double ended;

		hosts[from] = look_on(queues[from]);
		look_until(hosts[from], started[from] + 1, 0);
		started[from] = look_started(hosts[from]);
		makers[to] = start_one(to);
		hosts[to] = look_on(queues[to]);
		if (!kept)
			started[to] = 0;
		/* It has asked, and waits. */
		look_helped(hosts[to], 0);
		usleep(300000 + (useconds_t)(rand() % 300000));
		end_one(from);
		ended = bench_now();
		look_until(hosts[to], started[to] + 1, 0);
		sample(ended);
		waitpid(makers[from], NULL, 0);
		procq_close(hosts[from]);
		procq_close(hosts[to]);
		if (!kept)
			look_gone(queues[from]);
	}
	hosts[samples % 2] = look_on(queues[samples % 2]);
	end_one(samples % 2);
	procq_close(hosts[samples % 2]);
	waitpid(makers[samples % 2], NULL, 0);
	for (int i = 0; i < 2; i++) {
		if (kept) {
			bench_signal(keepers[i], SIGTERM);
			waitpid(keepers[i], NULL, 0);
		}
		look_gone(queues[i]);
	}
}

int main(int argc, char **argv)
{
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "n:t:")) != -1) {
		if (option == 'n')
			samples = bench_number(optarg, SAMPLES_MAX);
		else if (option == 't')
			seconds = bench_number(optarg, 3600);
		else
			return 2;
	}
	if (argc - optind != 3) {
		fputs("usage: handover [-n SAMPLES] [-t SECONDS] FLEET PRODUCER"
		      " PROCQ\n", stderr);
		return 2;
	}
	snprintf(fleet, sizeof(fleet), "--fleet=%s", argv[optind]);
	producer = argv[optind + 1];
	procq = argv[optind + 2];
	for (int i = 0; i < 2; i++)
		snprintf(queues[i], sizeof(queues[i]), "/procq.bench.%ld.%d",
			 (long)getpid(), i);
	printf("\n%-46s %9s %9s %9s %7s\n",
	       "fleet: a slot from one host to another", "median", "p90",
	       "most", "samples");
	puts("milliseconds, from an end here to a start there");
	contend();
	print("both hosts have more to start");
	pass(true);
	print("one has no more to start");
	pass(false);
	print("one is left by all");
	return 0;
}
