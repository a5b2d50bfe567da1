/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.c - the beginning and the end that all programs share, and their part
 * of --help.
 *
 * Must not know what a program does.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "i18n.h"
#include "options.h"
#include "program.h"

/* A file that is opened later must not become standard output, to which lines
 * go. So a closed standard descriptor is opened in such a way that its use
 * fails. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static void close_streams(void)
{
	int failed = ferror(stdout);

	/* Wherever the program ends, its messages may be on their way to a
	 * reader that is slow. */
	messages_finish();
	errno = 0;
	if (fclose(stdout) != 0 || failed) {
		if (errno != 0)
			complain(_("standard output: %s"), strerror(errno));
		else
			complain(_("standard output: write error"));
		_exit(EXIT_FAILED);
	}
	/* Without a word: there is nowhere to say it. */
	if (fflush(stderr) != 0 || ferror(stderr) || messages_lost())
		_exit(EXIT_FAILED);
}

void program_start(const char *name, char **argv)
{
	/* The memory at argv[0] stays as it is: ps shows how the program was
	 * called. */
	static char literal[16];

	set_program_name(name);
	snprintf(literal, sizeof(literal), "%s", name);
	if (argv[0])
		argv[0] = literal;
	fill_standard_descriptors();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	/* Only the categories in use: each is a mapped file, whose mapping a
	 * fork has to copy. */
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	setlocale(LC_NUMERIC, "C");
#if defined ENABLE_NLS && ENABLE_NLS
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
#endif
	tzset();
	atexit(close_streams);
}

/* ---- help ---- */

const struct choice program_choices[] = {
	{ OPT_HELP, "help", no_argument,
N_("      --help                 display this help and exit\n") },
	{ OPT_VERSION, "version", no_argument,
N_("      --version              output version information and exit\n") },
	{ 0 }
};

void help_tail(void)
{
	printf(_("\nReport bugs to: <%s>\n"), PACKAGE_BUGREPORT);
	if (*PACKAGE_URL)
		printf(_("%s home page: <%s>\n"), PACKAGE_NAME, PACKAGE_URL);
}

void print_version(void)
{
	printf("%s (%s) %s\n", program_name(), PACKAGE_NAME, PACKAGE_VERSION);
	fputs("Copyright (C) 2026 the procq authors\n", stdout);
	fputs(_("License GPLv3+: GNU GPL version 3 or later "
		"<https://gnu.org/licenses/gpl.html>.\n"
		"This is free software: you are free to change and "
		"redistribute it.\n"
		"There is NO WARRANTY, to the extent permitted by law.\n"),
	      stdout);
}
