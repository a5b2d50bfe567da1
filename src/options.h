/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - options, and their arguments.
 *
 * A table lists each option with its lines of --help, so that getopt_long()
 * and the help can't differ. Must not know which options there are.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "distribution.h"
#include "seqs.h"

struct choice {
	int letter;		/* or a number from 256, without a short form */
	const char *name;	/* the long form; NULL ends a table */
	int argument;		/* as of getopt_long() */
	const char *help;	/* N_(); NULL: it is not spoken of */
};

/* The most options that a command line may have. */
#define CHOICES_MAX 64

/* The options of a command line, as getopt_long() wants them. */
struct choices {
	char letters[2 * CHOICES_MAX + 2];
	struct option longs[CHOICES_MAX + 1];
	size_t count;
};

/** Begin without options. @param order "+": the first operand ends the options;
 * "": options may follow operands */
void choices_begin(struct choices *all, const char *order);
void choices_add_one(struct choices *all, const struct choice *c);
void choices_add(struct choices *all, const struct choice *table);
/** As getopt_long(). */
int choices_next(const struct choices *all, int argc, char **argv);
/** Print the lines of --help. */
void choices_help(const struct choice *table);

/* ---- arguments ---- */

/* Each function reads one, or ends the program with a usage error. option is
 * the long name, without its dashes. */

uint64_t option_number(const char *option, const char *text, uint64_t min,
		       uint64_t max);
/** The same of an operand. */
uint64_t option_operand(const char *text, uint64_t min, uint64_t max);
mode_t option_mode(const char *option, const char *text);
int64_t option_duration(const char *option, const char *text);
/** An amount of memory, in bytes. */
uint64_t option_size(const char *option, const char *text);
/** A load average, in thousandths. */
uint64_t option_load(const char *option, const char *text);
struct rate;
void option_rate(const char *option, const char *text, struct rate *out);
void option_distribution(const char *option, const char *text,
			 struct distribution *out);
int option_signal(const char *option, const char *text);
/* A width and a height, in whatever unit. */
struct extent {
	unsigned width, height;
};
/** WIDTHxHEIGHT, each of up to five digits.
 * @param expected what is said of any other, translated */
struct extent option_extent(const char *option, const char *text,
			    struct extent least, struct extent most,
			    const char *expected);
/** Adds to out. */
void option_seqs(const char *option, const char *text, struct seqs *out);
/** One of a NULL-terminated list of words, whole. @return its index */
int option_word(const char *option, const char *text,
		const char *const *words);
/** The queue's name: given, or $PROCQ_QUEUE, or "default".
 * @param given NULL: none */
const char *option_queue(const char *given);

#endif
