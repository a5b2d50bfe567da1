/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.c - when the next start is due.
 *
 * Must not read a clock, sleep, or use floating point: a rate that is not a
 * whole number of ns may not drift, however long a run is.
 */
#include <config.h>

#include <string.h>

#include "duration.h"
#include "i18n.h"
#include "pace.h"

/* Decimals of a rate, and the digits before them: so that all digits together
 * are less than 2^63 / 10, as interval() needs. */
#define DECIMALS_MAX 9
#define PER_UNIT_MAX UINT64_C(1000000000)

static const struct {
	const char *suffix;
	int64_t ns;
} units[] = {
	{ "", NS_PER_S },
	{ "/s", NS_PER_S },
	{ "/m", 60 * NS_PER_S },
	{ "/h", 3600 * NS_PER_S },
	{ "/d", 86400 * NS_PER_S }
};

/* A decimal number: digits / 10^decimals. */
struct decimal {
	uint64_t digits;
	unsigned decimals;
};

/* Append a run of digits. Returns what follows them; NULL: too many. */
static const char *read_digits(const char *text, struct decimal *d,
			       bool after_point)
{
	unsigned zeros = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		/* Zeros count when another digit follows. */
		if (after_point && *text == '0') {
			zeros++;
			continue;
		}
		for (; zeros > 0 && d->decimals <= DECIMALS_MAX; zeros--) {
			d->digits *= 10;
			d->decimals++;
		}
		d->decimals += after_point;
		if (d->decimals > DECIMALS_MAX)
			return NULL;
		d->digits = d->digits * 10 + (uint64_t)(*text - '0');
		if (!after_point && d->digits > PER_UNIT_MAX)
			return NULL;
	}
	return text;
}

static const char *read_number(const char **text, struct decimal *d)
{
	const char *at = *text;
	const char *end = read_digits(at, d, false);
	bool any = end != at;

	if (*at == '-')
		return N_("it can't be negative");
	if (!end)
		return N_("it has to be at most 1000000000");
	if (*end == '.') {
		at = end + 1;
		end = read_digits(at, d, true);
		if (!end)
			return N_("it has more than nine decimals");
		any = any || end != at;
	}
	if (!any)
		return N_("a decimal number is expected");
	if (*end == ',')
		return N_("use '.' for the decimals");
	*text = end;
	return NULL;
}

/* unit * 10^decimals / digits, by long division: no product is too large. */
static bool interval(const struct decimal *d, uint64_t unit, struct rate *out)
{
	uint64_t n = d->digits;
	uint64_t whole = unit / n, rest = unit % n;

	for (unsigned i = 0; i < d->decimals; i++) {
		if (whole > (uint64_t)INT64_MAX / 10 - 1)
			return false;
		whole = whole * 10 + rest * 10 / n;
		rest = rest * 10 % n;
	}
	*out = (struct rate){ n, whole, rest };
	return true;
}

const char *rate_parse(const char *text, struct rate *out)
{
	struct decimal d = { 0, 0 };
	const char *why = read_number(&text, &d);

	if (why)
		return why;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(text, units[i].suffix) != 0)
			continue;
		if (d.digits == 0)
			return N_("it has to be more than 0");
		if (!interval(&d, (uint64_t)units[i].ns, out))
			return N_("less than one start in 292 years");
		return NULL;
	}
	return N_("after the number comes nothing, /s, /m, /h or /d");
}

bool pace_is_flood(const struct pace *p)
{
	return p->rate.n == 0 && distribution_is_zero(p->delay);
}

static void pause_after(struct pace *p, int64_t from)
{
	p->due = time_after(from, distribution_draw(p->delay, p->random));
}

void pace_begin(struct pace *p, int64_t now)
{
	p->over = 0;
	p->due = now;
	if (p->rate.n == 0)
		pause_after(p, now);
}

void pace_started(struct pace *p, int64_t now, bool waited)
{
	if (p->rate.n == 0) {
		pause_after(p, waited || now - p->due > PACE_SLIP_MAX
				       ? now
				       : p->due);
		return;
	}
	if (now - p->due > PACE_DEBT_MAX) {
		p->due = now;
		p->over = 0;
	}
	p->due = time_after(p->due, (int64_t)p->rate.whole);
	/* Both are less than n, which is less than 2^60. */
	p->over += p->rate.rest;
	if (p->over >= p->rate.n) {
		p->over -= p->rate.n;
		p->due = time_after(p->due, 1);
	}
}
