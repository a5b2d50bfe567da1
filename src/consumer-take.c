/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * consumer-take.c - one process after the other is taken, begun to be ended,
 * and reported when it is dead.
 *
 * Must not wait, nor signal a process: ending.c does, by way of the library,
 * which signals only what it has pinned.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "consumer.h"
#include "duration.h"
#include "i18n.h"
#include "slice.h"

/* Takes between two looks at the clock and for deaths. */
#define BATCH 64

/* ---- ending ---- */

/* Those that went back into the queue are somebody else's, but were reported. */
static void count_unconfirmed(struct consumer *c)
{
	c->run.summary.unconfirmed = c->endings.unconfirmed + c->refused;
}

/* It may not end this one, and so perhaps none. Others may. */
static void consumer_refused(struct consumer *c, const struct ending *e,
			     int err)
{
	run_unconfirmed(&c->run, e, err);
	if (c->refused == 0)
		complain(_("cannot signal process %" PRId32
			   ", which goes back into the queue: %s"),
			 e->process.pid, _(procq_strerror(err)));
	c->refused++;
	count_unconfirmed(c);
	c->ended = true;
	run_fail(&c->run, EXIT_FAILED);
}

void consumer_unconfirmed(void *arg, const struct ending *e, int err)
{
	struct consumer *c = arg;

	if (ending_refused(err)) {
		consumer_refused(c, e, err);
		return;
	}
	if (err < 0)
		complain(_("cannot signal process %" PRId32 ": %s"),
			 e->process.pid, _(procq_strerror(err)));
	count_unconfirmed(c);
	run_unconfirmed(&c->run, e, err);
}

void consumer_collect(struct consumer *c)
{
	struct procq_event event;
	enum ended_by by;

	while (endings_collect(&c->endings, &event, &by) > 0) {
		c->met |= event.process.producer > procq_incarnation(c->run.q);
		count_unconfirmed(c);
		summary_add(&c->run.summary, &event, by);
		/* A silence begins anew. */
		run_hint(&c->run, HINT_NONE, 0);
		run_written(&c->run, output_ended(&c->run.out, &event, by,
						  c->run.by_lease
							  ? "lease"
							  : "consumer"));
	}
}

/* ---- taking ---- */

void consumer_fail(struct consumer *c, int err)
{
	complain(_("cannot take a process: %s"), _(procq_strerror(err)));
	run_fail(&c->run, EXIT_FAILED);
	c->ended = true;
}

static void begin_ending(struct consumer *c, const struct procq_process *p,
			 int64_t now)
{
	int err = endings_begin(&c->endings, p, now);

	if (err < 0) {
		procq_give_back(c->run.q, p->slot);
		consumer_fail(c, err);
	}
}

/* Is there a reason to take no more now? */
static bool has_enough(struct consumer *c)
{
	struct run *r = &c->run;
	uint64_t pending = endings_pending(&c->endings);

	if (r->ends_all)
		return false;
	return pending >= c->in_flight || !run_can_report(r) ||
	       /* The unconfirmed count, too: they were signalled. */
	       (r->counted &&
		r->summary.retired + c->endings.count >= r->count);
}

/* Nothing could be taken: what to wait for? */
static void cannot_take(struct consumer *c, int err, struct outlook *out)
{
	switch (err) {
	case -EBUSY:
		/* As below. */
		out->what |= PROCQ_WAIT_EXITS;
		if (c->pick.unpermitted)
			out->what |= PROCQ_WAIT_PERMIT;
		out->deadline = time_min(out->deadline,
					 time_after(procq_now(),
						    PROCQ_PATIENCE));
		break;
	case -EAGAIN:
		/* If a process exits just before the wait, and is not the next
		 * in order, it does not end the wait: so wait not for long. */
		if (c->pick.dead_only) {
			out->what |= PROCQ_WAIT_EXITS;
			out->deadline = time_after(procq_now(), LOOK_EVERY);
		} else {
			out->what |= PROCQ_WAIT_READY;
		}
		if (c->idle_since == 0)
			c->idle_since = procq_now();
		break;
	case -ESTALE:
		/* The wait, which comes next, says so. */
		break;
	case -EIDRM:
		run_removed(&c->run);
		break;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		/* Deaths give descriptors back. */
		if (endings_pending(&c->endings) > 0)
			break;
		consumer_fail(c, err);
		break;
	default:
		consumer_fail(c, err);
	}
}

/* A command computes as soon as it is started. That work is lost, so it should
 * be ended early. An idle process does nothing. */
static void run_promptly(struct consumer *c, const struct procq_process *taken)
{
	if (c->prompt || c->pauses || pick_chooses(&c->pick) ||
	    c->pick.dead_only ||
	    strcmp(taken->label, PROCQ_LABEL_IDLE) == 0)
		return;
	c->prompt = true;
	slice_shorten();
}

static void take_batch(struct consumer *c, int64_t now, struct outlook *out)
{
	struct procq_process p;

	for (int i = 0; i < BATCH; i++) {
		int err;

		if (has_enough(c) || c->ended)
			return;
		if (c->pauses && now < c->due && !c->run.ends_all) {
			out->deadline = c->due;
			return;
		}
		err = c->run.ends_all
			      ? procq_take(c->run.q, NULL, &p)
			      : pick_next(&c->pick, &p, &out->deadline);
		if (err < 0) {
			cannot_take(c, err, out);
			return;
		}
		c->idle_since = 0;
		c->drained_since = 0;
		begin_ending(c, &p, now);
		run_promptly(c, &p);
		if (c->pauses)
			c->due = time_after(now, run_draw_delay(&c->run));
	}
	out->more = true;
}

void consumer_take(struct consumer *c, int64_t now, struct outlook *out)
{
	take_batch(c, now, out);
	out->pending = endings_pending(&c->endings);
}

bool consumer_can_go_on(const struct consumer *c, const struct outlook *out)
{
	return out->more || (!(out->what & PROCQ_WAIT_READY) &&
			     endings_pending(&c->endings) < out->pending);
}
