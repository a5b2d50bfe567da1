/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - the beginning and the end that all programs share, and their part
 * of --help.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "options.h"

/** The first thing in main(): locale, standard descriptors, what happens at
 * exit. Sets argv[0] to the name, which getopt_long() prints. */
void program_start(const char *name, char **argv);

/* Options without a letter; others begin at OPT_RUN. */
enum { OPT_HELP = 256, OPT_VERSION, OPT_RUN };

/** The options that every program has. */
extern const struct choice program_choices[];

/** The end of --help: where to report, the home page. */
void help_tail(void);
void print_version(void);

#endif
