/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * handle.h - what a handle holds: the private side of one participant. Both
 * sides include it: the parent's rooms and the taker's.
 */
#ifndef PQ_HANDLE_H
#define PQ_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "command.h"
#include "flight.h"
#include "identity.h"
#include "intmap.h"
#include "nest.h"
#include "procq.h"
#include "view.h"

struct procq {
	struct pq_segment *seg;
	char name[PROCQ_NAME_SIZE];	/* as the caller gave it */
	pid_t pid;			/* the process that may use it */
	unsigned number;		/* the same, as handle.c counts them */
	uint32_t role;
	uint32_t flags;			/* of procq_options */
	uint64_t incarnation;
	unsigned place;
	bool lost;			/* its lock byte is: see wait.c */

	/* The producer's side. */
	struct pq_intmap children;	/* pid to its pq_life(), until it is
					 * reaped */
	struct pq_nest nest;
	struct pq_lookup lookup;
	struct pq_late *late;		/* see producer.c */
	bool started;			/* it once had a child here */
	enum pq_ident_kind ident_kind;	/* of its children's identities; NONE
					 * also before the first */
	int64_t last_start;		/* of a child, pq_clock_life(); 0: shown
					 * alive long enough after it */
	int lifeline[2];		/* see spawn.c; -1: none */
	int64_t look_after;		/* see reap.c; 0: at once */
	bool look_late;			/* a look was put off until then */
	int64_t ask_after;		/* see reap_stolen() */
	uint32_t ask_at;		/* … where it goes on in children */

	/* The consumer's side. */
	struct pq_flights flights;
	int64_t gap;			/* procq_set_gap(); 0: none */
	uint32_t search;		/* where pq_take_find() goes on */
	int64_t pin_pause;		/* see wait.c; 0: the shortest */
	int64_t vain;			/* slept so long since it was woken */

	/* The last wait timed out, and nothing was signalled since: nothing
	 * is about to happen, so the next wait does not linger. */
	bool skip_linger;

	/* The object's name does not lead to it any more; when that was looked
	 * at last. See wait.c. */
	bool nameless;
	int64_t name_looked;

	/* PROCQ_WAIT_ROOM and PROCQ_WAIT_READY: it was the lookout for that, or
	 * was woken for it, and has not yet passed that on. See bell.c. */
	unsigned owed;

	/* Set by procq_wake(), perhaps in a signal handler; cleared by the wait
	 * that it ends. */
	_Atomic int woken;
};

/* Where a child of this handle is: its slot, and the low bits of the generation
 * that was reserved for it. The slot may be another's by the time of its death:
 * see lease.c. */
static inline uint64_t pq_life(uint32_t slot, uint64_t word)
{
	return (uint64_t)(uint32_t)pq_word_gen(word) << 32 | slot;
}

static inline uint32_t pq_slot_of(const struct pq_pair *child)
{
	return (uint32_t)child->value;
}

static inline uint32_t pq_life_of(const struct pq_pair *child)
{
	return (uint32_t)(child->value >> 32);
}

/* The owner in the words of the records that this participant has. */
static inline unsigned pq_owner(const struct procq *q)
{
	return q->place + 1;
}

/** May this process use the handle? 0; -ECHILD: it was inherited from the
 * parent, however that has made the copy; -EINVAL: NULL. */
int pq_usable(const struct procq *q);
/** The same; -EINVAL also for an onlooker's. */
int pq_usable_parent(const struct procq *q);
/** The same; -ESTALE if others have taken this participant for dead. */
int pq_usable_participant(const struct procq *q);
/** Has this participant its place? If not, all that it had is others'. */
bool pq_seated(const struct procq *q);
/** The number of this process among those that it may have handles of. */
unsigned pq_handle_number(void);

/**
 * Mark, then reap, every dead child of this handle. Send the signals that
 * takers ask this parent to send.
 * @param out NULL: all; otherwise only one, and how it ended
 * @return how many were reaped
 */
int pq_reap(struct procq *q, struct procq_event *out);

#endif
