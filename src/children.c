/* SPDX-License-Identifier: GPL-3.0-or-later */
/* children.c - what becomes of a producer's processes; see children.h. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "procq.h"

#include "children.h"
#include "complain.h"
#include "duration.h"
#include "ending.h"
#include "i18n.h"
#include "jobs.h"
#include "signals.h"
#include "stray.h"
#include "tenure.h"

/* How long those are awaited that have yet to enter. */
#define ENTRY_WAIT (6 * NS_PER_S)
/* And, after the user's second signal, those that a consumer is ending. */
#define OTHERS_WAIT NS_PER_S

/* Whether a consumer is attached is looked at so often, and no more than this
 * share of the time is spent on it. */
#define LOOK_PAUSE (50 * NS_PER_MS)
#define LOOK_SHARE 20

/* The ending of all that are left. */
struct killing {
	struct run *run;
	struct endings endings;
	bool cut;			/* by the user's second signal */
	int64_t until;			/* how long the others are awaited */
	int64_t pause;
};

static struct {
	void (*reaped)(void *arg, int pid);
	void *arg;
} watcher;

void children_watch(void (*reaped)(void *arg, int pid), void *arg)
{
	watcher.reaped = reaped;
	watcher.arg = arg;
}

/* Did it exit on its own, and not with 0? */
static bool has_failed(const struct run *r, const struct procq_event *e)
{
	const struct job *job = jobs_find(&r->jobs, &e->process);

	return e->process.step == 0 && job && !job->unexecuted &&
	       (e->cause != PROCQ_CAUSE_EXIT || e->code != 0);
}

void children_reap(struct run *r)
{
	struct procq_event e;

	while (procq_reap_one(r->q, &e) > 0) {
		summary_count(&r->summary, &e);
		r->commands_failed += has_failed(r, &e);
		jobs_exited(&r->jobs, &e.process);
		if (watcher.reaped)
			watcher.reaped(watcher.arg, e.process.pid);
		if (r->died)
			r->died(r->died_arg, &e);
	}
}

bool children_have_consumer(struct run *r)
{
	struct procq_stat stat;
	int64_t now = procq_now();

	if (now < r->look_again)
		return r->consumed;
	r->consumed = procq_stat(r->q, &stat) == 0 && stat.consumers > 0;
	/* It reads all records. */
	r->look_again = procq_now() + LOOK_PAUSE +
			LOOK_SHARE * (procq_now() - now);
	return r->consumed;
}

static void report_end(struct run *r, const struct procq_event *e,
		       enum ended_by by)
{
	run_written(r, output_ended(&r->out, e, by,
				    r->by_lease ? "lease" : "producer"));
	jobs_over(&r->jobs, &e->process);
}

static unsigned collect_taken(struct run *r)
{
	struct procq_event e;
	unsigned n = 0;

	while (procq_collect(r->q, &e) > 0) {
		/* A consumer that is gone has begun to end its group: that is
		 * for the next one, or for this producer at its end. */
		if (e.type == PROCQ_EVENT_LEFT) {
			procq_give_back(r->q, e.process.slot);
			continue;
		}
		/* Others of it may be left, where nothing proves it. */
		if (e.signal > 0 && e.process.flags & PROCQ_SPAWN_GROUP &&
		    e.process.flags & PROCQ_PROCESS_RETURNED)
			complain_unreached(NULL, &e.process);
		report_end(r, &e, ended_by(&e));
		n++;
	}
	return n;
}

bool children_have_exited(const struct run *r)
{
	struct procq_process what;

	return jobs_next_exited(&r->jobs, &what);
}

unsigned children_collect_own(struct run *r)
{
	struct procq_process what;
	unsigned n = 0;
	int rc;

	while (jobs_next_exited(&r->jobs, &what)) {
		rc = procq_take_this(r->q, &what, &what);
		/* Too little memory: its turn comes again. */
		if (rc < 0 && rc != -EAGAIN)
			break;
		if (rc == 0 && what.signal > 0)
			procq_hold(r->q, what.slot, 1);
		n += collect_taken(r);
		/* A consumer has it, or has reported it. */
		jobs_over(&r->jobs, &what);
	}
	return n;
}

unsigned children_collect(struct run *r)
{
	struct procq_process what;
	unsigned n = 0;

	while (procq_take_exited(r->q, &what) == 0)
		n += collect_taken(r);
	return n;
}

void children_sleep(struct run *r, unsigned what, int64_t deadline)
{
	signals_hear_children(true);
	run_wait(r, what, deadline);
	signals_hear_children(false);
}

void children_report(struct run *r)
{
	children_reap(r);
	if (children_have_exited(r) && !children_have_consumer(r))
		children_collect_own(r);
}

bool children_drain(struct run *r, const struct plan *plan, bool asked)
{
	/* With so many signals it still goes on. */
	int most = signals_stops();

	if (asked && most == 0)
		most = 1;

	children_report(r);
	while (procq_children(r->q) > 0 && signals_stops() <= most &&
	       !r->lost && !r->removed) {
		if (tenure_look(r))
			children_end(r, plan);
		run_hint(r, HINT_DRAIN, (uint64_t)(most + 1 - signals_stops()));
		children_sleep(r, PROCQ_WAIT_CHILD,
			       time_after(procq_now(), PROCQ_PATIENCE));
		children_report(r);
		run_tick(r, r->summary.started, procq_now());
	}
	/* A consumer that has left since the last look reports nothing. */
	r->look_again = 0;
	children_report(r);
	/* If they got the same signal, none may be left; but their records
	 * are. */
	return signals_stops() <= most &&
	       !(r->removed && procq_children(r->q) > 0);
}

static void children_unconfirmed(void *arg, const struct ending *e, int err)
{
	if (err < 0)
		complain(_("cannot signal process %" PRId32 ": %s"),
			 e->process.pid, _(procq_strerror(err)));
	run_unconfirmed(arg, e, err);
}

/* Begin to end all that no consumer has taken, the dead too. */
static void take_all(struct killing *k)
{
	struct procq_process what;

	while (procq_take_own(k->run->q, &what) == 0) {
		if (endings_begin(&k->endings, &what, procq_now()) == 0)
			continue;
		/* Without memory, only a death helps. */
		procq_give_back(k->run->q, what.slot);
		return;
	}
}

static void collect_all(struct killing *k)
{
	struct procq_event e;
	enum ended_by by;

	/* Counted when it was reaped. */
	while (endings_collect(&k->endings, &e, &by) > 0)
		report_end(k->run, &e, by);
}

/* The second signal of the user. */
static void cut(struct killing *k)
{
	k->cut = true;
	k->until = time_after(procq_now(), OTHERS_WAIT);
	endings_hasten(&k->endings);
}

/* A process that has not yet entered can't be taken, and its entry wakes
 * nobody: the pauses begin short. */
static void rest_while_killing(struct killing *k, int64_t now)
{
	int64_t deadline = time_min(time_after(now, k->pause),
				    endings_deadline(&k->endings));

	if (k->until > now)
		deadline = time_min(deadline, k->until);
	children_sleep(k->run, PROCQ_WAIT_CHILD | PROCQ_WAIT_DEATH, deadline);
	k->pause = time_min(k->pause * 2, PROCQ_PATIENCE);
}

/* Is a consumer ending one of them? */
static bool is_with_others(const struct killing *k)
{
	uint32_t capacity = procq_capacity(k->run->q);
	struct procq_process p;

	for (uint32_t slot = 0; slot < capacity; slot++)
		if (procq_child(k->run->q, slot, &p) == 0 &&
		    p.state == PROCQ_STATE_TAKEN &&
		    k->endings.by_slot[slot] == 0)
			return true;
	return false;
}

/* None is left to end here. Are those that are with consumers, or have yet to
 * enter, to be awaited? How long a consumer waits for a death is that
 * consumer's affair, and the end of this parent would be a SIGKILL. */
static bool awaits_others(struct killing *k, int64_t now)
{
	if (procq_children(k->run->q) <= k->endings.count)
		return false;
	if (now < k->until)
		return true;
	if (k->cut || !is_with_others(k))
		return false;
	run_hint(k->run, HINT_CONSUMERS, procq_children(k->run->q));
	return true;
}

/* Returns false if some are not known to be dead. */
static bool end_all(struct killing *k)
{
	struct procq *q = k->run->q;
	int64_t now;

	for (;;) {
		if (!k->cut && signals_stops() > 1)
			cut(k);
		/* In this order: a process that was reaped can be taken. */
		children_reap(k->run);
		take_all(k);
		collect_all(k);
		if (procq_children(q) == 0 && procq_in_flight(q) == 0)
			return true;
		now = procq_now();
		endings_step(&k->endings, now);
		run_tick(k->run, k->run->summary.started, now);
		if (k->run->lost)
			return false;
		if (endings_pending(&k->endings) > 0)
			run_hint(k->run, HINT_KILLS,
				 endings_pending(&k->endings));
		else if (!awaits_others(k, now))
			return false;
		rest_while_killing(k, now);
	}
}

static void complain_left(struct run *r)
{
	r->summary.unconfirmed = procq_in_flight(r->q);
	complain(P_("%" PRIu32 " process is not known to be dead",
		    "%" PRIu32 " processes are not known to be dead",
		    procq_children(r->q)), procq_children(r->q));
	run_fail(r, EXIT_FAILED);
}

void children_kill(struct run *r, const struct plan *plan)
{
	struct killing k = {
		.run = r, .pause = NS_PER_MS,
		.until = time_after(procq_now(), ENTRY_WAIT),
		.endings = { .q = r->q, .plan = &plan->steps,
			     .report = children_unconfirmed, .arg = r,
			     .outlived = complain_outlived,
			     .unreached = complain_unreached,
			     .mode = plan->mode },
	};

	if (endings_init(&k.endings) < 0) {
		complain("%s", strerror(ENOMEM));
		run_fail(r, EXIT_FAILED);
		return;
	}
	if (!end_all(&k))
		complain_left(r);
	endings_free(&k.endings);
}

/* ---- the end of a lease ---- */

/* Begin to end all that nobody has taken, its own and those of others. */
static void take_everything(struct killing *k)
{
	struct procq_process what;

	take_all(k);
	while (procq_take(k->run->q, NULL, &what) == 0) {
		if (endings_begin(&k->endings, &what, procq_now()) == 0)
			continue;
		procq_give_back(k->run->q, what.slot);
		return;
	}
}

static void end_everything(struct killing *k)
{
	int64_t now;

	for (;;) {
		if (!k->cut && signals_stops() > 1)
			cut(k);
		children_reap(k->run);
		if (tenure_look(k->run))
			take_everything(k);
		collect_all(k);
		now = procq_now();
		endings_step(&k->endings, now);
		run_tick(k->run, k->run->summary.started, now);
		if (k->run->lost || endings_pending(&k->endings) == 0)
			return;
		run_hint(k->run, HINT_DYING, endings_pending(&k->endings));
		rest_while_killing(k, now);
	}
}

void children_end(struct run *r, const struct plan *plan)
{
	struct killing k = {
		.run = r, .pause = NS_PER_MS,
		.endings = { .q = r->q, .plan = &plan->steps,
			     .report = children_unconfirmed, .arg = r,
			     .outlived = complain_outlived,
			     .mode = plan->mode, .give_back = true },
	};
	struct procq_process what;

	/* Mostly all are dead already. */
	if (procq_children(r->q) == 0 && procq_peek(r->q, &what) < 0)
		return;
	if (endings_init(&k.endings) < 0)
		return;
	end_everything(&k);
	endings_free(&k.endings);
	r->by_lease = r->ends_all;
}
