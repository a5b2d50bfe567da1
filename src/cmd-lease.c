/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-lease.c - procq lease: until when processes may be started in a queue,
 * and how many slots are granted, for scripts that get both from outside.
 *
 * Must not end a process: producers and consumers do, when a lease is over that
 * says so.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "procq-cmd.h"
#include "safe.h"
#include "tenure.h"

/* What the queue has now. */
struct shown {
	struct procq_lease lease;
	int64_t left;		/* ns; PROCQ_FOREVER: it has no end */
	uint32_t over;		/* how many more are in use than granted */
	bool removed;
};

bool is_lease_request(const struct request *r)
{
	const struct lease_request *l = &r->lease;

	return l->timed || l->policy || l->slots || l->named || l->none ||
	       l->release;
}

void lease_refuse_contradictions(const struct request *r)
{
	const struct lease_request *l = &r->lease;

	if ((l->timed != 0) + l->none + l->release > 1)
		usage_error(_("of --for, --deadline, --release and --none, "
			      "only one can be given"));
	if (l->none && (l->policy || l->slots))
		usage_error(_("--none excludes --policy and --granted"));
	if (l->by && !l->release)
		usage_error(_("--by needs --release"));
	if (l->by && (l->policy || l->slots))
		usage_error(_("--by excludes --policy and --granted"));
	if (l->policy && !l->timed && !l->release)
		usage_error(_("--policy needs --for, --deadline or "
			      "--release"));
}

static void say_text(const struct request *r, const struct shown *s)
{
	const struct procq_lease *l = &s->lease;
	char left[DURATION_SIZE];

	if (l->policy == PROCQ_POLICY_NONE)
		printf("%s lease=none", r->queue);
	else if (l->over)
		printf("%s lease=over", r->queue);
	else
		printf("%s lease=%s", r->queue,
		       s->left == PROCQ_FOREVER ? "forever"
						: duration_text(s->left, left));
	if (l->policy != PROCQ_POLICY_NONE)
		printf(" policy=%s", tenure_policy(l->policy));
	if (l->granted == PROCQ_UNBOUNDED)
		printf(" granted=all");
	else
		printf(" granted=%" PRIu32, l->granted);
	printf(" epoch=%" PRIu64, l->epoch);
	if (l->fenced) {
		fputs(" fenced=", stdout);
		safe_put(stdout, l->fenced_by, true);
	}
	putchar('\n');
}

static void say_json(const struct request *r, const struct shown *s)
{
	const struct procq_lease *lease = &s->lease;
	bool timed = lease->policy != PROCQ_POLICY_NONE &&
		     lease->deadline != PROCQ_FOREVER;
	struct line l;
	struct json j;

	begin_json(&j, &l, r);
	json_string(&j, "policy", lease->policy == PROCQ_POLICY_NONE
					  ? NULL
					  : tenure_policy(lease->policy));
	if (timed) {
		json_seconds(&j, "deadline", lease->deadline);
		json_seconds(&j, "left", s->left);
	} else {
		json_null(&j, "deadline");
		json_null(&j, "left");
	}
	json_truth(&j, "lease_over", lease->over);
	if (lease->granted == PROCQ_UNBOUNDED)
		json_null(&j, "granted");
	else
		json_count(&j, "granted", lease->granted);
	json_count(&j, "epoch", lease->epoch);
	json_string(&j, "fenced_by", lease->fenced ? lease->fenced_by : NULL);
	json_count(&j, "over", s->over);
	json_truth(&j, "removed", s->removed);
	print_json(&j);
}

static void look(const struct procq *q, struct shown *s)
{
	procq_lease(q, &s->lease);
	s->left = s->lease.deadline;
	if (s->left != PROCQ_FOREVER)
		s->left -= procq_life();
	if (s->left < 0)
		s->left = 0;
}

/* What is not given stays as it is; but for the epoch, which has to be named
 * to take a lease over. */
static struct procq_lease make_terms(const struct request *r,
				     const struct procq_lease *now)
{
	const struct lease_request *l = &r->lease;
	struct procq_lease terms = *now;

	terms.over = 0;
	terms.epoch = l->epoch;
	if (l->none) {
		terms.policy = PROCQ_POLICY_NONE;
		terms.granted = PROCQ_UNBOUNDED;
		return terms;
	}
	if (terms.policy == PROCQ_POLICY_NONE && (l->timed || l->release))
		terms.policy = PROCQ_POLICY_KEEP;
	if (l->policy)
		terms.policy = l->number;
	if (l->slots)
		terms.granted = l->granted;
	if (l->release)
		terms.deadline = 0;
	else if (l->timed == LEASE_FOR)
		terms.deadline = time_after(procq_life(), l->time);
	else if (l->timed)
		terms.deadline = l->time;
	return terms;
}

static int refuse(const struct request *r, int err,
		  const struct procq_lease *terms, const struct procq *q)
{
	struct procq_lease now;

	procq_lease(q, &now);
	switch (err) {
	case -ENOTCONN:
		complain(_("queue '%s': another holder has the lease, with "
			   "epoch %" PRIu64 "; this one has %" PRIu64),
			 r->queue, now.epoch, terms->epoch);
		complain(_("with --epoch=%" PRIu64 " it is taken from it"),
			 now.epoch + 1);
		return EXIT_FAILED;
	case -ERANGE:
		complain(_("queue '%s': it is built for at most %" PRIu32
			   " processes, not %" PRIu32), r->queue,
			 procq_capacity(q), terms->granted);
		return EXIT_FAILED;
	default:
		return complain_failed(r, err);
	}
}

static int set(const struct request *r)
{
	struct shown s = { .over = 0 };
	struct procq_lease terms;
	struct procq *q;
	int status = request_open(r, PROCQ_ROLE_KEEPER, &q), over;

	if (status != EXIT_DONE)
		return status;
	procq_lease(q, &s.lease);
	terms = make_terms(r, &s.lease);
	over = r->lease.by ? procq_fence(q, terms.epoch, r->lease.by)
			   : procq_set_lease(q, &terms);
	if (over < 0)
		status = refuse(r, over, &terms, q);
	look(q, &s);
	s.removed = procq_close(q) == 1;
	if (over < 0)
		return status;
	s.over = (uint32_t)over;
	if (r->form == TABLE_JSON)
		say_json(r, &s);
	else if (s.removed)
		complain(_("queue '%s': removed, because it was empty and not "
			   "in use"), r->queue);
	else if (r->verbose)
		say_text(r, &s);
	if (r->verbose && s.over > 0)
		complain(_("%" PRIu32 " more exist: nothing is started until "
			   "so many are over"), s.over);
	return EXIT_DONE;
}

static int cmd_lease_run(struct request *r)
{
	struct shown s = { .over = 0 };
	struct procq_stat stat;
	struct procq *q;
	int status;

	if (is_lease_request(r))
		return set(r);
	status = request_open(r, PROCQ_ROLE_ONLOOKER, &q);
	if (status != EXIT_DONE)
		return status;
	look(q, &s);
	procq_stat(q, &stat);
	procq_close(q);
	if (stat.wanted - stat.waiting_room > stat.granted)
		s.over = stat.wanted - stat.waiting_room - stat.granted;
	if (r->form == TABLE_JSON)
		say_json(r, &s);
	else
		say_text(r, &s);
	return EXIT_DONE;
}

const struct command cmd_lease = {
	.name = "lease",
	.summary = N_("grant slots, for some time"),
	.text = N_("Show the lease of a queue, or set it: until when processes "
"may be started in it,\nand how many slots are granted, beside its capacity. "
"For a script that gets both\nfrom outside, and sets it again before the time "
"is over. If it is not set again,\nnothing is started any more, and what "
"becomes of the processes is the policy.\nWhat is not given stays as it is.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_LEASE,
	.run = cmd_lease_run,
};
