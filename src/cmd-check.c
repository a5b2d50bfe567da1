/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-check.c - procq check: repair what the dead left, verify the rest.
 *
 * Must not signal or end anything. If something can't be repaired, it says so.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "procq-cmd.h"
#include "safe.h"

static void print_count(uint64_t n, const char *what)
{
	if (n > 0)
		printf("%s: %" PRIu64 "\n", what, n);
}

static void check_print_text(const struct request *r,
			     const struct procq_report *p, bool removed)
{
	char name[4 * PROCQ_NAME_SIZE];

	safe_text(r->queue, name, sizeof(name));
	print_count(p->swept, _("dead participants swept"));
	print_count(p->returned, _("processes they had taken, put back"));
	print_count(p->freed, _("their reservations, freed"));
	print_count(p->hints, _("places in the order, restored"));
	print_count(p->lost, _("processes that died with their producer, still "
			       "to be reported"));
	print_count(p->faults, _("faults that cannot be repaired"));
	if (p->faults > 0)
		printf("%s: %s: %s\n", name, _("damaged"), p->first);
	else if (p->swept || p->returned || p->freed || p->hints)
		printf("%s: %s\n", name, _("repaired"));
	else
		printf("%s: %s\n", name, _("all is well"));
	if (removed)
		printf("%s: %s\n", name,
		       _("removed, because it was empty and not in use"));
}

static void check_print_json(const struct request *r,
			     const struct procq_report *p, bool removed)
{
	struct line l;
	struct json j;

	begin_json(&j, &l, r);
	json_count(&j, "swept", p->swept);
	json_count(&j, "returned", p->returned);
	json_count(&j, "freed", p->freed);
	json_count(&j, "hints", p->hints);
	json_count(&j, "lost", p->lost);
	json_count(&j, "faults", p->faults);
	json_string(&j, "first", p->faults > 0 ? p->first : NULL);
	json_truth(&j, "removed", removed);
	print_json(&j);
}

static int cmd_check_run(struct request *r)
{
	struct procq_report report;
	struct procq *q;
	int status = request_open(r, PROCQ_ROLE_KEEPER, &q);
	bool removed;
	int err;

	if (status != EXIT_DONE)
		return status;
	err = procq_check(q, &report);
	removed = procq_close(q) == 1;
	if (err < 0)
		return complain_failed(r, err);
	if (r->form == TABLE_JSON)
		check_print_json(r, &report, removed);
	else
		check_print_text(r, &report, removed);
	return report.faults > 0 ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_check = {
	.name = "check",
	.summary = N_("repair a queue after crashed programs, then verify it"),
	.text = N_("Repair what dead participants left, then verify every "
"invariant of a queue.\nThe exit status is 1 if something cannot be "
"repaired.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME,
	.run = cmd_check_run,
};
