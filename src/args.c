/* SPDX-License-Identifier: GPL-3.0-or-later */
/* args.c - the lines of --args-from, one at a time; see args.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"

/* How much is read at once. */
#define PIECE 65536

int args_open(struct args *a)
{
	struct stat st;

	a->fd = STDIN_FILENO;
	if (strcmp(a->file, "-") != 0)
		a->fd = open(a->file, O_RDONLY | O_CLOEXEC | O_NOCTTY |
					      O_NONBLOCK);
	if (a->fd < 0 || fstat(a->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* Only the open was not to wait. */
	if (a->fd != STDIN_FILENO &&
	    fcntl(a->fd, F_SETFL, fcntl(a->fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return -errno;
	sem_init(&a->wanted, 0, 0);
	return 0;
}

/* ---- a look at all of it ---- */

struct look {
	uint64_t lines;
	size_t length;		/* of the line that has begun */
};

static enum args_result look_at(struct args *a, struct look *l,
				const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (l->length == 0 && a->number <= l->lines)
			a->number = l->lines + 1;
		if (text[i] == a->end) {
			l->lines++;
			l->length = 0;
		} else if (text[i] == '\0') {
			return ARGS_NUL;
		} else if (++l->length > a->limit) {
			return ARGS_LONG;
		}
	}
	return ARGS_END;
}

enum args_result args_check(struct args *a, uint64_t *lines)
{
	struct look l = { 0, 0 };
	enum args_result found = ARGS_END;
	char piece[4096];
	struct stat st;
	off_t at, from;
	ssize_t got;

	*lines = 0;
	a->number = 0;
	at = lseek(a->fd, 0, SEEK_CUR);
	from = at;
	if (at < 0 || fstat(a->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return ARGS_END;
	while (found == ARGS_END &&
	       (got = pread(a->fd, piece, sizeof(piece), at)) != 0) {
		if (got < 0) {
			a->err = -errno;
			return ARGS_ERROR;
		}
		at += got;
		found = look_at(a, &l, piece, (size_t)got);
	}
	*lines = l.lines + (l.length > 0);
	a->lines = *lines;
	a->left = at - from;
	if (found == ARGS_END)
		a->number = 0;
	return found;
}

/* ---- reading ---- */

/* The thread: it only looks, so that the caller need not block. */
static void *look_out(void *arg)
{
	struct args *a = arg;
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	for (;;) {
		while (sem_wait(&a->wanted) < 0)
			;
		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
		/* Release: paired with the caller's exchange. */
		atomic_store(&a->ready, true);
		a->news();
	}
	return NULL;
}

/* Signals are for the main thread. */
static bool start_thread(struct args *a)
{
	sigset_t all, old;
	pthread_t thread;

	if (a->threaded)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	a->threaded = pthread_create(&thread, NULL, look_out, a) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (a->threaded)
		pthread_detach(thread);
	return a->threaded;
}

/* Would a read return at once? Of a FIFO that nobody has written to yet, it
 * would, but with nothing: poll() knows. */
static bool can_read(struct args *a)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	if (a->asked && !atomic_exchange(&a->ready, false))
		return false;
	a->asked = false;
	if (poll(&p, 1, 0) != 0)
		return true;
	a->asked = start_thread(a);
	if (a->asked)
		sem_post(&a->wanted);
	return false;
}

static int make_room(struct args *a)
{
	char *more;

	if (a->at > 0) {
		memmove(a->buffer, a->buffer + a->at, a->used - a->at);
		a->used -= a->at;
		a->at = 0;
	}
	/* One more, for the NUL of a last line without an end. */
	if (a->room - a->used > PIECE)
		return 0;
	more = realloc(a->buffer, a->used + 2 * PIECE);
	if (!more)
		return -ENOMEM;
	a->buffer = more;
	a->room = a->used + 2 * PIECE;
	return 0;
}

static int read_more(struct args *a)
{
	int rc = make_room(a);
	ssize_t got;

	if (rc < 0)
		return rc;
	got = read(a->fd, a->buffer + a->used, PIECE);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		a->eof = true;
	a->used += (size_t)got;
	a->left -= got;
	return 0;
}

/* Is there a whole line at at? The last one needs no end, unless the file has
 * been cut off. */
static bool find_end(struct args *a)
{
	size_t left = a->used - a->at;
	char *end = left > 0 ? memchr(a->buffer + a->at, a->end, left) : NULL;

	if (!end && (!a->eof || left == 0 || a->left > 0))
		return false;
	if (!end)
		end = a->buffer + a->used;
	*end = '\0';
	a->next = (size_t)(end - a->buffer) + 1;
	a->have = true;
	a->number++;
	return true;
}

static enum args_result judge(const struct args *a, const char **line)
{
	size_t length = a->next - 1 - a->at;

	*line = a->buffer + a->at;
	if (strlen(*line) != length)
		return ARGS_NUL;
	return length > a->limit ? ARGS_LONG : ARGS_LINE;
}

enum args_result args_line(struct args *a, const char **line)
{
	while (!a->have && !find_end(a)) {
		if (a->eof)
			return a->left > 0 ? ARGS_CUT : ARGS_END;
		if (a->used - a->at > a->limit) {
			a->number++;
			return ARGS_LONG;
		}
		if (!can_read(a))
			return ARGS_LATER;
		a->err = read_more(a);
		if (a->err < 0)
			return ARGS_ERROR;
	}
	return judge(a, line);
}

void args_done(struct args *a)
{
	a->at = a->next < a->used ? a->next : a->used;
	a->have = false;
}
