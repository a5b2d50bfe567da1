/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * tally.h - what each participant has counted, exactly.
 *
 * A participant may be killed between its CAS on a word and its count of that.
 * So it first writes an intent: the record and its generation, the kind, and
 * whether that count is odd. The sweep after its death finds the intent. If
 * the word has moved on, and the count is as odd as it was, one is missing.
 */
#ifndef PQ_TALLY_H
#define PQ_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/** Write the intent, before the CAS on the word. */
void pq_tally_begin(struct pq_participant *me, enum pq_tally kind,
		    uint32_t slot, uint64_t gen);
/** Count, if the CAS was done, and take the intent back. */
void pq_tally_end(struct pq_participant *me, bool done);
/** The sweep's part, for the dead member in this place; before it hands any
 * record of that member back. */
void pq_tally_repair(const struct pq_segment *seg, unsigned place,
		     uint64_t member);

#endif
