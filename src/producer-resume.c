/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-resume.c - --resume: the log of an earlier run, and what of that run
 * is still alive.
 *
 * A command that was started with --keep, or left by --on-exit=leave, outlives
 * its producer; and the producer may not be over at all. The line of such a
 * command must not be run a second time beside it, and it is not over: nobody
 * knows how it will end. So nothing is begun, and the user hears which it is.
 *
 * Its record proves that it is alive: it is in the queue that the log names, of
 * a producer with the incarnation that the log has, which no other ever gets.
 *
 * Must not start or signal anything, and must only look into a queue.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"
#include "run.h"
#include "safe.h"
#include "signals.h"
#include "snapshot.h"

/* What dies with its producer may take a moment for it. */
#define DYING_MAX NS_PER_S
#define DYING_LOOK (10 * NS_PER_MS)
/* So many are named. */
#define NAMED_MAX 10
/* So much of a line. */
#define LINE_SHOWN 60
/* An object that is being set up has no process yet. */
#define SETUP_MAX (100 * NS_PER_MS)

static bool is_of_the_run(const struct resume *r, const char *queue,
			  const struct procq_process *p)
{
	return (p->state == PROCQ_STATE_QUEUED ||
		p->state == PROCQ_STATE_TAKEN) &&
	       resume_has_run(r, queue, p->producer);
}

/* What is alive of the run in this queue; in *all, to be freed. A queue that
 * can't be looked into proves nothing. */
static int find_alive(const struct resume *r, const char *queue,
		      struct procq_process **all)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	int n, kept = 0;

	*all = NULL;
	o.role = PROCQ_ROLE_ONLOOKER;
	o.flags = PROCQ_OPEN_NOCREATE;
	o.deadline = procq_now() + SETUP_MAX;
	if (procq_open(&q, queue, &o) < 0)
		return 0;
	n = snapshot_all(q, all);
	procq_close(q);
	for (int i = 0; i < n; i++)
		if (is_of_the_run(r, queue, &(*all)[i]))
			(*all)[kept++] = (*all)[i];
	return n < 0 ? n : kept;
}

/* Is there one among them that a killed producer takes along? */
static bool may_be_dying(const struct procq_process *all, int n)
{
	for (int i = 0; i < n; i++)
		if (!(all[i].flags & PROCQ_SPAWN_KEEP))
			return true;
	return false;
}

static int await_dying(const struct resume *r, const char *queue,
		       struct procq_process **all)
{
	int64_t until = time_after(procq_now(), DYING_MAX);
	int n = find_alive(r, queue, all);

	while (n > 0 && may_be_dying(*all, n) && procq_now() < until &&
	       signals_stops() == 0) {
		time_sleep(DYING_LOOK);
		free(*all);
		n = find_alive(r, queue, all);
	}
	return n;
}

static void name_one(const struct producer *p, const char *queue,
		     const struct procq_process *what)
{
	const char *line = resume_line(&p->resume, queue, what->producer,
				       what->seq, what->pid);

	if (line)
		complain(_("--resume: process %d of queue '%s', seq %ju, is "
			   "still running line '%.*s'"), (int)what->pid, queue,
			 (uintmax_t)what->seq, LINE_SHOWN, line);
	else
		complain(_("--resume: process %d of queue '%s', seq %ju, is "
			   "still running a line that the log does not have"),
			 (int)what->pid, queue, (uintmax_t)what->seq);
}

static void name_all(const struct producer *p, const char *queue,
		     const struct procq_process *all, int n)
{
	struct shell_word word = shell_word(queue);
	char seqs[NAMED_MAX * 21] = "";
	size_t used = 0;

	for (int i = 0; i < n && i < NAMED_MAX; i++) {
		name_one(p, queue, &all[i]);
		used += (size_t)snprintf(seqs + used, sizeof(seqs) - used,
					 "%s%" PRIu64, i > 0 ? "," : "",
					 all[i].seq);
	}
	if (n > NAMED_MAX)
		complain(_("--resume: so are %d more; 'procq show --queue=%s' "
			   "has all"), n - NAMED_MAX, word.text);
	complain(_("--resume: '%s': nothing is started, since these would be "
		   "run twice; 'procq wait --queue=%s --seq=%s' waits for them,"
		   " 'procq end --queue=%s %s' ends them"), p->resume_log,
		 word.text, seqs, word.text, seqs);
}

static bool is_over(const struct producer *p)
{
	struct procq_process *all;
	const char *queue;
	bool over = true;
	size_t at = 0;
	int n;

	while ((queue = resume_queue(&p->resume, &at))) {
		n = await_dying(&p->resume, queue, &all);
		if (n > 0)
			name_all(p, queue, all, n);
		else if (n < 0)
			complain(_("queue '%s': %s"), queue,
				 _(procq_strerror(n)));
		over = over && n == 0;
		free(all);
	}
	return over;
}

bool producer_read_log(struct producer *p)
{
	int err = resume_read(&p->resume, p->resume_log);

	if (err == -EBADMSG)
		complain(_("--resume: '%s' has no line of JSON; it takes the "
			   "log of an earlier run with --json"),
			 p->resume_log);
	else if (err < 0)
		complain(_("--resume: '%s': %s"), p->resume_log,
			 strerror(-err));
	if (err == 0 && p->run.verbose)
		complain(_("--resume: '%s' has %" PRIu64 " lines as over"),
			 p->resume_log, p->resume.count);
	return err == 0 && is_over(p);
}
