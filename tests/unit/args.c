/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/args.c - lines out of files and pipes: their ends, the last one, those
 * that are too long or have a NUL, and a pipe that delivers in pieces.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"

#include "../kit/tap.h"

static char file[] = "/tmp/procq-args.XXXXXX";
static _Atomic int news;

static void count_news(void)
{
	news++;
}

static struct args of(const char *text, size_t size, char end, size_t limit)
{
	struct args a = { .file = file, .end = end, .limit = limit,
			  .news = count_news };
	int fd = open(file, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size || close(fd) < 0 ||
	    args_open(&a) < 0)
		exit(99);
	return a;
}

static void finish(struct args *a)
{
	close(a->fd);
	free(a->buffer);
}

static enum args_result check_of(const char *text, size_t size, char end,
				 size_t limit, uint64_t *lines, uint64_t *number)
{
	struct args a = of(text, size, end, limit);
	enum args_result result = args_check(&a, lines);

	*number = a.number;
	finish(&a);
	return result;
}

/* Is this the next line? */
static int next_is(struct args *a, const char *wanted)
{
	const char *line;

	if (args_line(a, &line) != ARGS_LINE || strcmp(line, wanted) != 0 ||
	    args_line(a, &line) != ARGS_LINE || strcmp(line, wanted) != 0)
		return 0;
	args_done(a);
	return 1;
}

static void test_files(void)
{
	struct args a = of("a\n\nb\r\nlast", 10, '\n', 100);
	const char *line;

	ok(next_is(&a, "a") && next_is(&a, "") && next_is(&a, "b\r") &&
	   next_is(&a, "last"), "lines, the empty one and the last");
	ok(args_line(&a, &line) == ARGS_END && args_line(&a, &line) == ARGS_END,
	   "the end");
	finish(&a);
	a = of("a\nb\0c\0", 6, '\0', 100);
	ok(next_is(&a, "a\nb") && next_is(&a, "c"), "ended by NUL");
	finish(&a);
	a = of("a\nb\0c\n", 6, '\n', 100);
	ok(next_is(&a, "a") && args_line(&a, &line) == ARGS_NUL &&
	   a.number == 2, "a NUL in a line");
	finish(&a);
	a = of("abc\nabcd\n", 9, '\n', 3);
	ok(next_is(&a, "abc") && args_line(&a, &line) == ARGS_LONG &&
	   a.number == 2, "a line that is too long");
	finish(&a);
	a = (struct args){ .file = "/" };
	ok(args_open(&a) == -EISDIR, "a folder");
	finish(&a);
	a = (struct args){ .file = "/nosuch" };
	ok(args_open(&a) == -ENOENT, "no file");
}

static void test_checks(void)
{
	uint64_t lines, number;

	ok(check_of("a\nb\nc", 5, '\n', 1, &lines, &number) == ARGS_END &&
	   lines == 3, "all are fine");
	ok(check_of("", 0, '\n', 1, &lines, &number) == ARGS_END && lines == 0,
	   "an empty file");
	ok(check_of("a\nbb\n", 5, '\n', 1, &lines, &number) == ARGS_LONG &&
	   number == 2, "too long, in line 2");
	ok(check_of("a\nb\n\0", 5, '\n', 9, &lines, &number) == ARGS_NUL &&
	   number == 3, "a NUL, in line 3");
	ok(check_of("a\nb\n\0", 5, '\0', 9, &lines, &number) == ARGS_END &&
	   lines == 1, "or the end of one");
}

/* The file gets another size after it has been looked through. */
static void test_sizes(void)
{
	struct args a = of("a\nb\nccc\n", 8, '\n', 100);
	const char *line;
	uint64_t lines;
	int fd = open(file, O_WRONLY | O_APPEND);

	ok(args_check(&a, &lines) == ARGS_END && lines == 3, "three lines");
	if (fd < 0 || ftruncate(fd, 5) < 0)
		exit(99);
	ok(next_is(&a, "a") && next_is(&a, "b"), "cut off: what is left");
	ok(args_line(&a, &line) == ARGS_CUT && a.number == 2 && a.lines == 3,
	   "cut off: no piece of a line");
	finish(&a);
	a = of("a\n", 2, '\n', 100);
	if (args_check(&a, &lines) != ARGS_END || write(fd, "b", 1) != 1)
		exit(99);
	ok(next_is(&a, "a") && next_is(&a, "b") &&
	   args_line(&a, &line) == ARGS_END, "one that grows is read to its "
	   "end");
	finish(&a);
	close(fd);
}

/* A line that is longer than one read. */
static void test_long(void)
{
	size_t size = 200000;
	char *text = malloc(size + 3);
	struct args a;
	const char *line;

	if (!text)
		exit(99);
	memset(text, 'x', size);
	memcpy(text + size, "\ny", 3);
	a = of(text, size + 2, '\n', size);
	ok(args_line(&a, &line) == ARGS_LINE && strlen(line) == size,
	   "a line longer than one read");
	args_done(&a);
	ok(next_is(&a, "y"), "and the one behind it");
	finish(&a);
	free(text);
}

/* Wait until the thread has seen it. */
static enum args_result line_of(struct args *a, const char **line)
{
	enum args_result result;

	while ((result = args_line(a, line)) == ARGS_LATER)
		poll(NULL, 0, 1);
	return result;
}

static void test_pipe(void)
{
	/* The thread looks at it as long as there is a process. */
	static struct args a = { .file = "-", .end = '\n', .limit = 100,
				 .news = count_news };
	const char *line;
	uint64_t lines;
	int ends[2];

	if (pipe(ends) < 0 || dup2(ends[0], STDIN_FILENO) < 0)
		exit(99);
	ok(args_open(&a) == 0 && args_check(&a, &lines) == ARGS_END &&
	   lines == 0, "a pipe can't be looked through");
	ok(args_line(&a, &line) == ARGS_LATER &&
	   args_line(&a, &line) == ARGS_LATER, "nothing yet, without waiting");
	if (write(ends[1], "on", 2) != 2)
		exit(99);
	while (news == 0)
		poll(NULL, 0, 1);
	ok(args_line(&a, &line) == ARGS_LATER, "half a line is none");
	if (write(ends[1], "e\ntwo", 5) != 5)
		exit(99);
	ok(line_of(&a, &line) == ARGS_LINE && strcmp(line, "one") == 0,
	   "a line in two pieces");
	args_done(&a);
	ok(args_line(&a, &line) == ARGS_LATER, "the next may go on");
	close(ends[1]);
	ok(line_of(&a, &line) == ARGS_LINE && strcmp(line, "two") == 0,
	   "the end of the pipe ends it");
	args_done(&a);
	ok(line_of(&a, &line) == ARGS_END, "and all");
	finish(&a);
	close(ends[0]);
}

int main(void)
{
	int fd = mkstemp(file);

	if (fd < 0)
		return 99;
	close(fd);
	test_files();
	test_checks();
	test_sizes();
	test_long();
	test_pipe();
	unlink(file);
	return done();
}
