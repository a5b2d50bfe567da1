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

#include <stdio.h>
#include <string.h>
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

static unsigned round_limit(void)
{
	return (unsigned)(records / LEAST_RATE) + 1;
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
	alarm(round_limit());
	(producer ? put_many : get_many)(t, n);
	if (t->leave)
		t->leave();
	_exit(0);
}

/* ns per record, c->number producers and as many consumers. */
static double hand_over(const struct contender *c)
{
	const struct transport *t = (const void *)c->arg;
	pid_t pids[WORKERS];
	int pairs = c->number, gate[2];
	bool late = false;
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
	for (int i = 0; i < 2 * pairs; i++)
		late |= !bench_finish_in_time(pids[i], t->name);
	begun = bench_now() - begun;
	if (late)
		printf("%s: a round was stopped after %u s\n", t->name,
		       round_limit());
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
