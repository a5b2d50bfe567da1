/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pick.h - which process a consumer takes next, and whether it may: in turn;
 * or those that are dead, out of turn; or the one that is due first; before
 * these, the largest that uses too much memory; and not too soon after another.
 *
 * A consumer that waits for dues looks at what has come since its last look,
 * never at all records. The dead among those that are not due are another
 * matter: nothing leads to them but a look at each record. So after one that
 * found none, the next is a microsecond for each record later: a small queue
 * is looked at each time that an exit wakes the consumer, one of a million
 * records once a second.
 *
 * Must not signal a process, nor print.
 */
#ifndef PICK_H
#define PICK_H

#include <stdbool.h>
#include <stdint.h>

#include "due.h"
#include "large.h"
#include "procq.h"

struct pick {
	/* Set by the caller, which begins with zeros. */
	bool dead_only;			/* what has exited on its own */
	struct dues dues;		/* min_age, jitter; and key, if keyed */
	bool keyed;			/* else the key is the queue's own */
	int64_t min_gap;		/* ns; 0: none */
	struct large large;		/* most */

	/* After -EBUSY, else 0. */
	int64_t due_in;			/* ns until one is due, … */
	bool spaced;			/* … or only the gap is in the way, … */
	bool unpermitted;		/* … or there is no permit */

	/* Written here only. */
	struct procq *q;
	uint64_t seen;			/* see procq_arrivals() */
	int64_t dead_after;		/* when to look for the dead again */
	int64_t all_after;		/* … or at all records */
};

/** Are there times that processes become due at? */
bool pick_is_aged(const struct pick *k);
/** Does it matter which process is chosen, and when? */
bool pick_chooses(const struct pick *k);
/** The queue is joined: from now on, this one is picked from. */
void pick_begin(struct pick *k, struct procq *q);
/**
 * Take the next process.
 * @param deadline out, after -EBUSY: when to ask again at the latest
 * @retval 0
 * @retval -EAGAIN there is none
 * @retval -EBUSY those that there are may not be taken yet
 * @return else as procq_take()
 */
int pick_next(struct pick *k, struct procq_process *out, int64_t *deadline);
/**
 * Of a snapshot, keep those alive that could be taken now, in the order in
 * which they would be. For --dry-run: takes nothing.
 * @return how many they are, or -ENOMEM */
int pick_sort(const struct pick *k, struct procq_process *all, uint32_t n);
void pick_end(struct pick *k);

#endif
