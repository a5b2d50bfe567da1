/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * lease.h - a lease: until when processes may be started, and how many slots
 * are granted, by somebody outside of the queue. It is set, and what has to be
 * done when it is over is done.
 *
 * Idempotent and restartable, as limit.h.
 */
#ifndef PQ_LEASE_H
#define PQ_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"
#include "view.h"

/**
 * Set the lease and what is granted, and settle.
 * @param terms valid
 * @return how many more records are in use than may be
 * @retval -ENOTCONN another holder has set it, with a later epoch
 * @retval -EBADMSG the object is damaged
 */
int pq_lease_set(struct pq_segment *seg, const struct procq_lease *terms);

/** Read it. What two settings have written may be mixed. */
void pq_lease_get(const struct pq_segment *seg, struct procq_lease *out);

/** If the lease is over, and starts end with it: see that nothing that was
 * begun before enters any more, and park what is free. Once for each lease;
 * after that, and without a lease, it is a look at the header. */
void pq_lease_enforce(struct pq_segment *seg);

#endif
