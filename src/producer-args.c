/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-args.c - one process for each line of --args-from; what an earlier
 * run has done, as producer-resume.c sees it, is left out.
 *
 * Must not start a process, and not lose a line: it is the next one until its
 * process has executed its command.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "producer.h"
#include "run.h"
#include "signals.h"

extern char **environ;

/* How often a file is looked at for a line, if no thread can; ns. */
#define UNASKED (100 * NS_PER_MS)

/* Of what exec takes, left for the variables that procq sets, and as POSIX
 * wants it. */
#define ARGS_SPARE 4096
/* The longest argument that Linux takes, with its NUL; elsewhere all of them
 * together are the limit. */
#define ARGUMENT_MAX (32 * 4096)

bool template_has(const char *text, const char *field)
{
	for (const char *s = text; s && (s = strstr(s, field)); s++)
		if (s == text || s[-1] != '$')
			return true;
	return false;
}

static size_t count_inputs(const char *text)
{
	size_t n = 0;

	for (const char *s = text; (s = strstr(s, "{}")); s += 2)
		n += s == text || s[-1] != '$';
	return n;
}

/* ---- options ---- */

/* COMMAND with {} behind it, if no argument has that. */
static const char *const *append_input(const char *const *argv)
{
	static const char input[] = "{}";
	const char **more;
	size_t n = 0;

	for (; argv[n]; n++)
		if (n > 0 && template_has(argv[n], input))
			return argv;
	more = calloc(n + 2, sizeof(*more));
	if (!more) {
		complain("%s", strerror(ENOMEM));
		exit(EXIT_FAILED);
	}
	memcpy(more, argv, n * sizeof(*more));
	more[n] = input;
	return more;
}

/* The longest line: no argument, nor all of them, may be too long for exec. */
static size_t longest_line(const char *const *argv)
{
	long most = sysconf(_SC_ARG_MAX);
	size_t all = most > 0 ? (size_t)most : _POSIX_ARG_MAX, used = ARGS_SPARE;
	size_t inputs = 0, limit = ARGUMENT_MAX - 1;

	for (char **e = environ; e && *e; e++)
		used += strlen(*e) + 1 + sizeof(*e);
	for (size_t i = 0; argv[i]; i++) {
		size_t n = count_inputs(argv[i]), length = strlen(argv[i]);
		size_t each = n > 0 && length < ARGUMENT_MAX
				      ? (ARGUMENT_MAX - 1 - length) / n + 2
				      : limit;

		used += length + 1 + sizeof(*argv);
		inputs += n;
		limit = each < limit ? each : limit;
	}
	all = all > used ? (all - used) / (inputs ? inputs : 1) : 0;
	return all < limit ? all : limit;
}

/* Names the fields that a path may have. */
static void check_output(const char *pattern)
{
	static const char *const known[] = { "{seq}", "{slot}", "{pid}",
					     "{label}" };

	for (const char *s = pattern; (s = strchr(s, '{')); s++) {
		const char *end = strchr(s, '}');
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			found |= strncmp(s, known[i], strlen(known[i])) == 0;
		if (!found && end)
			usage_error(_("--job-output: '%.*s' is none of {seq}, "
				      "{slot}, {pid} and {label}"),
				    (int)(end + 1 - s), s);
	}
	if (*pattern == '\0')
		usage_error(_("--job-output: the name is empty"));
}

/* Its folder, as far as that is the same for all. */
static void check_folder(const char *pattern)
{
	size_t size = strcspn(pattern, "{");
	char *folder = strndup(pattern, size), *slash;
	struct stat st;

	slash = folder ? strrchr(folder, '/') : NULL;
	if (slash && slash > folder) {
		*slash = '\0';
		if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
			errno = ENOTDIR;
		else if (access(folder, W_OK | X_OK) == 0)
			slash = NULL;
		if (slash) {
			complain(_("--job-output: folder '%s': %s"), folder,
				 strerror(errno));
			exit(EXIT_FAILED);
		}
	}
	free(folder);
}

/* The name of an option that says something of commands; NULL: none is given.
 */
static const char *commands_option(const struct producer *p)
{
	if (p->args.file)
		return "args-from";
	if (p->command.output)
		return "job-output";
	if (p->command.flags & PROCQ_SPAWN_STDIN)
		return "stdin";
	if (p->halt)
		return "halt";
	return p->fail ? "fail" : NULL;
}

void producer_settle_args(struct producer *p)
{
	struct procq_command *command = &p->command;
	const char *const *argv = command->argv;
	const bool listed = p->args.file;

	if (!argv && commands_option(p))
		usage_error(_("--%s needs a COMMAND"), commands_option(p));
	if (p->resume_log && !listed)
		usage_error(_("--resume needs --args-from"));
	if (p->args.end == '\0' && !listed)
		usage_error(_("--null needs --args-from"));
	if (listed && p->replace)
		usage_error(_("--replace and --args-from can't both be given"));
	if (listed && strcmp(p->args.file, "-") == 0 &&
	    command->flags & PROCQ_SPAWN_STDIN)
		usage_error(_("--stdin: standard input is what --args-from=- "
			      "reads"));
	if (command->output) {
		check_output(command->output);
		check_folder(command->output);
	}
	if (!argv)
		return;
	for (size_t i = 0; argv[i]; i++)
		if (!listed && template_has(argv[i], "{}"))
			usage_error(_("'{}' in COMMAND needs --args-from (a "
				      "script may have it)"));
	if (template_has(argv[0], "{}") || template_has(argv[0], "{seq}") ||
	    template_has(argv[0], "{slot}"))
		usage_error(_("'%s': the name of COMMAND is the same for all "
			      "('sh -c {}' runs each line as a script)"),
			    argv[0]);
	command->flags |= PROCQ_SPAWN_FILL;
	if (!listed)
		return;
	command->argv = append_input(argv);
	p->args.limit = longest_line(command->argv);
	p->args.news = signals_news;
}

/* ---- the file, and the log ---- */

static const char *args_name(const struct producer *p)
{
	return strcmp(p->args.file, "-") == 0 ? _("standard input")
					      : p->args.file;
}

/* Say what is wrong. Returns false if nothing is. */
static bool complain_args(struct producer *p, enum args_result result)
{
	const char *name = args_name(p);

	switch (result) {
	case ARGS_NUL:
		complain(_("--args-from: '%s': line %" PRIu64 " has a NUL; "
			   "--null reads lines that end with one"),
			 name, p->args.number);
		return true;
	case ARGS_LONG:
		complain(_("--args-from: '%s': line %" PRIu64 " is too long "
			   "for an argument: at most %zu bytes here"),
			 name, p->args.number, p->args.limit);
		return true;
	case ARGS_CUT:
		complain(_("--args-from: '%s': it had %" PRIu64 " lines, and "
			   "has been cut off after line %" PRIu64),
			 name, p->args.lines, p->args.number);
		return true;
	case ARGS_ERROR:
		complain(_("--args-from: '%s': %s"), name,
			 strerror(-p->args.err));
		return true;
	case ARGS_LINE:
	case ARGS_LATER:
	case ARGS_END:
	default:
		return false;
	}
}

void producer_open_args(struct producer *p)
{
	uint64_t lines = 0;
	int err;

	if (!p->args.file)
		return;
	err = args_open(&p->args);
	if (err < 0) {
		complain(_("--args-from: '%s': %s"), args_name(p),
			 strerror(-err));
		exit(EXIT_FAILED);
	}
	if (complain_args(p, args_check(&p->args, &lines)))
		exit(EXIT_FAILED);
	p->args.number = 0;
	if (p->resume_log && !producer_read_log(p))
		exit(EXIT_FAILED);
	lines = lines > p->resume.count ? lines - p->resume.count : 0;
	if (lines > 0 && (!p->run.counted || lines < p->run.count))
		p->run.progress.count = lines;
}

/* ---- one line after the other ---- */

bool producer_next_args(struct producer *p)
{
	const char *line;
	enum args_result result = ARGS_LINE;

	if (!p->args.file)
		return true;
	while (!p->command.input) {
		result = args_line(&p->args, &line);
		if (result != ARGS_LINE)
			break;
		if (resume_takes(&p->resume, line))
			args_done(&p->args);
		else
			p->command.input = line;
	}
	if (result == ARGS_LINE)
		return true;
	if (result == ARGS_LATER) {
		run_hint(&p->run, HINT_LINES, 0);
		producer_rest(p, 0, p->args.asked
				       ? PROCQ_FOREVER
				       : time_after(procq_now(), UNASKED));
		return false;
	}
	p->listed = true;
	if (complain_args(p, result))
		run_fail(&p->run, EXIT_FAILED);
	return false;
}

void producer_used_args(struct producer *p, const struct procq_process *what)
{
	if (!p->args.file)
		return;
	/* Without memory for it, the log lacks it, and it would be run again.
	 */
	if (jobs_set_args(&p->run.jobs, what, p->command.input) < 0) {
		complain("%s", strerror(ENOMEM));
		run_fail(&p->run, EXIT_FAILED);
	}
	p->command.input = NULL;
	args_done(&p->args);
}

const char *producer_args_of(void *arg, const struct procq_process *what)
{
	const struct producer *p = arg;
	const struct job *job = jobs_find(&p->run.jobs, what);

	return job ? job->args : NULL;
}
