/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * panels.h - a view on a grid: the ring, rates, participants, processes.
 *
 * Must not look at a queue, nor know a terminal.
 */
#ifndef TOP_PANELS_H
#define TOP_PANELS_H

#include <stdbool.h>
#include <stdint.h>

#include "grid.h"
#include "view.h"

enum sort { SORT_SEQ, SORT_AGE, SORT_STATE, SORT_PID, SORTS };

/* What the user has chosen. */
struct choice_state {
	enum sort sort;
	bool reverse;
	int filter;		/* a state of records; 0: all */
	bool paused;
	uint64_t cursor;	/* the seq of the chosen process; 0: the first
				 */
	uint32_t top;		/* the first one that is shown */
	uint32_t page;		/* out: how many are shown */
	const char *message;	/* in the last row; NULL: the keys */
};

/** The name of a sort, of a state. */
const char *sort_name(enum sort sort);
const char *state_name(uint32_t state);

/** Sort and filter the records: indices of those that are to be shown.
 * @param order room for v->count
 * @return how many */
uint32_t panels_order(const struct view *v, const struct choice_state *c,
		      uint32_t *order);
/** Draw all. @param order, n of panels_order() */
void panels_draw(struct grid *g, const struct view *v, struct choice_state *c,
		 const uint32_t *order, uint32_t n);

#endif
