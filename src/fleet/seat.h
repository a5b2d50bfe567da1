/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seat.h - by what the engine is to know this host and its local queue.
 */
#ifndef FLEET_SEAT_H
#define FLEET_SEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

#define SEAT_TEXT 400

struct seat {
	char name[SEAT_TEXT];	/* HOST/OBJECT */
	char machine[SEAT_TEXT]; /* what a reboot does not change */
	char boot[64];		/* what it does */
	char world[64];		/* the PID namespace, and the shared memory */
	char life[32];		/* which queue of that name */
	bool container;		/* another boot would prove nothing */
};

/** @param created procq_stat.created of the local queue */
void seat_find(struct seat *s, const char *object, int64_t created);
/** The same by the files below a folder, for tests. */
void seat_find_at(struct seat *s, const char *root, const char *object,
		  int64_t created);
/** How long the machine is up, in ms. */
int64_t seat_uptime(void);

#endif
