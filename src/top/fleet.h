/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h - procq top --fleet: the hosts of a fleet.
 */
#ifndef TOP_FLEET_H
#define TOP_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "grid.h"

/* What the command line asks for. */
struct fleet_top {
	const char *url;	/* NULL: $PROCQ_FLEET */
	const char *queue;	/* NULL: the URL has it, or it is the default */
	bool insecure, colours, batch;
	int64_t delay;		/* ns */
	uint64_t frames;	/* in batch mode; 0: without an end */
	int rows, columns;	/* in batch mode */
};

/** @return an exit status */
int fleet_top(const struct fleet_top *t, struct grid *g);

#endif
