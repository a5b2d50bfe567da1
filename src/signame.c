/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signame.c - signals by name and by number.
 *
 * It has its own table: sigabbrev_np() is in glibc only, str2sig() nearly
 * nowhere. Must not translate.
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "signame.h"

struct named {
	const char *name;
	int signo;
};

/* If a number has several names, the first one is written. */
static const struct named names[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "CHLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "SYS", SIGSYS },
#ifdef SIGWINCH
	{ "WINCH", SIGWINCH },
#endif
#ifdef SIGPOLL
	{ "POLL", SIGPOLL },
#endif
#ifdef SIGIO
	{ "IO", SIGIO },
#endif
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
#ifdef SIGPWR
	{ "PWR", SIGPWR },
#endif
#ifdef SIGEMT
	{ "EMT", SIGEMT },
#endif
#ifdef SIGINFO
	{ "INFO", SIGINFO },
#endif
#ifdef SIGIOT
	{ "IOT", SIGIOT },
#endif
#ifdef SIGCLD
	{ "CLD", SIGCLD },
#endif
};

#define COUNT (sizeof(names) / sizeof(*names))

#ifdef SIGRTMAX
# define LAST_SIGNAL SIGRTMAX
#elif defined NSIG
# define LAST_SIGNAL (NSIG - 1)
#else
# define LAST_SIGNAL 64
#endif

/* A number of at most three digits and nothing else, or -1. */
static int small_number(const char *text)
{
	int value = 0;
	size_t n = 0;

	for (; text[n]; n++) {
		if (text[n] < '0' || text[n] > '9' || n == 3)
			return -1;
		value = value * 10 + (text[n] - '0');
	}
	return n > 0 ? value : -1;
}

#ifdef SIGRTMIN
/* What follows RTMIN or RTMAX: nothing, +n or -n, counted from base. */
static int parse_realtime(const char *rest, int base, char sign)
{
	int n, signo;

	if (*rest == '\0')
		return base;
	if (*rest != sign)
		return -1;
	n = small_number(rest + 1);
	if (n < 0)
		return -1;
	signo = sign == '+' ? base + n : base - n;
	return signo >= SIGRTMIN && signo <= SIGRTMAX ? signo : -1;
}
#endif

int signame_parse(const char *text)
{
	int signo = small_number(text);

	if (signo >= 0)
		return signo >= 1 && signo <= LAST_SIGNAL ? signo : -1;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < COUNT; i++)
		if (strcasecmp(text, names[i].name) == 0)
			return names[i].signo;
#ifdef SIGRTMIN
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return parse_realtime(text + 5, SIGRTMIN, '+');
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return parse_realtime(text + 5, SIGRTMAX, '-');
#endif
	return -1;
}

char *signame_text(int signo, char buf[SIGNAME_SIZE])
{
	for (size_t i = 0; i < COUNT; i++) {
		if (names[i].signo != signo)
			continue;
		snprintf(buf, SIGNAME_SIZE, "%s", names[i].name);
		return buf;
	}
#ifdef SIGRTMIN
	if (signo >= SIGRTMIN && signo <= SIGRTMAX) {
		int n = signo - SIGRTMIN;

		snprintf(buf, SIGNAME_SIZE, n > 0 ? "RTMIN+%d" : "RTMIN", n);
		return buf;
	}
#endif
	snprintf(buf, SIGNAME_SIZE, "%d", signo);
	return buf;
}
