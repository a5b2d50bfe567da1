/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.c - where the lines of events go; what they say is event.c.
 *
 * Must not use stdio's streams, and must not print errors.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "event.h"
#include "line.h"
#include "output.h"

/* ---- the file ---- */

static int write_header(struct output *out)
{
	struct line l = { .used = 0 };
	struct stat st;

	if (out->format != OUTPUT_TSV || out->silent)
		return 0;
	if (fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		return 0;
	event_header(&l);
	return line_write(&l, out->fd, out->abandon);
}

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY)

/* How often to look for a reader of a FIFO. */
#define LOOK_EVERY (50 * NS_PER_MS)

/* A FIFO without a reader is an error here: -ENXIO. Nothing waits. */
static int open_now(const char *file)
{
	int flags, fd = open(file, OPEN_FLAGS | O_NONBLOCK, 0666);

	if (fd < 0)
		return -errno;
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}

static bool is_fifo(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Open a file to append to. With a FIFO, this waits until it has a reader, or
 * until a signal asks to stop; other signals do not end the wait. */
static int open_file(const struct output *out, const char *file)
{
	int fd;

	while ((fd = open_now(file)) == -ENXIO && is_fifo(file)) {
		if (out->abandon && *out->abandon > 0)
			return -EINTR;
		if (out->awaits_reader)
			out->awaits_reader(out->awaits_arg);
		time_sleep(LOOK_EVERY);
	}
	return fd;
}

/* A run that was cut off in the middle of a line: what comes begins a new one.
 */
static int end_cut_line(const struct output *out, const char *file)
{
	struct line l = { .used = 0 };
	struct stat st;
	char last = '\n';
	int fd;

	if (fstat(out->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return 0;
	if (pread(fd, &last, 1, st.st_size - 1) != 1)
		last = '\n';
	close(fd);
	if (last == '\n' || out->silent)
		return 0;
	line_end(&l);
	return line_write(&l, out->fd, out->abandon);
}

int output_open(struct output *out, const char *file,
		enum output_format format, const char *queue)
{
	out->format = format;
	out->queue = queue;
	out->fd = STDOUT_FILENO;
	out->writer = NULL;
	out->opened = false;
	if (file && strcmp(file, "-") != 0) {
		out->fd = open_file(out, file);
		if (out->fd < 0)
			return out->fd;
		out->opened = true;
	}
	out->terminal = isatty(out->fd) == 1;
	if (out->opened) {
		int err = end_cut_line(out, file);

		if (err < 0)
			return err;
	}
	return write_header(out);
}

int output_reopen(struct output *out, const char *file)
{
	int fd, err = 0;

	if (!out->opened)
		return 0;
	fd = open_now(file);
	if (fd < 0)
		return fd;
	/* The number stays, which lines that are kept for a writer have with
	 * them; one that is being written ends where it began. */
	if (dup2(fd, out->fd) < 0)
		err = -errno;
	else
		fcntl(out->fd, F_SETFD, FD_CLOEXEC);
	close(fd);
	if (err < 0)
		return err;
	out->terminal = isatty(out->fd) == 1;
	return write_header(out);
}

int output_close(struct output *out)
{
	if (!out->opened)
		return 0;
	out->opened = false;
	return close(out->fd) < 0 && errno != EINTR ? -errno : 0;
}

/* ---- lines ---- */

/* How wide most terminals are, and one whose width nobody knows. */
#define USUAL_COLUMNS 80

static unsigned terminal_columns(int fd)
{
#ifdef TIOCGWINSZ
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
#else
	(void)fd;
#endif
	return USUAL_COLUMNS;
}

static struct event_style style_of(const struct output *out)
{
	struct event_style style = { .format = out->format,
				     .queue = out->queue,
				     .host = out->host, .fleet = out->fleet };

	style.clock = out->time == OUTPUT_TIME_CLOCK ||
		      (out->time == OUTPUT_TIME_AUTO && out->terminal);
	if (out->format == OUTPUT_TEXT && out->terminal && style.clock)
		style.columns = terminal_columns(out->fd);
	return style;
}

static int emit(struct output *out, struct event *e)
{
	struct line l = { .grows = true };
	struct event_style style = style_of(out);
	int err;

	if (out->silent)
		return 0;
	e->when = line_now();
	e->used = -1;
	if (out->q) {
		e->used = procq_occupied(out->q);
		e->capacity = procq_limit(out->q);
	}
	if (out->args && e->process)
		e->args = out->args(out->args_arg, e->process);
	if (out->terminal)
		status_wipe();
	event_line(&l, e, &style);
	if (l.cut)
		err = -ENOMEM;
	else if (out->writer)
		err = writer_put(out->writer, out->fd, line_text(&l), l.used);
	else
		err = line_write(&l, out->fd, out->abandon);
	line_free(&l);
	return err;
}

int output_started(struct output *out, const struct procq_process *p)
{
	struct event e = { .kind = EVENT_STARTED, .process = p };

	return emit(out, &e);
}

static const char *by_word(enum ended_by by, const char *us)
{
	switch (by) {
	case ENDED_BY_SELF:
		return "self";
	case ENDED_BY_OTHER:
		return "other";
	case ENDED_BY_US:
		return us;
	case ENDED_BY_UNKNOWN:
	default:
		return NULL;
	}
}

int output_ended(struct output *out, const struct procq_event *end,
		 enum ended_by by, const char *us)
{
	struct event e = { .kind = EVENT_STALE, .process = &end->process,
			   .end = end, .signo = end->signal,
			   .step = end->step,
			   .by_us = by == ENDED_BY_US &&
				    strcmp(us, "lease") != 0 };

	if (end->type == PROCQ_EVENT_RETIRED) {
		e.kind = EVENT_RETIRED;
		e.by = by_word(by, us);
	}
	return emit(out, &e);
}

int output_unconfirmed(struct output *out, const struct procq_process *p,
		       int signo, int step, const char *reason)
{
	struct event e = { .kind = EVENT_UNCONFIRMED, .process = p,
			   .signo = signo, .step = step, .reason = reason };

	return emit(out, &e);
}

int output_lease(struct output *out, bool over, const char *policy)
{
	struct event e = { .kind = over ? EVENT_CUT_OFF : EVENT_BACK,
			   .reason = over ? policy : NULL };

	return emit(out, &e);
}

int output_fenced(struct output *out, const char *by)
{
	struct event e = { .kind = EVENT_FENCED, .by = by };

	return emit(out, &e);
}

int output_would_end(struct output *out, const struct procq_process *p)
{
	struct event e = { .kind = EVENT_WOULD_END, .process = p };

	return emit(out, &e);
}
