/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * fence.h - a note for people: the name under which a lease was taken back.
 */
#ifndef PQ_FENCE_H
#define PQ_FENCE_H

#include "procq.h"
#include "view.h"

/** Note it, by the holder with this epoch, before it sets the lease.
 * @retval 0, -ENOTCONN there is a later holder */
int pq_fence_note(struct pq_segment *seg, uint64_t epoch, const char *by);
/** Read it into out->fenced, out->fenced_by. */
void pq_fence_read(const struct pq_segment *seg, struct procq_lease *out);

#endif
