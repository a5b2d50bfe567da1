/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * rest.h - what is left of a process group whose leader, a process that was
 * taken, is dead.
 */
#ifndef PQ_REST_H
#define PQ_REST_H

#include "flight.h"
#include "record.h"

enum pq_rest {
	PQ_REST_NONE,		/* nobody, or nothing here can tell */
	PQ_REST_SOON,		/* the leader is about to be reaped: then the
				 * kernel can tell */
	PQ_REST_LIVES		/* f->rest is one that lives; 0: unknown */
};

/**
 * Of one that is dead as it is taken, and was signalled by the participant that
 * had it before: pin what is left of its group, if anybody is. That takes the
 * place of its pin.
 * @param snap of its record
 * @retval 0 also if no process is left, or nothing proves which one is
 * @retval -EMFILE, -ENFILE, -ENOMEM
 */
int pq_rest_reopen(struct pq_flight *f, const struct pq_snapshot *snap);

/** Can what is left of its group be signalled by its pin alone, and nobody
 * else? If it is not its leader by now, that is seen later. */
bool pq_rest_reachable(struct pq_flight *f);

/** Look. Too soon after the last look, the answer is the same.
 * @param now pq_now() */
enum pq_rest pq_rest_look(struct pq_flight *f, int64_t now);

#endif
