/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - what JSON logs of producer and consumer say: one life for each
 * process, joined from the lines of all programs.
 *
 * Must not draw. Must not believe a line: a log may be cut off anywhere.
 */
#ifndef PLOT_LOG_H
#define PLOT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a process ended; the order is that of the legend. */
enum cause {
	CAUSE_ALIVE = 0,	/* the logs know no end */
	CAUSE_EXIT = 1,		/* exit status 0 */
	CAUSE_FAILED = 2,	/* another exit status */
	CAUSE_SIGNAL = 3,	/* a signal that can be caught */
	CAUSE_KILL = 4,		/* KILL */
	CAUSE_CORE = 5,
	CAUSE_UNKNOWN = 6,
	CAUSES = 7
};

/* The hand that ended it. */
enum hand {
	HAND_NONE = 0,		/* nobody, or unknown */
	HAND_CONSUMER = 1,
	HAND_PRODUCER = 2,
	HAND_SELF = 3,
	HAND_OTHER = 4,
	HANDS = 5
};

struct life {
	uint64_t producer;	/* incarnation */
	uint64_t seq;
	int64_t start;		/* ns since the epoch; INT64_MIN: unknown */
	int64_t end;		/* INT64_MAX: unknown, it lives */
	int64_t latency;	/* ns; -1: none */
	uint32_t queue;		/* index in the log's names */
	int32_t slot;		/* -1: unknown */
	uint8_t cause;		/* an enum cause */
	uint8_t hand;		/* an enum hand */
};

/* The capacity at one moment. */
struct bound {
	int64_t time;		/* ns since the epoch */
	uint32_t capacity;
	uint32_t queue;
};

/* All zero: empty. */
struct log {
	struct life *lives;	/* after log_join(): by start */
	size_t count;
	size_t room;
	struct bound *bounds;	/* after log_join(): by time, each a change */
	size_t bound_count;
	size_t bound_room;
	char **queues;
	size_t queue_count;
	uint64_t lines;		/* read, in all files */
	uint64_t bad;		/* of these, no JSON: cut off, or of others */
};

/**
 * Read a log.
 * @param file its path; "-": standard input
 * @return 0 or -errno
 */
int log_read(struct log *log, const char *file);
/** Make one life of the lines of each process. Those without a start are left
 * out. */
void log_join(struct log *log);
/** Keep only the lives of one queue, after log_join(). */
void log_select(struct log *log, uint32_t queue);
void log_free(struct log *log);

/** Read a time of RFC 3339. @return ns since the epoch; INT64_MIN: it is none
 */
int64_t log_time(const char *text);

#endif
