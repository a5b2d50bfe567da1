/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * consumer.c - take processes out of a queue and end them.
 *
 * The run from joining to the end: how long it goes on, what it waits for. Must
 * not take a process, nor signal one: consumer-take.c and ending.c do.
 */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "procq.h"

#include "complain.h"
#include "consumer.h"
#include "duration.h"
#include "i18n.h"
#include "program.h"
#include "signals.h"
#include "snapshot.h"
#include "stray.h"
#include "tenure.h"
#include "trouble.h"

/* A queue of a world that has ended is not spoken of before that. */
#define WORLD_SILENCE (2 * NS_PER_S)
/* How long --drain waits for a producer where it found only what a crash has
 * left. */
#define AFTER_CRASH NS_PER_S
/* The first pause while a queue is awaited. */
#define LOOK_FIRST (NS_PER_MS / 10)

/* ---- running ---- */

/* With --drain, or if the queue is closed: is nothing left, and will nothing
 * come? The first producer may be about to join, so a queue in which there was
 * nothing yet has to stay so for a moment; and longer if there was nothing but
 * what a crash has left: both may have just been started anew. */
static bool drained(struct consumer *c, int64_t now)
{
	const struct summary *s = &c->run.summary;
	bool closed = procq_closed(c->run.q);

	/* The unconfirmed do not count. If the queue is closed, a pause need
	 * not be over. */
	if ((!closed && (!c->drain || c->idle_since == 0)) ||
	    endings_pending(&c->endings) > 0 || !procq_drained(c->run.q)) {
		c->drained_since = 0;
		return false;
	}
	if (c->drained_since == 0)
		c->drained_since = now;
	if (closed || c->met || (s->retired > 0 && s->stale == 0))
		return true;
	return now - c->drained_since >= (s->stale > 0 ? AFTER_CRASH
						       : PROCQ_PATIENCE);
}

/* Is the time of --wait over? */
static bool consumer_waited(struct consumer *c, int64_t now)
{
	if (!c->run.waits || c->idle_since == 0 ||
	    endings_pending(&c->endings) > 0 ||
	    now - c->idle_since < c->run.wait)
		return false;
	/* What was there has been taken, and no producer is attached: it was
	 * only for the first one that --drain waited a moment longer. */
	if (c->drain && c->drained_since > 0)
		return true;
	complain(_("gave up waiting for a process in queue '%s'"),
		 c->run.queue);
	run_fail(&c->run, EXIT_WAITED);
	return true;
}

/* When the last producer leaves, no wake-up comes. The longer the consumer has
 * been idle, the less a moment matters. */
static int64_t drain_look(const struct consumer *c, int64_t now)
{
	int64_t pause = now - c->idle_since;

	if (pause < NS_PER_MS)
		pause = NS_PER_MS;
	return time_after(now, time_min(pause, LOOK_EVERY));
}

static int64_t next_look(const struct consumer *c, int64_t now)
{
	int64_t deadline = time_min(c->run.until,
				    endings_deadline(&c->endings));

	deadline = time_min(deadline, c->run.progress.next);
	if (c->idle_since > 0 && c->run.waits)
		deadline = time_min(deadline, time_after(c->idle_since,
							 c->run.wait));
	if (c->idle_since > 0 && c->drain)
		deadline = time_min(deadline, drain_look(c, now));
	return deadline;
}

/* Is --count reached? The unconfirmed count if no other death is expected. */
static bool counted_out(const struct consumer *c)
{
	const struct run *r = &c->run;

	return r->counted &&
	       (r->summary.retired >= r->count ||
		(endings_pending(&c->endings) == 0 &&
		 r->summary.retired + c->endings.count >= r->count));
}

static bool consumer_finished(struct consumer *c, int64_t now)
{
	struct run *r = &c->run;

	if (!c->ended && (drained(c, now) || consumer_waited(c, now)))
		c->ended = true;
	return c->ended || run_stopped(r) || run_timed_out(r, now) ||
	       counted_out(c);
}

static void consumer_hint(struct consumer *c)
{
	uint32_t pending = endings_pending(&c->endings);

	if (pending > 0)
		run_hint(&c->run, HINT_DYING, pending);
	else if (c->pick.due_in > 0)
		run_hint(&c->run, HINT_AGE, (uint64_t)c->pick.due_in);
	else if (c->pick.spaced)
		run_hint(&c->run, HINT_GAP, 0);
	else if (c->pick.unpermitted)
		run_hint(&c->run, HINT_PERMIT, 0);
	else if (c->idle_since == 0)
		run_hint(&c->run, HINT_NONE, 0);
	else
		run_hint(&c->run, c->pick.dead_only ? HINT_EXITS : HINT_EMPTY, 0);
}

/* When it is over and ends all, no pause, age or gap is waited for. */
static void look_at_lease(struct consumer *c)
{
	if (!tenure_look(&c->run) && endings_pending(&c->endings) == 0)
		c->run.by_lease = false;
	/* Others have to. */
	if (c->pick.dead_only)
		c->run.ends_all = c->run.by_lease = false;
}

static void consume(struct consumer *c)
{
	int64_t now = procq_now();

	c->due = time_after(now, run_draw_delay(&c->run));
	while (!consumer_finished(c, now)) {
		struct outlook out = { .deadline = PROCQ_FOREVER };

		look_at_lease(c);
		consumer_take(c, now, &out);
		consumer_collect(c);
		now = procq_now();
		endings_step(&c->endings, now);
		consumer_hint(c);
		run_report_repairs(&c->run, false);
		run_tick(&c->run, c->run.summary.retired, now);
		if (consumer_can_go_on(c, &out) || consumer_finished(c, now))
			continue;
		if (endings_pending(&c->endings) > 0 || c->endings.count > 0)
			out.what |= PROCQ_WAIT_DEATH;
		run_wait(&c->run, out.what,
			 time_min(out.deadline, next_look(c, now)));
		consumer_collect(c);
		now = procq_now();
	}
}

/* Wait for those that it is ending; after a second signal, give them back. */
static void consumer_finish(struct consumer *c)
{
	while (endings_pending(&c->endings) > 0 && signals_stops() < 2 &&
	       !c->run.lost) {
		consumer_collect(c);
		endings_step(&c->endings, procq_now());
		if (endings_pending(&c->endings) == 0)
			break;
		run_hint(&c->run, HINT_DEATHS, endings_pending(&c->endings));
		run_tick(&c->run, c->run.summary.retired, procq_now());
		run_wait(&c->run, PROCQ_WAIT_DEATH,
			 endings_deadline(&c->endings));
	}
	consumer_collect(c);
	run_report_repairs(&c->run, true);
	if (c->endings.unconfirmed > 0)
		run_fail(&c->run, EXIT_FAILED);
}

/* ---- joining ---- */

/* A signal ends the sleep. The pauses begin short, because a producer that was
 * started together with the consumer has its queue in a moment. */
static void sleep_a_while(int64_t *pause)
{
	time_sleep(*pause);
	*pause = time_min(*pause * 2, LOOK_EVERY);
}

/* Is there no queue yet, or is one being set up? What a world that has ended
 * has left is none: a producer that is started with this consumer, in a
 * container that is started again, puts a new one in its place. After a while
 * it is said. */
static bool is_to_come(struct consumer *c, int err, int64_t *said)
{
	bool left = err == -EXDEV && c->options.found == 0;

	if (left && procq_now() >= *said) {
		complain_open(c->run.queue, &c->options, err);
		*said = PROCQ_FOREVER;
	}
	return left || err == -ENOENT || err == -ETIMEDOUT;
}

/* Wait until there is a queue. Returns false if the run is to end before. */
static bool consumer_join(struct consumer *c)
{
	struct run *r = &c->run;
	int64_t pause = LOOK_FIRST;
	int64_t said = time_after(r->begun, WORLD_SILENCE);
	int err;

	while (is_to_come(c, err = run_open(r, &c->options), &said)) {
		int64_t now = procq_now();

		if (run_stopped(r) || run_timed_out(r, now))
			return false;
		if (r->waits && now - r->begun >= r->wait) {
			complain(_("gave up waiting for queue '%s'"),
				 r->queue);
			run_fail(r, EXIT_WAITED);
			return false;
		}
		run_hint(r, HINT_QUEUE, 0);
		run_tick(r, 0, now);
		sleep_a_while(&pause);
	}
	if (err == 0)
		return true;
	if (err != -EINTR || !run_stopped(r))
		complain_open(r->queue, &c->options, err);
	run_fail(r, EXIT_FAILED);
	return false;
}

/* Each process in flight holds a descriptor. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void dry_run(struct consumer *c)
{
	struct procq_process *all = NULL;
	int n = snapshot_all(c->run.q, &all);
	uint64_t said = 0;

	if (n > 0)
		n = pick_sort(&c->pick, all, (uint32_t)n);
	for (int i = 0; i < n; i++) {
		if (c->run.broken ||
		    (c->run.counted && said >= c->run.count))
			break;
		said++;
		run_written(&c->run, output_would_end(&c->run.out, &all[i]));
	}
	if (n < 0)
		consumer_fail(c, n);
	free(all);
}

/* With --max-memory: does this system say how much a process has? */
static bool can_measure(struct consumer *c)
{
	int err = c->pick.large.most > 0 ? large_begin(c->run.q) : 0;

	if (err == 0)
		return true;
	complain(_("--max-memory: this system does not say how much memory a "
		   "process uses: %s"), _(procq_strerror(err)));
	run_fail(&c->run, EXIT_FAILED);
	return false;
}

static void consumer_run(struct consumer *c)
{
	uint32_t capacity = procq_capacity(c->run.q);

	/* Else the times of a queue follow from the queue itself. */
	c->pick.keyed = c->run.seeded;
	c->pick.dues.key = c->run.seed;
	pick_begin(&c->pick, c->run.q);
	if (!can_measure(c))
		return;
	if (c->dry_run) {
		dry_run(c);
		return;
	}
	if (c->in_flight == 0 || c->in_flight > capacity)
		c->in_flight = capacity;
	c->endings = (struct endings){ .q = c->run.q, .plan = &c->plan.steps,
				       .report = consumer_unconfirmed, .arg = c,
				       .outlived = complain_outlived,
				       .unreached = complain_unreached,
				       .mode = c->plan.mode,
				       .give_back = true };
	if (endings_init(&c->endings) < 0) {
		consumer_fail(c, -ENOMEM);
		return;
	}
	raise_descriptor_limit();
	c->run.begun = procq_now();
	consume(c);
	consumer_finish(c);
	endings_free(&c->endings);
}

int main(int argc, char **argv)
{
	/* Its histograms are too large for a stack. */
	static struct consumer c;

	program_start("consumer", argv);
	run_init(&c.run, false);
	c.options = (struct procq_options)PROCQ_OPTIONS_INIT;
	plan_init(&c.plan);
	consumer_parse(&c, argc, argv);
	c.options.role = c.dry_run ? PROCQ_ROLE_ONLOOKER : PROCQ_ROLE_CONSUMER;
	c.options.flags = PROCQ_OPEN_NOCREATE;
	if (c.dry_run) {
		c.run.summary_form = SUMMARY_NONE;
		c.run.at_once = true;
	}
	run_begin(&c.run);
	/* Nothing to wait for. */
	if (c.run.counted && c.run.count == 0)
		return run_end(&c.run);
	if (!consumer_join(&c))
		return run_end(&c.run);
	consumer_run(&c);
	pick_end(&c.pick);
	signals_wake(NULL);
	procq_close(c.run.q);
	return run_end(&c.run);
}
