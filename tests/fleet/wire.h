/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - the network between the hosts of a fleet and its server: packets
 * pass by this process, which cuts, delays, loses and holds them back.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

enum { WIRE_UP, WIRE_DOWN, WIRE_WAYS };	/* to the server, and from it */

struct weather {
	bool cut;
	int64_t delay;		/* up to so much, ns */
	unsigned loss;		/* of 1000 packets */
	int64_t until;		/* CLOCK_MONOTONIC, ns */
};

/** Make the device of an end, in the network namespace of the caller: 10.77.0.N.
 * @return its descriptor, -1: errno says why */
int wire_end(unsigned number);
void wire_begin(int server, uint64_t seed);
/** The end of a host; fd -1: it is gone, and what is under way from it and to
 * it. */
void wire_plug(unsigned host, int fd);
void wire_set(unsigned host, int way, const struct weather *w);
/** Hold back what the present connections send, until then. */
void wire_hold(unsigned host, int64_t until);
/** What is held back, or late, arrives now. */
void wire_release(unsigned host);
/** Is the weather of a host fine? */
bool wire_is_fine(unsigned host);
void wire_heal(void);
/** Pass packets on, until the deadline or sooner. */
void wire_turn(int64_t deadline);

#endif
