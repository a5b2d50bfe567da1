/* SPDX-License-Identifier: GPL-3.0-or-later */
/* children.c - what becomes of a producer's processes; see children.h. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "children.h"
#include "common.h"
#include "duration.h"
#include "i18n.h"

/* From TERM to KILL, and from KILL to giving up. */
#define KILL_AFTER (5 * NS_PER_S)
#define GIVE_UP_AFTER NS_PER_S

/* Those that are being ended. */
struct killing {
	struct run *run;
	struct procq *q;
	bool alone;
	unsigned char *taken;		/* by slot: is it one of them? */
};

void children_reap(struct run *r)
{
	struct procq_event e;

	while (procq_reap_one(r->q, &e) > 0)
		summary_count(&r->summary, &e);
}

void children_sleep(struct run *r, unsigned what, int64_t deadline)
{
	signals_hear_children(true);
	procq_wait(r->q, what, deadline);
	signals_hear_children(false);
}

bool children_drain(struct run *r)
{
	int stops = signals_stops();

	if (procq_children(r->q) > 0 && r->verbose)
		complain(_("waiting until consumers have ended the rest"
			   " (%" PRIu32 ")"), procq_children(r->q));
	children_reap(r);
	while (procq_children(r->q) > 0 && signals_stops() == stops) {
		children_sleep(r, PROCQ_WAIT_CHILD,
			       time_after(procq_now(), PROCQ_PATIENCE));
		children_reap(r);
		run_tick(r, r->summary.started, procq_now());
	}
	/* None may be left because they got the same signal: their records
	 * still are. */
	return signals_stops() == stops;
}

/* Signal a process that was taken, and continue it if it is stopped. */
static void end_one(const struct killing *k, uint32_t slot, int signo)
{
	procq_signal(k->q, slot, signo, k->alone);
	if (signo != SIGKILL)
		procq_signal(k->q, slot, SIGCONT, k->alone);
}

/* Take what nobody else has, the dead too, and begin to end it. */
static void take_all(struct killing *k, int signo)
{
	struct procq_process what;

	while (procq_take_own(k->q, &what) == 0) {
		k->taken[what.slot] = 1;
		end_one(k, what.slot, signo);
	}
}

static void kill_all(const struct killing *k)
{
	for (uint32_t i = 0; i < procq_capacity(k->q); i++)
		if (k->taken[i])
			end_one(k, i, SIGKILL);
}

static void collect_all(struct killing *k)
{
	struct procq_event e;

	while (procq_collect(k->q, &e) > 0) {
		k->taken[e.process.slot] = 0;
		/* Counted when it was reaped. */
		run_written(k->run,
			    output_ended(&k->run->out, &e, "producer"));
	}
}

/* A process that has not yet entered can't be taken, and nobody rings when it
 * has: the pauses begin short. */
static void rest_while_killing(struct run *r, int64_t *pause,
			       int64_t deadline)
{
	int64_t now = procq_now();

	children_sleep(r, PROCQ_WAIT_CHILD | PROCQ_WAIT_DEATH,
		       time_min(deadline, time_after(now, *pause)));
	*pause = time_min(*pause * 2, PROCQ_PATIENCE);
}

/* Returns false if some are not known to be dead. */
static bool end_all(struct killing *k)
{
	int signo = signals_stops() > 1 ? SIGKILL : SIGTERM;
	int64_t deadline = time_after(procq_now(), KILL_AFTER);
	int64_t pause = NS_PER_MS;

	for (;;) {
		/* In this order: whoever is reaped can be taken. */
		children_reap(k->run);
		take_all(k, signo);
		collect_all(k);
		if (procq_children(k->q) == 0 && procq_in_flight(k->q) == 0)
			return true;
		if (procq_now() >= deadline && signo == SIGKILL)
			return false;
		if (signo != SIGKILL &&
		    (procq_now() >= deadline || signals_stops() > 1)) {
			signo = SIGKILL;
			kill_all(k);
			deadline = time_after(procq_now(), GIVE_UP_AFTER);
			continue;
		}
		rest_while_killing(k->run, &pause, deadline);
	}
}

void children_kill(struct run *r, bool alone)
{
	struct killing k = { r, r->q, alone,
			     calloc(procq_capacity(r->q), 1) };

	if (!k.taken) {
		complain("%s", strerror(ENOMEM));
		run_fail(r, EXIT_FAILED);
		return;
	}
	if (!end_all(&k)) {
		r->summary.unconfirmed = procq_in_flight(r->q);
		complain(P_("%" PRIu32 " process is not known to be dead",
			    "%" PRIu32 " processes are not known to be dead",
			    procq_children(r->q)), procq_children(r->q));
		run_fail(r, EXIT_FAILED);
	}
	free(k.taken);
}
