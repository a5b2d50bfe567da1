/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complain.h - what goes wrong, on standard error, and the exit status.
 *
 * A message is one line: the program's name, a colon, and the message. Must
 * not know what a program does.
 */
#ifndef COMPLAIN_H
#define COMPLAIN_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,	/* at run time, or a death is unconfirmed */
	EXIT_USAGE = 2,
	EXIT_WAITED = 124,	/* --wait ran out */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127
};

/** The name that messages begin with; "procq" until it is set. */
void set_program_name(const char *name);
const char *program_name(void);

/** Print a message; \xNN for each byte that could do harm. */
void complain(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/** The same, then "Try 'producer --help' for more information."; exit. */
_Noreturn void usage_error(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/** Only the second of these: getopt_long() has complained already. */
_Noreturn void usage_try(void);

/** Show text on a line that the next message wipes out, or the next text. */
void status_show(const char *text);
void status_wipe(void);

#endif
