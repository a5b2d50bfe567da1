/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshot.c - see snapshot.h.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "snapshot.h"

int snapshot_all(const struct procq *q, struct procq_process **out)
{
	struct procq_process *p = NULL;
	uint32_t room = 64;

	*out = NULL;
	for (;;) {
		struct procq_process *bigger =
			realloc(p, room * sizeof(*bigger));
		int n = -ENOMEM;

		if (bigger) {
			p = bigger;
			n = procq_snapshot(q, p, room);
		}
		if (n < 0) {
			free(p);
			return n;
		}
		if ((uint32_t)n <= room) {
			*out = p;
			return n;
		}
		room = (uint32_t)n + (uint32_t)n / 8;
	}
}

const char *state_word(uint32_t state)
{
	switch (state) {
	case PROCQ_STATE_FREE:
		return "free";
	case PROCQ_STATE_RESERVED:
		return "reserved";
	case PROCQ_STATE_QUEUED:
		return "queued";
	case PROCQ_STATE_TAKEN:
		return "taken";
	case PROCQ_STATE_EXITED:
		return "exited";
	case PROCQ_STATE_GONE:
		return "gone";
	case PROCQ_STATE_PARKED:
		return "parked";
	}
	return NULL;
}

const char *snapshot_state(const struct procq_process *p)
{
	return p->flags & PROCQ_PROCESS_LOST ? "lost" : state_word(p->state);
}
