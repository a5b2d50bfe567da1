/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tell.h - what a helper has to say, to the program that has started it, or to
 * the system's log.
 */
#ifndef FLEET_TELL_H
#define FLEET_TELL_H

#include "helper.h"

/** What goes on is not told again. */
void tell(struct helper *h, const char *text);
/** Why the engine does not answer, and what helps. */
void tell_why(struct helper *h);
/** There is no such fleet queue, or not yet. */
void tell_no_queue(struct helper *h);
/** Another helper has attached. */
void tell_fenced(struct helper *h);
/** Slots are asked for when what was there before has ended. */
void tell_ends(struct helper *h);
/** The engine's clock was set.
 * @param moved by how many ns, as clock_moved() has it; 0: it was not */
void tell_clock(struct helper *h, int64_t moved);
/** Messages went to the program that has started this; now that all is well, to
 * the system's log.
 * @param durable why the server can lose what it has acknowledged, or "" */
void tell_settle(struct helper *h, const char *durable);

#endif
