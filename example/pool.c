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
#include <err.h>
#include <errno.h>
#include <procq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000000)
#define GRACE (5 * SECOND)

static struct procq *q;
static int64_t pause_until;
static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	stop |= signo != SIGCHLD;
	procq_wake(q);
}

/* Wait for what there is to do, and report the dead, whoever has ended them:
 * that makes room. After a worker that exited within a second, the next one has
 * to wait for a second. Then terminate the workers of that age, and kill what
 * outlives that by GRACE; one that another participant is ending can't be
 * taken, and is left to it. */
static void look(unsigned what, int64_t age)
{
	struct procq_process p;
	struct procq_event e;

	procq_wait(q, what | PROCQ_WAIT_CHILD, procq_now() + PROCQ_PATIENCE);
	procq_reap(q);
	while (procq_take_exited(q, &p) == 0)
		continue;
	while (procq_collect(q, &e) > 0) {
		printf("%d lived %.3f s\n", (int)e.process.pid, e.lived / 1e9);
		if (e.step == 0 && e.lived < SECOND)
			pause_until = procq_now() + SECOND;
	}
	fflush(stdout);
	for (uint32_t slot = 0; slot < procq_capacity(q); slot++) {
		if (procq_child(q, slot, &p) < 0 || p.age < age ||
		    (p.signalled && p.age < p.signalled + GRACE))
			continue;
		procq_take_this(q, &p, &p);
		procq_signal(q, slot, p.signalled ? SIGKILL : SIGTERM, 0);
	}
}

int main(int argc, char **argv)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq_command worker = PROCQ_COMMAND_INIT;
	struct sigaction sa = { .sa_handler = on_signal };
	int64_t age, end;
	int rc;

	if (argc < 5 || atoi(argv[2]) < 1 || atoi(argv[3]) < 1)
		errx(2, "usage: pool QUEUE N SECONDS COMMAND...");
	o.role = PROCQ_ROLE_PRODUCER;
	o.capacity = (uint32_t)atoi(argv[2]);
	age = atoi(argv[3]) * SECOND;
	worker.argv = (const char *const *)argv + 4;
	worker.flags = PROCQ_SPAWN_GROUP;
	rc = procq_open(&q, argv[1], &o);
	if (rc < 0)
		errx(1, "%s: %s", argv[1], procq_strerror(rc));
	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* -EAGAIN: full, as it should be. After another error it tries again in
	 * a second, unless no worker is left. */
	while (!stop && (rc >= 0 || rc == -EAGAIN || procq_children(q) > 0)) {
		for (rc = 0; rc == 0 && !stop && procq_now() >= pause_until; )
			rc = procq_spawn(q, &worker, NULL);
		if (rc < 0 && rc != -EAGAIN)
			pause_until = procq_now() + SECOND;
		look(rc == -EAGAIN ? PROCQ_WAIT_ROOM : 0, age);
	}
	if (!stop)
		warnx("%s: %s", argv[4], procq_strerror(rc));
	/* What can't even be killed dies with this process, or never. */
	for (end = procq_now() + 2 * GRACE;
	     procq_children(q) > 0 && procq_now() < end; )
		look(0, 0);
	signal(SIGCHLD, SIG_DFL);
	procq_close(q);
	return !stop;
}
