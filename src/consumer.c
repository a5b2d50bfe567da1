/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * consumer.c - take processes out of a queue and end them.
 *
 * Options, pace and lines. Must not signal a process: ending.c does, by way of
 * the library, which signals only what it has pinned.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "ending.h"
#include "i18n.h"
#include "options.h"
#include "pick.h"
#include "program.h"
#include "run.h"
#include "signals.h"
#include "slice.h"
#include "snapshot.h"
#include "stray.h"
#include "tenure.h"
#include "trouble.h"

/* How often to look for what does not wake a waiter: a queue that appears, the
 * end of the last producer, processes that exited. */
#define LOOK_EVERY (100 * NS_PER_MS)
/* How long --drain waits for a producer where it found only what a crash has
 * left. */
#define AFTER_CRASH NS_PER_S
/* The first pause while a queue is awaited. */
#define LOOK_FIRST (NS_PER_MS / 10)
/* Takes between two looks at the clock and for deaths. */
#define BATCH 64

enum {
	OPT_JITTER = OPT_OWN,
	OPT_MIN_GAP,
	OPT_MAX_MEMORY,
	OPT_IN_FLIGHT,
	OPT_NO_GROUP,
	OPT_DRAIN,
	OPT_REAP,
	OPT_DRY_RUN
};

struct consumer {
	struct run run;
	struct procq_options options;
	struct plan plan;
	struct endings endings;
	uint64_t in_flight;	/* 0: the capacity */
	struct pick pick;	/* --min-age and so on */
	bool no_group;
	bool drain;
	bool dry_run;

	bool pauses;		/* there are pauses between takes */
	bool prompt;		/* runs soon when it is woken: see slice.h */
	int64_t due;		/* the next take */
	int64_t idle_since;	/* nothing to take since then; 0: not idle */
	int64_t drained_since;	/* 0: not drained */
	bool met;		/* a process whose producer joined later */
	bool refused;		/* it may not signal what it took */
	bool ended;		/* drained, waited enough, or failed */
};

/* What to do after taking. */
struct outlook {
	unsigned what;		/* to wait for */
	int64_t deadline;	/* until when */
	bool more;		/* don't wait, there is more to take */
	uint64_t pending;	/* deaths awaited at the end of taking */
};

/* In the order of --help. */
static const struct choice consumer_choices[] = {
	{ 'q', "queue", required_argument,
N_("  -q, --queue=NAME           the queue (default: $PROCQ_QUEUE, or "
"'default')\n") },
	{ 'n', "count", required_argument,
N_("  -n, --count=N              stop after N processes have been "
"retired\n") },
	{ 't', "duration", required_argument,
N_("  -t, --duration=D           stop after D\n") },
	{ 'd', "delay", required_argument,
N_("  -d, --delay=DIST           pause before each take (default 0-1s)\n") },
	{ 'a', "min-age", required_argument,
N_("  -a, --min-age=D            don't end a process before it is D old\n") },
	{ OPT_JITTER, "jitter", required_argument,
N_("      --jitter=D             add a random time from 0 to D to "
"--min-age, for\n"
"                               each process its own\n") },
	{ OPT_MIN_GAP, "min-gap", required_argument,
N_("      --min-gap=D            end one process at a time, over all "
"consumers, and\n"
"                               the next at least D after the death of the "
"last\n") },
	{ OPT_MAX_MEMORY, "max-memory", required_argument,
N_("      --max-memory=SIZE      also end a process that uses more memory, "
"however\n"
"                               young; the largest first\n") },
	{ OPT_SEED, "seed", required_argument,
N_("      --seed=N               make the random times repeatable\n") },
	{ OPT_WAIT, "wait", required_argument,
N_("      --wait=D               wait at most D for a queue or a process, then "
"exit\n"
"                               with 124\n") },
	{ OPT_DRAIN, "drain", no_argument,
N_("      --drain                exit when the queue is empty and has no "
"producer\n") },
	PLAN_CHOICES,
	{ OPT_IN_FLIGHT, "in-flight", required_argument,
N_("      --in-flight=N          end at most N processes at a time (default: "
"the\n"
"                               capacity)\n") },
	{ OPT_NO_GROUP, "no-group", no_argument,
N_("      --no-group             the same as --kill-mode=process\n") },
	{ OPT_REAP, "reap", no_argument,
N_("      --reap                 end nothing; collect processes that exited "
"on\n"
"                               their own, out of order\n") },
	{ OPT_DRY_RUN, "dry-run", no_argument,
N_("      --dry-run              only print what would be ended\n") },
	{ 0 }
};

static _Noreturn void consumer_help(void)
{
	printf(_("Usage: %s [OPTION]...\n"), program_name());
	fputs(_("Take processes from a queue, oldest first, end each one,"
		" confirm its death, and\n"
		"report how long it lived.\n"), stdout);
	run_help(consumer_choices);
}

/* ---- options ---- */

static void consumer_own_option(struct consumer *c, int option, const char *arg)
{
	switch (option) {
	case OPT_IN_FLIGHT:
		c->in_flight = option_number("in-flight", arg, 1,
					     PROCQ_CAPACITY_MAX);
		break;
	case OPT_NO_GROUP:
		c->no_group = true;
		break;
	case OPT_DRAIN:
		c->drain = true;
		break;
	case OPT_REAP:
		c->pick.dead_only = true;
		break;
	case OPT_DRY_RUN:
		c->dry_run = true;
		break;
	case OPT_HELP:
		consumer_help();
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	default:
		if (!plan_option(&c->plan, option, arg) &&
		    !run_option(&c->run, option, arg))
			usage_try();
	}
}

static void consumer_option(struct consumer *c, int option, const char *arg)
{
	switch (option) {
	case 'a':
		c->pick.dues.min_age = option_duration("min-age", arg);
		break;
	case OPT_JITTER:
		c->pick.dues.jitter = option_duration("jitter", arg);
		break;
	case OPT_MAX_MEMORY:
		c->pick.large.most = option_size("max-memory", arg);
		if (c->pick.large.most == 0)
			usage_error(_("--max-memory needs a size above 0"));
		break;
	case OPT_MIN_GAP:
		c->pick.min_gap = option_duration("min-gap", arg);
		break;
	default:
		consumer_own_option(c, option, arg);
	}
}

static void settle_plan(struct consumer *c)
{
	if (c->no_group && c->plan.mode_given &&
	    c->plan.mode != KILL_MODE_PROCESS)
		usage_error(_("--no-group excludes --kill-mode"));
	if (c->no_group)
		c->plan.mode = KILL_MODE_PROCESS;
	/* The plan of --reap has no steps. */
	if (!c->pick.dead_only)
		plan_settle(&c->plan);
}

static void consumer_parse(struct consumer *c, int argc, char **argv)
{
	struct choices all;
	int option;

	run_choose(&all, consumer_choices);
	while ((option = choices_next(&all, argc, argv)) != -1)
		consumer_option(c, option, optarg);
	if (optind < argc)
		usage_error(_("extra operand '%s'"), argv[optind]);
	if (c->pick.dead_only && c->dry_run)
		usage_error(_("--reap and --dry-run can't both be given"));
	if (c->pick.dead_only &&
	    (plan_is_given(&c->plan) || pick_chooses(&c->pick)))
		usage_error(_("--reap ends no process, so it takes no signal,"
			      " no age, no gap and no size"));
	settle_plan(c);
	c->pauses = !distribution_is_zero(&c->run.delay);
}

/* ---- ending ---- */

static void report_unconfirmed(struct consumer *c, const struct ending *e,
			       int err)
{
	struct procq_process p = e->process;

	p.age += procq_now() - e->since;
	run_written(&c->run, output_unconfirmed(&c->run.out, &p, e->signo,
						e->sent,
						ending_reason(e, err)));
}

/* It may not end this one, and so perhaps none. Others may. */
static void consumer_refused(struct consumer *c, const struct ending *e,
			     int err)
{
	report_unconfirmed(c, e, err);
	if (!c->refused)
		complain(_("cannot signal process %" PRId32
			   ", which goes back into the queue: %s"),
			 e->process.pid, _(procq_strerror(err)));
	c->refused = true;
	c->ended = true;
	run_fail(&c->run, EXIT_FAILED);
}

static void consumer_unconfirmed(void *arg, const struct ending *e, int err)
{
	struct consumer *c = arg;

	if (ending_refused(err)) {
		consumer_refused(c, e, err);
		return;
	}
	if (err < 0)
		complain(_("cannot signal process %" PRId32 ": %s"),
			 e->process.pid, _(procq_strerror(err)));
	c->run.summary.unconfirmed = c->endings.unconfirmed;
	report_unconfirmed(c, e, err);
}

static void consumer_collect(struct consumer *c)
{
	struct procq_event event;
	enum ended_by by;

	while (endings_collect(&c->endings, &event, &by) > 0) {
		c->met |= event.process.producer > procq_incarnation(c->run.q);
		c->run.summary.unconfirmed = c->endings.unconfirmed;
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

static void consumer_fail(struct consumer *c, int err)
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

static void take_some(struct consumer *c, int64_t now, struct outlook *out)
{
	take_batch(c, now, out);
	out->pending = endings_pending(&c->endings);
}

/* Can it go on taking? Deaths may have made room in flight since it stopped,
 * and no wake-up comes for that. */
static bool can_go_on(const struct consumer *c, const struct outlook *out)
{
	return out->more || (!(out->what & PROCQ_WAIT_READY) &&
			     endings_pending(&c->endings) < out->pending);
}

/* ---- running ---- */

/* With --drain, or if the queue is closed: is nothing left, and will nothing
 * come? The first producer may be about to join, so a queue in which there was
 * nothing yet has to stay so for a moment; and longer if there was nothing but
 * what a crash has left: whoever starts both anew has just done so. */
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
}

static void consume(struct consumer *c)
{
	int64_t now = procq_now();

	c->due = time_after(now, run_draw_delay(&c->run));
	while (!consumer_finished(c, now)) {
		struct outlook out = { .deadline = PROCQ_FOREVER };

		look_at_lease(c);
		take_some(c, now, &out);
		consumer_collect(c);
		now = procq_now();
		endings_step(&c->endings, now);
		consumer_hint(c);
		run_report_repairs(&c->run, false);
		run_tick(&c->run, c->run.summary.retired, now);
		if (can_go_on(c, &out) || consumer_finished(c, now))
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
	struct timespec t = { .tv_nsec = (long)*pause };

	nanosleep(&t, NULL);
	*pause = time_min(*pause * 2, LOOK_EVERY);
}

/* Wait until there is a queue. Returns false if the run is to end before. */
static bool consumer_join(struct consumer *c)
{
	struct run *r = &c->run;
	int64_t pause = LOOK_FIRST;
	int err;

	while ((err = run_open(r, &c->options)) == -ENOENT) {
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
