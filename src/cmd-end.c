/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-end.c - procq end: chosen processes of a queue, as a consumer ends them.
 *
 * All are looked up before the first is signalled: nothing is ended by a slip.
 * Must not signal a process: ending.c does, by way of the library, which signals
 * only what it has pinned.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "ending.h"
#include "i18n.h"
#include "output.h"
#include "procq-cmd.h"
#include "signals.h"
#include "stray.h"
#include "writer.h"

/* How long a process that has entered may take to know its seq. */
#define SEQ_LOOKS 100
/* So long until a process that another program has taken is left to that: if it
 * is dead, a sweep puts back what it had, by then. */
#define SWEPT_BY (2 * PROCQ_PATIENCE + 100 * NS_PER_MS)

struct work {
	struct request *r;
	struct procq *q;
	struct output out;
	struct endings endings;
	struct procq_process *chosen;	/* those that are still to be taken */
	size_t count;
	int64_t left_at;	/* when others' processes are left to them */
	bool scarce;		/* no descriptor or memory for one more */
	int status;
};

static void fail(struct work *w)
{
	w->status = EXIT_FAILED;
}

/* ---- which ---- */

static bool is_taken(const struct procq_process *p)
{
	return p->state == PROCQ_STATE_TAKEN;
}

/* Of all processes, those that are chosen, at the front. Those that have entered
 * and do not know their seq yet are counted. */
static size_t keep_chosen(const struct request *r, struct procq_process *all,
			  size_t n, size_t *unknown)
{
	size_t kept = 0;

	*unknown = 0;
	for (size_t i = 0; i < n; i++) {
		*unknown += all[i].state == PROCQ_STATE_QUEUED &&
			    all[i].seq == 0;
		if (all[i].state != PROCQ_STATE_GONE &&
		    seqs_have(&r->seqs, all[i].seq))
			all[kept++] = all[i];
	}
	return kept;
}

static void complain_over(const struct work *w, uint64_t seq)
{
	complain(_("queue '%s': process with seq %ju is over already"),
		 w->r->queue, (uintmax_t)seq);
}

/* They are in the order of seq. */
static void complain_missing(struct work *w)
{
	size_t at = 0;

	for (size_t i = 0; i < w->r->seqs.count; i++) {
		uint64_t seq = w->r->seqs.all[i];

		while (at < w->count && w->chosen[at].seq < seq)
			at++;
		if (at < w->count && w->chosen[at].seq == seq)
			continue;
		complain_over(w, seq);
		fail(w);
	}
}

/* Find all that are chosen. @return false: one has never been there */
static bool choose(struct work *w)
{
	const struct seqs *seqs = &w->r->seqs;
	struct procq_stat s;
	size_t unknown;
	int err = procq_stat(w->q, &s), n;

	if (err < 0) {
		w->status = complain_failed(w->r, err);
		return false;
	}
	if (seqs_above(seqs, s.entered) > 0) {
		complain(_("queue '%s': no process with seq %ju has entered it "
			   "yet, the last one has %ju; nothing is ended"),
			 w->r->queue, (uintmax_t)seqs->all[seqs->count - 1],
			 (uintmax_t)s.entered);
		fail(w);
		return false;
	}
	for (int looks = 0; looks < SEQ_LOOKS; looks++) {
		free(w->chosen);
		w->chosen = NULL;
		n = snapshot_all(w->q, &w->chosen);
		if (n < 0) {
			w->status = complain_failed(w->r, n);
			return false;
		}
		w->count = keep_chosen(w->r, w->chosen, (size_t)n, &unknown);
		if (w->count == seqs->count || unknown == 0)
			break;
		time_sleep(NS_PER_MS);
	}
	complain_missing(w);
	return true;
}

/* ---- ending ---- */

static void written(struct work *w, int err)
{
	if (err >= 0 || w->out.silent)
		return;
	complain(_("write error: %s"), strerror(-err));
	w->out.silent = true;
	fail(w);
}

static void unconfirmed(void *arg, const struct ending *e, int err)
{
	struct work *w = arg;
	struct procq_process p = e->process;

	p.age += procq_now() - e->since;
	written(w, output_unconfirmed(&w->out, &p, e->signo, e->sent,
				      ending_reason(e, err)));
	if (err < 0)
		complain(_("cannot signal process %" PRId32 ": %s"), p.pid,
			 _(procq_strerror(err)));
	else
		complain(_("queue '%s': process %d is not known to be dead"),
			 w->r->queue, (int)p.pid);
	fail(w);
}

static void collect(struct work *w)
{
	struct procq_event e;
	enum ended_by by;

	while (endings_collect(&w->endings, &e, &by) > 0) {
		written(w, output_ended(&w->out, &e, by, "consumer"));
		w->scarce = false;
	}
}

/* It could not be taken: why? @return true: it may be, now */
static bool explain(struct work *w, const struct procq_process *now, int n,
		    const struct procq_process *p)
{
	for (int i = 0; i < n; i++) {
		if (now[i].slot != p->slot || now[i].seq != p->seq ||
		    now[i].state == PROCQ_STATE_GONE)
			continue;
		if (!is_taken(&now[i]) || procq_now() < w->left_at)
			return true;
		complain(_("queue '%s': process %d, seq %ju, is being ended by "
			   "another program already"), w->r->queue,
			 (int)p->pid, (uintmax_t)p->seq);
		fail(w);
		return false;
	}
	complain_over(w, p->seq);
	fail(w);
	return false;
}

/* Those that others have: say so, and try the rest again. */
static void explain_all(struct work *w)
{
	struct procq_process *now;
	size_t kept = 0;
	int n = snapshot_all(w->q, &now);

	if (n < 0) {
		w->status = complain_failed(w->r, n);
		w->count = 0;
		return;
	}
	for (size_t i = 0; i < w->count; i++)
		if (explain(w, now, n, &w->chosen[i]))
			w->chosen[kept++] = w->chosen[i];
	w->count = kept;
	free(now);
}

/* Begin to end one. @retval 0, -EAGAIN: others have it, or -errno */
static int begin(struct work *w, const struct procq_process *which)
{
	struct procq_process p;
	int err = procq_take_this(w->q, which, &p);

	if (err < 0)
		return err;
	err = endings_begin(&w->endings, &p, procq_now());
	if (err < 0)
		procq_give_back(w->q, p.slot);
	return err;
}

static void begin_all(struct work *w)
{
	size_t kept = 0;
	bool others = false;

	for (size_t i = 0; i < w->count; i++) {
		int err = w->scarce ? -EMFILE : begin(w, &w->chosen[i]);

		if (err == 0)
			continue;
		others = others || err == -EAGAIN;
		w->chosen[kept++] = w->chosen[i];
		if (err == -EAGAIN)
			continue;
		/* A death gives descriptors back; if none is to come, that
		 * won't do. */
		w->scarce = true;
		if (endings_pending(&w->endings) > 0)
			continue;
		w->status = complain_failed(w->r, err);
		w->count = 0;
		return;
	}
	w->count = kept;
	if (others)
		explain_all(w);
}

static void end_all(struct work *w)
{
	w->left_at = time_after(procq_now(), SWEPT_BY);
	while (signals_stops() == 0) {
		begin_all(w);
		collect(w);
		endings_step(&w->endings, procq_now());
		if (w->count == 0 && endings_pending(&w->endings) == 0)
			return;
		request_awaits_deaths(w->r, endings_pending(&w->endings));
		if (procq_wait(w->q, PROCQ_WAIT_DEATH,
			       time_min(time_after(procq_now(),
						   100 * NS_PER_MS),
					endings_deadline(&w->endings))) ==
		    -ESTALE) {
			w->status = complain_failed(w->r, -ESTALE);
			return;
		}
	}
}

/* Signals that ask to stop put back what is not dead. */
static void run(struct work *w)
{
	static struct writer lines;
	int err;

	command_signals_begin(w->q);
	err = output_open(&w->out, NULL, w->r->form == TABLE_JSON
						 ? OUTPUT_JSON : OUTPUT_TEXT,
			  w->r->queue);
	w->out.q = w->q;
	if (err < 0) {
		written(w, err);
	} else {
		writer_init(&lines, signals_news, signals_stops_at());
		if (writer_is_needed(w->out.fd))
			w->out.writer = &lines;
		end_all(w);
		written(w, writer_finish(&lines));
		written(w, output_close(&w->out));
	}
	command_signals_end();
}

static int cmd_end_run(struct request *r)
{
	struct work w = { .r = r, .status = EXIT_DONE,
			  .endings = { .plan = &r->plan.steps, .arg = &w,
				       .mode = r->plan.mode, .give_back = true,
				       .report = unconfirmed,
				       .outlived = complain_outlived,
				       .unreached = complain_unreached } };
	int status = request_open(r, PROCQ_ROLE_KEEPER, &w.q);

	if (status != EXIT_DONE)
		return status;
	w.endings.q = w.q;
	if (endings_init(&w.endings) < 0)
		w.status = complain_failed(r, -ENOMEM);
	else if (choose(&w))
		run(&w);
	endings_free(&w.endings);
	free(w.chosen);
	procq_close(w.q);
	return w.status;
}

const struct command cmd_end = {
	.name = "end",
	.summary = N_("end chosen processes of a queue"),
	.text = N_("End the processes with these seqs, as 'procq show' has "
"them, through the queue:\n"
"as a consumer does, with its lines. Nothing is ended if one of them has never\n"
"been in the queue. What is over already, or being ended by another program,\n"
"is reported; then, or if a death is not confirmed, the exit status is 1.\n"
"An operand of digits and commas is a SEQ; a queue with such a name is named "
"by\n--queue.\n"),
	.operands = N_("[NAME] SEQ..."),
	.takes = TAKES_NAME | TAKES_SEQS | TAKES_PLAN,
	.run = cmd_end_run,
};
