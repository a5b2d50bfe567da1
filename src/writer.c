/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer.c - writes to a reader that may not read; see writer.h.
 *
 * A piece is in memory of its own, so there is no bound here: the bound is
 * that the caller begins nothing while this is full. What is under way then is
 * still reported.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "procq.h"

#include "duration.h"
#include "line.h"
#include "writer.h"

/* The thread calls little; sanitizers want more than the least. */
#define STACK_SIZE (256 * 1024)
/* After the user's second signal, a reader that reads has this long. */
#define LAST_WAIT (NS_PER_S / 2)
/* The pauses of writer_finish(). */
#define PAUSE_MIN (NS_PER_MS / 10)
#define PAUSE_MAX (20 * NS_PER_MS)

struct writer_piece {
	struct writer_piece *next;
	int fd;
	size_t size;
	char text[];
};

bool writer_is_needed(int fd)
{
	struct stat st, null;

	if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return false;
	return !S_ISCHR(st.st_mode) || stat("/dev/null", &null) < 0 ||
	       st.st_rdev != null.st_rdev;
}

void writer_init(struct writer *w, void (*news)(void),
		 const volatile sig_atomic_t *abandon)
{
	memset(w, 0, sizeof(*w));
	w->end = &w->first;
	w->news = news;
	w->abandon = abandon;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
}

/* ---- the thread; all of these with the lock held ---- */

static void drop_first(struct writer *w)
{
	struct writer_piece *p = w->first;

	w->first = p->next;
	if (!w->first)
		w->end = &w->first;
	w->kept--;
	free(p);
}

/* The caller is told without the lock: its handler may run at once. */
static void tell(struct writer *w)
{
	if (w->err == 0 && (!w->awaited || w->kept > w->until))
		return;
	w->awaited = false;
	pthread_mutex_unlock(&w->lock);
	w->news();
	pthread_mutex_lock(&w->lock);
}

static void write_first(struct writer *w)
{
	const struct writer_piece *p = w->first;
	int err = w->err;

	if (err == 0) {
		pthread_mutex_unlock(&w->lock);
		err = bytes_write(p->fd, p->text, p->size, NULL);
		pthread_mutex_lock(&w->lock);
		w->err = err;
	}
	drop_first(w);
	tell(w);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->first)
			pthread_cond_wait(&w->more, &w->lock);
		write_first(w);
	}
	return NULL;
}

/* ---- the caller ---- */

/* Signals are for the main thread. One that a write() here raises, such as
 * SIGPIPE, stays pending for good, and the write fails. */
static bool start_thread(struct writer *w)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;

	if (w->running)
		return true;
	if (pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	w->running = pthread_create(&thread, &attr, writer_main, w) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return w->running;
}

static int keep(struct writer *w, struct writer_piece *p)
{
	int err;

	pthread_mutex_lock(&w->lock);
	err = w->err;
	if (err == 0) {
		*w->end = p;
		w->end = &p->next;
		w->kept++;
		pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	if (err != 0)
		free(p);
	return err;
}

static int put_now(struct writer *w, int fd, const char *text, size_t size)
{
	int err = writer_finish(w);

	if (err < 0)
		return err;
	err = bytes_write(fd, text, size, w->abandon);
	pthread_mutex_lock(&w->lock);
	w->err = err;
	pthread_mutex_unlock(&w->lock);
	return err;
}

int writer_put(struct writer *w, int fd, const char *text, size_t size)
{
	struct writer_piece *p = NULL;

	if (start_thread(w))
		p = malloc(sizeof(*p) + size);
	if (!p)
		return put_now(w, fd, text, size);
	p->next = NULL;
	p->fd = fd;
	p->size = size;
	memcpy(p->text, text, size);
	return keep(w, p);
}

/* Are no more than so many kept? If not, the thread tells when it is so. */
static bool down_to(struct writer *w, size_t threshold, size_t until)
{
	bool down;

	if (!w->running)
		return true;
	pthread_mutex_lock(&w->lock);
	down = w->kept <= threshold;
	w->awaited = !down;
	w->until = until;
	pthread_mutex_unlock(&w->lock);
	return down;
}

bool writer_full(struct writer *w)
{
	return !down_to(w, WRITER_KEEPS - 1, WRITER_KEEPS / 2);
}

size_t writer_kept(struct writer *w)
{
	size_t kept;

	if (!w->running)
		return 0;
	pthread_mutex_lock(&w->lock);
	kept = w->kept;
	pthread_mutex_unlock(&w->lock);
	return kept;
}

int writer_error(struct writer *w)
{
	int err;

	if (!w->running)
		return w->err;
	pthread_mutex_lock(&w->lock);
	err = w->err;
	pthread_mutex_unlock(&w->lock);
	return err;
}

int writer_finish(struct writer *w)
{
	int64_t pause = PAUSE_MIN, cut = 0;
	size_t last = 0;

	/* A signal, and news(), end the sleep. */
	while (!down_to(w, 0, 0)) {
		size_t kept = writer_kept(w);
		int64_t now = procq_now();

		if (cut == 0 || kept != last)
			cut = time_after(now, LAST_WAIT);
		last = kept;
		if (!w->abandon || *w->abandon < 2)
			cut = 0;
		else if (now >= cut)
			return -ECANCELED;
		time_sleep(pause);
		pause = time_min(pause * 2, PAUSE_MAX);
	}
	return writer_error(w);
}
