/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * permit.h - the permits of a fleet to end processes: between the engine, which
 * gives them, and the queue's object, where consumers use them.
 *
 * Where they return false, it could not be done now.
 */
#ifndef FLEET_PERMIT_H
#define FLEET_PERMIT_H

#include "helper.h"

/** This helper is the giver from now on. What another has left unused is
 * withdrawn. Before the lease is set: with an old one, it begins no ending. */
bool permit_begin(struct helper *h, uint64_t epoch, bool needed);
/** The engine has said whether they are needed. */
bool permit_need(struct helper *h, bool needed);
/** Nothing that is unused is to be used any more. */
void permit_fence(struct helper *h);
/** Is there anything to ask, or to say? */
bool permit_is_due(struct helper *h);
/** How long until that, at most; ns. */
int64_t permit_pause(const struct helper *h);
/** Say what is held and what is done; take what is given. */
bool permit_ask(struct helper *h);
/** The last word. */
bool permit_leave(struct helper *h);

#endif
