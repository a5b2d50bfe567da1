/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gone.h - is a queued process provably gone, with nobody left to report it?
 */
#ifndef PQ_GONE_H
#define PQ_GONE_H

#include <stdint.h>

#include "view.h"

/* The producers that were found alive in one look at many records: so their
 * bytes are not asked for with each record. Begin with all zero. */
#define PQ_LIVING 16u

struct pq_living {
	uint64_t incarnation[PQ_LIVING];
};

enum pq_trace {
	PQ_TRACE_OTHER,		/* not queued, or its producer is alive */
	PQ_TRACE_ORPHAN,	/* its producer is dead; it may be alive */
	PQ_TRACE_LOST		/* its producer is dead, and so is it */
};

/**
 * What can be said of the process in this record? It is true of the word if
 * a CAS on that succeeds afterwards.
 * @param word as last read
 * @param living of this look
 */
enum pq_trace pq_trace(struct pq_segment *seg, uint32_t slot, uint64_t word,
		       struct pq_living *living);

#endif
