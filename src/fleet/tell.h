/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tell.h - what a helper has to say, to whoever has started it, or to the
 * system's log.
 */
#ifndef FLEET_TELL_H
#define FLEET_TELL_H

#include "helper.h"

/** What was said last is not said again. */
void tell(struct helper *h, const char *text);
/** Why the engine does not answer. */
void tell_why(struct helper *h);
/** Messages went to whoever has started this; now that all is well, to the
 * system's log.
 * @param durable why the server can lose what it has acknowledged, or "" */
void tell_settle(struct helper *h, const char *durable);

#endif
