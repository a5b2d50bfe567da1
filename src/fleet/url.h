/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * url.h - where the engine of a fleet is, and how it may be spoken to.
 */
#ifndef FLEET_URL_H
#define FLEET_URL_H

#include <stdbool.h>

/* The parameters of a connection, as PQconnectStartParams() wants them. */
struct fleet_url {
	const char **keys, **values;
	void *parsed;		/* what values points into */
	char *queue;		/* after #; NULL: none is named */
	char *shown;		/* for messages: without # and what is after */
};

/** Read it, or end the program with a usage error: a password in it, or a way
 * over a network that others can read or answer.
 * @param insecure the user wants even that
 * @param seconds that a connection may take to be made */
void url_parse(struct fleet_url *u, const char *text, bool insecure,
	       int seconds);

#endif
