/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outside.h - commands of procq that are programs of their own, as they need
 * libraries that procq does not. A package may leave them out.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stdbool.h>

/** A command that is a program of its own: procq-PROGRAM in $(bindir), or in
 * $PROCQ_BINDIR. */
struct outside {
	const char *name;
	const char *program;
	const char *package;	/* that it is in, on Debian */
	const char *summary;	/* for the list of commands; N_(). NULL: not
				 * listed, because procq has a command of this
				 * name, which it is with --fleet */
};

/** All of them; the last one has no name. */
extern const struct outside outside_commands[];

/** @param fleet is --fleet given?
 * @return NULL: there is none of this name */
const struct outside *outside_find(const char *name, bool fleet);
/** Become it. argv[0] is its name. Ends with a message if it can't be executed.
 */
_Noreturn void outside_run(const struct outside *o, char **argv);
/** The same with --help. */
_Noreturn void outside_help(const struct outside *o);

#endif
