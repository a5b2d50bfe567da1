/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - how processes are to be ended, as the user says it: which signals,
 * when, and what they reach. The same options for all that end processes.
 *
 * Must not send a signal: ending.c does.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

#define ESCALATION_STEPS 16

/* The steps. Without one, no signal is sent: deaths are only awaited. */
struct escalation {
	int count;
	struct {
		int signo;
		/* Until the next step; after the last, until the death is
		 * unconfirmed; ns. PROCQ_FOREVER: never. */
		int64_t wait;
	} steps[ESCALATION_STEPS];
};

/** The steps for signo and, unless kill_after is 0, KILL so much later. A
 * process that is never killed has no time limit. */
void escalation_simple(struct escalation *steps, int signo, int64_t kill_after);

/**
 * Read the steps from SIG[,D,SIG]...[,D]: signals, and how long to wait
 * after each.
 * @param last_wait if the list ends in KILL without a time; after any other
 *        last signal there is no limit
 * @return NULL, or what is wrong, untranslated
 */
const char *escalation_parse(struct escalation *steps, const char *text,
			     int64_t last_wait);

/* What the signals reach. */
enum kill_mode {
	KILL_MODE_GROUP,	/* the process group that a command leads */
	KILL_MODE_MIXED,	/* the command; with KILL, its group */
	KILL_MODE_PROCESS	/* the command alone */
};

struct plan {
	struct escalation steps;	/* settled by plan_settle() */
	enum kill_mode mode;
	const char *sequence;		/* --term-seq; NULL: not given */
	int signo;
	int64_t kill_after;
	bool step_given;		/* -s or -k */
	bool mode_given;
};

/* What none of these options is. */
enum { OPT_TERM_SEQ = 1024, OPT_KILL_MODE };

/* Their rows in a program's table. */
#define PLAN_CHOICES \
	{ 's', "signal", required_argument, \
N_("  -s, --signal=SIG           the signal that ends a process (default " \
"TERM)\n") }, \
	{ 'k', "kill-after", required_argument, \
N_("  -k, --kill-after=D         send KILL if a process is still alive after " \
"D\n" \
"                               (default 5s; 0: never)\n") }, \
	{ OPT_TERM_SEQ, "term-seq", required_argument, \
N_("      --term-seq=SIG[,D,SIG]...  send these signals in turn, each D after " \
"the\n" \
"                               one before, instead of -s and -k\n") }, \
	{ OPT_KILL_MODE, "kill-mode", required_argument, \
N_("      --kill-mode=MODE       what the signals reach: group, a command's " \
"process\n" \
"                               group (default); mixed, the command, and its " \
"group\n" \
"                               with KILL; process, the command alone\n") }

/** TERM, and KILL after five seconds, to groups. */
void plan_init(struct plan *plan);
/** Read one of these options. @retval false it is another one */
bool plan_option(struct plan *plan, int option, const char *arg);
/** Was any of them given? */
bool plan_is_given(const struct plan *plan);
/** When all options are read: work out the steps, or exit. */
void plan_settle(struct plan *plan);

#endif
