/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - one line per event, as text, JSON Lines, or TSV.
 *
 * A line goes out when the event happens. Must not use stdio, whose buffers
 * a child would inherit, and must not print errors: the caller gets -errno.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "ending.h"
#include "line.h"
#include "procq.h"
#include "writer.h"

enum output_format {
	OUTPUT_TEXT = 0,
	OUTPUT_JSON = 1,
	OUTPUT_TSV = 2
};

struct output {
	int fd;
	enum output_format format;
	const char *queue;	/* as the user named it */
	/* How many signals asked to stop; may be NULL. From the second on, a
	 * write that blocks is given up; from the first on, the wait for a
	 * FIFO's reader. */
	const volatile sig_atomic_t *abandon;
	/* Set by the caller after output_open(): writes the lines of events.
	 * NULL: they are written at once, and may block. */
	struct writer *writer;
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

/** @return 0 or -errno: a write error may show only here */
int output_close(struct output *out);

/* ---- events: each returns 0 or -errno, see line_write() ---- */

int output_started(struct output *out, const struct procq_process *p,
		   int64_t present, int64_t capacity);
/** A process has retired, or is stale, as the event says.
 * @param us "consumer" or "producer": what ENDED_BY_US means */
int output_ended(struct output *out, const struct procq_event *e,
		 enum ended_by by, const char *us);
/** Its death can't be confirmed. p->age is its age now.
 * @param signo the last signal that was sent; 0: none
 * @param reason of ending_reason() */
int output_unconfirmed(struct output *out, const struct procq_process *p,
		       int signo, int step, const char *reason);
/** With --dry-run, it would be ended. */
int output_would_end(struct output *out, const struct procq_process *p);

#endif
