/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer.c - start processes, each of which enters itself into a queue.
 *
 * What happens between two starts. Must not end a process:
 * children.c does.
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "procq.h"

#include "children.h"
#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"
#include "program.h"
#include "run.h"
#include "signals.h"
#include "tenure.h"
#include "trouble.h"

/* How many starts that are due at once there are between two looks for dead
 * children. */
#define REAP_EVERY 16

void producer_reap(struct producer *p)
{
	report_all(p);
	if (tenure_look(&p->run))
		children_end(&p->run, &p->plan);
	p->unreaped = 0;
	/* The log of a list says at once what is over. */
	if (p->args.file)
		children_report(&p->run);
	else
		children_reap(&p->run);
	cgroups_tidy(&p->cgroups);
	if (p->replace)
		children_collect_own(&p->run);
	strays_look(p);
}

void producer_rest(struct producer *p, unsigned what, int64_t deadline)
{
	int64_t now = procq_now();

	deadline = time_min(deadline, time_after(now, PROCQ_PATIENCE));
	deadline = time_min(deadline, p->run.until);
	report_all(p);
	if (!run_stopped(&p->run) && deadline > now)
		children_sleep(&p->run,
			       what | PROCQ_WAIT_CHILD | PROCQ_WAIT_STOP,
			       deadline);
	producer_reap(p);
	run_report_repairs(&p->run, false);
	run_tick(&p->run, p->run.summary.started, procq_now());
}

/* Has the user asked all producers to end, by procq close --stop? Or were the
 * slots taken back, because somebody holds this host for lost? */
static bool producer_is_stopped(struct producer *p)
{
	if (!p->stopped && procq_closed(p->run.q) == PROCQ_STOPPED) {
		p->stopped = true;
		complain(_("queue '%s' is stopped: no more processes are "
			   "started"), p->run.queue);
	}
	if (!p->stopped && p->run.fenced) {
		p->stopped = true;
		complain(_("queue '%s': no more processes are started"),
			 p->run.queue);
		run_fail(&p->run, EXIT_FAILED);
	}
	return p->stopped;
}

static bool producer_finished(struct producer *p)
{
	struct run *r = &p->run;

	/* Those that are not reported yet may die before they enter. */
	if (r->counted && r->summary.started - p->unexecuted_count +
				  p->unreported_count >= r->count)
		report_all(p);
	if (p->halt && r->commands_failed > 0)
		p->failed = true;
	return p->failed || p->listed || run_stopped(r) ||
	       producer_is_stopped(p) ||
	       (r->counted && r->summary.started -
					   p->unexecuted_count >= r->count);
}

/* Is the next start due at once: in flood, or behind a schedule? */
static bool producer_is_due(const struct producer *p)
{
	return p->flood || (p->batches && procq_now() >= p->pace.due);
}

/* Between two starts: look for dead children, for signals, and at the clock.
 * Returns false at the end of -t. */
static bool look_around(struct producer *p)
{
	int64_t now;

	if (!p->replace && p->unreaped < REAP_EVERY && p->unreaped > 0 &&
	    producer_is_due(p))
		return true;
	producer_reap(p);
	now = procq_now();
	run_tick(&p->run, p->run.summary.started, now);
	return !run_timed_out(&p->run, now);
}

/* What follows from a start for the next one. */
static void producer_started(struct producer *p, bool waited)
{
	producer_used_headroom(p);
	if (!p->flood)
		pace_started(&p->pace, procq_now(), waited);
}

static void produce(struct producer *p)
{
	bool waited;

	pace_begin(&p->pace, p->run.begun);
	producer_replace_begin(p);
	while (!producer_finished(p) && look_around(p)) {
		waited = p->full_since > 0 || p->lacking_since > 0;
		if (!p->flood && procq_now() < p->pace.due)
			producer_rest(p, 0, p->pace.due);
		else if (!run_can_report(&p->run))
			producer_rest(p, 0, PROCQ_FOREVER);
		else if (producer_may_replace(p) && producer_has_headroom(p) &&
			 producer_next_args(p) &&
			 producer_start(p))
			producer_started(p, waited);
	}
	report_all(p);
	producer_replace_end(p);
}

static bool producer_join(struct producer *p)
{
	int err = run_open(&p->run, &p->options);

	if (err == 0 && jobs_init(&p->run.jobs, procq_capacity(p->run.q)) == 0)
		return true;
	if (err == 0) {
		complain("%s", strerror(ENOMEM));
		signals_wake(NULL);
		procq_close(p->run.q);
		run_fail(&p->run, EXIT_FAILED);
		return false;
	}
	if (err != -EINTR || !run_stopped(&p->run))
		complain_open(p->run.queue, &p->options, err);
	run_fail(&p->run, EXIT_FAILED);
	return false;
}

static void child_reaped(void *arg, int pid)
{
	struct producer *p = arg;

	cgroups_over(&p->cgroups, pid);
	p->strays.died = true;
}

/* Returns false if there can be none. */
static bool begin_cgroups(struct producer *p)
{
	if (!p->wants_cgroup)
		return true;
	if (!cgroups_open(&p->cgroups, p->cgroup, procq_object(p->run.q),
			  p->command.flags & PROCQ_SPAWN_KEEP)) {
		run_fail(&p->run, EXIT_FAILED);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	/* Its histograms are too large for a stack. */
	static struct producer p;

	program_start("producer", argv);
	run_init(&p.run, true);
	p.options = (struct procq_options)PROCQ_OPTIONS_INIT;
	p.options.role = PROCQ_ROLE_PRODUCER;
	/* Nothing else waits for a child, even one from before the exec. */
	p.options.flags = PROCQ_OPEN_REAP_ALL;
	p.command = (struct procq_command)PROCQ_COMMAND_INIT;
	p.on_exit = ON_EXIT_DEFAULT;
	brake_init(&p.brake, NS_PER_S);
	plan_init(&p.plan);
	p.courtesy = COURTESY_MAX;
	p.args.end = '\n';
	producer_parse(&p, argc, argv);
	run_begin(&p.run);
	producer_open_args(&p);
	p.run.out.args = producer_args_of;
	p.run.out.args_arg = &p;
	/* The library holds off cancelling around each start, which the libc
	 * notes in the thread's own page. Held off for good, that page is not
	 * written to after a fork, which would copy it. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	signals_take_children();
	p.command.mask = &p.run.mask;
	if (!producer_join(&p))
		return run_end(&p.run);
	children_watch(child_reaped, &p);
	if (begin_cgroups(&p)) {
		strays_begin(&p);
		produce(&p);
		producer_finish(&p);
		cgroups_close(&p.cgroups);
		strays_end(&p);
	}
	if (p.fail && p.run.commands_failed > 0)
		run_fail(&p.run, EXIT_COMMAND_FAILED);
	signals_wake(NULL);
	procq_close(p.run.q);
	return run_end(&p.run);
}
