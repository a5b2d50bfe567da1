/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * line.h - a line in the making, which goes out in one write().
 *
 * So the lines of several writers never mix. Must not use stdio, whose
 * buffers a child would inherit, and must not print errors: the caller gets
 * -errno.
 */
#ifndef LINE_H
#define LINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest line: a queue's name of PROCQ_NAME_SIZE bytes, each
 * escaped to six, and all the rest. Also what POSIX lets a pipe take in one
 * piece on Linux. */
#define LINE_SIZE 4096

/* Once it is full, the rest is dropped. All zero is an empty one. */
struct line {
	char text[LINE_SIZE];
	size_t used;
	/* Set by the caller: what does not fit is kept, too, in memory that
	 * line_free() gives back. */
	bool grows;
	bool cut;		/* … but there was none */
	char *grown;		/* all of it, instead of text; NULL: it fits */
	size_t room;		/* of grown */
};

/** All of it so far; valid until more is added. */
const char *line_text(const struct line *l);
/** Free what a line that grows has taken. It is empty afterwards. */
void line_free(struct line *l);

void line_add(struct line *l, const char *bytes, size_t n);
void line_string(struct line *l, const char *s);
void line_format(struct line *l, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));
/** The time now, as the next ones take it. */
int64_t line_now(void);
/** Add RFC 3339 in local time with its offset. @param ns since the epoch */
void line_time(struct line *l, int64_t ns);
/** Add the local time of day, to the millisecond. @param ns since the epoch */
void line_clock(struct line *l, int64_t ns);
/** Add the newline, for which there is always room. */
void line_end(struct line *l);

/**
 * Write all of it to a descriptor, in one write() if the system lets us.
 * @param abandon gives up a write that blocks once this is above 1: the user
 *        sent a second signal. May be NULL.
 * @retval -ECANCELED abandoned
 * @return 0 or -errno, such as -EPIPE or -ENOSPC
 */
int line_write(const struct line *l, int fd,
	       const volatile sig_atomic_t *abandon);
/** The same with any text. */
int bytes_write(int fd, const char *text, size_t size,
		const volatile sig_atomic_t *abandon);

/**
 * How many bytes the UTF-8 character at s has. Overlong forms, surrogates and
 * what is beyond U+10FFFF are none.
 * @retval 0 it is none
 */
size_t utf8_length(const unsigned char *s);

#endif
