/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wait.h - what goes with a participant's waits: wake-ups that it owes, and
 * signs that it is alive.
 */
#ifndef PQ_WAIT_H
#define PQ_WAIT_H

#include <stdbool.h>

struct procq;

/** Wake one waiter for each of these events that this participant owes (see
 * bell.c) and that is still there.
 * @param what PROCQ_WAIT_ROOM, PROCQ_WAIT_READY; others are ignored */
void pq_pass_on(struct procq *q, unsigned what);

/** If children can be identified by start time only, record that this producer
 * is alive: see start_proves() in verdict.c. To be called now and then. */
void pq_show_alive(struct procq *q);
/** The same, at the end: sleeps until the clock tick of the last start is
 * over. */
void pq_show_last_alive(struct procq *q);

/** Sweep after the dead if no participant has looked for some time; as a rule,
 * that is a look at the clock. For what is called often in a busy queue, where
 * no wait times out. */
void pq_look_in_passing(struct procq *q);

/** Has the object lost its name, while this participant is in it? Looks every
 * PROCQ_PATIENCE. */
bool pq_nameless(struct procq *q);

#endif
