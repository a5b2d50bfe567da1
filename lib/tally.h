/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * tally.h - what each participant has counted, exactly.
 */
#ifndef PQ_TALLY_H
#define PQ_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/*
 * Counting exactly once, although the counter may be killed between the CAS
 * on the word and the count. The intent names the record and its generation,
 * the kind, and whether the count is odd before. The sweep finds it: if the
 * word has moved on and the count is as odd as before, the count is one
 * behind.
 */
void pq_tally_begin(struct pq_participant *me, enum pq_tally kind,
		    uint32_t slot, uint64_t gen);
void pq_tally_end(struct pq_participant *me, bool done);
/** The sweep's part, for the dead incarnation in this place. */
void pq_tally_repair(const struct pq_segment *seg, unsigned place,
		     uint64_t member);

#endif
