/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - what a run of producer and a run of consumer have in common: the
 * options both have, lines, statistics, progress, and the end.
 *
 * Must not start, take or end a process: that is where the two differ.
 */
#ifndef RUN_H
#define RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "distribution.h"
#include "options.h"
#include "output.h"
#include "procq.h"
#include "program.h"
#include "progress.h"
#include "summary.h"

/* Options without a letter: a program's own begin at OPT_OWN. */
enum {
	OPT_SEED = OPT_RUN,
	OPT_WAIT,
	OPT_FORMAT,
	OPT_JSON,
	OPT_QUIET,
	OPT_NO_SUMMARY,
	OPT_VERBOSE,
	OPT_PROGRESS,
	OPT_NO_PROGRESS,
	OPT_OWN
};

/* Prints a summary: summary_print_started() or summary_print_retired(). */
typedef void run_printer(const struct summary *s, FILE *f,
			 const char *program, int64_t elapsed, uint64_t seed);

struct run {
	/* From the options. */
	const char *queue;
	const char *file;		/* NULL: standard output */
	enum output_format format;
	enum progress_wish progress_wish;
	bool quiet;			/* no lines */
	bool no_summary;
	bool verbose;
	bool counted;			/* count is given */
	bool timed;			/* duration is given */
	bool waits;			/* wait is given */
	bool seeded;
	bool delayed;			/* delay is given */
	uint64_t count;
	uint64_t seed;
	int64_t duration;		/* ns */
	int64_t wait;			/* ns */
	struct distribution delay;

	/* While it runs. */
	struct procq *q;
	bool joined;			/* … has been open */
	run_printer *printer;
	struct output out;
	struct generator random;
	struct progress progress;
	struct summary summary;
	sigset_t mask;			/* with which the program started */
	int64_t begun;
	int64_t until;			/* PROCQ_FOREVER, or the end of -t */
	uint64_t swept;			/* repairs that were told of */
	uint64_t returned;
	int64_t repairs_told;
	int status;			/* how it will exit */
	bool broken;			/* lines can't be written any more */
	bool pipe_closed;		/* … because nobody reads them */
};

/* Defaults. */
void run_init(struct run *r, run_printer *printer);
/* Take an option that both have. Returns false if it is none of them. */
bool run_option(struct run *r, int c, const char *arg);
/** All options for getopt_long(): the program's own, with the help of those
 * about pace, and the others that both have. */
void run_choose(struct choices *all, const struct choice *own);
/** The rest of --help, from the options on; and exit. */
_Noreturn void run_help(const struct choice *own);
/* After the options: signals, output, seed, clock. */
void run_begin(struct run *r);
/*
 * Join the queue, however long another process takes to set it up, but not
 * against the user's signals.
 *
 * Returns 0 or what procq_open() said; -EINTR: it was stopped; -ENOSYS: there
 * is no shared memory here that a queue could be in.
 */
int run_open(struct run *r, struct procq_options *options);
/* What came of writing a line. */
void run_written(struct run *r, int err);
/* Shall it stop, by a signal or because nobody hears it? */
bool run_stopped(const struct run *r);
/* Has the time of -t come? */
bool run_timed_out(const struct run *r, int64_t now);
/* SIGUSR1 and the progress line. */
void run_tick(struct run *r, uint64_t done, int64_t now);
/* For --verbose: was there something to repair since the last time? last:
 * there will be no later time. */
void run_tell_repairs(struct run *r, bool last);
/* A pause before the next start or take. */
int64_t run_draw_delay(struct run *r);
/* Report something that went wrong: the run will exit with status, unless
 * there was something before. */
void run_fail(struct run *r, int status);
/* The last thing: summary, output closed, death by the signal that stopped
 * it, or the exit status. */
int run_end(struct run *r);

#endif
