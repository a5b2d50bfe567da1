/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * line.c - a line in the making: pieces, times, and the write.
 *
 * Numbers are printed from integers, so that no locale puts a comma into
 * them. Must not use stdio's streams, and must not know what a line says.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "duration.h"
#include "line.h"

/* ---- pieces ---- */

static char *place(struct line *l)
{
	return l->grown ? l->grown : l->text;
}

const char *line_text(const struct line *l)
{
	return l->grown ? l->grown : l->text;
}

void line_free(struct line *l)
{
	free(l->grown);
	l->grown = NULL;
	l->used = 0;
	l->cut = false;
}

/* Make room for n bytes and a newline. */
static bool grow(struct line *l, size_t n)
{
	size_t need = l->used + n + 1;
	size_t room = need > SIZE_MAX / 2 ? need : 2 * need;
	char *grown = realloc(l->grown, room);

	if (!grown) {
		l->cut = true;
		return false;
	}
	if (!l->grown)
		memcpy(grown, l->text, l->used);
	l->grown = grown;
	l->room = room;
	return true;
}

void line_add(struct line *l, const char *bytes, size_t n)
{
	/* The last byte is kept for the newline. */
	size_t room = (l->grown ? l->room : sizeof(l->text)) - 1 - l->used;

	if (n > room && !(l->grows && grow(l, n)))
		n = room;
	memcpy(place(l) + l->used, bytes, n);
	l->used += n;
}

void line_string(struct line *l, const char *s)
{
	line_add(l, s, strlen(s));
}

void line_format(struct line *l, const char *format, ...)
{
	char piece[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (n < 0)
		return;
	line_add(l, piece, (size_t)n < sizeof(piece) ? (size_t)n
						     : sizeof(piece) - 1);
}

void line_end(struct line *l)
{
	place(l)[l->used++] = '\n';
}

size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	/* A NUL ends this loop, so nothing is read beyond it. */
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* ---- times ---- */

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	       1 - 719468;
}

/* How far local time is ahead of UTC at t, in s. tm_gmtoff is not
 * everywhere. */
static int64_t local_offset(time_t t)
{
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return 0;
	return (days_to(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 24 +
		tm.tm_hour) * 3600 + tm.tm_min * 60 + tm.tm_sec - (int64_t)t;
}

void line_time(struct line *l, int64_t ns)
{
	/* Rounded down, also before 1970. */
	int64_t part = (ns % NS_PER_S + NS_PER_S) % NS_PER_S;
	time_t t = (time_t)((ns - part) / NS_PER_S);
	int minutes = (int)(local_offset(t) / 60);
	time_t shown;
	struct tm tm;

	/* RFC 3339 has no seconds in an offset: shifted by the whole minutes,
	 * the instant stays right in zones of before the railways. */
	shown = t + (time_t)minutes * 60;
	if (!gmtime_r(&shown, &tm))
		return;
	line_format(l, "%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02d:%02d",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec, (int)(part / NS_PER_US),
		    minutes < 0 ? '-' : '+', (minutes < 0 ? -minutes : minutes)
		    / 60, (minutes < 0 ? -minutes : minutes) % 60);
}

void line_clock(struct line *l, int64_t ns)
{
	int64_t part = (ns % NS_PER_S + NS_PER_S) % NS_PER_S;
	time_t t = (time_t)((ns - part) / NS_PER_S);
	struct tm tm;

	if (localtime_r(&t, &tm))
		line_format(l, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min,
			    tm.tm_sec, (int)(part / NS_PER_MS));
}

int64_t line_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- writing ---- */

static bool given_up(const volatile sig_atomic_t *abandon)
{
	return abandon && *abandon > 1;
}

static void wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	/* Bounded: a signal may have come just before. */
	poll(&p, 1, 250);
}

int bytes_write(int fd, const char *text, size_t size,
		const volatile sig_atomic_t *abandon)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, text + done, size - done);

		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			return -errno;
		if (given_up(abandon))
			return -ECANCELED;
		if (errno != EINTR)
			wait_writable(fd);
	}
	return 0;
}

int line_write(const struct line *l, int fd,
	       const volatile sig_atomic_t *abandon)
{
	return bytes_write(fd, line_text(l), l->used, abandon);
}
