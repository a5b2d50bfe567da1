/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resume.h - which lines of --args-from an earlier run has done, by its log.
 *
 * A line is over if its process has exited on its own, or was ended by a
 * consumer. One that was started only, that the producer has ended, or that
 * somebody else has killed, is not. Must not start anything, nor look into a
 * queue: producer-resume.c sees what is still alive.
 */
#ifndef RESUME_H
#define RESUME_H

#include <stdbool.h>
#include <stdint.h>

struct resume_entry;

struct resume_map {
	struct resume_entry **cells;
	size_t room, used;
};

struct resume {
	struct resume_map started;	/* by process: its line */
	struct resume_map over;		/* by line: how often */
	struct resume_map runs;		/* by producer and queue */
	struct resume_map queues;	/* by name */
	uint64_t objects;		/* lines of JSON that were read */
	uint64_t broken;		/* lines that are none */
	uint64_t count;			/* lines that are over */
};

/**
 * Read a log.
 * @return 0 or -errno; -EBADMSG: it has lines, and none is JSON
 */
int resume_read(struct resume *r, const char *file);

/** Is this line over? Of several that are alike, as many as the log has. */
bool resume_takes(struct resume *r, const char *line);

/** The queues that the log has, one after the other; *at is 0 at first.
 * @return NULL at the end */
const char *resume_queue(const struct resume *r, size_t *at);

/** Did this producer, by its incarnation, start anything of the log? */
bool resume_has_run(const struct resume *r, const char *queue,
		    uint64_t producer);

/** The line of a process that is not over. @return NULL: the log has none */
const char *resume_line(const struct resume *r, const char *queue,
			uint64_t producer, uint64_t seq, int pid);

void resume_free(struct resume *r);

#endif
