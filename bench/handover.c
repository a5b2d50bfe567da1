/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handover.c - what it costs to hand a record of 128 bytes from one process
 * to another: procq's queue, without starting processes, and what one would
 * use instead. What becomes of each when its users are killed is not for here:
 * see killed.c.
 *
 *	handover [-n RECORDS] [-r ROUNDS] [-s SYSTEM] [MODULE...]
 *
 * -s: hand RECORDS over within one process by this system alone, for strace.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rounds.h"
#include "systems.h"

#define WORKERS 4
/* Those that spin while they wait can keep the one that they wait for from its
 * processor, for minutes: so a round with fewer records in a second than this
 * is stopped, and its figure is the least that it can be. */
#define LEAST_RATE 10000

static int records = 200000;

static void put_many(const struct transport *t, int n)
{
	struct record record = { 0 };

	for (int i = 0; i < n; i++) {
		record.id = record.sum = (uint64_t)i;
		t->put(&record);
	}
}

static void get_many(const struct transport *t, int n)
{
	struct record record;

	for (int i = 0; i < n; i++) {
		t->get(&record);
		if (t->done)
			t->done();
	}
}

static pid_t start_worker(const struct transport *t, bool producer, int n,
			  const int *gate)
{
	pid_t pid = fork();
	char byte;

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
	close(gate[1]);
	if (t->join)
		t->join(producer);
	/* All begin together: when the other end is closed. */
	if (read(gate[0], &byte, 1) < 0)
		_exit(5);
	(producer ? put_many : get_many)(t, n);
	if (t->leave)
		t->leave();
	_exit(0);
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* Wait for all; those that are late are killed. */
static void finish_workers(const struct transport *t, const pid_t *pids, int n)
{
	const int seconds = records / LEAST_RATE + 1;
	/* Once more each second: one may come between two waits. */
	const struct itimerval limit = { { 1, 0 }, { seconds, 0 } };
	const struct itimerval none = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };
	bool late = false;

	/* Without SA_RESTART: it ends a wait. */
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &limit, NULL);
	for (int i = 0; i < n; i++) {
		int status;

		while (waitpid(pids[i], &status, 0) < 0) {
			if (errno != EINTR)
				bench_die("waitpid");
			late = true;
			/* None of these has been waited for yet. */
			for (int k = i; k < n; k++)
				bench_signal(pids[k], SIGKILL);
		}
		if (status != 0 && !late) {
			fprintf(stderr, "bench: %s failed: status %#x\n",
				t->name, (unsigned)status);
			exit(1);
		}
	}
	setitimer(ITIMER_REAL, &none, NULL);
	if (late)
		printf("%s: a round was stopped after %d s\n", t->name,
		       seconds);
}

/* ns per record, c->number producers and as many consumers. */
static double hand_over(const struct contender *c)
{
	const struct transport *t = (const void *)c->arg;
	pid_t pids[WORKERS];
	int pairs = c->number, gate[2];
	double begun;

	if (!t->make(bench_object, CAPACITY))
		return -1;
	if (pipe(gate) < 0)
		bench_die("pipe");
	fflush(stdout);
	for (int i = 0; i < 2 * pairs; i++)
		pids[i] = start_worker(t, i % 2 == 0, records / pairs, gate);
	close(gate[0]);
	usleep(50000);
	begun = bench_now();
	close(gate[1]);
	finish_workers(t, pids, 2 * pairs);
	begun = bench_now() - begun;
	t->remove(bench_object);
	return begun / (records / pairs * pairs) * 1e9;
}

static void compare(int pairs)
{
	struct contender all[SYSTEMS_MAX];
	char group[64];

	memset(all, 0, sizeof(all));
	for (size_t i = 0; i < system_count; i++) {
		all[i].name = systems[i]->name;
		all[i].run = hand_over;
		all[i].arg = (const void *)systems[i];
		all[i].number = pairs;
	}
	snprintf(group, sizeof(group), "records handed over, %d+%d processes",
		 pairs, pairs);
	rounds_run(group, "ns per record", all, system_count);
}

static int alone(const char *system)
{
	for (size_t i = 0; i < system_count; i++) {
		const struct transport *t = systems[i];

		if (strcmp(t->name, system) != 0)
			continue;
		if (!t->make(bench_object, CAPACITY))
			return 1;
		for (int n = 0; n < records; n++) {
			put_many(t, 1);
			get_many(t, 1);
		}
		t->remove(bench_object);
		return 0;
	}
	fprintf(stderr, "handover: no system '%s'\n", system);
	return 2;
}

int main(int argc, char **argv)
{
	const char *system = NULL;
	char object[64];
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "n:r:s:")) != -1) {
		if (option == 'n')
			records = bench_number(optarg, 1000000000);
		else if (option == 'r')
			rounds = bench_number(optarg, ROUNDS_MAX);
		else if (option == 's')
			system = optarg;
		else
			return 2;
	}
	snprintf(object, sizeof(object), "/procq.bench.%ld", (long)getpid());
	systems_begin(object, argv + optind, argc - optind);
	if (system)
		return alone(system);
	compare(1);
	compare(2);
	return 0;
}
