/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * places.h - the servers that one URL names: host=a,b and the like.
 */
#ifndef FLEET_PLACES_H
#define FLEET_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

#define PLACE_TEXT 256

/* One of them, by the words of libpq; "": it is not given. */
struct place {
	char host[PLACE_TEXT], hostaddr[PLACE_TEXT], port[32];
};

/** How many there are; 1 if libpq is to complain of what is given. */
size_t places_count(const PQconninfoOption *o);
/** @param i from 0
 * @return false: it is none, or its name is too long */
bool places_get(const PQconninfoOption *o, size_t i, struct place *p);

#endif
