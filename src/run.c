/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - what a run of producer and a run of consumer have in common.
 *
 * Must not start, take or end a process: that is where the two differ.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "fault.h"
#include "i18n.h"
#include "options.h"
#include "program.h"
#include "run.h"
#include "signals.h"
#include "trouble.h"

void run_init(struct run *r, bool producer)
{
	r->producer = producer;
	r->until = PROCQ_FOREVER;
	r->delay.kind = DISTRIBUTION_UNIFORM;
	r->delay.high = NS_PER_S;
}

/* What goes to one reader stays in order. */
static bool same_reader(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* If the reader of lines or messages may not read, others write them. */
static void start_writers(struct run *r)
{
	writer_init(&r->lines, signals_news, signals_stops_at());
	writer_init(&r->messages, signals_news, signals_stops_at());
	if (r->at_once)
		return;
	if (writer_is_needed(r->out.fd))
		r->out.writer = &r->lines;
	if (!writer_is_needed(STDERR_FILENO))
		return;
	messages_through(r->out.writer &&
			 same_reader(r->out.fd, STDERR_FILENO) ? &r->lines
							: &r->messages);
}

static void complain_output(const struct run *r, int err)
{
	if (r->file)
		complain("'%s': %s", r->file, strerror(-err));
	else
		complain(_("standard output: %s"), strerror(-err));
}

static void awaits_reader(void *arg)
{
	run_hint(arg, HINT_READER, 0);
}

void run_begin(struct run *r)
{
	int err;

	if (!r->queue)
		r->queue = option_queue(NULL);
	if (!r->seeded)
		r->seed = generator_any_seed();
	generator_seed(&r->random, r->seed);
	signals_start(&r->mask);
	r->fleet.mask = &r->mask;
	fleet_settle(&r->fleet);
	fleet_check(&r->fleet, r->queue);
	r->out.fleet = r->fleet.url;
	r->out.host = r->fleet.url ? r->fleet.host : NULL;
	fault_catch();
	hints_start(&r->hints,
		    !r->no_hints && !r->quiet && isatty(STDERR_FILENO),
		    r->verbose);
	r->out.silent = r->quiet;
	r->out.abandon = signals_stops_at();
	r->out.awaits_reader = awaits_reader;
	r->out.awaits_arg = r;
	/* Not before: the fleet's helper was asked for its status. */
	signals_reap_others();
	err = output_open(&r->out, r->file, r->format, r->queue);
	/* It waited for a FIFO's reader. There is nothing to clean up. */
	if (err < 0 && signals_stops() > 0)
		die_of_signal(signals_stopped_by());
	if (err == -EPIPE) {
		run_written(r, err);
	} else if (err < 0) {
		complain_output(r, err);
		exit(EXIT_FAILED);
	}
	start_writers(r);
	r->begun = procq_now();
	if (r->timed)
		r->until = time_after(r->begun, r->duration);
	progress_start(&r->progress, r->progress_wish,
		       r->quiet || !r->out.terminal, r->begun);
	r->progress.count = r->count;
	r->progress.duration = r->duration;
}

/* Earlier repairs are not reported. */
static void note_repairs(struct run *r)
{
	struct procq_stat stat;

	if (!r->verbose || procq_stat(r->q, &stat) < 0)
		return;
	r->swept = stat.swept;
	r->returned = stat.returned;
}

/* If a creator takes longer than this to set up a queue, say so; the run waits
 * on. */
#define SETUP_SILENCE (2 * NS_PER_S)

int run_open(struct run *r, struct procq_options *options)
{
	int64_t patience = time_after(procq_now(), SETUP_SILENCE);
	/* The caller awaits a queue anyway, and knows for how long. */
	bool awaits = options->flags & PROCQ_OPEN_NOCREATE;
	int err;

	for (;;) {
		options->deadline = time_after(procq_now(),
					       awaits ? 0 : PROCQ_PATIENCE);
		err = procq_open(&r->q, r->queue, options);
		if (err == 0) {
			r->joined = true;
			r->out.q = r->q;
			note_repairs(r);
			signals_wake(r->q);
			err = fleet_bind(&r->fleet, r->q);
			fleet_look(&r->fleet, r->q);
		}
		/* No queue can appear. */
		if (err == -ENOENT && shm_is_missing())
			return -ENOSYS;
		if (err != -ETIMEDOUT || awaits)
			return err;
		if (run_stopped(r))
			return -EINTR;
		if (procq_now() < patience)
			continue;
		complain_open(r->queue, options, err);
		patience = PROCQ_FOREVER;
	}
}

void run_fail(struct run *r, int status)
{
	if (r->status == EXIT_DONE)
		r->status = status;
}

void run_written(struct run *r, int err)
{
	if (err >= 0 || r->broken)
		return;
	r->broken = true;
	/* No further line could be written. */
	r->out.silent = true;
	run_fail(r, EXIT_FAILED);
	if (err == -EPIPE)
		r->pipe_closed = true;
	else if (err != -ECANCELED)
		complain_output(r, err);
}

void run_removed(struct run *r)
{
	if (r->removed)
		return;
	r->removed = true;
	complain(_("the object of queue '%s' has been removed while it was in "
		   "use; see LIMITS in procq(7)"), r->queue);
	run_fail(r, EXIT_FAILED);
}

static void run_lost(struct run *r)
{
	if (r->lost)
		return;
	r->lost = true;
	complain(_("queue '%s': others have taken this program for dead; it"
		   " can't go on"), r->queue);
	run_fail(r, EXIT_FAILED);
}

void run_unconfirmed(struct run *r, const struct ending *e, int err)
{
	struct procq_process p = e->process;

	p.age += procq_now() - e->since;
	run_written(r, output_unconfirmed(&r->out, &p, e->signo, e->sent,
					  ending_reason(e, err)));
}

void run_wait(struct run *r, unsigned what, int64_t deadline)
{
	int rc;

	fleet_look(&r->fleet, r->q);
	rc = procq_wait(r->q, what,
			    time_min(deadline, hint_next(&r->hints)));

	if (rc == -ESTALE)
		run_lost(r);
	else if (rc == -EIDRM)
		run_removed(r);
}

bool run_stopped(struct run *r)
{
	run_written(r, writer_error(&r->lines));
	return r->broken || r->lost || r->removed ||
	       signals_stops() > 0;
}

bool run_can_report(struct run *r)
{
	return !writer_full(&r->lines) && !writer_full(&r->messages);
}

bool run_timed_out(const struct run *r, int64_t now)
{
	return r->timed && now >= r->until;
}

/* All of it is one piece. */
static void print_summary(const struct run *r, enum summary_form form)
{
	struct summary_head head = {
		.program = program_name(), .queue = r->queue,
		.producer = r->producer, .elapsed = procq_now() - r->begun,
		.when = line_now(), .seed = r->seed
	};
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	/* Without memory, it may block, and is printed all the same. */
	summary_print(&r->summary, f ? f : stderr, form, &head);
	if (f && fclose(f) == 0)
		message_put(text, size);
	free(text);
}

/* SIGUSR1, which is answered even with --summary=none. */
static void print_statistics(const struct run *r)
{
	status_wipe();
	print_summary(r, r->summary_form == SUMMARY_JSON ? SUMMARY_JSON
							 : SUMMARY_TEXT);
}

/* SIGUSR2: somebody has renamed the file of lines. Nothing is lost if this
 * fails: lines go on to where they went. */
static void reopen(struct run *r)
{
	int err = r->broken ? 0 : output_reopen(&r->out, r->file);

	if (err < 0)
		complain(_("cannot open '%s' anew, so lines go where they "
			   "went: %s"), r->file, strerror(-err));
}

void run_tick(struct run *r, uint64_t done, int64_t now)
{
	if (signals_statistics())
		print_statistics(r);
	if (signals_reopen())
		reopen(r);
	fleet_look(&r->fleet, r->q);
	progress_show(&r->progress, done, now);
}

void run_report_repairs(struct run *r, bool last)
{
	int64_t now = procq_now();
	uint64_t swept = r->swept, returned = r->returned;

	/* procq_stat() reads all records. */
	if (!r->verbose ||
	    (!last && now - r->repairs_reported < PROCQ_PATIENCE))
		return;
	r->repairs_reported = now;
	note_repairs(r);
	if (r->swept != swept || r->returned != returned)
		complain(_("dead participants swept: %" PRIu64 ", processes "
			   "put back into the queue: %" PRIu64),
			 r->swept - swept, r->returned - returned);
}

int64_t run_draw_delay(struct run *r)
{
	return distribution_draw(&r->delay, &r->random);
}

int run_end(struct run *r)
{
	int err = writer_finish(&r->lines);

	/* If it was cut, a write may still be under way. */
	if (err != -ECANCELED)
		run_written(r, output_close(&r->out));
	run_written(r, err);
	status_wipe();
	/* A reader such as head(1) has all that it wanted. */
	if ((r->joined || r->status != EXIT_FAILED) && !r->pipe_closed &&
	    r->summary_form != SUMMARY_NONE)
		print_summary(r, r->summary_form);
	messages_finish();
	if (signals_stops() > 0)
		die_of_signal(signals_stopped_by());
	if (r->pipe_closed && !signals_pipe_ignored())
		die_of_signal(SIGPIPE);
	return r->status;
}
