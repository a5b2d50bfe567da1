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
#include "fleet-start.h"
#include "hint.h"
#include "jobs.h"
#include "options.h"
#include "output.h"
#include "procq.h"
#include "program.h"
#include "progress.h"
#include "summary.h"
#include "writer.h"

/* Options without a letter; a program's own begin at OPT_OWN. */
enum {
	OPT_SEED = OPT_RUN,
	OPT_WAIT,
	OPT_FORMAT,
	OPT_JSON,
	OPT_QUIET,
	OPT_SUMMARY,
	OPT_NO_SUMMARY,
	OPT_VERBOSE,
	OPT_PROGRESS,
	OPT_NO_PROGRESS,
	OPT_TIME,
	OPT_NO_HINTS,
	OPT_FLEET,
	OPT_FLEET_INSECURE,
	OPT_OWN
};

/* Is called with the end of a process of a producer. */
typedef void run_death(void *arg, const struct procq_event *e);

struct run {
	/* From the options. */
	const char *queue;
	const char *file;		/* NULL: standard output */
	enum output_format format;
	enum progress_wish progress_wish;
	bool quiet;			/* no lines */
	enum summary_form summary_form;
	bool no_hints;
	bool verbose;
	bool counted;			/* count is given */
	bool timed;			/* duration is given */
	bool waits;			/* wait is given */
	bool seeded;
	bool delayed;			/* delay is given */
	bool commands;			/* a producer's: not idle ones */
	bool at_once;			/* nothing waits behind a line: write
					 * each as it comes */
	uint64_t count;
	uint64_t seed;
	int64_t duration;		/* ns */
	int64_t wait;			/* ns */
	struct distribution delay;

	struct fleet_start fleet;

	/* While it runs. */
	struct procq *q;
	bool joined;			/* q was open once */
	bool producer;			/* else, a consumer */
	run_death *died;		/* called with each death; or NULL */
	void *died_arg;
	struct output out;
	struct writer lines;		/* out's, if its reader may not read */
	struct writer messages;		/* standard error's, likewise */
	struct jobs jobs;		/* a producer's */
	uint64_t commands_failed;	/* on their own */
	bool cut_off;			/* see tenure.h: the lease is over … */
	bool starts_nothing;		/* … so nothing is to be started … */
	bool ends_all;			/* … and all are to be ended */
	bool fence_known;		/* it was looked at, and … */
	uint64_t fence;			/* … this is the one that is known */
	bool fenced;			/* the slots were taken back since */
	bool by_lease;			/* what is being ended is for that */
	bool consumed;			/* a consumer is attached, as of … */
	int64_t look_again;		/* … the look before this one */
	struct generator random;
	struct hints hints;
	struct progress progress;
	sigset_t mask;			/* when the program started */
	int64_t begun;
	int64_t until;			/* PROCQ_FOREVER, or the end of -t */
	uint64_t swept;			/* repairs reported up to now */
	uint64_t returned;
	int64_t repairs_reported;	/* when */
	int status;			/* the exit status */
	bool removed;			/* the queue's object has lost its name */
	bool broken;			/* lines can't be written any more */
	bool pipe_closed;		/* … because the reader is gone */
	bool lost;			/* its place in the queue is */

	/* Large: behind what each start writes. */
	struct summary summary;
};

/** Set the defaults.
 * @param r all zero. The summary in it is large, and what is never written to,
 *        a fork need not copy. */
void run_init(struct run *r, bool producer);
/** Handle an option that both have. @retval false it is none of these */
bool run_option(struct run *r, int c, const char *arg);
/** All options for getopt_long(): of a program's table, which has those about
 * pace, too, because their help differs; and the others that both have. */
void run_choose(struct choices *all, const struct choice *own);
/** Print --help from the options to the end, and exit. */
_Noreturn void run_help(const struct choice *own);
/** After the options: signals, output, seed, clock. */
void run_begin(struct run *r);
/**
 * Join the queue. If another process is setting it up, wait for that, until a
 * signal asks to stop.
 * @retval -EINTR a signal asked to stop
 * @retval -ENOSYS there is no POSIX shared memory here
 * @return else as procq_open()
 */
int run_open(struct run *r, struct procq_options *options);
/** Handle what a write of a line returned. */
void run_written(struct run *r, int err);
/** Report that the death of a process can't be confirmed, as an
 * ending_report(). */
void run_unconfirmed(struct run *r, const struct ending *e, int err);
/** Sleep, as procq_wait(). If the place in the queue is lost, or its object is
 * removed, say so: then the run is to stop; without a place, it is to wait for
 * nothing more. */
void run_wait(struct run *r, unsigned what, int64_t deadline);
/** It waits for this, of which there are n (HINT_AGE: for n ns): say so, if it
 * is time to. HINT_NONE: it waits for nothing. run_wait() does not sleep beyond
 * the next hint. */
void run_hint(struct run *r, enum hint what, uint64_t n);
/** A call of the library said -EIDRM: complain, once, and fail. */
void run_removed(struct run *r);
/** Should the run stop: did a signal ask, can't lines be written, is the place
 * lost or the queue's object removed? */
bool run_stopped(struct run *r);
/** Can what is begun now be reported? If not, the readers of lines or messages
 * do not read, and a later procq_wait() ends when they do. */
bool run_can_report(struct run *r);
/** Is the time of -t over? */
bool run_timed_out(const struct run *r, int64_t now);
/** Handle SIGUSR1 and SIGUSR2, and show the progress line. */
void run_tick(struct run *r, uint64_t done, int64_t now);
/** With --verbose, report repairs since the last call.
 * @param last there will be no later call */
void run_report_repairs(struct run *r, bool last);
/** Draw the pause before the next start or take. */
int64_t run_draw_delay(struct run *r);
/** Something went wrong: the run exits with this status, unless something else
 * went wrong before. */
void run_fail(struct run *r, int status);
/** The end: close the output, print the summary, and die of the signal that
 * stopped the run. @return otherwise, the exit status */
int run_end(struct run *r);

#endif
