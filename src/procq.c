/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * procq.c - look at, repair and remove queues of processes.
 *
 * Reads the command line and hands it to one of the commands, which are in
 * cmd-*.c. Must not open a queue itself.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "columns.h"
#include "complain.h"
#include "duration.h"
#include "fault.h"
#include "hint.h"
#include "i18n.h"
#include "options.h"
#include "outside.h"
#include "procq-cmd.h"
#include "program.h"
#include "signals.h"
#include "tenure.h"

#define PROGRAM "procq"

static const struct command cmd_help;

static const struct command *const commands[] = {
	&cmd_list, &cmd_show, &cmd_stat, &cmd_check, &cmd_close, &cmd_open,
	&cmd_limit, &cmd_lease, &cmd_wait, &cmd_end, &cmd_remove, &cmd_help
};

/* The elements are pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
enum { NCOMMANDS = sizeof(commands) / sizeof(*commands) };

/* Options without a short form. */
enum {
	OPENMETRICS = OPT_RUN, ALL, EMPTY, SEQ, STOP, WAIT, KILL, FORCE, VERBOSE,
	NO_HINTS, FLEET, LEASE_OPTIONS
};

enum {
	FOR = LEASE_OPTIONS, DEADLINE, POLICY, GRANTED, EPOCH, RELEASE, BY, NO_LEASE
};

/* Of those that wait. */
#define TAKES_HINTS (TAKES_EMPTY | TAKES_PLAN)

/* An option, and the commands that take it: a TAKES_ bit; 0: all. */
struct offer {
	unsigned takes;
	struct choice choice;
};

static const struct offer offers[] = {
	{ TAKES_NAME, { 'q', "queue", required_argument,
N_("  -q, --queue=NAME           the queue, as the operand NAME\n"
"                             (default: $PROCQ_QUEUE, or 'default')\n") } },
	{ 0, { 'J', "json", no_argument,
N_("  -J, --json                 print JSON\n") } },
	{ 0, { VERBOSE, "verbose", no_argument,
N_("      --verbose              say more on standard error\n") } },
	{ TAKES_HINTS, { NO_HINTS, "no-hints", no_argument,
N_("      --no-hints             don't say on a terminal what is waited for\n") } },
	{ TAKES_FLEET, { FLEET, "fleet", optional_argument,
N_("      --fleet[=URL]          over all hosts of a fleet, by procq-fleet\n"
"                             (default: $PROCQ_FLEET)\n") } },
	{ TAKES_LIST, { 'o', "output", required_argument,
N_("  -o, --output=COLUMNS       print these columns, separated by commas;\n"
"                             +COLUMNS adds to the usual ones\n") } },
	{ TAKES_LIST, { 'O', "output-all", no_argument,
N_("  -O, --output-all           print all columns\n") } },
	{ TAKES_LIST, { 'n', "noheadings", no_argument,
N_("  -n, --noheadings           print no headings\n") } },
	{ TAKES_LIST, { 'r', "raw", no_argument,
N_("  -r, --raw                  separate columns by one blank, and print\n"
"                             blanks in them as \\x20\n") } },
	{ TAKES_METRICS, { OPENMETRICS, "openmetrics", no_argument,
N_("      --openmetrics          print OpenMetrics text for Prometheus\n") } },
	{ TAKES_METRICS, { ALL, "all", no_argument,
N_("      --all                  with --openmetrics: all queues that can be "
"read\n") } },
	{ TAKES_STOP, { STOP, "stop", no_argument,
N_("      --stop                 make producers end, too\n") } },
	{ TAKES_EMPTY, { EMPTY, "empty", no_argument,
N_("      --empty                wait until no process is in it\n") } },
	{ TAKES_EMPTY, { SEQ, "seq", required_argument,
N_("      --seq=N[,N]...         wait until these processes are over\n") } },
	{ TAKES_END, { KILL, "kill", no_argument,
N_("      --kill                 first end the processes in it\n") } },
	{ TAKES_END, { FORCE, "force", no_argument,
N_("      --force                remove your shared memory object of this\n"
"                             name even if it is damaged, or no queue\n") } },
	{ TAKES_LEASE, { FOR, "for", required_argument,
N_("      --for=D                for D from now on, suspends counted\n") } },
	{ TAKES_LEASE, { DEADLINE, "deadline", required_argument,
N_("      --deadline=D           until D after the boot, as /proc/uptime "
"counts\n") } },
	{ TAKES_LEASE, { POLICY, "policy", required_argument,
N_("      --policy=POLICY        when it is over: keep the processes (default), "
"end\n"
"                             them, or continue; keep and end start nothing\n") } },
	{ TAKES_LEASE, { GRANTED, "granted", required_argument,
N_("      --granted=N            at most N slots\n") } },
	{ TAKES_LEASE, { EPOCH, "epoch", required_argument,
N_("      --epoch=N              of its holder: from then on, one with a lower\n"
"                             number sets none (default 0)\n") } },
	{ TAKES_LEASE, { RELEASE, "release", no_argument,
N_("      --release              it is over, now\n") } },
	{ TAKES_LEASE, { BY, "by", required_argument,
N_("      --by=NAME              with --release: for good, and it was NAME; "
"producers\n"
"                             end\n") } },
	{ TAKES_LEASE, { NO_LEASE, "none", no_argument,
N_("      --none                 there is none any more\n") } },
	{ TAKES_WAIT, { WAIT, "wait", required_argument,
N_("      --wait=D               wait at most D, then exit with 124\n") } },
};

/* Of those that end processes as consumer does. */
static const struct choice plan_choices[] = { PLAN_CHOICES, { 0 } };

#define NOFFERS (sizeof(offers) / sizeof(*offers))

static bool takes(const struct command *c, const struct offer *o)
{
	if (c == &cmd_help)
		return false;
	return o->takes == 0 || (c->takes & o->takes) != 0;
}

/* ---- help ---- */

static void help_options(unsigned which)
{
	for (size_t i = 0; i < NOFFERS; i++)
		if (offers[i].takes == which)
			fputs(_(offers[i].choice.help), stdout);
}

static void help_durations(void)
{
	fputs(_("\nD is a decimal number with a unit us, ms, s, m, h or d; "
		"without one, seconds.\n"), stdout);
}

static void help_all(void)
{
	fputs(_("Usage: procq [OPTION]... COMMAND [OPTION]... [NAME]\n"
		"Look at, repair and remove queues of processes.\n"), stdout);
	fputs(_("\nCommands:\n"), stdout);
	for (size_t i = 0; i < NCOMMANDS; i++)
		printf("  %-11s %s\n", commands[i]->name,
		       _(commands[i]->summary));
	for (const struct outside *o = outside_commands; o->name; o++)
		if (o->summary)
			printf("  %-11s %s\n", o->name, _(o->summary));
	fputs(_("\nOptions:\n"), stdout);
	help_options(TAKES_NAME);
	help_options(0);
	choices_help(program_choices);
	fputs(_("\nOptions of list, show, stat, limit, close, open, wait and "
		"remove:\n"), stdout);
	help_options(TAKES_FLEET);
	fputs(_("\nOptions of list, show and stat:\n"), stdout);
	help_options(TAKES_LIST);
	fputs(_("\nOptions of stat:\n"), stdout);
	help_options(TAKES_METRICS);
	fputs(_("\nOptions of close:\n"), stdout);
	help_options(TAKES_STOP);
	fputs(_("\nOptions of lease:\n"), stdout);
	help_options(TAKES_LEASE);
	fputs(_("\nOptions of wait, end and remove --kill:\n"), stdout);
	help_options(TAKES_HINTS);
	fputs(_("\nOptions of wait:\n"), stdout);
	help_options(TAKES_EMPTY);
	fputs(_("\nOptions of remove:\n"), stdout);
	help_options(TAKES_END);
	fputs(_("\nOptions of end and of remove --kill:\n"), stdout);
	choices_help(plan_choices);
	fputs(_("\nOptions of wait and of remove --kill:\n"), stdout);
	help_options(TAKES_WAIT);
	help_durations();
	help_tail();
}

static void help_command(const struct command *c)
{
	printf(_("Usage: procq %s [OPTION]... %s\n"), c->name,
	       _(c->operands));
	fputs(_(c->text), stdout);
	fputs(_("\nOptions:\n"), stdout);
	for (size_t i = 0; i < NOFFERS; i++)
		if (takes(c, &offers[i]))
			fputs(_(offers[i].choice.help), stdout);
	if (c->takes & TAKES_PLAN)
		choices_help(plan_choices);
	choices_help(program_choices);
	if (c->columns)
		columns_help(&(struct columns){ c->columns, c->ncolumns,
						c->usual });
	if (c->takes & (TAKES_WAIT | TAKES_END | TAKES_PLAN | TAKES_LEASE))
		help_durations();
}

/* ---- the command line ---- */

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	usage_error(_("unknown command '%s'"), name);
}

/* Only the command's own options, so that abbreviations are among these. */
static void make_choices(const struct command *c, struct choices *all)
{
	choices_begin(all, "");
	for (size_t i = 0; i < NOFFERS; i++)
		if (takes(c, &offers[i]))
			choices_add_one(all, &offers[i].choice);
	if (c->takes & TAKES_PLAN)
		choices_add(all, plan_choices);
	choices_add(all, program_choices);
}

static void set_form(struct request *r, enum table_form form)
{
	if (r->form != TABLE_TEXT && r->form != form)
		usage_error(_("--json and --raw can't both be given"));
	r->form = form;
}

static _Noreturn void leave_with_help(const struct command *c)
{
	help_command(c);
	exit(EXIT_DONE);
}

static void time_lease(struct request *r, int letter)
{
	const char *name = letter == FOR ? "for" : "deadline";

	if (r->lease.timed)
		usage_error(_("of --for, --deadline, --release and --none, "
			      "only one can be given"));
	r->lease.timed = letter == FOR ? LEASE_FOR : LEASE_DEADLINE;
	r->lease.time = option_duration(name, optarg);
}

static bool lease_option(struct request *r, int letter)
{
	switch (letter) {
	case FOR:
	case DEADLINE:
		time_lease(r, letter);
		return true;
	case POLICY:
		r->lease.policy = optarg;
		r->lease.number = tenure_policy_named(optarg);
		if (!r->lease.number)
			usage_error(_("invalid --policy '%s': it is keep, end "
				      "or continue"), optarg);
		return true;
	case GRANTED:
		r->lease.slots = true;
		r->lease.granted = (uint32_t)option_number(
			"granted", optarg, 0, PROCQ_CAPACITY_MAX);
		return true;
	case EPOCH:
		r->lease.named = true;
		r->lease.epoch = option_number("epoch", optarg, 0,
					       PROCQ_EPOCH_MAX);
		return true;
	case RELEASE:
		r->lease.release = true;
		return true;
	case BY:
		if (!*optarg)
			usage_error(_("--by needs a name"));
		r->lease.by = optarg;
		return true;
	case NO_LEASE:
		r->lease.none = true;
		return true;
	}
	return false;
}

static void request_option(struct request *r, int letter)
{
	if (r->command->takes & TAKES_PLAN &&
	    plan_option(&r->plan, letter, optarg))
		return;
	if (r->command->takes & TAKES_LEASE && lease_option(r, letter))
		return;
	switch (letter) {
	case 'q':
		r->queue = optarg;
		return;
	case 'J':
		set_form(r, TABLE_JSON);
		return;
	case 'r':
		set_form(r, TABLE_RAW);
		return;
	case VERBOSE:
		r->verbose = true;
		return;
	case NO_HINTS:
		r->no_hints = true;
		return;
	case 'o':
		r->columns = optarg;
		return;
	case 'O':
		r->all_columns = true;
		return;
	case 'n':
		r->no_headings = true;
		return;
	case OPENMETRICS:
		r->metrics = true;
		return;
	case ALL:
		r->all = true;
		return;
	case EMPTY:
		r->empty = true;
		return;
	case STOP:
		r->stop = true;
		return;
	case SEQ:
		option_seqs("seq", optarg, &r->seqs);
		return;
	case WAIT:
		r->wait = option_duration("wait", optarg);
		return;
	case KILL:
		r->kill = true;
		return;
	case FORCE:
		r->force = true;
		return;
	case FLEET:
		/* Spelt out, it has led elsewhere. */
		usage_error(_("write --fleet in full"));
	case OPT_HELP:
		leave_with_help(r->command);
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	}
	usage_try();
}

/* The operands that are numbers of processes. */
static void take_seqs(struct request *r, int argc, char **argv)
{
	for (; optind < argc; optind++) {
		const char *why = seqs_add(&r->seqs, argv[optind]);

		if (why)
			usage_error(_("invalid SEQ '%s': %s"), argv[optind],
				    _(why));
	}
	if (r->seqs.count == 0)
		usage_error(_("say which processes to end, by their seqs; "
			      "'procq show' has these"));
}

/* The last operand, which is a number. */
static void take_number(struct request *r, int argc, char **argv)
{
	if (optind >= argc)
		usage_error(_("say how many processes may exist at once"));
	r->number = argv[optind++];
}

/* Does the first operand name a queue? A number does only where no SEQ may
 * stand, and none that is the last one, if that is N. */
static bool is_name(const struct request *r, const char *operand, bool last)
{
	if (r->command->takes & TAKES_NUMBER)
		return !last;
	return !(r->command->takes & TAKES_SEQS) ||
	       operand[strspn(operand, "0123456789,")] != '\0';
}

/* The rest of the command line: at most one name, and numbers. */
static void take_operands(struct request *r, int argc, char **argv)
{
	const char *name = optind < argc && is_name(r, argv[optind],
						      optind + 1 == argc)
				   ? argv[optind++] : NULL;

	if (r->command->takes & TAKES_SEQS)
		take_seqs(r, argc, argv);
	if (r->command->takes & TAKES_NUMBER)
		take_number(r, argc, argv);
	if (optind < argc)
		usage_error(_("extra operand '%s'"), argv[optind]);
	if (r->command == &cmd_help) {
		r->topic = name;
		return;
	}
	if (name && r->queue && strcmp(name, r->queue) != 0)
		usage_error(_("two queues are named: '%s' and '%s'"),
			    r->queue, name);
	if (!name)
		name = r->queue;
	if (name && r->all)
		usage_error(_("--all and a queue can't both be given"));
	if (name || !(r->command->takes & TAKES_ANY))
		r->queue = option_queue(name);
}

static void choose_columns(struct request *r)
{
	const struct command *c = r->command;

	if (c->columns)
		r->table = columns_table(&(struct columns){ c->columns,
					 c->ncolumns, c->usual }, r->columns,
					 r->all_columns, r->no_headings);
}

static void refuse_contradictions(const struct request *r)
{
	if (r->metrics && (r->form != TABLE_TEXT || r->columns ||
			   r->all_columns || r->no_headings))
		usage_error(_("--openmetrics excludes --json, --raw, --output,"
			      " --output-all and --noheadings"));
	if (r->command->takes & TAKES_LEASE)
		lease_refuse_contradictions(r);
	if (r->all && !r->metrics)
		usage_error(_("--all needs --openmetrics; 'procq list' shows "
			      "all queues"));
	if ((r->command->takes & TAKES_EMPTY) && !r->empty && !r->seqs.count)
		usage_error(_("say what to wait for: --empty, or --seq=N"));
	if (r->empty && r->seqs.count)
		usage_error(_("--empty and --seq can't both be given"));
	if (!(r->command->takes & TAKES_END) || r->kill)
		return;
	if (plan_is_given(&r->plan))
		usage_error(_("--signal, --kill-after, --term-seq and "
			      "--kill-mode need --kill"));
	if (r->wait != PROCQ_FOREVER)
		usage_error(_("--wait needs --kill"));
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct request r = { .command = c, .wait = PROCQ_FOREVER };
	struct choices all;
	int letter, status;

	plan_init(&r.plan);
	make_choices(c, &all);
	/* 0, not 1: begin again, with other options. */
	optind = 0;
	while ((letter = choices_next(&all, argc, argv)) != -1)
		request_option(&r, letter);
	take_operands(&r, argc, argv);
	refuse_contradictions(&r);
	plan_settle(&r.plan);
	choose_columns(&r);
	hints_start(&r.hints, !r.no_hints && isatty(STDERR_FILENO), r.verbose);
	fault_catch();
	status = c->run(&r);
	table_free(r.table);
	seqs_free(&r.seqs);
	if (signals_stopped_by()) {
		fflush(stdout);
		die_of_signal(signals_stopped_by());
	}
	return status;
}

static int cmd_help_run(struct request *r)
{
	if (!r->topic) {
		help_all();
		return EXIT_DONE;
	}
	if (outside_find(r->topic, false))
		outside_help(outside_find(r->topic, false));
	help_command(find_command(r->topic));
	return EXIT_DONE;
}

static const struct command cmd_help = {
	.name = "help",
	.summary = N_("explain a command, its options and its columns"),
	.text = N_("Explain COMMAND, its options and its columns; or, without "
"COMMAND, list the\ncommands.\n"),
	.operands = N_("[COMMAND]"),
	.run = cmd_help_run,
};

/* Is --fleet among the options? */
static bool names_fleet(char **argv)
{
	for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--fleet") == 0 ||
		    strncmp(argv[i], "--fleet=", 8) == 0)
			return true;
	return false;
}

/* Become the program argv[at]. The options before it, which end at before, go
 * with it. */
static _Noreturn void run_outside(const struct outside *o, char **argv,
				  int before, int at)
{
	char *name = argv[at];
	int first = at - (before - 1);

	memmove(&argv[first + 1], &argv[1],
		(size_t)(before - 1) * sizeof(*argv));
	argv[first] = name;
	outside_run(o, &argv[first]);
}

/* An option that no command of this program has, at argv[before], may be one of
 * a program whose name comes later. */
static _Noreturn void unknown_option(const struct choices *all, int argc,
				     char **argv, int before)
{
	for (int i = before; i < argc; i++) {
		const struct outside *o = outside_find(argv[i],
						       names_fleet(argv));

		if (o)
			run_outside(o, argv, i, i);
	}
	/* Once more, for getopt_long() to say which it is. */
	opterr = 1;
	optind = 0;
	while (choices_next(all, argc, argv) != '?')
		;
	usage_try();
}

/*
 * Find the command, which may stand behind options, and take it out of the
 * command line: what is left are its options and operands. Which options it has
 * is not known before, so here all are read, and none is used but --help and
 * --version.
 */
static const struct command *take_command(int *argc, char **argv)
{
	const struct outside *o;
	const struct command *c;
	struct choices all;
	int letter, before = 1, at;

	choices_begin(&all, "+");
	for (size_t i = 0; i < NOFFERS; i++)
		choices_add_one(&all, &offers[i].choice);
	choices_add(&all, plan_choices);
	choices_add(&all, program_choices);
	opterr = 0;
	while ((letter = choices_next(&all, *argc, argv)) != -1) {
		if (letter == '?')
			unknown_option(&all, *argc, argv, before);
		before = optind;
		if (letter == OPT_HELP) {
			help_all();
			exit(EXIT_DONE);
		}
		if (letter == OPT_VERSION) {
			print_version();
			exit(EXIT_DONE);
		}
	}
	opterr = 1;
	at = optind;
	if (at >= *argc)
		usage_error(_("a command is missing"));
	o = outside_find(argv[at], names_fleet(argv));
	if (o)
		run_outside(o, argv, before, at);
	c = find_command(argv[at]);
	/* Between the options and the command may stand "--", which goes with
	 * it. The NULL at the end moves, too. */
	memmove(&argv[before], &argv[at + 1],
		(size_t)(*argc - at) * sizeof(*argv));
	*argc -= at + 1 - before;
	return c;
}

int main(int argc, char **argv)
{
	const struct command *c;

	program_start(PROGRAM, argv);
	c = take_command(&argc, argv);
	return run_command(c, argc, argv);
}
