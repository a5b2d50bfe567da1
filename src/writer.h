/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer.h - writes to a reader that may not read: a thread of its own does it,
 * so that no deadline of an ending waits behind a write.
 *
 * Pieces go out in the order in which they came, each in one write(). All that
 * is put is kept until it is written, however long that takes; the caller
 * asks writer_full() before it does what it would have to report.
 *
 * All calls are for one thread, the main one. Must not print errors, and the
 * thread must not handle a signal, nor touch a queue.
 */
#ifndef WRITER_H
#define WRITER_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* So many pieces may be kept before nothing more is begun; and what is under
 * way then adds its own. */
#define WRITER_KEEPS 64

struct writer_piece;

/* The lock guards all but what only the caller uses. */
struct writer {
	void (*news)(void);		/* wakes the caller, from the thread */
	/* As line_write() has it; may be NULL. The caller's. */
	const volatile sig_atomic_t *abandon;
	bool running;			/* the thread is; the caller's */

	pthread_mutex_t lock;
	pthread_cond_t more;		/* there is a piece */
	struct writer_piece *first;	/* being written; stays until it is */
	struct writer_piece **end;	/* where the next one goes */
	size_t kept;
	bool awaited;			/* tell of it when … */
	size_t until;			/* … no more than these are kept */
	int err;			/* of a write; nothing is written then */
};

/** Can a write to it take longer than a moment? Not to a file or /dev/null. */
bool writer_is_needed(int fd);

/** Set one up. The thread is started by the first piece, and ends with the
 * process: the memory must be static.
 * @param news called by the thread when a write has failed, and when there is
 *        room again that writer_full() denied */
void writer_init(struct writer *w, void (*news)(void),
		 const volatile sig_atomic_t *abandon);

/**
 * Write to a descriptor, later. If there is no memory or no thread for that,
 * it is done at once, and may block.
 * @return 0, or -errno of this or an earlier write
 */
int writer_put(struct writer *w, int fd, const char *text, size_t size);

/** Is so much kept that nothing more should be begun? If so, news() comes. */
bool writer_full(struct writer *w);

/** How many pieces are not written yet. */
size_t writer_kept(struct writer *w);

/** @return 0, or -errno: a write failed, and what was kept is lost */
int writer_error(struct writer *w);

/**
 * Wait until all is written, or the user's second signal ends that. Then the
 * thread may still be in a write(), and the program should end.
 * @return 0, -ECANCELED, or -errno of a write
 */
int writer_finish(struct writer *w);

#endif
