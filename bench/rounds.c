/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounds.c - contenders side by side; see rounds.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

pid_t bench_start(const char *const *argv)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
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
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bench: %s failed: status %#x\n", name,
			(unsigned)status);
		exit(1);
	}
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

static void report(const char *group, const char *name, const char *unit,
		   double median, double least, double most, double ratio)
{
	const char *file = getenv("BENCH_REPORT");
	FILE *f = file && *file ? fopen(file, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%s\t%s\t%s\t%.6g\t%.6g\t%.6g\t%.4g\n", group, name, unit,
		median, least, most, ratio);
	fclose(f);
}

static void print_row(const char *group, const char *unit,
		      struct contender *c, const double *base)
{
	double ratios[ROUNDS_MAX], median, ratio;

	if (c->missing) {
		printf("%-46s skipped: not to be had here\n", c->name);
		return;
	}
	for (int i = 0; i < rounds; i++)
		ratios[i] = base && base[i] > 0 ? c->values[i] / base[i] : 0;
	ratio = rounds_median(ratios, rounds);
	median = rounds_median(c->values, rounds);
	printf("%-46s %9.4g %9.4g %9.4g %7.3g\n", c->name, median,
	       c->values[0], c->values[rounds - 1], ratio);
	report(group, c->name, unit, median, c->values[0],
	       c->values[rounds - 1], ratio);
}

void rounds_run(const char *group, const char *unit, struct contender *all,
		size_t count)
{
	double base[ROUNDS_MAX];

	for (int r = 0; r < rounds; r++)
		for (size_t i = 0; i < count; i++) {
			if (all[i].missing)
				continue;
			all[i].values[r] = all[i].run(&all[i]);
			all[i].missing = all[i].values[r] < 0;
		}
	memcpy(base, all[0].values, sizeof(base));
	printf("\n%-46s %9s %9s %9s %7s\n", group, "median", "least", "most",
	       "ratio");
	printf("%s; %d rounds\n", unit, rounds);
	for (size_t i = 0; i < count; i++)
		print_row(group, unit, &all[i], all[0].missing ? NULL : base);
	fflush(stdout);
}

void rounds_tell(const char *group, const char *name, const char *unit,
		 double value)
{
	printf("%s: %s: %.4g %s\n", group, name, value, unit);
	fflush(stdout);
	report(group, name, unit, value, value, value, 0);
}

void rounds_note(const char *group, const char *name, const char *unit,
		 const char *format, ...)
{
	const char *file = getenv("BENCH_REPORT");
	FILE *f = file && *file ? fopen(file, "a") : NULL;
	va_list args;

	if (!f)
		return;
	fprintf(f, "%s\t%s\t%s\t", group, name, unit);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fputc('\n', f);
	fclose(f);
}
