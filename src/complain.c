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
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "i18n.h"
#include "line.h"
#include "safe.h"

/* Bytes of a message. Even if each is escaped, one write() is enough. */
#define MESSAGE_SIZE 2000
/* … with a program's name before it, and the newline. */
#define NAME_SIZE 24

static const char *name = "procq";
static bool status_shown;
static struct writer *messages;
static bool lost;

void set_program_name(const char *new_name)
{
	name = new_name;
}

const char *program_name(void)
{
	return name;
}

/* ---- where messages go ---- */

void messages_through(struct writer *w)
{
	messages = w;
}

void message_put(const char *text, size_t size)
{
	if (messages) {
		if (writer_put(messages, STDERR_FILENO, text, size) < 0)
			lost = true;
		return;
	}
	/* In one write(), whatever interrupts it. */
	fflush(stderr);
	if (bytes_write(STDERR_FILENO, text, size, NULL) < 0)
		lost = true;
}

void messages_finish(void)
{
	if (messages && writer_finish(messages) < 0)
		lost = true;
	messages = NULL;
}

bool messages_lost(void)
{
	return lost;
}

/* ---- the status line ---- */

void status_show(const char *text)
{
	char line[STATUS_WIDTH * 4 + 2];

	/* It is old before it is read. */
	if (messages && writer_kept(messages) > 0)
		return;
	snprintf(line, sizeof(line), "\r%-*s", STATUS_WIDTH, text);
	message_put(line, strlen(line));
	status_shown = true;
}

void status_wipe(void)
{
	char line[STATUS_WIDTH + 3];

	if (!status_shown)
		return;
	snprintf(line, sizeof(line), "\r%*s\r", STATUS_WIDTH, "");
	message_put(line, strlen(line));
	status_shown = false;
}

/* ---- messages ---- */

/* A message may contain names that other users chose, so it is made safe for
 * the terminal. */
__attribute__((__format__(__printf__, 1, 0)))
static void complain_list(const char *format, va_list args)
{
	char text[MESSAGE_SIZE], safe[4 * MESSAGE_SIZE];
	char line[sizeof(safe) + NAME_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	status_wipe();
	snprintf(line, sizeof(line), "%.*s: %s\n", NAME_SIZE - 4, name,
		 safe_text(text, safe, sizeof(safe)));
	/* In one write(). */
	message_put(line, strlen(line));
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
