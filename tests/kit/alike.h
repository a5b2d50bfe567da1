/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alike.h - is a line of a run the one that a page shows?
 *
 * They are alike if they differ in white space, times, lengths of time, rates
 * and process numbers only. A process number of the page stands for the same
 * process wherever the page has it, and for no other one.
 */
#ifndef ALIKE_H
#define ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#define ALIKE_PIDS 64
#define ALIKE_DIGITS 24

struct alike {
	struct alike_pid {
		char page[ALIKE_DIGITS];
		char run[ALIKE_DIGITS];
	} pids[ALIKE_PIDS];
	size_t count;
};

/* Learns the process numbers of the line if they are alike; else nothing. */
bool alike(struct alike *known, const char *page, const char *run);

/*
 * A command of the page, with the run's process numbers in it. Returns false if
 * it does not fit into size bytes.
 */
bool alike_typed(const struct alike *known, const char *page, char *typed,
		 size_t size);

#endif
