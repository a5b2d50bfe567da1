/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seqs.h - numbers of processes, as a command line gives them.
 */
#ifndef SEQS_H
#define SEQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seqs {
	uint64_t *all;		/* in order, each once */
	size_t count;
	size_t room;
};

/**
 * Add the numbers of a list with commas.
 * @return NULL, or what is wrong, untranslated; then some may have been added
 */
const char *seqs_add(struct seqs *seqs, const char *list);
void seqs_free(struct seqs *seqs);

bool seqs_have(const struct seqs *seqs, uint64_t seq);
/** How many of them are greater? */
size_t seqs_above(const struct seqs *seqs, uint64_t seq);

#endif
