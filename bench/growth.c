/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * growth.c - what becomes of the cost when there is more of everything:
 * records, processes alive, memory of the parent, participants.
 *
 *	growth [-r ROUNDS] PRODUCER CONSUMER
 *
 * Uses the rooms of the library for what is about records, for they can't be
 * filled with as many processes; the library's public functions and the
 * programs for the rest.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "handle.h"
#include "record.h"
#include "rounds.h"
#include "take.h"

#define MEGA 1048576

/* By so many programs: how long they may take to join, and to run evenly, and
 * how long they are watched; s, us, s. */
#define START_MAX 10
#define SETTLE 200000
#define WINDOW 1

static const char *producer, *consumer;
static char queue[64];

static struct procq *open_queue(uint32_t role, uint32_t capacity)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	int err;

	o.role = role;
	o.capacity = capacity;
	err = procq_open(&q, queue, &o);
	if (err < 0) {
		fprintf(stderr, "growth: %s\n", procq_strerror(err));
		exit(1);
	}
	return q;
}

/* ---- records ---- */

static bool enter_one(struct procq *q)
{
	struct pq_origin origin = { .incarnation = q->incarnation };
	struct pq_entry entry = { .pid = 1, .ident = 1 };
	uint64_t word, seq;
	int64_t slot = pq_record_reserve(q->seg, q->place + 1, &origin, &word);

	return slot >= 0 && pq_record_enter(q->seg, (uint32_t)slot, word,
					    &entry, &seq);
}

/* What pq_take() does, but for the pin: there is no process. */
static bool take_one(struct procq *q, bool release)
{
	struct pq_segment *seg = q->seg;
	struct pq_hint hint;
	struct pq_snapshot view;
	uint64_t word, to;

	if (pq_take_next(q, &hint, &word) < 0)
		return false;
	pq_record_snapshot(seg, hint.index, word, &view);
	to = pq_word_take(word, q->place + 1);
	if (!pq_record_move(seg, hint.index, &word, to))
		return false;
	pq_record_order(seg, hint.index, hint.position);
	pq_ring_skip(&seg->ready, &hint);
	return !release || pq_record_release(seg, hint.index, q->place, to,
					     PQ_TALLY_RETIRED, true);
}

/* ns for a record's whole life, in a queue that is full of others. */
static double full_queue(const struct contender *c)
{
	struct procq *q = open_queue(PROCQ_ROLE_PRODUCER, (uint32_t)c->number);
	const int cycles = 500000;
	double begun;

	while (enter_one(q))
		;
	begun = bench_now();
	for (int i = 0; i < cycles; i++)
		if (!take_one(q, true) || !enter_one(q))
			bench_die("the queue is not as it was filled");
	begun = bench_now() - begun;
	while (take_one(q, true))
		;
	procq_close(q);
	return begun / cycles * 1e9;
}

/* ---- a parent with much memory ---- */

static void end_all(struct procq *q, const pid_t *pids, int count)
{
	for (int i = 0; i < count; i++)
		bench_signal(pids[i], SIGKILL);
	while (procq_children(q) > 0) {
		procq_wait(q, PROCQ_WAIT_CHILD, procq_now() + 1000000);
		procq_reap(q);
	}
	while (take_one(q, true))
		;
}

/* us for each start, with so many MiB resident. */
static double big_parent(const struct contender *c)
{
	enum { STARTS = 500 };
	static pid_t pids[STARTS];
	size_t size = (size_t)c->number * MEGA;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct procq_command command = { .size = sizeof(command) };
	struct procq *q = open_queue(PROCQ_ROLE_PRODUCER, STARTS);
	struct procq_process p;
	double begun;

	if (memory == MAP_FAILED) {
		procq_close(q);
		return BENCH_MISSING;
	}
	/* Small pages: what most heaps are of. */
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	if (strcmp(c->arg, "fork") == 0)
		command.method = PROCQ_METHOD_FORK;
	begun = bench_now();
	for (int i = 0; i < STARTS; i++) {
		if (procq_spawn(q, &command, &p) < 0)
			bench_die("procq_spawn");
		pids[i] = p.pid;
	}
	begun = bench_now() - begun;
	end_all(q, pids, STARTS);
	procq_close(q);
	munmap(memory, size);
	return begun / STARTS * 1e6;
}

/* ---- many alive ---- */

static long read_number(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0) {
			value = strtol(line + strlen(key), NULL, 10);
			break;
		}
	if (f)
		fclose(f);
	return value;
}

static struct procq *open_onlooker(void)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	double begun = bench_now();
	struct procq *q;

	o.role = PROCQ_ROLE_ONLOOKER;
	o.flags = PROCQ_OPEN_NOCREATE;
	while (procq_open(&q, queue, &o) < 0) {
		if (bench_now() - begun > 10)
			bench_die("no queue");
		usleep(1000);
	}
	return q;
}

static uint64_t deaths(const struct procq_stat *s)
{
	return s->retired + s->exited + s->lost;
}

struct steady {
	int alive;		/* so many are to be there */
	int count;		/* the producer starts so many */
	double age;		/* no younger one is ended; s, or 0 */
	double rate, held;	/* out: deaths a second; present, on average */
};

/* What a producer and a consumer do together, from when as many are there as
 * there are to be, or as there will be, to when the last is started. What is
 * before has no deaths, what is after has no starts. */
static void watch(struct procq *q, struct steady *y)
{
	struct procq_stat s = { 0 }, from = { 0 }, to = { 0 };
	double begun = bench_now(), since = 0, until = 0;
	uint64_t sum = 0;
	int samples = 0;

	while (s.started < (uint64_t)y->count) {
		/* A look goes through all records. */
		usleep(20000 + (unsigned)y->alive);
		procq_stat(q, &s);
		/* It failed; whoever waits for it says so. */
		if (!s.producers && bench_now() - begun > 1)
			break;
		if (deaths(&s) > 0 && since == 0 &&
		    (s.present * 10 >= (uint64_t)y->alive * 9 ||
		     bench_now() - begun > 2 * y->age)) {
			since = bench_now();
			from = s;
		}
		if (since == 0 || s.started >= (uint64_t)y->count)
			continue;
		until = bench_now();
		to = s;
		sum += s.present;
		samples++;
	}
	y->rate = BENCH_FAILED;
	y->held = BENCH_FAILED;
	if (samples < 2)
		return;
	y->rate = (double)(deaths(&to) - deaths(&from)) / (until - since);
	y->held = (double)sum / samples;
}

static void run_steady(struct steady *y)
{
	char n[16], capacity[16], age[32];
	const char *const p[] = { producer, "-q", queue, "-n", n, "-d", "0",
				  "-c", capacity, "--quiet", NULL };
	const char *const e[] = { consumer, "-q", queue, "-d", "0", "--drain",
				  "--quiet", y->age > 0 ? "-a" : NULL, age,
				  NULL };
	struct procq *q;
	pid_t first, second;

	snprintf(n, sizeof(n), "%d", y->count);
	/* With an age, the capacity is not to be what bounds the rate. */
	snprintf(capacity, sizeof(capacity), "%d",
		 y->age > 0 ? y->alive + y->alive / 4 : y->alive);
	snprintf(age, sizeof(age), "%.6f", y->age);
	first = bench_start(p);
	q = open_onlooker();
	second = bench_start(e);
	watch(q, y);
	procq_close(q);
	bench_finish(first, "producer");
	bench_finish(second, "consumer");
}

/* What the last round of each number found; the first number's rate says what
 * age lets so many gather. */
static double held[ROUNDS_MAX * 4];
static int held_count, held_told;

/* Deaths a second, while about so many are alive. With 16 the capacity alone
 * bounds them; of more, each is let grow as old as it takes the pair, at its
 * rate with 16, to start so many. */
static double many_alive(const struct contender *c)
{
	static double base = 25000;
	struct steady y = { .alive = c->number, .count = 40000 };

	held[held_count++] = BENCH_MISSING;
	if (read_number("/proc/sys/kernel/pid_max", "") <
	    c->number + c->number / 4 + 9000)
		return BENCH_MISSING;
	if (c->number > 16) {
		y.count += 2 * c->number;
		y.age = c->number / base;
	}
	run_steady(&y);
	if (c->number == 16 && y.rate > 0)
		base = y.rate;
	held[held_count - 1] = y.held;
	return y.rate;
}

/* How many there were in that round. */
static double were_alive(const struct contender *c)
{
	(void)c;
	return held[held_told++];
}

/* ---- memory of each living process ---- */

/* What the kernel has given away, in KiB. */
struct given {
	long user, kernel;
};

static void given_away(struct given *g)
{
	static const char *const keys[] = { "Slab:", "KernelStack:",
					    "PageTables:" };

	g->user = read_number("/proc/meminfo", "AnonPages:");
	g->kernel = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		g->kernel += read_number("/proc/meminfo", keys[i]);
}

/* What the kernel keeps about each, of what memory_each() found last. */
static double kernel_part;

static double memory_each(const struct contender *c)
{
	enum { ALIVE = 8000 };
	static pid_t pids[ALIVE];
	static const char *const sleeping[] = { "sleep", "1000", NULL };
	struct procq_command command = { .size = sizeof(command) };
	struct procq *q = open_queue(PROCQ_ROLE_PRODUCER, ALIVE);
	struct procq_process p;
	struct given before, after;

	if (strcmp(c->arg, "fork") == 0)
		command.method = PROCQ_METHOD_FORK;
	else if (strcmp(c->arg, "sleep") == 0)
		command.argv = sleeping;
	sleep(1);
	given_away(&before);
	for (int i = 0; i < ALIVE; i++) {
		if (procq_spawn(q, &command, &p) < 0)
			bench_die("procq_spawn");
		pids[i] = p.pid;
	}
	sleep(1);
	given_away(&after);
	end_all(q, pids, ALIVE);
	procq_close(q);
	kernel_part = (double)(after.kernel - before.kernel) / ALIVE;
	return (double)(after.user - before.user) / ALIVE + kernel_part;
}

static double kernel_each(const struct contender *c)
{
	(void)c;
	return kernel_part;
}

/* ---- participants ---- */

/* Until so many producers and as many consumers sit on the queue. */
static void await_programs(struct procq *q, uint32_t number)
{
	const double until = bench_now() + START_MAX;
	struct procq_stat s;

	do {
		usleep(10000);
		if (bench_now() > until) {
			fputs("bench: the programs do not start\n", stderr);
			exit(1);
		}
		procq_stat(q, &s);
	} while (s.producers < number || s.consumers < number);
}

/* Processes per second, by so many producers and as many consumers, while all
 * of them are at it: to start 64 programs takes a while. */
static double many_programs(const struct contender *c)
{
	const char *const p[] = { producer, "-q", queue, "-d", "0", "-c", "64",
				  "--quiet", NULL };
	const char *const e[] = { consumer, "-q", queue, "-d", "0", "--quiet",
				  NULL };
	struct procq_stat from, to;
	pid_t pids[2 * 32];
	double begun, lasted;
	struct procq *q;

	for (int i = 0; i < c->number; i++) {
		pids[2 * i] = bench_start(p);
		pids[2 * i + 1] = bench_start(e);
	}
	q = open_onlooker();
	await_programs(q, (uint32_t)c->number);
	usleep(SETTLE);
	procq_stat(q, &from);
	begun = bench_now();
	sleep(WINDOW);
	procq_stat(q, &to);
	lasted = bench_now() - begun;
	procq_close(q);
	for (int i = 0; i < 2 * c->number; i++)
		bench_stop(pids[i], i % 2 ? "consumer" : "producer");
	return (double)(deaths(&to) - deaths(&from)) / lasted;
}

/* ---- a sweep ---- */

/* ms from the death of one that has taken 1,000 of 1,048,576 records to the
 * last one's being back, where somebody waits. */
static double sweep(const struct contender *c)
{
	enum { TAKEN = 1000 };
	struct procq *q = open_queue(PROCQ_ROLE_PRODUCER, (uint32_t)c->number);
	struct procq_stat s;
	double begun;
	int ready[2];
	char byte;
	pid_t pid;

	while (enter_one(q))
		;
	if (pipe(ready) < 0 || (pid = fork()) < 0)
		bench_die("fork");
	if (pid == 0) {
		q = open_queue(PROCQ_ROLE_CONSUMER, 0);
		for (int i = 0; i < TAKEN; i++)
			take_one(q, false);
		if (write(ready[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		bench_die("read");
	bench_signal(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	begun = bench_now();
	do {
		procq_wait(q, PROCQ_WAIT_ROOM, PROCQ_FOREVER);
		procq_stat(q, &s);
	} while (s.returned < TAKEN);
	begun = bench_now() - begun;
	close(ready[0]);
	close(ready[1]);
	while (take_one(q, true))
		;
	procq_close(q);
	return begun * 1e3;
}

/* ---- nothing to do ---- */

static double nanoseconds_of(pid_t pid)
{
	char path[64];
	FILE *f;
	double ns = 0;

	snprintf(path, sizeof(path), "/proc/%ld/schedstat", (long)pid);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%lf", &ns) != 1)
			ns = 0;
		fclose(f);
	}
	return ns;
}

static double consumer_idle;

/* % of a core, by the producer of a full queue and by a consumer for whom
 * nothing is old enough; both at once, for they don't meet. */
static double producer_idle(const struct contender *c)
{
	const char *const p[] = { producer, "-q", queue, "-d", "0", "-c", "16",
				  "--quiet", NULL };
	const char *const e[] = { consumer, "-q", queue, "-a", "1h",
				  "--quiet", NULL };
	pid_t first = bench_start(p), second;
	double a, b;

	sleep(1);
	second = bench_start(e);
	sleep(1);
	a = nanoseconds_of(first);
	b = nanoseconds_of(second);
	sleep((unsigned)c->number);
	a = nanoseconds_of(first) - a;
	b = nanoseconds_of(second) - b;
	bench_stop(second, "consumer");
	bench_stop(first, "producer");
	consumer_idle = b / c->number / 1e9 * 100;
	return a / c->number / 1e9 * 100;
}

/* What was measured with the producer. */
static double consumer_too(const struct contender *c)
{
	(void)c;
	return consumer_idle;
}

/* ---- memory of the programs ---- */

/* Private memory, without the queue's object: that is shared memory, which
 * the kernel calls private while only one process has touched it. */
static long private_kib(pid_t pid)
{
	char path[64], line[512];
	long sum = 0, value;
	bool counts = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		/* A mapping begins with its addresses, in hexadecimal. */
		if (strspn(line, "0123456789abcdef") == strcspn(line, "-"))
			counts = !strstr(line, "/dev/shm/");
		else if (counts &&
			 sscanf(line, "Private_%*[^:]: %ld", &value) == 1)
			sum += value;
	}
	fclose(f);
	return sum;
}

#define MEMORY "memory at capacity 100,000"

/* As many as are to be there, or what is there after a while. */
static void await_queued(struct procq *q, uint64_t count,
			 struct procq_stat *s)
{
	const double until = bench_now() + 60;

	for (;;) {
		procq_stat(q, s);
		if (s->states[PROCQ_STATE_QUEUED] >= count ||
		    bench_now() > until)
			return;
		usleep(100000);
	}
}

static void tell_memory(const struct procq_stat *s, pid_t first, pid_t second)
{
	rounds_tell(MEMORY, "shared", "bytes per record",
		    (double)s->bytes / s->capacity);
	rounds_tell(MEMORY, "processes queued", "",
		    (double)s->states[PROCQ_STATE_QUEUED]);
	rounds_tell(MEMORY, "producer, private", "KiB",
		    (double)private_kib(first));
	rounds_tell(MEMORY, "consumer, private", "KiB",
		    (double)private_kib(second));
}

/* Both programs on a queue of 100,000, with as many processes in it as the
 * system has pids for; then another consumer ends all. */
static void memory(void)
{
	char n[32];
	long max = read_number("/proc/sys/kernel/pid_max", "");
	long count = max > 120000 ? 100000 : max / 2;
	const char *const p[] = { producer, "-q", queue, "-n", n, "-d", "0",
				  "-c", "100000", "--quiet", NULL };
	const char *const e[] = { consumer, "-q", queue, "-d", "0", "-a",
				  "1h", "--drain", "--quiet", NULL };
	const char *const all[] = { consumer, "-q", queue, "-d", "0",
				    "--drain", "--quiet", NULL };
	pid_t first, second, third;
	struct procq_stat s;
	struct procq *q;

	if (count <= 0)
		return;
	snprintf(n, sizeof(n), "%ld", count);
	first = bench_start(p);
	q = open_onlooker();
	second = bench_start(e);
	await_queued(q, (uint64_t)count, &s);
	tell_memory(&s, first, second);
	procq_close(q);
	third = bench_start(all);
	bench_finish(first, "producer");
	bench_finish(second, "consumer");
	bench_finish(third, "second consumer");
}

/* ---- all of them ---- */

static struct contender capacities[] = {
	{ .name = "capacity 16", .run = full_queue, .number = 16 },
	{ .name = "capacity 1", .run = full_queue, .number = 1 },
	{ .name = "capacity 256", .run = full_queue, .number = 256 },
	{ .name = "capacity 4,096", .run = full_queue, .number = 4096 },
	{ .name = "capacity 65,536", .run = full_queue, .number = 65536 },
	{ .name = "capacity 1,048,576", .run = full_queue, .number = MEGA },
};

static struct contender parents[] = {
	{ .name = "1 MiB, default", .run = big_parent, .number = 1,
	  .arg = "auto" },
	{ .name = "500 MiB, default", .run = big_parent, .number = 500,
	  .arg = "auto" },
	{ .name = "1 MiB, fork", .run = big_parent, .number = 1,
	  .arg = "fork" },
	{ .name = "500 MiB, fork", .run = big_parent, .number = 500,
	  .arg = "fork" },
};

static struct contender alive[] = {
	{ .name = "16 alive", .run = many_alive, .number = 16 },
	{ .name = "1,000 alive", .run = many_alive, .number = 1000 },
	{ .name = "10,000 alive", .run = many_alive, .number = 10000 },
	{ .name = "100,000 alive", .run = many_alive, .number = 100000 },
};

/* In the same order. */
static struct contender then[] = {
	{ .name = "16 alive", .run = were_alive },
	{ .name = "1,000 alive", .run = were_alive },
	{ .name = "10,000 alive", .run = were_alive },
	{ .name = "100,000 alive", .run = were_alive },
};

/* Each followed by its part. */
static struct contender each[] = {
	{ .name = "idle, fork", .run = memory_each, .arg = "fork" },
	{ .name = "idle, fork: of which kernel", .run = kernel_each },
	{ .name = "idle, default", .run = memory_each, .arg = "auto" },
	{ .name = "idle, default: of which kernel", .run = kernel_each },
	{ .name = "sleep 1000", .run = memory_each, .needs = "sleep",
	  .arg = "sleep" },
	{ .name = "sleep 1000: of which kernel", .run = kernel_each,
	  .needs = "sleep" },
};

static struct contender programs[] = {
	{ .name = "1 producer, 1 consumer", .run = many_programs,
	  .number = 1 },
	{ .name = "2 and 2", .run = many_programs, .number = 2 },
	{ .name = "4 and 4", .run = many_programs, .number = 4 },
	{ .name = "8 and 8", .run = many_programs, .number = 8 },
	{ .name = "16 and 16", .run = many_programs, .number = 16 },
	{ .name = "32 and 32", .run = many_programs, .number = 32 },
};

static struct contender sweeps[] = {
	{ .name = "capacity 1,024", .run = sweep, .number = 1024 },
	{ .name = "capacity 1,048,576", .run = sweep, .number = MEGA },
};

static struct contender idle[] = {
	{ .name = "producer, queue full", .run = producer_idle, .number = 5 },
	{ .name = "consumer, none old enough", .run = consumer_too },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(int argc, char **argv)
{
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "r:")) != -1) {
		if (option != 'r')
			return 2;
		rounds = bench_number(optarg, ROUNDS_MAX);
	}
	if (argc - optind != 2) {
		fputs("usage: growth [-r ROUNDS] PRODUCER CONSUMER\n", stderr);
		return 2;
	}
	producer = argv[optind];
	consumer = argv[optind + 1];
	snprintf(queue, sizeof(queue), "/procq.bench.%ld", (long)getpid());
	rounds_run("a record's life in a full queue", "ns", capacities,
		   COUNT(capacities));
	rounds_run("starting from a parent with resident memory", "us",
		   parents, COUNT(parents));
	rounds_run("while so many are alive", "processes per second", alive,
		   COUNT(alive));
	rounds_run("so many were alive then", "processes", then, COUNT(then));
	rounds_run("memory of each living process", "KiB", each, COUNT(each));
	/* What the scheduler does with them differs more from round to round. */
	rounds_run_more(3, "by so many programs", "processes per second",
			programs, COUNT(programs));
	rounds_run("after a kill, until all is mended", "ms", sweeps,
		   COUNT(sweeps));
	rounds_run("with nothing to do", "% of a core", idle, COUNT(idle));
	memory();
	return 0;
}
