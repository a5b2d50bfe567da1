/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.c - the end of a program whose queue gives way under it.
 * Handlers: they must not do more than write() and end.
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

/* Made before they are needed. */
static char truncated[256], damaged[256];

/* Somebody made the queue's object shorter than it has to be. */
static void on_bus(int signo, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code <= 0)
		die_of_signal(signo);
	(void)!write(STDERR_FILENO, truncated, strlen(truncated));
	_exit(EXIT_FAILED);
}

/* The C library aborts at a semaphore that is none, and at one that is cut
 * off just when it asks the kernel about it: a look at the whole queue tells,
 * being SIGBUS then. It also aborts at what is a mistake of ours: so the
 * signal, and a core, stay what they are. */
static void on_abort(int signo, siginfo_t *info, void *context)
{
	struct procq_stat stat;

	(void)context;
	/* Not if somebody else sent it. */
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
		   "'procq check' tells, 'procq remove' makes way for a new "
		   "one\n"), program_name());
	memset(&sa, 0, sizeof(sa));
	/* Nobody else's handler in between: it could touch the queue again,
	 * and a second SIGBUS within the first one kills. */
	sigfillset(&sa.sa_mask);
	sa.sa_sigaction = on_bus;
	sa.sa_flags = SA_SIGINFO;
	sigaction(SIGBUS, &sa, NULL);
	sigdelset(&sa.sa_mask, SIGBUS);
	sa.sa_sigaction = on_abort;
	sigaction(SIGABRT, &sa, NULL);
}
