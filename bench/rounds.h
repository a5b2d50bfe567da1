/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rounds.h - contenders side by side: interleaved rounds, a table, and lines
 * for the report. Asserts nothing, and knows no contender.
 *
 * Rounds are interleaved, so that a machine that grows slower slows all of
 * them. A contender's ratio is the median of its ratios to the first one,
 * round by round.
 */
#ifndef BENCH_ROUNDS_H
#define BENCH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ROUNDS_MAX 101

/* What a round returns instead of a figure. Either way the contender is left
 * out from then on, aloud, and the others go on. */
#define BENCH_MISSING (-1.0)	/* it can't be had here */
#define BENCH_FAILED (-2.0)	/* it is here, and did not do its work */

struct contender {
	const char *name;
	/* One round: what it measured, in the table's unit, or one of the
	 * two above. */
	double (*run)(const struct contender *);
	/* A program without which it can't be had, or NULL. */
	const char *needs;
	/* For run: what it does, how often, with what. */
	void (*work)(int);
	const int *count;
	const char *arg;
	int number;
	bool missing;
	int failed;			/* in this round, from 1, or 0 */
	double values[ROUNDS_MAX];
};

/* How many. */
extern int rounds;

/* First of all. Whoever runs this may have left files open, and every process
 * that is started copies the table of them up to the highest number. */
void bench_begin(void);

double bench_now(void);			/* s */
_Noreturn void bench_die(const char *what);

/* A decimal number from 1 to max, or the end of the program. */
int bench_number(const char *text, int max);

/* Is this program on the PATH? */
bool bench_has(const char *program);

/* kill(), but never of everybody or of a group: a number that is no process
 * of one's own ends the program. */
void bench_signal(pid_t pid, int signo);

/* Start a program with its output thrown away; wait for it to succeed. */
pid_t bench_start(const char *const *argv);
void bench_finish(pid_t pid, const char *name);
/* The same with a shell's command. False: it failed. */
bool bench_shell(const char *command);

/**
 * Run all contenders, and print their table; the first is what the others are
 * compared with. If the environment has BENCH_REPORT, a file, the rows are
 * appended to it: group, name, unit, median, least, most, ratio; separated by
 * tabs. Of one that is left out the reason is told instead of the median, and
 * a ratio that there is not is "-".
 */
void rounds_run(const char *group, const char *unit, struct contender *all,
		size_t count);

/* The same in so many times as many rounds, ROUNDS_MAX at most. */
void rounds_run_more(int times, const char *group, const char *unit,
		     struct contender *all, size_t count);

double rounds_median(double *values, int count);

#endif
