/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the arguments of options.
 *
 * Each function reads one, or ends the program with a usage error. option is
 * the long name, without its dashes. Must not know which options there are.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>
#include <sys/types.h>

#include "distribution.h"

uint64_t option_number(const char *option, const char *text, uint64_t min,
		       uint64_t max);
mode_t option_mode(const char *option, const char *text);
int64_t option_duration(const char *option, const char *text);
void option_distribution(const char *option, const char *text,
			 struct distribution *out);
int option_signal(const char *option, const char *text);
/** One of a NULL-terminated list of words, whole; its index. */
int option_word(const char *option, const char *text,
		const char *const *words);
/** -q, or PROCQ_QUEUE, or "default"; given may be NULL. */
const char *option_queue(const char *given);

#endif
