/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wait.h - what goes with a participant's waits.
 */
#ifndef PQ_WAIT_H
#define PQ_WAIT_H

struct procq;

/** Of what it owes, see bell.c: wake others for what still stands.
 * @param what PROCQ_WAIT_ROOM, PROCQ_WAIT_READY; any other is ignored */
void pq_pass_on(struct procq *q, unsigned what);

/** Where start times are all that its children are known by, a producer says
 * now and then that it lives: see start_proves() in take.c. */
void pq_show_alive(struct procq *q);
/** Once more, when the last one's tick is over, which it sleeps for. */
void pq_show_last_alive(struct procq *q);

#endif
