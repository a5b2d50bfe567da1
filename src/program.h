/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - how a program begins and ends, and what all say of themselves.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "options.h"

/** The first thing in main(): locale, standard descriptors, what happens at
 * exit. Makes argv[0] the literal name, which getopt_long() prints. */
void program_start(const char *name, char **argv);

/* Options without a letter; others begin at OPT_RUN. */
enum { OPT_HELP = 256, OPT_VERSION, OPT_RUN };

/** The options that every program has. */
extern const struct choice program_choices[];

/** The end of --help: where to report, the home page. */
void help_tail(void);
void print_version(void);

#endif
