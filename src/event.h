/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - what a line says of an event: one description, three formats.
 *
 * The members are those of man/procq.7, LINES. Data: not translated, and no
 * locale changes a number. Must not write, and must not look at the clock or
 * at a queue.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "line.h"
#include "procq.h"

enum output_format {
	OUTPUT_TEXT = 0,
	OUTPUT_JSON = 1,
	OUTPUT_TSV = 2
};

/* To add one: its name, and what its line of text has, in event.c. */
enum event_kind {
	EVENT_STARTED,
	EVENT_RETIRED,
	EVENT_STALE,
	EVENT_UNCONFIRMED,
	EVENT_WOULD_END,
	EVENT_CUT_OFF,		/* the lease of the queue is over … */
	EVENT_BACK,		/* … or is not any more */
	EVENT_FENCED		/* its slots were taken back, by somebody */
};

struct event {
	enum event_kind kind;
	const struct procq_process *process;	/* NULL: it is of the queue */
	const struct procq_event *end;	/* RETIRED and STALE; else NULL */
	const char *args;	/* the line of --args-from, or NULL */
	const char *by;		/* "self", "consumer", …, or NULL; of FENCED, a
				 * name */
	const char *reason;	/* why a death is unconfirmed, or what follows
				 * from the end of a lease, or NULL */
	bool by_us;		/* text leaves it out, as the rule */
	int64_t when;		/* ns since the epoch */
	int64_t used;		/* records that are not free; -1: unknown */
	int64_t capacity;
	int signo;		/* the last signal sent, 0: none */
	int step;		/* how many were sent */
};

/* How a line is to look. */
struct event_style {
	enum output_format format;
	const char *queue;	/* as the user named it */
	const char *host;	/* this machine, and … */
	const char *fleet;	/* … where its fleet is; NULL: it is in none */
	bool clock;		/* text: the time of day, not all of RFC 3339 */
	unsigned columns;	/* text: leave out what matters least, so that
				 * it fits; 0: leave out nothing */
};

/* Bytes of a cause such as core:RTMIN+30, with its NUL. */
#define EVENT_CAUSE_SIZE 32

/** How a process ended. @retval buf */
const char *event_cause(const struct procq_event *e,
			char buf[EVENT_CAUSE_SIZE]);

/** Make its line, with the newline. What it has in is dropped. */
void event_line(struct line *l, const struct event *e,
		const struct event_style *style);

/** Make the header of TSV. */
void event_header(struct line *l);

#endif
