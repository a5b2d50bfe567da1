/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * flight.h - the processes that a consumer has taken, until their deaths are
 * confirmed: its flights. Private memory, in the order of taking.
 */
#ifndef PQ_FLIGHT_H
#define PQ_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "intmap.h"
#include "owner.h"

#define PQ_NO_FLIGHT UINT32_MAX

/* What is known of a process when it is taken, by the word and by the pin, or
 * the lack of one. */
enum pq_verdict {
	PQ_VERDICT_MARKED,	/* dead: its word says so; it is not pinned */
	PQ_VERDICT_PINNED,	/* the pin holds the recorded process */
	PQ_VERDICT_BY_PARENT,	/* no pins here; its parent, which is alive,
				 * can signal it */
	PQ_VERDICT_STALE,	/* it is proven to be gone */
	PQ_VERDICT_UNPROVEN	/* a process has its pid, and nothing shows
				 * which one */
};

struct pq_flight {
	uint64_t gen;			/* of the TAKEN word */
	uint64_t producer;
	int64_t died;			/* when its pin was first seen dead */
	uint32_t slot;
	int32_t pid;
	int pin;			/* -1: none */
	struct pq_file pin_file;	/* what that is a descriptor of */
	enum pq_verdict verdict;
	bool orphan;			/* its producer is dead */
	bool group;
	bool reopened;			/* it was dead when it was taken, and
					 * its pin is good for its group: see
					 * rest.h */
	bool rest_signalled;		/* it is a zombie, and its group was
					 * signalled */
	bool held;			/* until nobody is left of its group:
					 * see procq_hold() */
	bool left;			/* it is dead and held, and others are
					 * left: reported */
	int32_t rest;			/* one of these; 0: unknown */
	int64_t rest_since;		/* when they were first looked for */
	int64_t rest_due, rest_pause;	/* the next look */
	uint32_t before, after;		/* neighbours; PQ_NO_FLIGHT: none */
};

struct pq_flights {
	struct pq_flight *all;
	uint32_t room;
	uint32_t count;
	uint32_t first, last;		/* in order of taking */
	uint32_t unused;		/* first of the unused, on by after */
	uint32_t orphans;		/* how many of them are orphans */
	uint32_t lefts;			/* … have others left */
	uint32_t cursor;		/* where procq_collect() goes on */
	int64_t polled;			/* when all pins were last looked at */
	struct pq_intmap by_slot;	/* slot + 1 to index */
};

void pq_flights_init(struct pq_flights *flights);
void pq_flights_destroy(struct pq_flights *flights);

/** Make room for one more. @retval 0, -ENOMEM */
int pq_flights_reserve(struct pq_flights *flights);
/** Add a copy at the end; room was made before. */
void pq_flights_add(struct pq_flights *flights, const struct pq_flight *flight);
/** @retval NULL the process in this record is not taken */
struct pq_flight *pq_flights_find(struct pq_flights *flights, uint32_t slot);
/** Is its pin still one? The host program may have closed it. If not, there is
 * none from now on, and what it proved is void. */
bool pq_flight_pinned(struct pq_flight *flight);
/** Remove it, and close its pin. */
void pq_flights_remove(struct pq_flights *flights, struct pq_flight *flight);
/** Note that others are left of its group, or that this does not matter any
 * more. */
void pq_flights_left(struct pq_flights *flights, struct pq_flight *flight,
		     bool left);
/** Note that its producer is dead. */
void pq_flights_orphan(struct pq_flights *flights, struct pq_flight *flight);

/** Sleep until a pin shows the death of an orphan.
 * @param deadline monotonic, ns
 * @retval 0, -ETIMEDOUT, -EINTR */
int pq_flights_poll(struct pq_flights *flights, int64_t deadline);

#endif
