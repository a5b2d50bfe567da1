/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * due.h - when each process is due: at its start, plus an age that all have to
 * reach, plus a time of its own. And which of many is due first.
 *
 * The time of its own follows from the queue and the seq, so every consumer
 * works out the same one, and a process keeps its own when it is put back.
 * It is spread evenly: what started together does not end together.
 *
 * Times are readings of procq_life(), so a suspend counts.
 */
#ifndef DUE_H
#define DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

/* A process, and when it is due. */
struct due {
	int64_t at;
	int64_t started;		/* as in struct procq_process */
	uint64_t seq;
	uint32_t slot;
	int32_t pid;
};

/* The earliest first: a heap, with one place for each record at most. */
struct dues {
	/* Set by the caller, which begins with zeros. */
	int64_t min_age;		/* ns */
	int64_t jitter;			/* ns */
	uint64_t key;			/* of the times of their own */

	/* Written here only. */
	struct due *heap;
	uint32_t count;
	uint32_t room;
	uint32_t *where;		/* by slot: its index in heap, plus one */
	uint32_t slots;
};

/** The key of a queue: another one for each that ever has this name. */
uint64_t due_key(const char *object, int64_t created);
/** The time of its own: 0 to jitter, all equally likely. */
int64_t due_own(uint64_t key, uint64_t seq, int64_t jitter);
/** When a process is due. One that is dead is, at once.
 * @param now procq_life(), not before it was described */
int64_t due_at(const struct dues *all, const struct procq_process *p,
	       int64_t now);

/** Add a process, in place of what was in its record before.
 * @retval 0, -ENOMEM */
int dues_add(struct dues *all, const struct procq_process *p, int64_t now);
/** The one that is due first; NULL: there is none. Valid until the next
 * change. */
const struct due *dues_first(const struct dues *all);
/** Take the first one out. */
void dues_drop_first(struct dues *all);
/** Take all out. */
void dues_clear(struct dues *all);
void dues_free(struct dues *all);

#endif
