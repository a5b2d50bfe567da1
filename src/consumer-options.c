/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * consumer-options.c - the options of consumer.
 *
 * Must not open a queue.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "procq.h"

#include "complain.h"
#include "consumer.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "program.h"

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

void consumer_parse(struct consumer *c, int argc, char **argv)
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
	if (c->dry_run && c->run.summary_form == SUMMARY_JSON)
		usage_error(_("--dry-run ends nothing, so it has no summary"));
	if (c->pick.dead_only &&
	    (plan_is_given(&c->plan) || pick_chooses(&c->pick)))
		usage_error(_("--reap ends no process, so it takes no signal,"
			      " no age, no gap and no size"));
	settle_plan(c);
	c->pauses = !distribution_is_zero(&c->run.delay);
}
