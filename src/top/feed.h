/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed.h - what procq top knows of a fleet, and how old that is.
 *
 * procq-fleet asks the server, once a second, and this reads it from a pipe: so
 * nothing here waits. Must not draw.
 */
#ifndef TOP_FEED_H
#define TOP_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The counters at one moment. */
struct mark {
	int64_t at;			/* procq_now() */
	uint64_t started, ended;
};

/* So much a minute; from two marks, half a minute to a minute apart. */
struct pulse {
	struct mark old, newer;
	double started, ended;
	bool known;
};

struct feed_host {
	char seat[400], state[16], note[200];
	uint64_t held, present, wants, started, ended;
	int64_t lease, oldest, seen;	/* ns */
	struct pulse pulse;
};

struct feed_queue {
	uint64_t capacity, used, hosts, cut_off, waiting;
	char policy[16];
	bool closed, learning;
	uint64_t started, retired, exited, lost, vanished, present;
	char as_of[16], durable[200];
	struct pulse pulse;
};

struct feed {
	struct feed_queue queue;
	struct feed_host *hosts;
	size_t count;
	int64_t answered;		/* procq_now(); 0: never */
	char why[512];			/* why not since; "": it was */
	bool over;			/* procq-fleet has ended */
	/* Of its own. */
	pid_t pid;
	int fd;
	char *text;
	size_t used, room;
};

/** Start procq-fleet. Ends with a message if that can't be. */
void feed_begin(struct feed *f, const char *url, const char *queue,
		bool insecure);
/** Read what there is. @param ns wait so long for it */
void feed_look(struct feed *f, int64_t ns);
void feed_end(struct feed *f);

#endif
