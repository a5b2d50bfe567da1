/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common.h - what the programs share: how they begin and end, complain, read
 * options, and take signals.
 *
 * The only shared module with state of its own: the program's name, and what
 * the signal handlers saw. Must not know what a program does.
 */
#ifndef COMMON_H
#define COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "distribution.h"
#include "output.h"
#include "procq.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,	/* at run time, or a death is unconfirmed */
	EXIT_USAGE = 2,
	EXIT_WAITED = 124,	/* --wait ran out */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127
};

/* Beginning. */

/* The first thing in main(): locale, standard descriptors, what happens at
 * exit. Makes argv[0] the literal name, which getopt_long() prints. */
void program_start(const char *name, char **argv);
const char *program_name(void);

/* Complaining, on standard error. */

/* "producer: " and the message, in one line; \xNN for what could do harm. */
void complain(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));
/* The same, "Try 'producer --help' for more information.", exit status 2. */
_Noreturn void usage_error(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));
/* Only the second of these: getopt_long() has complained already. */
_Noreturn void usage_try(void);
/* Say in full why procq_open() failed, and what helps. */
void complain_open(const char *queue, const struct procq_options *options,
		   int err);
/* Only why. */
void complain_unopened(const char *queue, const struct procq_options *options,
		       int err);
/* Is there no place for POSIX shared memory at all? */
bool shm_is_missing(void);
/* Say so, and what helps. */
void complain_shm_missing(void);
/* Does procq_open() say that it is no queue anybody here can use? */
bool is_wreck(int err);

/* Help. */

/* The lines of the options that every program has. */
void help_version_lines(void);
/* The end of --help: where to report, the home page. */
void help_tail(void);
void print_version(void);

/* Options: each reads the argument or ends the program with a usage error.
 * option is the long name, without its dashes. */

uint64_t option_number(const char *option, const char *text, uint64_t min,
		       uint64_t max);
mode_t option_mode(const char *option, const char *text);
int64_t option_duration(const char *option, const char *text);
void option_distribution(const char *option, const char *text,
			 struct distribution *out);
int option_signal(const char *option, const char *text);
enum output_format option_format(const char *option, const char *text);
/* One of a NULL-terminated list of words, whole; its index. */
int option_word(const char *option, const char *text,
		const char *const *words);
/* -q, or PROCQ_QUEUE, or "default"; given may be NULL. */
const char *option_queue(const char *given);

/* Signals. */

/* Take INT and TERM to stop, and HUP, QUIT, ALRM, USR2 and XCPU unless they
 * are ignored (nohup); USR1 for statistics; PIPE and XFSZ so that they do not
 * kill. *started gets the mask with which the program was started. Nothing is
 * ever ignored: children would inherit that. */
void signals_start(sigset_t *started);
/* Take CHLD, too; it is heard only while it is wanted. */
void signals_take_children(void);
void signals_hear_children(bool hear);
/* Whom the handlers wake; NULL before it is closed. */
void signals_wake(struct procq *q);
/* The same; NULL: none. */
struct procq *signals_queue(void);
/* How many signals asked to stop. Repeats within 50 ms count once: timeout(1)
 * sends its signal twice. */
int signals_stops(void);
/* The same, for a struct output. */
const volatile sig_atomic_t *signals_stops_at(void);
/* The first signal that asked to stop; 0: none. */
int signals_stopped_by(void);
/* Did USR1 come since the last time? */
bool signals_statistics(void);
/* Was SIGPIPE ignored when the program was started? */
bool signals_pipe_ignored(void);
/* The end of a program that was stopped: die of the signal. */
_Noreturn void die_of_signal(int signo);

/* Times. */

/* now + ns, PROCQ_FOREVER where that is out of range. */
int64_t time_after(int64_t now, int64_t ns);
int64_t time_min(int64_t a, int64_t b);

/* The progress line. */

enum progress_wish {
	PROGRESS_AUTO = 0,	/* stderr is a terminal and stdout is not */
	PROGRESS_ON = 1,
	PROGRESS_OFF = 2
};

struct progress {
	bool on;
	bool shown;
	uint64_t count;		/* in all, 0: unknown */
	int64_t duration;	/* in all, 0: unknown */
	int64_t begun;
	int64_t next;		/* when to show it again */
};

/* One of count and duration has to be known. */
void progress_start(struct progress *p, enum progress_wish wish,
		    uint64_t count, int64_t duration, int64_t now);
/* Show it if it is time to; done is out of count. */
void progress_show(struct progress *p, uint64_t done, int64_t now);
/* Wipe it out, for something else to be printed. */
void progress_wipe(struct progress *p);

#endif
