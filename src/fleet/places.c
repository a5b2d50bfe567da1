/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * places.c - see places.h. Pure: must not connect, nor resolve a name.
 *
 * Of several hosts libpq turns to the next when one refuses. One that is cut
 * off does not refuse, and where the program waits by itself, libpq has no
 * limit of time for it: the others would never be tried. So each is tried
 * alone.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "places.h"

#define DEFAULT_PORT "5432"

static const char *find(const PQconninfoOption *o, const char *key)
{
	for (; o && o->keyword; o++)
		if (strcmp(o->keyword, key) == 0)
			return o->val ? o->val : "";
	return "";
}

static size_t items(const char *list)
{
	size_t n = *list != '\0';

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* The i-th of a list with commas. */
static bool item(const char *list, size_t i, char *text, size_t size)
{
	size_t len;

	for (; i > 0; i--)
		list += strcspn(list, ",") + 1;
	len = strcspn(list, ",");
	if (len >= size)
		return false;
	memcpy(text, list, len);
	text[len] = '\0';
	return true;
}

size_t places_count(const PQconninfoOption *o)
{
	size_t names = items(find(o, "host"));
	size_t addresses = items(find(o, "hostaddr"));
	size_t ports = items(find(o, "port"));
	size_t n = addresses ? addresses : names;

	if (n == 0 || (names && names != n) || (ports > 1 && ports != n))
		return 1;
	return n;
}

bool places_get(const PQconninfoOption *o, size_t i, struct place *p)
{
	const char *name = find(o, "host"), *address = find(o, "hostaddr");
	const char *port = find(o, "port");

	memset(p, 0, sizeof(*p));
	if (i >= places_count(o))
		return false;
	if ((*name && !item(name, i, p->host, sizeof(p->host))) ||
	    (*address && !item(address, i, p->hostaddr, sizeof(p->hostaddr))) ||
	    (*port && !item(port, items(port) > 1 ? i : 0, p->port,
			    sizeof(p->port))))
		return false;
	/* Of "a,b" in a URL, libpq makes ports of "," with nothing in it. */
	if (*port && !*p->port)
		strcpy(p->port, DEFAULT_PORT);
	return true;
}
