/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts.h - a fleet on a grid: its bound, its books, and a row for each host.
 *
 * Must not ask, nor know a terminal.
 */
#ifndef TOP_HOSTS_H
#define TOP_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "feed.h"
#include "grid.h"

/** Draw all.
 * @param name of the fleet queue
 * @param top the first host that is shown; mended if there are fewer
 * @return how many are shown */
size_t hosts_draw(struct grid *g, const struct feed *f, const char *name,
		  size_t *top, int64_t now);

#endif
