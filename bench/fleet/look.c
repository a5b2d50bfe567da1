/* SPDX-License-Identifier: GPL-3.0-or-later */
/* look.c - looks at a queue; see look.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "look.h"
#include "rounds.h"

#define PATIENCE 60.0
#define LOOK_US 1000

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void pause_or_end(double begun, const char *what, pid_t maker)
{
	if (bench_now() - begun > PATIENCE)
		give_up(what);
	if (maker > 0 && waitpid(maker, NULL, WNOHANG) != 0)
		give_up("a program that was started has ended");
	usleep(LOOK_US);
}

static int join(struct procq **q, const char *name)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = PROCQ_ROLE_ONLOOKER;
	o.flags = PROCQ_OPEN_NOCREATE;
	return procq_open(q, name, &o);
}

struct procq *look_on(const char *name)
{
	double begun = bench_now();
	struct procq *q;

	while (join(&q, name) < 0)
		pause_or_end(begun, "no queue has come", 0);
	return q;
}

void look_gone(const char *name)
{
	double begun = bench_now();
	struct procq *q;

	while (join(&q, name) == 0) {
		procq_close(q);
		pause_or_end(begun, "a queue does not go", 0);
	}
}

static struct procq_stat look(const struct procq *q)
{
	struct procq_stat s;

	if (procq_stat(q, &s) < 0)
		give_up("a queue can't be looked at");
	return s;
}

uint64_t look_started(const struct procq *q)
{
	return look(q).started;
}

uint64_t look_seq(const struct procq *q)
{
	return look(q).entered;
}

uint64_t look_present(const struct procq *q)
{
	return look(q).present;
}

bool look_bound(const struct procq *q)
{
	struct procq_lease l = PROCQ_LEASE_INIT;

	return procq_lease(q, &l) == 0 && l.policy != PROCQ_POLICY_NONE;
}

void look_until(const struct procq *q, uint64_t started, pid_t maker)
{
	double begun = bench_now();

	while (look_started(q) < started)
		pause_or_end(begun, "too few are started", maker);
}

void look_helped(const struct procq *q, pid_t maker)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	double begun = bench_now();

	while (procq_lease(q, &l) < 0 || l.epoch == 0)
		pause_or_end(begun, "no helper has come", maker);
}
