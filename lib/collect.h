/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * collect.h - the ends of what a consumer has taken.
 */
#ifndef PQ_COLLECT_H
#define PQ_COLLECT_H

#include "handle.h"

/** See procq_collect(). */
int pq_take_collect(struct procq *q, struct procq_event *out);

/** Is there something to collect at once? For a consumer that is about to
 * sleep: deaths that only a pin shows are not looked for. */
bool pq_take_any_dead(const struct procq *q);

#endif
