/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rates.c - what a bound over many machines costs: starts and endings on one
 * host with it and without it, how long the first start takes, and how many
 * slots a second a server grants; each beside what one would write instead.
 *
 *	rates [-r ROUNDS] [-w MS] FLEET PRODUCER CONSUMER
 *
 * FLEET is the URL for hosts, without a queue. A peer's process is one that
 * starts, and is ended, between a slot that it takes and its return; its host
 * has two loops of these, as procq has two programs.
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
#include "look.h"
#include "peers.h"
#include "rounds.h"

/* So many are started before, and so long it goes on, until the helper has the
 * slots that are used, and all is in the caches. */
#define WARM 2000
#define WARM_US 1000000
#define LOOPS 2

static const char *producer, *consumer;
static char fleet[512], queue[64];
static int window_ms = 1000;

/* ---- procq, by its programs ---- */

static double procq_pair(const struct contender *c)
{
	const char *const p[] = { producer, "-q", queue, "-d", "0", "-c", "64",
				  "--quiet", "--no-summary", c->arg, NULL };
	const char *const e[] = { consumer, "-q", queue, "-d", "0", "--drain",
				  "--quiet", "--no-summary", c->arg, NULL };
	pid_t first = bench_start(p), second;
	struct procq *q = look_on(queue);
	double begun, took;
	uint64_t count;

	second = bench_start(e);
	look_until(q, WARM, first);
	usleep(WARM_US);
	if (look_bound(q) != (c->arg != NULL))
		bench_die("bound by a fleet, or not, unlike it was told");
	count = look_started(q);
	begun = bench_now();
	usleep((useconds_t)window_ms * 1000);
	count = look_started(q) - count;
	took = bench_now() - begun;
	procq_close(q);
	bench_signal(first, SIGTERM);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
	return (double)count / took;
}

/* From the command line to the end of one /bin/true, in milliseconds.
 * c->number: is a helper there already? */
static double procq_first(const struct contender *c)
{
	/* A participant, so that queue and helper stay. */
	const char *const keep[] = { producer, "-q", queue, "-c", "8", "-d",
				     "1h", "--quiet", "--no-summary", c->arg,
				     "/bin/true", NULL };
	const char *const run[] = { producer, "-q", queue, "-n", "1", "--quiet",
				    "--no-summary", c->arg ? c->arg : "--quiet",
				    "/bin/true", NULL };
	pid_t keeper = 0, pid;
	struct procq *q;
	double begun;

	if (c->number) {
		keeper = bench_start(keep);
		q = look_on(queue);
		look_helped(q, keeper);
		procq_close(q);
	}
	begun = bench_now();
	pid = bench_start(run);
	bench_finish(pid, "producer");
	begun = bench_now() - begun;
	if (keeper > 0) {
		bench_signal(keeper, SIGTERM);
		waitpid(keeper, NULL, 0);
	}
	/* The helper leaves when nobody else is there. */
	look_gone(queue);
	return begun * 1e3;
}

/* ---- many at a server ---- */

struct many {
	const struct peer *peer;
	int batch;
	bool lives;		/* of a process, in between */
};

static bool go_on(double end)
{
	return bench_now() < end;
}

static void one_life(void)
{
#if defined __linux__
	bare_end(bare_clone());
#else
	bare_end(bare_fork());
#endif
}

/* In a process of its own: says that it is ready, begins when all are, and says
 * how many a second it had; or that there is no such server. */
static _Noreturn void one_of_many(const struct many *m, int number, int ready,
				  int go, int result)
{
	struct peer_link l = { .number = number };
	double begun, rate;
	long count = 0;
	char byte = 'r';

	snprintf(l.seat, sizeof(l.seat), "seat-%d", number);
	if (m->peer && m->peer->open(&l) < 0)
		_exit(3);
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) < 0)
		_exit(1);
	begun = bench_now();
	do {
		if (m->peer)
			m->peer->take(&l, m->batch);
		if (m->lives)
			one_life();
		if (m->peer)
			m->peer->give(&l, m->batch);
		count += m->batch;
	} while (go_on(begun + window_ms / 1e3));
	rate = (double)count / (bench_now() - begun);
	if (write(result, &rate, sizeof(rate)) != sizeof(rate))
		_exit(1);
	_exit(0);
}

static void open_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		bench_die("pipe");
}

static double all_together(const struct many *m, int n)
{
	int ready[2], go[2], result[2], status, worst = 0;
	double sum = 0, rate;
	char byte;

	open_pipe(ready);
	open_pipe(go);
	open_pipe(result);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			bench_die("fork");
		if (pid == 0) {
			close(go[1]);
			one_of_many(m, i, ready[1], go[0], result[1]);
		}
	}
	close(ready[1]);
	close(result[1]);
	/* One that fails says nothing, and the pipe ends with the last. */
	for (int i = 0; i < n && read(ready[0], &byte, 1) == 1; i++)
		;
	close(go[1]);
	while (read(result[0], &rate, sizeof(rate)) == sizeof(rate))
		sum += rate;
	while (wait(&status) > 0)
		if (status != 0)
			worst = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	close(ready[0]);
	close(go[0]);
	close(result[0]);
	return worst == 0 ? sum : worst == 3 ? BENCH_MISSING : BENCH_FAILED;
}

static double lives(const struct contender *c)
{
	struct many m = { .batch = 1, .lives = true };

	m.peer = c->arg ? peer_find(c->arg) : NULL;
	return all_together(&m, LOOPS);
}

static double slots(const struct contender *c)
{
	struct many m = { .peer = peer_find(c->arg), .batch = *c->count };

	return all_together(&m, c->number);
}

/* ---- all of them ---- */

static const int one = 1, fifty = 50;

static struct contender on_a_host[] = {
	{ .name = "procq", .run = procq_pair },
	{ .name = "procq --fleet", .run = procq_pair, .arg = fleet },
	{ .name = "no bound: clone, SIGKILL, wait", .run = lives },
	{ .name = "Redis, a script", .run = lives, .arg = "redis" },
	{ .name = "Redis, appendfsync always", .run = lives,
	  .arg = "redis-always" },
	{ .name = "PostgreSQL, an advisory lock", .run = lives,
	  .arg = "advisory" },
	{ .name = "PostgreSQL, a row under a count", .run = lives,
	  .arg = "row" },
};

static struct contender first[] = {
	{ .name = "producer", .run = procq_first },
	{ .name = "producer --fleet", .run = procq_first, .arg = fleet },
	{ .name = "producer --fleet, the helper is there",
	  .run = procq_first, .arg = fleet, .number = 1 },
};

#define SEATS(text, peer, batch) \
	{ .name = text ", 1 seat", .run = slots, .arg = peer, \
	  .count = &(batch), .number = 1 }, \
	{ .name = text ", 4 seats", .run = slots, .arg = peer, \
	  .count = &(batch), .number = 4 }, \
	{ .name = text ", 16 seats", .run = slots, .arg = peer, \
	  .count = &(batch), .number = 16 }

static struct contender at_a_server[] = {
	SEATS("procq", "lease", one),
	SEATS("procq, 50 at once", "lease", fifty),
	SEATS("Redis", "redis", one),
	SEATS("Redis, 50 at once", "redis", fifty),
	SEATS("Redis, appendfsync always", "redis-always", one),
	SEATS("Redis, always, 50 at once", "redis-always", fifty),
	SEATS("advisory lock", "advisory", one),
	SEATS("row under a count", "row", one),
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(int argc, char **argv)
{
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "r:w:")) != -1) {
		if (option == 'r')
			rounds = bench_number(optarg, ROUNDS_MAX);
		else if (option == 'w')
			window_ms = bench_number(optarg, 100000);
		else
			return 2;
	}
	if (argc - optind != 3) {
		fputs("usage: rates [-r ROUNDS] [-w MS] FLEET PRODUCER"
		      " CONSUMER\n", stderr);
		return 2;
	}
	snprintf(fleet, sizeof(fleet), "--fleet=%s#" PEERS_QUEUE,
		 argv[optind]);
	producer = argv[optind + 1];
	consumer = argv[optind + 2];
	snprintf(queue, sizeof(queue), "/procq.bench.fleet.%ld",
		 (long)getpid());
	peers_prepare();
	rounds_run("fleet: starts and endings on a host",
		   "processes per second", on_a_host, COUNT(on_a_host));
	rounds_run("fleet: one process, from start to end", "milliseconds",
		   first, COUNT(first));
	window_ms /= 2;
	rounds_run("fleet: slots taken and given back", "slots per second",
		   at_a_server, COUNT(at_a_server));
	return 0;
}
