/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complain.h - messages on standard error, and exit statuses.
 *
 * A message is one line that begins with the program's name. Must not know
 * what a program does.
 */
#ifndef COMPLAIN_H
#define COMPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "writer.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,	/* at run time, or a death is unconfirmed */
	EXIT_USAGE = 2,
	EXIT_COMMAND_FAILED = 123,	/* --fail */
	EXIT_WAITED = 124,	/* --wait ran out */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127
};

/** The name at the beginning of messages; "procq" until it is set. */
void set_program_name(const char *name);
const char *program_name(void);

/** Print a message; \xNN for each byte that could do harm. */
void complain(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/** The same, then "Try 'producer --help' for more information.", and exit. */
_Noreturn void usage_error(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/** Only the second line: getopt_long() has printed the first. */
_Noreturn void usage_try(void);

/** From now on messages go through a writer, so that nothing waits behind one;
 * NULL: they are written at once. */
void messages_through(struct writer *w);
/** Print text that is whole lines already. */
void message_put(const char *text, size_t size);
/** Wait until all are written, as writer_finish(); later ones are written at
 * once. */
void messages_finish(void);
/** Has the writer lost messages? */
bool messages_lost(void);

/** Cells of the status line. */
#define STATUS_WIDTH 72

/** Show text on a line that the next message, or the next text, replaces. */
void status_show(const char *text);
void status_wipe(void);

#endif
