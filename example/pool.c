/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.c - keep N workers alive, and replace each one that exits or that is
 * SECONDS old. INT or TERM ends all of them.
 *
 *	cc pool.c $(pkg-config --cflags --libs libprocq) -o pool
 *	./pool workers 4 60 ./worker
 *
 * One handle both starts and ends. Others may look at the queue, or end its
 * processes, at the same time: procq show workers. If the pool itself is
 * killed, the system ends the workers.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <procq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static struct procq *q;
static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	if (signo != SIGCHLD)
		stop = 1;
	procq_wake(q);
}

/* Report the dead, whoever has ended them: that makes room. */
static void report(void)
{
	struct procq_event e;
	struct procq_process p;

	procq_reap(q);
	while (procq_take_exited(q, &p) == 0)
		continue;
	while (procq_collect(q, &e) > 0) {
		printf("%d lived %.3f s\n", (int)e.process.pid,
		       (double)e.lived / SECOND);
		fflush(stdout);
	}
}

/* Terminate what is old enough. Returns when the next one will be. */
static int64_t retire(int64_t age)
{
	struct procq_process p;

	while (procq_peek(q, &p) == 0) {
		if (p.age < age)
			return procq_now() + age - p.age;
		if (procq_take(q, &p, &p) == 0)
			procq_signal(q, p.slot, SIGTERM, 0);
	}
	return PROCQ_FOREVER;
}

/* Terminate all, and kill what is alive after five seconds. */
static void finish(void)
{
	struct procq_process *all = calloc(procq_capacity(q), sizeof(*all));
	int64_t deadline = procq_now() + 5 * SECOND;
	uint32_t n = 0;

	while (all && n < procq_capacity(q) &&
	       procq_take_own(q, &all[n]) == 0)
		procq_signal(q, all[n++].slot, SIGTERM, 0);
	while (procq_in_flight(q) > 0) {
		if (procq_wait(q, PROCQ_WAIT_DEATH | PROCQ_WAIT_CHILD,
			       deadline) == -ETIMEDOUT) {
			for (deadline = PROCQ_FOREVER; n > 0; n--)
				procq_signal(q, all[n - 1].slot, SIGKILL, 0);
		}
		report();
	}
	free(all);
}

int main(int argc, char **argv)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq_command worker = PROCQ_COMMAND_INIT;
	struct sigaction sa = { .sa_handler = on_signal };
	int64_t age;
	int rc = 0;

	if (argc < 5 || atoi(argv[2]) < 1 || atoi(argv[3]) < 1) {
		fprintf(stderr, "usage: pool QUEUE N SECONDS COMMAND...\n");
		return 2;
	}
	o.role = PROCQ_ROLE_PRODUCER;
	o.capacity = (uint32_t)atoi(argv[2]);
	age = atoi(argv[3]) * SECOND;
	worker.argv = (const char *const *)argv + 4;
	worker.flags = PROCQ_SPAWN_GROUP;
	rc = procq_open(&q, argv[1], &o);
	if (rc < 0) {
		fprintf(stderr, "pool: %s: %s\n", argv[1], procq_strerror(rc));
		return 1;
	}
	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	while (!stop) {
		while ((rc = procq_spawn(q, &worker, NULL)) == 0)
			continue;
		/* Full is what it should be. Another error lasts. */
		if (rc != -EAGAIN)
			break;
		procq_wait(q, PROCQ_WAIT_ROOM | PROCQ_WAIT_CHILD,
			   retire(age));
		report();
	}
	if (!stop)
		fprintf(stderr, "pool: %s: %s\n", argv[4], strerror(-rc));
	finish();
	signal(SIGCHLD, SIG_DFL);
	procq_close(q);
	return !stop;
}
