/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decimal.c - decimal numbers and amounts of memory, as people write them.
 *
 * strtod() would read a comma in some locales, and "nan" and "0x1p3" in all of
 * them; and 0.1 is none of its numbers. Must not print.
 */
#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "i18n.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Append a digit. Returns false if that is too much. */
static bool append(struct decimal *d, char c, bool after_point)
{
	unsigned digit = (unsigned)(c - '0');

	if (d->digits > (DIGITS_MAX - digit) / 10)
		return false;
	d->digits = d->digits * 10 + digit;
	if (!after_point)
		return true;
	d->decimals++;
	d->scale *= 10;
	return d->decimals <= DECIMALS_MAX;
}

const char *decimal_read(const char **text, struct decimal *out)
{
	struct decimal d = { 0, 1, 0 };
	const char *at = *text;
	const char *end;
	bool good = true;

	if (*at == '-')
		return N_("it can't be negative");
	for (; is_digit(*at) && good; at++)
		good = append(&d, *at, false);
	if (!good)
		return N_("it is too large");
	if (at == *text && (*at != '.' || !is_digit(at[1])))
		return N_("a decimal number is expected");
	if (*at == '.') {
		at++;
		end = at + strspn(at, "0123456789");
		while (end > at && end[-1] == '0')
			end--;
		for (; at < end && good; at++)
			good = append(&d, *at, true);
		at += strspn(at, "0");
	}
	if (!good)
		return N_("it has too many decimals");
	if (*at == ',')
		return N_("use '.' for the decimals");
	*text = at;
	*out = d;
	return NULL;
}

const char *size_parse(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGTkmgt";
	struct decimal d;
	const char *why = decimal_read(&text, &d);
	const char *at;
	unsigned shift = 0;
	uint64_t rest = 0;

	if (why)
		return why;
	if (*text) {
		at = strchr(units, *text);
		if (!at || text[1])
			return N_("the unit has to be K, M, G or T");
		shift = 10 * ((unsigned)(at - units) % 4 + 1);
	}
	if (d.digits == 0)
		return N_("it has to be more than 0");
	if (d.digits / d.scale > (uint64_t)INT64_MAX >> shift)
		return N_("it is too large");
	/* Of what is behind the point, whole units of the next size: less than
	 * 10^9 * 2^30. */
	if (shift)
		rest = (d.digits % d.scale << (shift - 10)) / d.scale << 10;
	*bytes = (d.digits / d.scale << shift) + rest;
	/* A fraction of the smallest. */
	if (*bytes == 0)
		*bytes = 1;
	return NULL;
}

char *size_text(uint64_t bytes, char buf[SIZE_SIZE])
{
	static const char units[] = "KMGTPE";
	const char *unit = units;
	uint64_t whole;
	unsigned tenths;

	if (bytes < 1024) {
		snprintf(buf, SIZE_SIZE, "%" PRIu64, bytes);
		return buf;
	}
	while (bytes >= 1024 * 1024) {
		bytes /= 1024;
		unit++;
	}
	whole = bytes / 1024;
	tenths = (unsigned)(bytes % 1024 * 10 / 1024);
	if (whole >= 100 || tenths == 0)
		snprintf(buf, SIZE_SIZE, "%" PRIu64 "%c", whole, *unit);
	else
		snprintf(buf, SIZE_SIZE, "%" PRIu64 ".%u%c", whole, tenths,
			 *unit);
	return buf;
}
