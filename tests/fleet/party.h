/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * party.h - what runs on a host of a storm, and what happens to it.
 */
#ifndef PARTY_H
#define PARTY_H

/** Start producers and a consumer, and kill and stop them; at the end, see that
 * they end, and what their queue has. To be called by process 1 of a host. */
_Noreturn void party_life(unsigned host);

#endif
