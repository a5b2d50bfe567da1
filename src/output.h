/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - where the lines of events go: a file, or standard output.
 *
 * A line goes out when the event happens, and has the time of that. Must not
 * use stdio, whose buffers a child would inherit, and must not print errors:
 * the caller gets -errno.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "ending.h"
#include "event.h"
#include "procq.h"
#include "writer.h"

/* --time */
enum output_time {
	OUTPUT_TIME_AUTO = 0,	/* the clock on a terminal, else in full */
	OUTPUT_TIME_CLOCK = 1,
	OUTPUT_TIME_FULL = 2
};

struct output {
	int fd;
	enum output_format format;
	enum output_time time;	/* set by the caller before output_open() */
	const char *queue;	/* as the user named it */
	const char *host;	/* set by the caller, in a fleet; else NULL: … */
	const char *fleet;	/* … this machine, and the fleet's URL */
	/* How many signals asked to stop; may be NULL. From the second on, a
	 * write that blocks is given up; from the first on, the wait for a
	 * FIFO's reader. */
	const volatile sig_atomic_t *abandon;
	/* Set by the caller before output_open(): called now and then while
	 * that waits for a FIFO's reader; may be NULL. */
	void (*awaits_reader)(void *arg);
	void *awaits_arg;
	/* Set by the caller after output_open(): writes the lines of events.
	 * NULL: they are written at once, and may block. */
	struct writer *writer;
	/* Set by the caller while it is open; NULL: how many records are used
	 * is unknown. */
	const struct procq *q;
	/* Set by the caller: what a process was started with, a line of
	 * --args-from; it returns NULL for none, as a NULL here does. */
	const char *(*args)(void *arg, const struct procq_process *p);
	void *args_arg;
	bool terminal;		/* fd is one */
	bool opened;		/* output_close() closes fd */
	bool silent;		/* write nothing */
};

/**
 * Set up an output, and write a TSV header, unless the file has content.
 * @param file lines are appended to it; NULL or "-": standard output
 * @param queue kept, not copied
 * @return 0 or -errno
 */
int output_open(struct output *out, const char *file,
		enum output_format format, const char *queue);

/**
 * Open the file anew by its name, when it has been renamed: later lines go
 * there. Of standard output nothing changes. If that fails, they go where they
 * went.
 * @return 0 or -errno
 */
int output_reopen(struct output *out, const char *file);

/** @return 0 or -errno: a write error may show only here */
int output_close(struct output *out);

/* ---- events: each returns 0 or -errno, see line_write(); -ENOMEM: there was
 *      no memory for a line as long as that ---- */

int output_started(struct output *out, const struct procq_process *p);
/** A process has retired, or is stale, as the event says.
 * @param us "consumer", "producer" or "lease": what ENDED_BY_US means */
int output_ended(struct output *out, const struct procq_event *e,
		 enum ended_by by, const char *us);
/** Its death can't be confirmed. p->age is its age now.
 * @param signo the last signal that was sent; 0: none
 * @param reason of ending_reason() */
int output_unconfirmed(struct output *out, const struct procq_process *p,
		       int signo, int step, const char *reason);
/** The lease of the queue is over, or is not any more.
 * @param policy what follows from that */
int output_lease(struct output *out, bool over, const char *policy);
/** The slots of the queue were taken back, by somebody of this name. */
int output_fenced(struct output *out, const char *by);
/** With --dry-run, it would be ended. */
int output_would_end(struct output *out, const struct procq_process *p);

#endif
