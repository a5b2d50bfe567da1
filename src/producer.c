/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer.c - start processes, each of which enters itself into a queue.
 *
 * Options, pace and lines. Must not end a process: children.c does.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "children.h"
#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "program.h"
#include "run.h"
#include "shortage.h"
#include "signals.h"
#include "trouble.h"

/* In flood, how many starts there are between two looks for dead children. */
#define REAP_EVERY 16
/* The pauses after starts that failed for lack of something. */
#define BACK_OFF_MIN NS_PER_MS
#define BACK_OFF_MAX NS_PER_S

/* If there has been no room for so long, the producer collects the dead itself:
 * no consumer does, or it takes its time. */
#define COLLECT_AFTER (500 * NS_PER_MS)

/* In flood, how many processes may be on their way into the queue while the
 * next one is started: to wait for each would halve the rate. */
#define UNREPORTED_MAX 4
/* The first starts are reported one by one, as somebody may be watching. */
#define ONE_BY_ONE 100

/* How long a process that could not run its command may take to exit. */
#define EXIT_MAX (100 * NS_PER_MS)

enum {
	OPT_SPAWN = OPT_OWN,
	OPT_ON_EXIT,
	OPT_KEEP,
	OPT_MODE,
	OPT_NO_GROUP,
	OPT_STDIN
};

/* What happens to its processes at the end. */
enum on_exit {
	ON_EXIT_DRAIN = 0,
	ON_EXIT_KILL = 1,
	ON_EXIT_LEAVE = 2,
	ON_EXIT_DEFAULT = 3	/* drain, or kill if stopped or failed */
};

/* A schedule of starts: n per unit, exact over any time. */
struct rate {
	uint64_t n;		/* 0: there is none */
	uint64_t unit;		/* ns */
	uint64_t rest;		/* the fraction of a ns still due, in 1/n */
};

struct producer {
	struct run run;
	struct procq_options options;
	struct procq_command command;
	struct rate rate;
	enum on_exit on_exit;
	bool no_group;
	bool flood;		/* no pauses between starts */
	bool failed;		/* a start failed for good */
	bool ran;		/* a start has worked */

	int64_t due;		/* the next start */
	int64_t full_since;	/* 0: there is room */
	int64_t back_off;	/* the last pause after a failure, 0: none */
	unsigned unreaped;	/* starts since the last look for the dead */

	/* Started, but not reported: they may not have entered yet. */
	struct procq_process unreported[UNREPORTED_MAX];
	unsigned unreported_count;
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
	{ 'n', "count", required_argument,
N_("  -n, --count=N              stop after N processes\n") },
	{ 't', "duration", required_argument,
N_("  -t, --duration=D           stop after D\n") },
	{ 'd', "delay", required_argument,
N_("  -d, --delay=DIST           pause before each start (default 0-1s)\n") },
	{ 'r', "rate", required_argument,
N_("  -r, --rate=N[/s,/m,/h]     start N per second, minute or hour, instead "
"of\n"
"                               --delay; late starts catch up\n") },
	{ OPT_SEED, "seed", required_argument,
N_("      --seed=N               make the random pauses repeatable\n") },
	{ OPT_WAIT, "wait", required_argument,
N_("      --wait=D               wait at most D for room, then exit with "
"124\n") },
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

/* ---- options ---- */

static void parse_rate(const char *text, struct rate *rate)
{
	static const struct {
		const char *suffix;
		int64_t unit;
	} units[] = {
		{ "", NS_PER_S },
		{ "/s", NS_PER_S },
		{ "/m", 60 * NS_PER_S },
		{ "/h", 3600 * NS_PER_S }
	};
	size_t digits = strspn(text, "0123456789");
	char number[32];

	if (digits < sizeof(number)) {
		memcpy(number, text, digits);
		number[digits] = '\0';
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (digits == 0 || digits >= sizeof(number) ||
		    strcmp(text + digits, units[i].suffix) != 0)
			continue;
		rate->n = option_number("rate", number, 1, 1000000000);
		rate->unit = (uint64_t)units[i].unit;
		return;
	}
	usage_error(_("invalid argument '%s' for --%s: %s"), text, "rate",
		    _("a whole number, then nothing, /s, /m or /h"));
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

static void producer_option(struct producer *p, int c, const char *arg)
{
	switch (c) {
	case 'c':
		p->options.capacity = (uint32_t)
			option_number("capacity", arg, 1, PROCQ_CAPACITY_MAX);
		break;
	case 'r':
		parse_rate(arg, &p->rate);
		break;
	case OPT_SPAWN:
		p->command.method = parse_method(arg);
		break;
	case OPT_ON_EXIT:
		p->on_exit = parse_on_exit(arg);
		break;
	case OPT_KEEP:
		p->command.flags |= PROCQ_SPAWN_KEEP;
		break;
	case OPT_MODE:
		p->options.mode = option_mode("mode", arg);
		break;
	case OPT_NO_GROUP:
		p->no_group = true;
		break;
	case OPT_STDIN:
		p->command.flags |= PROCQ_SPAWN_STDIN;
		break;
	case OPT_HELP:
		producer_help();
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	default:
		if (!run_option(&p->run, c, arg))
			usage_try();
	}
}

/* Derive from all options what procq_spawn() has to do. */
static void settle_command(struct producer *p, char **operands)
{
	struct procq_command *command = &p->command;

	if (*operands)
		command->argv = (const char *const *)operands;
	else if (command->method == PROCQ_METHOD_VFORK)
		usage_error(_("--spawn=vfork needs a COMMAND"));
	if (p->run.delayed && p->rate.n > 0)
		usage_error(_("--delay and --rate can't both be given"));
	if (p->on_exit == ON_EXIT_LEAVE)
		command->flags |= PROCQ_SPAWN_KEEP;
	/* No process gets the signals of the producer's terminal, or of
	 * timeout(1). An idle one is alone in its group. */
	if (!p->no_group)
		command->flags |= command->argv ? PROCQ_SPAWN_GROUP
						: PROCQ_SPAWN_APART;
	/* A line reports the position in the queue, which is known after the
	 * entry; in flood, lines wait for a few more starts. With
	 * --on-exit=leave, a process that has not entered when the producer
	 * leaves never would. */
	p->flood = p->rate.n == 0 && distribution_is_zero(&p->run.delay);
	if (p->on_exit == ON_EXIT_LEAVE || (!p->run.quiet && !p->flood))
		command->flags |= PROCQ_SPAWN_ENTERED;
}

static void producer_parse(struct producer *p, int argc, char **argv)
{
	struct choices all;
	int c;

	run_choose(&all, producer_choices);
	while ((c = choices_next(&all, argc, argv)) != -1)
		producer_option(p, c, optarg);
	settle_command(p, argv + optind);
}

/* ---- lines ---- */

static void report_started(struct producer *p, const struct procq_process *what)
{
	if (p->run.quiet)
		return;
	run_written(&p->run, output_started(&p->run.out, what,
					    procq_occupied(p->run.q),
					    procq_capacity(p->run.q)));
}

static int by_seq(const void *a, const void *b)
{
	const struct procq_process *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Report the processes that are not reported yet, in the order in which they
 * entered; those that were killed before they entered are left out. A process
 * that is started after this enters after them. */
static void report_all(struct producer *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->unreported_count; i++) {
		struct procq_process what = p->unreported[i];

		if (procq_entered(p->run.q, &what) == 0)
			p->unreported[n++] = what;
	}
	p->unreported_count = 0;
	qsort(p->unreported, n, sizeof(*p->unreported), by_seq);
	p->run.summary.started += n;
	for (unsigned i = 0; i < n; i++)
		report_started(p, &p->unreported[i]);
}

static void report_later(struct producer *p, const struct procq_process *what)
{
	p->unreported[p->unreported_count++] = *what;
	if (p->unreported_count == UNREPORTED_MAX)
		report_all(p);
}

/* ---- starting ---- */

/* When a process is reaped, another may get its record: so report it first. */
static void producer_reap(struct producer *p)
{
	report_all(p);
	p->unreaped = 0;
	children_reap(&p->run);
}

/* Sleep until something happens, but no longer than PROCQ_PATIENCE: a parent
 * has to look at its children at least that often. */
static void producer_rest(struct producer *p, unsigned what, int64_t deadline)
{
	int64_t now = procq_now();

	deadline = time_min(deadline, time_after(now, PROCQ_PATIENCE));
	deadline = time_min(deadline, p->run.until);
	report_all(p);
	if (!run_stopped(&p->run) && deadline > now)
		children_sleep(&p->run, what | PROCQ_WAIT_CHILD, deadline);
	producer_reap(p);
	run_report_repairs(&p->run, false);
	run_tick(&p->run, p->run.summary.started, procq_now());
}

/* A process was started: when is the next one due? */
static void schedule(struct producer *p)
{
	struct rate *rate = &p->rate;

	if (p->flood)
		return;
	if (rate->n == 0) {
		p->due = time_after(procq_now(), run_draw_delay(&p->run));
		return;
	}
	p->due += (int64_t)(rate->unit / rate->n);
	rate->rest += rate->unit % rate->n;
	if (rate->rest >= rate->n) {
		rate->rest -= rate->n;
		p->due++;
	}
}

static void started(struct producer *p, const struct procq_process *what)
{
	p->full_since = 0;
	p->back_off = 0;
	p->ran = true;
	p->unreaped++;
	if (p->flood && !p->run.quiet) {
		report_later(p, what);
		if (p->run.summary.started < ONE_BY_ONE)
			report_all(p);
	} else {
		p->run.summary.started++;
		report_started(p, what);
	}
	schedule(p);
}

/* Is the time of --wait over? It begins with the first failure. */
static bool producer_waited(struct producer *p, int64_t now)
{
	if (p->full_since == 0)
		p->full_since = now;
	if (!p->run.waits || now - p->full_since < p->run.wait)
		return false;
	p->failed = true;
	return true;
}

static int64_t wait_deadline(const struct producer *p)
{
	return p->run.waits ? time_after(p->full_since, p->run.wait)
			    : PROCQ_FOREVER;
}

/* Is it time to collect the dead in the queue, or --wait about to be over? */
static bool must_collect(const struct producer *p, int64_t now)
{
	int64_t waited = p->full_since > 0 ? now - p->full_since : 0;

	return waited >= COLLECT_AFTER ||
	       (p->run.waits && waited >= p->run.wait);
}

static void no_room(struct producer *p, int err)
{
	uint32_t capacity = procq_capacity(p->run.q);
	bool first = p->full_since == 0;
	int64_t now = procq_now();

	if (err == -EAGAIN && must_collect(p, now) &&
	    children_collect(&p->run) > 0)
		return;
	if (producer_waited(p, now)) {
		complain(err == -ESHUTDOWN
			 ? _("gave up waiting until queue '%s' is opened")
			 : _("gave up waiting for room in queue '%s'"),
			 p->run.queue);
		run_fail(&p->run, EXIT_WAITED);
		return;
	}
	if (first && p->run.verbose && err == -ESHUTDOWN)
		complain(_("queue closed, waiting until it is opened"));
	else if (first && p->run.verbose)
		complain(_("queue full (%" PRIu32 "/%" PRIu32
			   "), waiting for a consumer"), capacity, capacity);
	/* A closed queue may have room, but not for a producer. */
	producer_rest(p, err == -ESHUTDOWN ? 0 : PROCQ_WAIT_ROOM,
		      wait_deadline(p));
}

/* A start failed, and may work in a moment. */
static void start_later(struct producer *p, const char *why)
{
	bool first = p->back_off == 0;
	int64_t half, deadline;

	if (producer_waited(p, procq_now())) {
		complain(_("gave up starting a process: %s"), why);
		run_fail(&p->run, EXIT_WAITED);
		return;
	}
	p->back_off = first ? BACK_OFF_MIN
			    : time_min(p->back_off * 2, BACK_OFF_MAX);
	/* Half of it at random, so that several producers do not try again at
	 * the same time. */
	half = p->back_off / 2;
	half += (int64_t)generator_below(&p->run.random, (uint64_t)half + 1);
	deadline = time_min(time_after(procq_now(), half), wait_deadline(p));
	producer_rest(p, 0, deadline);
}

/* The system has no process or no memory left. */
static void no_resources(struct producer *p, int err)
{
	char text[256];
	const char *why = err == -EUSERS
				  ? shortage_describe(text, sizeof(text))
				  : strerror(-err);

	if (p->back_off == 0)
		complain(_("cannot start a process for now: %s"), why);
	start_later(p, why);
}

/* Can the command be executed again in a moment? A file that is being written,
 * or, if it was there before, replaced. */
static bool is_passing(const struct producer *p, int err)
{
	switch (err) {
	case -ETXTBSY:
		return true;
	case -ENOENT:
	case -ESTALE:
	case -EIO:
	case -ENFILE:
	case -EAGAIN:
		return p->ran;
	default:
		return false;
	}
}

static void cannot_run_yet(struct producer *p, int err)
{
	p->run.summary.failed++;
	if (p->back_off == 0)
		complain(_("cannot run '%s' for now: %s"), p->command.argv[0],
			 strerror(-err));
	start_later(p, strerror(-err));
}

/* A process that could not execute its command is about to exit. Let it: its
 * status says why. */
static void await_exit(struct producer *p, const struct procq_process *what)
{
	int64_t deadline = time_after(procq_now(), EXIT_MAX);
	struct procq_process now;

	while (procq_child(p->run.q, what->slot, &now) == 0 &&
	       now.pid == what->pid && now.state == PROCQ_STATE_QUEUED &&
	       procq_now() < deadline) {
		children_sleep(&p->run, PROCQ_WAIT_CHILD,
			       time_after(procq_now(), NS_PER_MS));
		producer_reap(p);
	}
}

/* A start failed, and will fail again. */
static void cannot_start(struct producer *p, int err,
			 const struct procq_process *what)
{
	const struct procq_command *command = &p->command;

	p->failed = true;
	/* Of the queue; or of a file system, and then exec has failed. */
	if (err == -ESTALE)
		run_wait(&p->run, 0, procq_now());
	if (p->run.lost)
		return;
	if (err == -ENOTSUP) {
		complain(_("processes can't be made to die with their producer"
			   " here; with --keep they may outlive it"));
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	if (err == -EXDEV) {
		complain(_("cannot start a process: its children are in "
			   "another PID namespace (unshare --fork helps)"));
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	if (!command->argv || err == -EINVAL || err == -ENOSYS) {
		complain(_("cannot start a process: %s"),
			 _(procq_strerror(err)));
		run_fail(&p->run, EXIT_FAILED);
		return;
	}
	p->run.summary.failed++;
	complain(_("cannot run '%s': %s"), command->argv[0], strerror(-err));
	run_fail(&p->run, err == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
	if (what->pid > 0)
		await_exit(p, what);
}

static void start_one(struct producer *p)
{
	/* All zero if no process was started. */
	struct procq_process what = { .pid = 0 };
	int err = procq_spawn(p->run.q, &p->command, &what);

	/* -EAGAIN without a process is about the queue. */
	if (p->command.argv && is_passing(p, err) &&
	    (err != -EAGAIN || what.pid > 0)) {
		cannot_run_yet(p, err);
		return;
	}
	switch (err) {
	case 0:
		started(p, &what);
		break;
	case -EAGAIN:
	case -ESHUTDOWN:
		no_room(p, err);
		break;
	case -EIDRM:
		run_removed(&p->run);
		break;
	case -ECANCELED:
		/* It was killed before it had entered. */
		producer_reap(p);
		break;
	case -EUSERS:
	case -ENOMEM:
		no_resources(p, err);
		break;
	default:
		cannot_start(p, err, &what);
	}
}

static bool producer_finished(struct producer *p)
{
	struct run *r = &p->run;

	/* Those that are not reported yet may die before they enter. */
	if (r->counted && r->summary.started + p->unreported_count >= r->count)
		report_all(p);
	return p->failed || run_stopped(r) ||
	       (r->counted && r->summary.started >= r->count);
}

/* Between two starts: look for dead children, for signals, and at the clock.
 * Returns false at the end of -t. */
static bool look_around(struct producer *p)
{
	int64_t now;

	if (p->flood && p->unreaped < REAP_EVERY && p->unreaped > 0)
		return true;
	producer_reap(p);
	now = procq_now();
	run_tick(&p->run, p->run.summary.started, now);
	return !run_timed_out(&p->run, now);
}

static void produce(struct producer *p)
{
	p->due = p->run.begun;
	if (p->rate.n == 0)
		schedule(p);
	while (!producer_finished(p) && look_around(p)) {
		if (!p->flood && procq_now() < p->due)
			producer_rest(p, 0, p->due);
		else if (!run_can_report(&p->run))
			producer_rest(p, 0, PROCQ_FOREVER);
		else
			start_one(p);
	}
	report_all(p);
}

/* ---- ending ---- */

static enum on_exit choose_end(struct producer *p)
{
	if (p->on_exit != ON_EXIT_DEFAULT)
		return p->on_exit;
	if (p->failed || run_stopped(&p->run))
		return ON_EXIT_KILL;
	return ON_EXIT_DRAIN;
}

/* Nobody finds those that are left by the queue. */
static void name_kept(struct producer *p)
{
	struct procq_process *all;
	uint32_t room = procq_capacity(p->run.q);
	int n;

	all = calloc(room, sizeof(*all));
	n = all ? procq_snapshot(p->run.q, all, room) : 0;
	for (int i = 0; i < n && (uint32_t)i < room; i++)
		if (all[i].producer == procq_incarnation(p->run.q) &&
		    all[i].state == PROCQ_STATE_QUEUED)
			complain(_("process %" PRId32 " is left, in no queue"),
				 all[i].pid);
	free(all);
}

static void producer_finish(struct producer *p)
{
	enum on_exit end = choose_end(p);

	if (end == ON_EXIT_DRAIN && !children_drain(&p->run))
		end = ON_EXIT_KILL;
	if (end == ON_EXIT_KILL)
		children_kill(&p->run, p->no_group);
	producer_reap(p);
	if (p->run.removed && p->command.flags & PROCQ_SPAWN_KEEP)
		name_kept(p);
	run_report_repairs(&p->run, true);
	p->run.summary.left = procq_children(p->run.q);
}

static bool producer_join(struct producer *p)
{
	int err = run_open(&p->run, &p->options);

	if (err == 0)
		return true;
	if (err != -EINTR || !run_stopped(&p->run))
		complain_open(p->run.queue, &p->options, err);
	run_fail(&p->run, EXIT_FAILED);
	return false;
}

int main(int argc, char **argv)
{
	/* Its histograms are too large for a stack. */
	static struct producer p;

	program_start("producer", argv);
	run_init(&p.run, summary_print_started);
	p.options = (struct procq_options)PROCQ_OPTIONS_INIT;
	p.options.role = PROCQ_ROLE_PRODUCER;
	/* Nothing else waits for a child, even one from before the exec. */
	p.options.flags = PROCQ_OPEN_REAP_ALL;
	p.command = (struct procq_command)PROCQ_COMMAND_INIT;
	p.on_exit = ON_EXIT_DEFAULT;
	producer_parse(&p, argc, argv);
	run_begin(&p.run);
	/* The library holds off cancelling around each start, which the libc
	 * notes in the thread's own page. Held off for good, that page is not
	 * written to after a fork, which would copy it. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	signals_take_children();
	p.command.mask = &p.run.mask;
	if (!producer_join(&p))
		return run_end(&p.run);
	produce(&p);
	producer_finish(&p);
	signals_wake(NULL);
	procq_close(p.run.q);
	return run_end(&p.run);
}
