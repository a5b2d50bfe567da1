/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fleet-places.c - the servers of one URL, each by itself.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "fleet/places.h"

#include "../kit/tap.h"

static char *host, *address, *port;

static const PQconninfoOption *options(char *h, char *a, char *p)
{
	static PQconninfoOption o[4];

	host = h;
	address = a;
	port = p;
	memset(o, 0, sizeof(o));
	o[0].keyword = (char *)(uintptr_t)"host";
	o[0].val = host;
	o[1].keyword = (char *)(uintptr_t)"hostaddr";
	o[1].val = address;
	o[2].keyword = (char *)(uintptr_t)"port";
	o[2].val = port;
	return o;
}

static bool is(const PQconninfoOption *o, size_t i, const char *h,
	       const char *a, const char *p)
{
	struct place at;

	return places_get(o, i, &at) && strcmp(at.host, h) == 0 &&
	       strcmp(at.hostaddr, a) == 0 && strcmp(at.port, p) == 0;
}

int main(void)
{
	static char none[] = "", one[] = "db", two[] = "a,b", gap[] = "a,,c",
		    addresses[] = "10.0.0.1,10.0.0.2", p0[] = ",", p1[] = "5433",
		    p2[] = "1,2", p3[] = "1,2,3", longer[2 * PLACE_TEXT + 2];
	const PQconninfoOption *o;
	struct place at;

	ok(places_count(NULL) == 1, "nothing is known: one");
	ok(places_count(options(NULL, NULL, NULL)) == 1, "the default is one");
	ok(places_count(options(none, none, none)) == 1, "so is nothing");
	o = options(one, NULL, p1);
	ok(places_count(o) == 1 && is(o, 0, "db", "", "5433"), "one");
	ok(!places_get(o, 1, &at), "and no more");
	o = options(two, NULL, p1);
	ok(places_count(o) == 2 && is(o, 0, "a", "", "5433") &&
	   is(o, 1, "b", "", "5433"), "two, with the same port");
	o = options(two, NULL, p2);
	ok(is(o, 0, "a", "", "1") && is(o, 1, "b", "", "2"),
	   "two, with ports of their own");
	o = options(two, NULL, p0);
	ok(places_count(o) == 2 && is(o, 1, "b", "", "5432"),
	   "two, with no port named");
	o = options(two, addresses, p2);
	ok(places_count(o) == 2 && is(o, 1, "b", "10.0.0.2", "2"),
	   "two names with addresses");
	o = options(NULL, addresses, NULL);
	ok(places_count(o) == 2 && is(o, 0, "", "10.0.0.1", ""),
	   "two addresses");
	ok(places_count(options(one, addresses, NULL)) == 1 &&
	   places_count(options(two, NULL, p3)) == 1,
	   "what does not fit is for libpq to refuse");
	o = options(gap, NULL, p3);
	ok(places_count(o) == 3 && is(o, 1, "", "", "2") &&
	   is(o, 2, "c", "", "3"), "the default among others");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = ',';
	ok(!places_get(options(longer, NULL, NULL), 1, &at),
	   "a name that is too long");
	return done();
}
