/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.c - the program procq-fleet, which procq executes for its commands
 * about a fleet: the command line.
 *
 * A program of its own, as it needs a library that procq does not.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "program.h"

#include "fleet.h"
#include "helper.h"

#define LEASE_MIN NS_PER_S
#define LEASE_MAX (24 * 3600 * NS_PER_S)
#define GAP_MAX (365 * 24 * 3600 * NS_PER_S)

static const struct fleet_command fleet_helper = {
	.name = "helper",
	.operands = "",
	.summary = N_("take slots for a local queue, and give them back"),
	.takes = FLEET_HELPER,
	.run = fleet_help,
};

static const struct fleet_command *const commands[] = {
	&fleet_list, &fleet_hosts, &fleet_show, &fleet_stat, &fleet_limit,
	&fleet_close, &fleet_open, &fleet_wait, &fleet_release, &fleet_remove,
	&fleet_helper, &fleet_watch, &fleet_init
};

/* The elements are pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
enum { NCOMMANDS = sizeof(commands) / sizeof(*commands) };

enum {
	OPT_FLEET = OPT_RUN, OPT_INSECURE, OPT_POLICY, OPT_LEASE, OPT_GAP,
	OPT_ENDINGS, OPT_CONFIRM, OPT_PRINT, OPT_VERBOSE, OPT_NO_HINTS,
	OPT_CHECK, OPT_SERVICE, OPT_METRICS, OPT_HOST, OPT_FORCE, OPT_EMPTY,
	OPT_SEQ, OPT_WAIT
};

static const struct choice common_choices[] = {
	{ OPT_FLEET, "fleet", optional_argument,
N_("      --fleet=URL            the fleet: postgresql://HOST/DATABASE#QUEUE\n"
"                             (default: $PROCQ_FLEET)\n") },
	{ 'q', "queue", required_argument,
N_("  -q, --queue=NAME           the queue, if none is in URL\n"
"                             (default: $PROCQ_QUEUE, or 'default')\n") },
	{ OPT_INSECURE, "fleet-insecure", no_argument,
N_("      --fleet-insecure       over a network, do without TLS that proves "
"which\n"
"                             server answers\n") },
	{ OPT_VERBOSE, "verbose", no_argument,
N_("      --verbose              say more on standard error\n") },
	{ 0 }
};

static const struct choice form_choices[] = {
	{ 'J', "json", no_argument,
N_("  -J, --json                 print JSON\n") },
	{ 0 }
};

static const struct choice row_choices[] = {
	{ 'o', "output", required_argument,
N_("  -o, --output=COLUMNS       print these columns, separated by commas;\n"
"                             +COLUMNS adds to the usual ones\n") },
	{ 'O', "output-all", no_argument,
N_("  -O, --output-all           print all columns\n") },
	{ 'n', "noheadings", no_argument,
N_("  -n, --noheadings           print no headings\n") },
	{ 'r', "raw", no_argument,
N_("  -r, --raw                  separate columns by one blank, and print\n"
"                             blanks in them as \\x20\n") },
	{ 0 }
};

static const struct choice number_choices[] = {
	{ OPT_POLICY, "on-partition", required_argument,
N_("      --on-partition=POLICY  what a host does that is cut off for longer "
"than a\n"
"                             lease: keep starts nothing (default), continue\n"
"                             goes on within its slots, end ends its "
"processes\n") },
	{ OPT_LEASE, "lease", required_argument,
N_("      --lease=D              how long a lease is, 1s to 1d (default "
"60s)\n") },
	{ OPT_GAP, "gap", required_argument,
N_("      --gap=D                at least D from one ending by a consumer to the "
"next,\n"
"                             over all hosts; the oldest process first\n") },
	{ OPT_ENDINGS, "endings", required_argument,
N_("      --endings=K            at most K endings at once, each followed by the "
"gap\n"
"                             (default with --gap: 1; 0: no limit)\n") },
	{ 0 }
};

static const struct choice host_choices[] = {
	{ OPT_CONFIRM, "confirm", required_argument,
N_("      --confirm=HOST         do not ask; it has to be the same\n") },
	{ 0 }
};

static const struct choice one_choices[] = {
	{ OPT_HOST, "host", required_argument,
N_("      --host=HOST            of this host alone\n") },
	{ 0 }
};

static const struct choice force_choices[] = {
	{ OPT_FORCE, "force", no_argument,
N_("      --force                also if hosts hold slots, which are given "
"up\n") },
	{ 0 }
};

static const struct choice wait_choices[] = {
	{ OPT_NO_HINTS, "no-hints", no_argument,
N_("      --no-hints             don't say on a terminal what is waited for\n") },
	{ OPT_EMPTY, "empty", no_argument,
N_("      --empty                wait until no host holds a slot\n") },
	{ OPT_SEQ, "seq", required_argument, NULL },
	{ OPT_WAIT, "wait", required_argument,
N_("      --wait=D               wait at most D, then exit with 124\n") },
	{ 0 }
};

static const struct choice print_choices[] = {
	{ OPT_PRINT, "print", no_argument,
N_("      --print                print the SQL, for an administrator to "
"run\n") },
	{ 0 }
};

static const struct choice helper_choices[] = {
	{ OPT_CHECK, "check", no_argument,
N_("      --check                only see if the URL is one that is taken\n") },
	{ OPT_SERVICE, "service", no_argument,
N_("      --service              as a service: wait for the queue, stay, and "
"say\n"
"                             all on standard error\n") },
	{ 0 }
};

static const struct choice metrics_choices[] = {
	{ OPT_METRICS, "openmetrics", no_argument,
N_("      --openmetrics          print OpenMetrics text for Prometheus\n") },
	{ 0 }
};

static const struct choice *const tables[] = {
	form_choices, row_choices, number_choices, host_choices, print_choices,
	helper_choices, one_choices, force_choices, wait_choices,
	metrics_choices
};
static const unsigned table_takes[] = {
	FLEET_FORM, FLEET_ROWS, FLEET_NUMBER, FLEET_HOST, FLEET_PRINT,
	FLEET_HELPER, FLEET_ONE, FLEET_FORCE, FLEET_WAIT,
	FLEET_METRICS
};

#define NTABLES (sizeof(tables) / sizeof(*tables))

static _Noreturn void help_end(const struct fleet_command *c)
{
	choices_help(common_choices);
	choices_help(program_choices);
	fputs(_("\nD is a decimal number with a unit us, ms, s, m, h or d; "
		"without one, seconds.\n"), stdout);
	if (c && c->columns)
		columns_help(&(struct columns){ c->columns, c->ncolumns,
						c->usual });
	help_tail();
	exit(EXIT_DONE);
}

static _Noreturn void help(const struct fleet_command *c)
{
	if (c) {
		printf(_("Usage: procq %s --fleet=URL [OPTION]... %s\n"),
		       c->name, *c->operands ? _(c->operands) : "");
		printf("%s.\n\n", _(c->summary));
		for (size_t i = 0; i < NTABLES; i++)
			if (c->takes & table_takes[i])
				choices_help(tables[i]);
		help_end(c);
	}
	fputs(_("Usage: procq-fleet COMMAND --fleet=URL [OPTION]...\n"
		"One bound of processes over many machines, kept by a "
		"PostgreSQL.\n"), stdout);
	fputs(_("\nCommands:\n"), stdout);
	for (size_t i = 0; i < NCOMMANDS; i++)
		printf("  %-11s %s\n", commands[i]->name,
		       _(commands[i]->summary));
	fputs(_("\nOptions:\n"), stdout);
	for (size_t i = 0; i < NTABLES; i++)
		choices_help(tables[i]);
	help_end(NULL);
}

static const char *policy(const char *text)
{
	static const char *const words[] = { "keep", "end", "continue", NULL };

	return words[option_word("on-partition", text, words)];
}

static void set_form(struct fleet *f, enum table_form form)
{
	if (f->form != TABLE_TEXT && f->form != form)
		usage_error(_("--json and --raw can't both be given"));
	f->form = form;
}

static void fleet_option(struct fleet *f, int c, const char *arg)
{
	switch (c) {
	case OPT_FLEET:
		if (arg)
			f->text = arg;
		break;
	case 'q':
		f->local = arg;
		break;
	case OPT_INSECURE:
		f->insecure = true;
		break;
	case OPT_CHECK:
		f->check = true;
		break;
	case OPT_VERBOSE:
		f->verbose = true;
		break;
	case OPT_NO_HINTS:
		f->no_hints = true;
		break;
	case 'J':
		set_form(f, TABLE_JSON);
		break;
	case 'r':
		set_form(f, TABLE_RAW);
		break;
	case 'o':
		f->columns = arg;
		break;
	case 'O':
		f->all_columns = true;
		break;
	case 'n':
		f->no_headings = true;
		break;
	case OPT_POLICY:
		f->policy = policy(arg);
		break;
	case OPT_LEASE:
		f->lease = option_duration("lease", arg);
		if (f->lease < LEASE_MIN || f->lease > LEASE_MAX)
			usage_error(_("invalid argument '%s' for --%s: %s"),
				    arg, "lease", _("from 1s to 1d"));
		break;
	case OPT_GAP:
		f->gap = option_duration("gap", arg);
		if (f->gap > GAP_MAX)
			usage_error(_("invalid argument '%s' for --%s: %s"),
				    arg, "gap", _("at most 365d"));
		break;
	case OPT_ENDINGS:
		f->endings = (int64_t)option_number("endings", arg, 0,
						    PROCQ_CAPACITY_MAX);
		break;
	case OPT_CONFIRM:
		f->confirm = arg;
		break;
	case OPT_SERVICE:
		f->service = true;
		break;
	case OPT_METRICS:
		f->metrics = true;
		break;
	case OPT_HOST:
		f->host = arg;
		break;
	case OPT_FORCE:
		f->force = true;
		break;
	case OPT_EMPTY:
		f->empty = true;
		break;
	case OPT_SEQ:
		usage_error(_("--seq excludes --fleet: a seq is a process of "
			      "one machine's queue"));
	case OPT_WAIT:
		f->wait = option_duration("wait", arg);
		break;
	case OPT_PRINT:
		f->print = true;
		break;
	case OPT_HELP:
		help(f->command);
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	default:
		usage_try();
	}
}

static void take_operands(struct fleet *f, int argc, char **argv)
{
	const char *last = NULL, *name = NULL;

	if (f->command->takes & (FLEET_NUMBER | FLEET_HOST)) {
		if (optind >= argc)
			usage_error(f->command->takes & FLEET_HOST
				? _("say which host; 'procq hosts' lists them")
				: _("say how many processes may exist at "
				    "once"));
		last = argv[--argc];
	}
	if (optind < argc && f->command->takes & FLEET_NAME)
		name = argv[optind++];
	if (optind < argc)
		usage_error(_("extra operand '%s'"), argv[optind]);
	if (name && f->local && strcmp(name, f->local) != 0)
		usage_error(_("two queues are named: '%s' and '%s'"), f->local,
			    name);
	if (name)
		f->local = name;
	f->operand = last;
}

/* Where, and which queue. */
static void settle(struct fleet *f)
{
	const char *variable = getenv("PROCQ_FLEET");

	if (f->command->takes & FLEET_PRINT && f->print)
		return;
	if (!f->text && variable && *variable)
		f->text = variable;
	if (!f->text)
		usage_error(_("say which fleet: --fleet=postgresql://HOST/"
			      "DATABASE#QUEUE, or $PROCQ_FLEET"));
	url_parse(&f->url, f->text, f->insecure, 10);
	if (!(f->command->takes & FLEET_HELPER) && f->url.queue &&
	    f->local && strcmp(f->url.queue, f->local) != 0)
		usage_error(_("two queues are named: '%s' and '%s'"),
			    f->url.queue, f->local);
	f->named = f->url.queue || f->local;
	f->local = option_queue(f->local);
	f->queue = f->url.queue ? f->url.queue : f->local;
	if (strchr(f->queue, '/'))
		usage_error(_("a fleet queue has no slash in its name: name "
			      "one after # in --fleet"));
}

static const struct fleet_command *find(const char *name)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* The command is the name by which procq executes it, or the first word. */
static const struct fleet_command *take_command(int *argc, char **argv)
{
	const char *name = *argc > 0 ? argv[0] : "";
	const struct fleet_command *c = find(name);

	if (c || *argc < 2)
		return c;
	c = find(argv[1]);
	if (c) {
		memmove(&argv[1], &argv[2],
			(size_t)(*argc - 1) * sizeof(*argv));
		--*argc;
	}
	return c;
}

int main(int argc, char **argv)
{
	static struct fleet f = { .wait = PROCQ_FOREVER, .gap = -1,
				  .endings = -1 };
	struct choices all;
	int c, status;

	f.command = take_command(&argc, argv);
	program_start(f.command && !(f.command->takes & FLEET_HELPER)
			      ? "procq" : "procq-fleet", argv);
	choices_begin(&all, "");
	for (size_t i = 0; i < NTABLES; i++)
		if (!f.command || f.command->takes & table_takes[i])
			choices_add(&all, tables[i]);
	choices_add(&all, common_choices);
	choices_add(&all, program_choices);
	while ((c = choices_next(&all, argc, argv)) != -1)
		fleet_option(&f, c, optarg);
	if (!f.command)
		usage_error(_("say what to do: 'procq-fleet --help' lists the "
			      "commands"));
	take_operands(&f, argc, argv);
	settle(&f);
	if (f.command->takes & FLEET_WAIT && !f.empty)
		usage_error(_("say what to wait for: --empty"));
	hints_start(&f.hints, !f.no_hints && isatty(STDERR_FILENO), f.verbose);
	if (f.command->columns)
		f.table = columns_table(&(struct columns){
			f.command->columns, f.command->ncolumns,
			f.command->usual }, f.columns, f.all_columns,
			f.no_headings);
	status = f.command->run(&f);
	table_free(f.table);
	engine_end(&f.engine);
	return status;
}
