/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * verdict.h - what a taker knows of the process that it is about to take.
 */
#ifndef PQ_VERDICT_H
#define PQ_VERDICT_H

#include "handle.h"
#include "record.h"

/** Is it the recorded process that has the pid now?
 * @param pin of that pid; -1: none
 * @param file what the pin is a descriptor of */
enum pq_verdict pq_verdict_of(const struct pq_snapshot *snap, int pin,
			      struct pq_file file);

/** Pin the process of a record, unless it is known to be dead, and judge it:
 * before the CAS that takes the record, whose word is that of snap.
 * @param f its slot; gets pin, orphan and verdict
 * @retval 0
 * @retval -EMFILE, -ENFILE, -ENOMEM no pin; f->pin may be one to be closed */
int pq_verdict_find(struct procq *q, const struct pq_snapshot *snap,
		    struct pq_flight *f);

#endif
