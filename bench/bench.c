/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.c - how many processes per second, side by side, in one run.
 *
 *	bench [-n PROCESSES] [-r ROUNDS] PRODUCER CONSUMER
 *
 * Rounds are interleaved, so that a machine that grows slower slows all of
 * them. Prints the median of each contender, its spread, and ratios; asserts
 * nothing. Must not use the library: it measures the programs as users run
 * them, against what users would write instead.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 101
#define STACK_SIZE 16384

static const char *producer, *consumer;
static char queue[64];
static int processes = 20000;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the peers: what one would write without procq ---- */

static void end_child(pid_t pid)
{
	if (pid <= 0)
		die("cannot start a process");
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid");
}

static void bare_fork(void)
{
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		end_child(pid);
	}
}

#if defined __linux__
static int pause_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static void bare_clone(void)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));

	for (int i = 0; i < processes; i++)
		end_child(clone(pause_for_ever, stack + sizeof(stack),
				CLONE_VM | SIGCHLD, NULL));
}
#endif

/* ---- procq: two programs ---- */

static pid_t run(const char *const *argv)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
	}
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void wait_for(pid_t pid, const char *name)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bench: %s failed: status %#x\n", name,
			(unsigned)status);
		exit(1);
	}
}

static void churn(const char *spawn)
{
	char n[16];
	const char *const p[] = { producer, "-q", queue, "-n", n, "-d", "0",
				  "-c", "64", "--quiet", spawn, NULL };
	const char *const c[] = { consumer, "-q", queue, "-d", "0", "--drain",
				  "--quiet", NULL };
	pid_t first, second;

	snprintf(n, sizeof(n), "%d", processes);
	first = run(p);
	second = run(c);
	wait_for(first, "producer");
	wait_for(second, "consumer");
}

static void procq_fork(void)
{
	churn("--spawn=fork");
}

static void procq_default(void)
{
	churn("--spawn=auto");
}

/* ---- rounds ---- */

static struct contender {
	const char *name;
	void (*run)(void);
	double rates[ROUNDS_MAX];
} contenders[] = {
	{ "bare loop: fork, SIGKILL, wait", bare_fork, { 0 } },
#if defined __linux__
	{ "bare loop: clone(CLONE_VM), SIGKILL, wait", bare_clone, { 0 } },
#endif
	{ "procq --spawn=fork", procq_fork, { 0 } },
	{ "procq", procq_default, { 0 } },
};

#define CONTENDERS (sizeof(contenders) / sizeof(*contenders))

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print_table(int rounds)
{
	double base = 0;

	printf("%-44s %9s %9s %9s %7s\n", "processes per second", "median",
	       "least", "most", "ratio");
	for (size_t i = 0; i < CONTENDERS; i++) {
		double *rates = contenders[i].rates;

		qsort(rates, (size_t)rounds, sizeof(*rates), by_value);
		if (i == 0)
			base = rates[rounds / 2];
		printf("%-44s %9.0f %9.0f %9.0f %7.2f\n", contenders[i].name,
		       rates[rounds / 2], rates[0], rates[rounds - 1],
		       rates[rounds / 2] / base);
	}
}

/* ---- memory ---- */

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

static long pid_max(void)
{
	FILE *f = fopen("/proc/sys/kernel/pid_max", "r");
	long max = 0;

	if (f) {
		if (fscanf(f, "%ld", &max) != 1)
			max = 0;
		fclose(f);
	}
	return max;
}

/* Both programs on a queue of 100,000, with as many processes in it as the
 * system has pids for; then all are ended. */
static void memory(void)
{
	char n[32];
	long alive = pid_max() > 120000 ? 100000 : pid_max() / 2;
	const char *const p[] = { producer, "-q", queue, "-n", n, "-d", "0",
				  "-c", "100000", "--quiet", NULL };
	const char *const c[] = { consumer, "-q", queue, "-d", "0", "-a",
				  "12s", "--drain", "--quiet", NULL };
	pid_t first, second;
	struct stat st;
	char path[128];

	if (alive <= 0)
		return;
	snprintf(n, sizeof(n), "%ld", alive);
	first = run(p);
	second = run(c);
	sleep(8);
	snprintf(path, sizeof(path), "/dev/shm%s", queue);
	if (stat(path, &st) == 0)
		printf("shared memory at capacity 100,000: %.1f bytes per "
		       "record\n", (double)st.st_size / 100000);
	printf("private memory with %ld idle processes: producer %ld KiB, "
	       "consumer %ld KiB\n", alive, private_kib(first),
	       private_kib(second));
	fflush(stdout);
	wait_for(first, "producer");
	wait_for(second, "consumer");
}

static int number(const char *text, int max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > max) {
		fprintf(stderr, "bench: '%s': a number from 1 to %d\n", text,
			max);
		exit(2);
	}
	return (int)value;
}

int main(int argc, char **argv)
{
	int rounds = 7, option;

	while ((option = getopt(argc, argv, "n:r:")) != -1) {
		if (option == 'n')
			processes = number(optarg, 100000000);
		else if (option == 'r')
			rounds = number(optarg, ROUNDS_MAX);
		else
			return 2;
	}
	if (argc - optind != 2) {
		fputs("usage: bench [-n N] [-r ROUNDS] PRODUCER CONSUMER\n",
		      stderr);
		return 2;
	}
	producer = argv[optind];
	consumer = argv[optind + 1];
	snprintf(queue, sizeof(queue), "/procq.bench.%ld", (long)getpid());
	printf("%d rounds of %d processes each, interleaved; capacity 64\n",
	       rounds, processes);
	fflush(stdout);
	for (int r = 0; r < rounds; r++)
		for (size_t i = 0; i < CONTENDERS; i++) {
			double begun = now();

			contenders[i].run();
			contenders[i].rates[r] = processes / (now() - begun);
		}
	print_table(rounds);
	fflush(stdout);
	memory();
	return 0;
}
