/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * flight.c - the processes that a consumer has taken.
 * Must not look into the queue, nor signal a process.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "flight.h"
#include "procq.h"

/* So many pins are polled at once: those of the orphans that were taken first.
 */
#define POLL_MAX 256

void pq_flights_init(struct pq_flights *flights)
{
	*flights = (struct pq_flights){
		.first = PQ_NO_FLIGHT, .last = PQ_NO_FLIGHT,
		.unused = PQ_NO_FLIGHT, .cursor = PQ_NO_FLIGHT,
	};
}

void pq_flights_destroy(struct pq_flights *flights)
{
	while (flights->first != PQ_NO_FLIGHT)
		pq_flights_remove(flights, &flights->all[flights->first]);
	pq_intmap_destroy(&flights->by_slot);
	free(flights->all);
	pq_flights_init(flights);
}

int pq_flights_reserve(struct pq_flights *flights)
{
	uint32_t room = flights->room ? 2 * flights->room : 16;
	struct pq_flight *all;
	int rc = pq_intmap_reserve(&flights->by_slot);

	if (rc < 0 || flights->unused != PQ_NO_FLIGHT)
		return rc;
	all = realloc(flights->all, room * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (uint32_t i = room; i-- > flights->room; ) {
		all[i].after = flights->unused;
		flights->unused = i;
	}
	flights->all = all;
	flights->room = room;
	return 0;
}

void pq_flights_add(struct pq_flights *flights, const struct pq_flight *flight)
{
	uint32_t i = flights->unused;
	struct pq_flight *f = &flights->all[i];

	flights->unused = f->after;
	*f = *flight;
	f->after = PQ_NO_FLIGHT;
	f->before = flights->last;
	if (flights->last == PQ_NO_FLIGHT)
		flights->first = i;
	else
		flights->all[flights->last].after = i;
	flights->last = i;
	flights->count++;
	flights->orphans += f->orphan;
	pq_intmap_put(&flights->by_slot, (int32_t)f->slot + 1, i);
}

struct pq_flight *pq_flights_find(struct pq_flights *flights, uint32_t slot)
{
	const struct pq_pair *pair;

	if (slot >= PROCQ_CAPACITY_MAX)
		return NULL;
	pair = pq_intmap_get(&flights->by_slot, (int32_t)slot + 1);
	return pair ? &flights->all[pair->value] : NULL;
}

bool pq_flight_pinned(struct pq_flight *f)
{
	if (f->pin < 0)
		return false;
	if (pq_file_is(f->pin, f->pin_file))
		return true;
	f->pin = -1;
	if (f->verdict == PQ_VERDICT_PINNED)
		f->verdict = f->orphan ? PQ_VERDICT_UNPROVEN
				       : PQ_VERDICT_BY_PARENT;
	return false;
}

void pq_flights_remove(struct pq_flights *flights, struct pq_flight *f)
{
	uint32_t i = (uint32_t)(f - flights->all);

	pq_file_close(f->pin, f->pin_file);
	if (f->before == PQ_NO_FLIGHT)
		flights->first = f->after;
	else
		flights->all[f->before].after = f->after;
	if (f->after == PQ_NO_FLIGHT)
		flights->last = f->before;
	else
		flights->all[f->after].before = f->before;
	if (flights->cursor == i)
		flights->cursor = f->after;
	pq_intmap_remove(&flights->by_slot, (int32_t)f->slot + 1);
	flights->orphans -= f->orphan;
	flights->lefts -= f->left;
	flights->count--;
	f->after = flights->unused;
	flights->unused = i;
}

void pq_flights_orphan(struct pq_flights *flights, struct pq_flight *flight)
{
	if (flight->orphan)
		return;
	flight->orphan = true;
	flights->orphans++;
}

void pq_flights_left(struct pq_flights *flights, struct pq_flight *f, bool left)
{
	flights->lefts += left;
	flights->lefts -= f->left;
	f->left = left;
}

int pq_flights_poll(struct pq_flights *flights, int64_t deadline)
{
	struct pollfd fds[POLL_MAX];
	nfds_t n = 0;
	int64_t left = deadline - pq_now();
	int rc;

	for (uint32_t i = flights->first; i != PQ_NO_FLIGHT && n < POLL_MAX;
	     i = flights->all[i].after) {
		const struct pq_flight *f = &flights->all[i];

		/* The pin of one that has others left shows nothing new. */
		if (f->orphan && !f->left && f->pin >= 0)
			/* Of one that is known to be dead, POLLHUP alone: it
			 * has been reaped. */
			fds[n++] = (struct pollfd){
				.fd = f->pin, .events = f->died ? 0 : POLLIN };
	}
	if (left < 0)
		left = 0;
	rc = poll(fds, n, (int)((left + PQ_MILLI - 1) / PQ_MILLI));
	if (rc < 0)
		return -errno;
	return rc > 0 ? 0 : -ETIMEDOUT;
}
