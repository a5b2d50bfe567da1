/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * line.c - pieces and times of a line. How lines are written: output.c.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "line.h"

#include "../kit/tap.h"

/* 2026-11-23T09:15:03.123456Z */
#define STARTED INT64_C(1795425303123456789)

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void at(const char *tz, int64_t ns, const char *want)
{
	struct line l = { .used = 0 };

	zone(tz);
	line_time(&l, ns);
	l.text[l.used] = '\0';
	is_str(l.text, want, tz);
}

static void test_times(void)
{
	at("UTC0", STARTED, "2026-11-23T09:15:03.123456+00:00");
	at("EST5", STARTED, "2026-11-23T04:15:03.123456-05:00");
	at("NST3:30", STARTED, "2026-11-23T05:45:03.123456-03:30");
	at("XXX-14", STARTED, "2026-11-23T23:15:03.123456+14:00");
	at("XXX-0:0:30", STARTED, "2026-11-23T09:15:03.123456+00:00");
	at("UTC0", 999, "1970-01-01T00:00:00.000000+00:00");
	at("UTC0", INT64_C(1709164800000000000),
	   "2024-02-29T00:00:00.000000+00:00");
	at("UTC0", -1000, "1969-12-31T23:59:59.999999+00:00");
	at("XXX12", INT64_C(1704067200000000000),
	   "2023-12-31T12:00:00.000000-12:00");
}

static void test_clock(void)
{
	struct line l = { .used = 0 };

	setenv("TZ", "XYZ-05:30", 1);
	tzset();
	line_clock(&l, INT64_C(1704067200123456789));
	is_str(l.text, "05:30:00.123", "the time of day");
}

/* A full line has its end all the same. */
static void test_full(void)
{
	struct line l = { .used = 0 };

	for (int i = 0; i < 2 * LINE_SIZE; i++)
		line_string(&l, "x");
	line_end(&l);
	is_int((int64_t)l.used, LINE_SIZE, "no more than fits");
	is_int(l.text[LINE_SIZE - 1], '\n', "... and the newline");
}

/* One that may grow keeps all. */
static void test_growing(void)
{
	struct line l = { .grows = true };

	for (int i = 0; i < 2 * LINE_SIZE; i++)
		line_format(&l, "%04d", i);
	line_end(&l);
	is_int((int64_t)l.used, 8 * LINE_SIZE + 1, "as long as it has to be");
	ok(!l.cut && strncmp(line_text(&l) + 4 * (LINE_SIZE - 1),
			     "40954096", 8) == 0, "and nothing is missing");
	is_int(line_text(&l)[l.used - 1], '\n', "with its newline");
	line_free(&l);
	line_add(&l, "x", 2);
	is_str(line_text(&l), "x", "empty again");
	line_free(&l);
}

int main(void)
{
	test_times();
	test_full();
	test_growing();
	test_clock();
	return done();
}
