/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tap.h - tests in C that speak TAP.
 *
 *	plan(2);			or leave it out: done() then writes it
 *	ok(x > 0, "x is %d", x);
 *	is_int(got, 3, "three");
 *	is_str(got, "abc", "the name");
 *	return done();
 *
 * done() gives the exit status: not 0 if a test failed, or if there were not
 * as many as planned. For one .c file per program: the counters are static.
 * Must not be used in a child process, which would count for itself.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAP_UNUSED __attribute__((__unused__))

static int tap_planned = -1;
static int tap_run;
static int tap_failed;

TAP_UNUSED static void plan(int n)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tap_planned = n;
	printf("1..%d\n", n);
}

/* End the program: none of its tests can be made here. */
TAP_UNUSED static _Noreturn void skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(0);
}

TAP_UNUSED __attribute__((__format__(__printf__, 1, 2)))
static void note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

__attribute__((__format__(__printf__, 4, 0)))
static int tap_result(int good, const char *file, int line,
		      const char *format, va_list args)
{
	tap_run++;
	if (!good)
		tap_failed++;
	printf("%sok %d - ", good ? "" : "not ", tap_run);
	vprintf(format, args);
	printf("\n");
	if (!good)
		printf("#   at %s:%d\n", file, line);
	fflush(stdout);
	/* For a caller that only asks whether one fails. */
	if (!good && getenv("TAP_FAIL_FAST"))
		exit(1);
	return good;
}

__attribute__((__format__(__printf__, 4, 5)))
static int tap_ok(int good, const char *file, int line, const char *format,
		  ...)
{
	va_list args;

	va_start(args, format);
	tap_result(good, file, line, format, args);
	va_end(args);
	return good;
}

TAP_UNUSED static int tap_is_int(intmax_t got, intmax_t want, const char *file,
				 int line, const char *name)
{
	if (tap_ok(got == want, file, line, "%s", name))
		return 1;
	note("  got %jd, expected %jd", got, want);
	return 0;
}

TAP_UNUSED static int tap_is_str(const char *got, const char *want,
				 const char *file, int line, const char *name)
{
	int same = got && want ? strcmp(got, want) == 0 : got == want;

	if (tap_ok(same, file, line, "%s", name))
		return 1;
	note("  got      %s", got ? got : "(null)");
	note("  expected %s", want ? want : "(null)");
	return 0;
}

#define ok(good, ...) tap_ok(!!(good), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, name) \
	tap_is_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, name)
#define is_str(got, want, name) \
	tap_is_str(got, want, __FILE__, __LINE__, name)

/* A test that can't be made here, in place of ok(). */
TAP_UNUSED static void skip(const char *name, const char *why)
{
	tap_run++;
	printf("ok %d - %s # SKIP %s\n", tap_run, name, why);
	fflush(stdout);
}

TAP_UNUSED static int done(void)
{
	if (tap_planned < 0)
		printf("1..%d\n", tap_run);
	else if (tap_planned != tap_run)
		printf("# planned %d, ran %d\n", tap_planned, tap_run);
	fflush(stdout);
	return tap_failed > 0 || tap_run == 0 ||
	       (tap_planned >= 0 && tap_planned != tap_run);
}

#endif
