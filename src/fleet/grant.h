/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grant.h - what a helper asks the engine, and what is done with the answers.
 */
#ifndef FLEET_GRANT_H
#define FLEET_GRANT_H

#include "helper.h"

/* Bytes of a number as text. */
#define GRANT_NUMBER 24

/** So long a pause, or half of it, or between. */
int64_t grant_jitter(struct helper *h, int64_t ns);
/** Connect, if there is no connection.
 * @retval false there is none, which is said */
bool grant_connected(struct helper *h);
/** Ask one thing: helper.asked is when. NULL: there was no answer, which is said.
 * A failed request is over, and its connection is good; but whether it was worked
 * off is not known if there was no answer. */
PGresult *grant_ask(struct helper *h, const char *sql, int n,
		    const char *const *values);
/** A cell in ms, as ns. */
int64_t grant_cell_ms(const PGresult *r, const char *column);
/** The code of this answer is not "ok". */
bool grant_refused(struct helper *h, const PGresult *r);
/** Say which seat this is, and what the object has.
 * @retval false not now: see helper.next, helper.leave */
bool grant_attach(struct helper *h);
/** Renew the lease; take more, or give back.
 * @retval false not now */
bool grant_lease(struct helper *h);

#endif
