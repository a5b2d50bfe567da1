/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/writer.c - what is written to a reader that does not read: kept, in
 * order, while the caller goes on.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "duration.h"
#include "procq.h"
#include "writer.h"

#include "../kit/tap.h"

/* Limits are for a machine in trouble. */
#define LONG (60 * NS_PER_S)

static atomic_int news_heard;
static volatile sig_atomic_t stops;
static int ends[2];

static void news(void)
{
	news_heard++;
}

static void nap(void)
{
	struct timespec t = { .tv_nsec = 1000000 };

	nanosleep(&t, NULL);
}

/* A pipe that is full; the reader is this program. Each of its bytes is 'x'. */
static bool fill_pipe(void)
{
	int flags;

	if (pipe(ends) < 0)
		return false;
	flags = fcntl(ends[1], F_GETFL);
	fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
	while (write(ends[1], "x", 1) > 0)
		;
	fcntl(ends[1], F_SETFL, flags);
	return true;
}

static void begin(struct writer *w)
{
	stops = 0;
	news_heard = 0;
	writer_init(w, news, &stops);
	if (!fill_pipe())
		skip_all("no pipe");
}

/* The next n numbers from the pipe, one to a line, ascend from first. */
static bool read_numbers(int first, int n)
{
	int number = 0;
	char c;

	for (int i = first; i < first + n;) {
		if (read(ends[0], &c, 1) != 1)
			return false;
		if (c >= '0' && c <= '9')
			number = number * 10 + c - '0';
		if (c != '\n')
			continue;
		if (number != i++)
			return false;
		number = 0;
	}
	return true;
}

static int put_number(struct writer *w, int i)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", i);
	return writer_put(w, ends[1], text, strlen(text));
}

static void test_unread(void)
{
	static struct writer w;
	int64_t limit = time_after(procq_now(), LONG);
	int good = 0, n = 0;

	begin(&w);
	ok(!writer_full(&w), "an empty one has room");
	while (!writer_full(&w) && n < 10 * WRITER_KEEPS)
		good += put_number(&w, n++) == 0;
	is_int(n, WRITER_KEEPS, "full after so many");
	is_int((int64_t)writer_kept(&w), n, "all are kept");
	/* What is under way is reported all the same. */
	for (; n < 20 * WRITER_KEEPS; n++)
		good += put_number(&w, n) == 0;
	is_int(good, n, "more are kept, too");
	is_int(news_heard, 0, "no news yet");
	ok(read_numbers(0, n), "all come, in order");
	is_int(writer_finish(&w), 0, "all are written");
	is_int((int64_t)writer_kept(&w), 0, "and none is kept");
	while (news_heard == 0 && procq_now() < limit)
		nap();
	ok(news_heard > 0, "the caller is told that there is room");
	close(ends[0]);
	close(ends[1]);
}

/* The reader goes away while a write waits. */
static void test_lost(void)
{
	static struct writer w;
	int64_t limit = time_after(procq_now(), LONG);

	begin(&w);
	for (int i = 0; i < 3; i++)
		put_number(&w, i);
	is_int(writer_error(&w), 0, "no error while it waits");
	close(ends[0]);
	while (writer_error(&w) == 0 && procq_now() < limit)
		nap();
	is_int(writer_error(&w), -EPIPE, "the reader is gone");
	is_int(put_number(&w, 3), -EPIPE, "and later lines are refused");
	is_int(writer_finish(&w), -EPIPE, "so says the end");
	while (news_heard == 0 && procq_now() < limit)
		nap();
	ok(news_heard > 0, "the caller is told");
	close(ends[1]);
}

static void test_cut(void)
{
	static struct writer w;

	begin(&w);
	put_number(&w, 0);
	stops = 2;
	is_int(writer_finish(&w), -ECANCELED, "a second signal cuts the end");
	is_int((int64_t)writer_kept(&w), 1, "something is kept still");
	/* To a reader that reads, all comes all the same. */
	ok(read_numbers(0, 1), "it was not lost before");
	put_number(&w, 1);
	is_int(writer_finish(&w), 0, "a reader that reads has all of it");
	ok(read_numbers(1, 1), "all of it");
	close(ends[0]);
	close(ends[1]);
}

static void test_needed(void)
{
	char name[] = "/tmp/test-writer.XXXXXX";
	int fd = mkstemp(name), null = open("/dev/null", O_WRONLY);

	unlink(name);
	ok(!writer_is_needed(fd), "not for a file");
	ok(!writer_is_needed(null), "nor for /dev/null");
	ok(!writer_is_needed(1000), "nor for nothing");
	if (pipe(ends) == 0)
		ok(writer_is_needed(ends[1]), "but for a pipe");
	close(ends[0]);
	close(ends[1]);
	close(null);
	close(fd);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_unread();
	test_lost();
	test_cut();
	test_needed();
	return done();
}
