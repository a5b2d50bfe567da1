/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounds.c - contenders side by side; see rounds.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rounds.h"

/* Numbers above it are not given out by themselves. */
#define FILES_MAX 1024

int rounds = 7;

void bench_begin(void)
{
	for (int fd = STDERR_FILENO + 1; fd < FILES_MAX; fd++)
		close(fd);
}

double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

_Noreturn void bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

int bench_number(const char *text, int max)
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

bool bench_has(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	while (path && *path) {
		size_t n = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, program);
		if (access(file, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

void bench_signal(pid_t pid, int signo)
{
	if (pid <= 1)
		bench_die("cannot start a process");
	kill(pid, signo);
}

pid_t bench_start(const char *const *argv)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
#if defined __linux__
	/* If the bench dies, for another program failed, so does this one. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

void bench_finish(pid_t pid, const char *name)
{
	int status = -1;

	if (waitpid(pid, &status, 0) == pid && status == 0)
		return;
	fprintf(stderr, "bench: %s failed: status %#x\n", name,
		(unsigned)status);
	exit(1);
}

bool bench_shell(const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	pid_t pid = bench_start(argv);
	int status;

	return waitpid(pid, &status, 0) == pid && status == 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double rounds_median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2]
			 : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static FILE *open_report(void)
{
	const char *file = getenv("BENCH_REPORT");

	return file && *file ? fopen(file, "a") : NULL;
}

static void report_missing(const char *group, const char *unit,
			   const struct contender *c)
{
	FILE *f = open_report();
	char why[48] = "not to be had here";

	if (c->failed)
		snprintf(why, sizeof(why), "failed in round %d of %d",
			 c->failed, rounds);
	printf("%-46s skipped: %s\n", c->name, why);
	if (!f)
		return;
	fprintf(f, "%s\t%s\t%s\t%s\t\t\t-\n", group, c->name, unit, why);
	fclose(f);
}

static void report_row(const char *group, const char *unit,
		       const struct contender *c, double median,
		       const char *ratio)
{
	double least = c->values[0], most = c->values[rounds - 1];
	FILE *f = open_report();

	printf("%-46s %9.4g %9.4g %9.4g %7s\n", c->name, median, least, most,
	       ratio);
	if (!f)
		return;
	fprintf(f, "%s\t%s\t%s\t%.6g\t%.6g\t%.6g\t%s\n", group, c->name, unit,
		median, least, most, ratio);
	fclose(f);
}

static void print_row(const char *group, const char *unit,
		      struct contender *c, const double *base)
{
	double ratios[ROUNDS_MAX];
	char ratio[32] = "-";
	int count = 0;

	if (c->missing) {
		report_missing(group, unit, c);
		return;
	}
	for (int i = 0; base && i < rounds; i++)
		if (base[i] > 0)
			ratios[count++] = c->values[i] / base[i];
	if (count > 0)
		snprintf(ratio, sizeof(ratio), "%.3g",
			 rounds_median(ratios, count));
	report_row(group, unit, c, rounds_median(c->values, rounds), ratio);
}

static void run_one(struct contender *c, int round)
{
	double value = BENCH_MISSING;

	if (!c->needs || bench_has(c->needs))
		value = c->run(c);
	c->values[round] = value;
	if (value >= 0)
		return;
	c->missing = true;
	if (value <= BENCH_FAILED)
		c->failed = round + 1;
}

void rounds_run(const char *group, const char *unit, struct contender *all,
		size_t count)
{
	double base[ROUNDS_MAX];

	for (int r = 0; r < rounds; r++)
		for (size_t i = 0; i < count; i++)
			if (!all[i].missing)
				run_one(&all[i], r);
	memcpy(base, all[0].values, sizeof(base));
	printf("\n%-46s %9s %9s %9s %7s\n", group, "median", "least", "most",
	       "ratio");
	printf("%s; %d rounds\n", unit, rounds);
	for (size_t i = 0; i < count; i++)
		print_row(group, unit, &all[i], all[0].missing ? NULL : base);
	fflush(stdout);
}

void rounds_run_more(int times, const char *group, const char *unit,
		     struct contender *all, size_t count)
{
	int given = rounds;

	rounds = given * times < ROUNDS_MAX ? given * times : ROUNDS_MAX;
	rounds_run(group, unit, all, count);
	rounds = given;
}
