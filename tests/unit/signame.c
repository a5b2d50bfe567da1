/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/signame.c - signals by name and by number, and back.
 */
#include <config.h>

#include <signal.h>

#include "signame.h"

#include "../kit/tap.h"

static void reads(const char *text, int want)
{
	is_int(signame_parse(text), want, *text ? text : "(empty)");
}

static void writes(int signo, const char *want)
{
	char buf[SIGNAME_SIZE];

	is_str(signame_text(signo, buf), want, want);
}

static void test_names(void)
{
	static const char *const term[] = {
		"TERM", "SIGTERM", "term", "sigterm", "SigTerm",
	};
	static const char *const none[] = {
		"", "SIG", "SIGSIGTERM", "TERMX", " TERM", "TERM ", "15x",
		"-15", "+15", "0", "999", "4294967311", "EXIT",
	};

	for (size_t i = 0; i < sizeof(term) / sizeof(*term); i++)
		reads(term[i], SIGTERM);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		reads(none[i], -1);
	reads("KILL", SIGKILL);
	reads("15", 15);
	reads("9", SIGKILL);
	reads("usr1", SIGUSR1);
#ifdef SIGCLD
	reads("CLD", SIGCHLD);
#endif
}

#ifdef SIGRTMIN
static void test_realtime(void)
{
	static const char *const none[] = {
		"RTMIN-1", "RTMAX+1", "RTMIN+", "RTMIN+99",
		"RTMIN+4294967296", "RTMIN3",
	};
	char text[32];

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		reads(none[i], -1);
	reads("RTMIN", SIGRTMIN);
	reads("RTMIN+0", SIGRTMIN);
	reads("RTMIN+3", SIGRTMIN + 3);
	reads("sigrtmin+3", SIGRTMIN + 3);
	reads("RTMAX", SIGRTMAX);
	reads("RTMAX-1", SIGRTMAX - 1);
	snprintf(text, sizeof(text), "RTMIN+%d", SIGRTMAX - SIGRTMIN);
	reads(text, SIGRTMAX);
	snprintf(text, sizeof(text), "%d", SIGRTMAX + 1);
	reads(text, -1);
	writes(SIGRTMIN, "RTMIN");
	writes(SIGRTMIN + 3, "RTMIN+3");
}
#endif

static void test_all(void)
{
	char buf[SIGNAME_SIZE];
	int wrong = 0;

	writes(SIGTERM, "TERM");
	writes(SIGCHLD, "CHLD");
	writes(SIGABRT, "ABRT");
	writes(SIGSEGV, "SEGV");
	for (int i = 1; i < NSIG; i++) {
		int back = signame_parse(signame_text(i, buf));

		/* The C library keeps a few for itself, which have no name
		 * but their number. */
		if (back != i && back != -1)
			wrong++;
	}
	is_int(wrong, 0, "every number's name leads back to it");
	writes(12345, "12345");
}

int main(void)
{
	test_names();
#ifdef SIGRTMIN
	test_realtime();
#endif
	test_all();
	return done();
}
