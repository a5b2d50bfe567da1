/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-options.c - the options of producer, and what follows from them.
 *
 * Must not open a queue or start a process: wrong use is reported before.
 */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "producer.h"
#include "program.h"
#include "run.h"

enum {
	OPT_SPAWN = OPT_OWN,
	OPT_ON_EXIT,
	OPT_MAX,
	OPT_KEEP,
	OPT_MODE,
	OPT_NO_GROUP,
	OPT_CGROUP,
	OPT_STDIN,
	OPT_RESUME,
	OPT_FAIL,
	OPT_HALT,
	OPT_LABEL,
	OPT_JOB_OUTPUT,
	OPT_MAX_LOAD,
	OPT_MIN_MEMORY,
	OPT_REPLACE,
	OPT_MIN_UPTIME
};

/* In the order of --help. */
static const struct choice producer_choices[] = {
	{ 'q', "queue", required_argument,
N_("  -q, --queue=NAME           the queue (default: $PROCQ_QUEUE, or "
"'default')\n") },
	{ 'c', "capacity", required_argument,
N_("  -c, --capacity=N           create the queue for at most N processes at "
"once,\n"
"                               1 to 1048576 (default 16)\n") },
	{ OPT_MAX, "max", required_argument,
N_("      --max=M                build it so that 'procq limit' can raise N "
"to M\n"
"                               (default N); M takes up to 192 bytes each\n") },
	{ 'n', "count", required_argument,
N_("  -n, --count=N              stop after N processes\n") },
	{ 't', "duration", required_argument,
N_("  -t, --duration=D           stop after D\n") },
	{ 'd', "delay", required_argument,
N_("  -d, --delay=DIST           pause before each start (default 0-1s; for a "
"COMMAND,\n"
"                               0)\n") },
	{ 'r', "rate", required_argument,
N_("  -r, --rate=N[/s,/m,/h,/d]  start N per second, minute, hour or day, "
"instead of\n"
"                               --delay; decimals, too. Up to a second late "
"is\n"
"                               caught up\n") },
	{ 'A', "args-from", required_argument,
N_("  -A, --args-from=FILE       start one process for each line of FILE (-: "
"standard\n"
"                               input), which is COMMAND's last argument, or "
"in\n"
"                               place of {}; {seq} and {slot} are replaced, "
"too\n") },
	{ '0', "null", no_argument,
N_("  -0, --null                 lines of --args-from end with NUL, not "
"newline\n") },
	{ OPT_RESUME, "resume", required_argument,
N_("      --resume=LOG           leave out the lines that LOG, of an earlier "
"run with\n"
"                               --json, has as over\n") },
	{ OPT_FAIL, "fail", no_argument,
N_("      --fail                 exit with 123 if a command fails on its "
"own\n") },
	{ OPT_HALT, "halt", no_argument,
N_("      --halt                 the same, and stop at the first that "
"does\n") },
	{ OPT_LABEL, "label", required_argument,
N_("      --label=TEXT           label the processes TEXT, up to 15 bytes, "
"instead\n"
"                               of COMMAND\n") },
	{ OPT_JOB_OUTPUT, "job-output", required_argument,
N_("      --job-output=PATTERN   append what each command writes to a file of "
"its\n"
"                               own; PATTERN has {seq}, {slot}, {pid} or "
"{label}\n") },
	{ OPT_SEED, "seed", required_argument,
N_("      --seed=N               make the random pauses repeatable\n") },
	{ OPT_WAIT, "wait", required_argument,
N_("      --wait=D               wait at most D for room, then exit with "
"124\n") },
	{ OPT_REPLACE, "replace", no_argument,
N_("      --replace              keep the queue full for good: what exits is "
"reported\n"
"                               and replaced at once\n") },
	{ OPT_MIN_UPTIME, "min-uptime", required_argument,
N_("      --min-uptime=D         with --replace, start again what fails before "
"it is D\n"
"                               old only after 1 s, 2 s, 4 s, ... 1 min "
"(default\n"
"                               1s)\n") },
	{ OPT_MAX_LOAD, "max-load", required_argument,
N_("      --max-load=L           start nothing while the load average is above "
"L\n") },
	{ OPT_MIN_MEMORY, "min-memory", required_argument,
N_("      --min-memory=SIZE      start nothing while less memory than SIZE is "
"left;\n"
"                               in bytes, or with K, M, G or T\n") },
	{ OPT_SPAWN, "spawn", required_argument,
N_("      --spawn=METHOD         how to create processes: auto (default), "
"fork,\n"
"                               vfork or clone\n") },
	{ OPT_ON_EXIT, "on-exit", required_argument,
N_("      --on-exit=ACTION       what to do with the processes at the end: "
"drain\n"
"                               waits until consumers have ended them, kill "
"ends\n"
"                               them, leave keeps them alive in the queue\n"
"                               (default: drain after --count or --duration,\n"
"                               otherwise kill)\n") },
	PLAN_CHOICES,
	{ OPT_KEEP, "keep", no_argument,
N_("      --keep                 processes may outlive the producer, even if "
"it is\n"
"                               killed\n") },
	{ OPT_MODE, "mode", required_argument,
N_("      --mode=OCTAL           permissions of a queue that this creates "
"(default\n"
"                               0600)\n") },
	{ OPT_NO_GROUP, "no-group", no_argument,
N_("      --no-group             don't give each process a process group of "
"its own\n") },
	{ OPT_CGROUP, "cgroup", optional_argument,
N_("      --cgroup[=DIR]         start each command in a cgroup (v2) of its "
"own, which\n"
"                               is killed as a whole when it ends; below DIR, "
"or the\n"
"                               producer's own cgroup\n") },
	{ OPT_STDIN, "stdin", no_argument,
N_("      --stdin                let COMMAND read the producer's standard "
"input,\n"
"                               not /dev/null; for a terminal, --no-group is\n"
"                               needed, too\n") },
	{ 0 }
};

static _Noreturn void producer_help(void)
{
	printf(_("Usage: %s [OPTION]... [--] [COMMAND [ARG]...]\n"),
	       program_name());
	fputs(_("Start processes, COMMAND or idle ones, in a bounded queue,"
		" from which consumer\n"
		"takes and ends them.\n"), stdout);
	run_help(producer_choices);
}

static uint32_t parse_method(const char *text)
{
	static const char *const words[] = {
		"auto", "fork", "vfork", "clone", NULL
	};
	static const uint32_t methods[] = { PROCQ_METHOD_AUTO,
					    PROCQ_METHOD_FORK,
					    PROCQ_METHOD_VFORK,
					    PROCQ_METHOD_CLONE };

	return methods[option_word("spawn", text, words)];
}

static enum on_exit parse_on_exit(const char *text)
{
	static const char *const words[] = { "drain", "kill", "leave", NULL };

	return (enum on_exit)option_word("on-exit", text, words);
}

static const char *parse_label(const char *text)
{
	if (*text == '\0' || strlen(text) >= PROCQ_LABEL_SIZE)
		usage_error(_("invalid argument '%s' for --%s: %s"), text,
			    "label", _("1 to 15 bytes are expected"));
	return text;
}

/* What a process is started with. */
static bool start_option(struct producer *p, int c, const char *arg)
{
	switch (c) {
	case OPT_SPAWN:
		p->command.method = parse_method(arg);
		break;
	case OPT_KEEP:
		p->command.flags |= PROCQ_SPAWN_KEEP;
		break;
	case OPT_NO_GROUP:
		p->no_group = true;
		break;
	case OPT_CGROUP:
		p->wants_cgroup = true;
		p->cgroup = arg;
		break;
	case OPT_STDIN:
		p->command.flags |= PROCQ_SPAWN_STDIN;
		break;
	case OPT_LABEL:
		p->command.label = parse_label(arg);
		break;
	case OPT_JOB_OUTPUT:
		p->command.output = arg;
		break;
	case 'A':
		p->args.file = arg;
		break;
	case '0':
		p->args.end = '\0';
		break;
	case OPT_RESUME:
		p->resume_log = arg;
		break;
	default:
		return false;
	}
	return true;
}

/* When one is started, and what comes after it. */
static bool pace_option(struct producer *p, int c, const char *arg)
{
	switch (c) {
	case 'r':
		option_rate("rate", arg, &p->pace.rate);
		break;
	case OPT_ON_EXIT:
		p->on_exit = parse_on_exit(arg);
		break;
	case OPT_HALT:
		p->halt = true;
		/* fall through */
	case OPT_FAIL:
		p->fail = true;
		break;
	case OPT_REPLACE:
		p->replace = true;
		break;
	case OPT_MIN_UPTIME:
		p->brake.uptime = option_duration("min-uptime", arg);
		p->uptime_given = true;
		break;
	case OPT_MAX_LOAD:
		p->headroom.max_load = option_load("max-load", arg);
		break;
	case OPT_MIN_MEMORY:
		p->headroom.min_memory = option_size("min-memory", arg);
		break;
	default:
		return false;
	}
	return true;
}

static void producer_option(struct producer *p, int c, const char *arg)
{
	switch (c) {
	case 'c':
		p->options.capacity = (uint32_t)
			option_number("capacity", arg, 1, PROCQ_CAPACITY_MAX);
		break;
	case OPT_MAX:
		p->options.max = (uint32_t)
			option_number("max", arg, 1, PROCQ_CAPACITY_MAX);
		break;
	case OPT_MODE:
		p->options.mode = option_mode("mode", arg);
		break;
	case OPT_HELP:
		producer_help();
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	default:
		if (!start_option(p, c, arg) && !pace_option(p, c, arg) &&
		    !plan_option(&p->plan, c, arg) &&
		    !run_option(&p->run, c, arg))
			usage_try();
	}
}

static void settle_pace(struct producer *p)
{
	/* Idle processes are there to be looked at; commands, to be done. */
	if (!p->run.delayed && (p->command.argv || p->replace))
		p->run.delay = (struct distribution){ DISTRIBUTION_FIXED, 0, 0 };
	if (p->run.delayed && p->pace.rate.n > 0)
		usage_error(_("--delay and --rate can't both be given"));
	p->pace.delay = &p->run.delay;
	p->pace.random = &p->run.random;
	p->flood = pace_is_flood(&p->pace);
	p->batches = p->flood || p->pace.rate.n > 0;
}

/* What goes on for good ends after no number, and waits for room always. */
static void settle_replace(const struct producer *p)
{
	if (!p->replace && p->uptime_given)
		usage_error(_("--min-uptime needs --replace"));
	if (p->replace && p->run.counted)
		usage_error(_("--replace and --count can't both be given"));
	if (p->replace && p->run.waits)
		usage_error(_("--replace and --wait can't both be given"));
}

/* Derive from all options what procq_spawn() has to do. */
static void settle_command(struct producer *p, char **operands)
{
	struct procq_command *command = &p->command;

	if (*operands)
		command->argv = (const char *const *)operands;
	else if (command->method == PROCQ_METHOD_VFORK)
		usage_error(_("--spawn=vfork needs a COMMAND"));
	p->run.commands = *operands != NULL;
	if (p->wants_cgroup && !command->argv)
		usage_error(_("--cgroup needs a COMMAND: idle processes start "
			      "no others"));
	producer_settle_args(p);
	settle_replace(p);
	settle_pace(p);
	if (p->options.max && p->options.max < p->options.capacity)
		usage_error(_("--max is less than --capacity"));
	if (p->on_exit == ON_EXIT_LEAVE && plan_is_given(&p->plan))
		usage_error(_("--on-exit=leave ends no process, so it takes no "
			      "signal"));
	plan_settle(&p->plan);
	if (p->on_exit == ON_EXIT_LEAVE)
		command->flags |= PROCQ_SPAWN_KEEP;
	/* No process gets the signals of the producer's terminal, or of
	 * timeout(1). An idle one is alone in its group. */
	if (!p->no_group)
		command->flags |= command->argv ? PROCQ_SPAWN_GROUP
						: PROCQ_SPAWN_APART;
	/* A line reports the position in the queue, which is known after the
	 * entry; where the next start is due at once, lines wait for a few. With
	 * --on-exit=leave, a process that has not entered when the producer
	 * leaves never would. */
	if (p->on_exit == ON_EXIT_LEAVE || (!p->run.quiet && !p->batches))
		command->flags |= PROCQ_SPAWN_ENTERED;
}

void producer_parse(struct producer *p, int argc, char **argv)
{
	struct choices all;
	int c;

	run_choose(&all, producer_choices);
	while ((c = choices_next(&all, argc, argv)) != -1)
		producer_option(p, c, optarg);
	settle_command(p, argv + optind);
	producer_check_headroom(p);
}
