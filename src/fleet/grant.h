/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grant.h - what a helper asks the engine, and what is done with the answers.
 */
#ifndef FLEET_GRANT_H
#define FLEET_GRANT_H

#include "helper.h"

/** So long a pause, or half of it, or between. */
int64_t grant_jitter(struct helper *h, int64_t ns);
/** Connect, if there is no connection.
 * @retval false there is none, which is said */
bool grant_connected(struct helper *h);
/** Say who this is, and what the object has.
 * @retval false not now: see helper.next, helper.leave */
bool grant_attach(struct helper *h);
/** Renew the lease; take more, or give back.
 * @retval false not now */
bool grant_lease(struct helper *h);

#endif
