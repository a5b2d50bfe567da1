/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - how a program begins and ends, and what all say of themselves.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

/** The first thing in main(): locale, standard descriptors, what happens at
 * exit. Makes argv[0] the literal name, which getopt_long() prints. */
void program_start(const char *name, char **argv);

/** The lines of the options that every program has. */
void help_version_lines(void);
/** The end of --help: where to report, the home page. */
void help_tail(void);
void print_version(void);

#endif
