/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bounds.c - participants killed and stopped at random around two bounds: the
 * gap between endings, and a limit that is moved all the time.
 *
 * The oracle is the queued processes themselves. Each writes down, by its own
 * clock, when it was begun (which its producer passes on), when it ran first,
 * when the first signal reached it, and when it was last alive. A signal is
 * received later than it is sent, and a process is last alive before its death
 * is confirmed: so what they see is never narrower than what happened, and for
 * whoever breaks a bound there is no excuse. The limiter writes down when it
 * calls for a limit, and when that has returned.
 *
 * What is judged, afterwards:
 *
 *	gap	no first signal within the gap after the last moment of another
 *		process that was signalled before; so no two are ended at once
 *	lease	the same: a start that was begun when it was over allows none
 *	limit	where a start was begun and ran while one limit was in force, no
 *		more than that were alive as it ran
 *
 * To be run as the first process of a PID namespace: it waits for whatever is
 * orphaned.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "../kit/harness.h"
#include "../kit/tap.h"
#include "chance.h"
#include "alone.h"

#define CELLS (1u << 20)
#define EPOCHS (1u << 16)
#define CAPACITY 32u
#define WORKERS 7
/* One is left to itself until it is so old, when a limit is tried. */
#define YOUNG (40 * MS)
/* A process that holds out gets KILL so long after TERM. */
#define PATIENCE (6 * MS)

/* A queued process, by its seq. Written by itself alone; 0: not yet. */
struct cell {
	_Atomic int64_t begun, ran, signalled, last;
};

/* A limit that was set, or a lease: from ends on, that allows none. Written by
 * the one limiter that there is at a time. */
struct epoch {
	_Atomic int64_t called, returned, ends;
	_Atomic uint32_t limit;
};

/* Shared by all, and by nothing that is tested. */
static struct book {
	atomic_bool stop;
	_Atomic uint64_t taken;
	_Atomic uint64_t errors;
	_Atomic int first_error;
	_Atomic uint32_t epochs;
	struct epoch epoch[EPOCHS];
	struct cell cells[CELLS];
} *book;

static struct {
	size_t kills, endings, gap, seed, seconds;
	bool limits, leases;
} options = { .kills = 40, .endings = 500, .seed = 1, .seconds = 600 };

enum job { PRODUCE, CONSUME, LIMIT };

static struct worker {
	pid_t pid;		/* 0: none */
	enum job job;
	int64_t stopped_until;	/* 0: it runs */
} workers[WORKERS];

static char queue[64], book_fd[16];
static const char *self;
static uint64_t kills[3];

/* What nothing that is tested has a hand in. */
static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * S + ts.tv_nsec;
}

static void unexpected(int rc)
{
	int none = 0;

	atomic_fetch_add(&book->errors, 1);
	atomic_compare_exchange_strong(&book->first_error, &none, rc);
}

static struct book *map(int fd)
{
	void *at = mmap(NULL, sizeof(struct book), PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* ---- a queued process ---- */

static struct cell *own;

static void on_end(int signo)
{
	int64_t none = 0, at = now();

	(void)signo;
	atomic_compare_exchange_strong(&own->signalled, &none, at);
	atomic_store(&own->last, at);
}

/* It goes on for a moment, up to its end. */
static _Noreturn void end_slowly(void)
{
	bool holds_out = draw(16) == 0;
	int64_t until = now() + (int64_t)draw(3000) * 1000;

	while (holds_out || now() < until) {
		nap(MS / 10);
		atomic_store(&own->last, now());
	}
	_exit(0);
}

/* bounds --victim=FD BEGUN */
static int be_victim(const char *fd, const char *begun)
{
	const char *seq = getenv("PROCQ_SEQ");
	uint64_t n = seq ? strtoull(seq, NULL, 10) : 0;
	struct sigaction sa = { .sa_handler = on_end };
	sigset_t term, before;

	book = map((int)strtol(fd, NULL, 10));
	if (!book)
		return 3;
	if (n == 0 || n >= CELLS) {
		unexpected(-ERANGE);
		return 3;
	}
	own = &book->cells[n];
	chance_begin(n);
	/* Not between the look and the pause. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	sigaction(SIGTERM, &sa, NULL);
	atomic_store(&own->begun, strtoll(begun, NULL, 10));
	atomic_store(&own->ran, now());
	if (draw(16) == 0) {
		/* On its own, unless a signal is faster. */
		sigprocmask(SIG_SETMASK, &before, NULL);
		end_slowly();
	}
	sigdelset(&before, SIGTERM);
	while (atomic_load(&own->signalled) == 0)
		sigsuspend(&before);
	end_slowly();
}

/* ---- workers ---- */

static struct procq *join(uint32_t role)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	int rc;

	o.role = role;
	o.capacity = CAPACITY;
	o.flags = PROCQ_OPEN_REAP_ALL;
	rc = procq_open(&q, queue, &o);
	if (rc < 0) {
		unexpected(rc);
		return NULL;
	}
	return q;
}

static void produce(struct procq *q)
{
	struct procq_command command = PROCQ_COMMAND_INIT;
	char begun[32];
	const char *const argv[] = { self, "--victim", book_fd, begun, NULL };
	int rc;

	command.argv = argv;
	while (!atomic_load(&book->stop)) {
		command.flags = draw(4) || options.leases ? 0 : PROCQ_SPAWN_KEEP;
		snprintf(begun, sizeof(begun), "%" PRId64, now());
		rc = procq_spawn(q, &command, NULL);
		procq_reap(q);
		if (rc == 0)
			continue;
		if (rc != -EAGAIN)
			unexpected(rc);
		procq_wait(q, PROCQ_WAIT_ROOM | PROCQ_WAIT_CHILD,
			   procq_now() + 5 * MS);
	}
}

static int take_one(struct procq *q, int64_t *since)
{
	struct procq_process p;
	int rc = procq_take(q, NULL, &p);

	if (rc < 0)
		return rc;
	rc = procq_signal(q, p.slot, SIGTERM, 0);
	if (rc < 0 && rc != -ESRCH && rc != -ENOTSUP)
		unexpected(rc);
	since[p.slot] = now();
	atomic_fetch_add(&book->taken, 1);
	return 0;
}

static uint32_t most(struct procq *q)
{
	uint32_t limit = procq_limit(q);
	struct procq_lease l;

	procq_lease(q, &l);
	if (l.over && l.policy != PROCQ_POLICY_CONTINUE)
		return 0;
	return l.granted < limit ? l.granted : limit;
}

/* What tries a limit is a queue that is full up to it, of processes that run
 * already. */
static bool is_to_fill(struct procq *q)
{
	struct procq_process p;

	if (!options.limits)
		return false;
	return (procq_occupied(q) < most(q) && draw(100)) ||
	       (procq_peek(q, &p) == 0 && p.state == PROCQ_STATE_QUEUED &&
		p.age < YOUNG);
}

static void consume(struct procq *q)
{
	int64_t since[CAPACITY] = { 0 };
	struct procq_event e;
	bool rests;
	int rc;

	if (options.gap && procq_set_gap(q, (int64_t)options.gap * 1000) < 0)
		unexpected(-EINVAL);
	while (!atomic_load(&book->stop)) {
		rests = is_to_fill(q);
		rc = rests ? -EAGAIN : take_one(q, since);
		if (rc < 0 && rc != -EAGAIN && rc != -EBUSY)
			unexpected(rc);
		for (uint32_t i = 0; i < CAPACITY; i++)
			if (since[i] && now() - since[i] > PATIENCE)
				procq_signal(q, i, SIGKILL, 0);
		while (procq_collect(q, &e) > 0)
			since[e.process.slot] = 0;
		procq_wait(q, PROCQ_WAIT_DEATH |
				      (rests ? 0 : PROCQ_WAIT_READY),
			   procq_now() + MS);
	}
}

/* How many are granted, and until when: that jumps back and forth, and may be
 * over. The clock of the book is read last, so it is not before the end. */
static int lease(struct procq *q, struct epoch *e, uint32_t i, uint32_t n)
{
	static const uint32_t policies[] = { PROCQ_POLICY_KEEP,
					     PROCQ_POLICY_KEEP,
					     PROCQ_POLICY_END,
					     PROCQ_POLICY_CONTINUE };
	struct procq_lease terms = PROCQ_LEASE_INIT;
	int64_t in = (int64_t)draw(120) * MS - 20 * MS;

	terms.policy = policies[draw(4)];
	terms.deadline = procq_life() + in;
	terms.granted = n;
	terms.epoch = i + 1;
	atomic_store(&e->ends, terms.policy == PROCQ_POLICY_CONTINUE
				       ? INT64_MAX
				       : now() + in);
	atomic_store(&e->called, now());
	atomic_store(&book->epochs, i + 1);
	return procq_set_lease(q, &terms);
}

/* Noted before it is called for, so that it is known if it is killed. */
static void limit(struct procq *q)
{
	while (!atomic_load(&book->stop)) {
		uint32_t i = atomic_load(&book->epochs);
		struct epoch *e = &book->epoch[i];
		uint32_t n = (uint32_t)draw(CAPACITY + 1);
		int rc;

		if (i == EPOCHS)
			return;
		atomic_store(&e->returned, 0);
		atomic_store(&e->limit, n);
		atomic_store(&e->ends, INT64_MAX);
		if (options.leases) {
			rc = lease(q, e, i, n);
		} else {
			atomic_store(&e->called, now());
			atomic_store(&book->epochs, i + 1);
			rc = procq_set_limit(q, n);
		}
		if (rc >= 0)
			atomic_store(&e->returned, now());
		else
			unexpected(rc);
		nap((int64_t)draw(100) * MS);
	}
}

static void work(enum job job)
{
	static const uint32_t roles[] = { PROCQ_ROLE_PRODUCER,
					  PROCQ_ROLE_CONSUMER,
					  PROCQ_ROLE_KEEPER };
	struct procq *q = join(roles[job]);

	if (!q)
		return;
	if (job == PRODUCE)
		produce(q);
	else if (job == CONSUME)
		consume(q);
	else
		limit(q);
	procq_close(q);
}

static void start_worker(struct worker *w)
{
	uint64_t chance = draw(UINT32_MAX);
	pid_t pid = fork();

	if (pid == 0) {
		chance_begin(chance);
		work(w->job);
		_exit(0);
	}
	w->pid = pid > 0 ? pid : 0;
	w->stopped_until = 0;
}

/* ---- the driver ---- */

static void kill_worker(struct worker *w)
{
	int status;

	if (w->pid <= 1)
		return;
	kill(w->pid, SIGKILL);
	if (waitpid(w->pid, &status, 0) == w->pid && !WIFSIGNALED(status))
		unexpected(-ECHILD);
	w->pid = 0;
	kills[w->job]++;
}

static void stop_worker(struct worker *w)
{
	if (w->pid <= 1 || w->stopped_until)
		return;
	kill(w->pid, SIGSTOP);
	w->stopped_until = now() + (int64_t)(1 + draw(20)) * MS;
}

/* Those that the killed have left. A worker does not end by itself. */
static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < WORKERS; i++)
			if (workers[i].pid == pid) {
				unexpected(-ECHILD);
				workers[i].pid = 0;
			}
}

static void tend(void)
{
	for (int i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		if (w->pid && w->stopped_until && now() >= w->stopped_until) {
			kill(w->pid, SIGCONT);
			w->stopped_until = 0;
		}
		if (!w->pid && (w->job != LIMIT || options.limits))
			start_worker(w);
	}
}

static bool enough(void)
{
	return kills[PRODUCE] + kills[CONSUME] + kills[LIMIT] >=
		       options.kills &&
	       atomic_load(&book->taken) >= options.endings;
}

static void storm(void)
{
	int64_t end = now() + (int64_t)options.seconds * S;

	while (!enough() && now() < end) {
		struct worker *w = &workers[draw(WORKERS)];

		tend();
		nap((int64_t)draw(40) * MS);
		/* In step with the endings. */
		if (draw(3) == 0)
			stop_worker(w);
		else if ((kills[PRODUCE] + kills[CONSUME] + kills[LIMIT]) *
				 options.endings <=
			 atomic_load(&book->taken) * options.kills)
			kill_worker(w);
		reap();
	}
	for (int i = 0; i < WORKERS; i++)
		kill_worker(&workers[i]);
}

/* ---- the oracle ---- */

/* A process that was signalled; or one that was alive from, and at least up to,
 * these. */
struct span {
	int64_t from, to;
};

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t last_alive(const struct cell *c)
{
	int64_t last = atomic_load(&c->last), ran = atomic_load(&c->ran);

	return last > ran ? last : ran;
}

static void judge_gap(void)
{
	struct span *ended = calloc(CELLS, sizeof(*ended));
	int64_t last = 0, narrowest = INT64_MAX;
	size_t n = 0, broken = 0;

	for (uint32_t i = 1; ended && i < CELLS; i++)
		if (atomic_load(&book->cells[i].signalled))
			ended[n++] = (struct span){
				atomic_load(&book->cells[i].signalled),
				last_alive(&book->cells[i]) };
	if (!ok(n > 0, "%zu were seen to be ended", n))
		return;
	qsort(ended, n, sizeof(*ended), by_time);
	for (size_t i = 0; i < n; i++) {
		if (last && ended[i].from - last < narrowest)
			narrowest = ended[i].from - last;
		broken += last && ended[i].from - last <
				  (int64_t)options.gap * 1000;
		if (ended[i].to > last)
			last = ended[i].to;
	}
	is_int((intmax_t)broken, 0, "no signal within the gap after a death");
	note("narrowest: %" PRId64 " us of %zu", narrowest / 1000, options.gap);
	free(ended);
}

/* How many of these times are before this one, or at it? */
static size_t up_to(const int64_t *times, size_t n, int64_t at)
{
	size_t below = 0;

	while (below < n) {
		size_t half = below + (n - below) / 2;

		if (times[half] > at)
			n = half;
		else
			below = half + 1;
	}
	return below;
}

/* The limit that was in force all the time between, or -1. */
static int64_t limit_in(int64_t from, int64_t to)
{
	uint32_t n = atomic_load(&book->epochs), below = 0;
	const struct epoch *e;
	int64_t returned;

	/* The last one that was called for by then. */
	while (below < n) {
		uint32_t half = below + (n - below) / 2;

		if (atomic_load(&book->epoch[half].called) > to)
			n = half;
		else
			below = half + 1;
	}
	if (below == 0)
		return CAPACITY;
	e = &book->epoch[below - 1];
	returned = atomic_load(&e->returned);
	if (!returned || returned > from ||
	    (atomic_load(&e->ends) > from && atomic_load(&e->ends) <= to))
		return -1;
	return atomic_load(&e->ends) <= from ? 0
					     : (int64_t)atomic_load(&e->limit);
}

static void judge_limit(void)
{
	int64_t *from = calloc(CELLS, sizeof(*from));
	int64_t *to = calloc(CELLS, sizeof(*to));
	size_t n = 0, judged = 0, full = 0, broken = 0;

	for (uint32_t i = 1; from && to && i < CELLS; i++)
		if (atomic_load(&book->cells[i].ran)) {
			from[n] = atomic_load(&book->cells[i].ran);
			to[n++] = last_alive(&book->cells[i]);
		}
	if (!ok(n > 0, "%zu were seen to run", n))
		return;
	qsort(from, n, sizeof(*from), by_time);
	qsort(to, n, sizeof(*to), by_time);
	for (uint32_t i = 1; i < CELLS; i++) {
		int64_t ran = atomic_load(&book->cells[i].ran);
		int64_t most = ran ? limit_in(atomic_load(
					&book->cells[i].begun), ran) : -1;
		int64_t alive;

		if (most < 0)
			continue;
		alive = (int64_t)(up_to(from, n, ran) - up_to(to, n, ran - 1));
		judged++;
		full += alive == most;
		broken += alive > most;
	}
	is_int((intmax_t)broken, 0, "no start above the limit in force");
	note("%zu starts judged, by %" PRIu32 " limits; of these, %zu were the "
	     "last that it allowed", judged, atomic_load(&book->epochs), full);
	free(from);
	free(to);
}

/* ---- afterwards ---- */

/* All others are dead. What they have left is ended, and the books balance. */
static void check_queue(struct procq *q)
{
	struct procq_report report;
	struct procq_stat s;
	struct procq_lease none = PROCQ_LEASE_INIT;

	none.epoch = EPOCHS + 1;
	ok(procq_set_limit(q, CAPACITY) >= 0 &&
		   (!options.leases || procq_set_lease(q, &none) >= 0),
	   "the limit can be raised");
	alone_drain(q, 30 * S, NULL, reap);
	if (!ok(procq_check(q, &report) == 0 && report.faults == 0,
		"no fault is in the queue"))
		note("%s", report.first);
	procq_stat(q, &s);
	ok(s.started == s.retired + s.exited + s.lost + s.present &&
		   s.states[PROCQ_STATE_FREE] == CAPACITY,
	   "its books balance, and all its records are free");
	is_int(procq_close(q), 1, "the last one out removes it");
	if (!ok(atomic_load(&book->errors) == 0, "no worker was surprised"))
		note("%" PRIu64 " times, first by: %s",
		     atomic_load(&book->errors),
		     procq_strerror(atomic_load(&book->first_error)));
}

static const struct harness_option all_options[] = {
	{ "kills", "N", "so many participants at least are killed",
	  .count = &options.kills },
	{ "endings", "N", "so many processes at least are ended",
	  .count = &options.endings },
	{ "gap", "US", "consumers keep this gap, in microseconds",
	  .count = &options.gap },
	{ "limits", NULL, "the limit is moved all the time",
	  .flag = &options.limits },
	{ "leases", NULL, "the same by leases, which also run out",
	  .flag = &options.leases },
	{ "seed", "N", "the choices follow from it", .count = &options.seed },
	{ "seconds", "N", "give up after them", .count = &options.seconds },
	{ .name = NULL },
};

static const struct harness this_harness = { "bounds", all_options, NULL };

/* One that all share, those too that execute a program; without a name. */
static bool begin_book(void)
{
	char name[80];
	int fd;

	snprintf(name, sizeof(name), "/%s.book", queue);
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return false;
	shm_unlink(name);
	if (fcntl(fd, F_SETFD, 0) < 0 ||
	    ftruncate(fd, (off_t)sizeof(struct book)) < 0)
		return false;
	snprintf(book_fd, sizeof(book_fd), "%d", fd);
	book = map(fd);
	return book != NULL;
}

int main(int argc, char **argv)
{
	static const enum job jobs[WORKERS] = { PRODUCE, CONSUME, PRODUCE,
						CONSUME, CONSUME, CONSUME,
						LIMIT };
	struct procq *first;

	if (argc == 4 && strcmp(argv[1], "--victim") == 0)
		return be_victim(argv[2], argv[3]);
	read_options(&this_harness, argc, argv);
#if !PQ_USE_LINUX
	/* There the orphans of a killed producer can't be ended. */
	skip_all("built without LINUX");
#endif
	alone_begin(options.seed, queue, sizeof(queue), "", "bounds");
	options.limits |= options.leases;
	self = argv[0];
	if (!begin_book())
		return 1;
	note("seed %zu", options.seed);
	/* Keeps the object in being while all workers are dead at once. */
	first = join(PROCQ_ROLE_CONSUMER);
	if (!first)
		return 1;
	for (int i = 0; i < WORKERS; i++)
		workers[i].job = jobs[i];
	storm();
	ok(enough(), "%" PRIu64 " producers, %" PRIu64 " consumers and %" PRIu64
	   " limiters were killed, %" PRIu64 " processes taken",
	   kills[PRODUCE], kills[CONSUME], kills[LIMIT],
	   atomic_load(&book->taken));
	if (options.gap)
		judge_gap();
	judge_limit();
	check_queue(first);
	return done();
}
