/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.c - when the next start is due.
 *
 * Must not read a clock, sleep, or use floating point: a rate that is not a
 * whole number of ns may not drift, however long a run is.
 */
#include <config.h>

#include <string.h>

#include "decimal.h"
#include "duration.h"
#include "i18n.h"
#include "pace.h"

/* Starts per unit, at most. */
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

/* unit * 10^decimals / digits, by long division: no product is too large, as
 * all digits together are less than 2^64 / 10. */
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
	struct decimal d;
	const char *why = decimal_read(&text, &d);

	if (why)
		return why;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(text, units[i].suffix) != 0)
			continue;
		if (d.digits == 0)
			return N_("it has to be more than 0");
		if (d.digits / d.scale > PER_UNIT_MAX)
			return N_("it is too large");
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
