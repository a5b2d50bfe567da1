/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.c - the end of a program whose queue is damaged while it uses it.
 *
 * Its signal handlers must only write() and end the program.
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "fault.h"
#include "i18n.h"
#include "signals.h"

/* The messages, made in advance: a handler can't. */
static char truncated[256], damaged[256];

/* The queue's object was truncated. */
static void on_bus(int signo, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code <= 0)
		die_of_signal(signo);
	(void)!write(STDERR_FILENO, truncated, strlen(truncated));
	_exit(EXIT_FAILED);
}

/* The C library aborts if a semaphore is damaged, or is truncated just when the
 * kernel is asked about it. In the second case, a look at the whole queue
 * raises SIGBUS. The C library also aborts because of mistakes of our own: so
 * the signal stays, and its core. */
static void on_abort(int signo, siginfo_t *info, void *context)
{
	struct procq_stat stat;

	(void)context;
	/* Not if another process sent it. */
	if (info->si_pid == getpid()) {
		if (signals_queue())
			procq_stat(signals_queue(), &stat);
		(void)!write(STDERR_FILENO, damaged, strlen(damaged));
	}
	die_of_signal(signo);
}

void fault_catch(void)
{
	struct sigaction sa;

	snprintf(truncated, sizeof(truncated),
		 _("%s: the queue's shared memory was truncated\n"),
		 program_name());
	snprintf(damaged, sizeof(damaged),
		 _("%s: aborted; the queue's shared memory may be damaged: "
		   "run 'procq check', or 'procq remove' to make way for a new "
		   "one\n"), program_name());
	memset(&sa, 0, sizeof(sa));
	/* No other handler in between: it could touch the queue again, and a
	 * second SIGBUS within the first one kills. */
	sigfillset(&sa.sa_mask);
	sa.sa_sigaction = on_bus;
	sa.sa_flags = SA_SIGINFO;
	sigaction(SIGBUS, &sa, NULL);
	sigdelset(&sa.sa_mask, SIGBUS);
	sa.sa_sigaction = on_abort;
	sigaction(SIGABRT, &sa, NULL);
}
