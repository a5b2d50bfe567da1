/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * args.h - the lines of --args-from, one at a time.
 *
 * Must not wait for a line: a pipe may deliver slowly, and the caller has other
 * things to do. Must not know what a line is for.
 */
#ifndef ARGS_H
#define ARGS_H

#include <stdatomic.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum args_result {
	ARGS_LINE,		/* there is one */
	ARGS_LATER,		/* none yet; news() comes when there may be,
				 * if args.asked */
	ARGS_END,		/* no more */
	ARGS_ERROR,		/* args.err */
	ARGS_NUL,		/* args.number has a NUL in it */
	ARGS_LONG,		/* args.number is longer than args.limit */
	ARGS_CUT		/* no more, but there were args.lines */
};

struct args {
	/* Set by the caller. */
	const char *file;	/* "-": standard input */
	char end;		/* of a line: newline, or NUL */
	size_t limit;		/* the longest line, in bytes */
	void (*news)(void);	/* called by a thread; wakes the caller */

	int fd;
	int err;		/* -errno of a read */
	uint64_t number;	/* of the line, from 1 */
	uint64_t lines;		/* as many args_check() has seen, in … */
	off_t left;		/* so many bytes, of which these are not yet
				 * read; below 0: it has grown */
	char *buffer;
	size_t at, used, room;	/* the line begins at; read up to used */
	size_t next;		/* where the one behind it begins */
	bool have;		/* there is a line at */
	bool eof;
	bool asked;		/* the thread looks out for more */
	bool threaded;

	/* Posted by the caller, awaited by the thread. */
	sem_t wanted;
	/* Set by the thread when there may be more; taken back by the caller. */
	_Atomic bool ready;
};

/**
 * Open the file. A FIFO need not have a writer yet.
 * @return 0 or -errno; -EISDIR: it is a folder
 */
int args_open(struct args *a);

/**
 * Look through a regular file, which is read again later.
 * @param lines gets how many it has; 0 if it is no regular file
 * @retval ARGS_END all is well, or it is no regular file
 * @return else what is wrong, with args.number or args.err
 */
enum args_result args_check(struct args *a, uint64_t *lines);

/**
 * The present line; the same until args_done().
 * @param line gets it, without its end; valid until args_done()
 */
enum args_result args_line(struct args *a, const char **line);
void args_done(struct args *a);

#endif
