/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hands.h - what an actor has in its hands; for those that act, not for those
 * that look.
 */
#ifndef CRASH_HANDS_H
#define CRASH_HANDS_H

#include "crash.h"

#include "procq.h"

struct hands {
	struct procq *producer, *consumer;
	uint32_t slot;
	int ready, go;		/* its own ends of the pipes */
	bool no_reaping;
	int descriptors;	/* that were open at its start */
	struct procq_event event;	/* a death that it was told */
};

#endif
