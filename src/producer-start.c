/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-start.c - start one process; what to do if that fails.
 *
 * Must not decide when the next start is due. Must not end a process.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "children.h"
#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"
#include "run.h"
#include "shortage.h"

/* The pauses after starts that failed for lack of something. */
#define BACK_OFF_MIN NS_PER_MS
#define BACK_OFF_MAX NS_PER_S

/* The first starts are reported one by one, as somebody may be watching. */
#define ONE_BY_ONE 100

/* How long a process that could not run its command may take to exit. */
#define EXIT_MAX (100 * NS_PER_MS)

static void started(struct producer *p, const struct procq_process *what)
{
	producer_found_room(p);
	p->back_off = 0;
	p->ran = true;
	p->unreaped++;
	run_hint(&p->run, HINT_NONE, 0);
	jobs_started(&p->run.jobs, what);
	producer_used_args(p, what);
	producer_replace_started(p, what->slot);
	if (p->batches && !p->run.quiet) {
		report_later(p, what);
		if (p->run.summary.started < ONE_BY_ONE)
			report_all(p);
	} else {
		p->run.summary.started++;
		report_started(p, what);
	}
}

/* A start failed, and may work in a moment. */
static void start_later(struct producer *p, const char *why)
{
	bool first = p->back_off == 0;
	int64_t half, deadline;

	if (producer_waited(p, procq_now())) {
		complain(_("gave up starting a process: %s"), why);
		run_fail(&p->run, EXIT_WAITED);
		return;
	}
	p->back_off = first ? BACK_OFF_MIN
			    : time_min(p->back_off * 2, BACK_OFF_MAX);
	/* Half of it at random, so that several producers do not try again at
	 * the same time. */
	half = p->back_off / 2;
	half += (int64_t)generator_below(&p->run.random, (uint64_t)half + 1);
	deadline = time_min(time_after(procq_now(), half),
			    producer_wait_deadline(p));
	producer_rest(p, 0, deadline);
}

/* The system has no process or no memory left. */
static void no_resources(struct producer *p, int err)
{
	char text[256];
	const char *why = err == -EUSERS
				  ? shortage_describe(text, sizeof(text))
				  : strerror(-err);

	/* With a limit that is reached again and again, once is enough. */
	if (p->back_off == 0 &&
	    (p->run.verbose || strcmp(why, p->shortage) != 0))
		complain(_("cannot start a process for now: %s"), why);
	snprintf(p->shortage, sizeof(p->shortage), "%s", why);
	start_later(p, why);
}

/* Can the command be executed again in a moment? A file that is being written,
 * or, if it was there before, replaced. */
static bool is_passing(const struct producer *p, int err,
		       const struct procq_process *what)
{
	if (what->flags & PROCQ_PROCESS_NO_OUTPUT)
		return err == -ENOSPC || err == -ENFILE || err == -EIO;
	/* With --replace, whatever is wrong may be mended. */
	if (p->replace && p->ran && what->pid > 0)
		return err < 0 && err != -ECANCELED;
	switch (err) {
	case -ETXTBSY:
		return true;
	case -EACCES:
	case -ENOTDIR:
	case -ELOOP:
		return p->ran && p->replace;
	case -ENOENT:
	case -ESTALE:
	case -EIO:
	case -ENFILE:
	case -EAGAIN:
		return p->ran;
	default:
		return false;
	}
}

/* A process was started, and has not executed its command. It has a line of
 * its own all the same, since its end will have one. */
static void unexecuted(struct producer *p, struct procq_process *what)
{
	report_all(p);
	if (what->pid <= 0 || procq_entered(p->run.q, what) < 0)
		return;
	jobs_started(&p->run.jobs, what);
	jobs_unexecuted(&p->run.jobs, what);
	p->run.summary.started++;
	p->unexecuted_count++;
	report_started(p, what);
}

/* A process that could not execute its command is about to exit. Let it: its
 * status says why. */
static void await_exit(struct producer *p, const struct procq_process *what)
{
	int64_t deadline = time_after(procq_now(), EXIT_MAX);
	struct procq_process now;

	while (procq_child(p->run.q, what->slot, &now) == 0 &&
	       now.pid == what->pid && now.state == PROCQ_STATE_QUEUED &&
	       procq_now() < deadline) {
		children_sleep(&p->run, PROCQ_WAIT_CHILD,
			       time_after(procq_now(), NS_PER_MS));
		producer_reap(p);
	}
}

static void cannot_run_yet(struct producer *p, int err,
			   struct procq_process *what)
{
	p->run.summary.failed++;
	if (p->replace) {
		p->unexecuted = err;
		if (what->pid > 0) {
			unexecuted(p, what);
			producer_replace_started(p, what->slot);
			await_exit(p, what);
		} else {
			producer_replace_refused(p);
		}
		p->unexecuted = 0;
		return;
	}
	if (p->back_off == 0)
		complain(what->flags & PROCQ_PROCESS_NO_OUTPUT
				 ? _("cannot open the output of '%s' for now: "
				     "%s")
				 : _("cannot run '%s' for now: %s"),
			 p->command.argv[0], strerror(-err));
	unexecuted(p, what);
	start_later(p, strerror(-err));
}

/* A start failed, and will fail again. */
static void cannot_start(struct producer *p, int err,
			 struct procq_process *what)
{
	const struct procq_command *command = &p->command;

	p->failed = true;
	/* Of the queue; or of a file system, and then exec has failed. */
	if (err == -ESTALE)
		run_wait(&p->run, 0, procq_now());
	if (p->run.lost)
		return;
	if (err == -ENOTSUP) {
		complain(_("processes can't be made to die with their producer"
			   " here; with --keep they may outlive it"));
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	if (err == -EDOM) {
		complain(_("--keep: the lease of queue '%s' ends all "
			   "processes, so none may outlive its producer"),
			 p->run.queue);
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	if (err == -EXDEV) {
		complain(_("cannot start a process: its children are in "
			   "another PID namespace (unshare --fork helps)"));
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	if (!command->argv || err == -EINVAL || err == -ENOSYS) {
		complain(_("cannot start a process: %s"),
			 _(procq_strerror(err)));
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	p->run.summary.failed++;
	if (what->flags & PROCQ_PROCESS_NO_OUTPUT) {
		complain(_("cannot open '%s' for the output of '%s': %s"),
			 command->output, command->argv[0], strerror(-err));
		run_fail(&p->run, EXIT_FAILED);
	} else if (err == -ENOENT && !strchr(command->argv[0], '/')) {
		complain(_("cannot run '%s': command not found"),
			 command->argv[0]);
		run_fail(&p->run, EXIT_NOT_FOUND);
	} else {
		complain(_("cannot run '%s': %s"), command->argv[0],
			 strerror(-err));
		run_fail(&p->run, err == -ENOENT ? EXIT_NOT_FOUND
						 : EXIT_CANNOT_RUN);
	}
	unexecuted(p, what);
	if (what->pid > 0)
		await_exit(p, what);
}

bool producer_start(struct producer *p)
{
	/* All zero if no process was started. */
	struct procq_process what = { .pid = 0 };
	int err = cgroups_next(&p->cgroups);

	if (err < 0) {
		complain(_("--cgroup: no cgroup for the next process: %s"),
			 strerror(-err));
		p->failed = true;
		run_fail(&p->run, EXIT_FAILED);
		return false;
	}
	p->command.cgroup = err;
	err = procq_spawn(p->run.q, &p->command, &what);
	cgroups_started(&p->cgroups, what.pid);
	/* -EAGAIN without a process is about the queue. */
	if (p->command.argv && is_passing(p, err, &what) &&
	    (err != -EAGAIN || what.pid > 0)) {
		cannot_run_yet(p, err, &what);
		return false;
	}
	switch (err) {
	case 0:
		started(p, &what);
		break;
	case -EAGAIN:
	case -ESHUTDOWN:
		producer_no_room(p, err);
		break;
	case -EIDRM:
		run_removed(&p->run);
		break;
	case -ECANCELED:
		/* It was killed before it had entered. */
		producer_reap(p);
		break;
	case -EUSERS:
	case -ENOMEM:
		no_resources(p, err);
		break;
	default:
		cannot_start(p, err, &what);
	}
	return err == 0;
}
