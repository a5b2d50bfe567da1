/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complain.c - messages on standard error, and exit statuses.
 *
 * Must not know what a program does.
 */
#include <config.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "i18n.h"
#include "safe.h"

/* Bytes of a message. Even if each is escaped, one write() is enough. */
#define MESSAGE_SIZE 2000

static const char *name = "procq";
static bool status_shown;

void set_program_name(const char *new_name)
{
	name = new_name;
}

const char *program_name(void)
{
	return name;
}

void status_show(const char *text)
{
	fprintf(stderr, "\r%-*s", STATUS_WIDTH, text);
	fflush(stderr);
	status_shown = true;
}

void status_wipe(void)
{
	if (!status_shown)
		return;
	fprintf(stderr, "\r%*s\r", STATUS_WIDTH, "");
	fflush(stderr);
	status_shown = false;
}

/* A message may contain names that other users chose, so it is made safe for
 * the terminal. */
__attribute__((__format__(__printf__, 1, 0)))
static void complain_list(const char *format, va_list args)
{
	char text[MESSAGE_SIZE], safe[4 * MESSAGE_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	status_wipe();
	/* stderr is line-buffered, so this is one write(). */
	fprintf(stderr, "%s: %s\n", name,
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
		name);
	exit(EXIT_USAGE);
}
