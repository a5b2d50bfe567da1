/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/decimal.c - decimal numbers and amounts of memory are read as people
 * mean them, or refused with the reason.
 */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "decimal.h"

#include "../kit/tap.h"

static void reads(const char *text, int64_t digits, int64_t scale,
		  const char *rest)
{
	struct decimal d = { 7, 7, 7 };
	const char *at = text;
	const char *why = decimal_read(&at, &d);

	ok(!why && (int64_t)d.digits == digits && (int64_t)d.scale == scale &&
	   strcmp(at, rest) == 0, "'%s' is %" PRId64 "/%" PRId64 "%s%s", text,
	   digits, scale, why ? ": " : "", why ? why : "");
}

static void refuses(const char *text, const char *why)
{
	struct decimal d = { 7, 7, 7 };
	const char *at = text;
	const char *said = decimal_read(&at, &d);

	ok(said && strcmp(said, why) == 0 && d.digits == 7 && at == text,
	   "'%s' is refused: %s", text, said ? said : "no");
}

/* Up to a reason of NULL. */
struct refused {
	const char *why, *texts[8];
};

static void each(const struct refused *r,
		 void (*one)(const char *text, const char *why))
{
	for (; r->why; r++)
		for (size_t i = 0; r->texts[i]; i++)
			one(r->texts[i], r->why);
}

static void test_numbers(void)
{
	static const struct refused refused[] = {
		{ "a decimal number is expected",
		  { "", ".", "x", "nan", "inf", "+1", " 1" } },
		{ "it can't be negative", { "-1" } },
		{ "use '.' for the decimals", { "1,5", "1.5,5" } },
		{ "it is too large",
		  { "1000000000000000001", "99999999999999999999999999999" } },
		{ "it has too many decimals",
		  { "0.0000000001", "10000000000.123456789" } },
		{ NULL, { NULL } }
	};

	reads("0", 0, 1, "");
	reads("12", 12, 1, "");
	reads("0012/s", 12, 1, "/s");
	reads("1.5", 15, 10, "");
	reads(".5x", 5, 10, "x");
	reads("5.", 5, 1, "");
	reads("5.000", 5, 1, "");
	reads("5.010", 501, 100, "");
	reads("5.0100000000000000000000", 501, 100, "");
	reads("0.000000001", 1, 1000000000, "");
	reads("1.5.5", 15, 10, ".5");
	reads("1e3", 1, 1, "e3");
	reads("1000000000000000000", INT64_C(1000000000000000000), 1, "");
	each(refused, refuses);
}

static void sized(const char *text, int64_t bytes)
{
	uint64_t got = 0;
	const char *why = size_parse(text, &got);

	ok(!why && (int64_t)got == bytes, "'%s' is %" PRId64 " bytes: %" PRIu64
	   "%s%s", text, bytes, got, why ? ": " : "", why ? why : "");
}

static void no_size(const char *text, const char *why)
{
	uint64_t got = 7;
	const char *said = size_parse(text, &got);

	ok(said && strcmp(said, why) == 0 && got == 7, "'%s' is refused: %s",
	   text, said ? said : "no");
}

static void test_sizes(void)
{
	static const struct refused refused[] = {
		{ "it is too large", { "8388608T" } },
		{ "it has to be more than 0", { "0", "0.00G" } },
		{ "a decimal number is expected", { "", "G" } },
		{ "the unit has to be K, M, G or T",
		  { "1X", "1GB", "1 G", "50%" } },
		{ "it can't be negative", { "-1G" } },
		{ "use '.' for the decimals", { "1,5G" } },
		{ NULL, { NULL } }
	};

	sized("1", 1);
	sized("4096", 4096);
	sized("0.5", 1);
	sized("1K", 1024);
	sized("1k", 1024);
	sized("512M", INT64_C(512) << 20);
	sized("1.5G", INT64_C(3) << 29);
	sized("0.25t", INT64_C(1) << 38);
	sized("0.999999999T", INT64_C(1099511625728));
	sized("8388607T", INT64_C(8388607) << 40);
	each(refused, no_size);
}

static void test_text(void)
{
	char buf[SIZE_SIZE];

	is_str(size_text(0, buf), "0", "nothing");
	is_str(size_text(1023, buf), "1023", "bytes");
	is_str(size_text(1024, buf), "1K", "a K");
	is_str(size_text(1536, buf), "1.5K", "and a half");
	is_str(size_text(UINT64_C(25272000), buf), "24.1M", "three digits");
	is_str(size_text(UINT64_C(512) << 20, buf), "512M", "no more");
	is_str(size_text(UINT64_C(1023) << 30, buf), "1023G", "just below");
	is_str(size_text(UINT64_C(3) << 39, buf), "1.5T", "a T");
	is_str(size_text(UINT64_MAX, buf), "15.9E", "all there is");
}

int main(void)
{
	test_numbers();
	test_sizes();
	test_text();
	return done();
}
