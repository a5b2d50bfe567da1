/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - one line per event, as text, JSON Lines, or TSV.
 *
 * A line is one write(), so that the lines of several writers never mix, and
 * goes out when the event happens. Must not use stdio, whose buffers a child
 * would inherit, and must not print errors: the caller gets -errno.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "line.h"
#include "procq.h"

enum output_format {
	OUTPUT_TEXT = 0,
	OUTPUT_JSON = 1,
	OUTPUT_TSV = 2
};

struct output {
	int fd;
	enum output_format format;
	const char *queue;	/* the name the user gave it */
	/* Gives up a write that blocks once this is above 1: the user sent a
	 * second signal. Waiting for the reader of a FIFO ends with the first
	 * one. May be NULL. */
	const volatile sig_atomic_t *abandon;
	bool opened;		/* fd is ours to close */
	bool silent;		/* write nothing */
};

/* What a line says beyond the process itself. */
struct output_event {
	const char *name;	/* "started", "retired", … */
	const struct procq_process *process;
	const struct procq_event *end;	/* NULL: it lives */
	const char *by;		/* "self", "consumer", …, or NULL */
	int64_t when;		/* ns since the epoch */
	int64_t present;	/* text: queue=PRESENT/CAPACITY; -1: unknown */
	int64_t capacity;
	int signo;		/* the last signal sent, 0: none */
	int step;
};

/*
 * Set up an output: standard output, or FILE if it is not NULL, to which is
 * appended. A TSV header is written, but not into a file that has content.
 *
 * queue is kept, not copied. Returns 0 or -errno.
 */
int output_open(struct output *out, const char *file,
		enum output_format format, const char *queue);

/* Returns 0 or -errno, such as a write error that came late. */
int output_close(struct output *out);

/* Make the line of an event, without writing it. */
void output_line(const struct output *out, const struct output_event *e,
		 struct line *l);

/* The events. Each returns 0 or -errno, see line_write(). */
int output_started(struct output *out, const struct procq_process *p,
		   int64_t present, int64_t capacity);
/* by: who ended it if it did not end by itself, "consumer" or "producer".
 * Retired or stale, as the event says. */
int output_ended(struct output *out, const struct procq_event *e,
		 const char *by);
/* p->age: how long it has lived up to now. */
int output_unconfirmed(struct output *out, const struct procq_process *p,
		       int signo, int step);
/* What --dry-run says. */
int output_would_end(struct output *out, const struct procq_process *p);

#endif
