/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * duration.c - lengths of time as people write them.
 *
 * strtod() would read a comma in some locales, and "nan", "inf" and "0x1p3"
 * in all of them; it would also lose nanoseconds beyond 104 days. So the
 * digits are read here. Must not print.
 */
#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "duration.h"
#include "i18n.h"

struct unit {
	const char *name;
	int64_t ns;
};

static const struct unit units[] = {
	{ "", NS_PER_S },
	{ "us", NS_PER_US },
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_S },
	{ "m", 60 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "d", 86400 * NS_PER_S }
};

static const char too_long[] = N_("longer than 292 years");

/* Not isdigit(), which depends on the locale. */
static size_t count_digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

/* A unit in ns; 0: there is no such unit. */
static int64_t find_unit(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == len &&
		    memcmp(units[i].name, text, len) == 0)
			return units[i].ns;
	return 0;
}

/* digits * unit, or -1 if that is out of range. */
static int64_t whole_part(const char *digits, size_t n, int64_t unit)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		int digit = digits[i] - '0';

		if (value > (INT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	return value > INT64_MAX / unit ? -1 : value * unit;
}

/*
 * 0.digits * unit, rounded to the nearest, exact for any number of digits:
 * the product is worked out from its last decimal to its first, as on paper.
 * The last carry is the whole ns; the last digit that was written down decides
 * on rounding.
 */
static int64_t fraction_part(const char *digits, size_t n, int64_t unit)
{
	int64_t carry = 0;
	int64_t behind = 0;

	for (size_t i = n; i-- > 0;) {
		int64_t t = (digits[i] - '0') * unit + carry;

		behind = t % 10;
		carry = t / 10;
	}
	return carry + (behind >= 5 ? 1 : 0);
}

static bool is_nothing(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] >= '1' && text[i] <= '9')
			return false;
	return true;
}

const char *duration_parse_part(const char *text, size_t len, int64_t *ns)
{
	size_t whole, fraction = 0, number;
	int64_t unit, value, rest;

	if (len == 0)
		return N_("a decimal number is expected");
	if (text[0] == '-')
		return N_("it can't be negative");
	whole = count_digits(text, len);
	number = whole;
	if (number < len && text[number] == '.') {
		number++;
		fraction = count_digits(text + number, len - number);
		number += fraction;
	}
	if (number < len && text[number] == ',')
		return N_("use '.' for the decimals");
	if (whole + fraction == 0)
		return N_("a decimal number is expected");
	unit = find_unit(text + number, len - number);
	if (unit == 0)
		return N_("the unit has to be us, ms, s, m, h or d");
	value = whole_part(text, whole, unit);
	if (value < 0)
		return too_long;
	rest = fraction_part(text + number - fraction, fraction, unit);
	if (value > INT64_MAX - rest)
		return too_long;
	value += rest;
	if (value == 0 && !is_nothing(text, number))
		value = 1;
	*ns = value;
	return NULL;
}

const char *duration_parse(const char *text, int64_t *ns)
{
	return duration_parse_part(text, strlen(text), ns);
}

char *duration_text(int64_t ns, char buf[DURATION_SIZE])
{
	/* The largest first. */
	static const struct {
		int64_t from, size;
		const char *unit;
	} forms[] = {
		{ 100 * 3600 * NS_PER_S, 86400 * NS_PER_S, "d" },
		{ 100 * 60 * NS_PER_S, 3600 * NS_PER_S, "h" },
		{ 1000 * NS_PER_S, 60 * NS_PER_S, "m" },
		{ NS_PER_S, NS_PER_S, "s" },
		{ NS_PER_MS, NS_PER_MS, "ms" },
		{ NS_PER_US, NS_PER_US, "us" },
		{ INT64_MIN, 1, "ns" }
	};
	size_t i = 0, end;

	while (ns < forms[i].from)
		i++;
	if (forms[i].size == 1) {
		snprintf(buf, DURATION_SIZE, "%" PRId64 "ns", ns);
		return buf;
	}
	snprintf(buf, DURATION_SIZE, "%" PRId64 ".%03d", ns / forms[i].size,
		 (int)(ns % forms[i].size / (forms[i].size / 1000)));
	/* Three digits are enough, and none after a point that ends them. */
	end = strcspn(buf, ".");
	end = end < 3 ? 4 : end;
	snprintf(buf + end, DURATION_SIZE - end, "%s", forms[i].unit);
	return buf;
}

char *duration_seconds(int64_t ns, int decimals, char buf[DURATION_SIZE])
{
	int64_t whole = ns / NS_PER_S;
	int64_t rest = ns % NS_PER_S;

	for (int i = decimals; i < 9; i++)
		rest /= 10;
	/* A value that rounds to 0 has no sign. */
	snprintf(buf, DURATION_SIZE, "%s%" PRId64 ".%0*" PRId64,
		 whole < 0 || rest < 0 ? "-" : "", whole < 0 ? -whole : whole,
		 decimals, rest < 0 ? -rest : rest);
	return buf;
}

int64_t time_after(int64_t now, int64_t ns)
{
	return ns > INT64_MAX - now ? INT64_MAX : now + ns;
}

int64_t time_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void time_sleep(int64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / NS_PER_S),
			      .tv_nsec = (long)(ns % NS_PER_S) };

	if (ns > 0)
		nanosleep(&t, NULL);
}
