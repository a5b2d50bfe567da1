/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run-options.c - the options that producer and consumer have in common.
 *
 * Must not do what they ask for.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "i18n.h"
#include "options.h"
#include "program.h"
#include "run.h"

/* Options about pace. */
static bool pace_option(struct run *r, int c, const char *arg)
{
	switch (c) {
	case 'n':
		r->count = option_number("count", arg, 0, UINT64_MAX);
		r->counted = true;
		return true;
	case 't':
		r->duration = option_duration("duration", arg);
		r->timed = true;
		return true;
	case 'd':
		option_distribution("delay", arg, &r->delay);
		r->delayed = true;
		return true;
	case OPT_SEED:
		r->seed = option_number("seed", arg, 0, UINT64_MAX);
		r->seeded = true;
		return true;
	case OPT_WAIT:
		r->wait = option_duration("wait", arg);
		r->waits = true;
		return true;
	default:
		return false;
	}
}

bool run_option(struct run *r, int c, const char *arg)
{
	/* In the order of enum output_format. */
	static const char *const formats[] = { "text", "json", "tsv", NULL };
	/* In the order of enum summary_form. */
	static const char *const summaries[] = { "text", "json", "none", NULL };
	/* In the order of enum output_time. */
	static const char *const times[] = { "auto", "clock", "full", NULL };

	switch (c) {
	case 'q':
		r->queue = option_queue(arg);
		return true;
	case 'o':
		r->file = arg;
		return true;
	case OPT_FORMAT:
		r->format = (enum output_format)
			option_word("format", arg, formats);
		return true;
	case OPT_JSON:
		r->format = OUTPUT_JSON;
		return true;
	case OPT_TIME:
		r->out.time = (enum output_time)
			option_word("time", arg, times);
		return true;
	case OPT_QUIET:
		r->quiet = true;
		return true;
	case OPT_FLEET:
		r->fleet.url = arg;
		return true;
	case OPT_FLEET_INSECURE:
		r->fleet.insecure = true;
		return true;
	case OPT_NO_HINTS:
		r->no_hints = true;
		return true;
	case OPT_SUMMARY:
		r->summary_form = (enum summary_form)
			option_word("summary", arg, summaries);
		return true;
	case OPT_NO_SUMMARY:
		r->summary_form = SUMMARY_NONE;
		return true;
	case OPT_VERBOSE:
		r->verbose = true;
		return true;
	case OPT_PROGRESS:
		r->progress_wish = PROGRESS_ON;
		return true;
	case OPT_NO_PROGRESS:
		r->progress_wish = PROGRESS_OFF;
		return true;
	default:
		return pace_option(r, c, arg);
	}
}

static const struct choice run_choices[] = {
	{ OPT_FORMAT, "format", required_argument,
N_("      --format=FORMAT        print lines as text, json or tsv\n") },
	{ OPT_JSON, "json", no_argument,
N_("      --json                 the same as --format=json\n") },
	{ OPT_TIME, "time", required_argument,
N_("      --time=FORM            of lines of text: clock, full, or auto: the "
"clock on\n"
"                               a terminal, in full elsewhere (default)\n") },
	{ 'o', "output", required_argument,
N_("  -o, --output=FILE          append lines to FILE; SIGUSR2 opens it anew\n") },
	{ OPT_QUIET, "quiet", no_argument,
N_("      --quiet                print only the summary\n") },
	{ OPT_SUMMARY, "summary", required_argument,
N_("      --summary=FORMAT       print the summary at the end as text (default) "
"or\n"
"                               json, or none\n") },
	{ OPT_NO_SUMMARY, "no-summary", no_argument,
N_("      --no-summary           the same as --summary=none\n") },
	{ OPT_FLEET, "fleet", required_argument,
N_("      --fleet=URL            the queue belongs to a fleet, which has the "
"bound:\n"
"                               postgresql://HOST/DATABASE#QUEUE (default:\n"
"                               $PROCQ_FLEET); see procq-fleet(1)\n") },
	{ OPT_FLEET_INSECURE, "fleet-insecure", no_argument,
N_("      --fleet-insecure       over a network, do without TLS that proves "
"which\n"
"                               server answers\n") },
	{ OPT_NO_HINTS, "no-hints", no_argument,
N_("      --no-hints             don't say on a terminal what is waited for\n") },
	{ OPT_VERBOSE, "verbose", no_argument,
N_("      --verbose              report each wait at once, and repairs\n") },
	{ OPT_PROGRESS, "progress", no_argument,
N_("      --progress             show a progress line, even if standard error "
"is\n"
"                               not a terminal\n") },
	{ OPT_NO_PROGRESS, "no-progress", no_argument,
N_("      --no-progress          never show a progress line\n") },
	{ 0 }
};

void run_choose(struct choices *all, const struct choice *own)
{
	choices_begin(all, "+");
	choices_add(all, own);
	choices_add(all, run_choices);
	choices_add(all, program_choices);
}

_Noreturn void run_help(const struct choice *own)
{
	fputs(_("\nMandatory arguments to long options are mandatory for short"
		" options too.\n\n"), stdout);
	choices_help(own);
	choices_help(run_choices);
	choices_help(program_choices);
	fputs(_("\nD is a decimal number with a unit us, ms, s, m, h or d; "
		"without one, seconds.\n"
		"DIST is D, or A-B: uniform between A and B, or exp:D: "
		"exponential with mean D.\n"), stdout);
	help_tail();
	exit(EXIT_DONE);
}
