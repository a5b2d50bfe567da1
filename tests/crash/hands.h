/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hands.h - what an actor has in its hands; for those that act, not for those
 * that look.
 */
#ifndef CRASH_HANDS_H
#define CRASH_HANDS_H

#include "crash.h"

#include "procq.h"

/* Configured off: not defined. */
#ifndef PQ_USE_PDEATHSIG
# define PQ_USE_PDEATHSIG 0
#endif
#ifndef PQ_USE_PIDFD
# define PQ_USE_PIDFD 0
#endif
#ifndef PQ_USE_PIDFS
# define PQ_USE_PIDFS 0
#endif
#ifndef PQ_USE_STARTTIME
# define PQ_USE_STARTTIME 0
#endif
#ifndef PQ_USE_CLONE
# define PQ_USE_CLONE 0
#endif

#ifndef PQ_USE_LINUX
# define PQ_USE_LINUX 0
#endif
#define NAMESPACES PQ_USE_LINUX

/* Without these a dead parent's child can't be proven to be the same. */
#define PINS (PQ_USE_PIDFD && (PQ_USE_PIDFS || PQ_USE_STARTTIME))

struct hands {
	struct procq *producer, *consumer;
	uint32_t slot;
	struct procq_process chosen;	/* as it has looked before */
	int ready, go;		/* its own ends of the pipes */
	bool no_reaping;
	bool gap;
	bool permit;		/* one is needed to end a process */
	int descriptors;	/* that were open at its start */
	struct procq_event event;	/* a death that was reported to it */
};

#define MS INT64_C(1000000)

/* ---- ops.c: what operations are made of. What fails ends the victim. ---- */

void must(bool good);
struct procq *join(uint32_t role);
void nap(void);
/** The next process is h->slot. */
void take(struct hands *h);
/** A producer whose process outlives it. */
void dead_parent(struct hands *h);
void prepare_consumer(struct hands *h);
/** The pid of the process of h->producer that is next. */
pid_t own_child(const struct hands *h);
/** Killed from outside, and not reaped. */
void make_zombie(pid_t pid);

/* ---- leases.c ---- */

int run_lease_lower(struct hands *h);
void prepare_lowered_lease(struct hands *h);
int run_lease_raise(struct hands *h);
int run_lease_release(struct hands *h);
int run_lease_fence(struct hands *h);
void prepare_reserved(struct hands *h);
int run_enforce(struct hands *h);
void prepare_leased(struct hands *h);
void prepare_ending(struct hands *h);

/* ---- permits.c ---- */

void prepare_permit(struct hands *h);
void prepare_no_permit(struct hands *h);
int run_give(struct hands *h);
int run_withdraw(struct hands *h);
void dead_permitted(struct hands *h);
bool permits_needed(struct procq *q);
/** For those that come after the victim: one is there, unless one is in use. */
void renew_permit(struct procq *q);

/* ---- worlds.c ---- */

void prepare_foreign(struct hands *h);
void prepare_nameless(struct hands *h);
int run_notice(struct hands *h);
void prepare_lost(struct hands *h);
int run_rejoin(struct hands *h);
void dead_with_child(struct hands *h);
int run_mark_lost(struct hands *h);
void prepare_guarded(struct hands *h);
void prepare_asked(struct hands *h);

/* ---- groups.c ---- */

void prepare_leader(struct hands *h);
int run_hold(struct hands *h);
void dead_with_group(struct hands *h);
void prepare_heir(struct hands *h);
int run_take_rest(struct hands *h);

#endif
