/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * fill.h - {}, {seq}, {slot}, {pid} and {label} in a text, and what they stand
 * for.
 */
#ifndef PQ_FILL_H
#define PQ_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a number goes that only the child knows: so many bytes, in a string
 * that the child makes shorter. */
#define PQ_HOLE 20
struct pq_hole {
	char *at;
	bool pid;		/* the pid; else the seq */
};

/* What is known before the process has entered. */
struct pq_fields {
	const char *input;	/* what {} stands for; NULL: {} stays */
	const char *label;	/* what {label} stands for; NULL: it stays */
	bool pid;		/* {pid} is one, too */
	uint32_t slot;
};

/**
 * How much a text needs when it is filled.
 * @param holes how many it has is added to this
 * @return bytes, with the NUL
 */
size_t pq_fill_size(const char *text, const struct pq_fields *f,
		    size_t *holes);

/**
 * Fill a text. What is put in is not looked at again. What only the child knows
 * becomes a hole, which the child fills (child.c). A brace after $ is a
 * shell's, and stays.
 * @param at room for pq_fill_size()
 * @param holes where the next hole is noted; moved on
 * @return behind its NUL
 */
char *pq_fill(char *at, const char *text, const struct pq_fields *f,
	      struct pq_hole **holes);

#endif
