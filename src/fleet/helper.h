/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper.h - the helper of a queue: it takes slots from the fleet's engine, and
 * gives them back.
 */
#ifndef FLEET_HELPER_H
#define FLEET_HELPER_H

#include "fleet.h"

/** Until no one else uses the queue and it is empty, or a signal asks to stop.
 * @return an exit status */
int fleet_help(struct fleet *f);

#endif
