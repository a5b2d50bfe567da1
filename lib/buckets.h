/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * buckets.h - how long processes have lived, and how long their ends took, of
 * all that were ever reported: counts in the shared object.
 */
#ifndef PQ_BUCKETS_H
#define PQ_BUCKETS_H

#include <stdint.h>

#include "procq.h"
#include "view.h"

/** The greatest value of a bucket, in ns; of the last: PROCQ_FOREVER. */
int64_t pq_bucket_most(unsigned bucket);

/** Count one value, in ns. Lock-free. @param which PROCQ_HISTOGRAM_LIFETIME,
 * … */
void pq_histogram_add(struct pq_segment *seg, unsigned which, int64_t value);
void pq_histogram_read(const struct pq_segment *seg, unsigned which,
		       struct procq_histogram *out);

#endif
