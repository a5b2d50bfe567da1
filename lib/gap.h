/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gap.h - a take that keeps the distance of this handle, procq_set_gap(), with
 * a permit where one is needed, procq_need_permits().
 */
#ifndef PQ_GAP_H
#define PQ_GAP_H

#include "handle.h"

/** As pq_take(). If the handle has a gap, and the process is not dead, with the
 * permit only.
 * @retval -EBUSY not now */
int pq_gap_take(struct procq *q, uint32_t slot, uint64_t word,
		uint64_t position);

/** See procq_gap(). */
int pq_gap_look(struct procq *q, int64_t *when, struct procq_process *first);

#endif
