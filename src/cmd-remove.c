/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-remove.c - procq remove: an empty queue, and with --kill any queue.
 *
 * Must not remove a queue while a process is in it, and must not unlink what
 * is no queue unless the user insists: nothing is lost by a slip.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "ending.h"
#include "i18n.h"
#include "procq-cmd.h"
#include "safe.h"
#include "signals.h"
#include "stray.h"
#include "trouble.h"

/* How long nothing may move before --kill gives up, unless --wait says. */
#define PATIENCE (5 * NS_PER_S)

struct work {
	struct request *r;
	struct procq *q;
	struct endings endings;
	int64_t moved;		/* when something last moved */
	uint64_t ended;
	bool scarce;		/* no descriptor or memory for one more */
	bool lost;		/* the place in the queue is another's */
	struct procq_stat seen;	/* the last look at it */
};

static void remove_unconfirmed(void *arg, const struct ending *e, int err)
{
	const char *queue = ((const struct work *)arg)->r->queue;
	int pid = e->process.pid;

	if (err == 0)
		complain(_("queue '%s': process %d is not known to be dead"),
			 queue, pid);
	else if (err == -ENOTSUP)
		complain(_("queue '%s': process %d: not signalled, since "
			   "nothing proves that it is the recorded one; if it "
			   "is, end it with kill"), queue, pid);
	else
		complain(_("queue '%s': process %d: %s"), queue, pid,
			 _(procq_strerror(err)));
}

/* Begin to end all that are in the queue. Returns how many. */
static int remove_take_all(struct work *w)
{
	struct procq_process p;
	int n = 0;
	int err;

	while ((err = procq_take(w->q, NULL, &p)) == 0) {
		err = endings_begin(&w->endings, &p, procq_now());
		if (err < 0) {
			procq_give_back(w->q, p.slot);
			break;
		}
		n++;
	}
	w->scarce = err != -EAGAIN;
	return n;
}

static int remove_collect_all(struct work *w)
{
	struct procq_event e;
	enum ended_by by;
	int n = 0;

	for (; endings_collect(&w->endings, &e, &by) > 0; n++) {
		if (w->r->verbose)
			complain(_("queue '%s': process %d ended"), w->r->queue,
				 (int)e.process.pid);
		w->ended++;
	}
	return n;
}

/* Send what is due. A signal that is still to come counts as a move. */
static int escalate(struct work *w)
{
	int more = endings_escalating(&w->endings);

	endings_step(&w->endings, procq_now());
	return more;
}

/* Has the rest of the queue changed since the last look? */
static bool others_moved(struct work *w)
{
	struct procq_stat s;
	bool moved;

	if (procq_stat(w->q, &s) < 0)
		return false;
	moved = memcmp(s.states, w->seen.states, sizeof(s.states)) != 0 ||
		s.producers != w->seen.producers ||
		s.consumers != w->seen.consumers ||
		s.keepers != w->seen.keepers;
	w->seen = s;
	return moved;
}

/* Sleep until there may be more to do. Without a descriptor or memory for one
 * more, only a death helps. */
static void sleep_a_little(struct work *w)
{
	unsigned what = PROCQ_WAIT_DEATH | (w->scarce ? 0 : PROCQ_WAIT_READY);
	int64_t deadline = procq_now() + 100 * NS_PER_MS;

	if (procq_wait(w->q, what,
		       time_min(deadline, endings_deadline(&w->endings))) ==
	    -ESTALE)
		w->lost = true;
}

/* Keepers beside ourselves. */
static unsigned others(const struct procq_stat *s)
{
	return s->keepers > 0 ? s->keepers - 1 : 0;
}

static void say_waiting(struct work *w)
{
	uint64_t n = endings_pending(&w->endings);

	if (n > 0)
		request_awaits_deaths(w->r, n);
	else if (request_waits(w->r, HINT_IN_USE))
		complain(_("queue '%s': waiting until it is not in use "
			   "(producers: %u, consumers: %u, others: %u)"),
			 w->r->queue, w->seen.producers, w->seen.consumers,
			 others(&w->seen));
}

/*
 * End all processes, then remove the queue as soon as its participants have
 * left: from a stopped queue, consumers and producers do when it is empty.
 * Returns as procq_remove(), or -ETIMEDOUT: nothing moves any more, -EINTR: a
 * signal asked to stop.
 */
static int end_and_remove(struct work *w)
{
	int64_t patience = w->r->wait == PROCQ_FOREVER ? PATIENCE : w->r->wait;

	w->moved = procq_now();
	while (signals_stops() == 0) {
		int n = remove_take_all(w);

		n += remove_collect_all(w);
		n += escalate(w);
		if (others_moved(w) || n > 0)
			w->moved = procq_now();
		if (inhabitants(&w->seen) == 0) {
			int err = procq_remove(w->q);

			if (err != -EBUSY)
				return err;
		}
		if (w->lost || procq_now() >= time_after(w->moved, patience))
			return -ETIMEDOUT;
		say_waiting(w);
		sleep_a_little(w);
	}
	return -EINTR;
}

static void remove_print(const struct request *r, const struct work *w,
			 const char *object, bool removed)
{
	struct line l;
	struct json j;

	if (r->form != TABLE_JSON)
		return;
	begin_json(&j, &l, r);
	json_string(&j, "object", object);
	json_truth(&j, "removed", removed);
	json_count(&j, "ended", w ? w->ended : 0);
	json_count(&j, "unconfirmed",
		   w && w->q ? procq_in_flight(w->q) : 0);
	print_json(&j);
}

/* Say what keeps the queue from being removed, and what helps. */
static void complain_busy(const struct request *r, struct procq *q)
{
	struct shell_word word = shell_word(r->queue);
	struct procq_stat s;
	uint64_t n, dead;

	if (procq_stat(q, &s) < 0)
		memset(&s, 0, sizeof(s));
	n = living(&s);
	dead = inhabitants(&s) - n;
	if (n == 0 && dead > 0)
		complain(P_("queue '%s': not removed: %ju process that is dead "
			    "is still to be reported; 'consumer --queue=%s "
			    "--drain' does so",
			    "queue '%s': not removed: %ju processes that are "
			    "dead are still to be reported; 'consumer "
			    "--queue=%s --drain' does so",
			    (unsigned long)dead), r->queue, (uintmax_t)dead,
			 word.text);
	else if (n > 0 && r->kill)
		complain(P_("queue '%s': not removed: %ju process is still "
			    "in it",
			    "queue '%s': not removed: %ju processes are still "
			    "in it",
			    (unsigned long)n), r->queue, (uintmax_t)n);
	else if (n > 0)
		complain(P_("queue '%s': not removed: %ju process is in it; "
			    "'procq remove --kill %s' ends it first",
			    "queue '%s': not removed: %ju processes are in it; "
			    "'procq remove --kill %s' ends them first",
			    (unsigned long)n), r->queue, (uintmax_t)n,
			 word.text);
	else if (r->kill)
		complain(_("queue '%s': not removed: it is empty and closed, "
			   "but in use (producers: %u, consumers: %u, others: "
			   "%u); end these, and the last one to leave removes "
			   "it, or let them go on by 'procq open %s'"),
			 r->queue, s.producers, s.consumers, others(&s),
			 word.text);
	else
		complain(_("queue '%s': not removed: it is empty, but in use "
			   "(producers: %u, consumers: %u, others: %u); end "
			   "these first"),
			 r->queue, s.producers, s.consumers, others(&s));
}

static int remove_empty(struct request *r, struct procq *q)
{
	int err = procq_remove(q);

	remove_print(r, NULL, procq_object(q), err >= 0);
	if (err == -EBUSY) {
		complain_busy(r, q);
		return EXIT_FAILED;
	}
	return err < 0 ? complain_failed(r, err) : EXIT_DONE;
}

/* A producer that only waited would keep the queue in use for ever, so it is to
 * end, too. Signals that ask to stop are handled meanwhile: otherwise they
 * would leave the queue closed. */
static int close_and_end(struct work *w)
{
	struct procq_stat before;
	int err = procq_stat(w->q, &before);

	if (err < 0)
		return err;
	command_signals_begin(w->q);
	err = procq_set_closed(w->q, PROCQ_STOPPED);
	if (err == 0)
		err = end_and_remove(w);
	/* An empty queue stays stopped: none fills it again, and the last of
	 * its participants to leave removes it. */
	if (err < 0 && (err != -ETIMEDOUT || inhabitants(&w->seen) > 0))
		procq_set_closed(w->q, (int)before.closed);
	command_signals_end();
	return err;
}

/* Returns the exit status. */
static int remove_full(struct request *r, struct procq *q)
{
	struct work w = { .r = r, .q = q,
			  .endings = { .q = q, .plan = &r->plan.steps,
				       .mode = r->plan.mode, .arg = &w,
				       .report = remove_unconfirmed,
				       .outlived = complain_outlived,
				       .unreached = complain_unreached } };
	int err = endings_init(&w.endings);

	if (err == 0)
		err = close_and_end(&w);
	remove_print(r, &w, procq_object(q), err >= 0);
	endings_free(&w.endings);
	if (err == -ETIMEDOUT) {
		complain_busy(r, q);
		return r->wait == PROCQ_FOREVER ? EXIT_FAILED : EXIT_WAITED;
	}
	if (err < 0 && err != -EINTR)
		return complain_failed(r, err);
	return err < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* Say why the object stays. Returns the exit status. */
static int complain_kept(const struct request *r, uint32_t found, int err)
{
	if (err == -EPERM)
		complain(_("queue '%s': not removed: it belongs to user %lu"),
			 r->queue, (unsigned long)found);
	else if (err == -EBUSY && found)
		complain(_("queue '%s': not removed: process %ld uses it; "
			   "end it first"), r->queue, (long)found);
	else if (err == -EBUSY)
		complain(_("queue '%s': not removed: a process of another PID "
			   "namespace uses it"), r->queue);
	else
		complain_failed(r, err);
	return EXIT_FAILED;
}

static int unlink_wreck(const struct request *r)
{
	char object[PROCQ_NAME_SIZE];
	uint32_t found;
	int err = procq_object_name(r->queue, object);

	if (err < 0)
		return complain_failed(r, err);
	err = procq_unlink(r->queue, &found);
	remove_print(r, NULL, object, err == 0);
	if (err < 0)
		return complain_kept(r, found, err);
	complain(_("queue '%s': removed %s, which was not a usable queue"),
		 r->queue, object);
	return EXIT_DONE;
}

static int cmd_remove_run(struct request *r)
{
	struct procq_options o;
	struct procq *q;
	int err = request_join(r, PROCQ_ROLE_KEEPER, &o, &q);
	int status;

	if (r->force && (is_wreck(err) || (err == -ENOENT && o.found)))
		return unlink_wreck(r);
	if (err < 0)
		return complain_request(r, &o, err);
	status = r->kill ? remove_full(r, q) : remove_empty(r, q);
	if (status == EXIT_DONE && r->verbose)
		complain(_("queue '%s': removed"), r->queue);
	procq_close(q);
	return status;
}

const struct command cmd_remove = {
	.name = "remove",
	.summary = N_("remove an empty queue; with --kill, any"),
	.text = N_("Remove a queue that is empty and not in use.\n"
"With --kill, stop it as 'procq close --stop' does, end each process in it, "
"and\nremove it as soon as it is not in use: its consumers and producers leave "
"when\nit is empty. It gives up when nothing has moved for 5 seconds, or as "
"--wait says.\nThen, if a process is left in it, the queue is as it was before, "
"but for the\nproducers that have heard it.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_END | TAKES_PLAN | TAKES_WAIT |
		 TAKES_FLEET,
	.run = cmd_remove_run,
};
