/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/duration.c - durations are read exactly, in every locale, or refused.
 */
#include <config.h>

#include <inttypes.h>
#include <locale.h>

#include "procq.h"

#include "duration.h"

#include "../kit/tap.h"

static void reads(const char *text, int64_t want)
{
	int64_t got = -1;
	const char *why = duration_parse(text, &got);

	ok(!why && got == want, "'%s' is %" PRId64 " ns", text, want);
	if (why)
		note("  refused: %s", why);
	else if (got != want)
		note("  got %" PRId64, got);
}

static void refuses(const char *text)
{
	int64_t got = 4711;
	const char *why = duration_parse(text, &got);

	ok(why && got == 4711, "'%.40s' is refused", text);
}

static void says(int64_t ns, const char *want)
{
	char buf[DURATION_SIZE];

	is_str(duration_text(ns, buf), want, want);
}

static void test_reading(void)
{
	reads("0", 0);
	reads("0.000", 0);
	reads("1", INT64_C(1000000000));
	reads("1s", INT64_C(1000000000));
	reads("1.5s", INT64_C(1500000000));
	reads(".5", INT64_C(500000000));
	reads("2.", INT64_C(2000000000));
	reads("007", INT64_C(7000000000));
	reads("1us", 1000);
	reads("0.25us", 250);
	reads("250ms", INT64_C(250000000));
	reads("1.5m", INT64_C(90000000000));
	reads("2h", INT64_C(7200000000000));
	reads("1d", INT64_C(86400000000000));
	reads("0.1", INT64_C(100000000));
	reads("0.123456789", INT64_C(123456789));
	reads("9223372036.854775807", INT64_MAX);
	reads("9223372036854775.807us", INT64_MAX);
	/* Finer than a nanosecond. */
	reads("0.3333333333333333333333333333333", INT64_C(333333333));
	reads("0.6666666666666666666666666666666", INT64_C(666666667));
	reads("0.1234567894999999999", INT64_C(123456789));
	reads("0.1234567895", INT64_C(123456790));
	reads("0.0000000001", 1);
	reads("0.99999999999999999999d", INT64_C(86400000000000));
	reads("0.000000000000011574074074074074d", 1);
}

static void test_refusing(void)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "1 s", "-1", "-0", "+1", "s", ".", ".s",
		"1..5", "1.5.s", "1,5", "1e3", "0x10", "nan", "inf",
		"infinity", "1ss", "1S", "1ns", "1min", "1s2",
		"9223372036.854775808", "9223372037", "106752d",
		"99999999999999999999999999", "9223372036.8547758079",
	};
	int64_t comma;

	is_str(duration_parse("1,5", &comma), "use '.' for the decimals",
	       "a comma");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuses(bad[i]);
}

static void test_part(void)
{
	int64_t ns = 0;

	ok(!duration_parse_part("10-20ms", 2, &ns), "the first part only");
	is_int(ns, INT64_C(10000000000), "and its value");
	ok(duration_parse_part("10", 0, &ns), "an empty part");
}

static void test_text(void)
{
	char buf[DURATION_SIZE];

	says(0, "0ns");
	says(812, "812ns");
	says(1000, "1.00us");
	says(112999, "112us");
	says(15203000, "15.2ms");
	says(999999999, "999ms");
	says(2023114000, "2.02s");
	says(INT64_C(12000000000), "12.0s");
	says(INT64_C(75000000000), "75.0s");
	says(INT64_C(999999999999), "999s");
	says(INT64_C(1000000000000), "16.6m");
	says(INT64_C(5999999999999), "99.9m");
	says(INT64_C(6000000000000), "1.66h");
	says(INT64_C(359999999999999), "99.9h");
	says(INT64_C(360000000000000), "4.16d");
	says(INT64_C(86400000000000000), "1000d");
	is_str(duration_seconds(INT64_C(2023114999), 3, buf), "2.023",
	       "seconds, 3 decimals");
	is_str(duration_seconds(INT64_C(2000000009), 9, buf), "2.000000009",
	       "seconds, 9 decimals");
	is_str(duration_seconds(412345, 6, buf), "0.000412",
	       "seconds, 6 decimals");
	is_str(duration_seconds(-1500000000, 3, buf), "-1.500",
	       "negative seconds");
}

static void test_locale(void)
{
	static const char *const names[] = {
		"de_DE.UTF-8", "es_ES.UTF-8", "fr_FR.UTF-8", "de_DE", "es_ES"
	};
	const char *found = NULL;
	char buf[DURATION_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !found; i++)
		found = setlocale(LC_ALL, names[i]);
	if (!found || strcmp(localeconv()->decimal_point, ",") != 0) {
		skip("a decimal comma", "no such locale here");
		return;
	}
	reads("1.5", INT64_C(1500000000));
	refuses("1,5");
	is_str(duration_seconds(1500000000, 3, buf), "1.500",
	       "a point in a locale with a comma");
}

static void test_sleep(void)
{
	int64_t begun = procq_now();

	time_sleep(-1);
	time_sleep(INT64_MIN);
	time_sleep(0);
	time_sleep(20000000);
	ok(procq_now() - begun >= 20000000,
	   "20 ms are slept, and no time that is over");
}

int main(void)
{
	test_reading();
	test_refusing();
	test_part();
	test_text();
	test_locale();
	test_sleep();
	return done();
}
