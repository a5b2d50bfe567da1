/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-wait.c - procq wait: until a queue is empty, or until certain processes
 * are over.
 *
 * Must not be a participant: then the last one to leave could not remove the
 * queue. So it only looks.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "procq-cmd.h"

/* How often it looks, in ns; and, since a look at a million records takes a
 * while, it looks for a fifth of the time at most. */
#define INTERVAL (100 * NS_PER_MS)
#define SHARE 4

/* What was seen at a look. */
struct look {
	struct procq_options o;	/* for complain_request() */
	uint64_t left;		/* processes that are waited for */
	uint64_t seq;		/* one of these, with --seq */
};

static void wait_print(const struct request *r, bool over, bool gone)
{
	struct line l;
	struct json j;

	if (r->form != TABLE_JSON)
		return;
	begin_json(&j, &l, r);
	json_truth(&j, r->empty ? "empty" : "over", over);
	json_truth(&j, "gone", gone);
	print_json(&j);
}

/* Count those of --seq that are not over. What was given a seq before the
 * records are read is found among them, or is over. */
static int count_chosen(const struct request *r, const struct procq *q,
			struct look *look)
{
	struct procq_process *all;
	struct procq_stat s;
	bool nameless = false;
	int err = procq_stat(q, &s);
	int n = err < 0 ? err : snapshot_all(q, &all);

	if (n < 0)
		return n;
	look->left = seqs_above(&r->seqs, s.entered);
	look->seq = r->seqs.all[r->seqs.count - 1];
	for (int i = 0; i < n; i++) {
		const struct procq_process *p = &all[i];

		if (p->state != PROCQ_STATE_QUEUED &&
		    p->state != PROCQ_STATE_TAKEN)
			continue;
		/* Right after its entry its seq is not yet known. */
		nameless = nameless || p->seq == 0;
		if (!seqs_have(&r->seqs, p->seq))
			continue;
		look->left++;
		look->seq = p->seq;
	}
	free(all);
	if (nameless && look->left == 0)
		look->left = 1;
	return 0;
}

static int count_living(const struct procq *q, struct look *look)
{
	struct procq_stat s;
	int err = procq_stat(q, &s);

	if (err == 0)
		look->left = living(&s);
	return err;
}

/* How many of those that are waited for are in the queue? Looks the name up
 * each time, because another queue may have taken its place. Returns 0 or
 * -errno. */
static int wait_look(const struct request *r, struct look *look)
{
	struct procq *q;
	int err = request_join(r, PROCQ_ROLE_ONLOOKER, &look->o, &q);

	look->left = 0;
	if (err < 0)
		return err;
	err = r->empty ? count_living(q, look) : count_chosen(r, q, look);
	procq_close(q);
	return err;
}

static int wait_timed_out(const struct request *r, const struct look *look)
{
	char waited[DURATION_SIZE];
	uint64_t n = look->left;

	wait_print(r, false, false);
	duration_text(r->wait, waited);
	if (n == 0)
		complain(_("queue '%s': gave up after %s: it is still being "
			   "set up"), r->queue, waited);
	else if (r->empty)
		complain(P_("queue '%s': gave up after %s: %ju process is "
			    "still in it",
			    "queue '%s': gave up after %s: %ju processes are "
			    "still in it",
			    (unsigned long)n), r->queue, waited, (uintmax_t)n);
	else
		complain(P_("queue '%s': gave up after %s: %ju process is not "
			    "over, seq %ju",
			    "queue '%s': gave up after %s: %ju processes are "
			    "not over, one of them seq %ju",
			    (unsigned long)n), r->queue, waited, (uintmax_t)n,
			 (uintmax_t)look->seq);
	return EXIT_WAITED;
}

static void say_waiting(struct request *r, const struct look *look)
{
	uint64_t n = look->left;

	if (!request_waits(r, HINT_OVER))
		return;
	if (n == 0)
		complain(_("queue '%s': waiting until it is set up"), r->queue);
	else
		complain(P_("queue '%s': waiting until %ju process is over",
			    "queue '%s': waiting until %ju processes are over",
			    (unsigned long)n), r->queue, (uintmax_t)n);
}

static void pause_until(int64_t deadline, int64_t looked)
{
	int64_t pause = looked * SHARE > INTERVAL ? looked * SHARE : INTERVAL;

	time_sleep(time_min(deadline - procq_now(), pause));
}

/* A mistyped name must not pass for an empty queue without a word. */
static void say_missing(const struct request *r)
{
	complain(_("queue '%s': no such queue, so there is nothing to wait "
		   "for"), r->queue);
}

static int cmd_wait_run(struct request *r)
{
	int64_t deadline = time_after(procq_now(), r->wait);
	bool first = true;

	for (;; first = false) {
		struct look look;
		int64_t before = procq_now();
		int err = wait_look(r, &look);

		/* One whose creator did not finish has nothing in it. */
		if (err == -ENOENT || (err == 0 && look.left == 0)) {
			if (err == -ENOENT && first)
				say_missing(r);
			wait_print(r, true, err == -ENOENT);
			return EXIT_DONE;
		}
		/* A queue that is being set up is in use. */
		if (err < 0 && err != -ETIMEDOUT)
			return complain_request(r, &look.o, err);
		if (procq_now() >= deadline)
			return wait_timed_out(r, &look);
		say_waiting(r, &look);
		pause_until(deadline, procq_now() - before);
	}
}

const struct command cmd_wait = {
	.name = "wait",
	.summary = N_("wait until a queue is empty, or processes are over"),
	.text = N_("Wait until no process that is alive is in a queue, or, "
"with --seq, until the\nchosen processes are dead; or until the queue is "
"gone. A process that has\nexited is over, reported or not; one that has yet "
"to enter is not.\n"
"If there is no such queue, it says so, and the exit status is 0: a queue that "
"is\nempty and not in use is removed.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_EMPTY | TAKES_WAIT | TAKES_FLEET,
	.run = cmd_wait_run,
};
