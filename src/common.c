/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common.c - how the programs begin and end, complain, read options, and take
 * signals.
 *
 * Signal handlers here only set flags, wake the queue's wait, and, where
 * there is no way on, write and leave. Must not know what a program does.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "common.h"
#include "duration.h"
#include "i18n.h"
#include "safe.h"
#include "signame.h"
#include "summary.h"

/* Bytes of a message. Even if each is escaped, it fits into one write(). */
#define MESSAGE_SIZE 2000

static const char *name_of_program = "procq";

/* The progress line that is on the screen, to be wiped before a message. */
static struct progress *progress_on_screen;

/* Beginning. */

/* An open file must not become the standard output that lines go to: a free
 * low descriptor is filled so that using it fails. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static void close_stdout(void)
{
	int failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) != 0 || failed) {
		if (errno != 0)
			complain(_("standard output: %s"), strerror(errno));
		else
			complain(_("standard output: write error"));
		_exit(EXIT_FAILED);
	}
	if (fflush(stderr) != 0)
		_exit(EXIT_FAILED);
}

void program_start(const char *name, char **argv)
{
	/* The memory that argv[0] pointed to is not touched: ps shows how the
	 * program was called. */
	static char literal[16];

	name_of_program = name;
	snprintf(literal, sizeof(literal), "%s", name);
	if (argv[0])
		argv[0] = literal;
	fill_standard_descriptors();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	/* No more than is used: each category is a file that is mapped, and
	 * that a fork has to copy the mapping of. */
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	setlocale(LC_NUMERIC, "C");
#if defined ENABLE_NLS && ENABLE_NLS
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
#endif
	tzset();
	atexit(close_stdout);
}

const char *program_name(void)
{
	return name_of_program;
}

/* Complaining. */

/* What a user, or somebody else, has named is part of it, and must not do to
 * the terminal what it likes. */
__attribute__((__format__(__printf__, 1, 0)))
static void complain_list(const char *format, va_list args)
{
	char text[MESSAGE_SIZE], safe[4 * MESSAGE_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	if (progress_on_screen)
		progress_wipe(progress_on_screen);
	/* stderr is line-buffered, so this is one write(). */
	fprintf(stderr, "%s: %s\n", name_of_program,
		safe_text(text, safe, sizeof(safe)));
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_list(format, args);
	va_end(args);
}

_Noreturn void usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_list(format, args);
	va_end(args);
	usage_try();
}

_Noreturn void usage_try(void)
{
	fprintf(stderr, _("Try '%s --help' for more information.\n"),
		name_of_program);
	exit(EXIT_USAGE);
}

void complain_unopened(const char *queue, const struct procq_options *options,
		       int err)
{
	uint32_t found = options->found;

	switch (err) {
	case -EEXIST:
		complain(_("queue '%s': it has a capacity of %" PRIu32
			   ", not %" PRIu32), queue, found,
			 options->capacity);
		break;
	case -EPERM:
		complain(_("queue '%s': it belongs to the user with ID %"
			   PRIu32), queue, found);
		break;
	case -EPROTONOSUPPORT:
		complain(_("queue '%s': it has another layout (version %"
			   PRIu32 ")"), queue, found);
		break;
	case -ETIMEDOUT:
		complain(_("queue '%s': process %" PRIu32
			   " has not finished setting it up"), queue, found);
		break;
	case -ENOTSUP:
		complain(_("queue '%s': without /proc nobody can tell whose "
			   "PIDs it holds"), queue);
		break;
	default:
		complain(_("queue '%s': %s"), queue, _(procq_strerror(err)));
		break;
	}
}

bool is_wreck(int err)
{
	return err == -EBADMSG || err == -EPROTONOSUPPORT ||
	       err == -ESTALE || err == -EXDEV;
}

/* Where the C library has the objects. */
#define SHM_DIRECTORY "/dev/shm"

bool shm_is_missing(void)
{
#ifdef __linux__
	return access(SHM_DIRECTORY, F_OK) < 0 && errno == ENOENT;
#else
	return false;
#endif
}

static bool shm_is_closed_to_us(void)
{
#ifdef __linux__
	return access(SHM_DIRECTORY, W_OK | X_OK) < 0 && errno == EACCES;
#else
	return false;
#endif
}

void complain_shm_missing(void)
{
	complain(_("there is no POSIX shared memory here: %s is missing"),
		 SHM_DIRECTORY);
	complain(_("root makes it by 'mkdir -p %s; mount -t tmpfs -o "
		   "mode=1777 tmpfs %s'"), SHM_DIRECTORY, SHM_DIRECTORY);
}

/* What helps, where something does. */
static void advise(const char *queue, int err)
{
	char object[PROCQ_NAME_SIZE];

	switch (err) {
	case -ENODEV:
		if (procq_object_name(queue, object) == 0)
			complain(_("it is %s%s; a queue of another name leaves "
				   "it alone"), SHM_DIRECTORY, object);
		return;
	case -ENOENT:
		complain(_("'procq list' shows the queues on this machine"));
		return;
	case -EACCES:
		if (shm_is_closed_to_us())
			complain(_("everybody has to be allowed to write to "
				   "%s: root does that by 'chmod 1777 %s'"),
				 SHM_DIRECTORY, SHM_DIRECTORY);
		else
			complain(_("its creator lets others in by 'producer "
				   "--mode'"));
		return;
	case -EEXIST:
		complain(_("without --capacity it is used as it is"));
		return;
	case -ENOSPC:
		complain(_("with a smaller --capacity it takes less"));
		return;
	case -EFBIG:
		complain(_("'ulimit -f' sets the limit; with a smaller "
			   "--capacity it takes less"));
		return;
	case -EMFILE:
		complain(_("'ulimit -n' sets the limit"));
		return;
	case -EXDEV:
		complain(_("it can be used by processes of that namespace"));
		return;
	}
	if (is_wreck(err))
		complain(_("if nobody needs it, 'procq remove --force %s' "
			   "unlinks it"), queue);
}

void complain_open(const char *queue, const struct procq_options *options,
		   int err)
{
	if ((err == -ENOENT || err == -ENOSYS) && shm_is_missing()) {
		complain_shm_missing();
		return;
	}
	complain_unopened(queue, options, err);
	advise(queue, err);
}

/* Help. */

void help_version_lines(void)
{
	fputs(_("      --help                 display this help and exit\n"),
	      stdout);
	fputs(_("      --version              output version information and"
		" exit\n"), stdout);
}

void help_tail(void)
{
	printf(_("\nReport bugs to: <%s>\n"), PACKAGE_BUGREPORT);
	if (*PACKAGE_URL)
		printf(_("%s home page: <%s>\n"), PACKAGE_NAME, PACKAGE_URL);
}

void print_version(void)
{
	printf("%s (%s) %s\n", name_of_program, PACKAGE_NAME, PACKAGE_VERSION);
	fputs("Copyright (C) 2026 the procq authors\n", stdout);
	fputs(_("License GPLv3+: GNU GPL version 3 or later "
		"<https://gnu.org/licenses/gpl.html>.\n"
		"This is free software: you are free to change and "
		"redistribute it.\n"
		"There is NO WARRANTY, to the extent permitted by law.\n"),
	      stdout);
}

/* Options. */

static _Noreturn void bad_argument(const char *option, const char *text,
				   const char *why)
{
	usage_error(_("invalid argument '%s' for --%s: %s"), text, option,
		    why);
}

uint64_t option_number(const char *option, const char *text, uint64_t min,
		       uint64_t max)
{
	char why[128];
	bool over = false;
	uint64_t value = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '9'; n++) {
		uint64_t digit = (uint64_t)(text[n] - '0');

		over = over || value > (UINT64_MAX - digit) / 10;
		value = value * 10 + digit;
	}
	if (n == 0 || text[n] != '\0')
		bad_argument(option, text, _("a whole number is expected"));
	if (!over && value >= min && value <= max)
		return value;
	snprintf(why, sizeof(why), _("it has to be from %" PRIu64 " to %"
				     PRIu64), min, max);
	bad_argument(option, text, why);
}

mode_t option_mode(const char *option, const char *text)
{
	unsigned mode = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '7' && n < 5; n++)
		mode = mode * 8 + (unsigned)(text[n] - '0');
	if (n == 0 || text[n] != '\0' || mode > 0777)
		bad_argument(option, text,
			     _("octal permissions are expected, such as 0660"));
	return (mode_t)mode;
}

int64_t option_duration(const char *option, const char *text)
{
	int64_t ns;
	const char *why = duration_parse(text, &ns);

	if (why)
		bad_argument(option, text, _(why));
	return ns;
}

void option_distribution(const char *option, const char *text,
			 struct distribution *out)
{
	const char *why = distribution_parse(text, out);

	if (why)
		bad_argument(option, text, _(why));
}

int option_signal(const char *option, const char *text)
{
	int signo = signame_parse(text);

	if (signo < 0)
		bad_argument(option, text, _("no such signal"));
	return signo;
}

enum output_format option_format(const char *option, const char *text)
{
	static const char *const words[] = { "text", "json", "tsv", NULL };

	return (enum output_format)option_word(option, text, words);
}

int option_word(const char *option, const char *text,
		const char *const *words)
{
	char why[256];
	size_t used;

	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	used = (size_t)snprintf(why, sizeof(why), "%s",
				_("it has to be one of"));
	for (int i = 0; words[i] && used < sizeof(why); i++)
		used += (size_t)snprintf(why + used, sizeof(why) - used,
					 "%s %s", i > 0 ? "," : "", words[i]);
	bad_argument(option, text, why);
}

/* Is it a folder's name for itself or for the one above? */
static bool is_folder(const char *name)
{
	name += *name == '/';
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

const char *option_queue(const char *given)
{
	char object[PROCQ_NAME_SIZE];
	const char *name = given;
	const char *why;
	int err;

	if (!name)
		name = getenv("PROCQ_QUEUE");
	/* An empty variable is as good as none; an empty option is not. */
	if (!name || (!given && *name == '\0'))
		name = "default";
	err = procq_object_name(name, object);
	if (err == 0)
		return name;
	if (err == -ENAMETOOLONG)
		why = _("it is longer than the system allows");
	else if (*name == '\0')
		why = _("it is empty");
	else if (is_folder(name))
		why = _("'.' and '..' are no names");
	else
		why = _("a slash can only be its first character, and a name"
			" follows");
	if (given)
		usage_error(_("invalid queue name '%s': %s"), name, why);
	usage_error(_("invalid queue name '%s' in PROCQ_QUEUE: %s"), name,
		    why);
}

/* Signals. */

/* Signals that come so soon after one another, in ns, are the same wish. */
#define SAME_WISH (50 * NS_PER_MS)

static volatile sig_atomic_t stops;
static volatile sig_atomic_t stopped_by;
static volatile sig_atomic_t statistics_wanted;
static struct procq *volatile to_wake;

static void wake(void)
{
	struct procq *q = to_wake;

	if (q)
		procq_wake(q);
}

static void on_stop(int signo)
{
	/* Only this handler uses it, and it does not interrupt itself. */
	static int64_t last;
	int saved = errno;
	int64_t now = procq_now();

	if (stops == 0)
		stopped_by = signo;
	if ((stops == 0 || now - last > SAME_WISH) && stops < 100)
		stops++;
	last = now;
	wake();
	errno = saved;
}

static void on_statistics(int signo)
{
	int saved = errno;

	(void)signo;
	statistics_wanted = 1;
	wake();
	errno = saved;
}

static void on_child(int signo)
{
	int saved = errno;

	(void)signo;
	wake();
	errno = saved;
}

/* write() then says EPIPE, or EFBIG; SIG_IGN would do so too, but children
 * inherit that. */
static void on_refusal(int signo)
{
	(void)signo;
}

static bool is_ignored(int signo)
{
	struct sigaction old;

	return sigaction(signo, NULL, &old) == 0 &&
	       old.sa_handler == SIG_IGN;
}

/* Signals that end a program which does not take them: it has to clean up
 * before. The first two it is sent on purpose; the others stay ignored if
 * they were, as nohup has it. */
static const int stop_signals[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR2, SIGXCPU
};

#define ALWAYS_TAKEN 2
#define NSTOPS (sizeof(stop_signals) / sizeof(*stop_signals))

static void take(int signo, void (*handler)(int), int flags)
{
	struct sigaction sa;
	sigset_t set;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sa.sa_flags = flags;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < NSTOPS; i++)
		sigaddset(&sa.sa_mask, stop_signals[i]);
	sigaction(signo, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void signals_start(sigset_t *started)
{
	sigprocmask(SIG_SETMASK, NULL, started);
	/* No SA_RESTART: a write() that blocks has to see the signal. */
	for (size_t i = 0; i < NSTOPS; i++)
		if (i < ALWAYS_TAKEN || !is_ignored(stop_signals[i]))
			take(stop_signals[i], on_stop, 0);
	take(SIGUSR1, on_statistics, 0);
	if (!is_ignored(SIGPIPE))
		take(SIGPIPE, on_refusal, SA_RESTART);
	if (!is_ignored(SIGXFSZ))
		take(SIGXFSZ, on_refusal, SA_RESTART);
}

void signals_take_children(void)
{
	take(SIGCHLD, on_child, SA_RESTART | SA_NOCLDSTOP);
	signals_hear_children(false);
}

void signals_hear_children(bool hear)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(hear ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

void signals_wake(struct procq *q)
{
	to_wake = q;
}

struct procq *signals_queue(void)
{
	return to_wake;
}

int signals_stops(void)
{
	return stops;
}

const volatile sig_atomic_t *signals_stops_at(void)
{
	return &stops;
}

int signals_stopped_by(void)
{
	return stopped_by;
}

bool signals_statistics(void)
{
	if (!statistics_wanted)
		return false;
	statistics_wanted = 0;
	return true;
}

bool signals_pipe_ignored(void)
{
	return is_ignored(SIGPIPE);
}

_Noreturn void die_of_signal(int signo)
{
	struct sigaction sa;
	sigset_t set;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sigemptyset(&sa.sa_mask);
	sigaction(signo, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
	_exit(128 + signo);
}

/* Times. */

int64_t time_after(int64_t now, int64_t ns)
{
	return ns > PROCQ_FOREVER - now ? PROCQ_FOREVER : now + ns;
}

int64_t time_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The progress line. */

#define PROGRESS_EVERY (500 * NS_PER_MS)
#define PROGRESS_WIDTH 72

void progress_start(struct progress *p, enum progress_wish wish,
		    uint64_t count, int64_t duration, int64_t now)
{
	memset(p, 0, sizeof(*p));
	p->count = count;
	p->duration = duration;
	p->begun = now;
	p->next = now;
	p->on = wish == PROGRESS_ON;
	if (wish == PROGRESS_AUTO)
		p->on = (count > 0 || duration > 0) &&
			isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	if (!p->on)
		p->next = PROCQ_FOREVER;
}

/* How long it will take yet, in ns; -1: unknown. */
static int64_t progress_left(const struct progress *p, uint64_t done,
			     int64_t elapsed)
{
	int64_t left = -1;

	if (p->duration > 0)
		left = p->duration > elapsed ? p->duration - elapsed : 0;
	if (p->count > 0 && done > 0 && done <= p->count) {
		double each = (double)elapsed / (double)done;
		double need = each * (double)(p->count - done);

		if (need < 1e18 && (left < 0 || need < (double)left))
			left = (int64_t)need;
	}
	return left;
}

void progress_show(struct progress *p, uint64_t done, int64_t now)
{
	char text[PROGRESS_WIDTH + 1], total[32] = "", rate[32];
	char left[DURATION_SIZE] = "";
	int64_t ns;

	if (now < p->next)
		return;
	p->next = now + PROGRESS_EVERY;
	ns = progress_left(p, done, now - p->begun);
	if (p->count > 0)
		snprintf(total, sizeof(total), "/%" PRIu64 " (%d%%)",
			 p->count, (int)((double)done * 100 /
					 (double)p->count));
	if (ns >= 0)
		duration_seconds(ns + NS_PER_S / 2, 3, left);
	/* Whole seconds, rounded. */
	left[strcspn(left, ".")] = '\0';
	snprintf(text, sizeof(text), *left ? _("%" PRIu64 "%s, %s, %ss left")
					   : "%" PRIu64 "%s, %s", done, total,
		 rate_text(done, now - p->begun, rate), left);
	fprintf(stderr, "\r%-*s", PROGRESS_WIDTH, text);
	fflush(stderr);
	p->shown = true;
	progress_on_screen = p;
}

void progress_wipe(struct progress *p)
{
	if (!p->shown)
		return;
	fprintf(stderr, "\r%*s\r", PROGRESS_WIDTH, "");
	fflush(stderr);
	p->shown = false;
	progress_on_screen = NULL;
}
