/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signals.c - the signals that a program handles.
 *
 * The handlers must only set flags and end the queue's wait.
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procq.h"

#include "duration.h"
#include "signals.h"

/* Signals less than this apart, in ns, count as one. */
#define SAME_SIGNAL (50 * NS_PER_MS)

static volatile sig_atomic_t stops;
static volatile sig_atomic_t stopped_by;
static volatile sig_atomic_t statistics_wanted;
static volatile sig_atomic_t reopen_wanted;
static struct procq *volatile to_wake;
static pthread_t main_thread;

static void wake(void)
{
	struct procq *q = to_wake;

	if (q)
		procq_wake(q);
}

static void on_stop(int signo)
{
	/* Only this handler uses it, and does not interrupt itself. */
	static int64_t last;
	int saved = errno;
	int64_t now = procq_now();

	if (stops == 0)
		stopped_by = signo;
	if ((stops == 0 || now - last > SAME_SIGNAL) && stops < 100)
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

static void on_reopen(int signo)
{
	int saved = errno;

	(void)signo;
	reopen_wanted = 1;
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

/* The writer's thread has news: lines can't be written, or there is room. */
static void on_news(int signo)
{
	int saved = errno;

	(void)signo;
	wake();
	errno = saved;
}

/* write() then fails with EPIPE or EFBIG. With SIG_IGN it would, too, but
 * children inherit that. */
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

/* Signals that would end a program before it has cleaned up. INT and TERM are
 * always handled; the others stay ignored if they were (nohup). */
static const int stop_signals[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGXCPU
};

#define ALWAYS_HANDLED 2
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
	/* No SA_RESTART: a write() that blocks must return at the signal. */
	for (size_t i = 0; i < NSTOPS; i++)
		if (i < ALWAYS_HANDLED || !is_ignored(stop_signals[i]))
			take(stop_signals[i], on_stop, 0);
	take(SIGUSR1, on_statistics, 0);
	if (!is_ignored(SIGUSR2))
		take(SIGUSR2, on_reopen, 0);
	main_thread = pthread_self();
	take(SIGURG, on_news, 0);
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

void signals_reap_others(void)
{
	/* Not SIG_IGN, which what is executed would inherit. */
	struct sigaction sa = { .sa_handler = SIG_DFL,
				.sa_flags = SA_NOCLDWAIT };

	if (getpid() != 1)
		return;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGCHLD, &sa, NULL);
	/* Those that were there before. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

void signals_news(void)
{
	pthread_kill(main_thread, SIGURG);
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

bool signals_reopen(void)
{
	if (!reopen_wanted)
		return false;
	reopen_wanted = 0;
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
