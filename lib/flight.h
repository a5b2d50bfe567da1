/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * flight.h - the processes that a consumer has taken and whose confirmed
 * death it awaits. Private memory, in the order of taking.
 */
#ifndef PQ_FLIGHT_H
#define PQ_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "intmap.h"

#define PQ_NO_FLIGHT UINT32_MAX

/* What the pin, or the lack of one, told when it was taken. */
enum pq_verdict {
	PQ_VERDICT_MARKED,    /* its word said so: it was dead already, and not
				 pinned */
	PQ_VERDICT_PINNED,    /* the pin holds the recorded process */
	PQ_VERDICT_BY_PARENT, /* no pins here; its living parent can signal it
			       */
	PQ_VERDICT_STALE,     /* it is provably not there any more */
	PQ_VERDICT_UNPROVEN /* something has its pid, and nothing tells what */
};

struct pq_flight {
	uint64_t gen;			/* of the TAKEN word */
	uint64_t producer;
	int64_t died;			/* when its pin was first seen dead */
	uint32_t slot;
	int32_t pid;
	int pin;			/* -1: none */
	enum pq_verdict verdict;
	bool orphan;			/* its producer is dead */
	bool group;
	bool rest_told;			/* a zombie, whose group was signalled */
	uint32_t before, after;		/* neighbours, PQ_NO_FLIGHT: none */
};

struct pq_flights {
	struct pq_flight *all;
	uint32_t room;
	uint32_t count;
	uint32_t first, last;		/* in order of taking */
	uint32_t unused;		/* list of free ones, by after */
	uint32_t orphans;		/* of all, how many are */
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
/** @retval NULL not taken */
struct pq_flight *pq_flights_find(struct pq_flights *flights, uint32_t slot);
/** Closes the pin. */
void pq_flights_remove(struct pq_flights *flights, struct pq_flight *flight);
/** Its producer is dead, it turned out. */
void pq_flights_orphan(struct pq_flights *flights, struct pq_flight *flight);

/** Sleep until a pin of an orphan is dead, at most to the deadline.
 * @retval 0, -ETIMEDOUT, -EINTR */
int pq_flights_poll(struct pq_flights *flights, int64_t deadline);

#endif
