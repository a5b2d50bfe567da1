/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seqs.c - numbers of processes, as a command line gives them.
 *
 * A shell may give a hundred thousand, so they are kept in order. Must not know
 * which processes there are.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "i18n.h"
#include "seqs.h"

/* The index of the first that is not less. */
static size_t find(const struct seqs *seqs, uint64_t seq)
{
	size_t from = 0, to = seqs->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (seqs->all[middle] < seq)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool seqs_have(const struct seqs *seqs, uint64_t seq)
{
	size_t i = find(seqs, seq);

	return i < seqs->count && seqs->all[i] == seq;
}

size_t seqs_above(const struct seqs *seqs, uint64_t seq)
{
	return seq == UINT64_MAX ? 0 : seqs->count - find(seqs, seq + 1);
}

/* Read one number, from 1. @return 0: it is none */
static uint64_t read_seq(const char *text, size_t len)
{
	uint64_t seq = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' ||
		    seq > (UINT64_MAX - digit) / 10)
			return 0;
		seq = seq * 10 + digit;
	}
	return seq;
}

static bool insert(struct seqs *seqs, uint64_t seq)
{
	size_t i = find(seqs, seq);

	if (i < seqs->count && seqs->all[i] == seq)
		return true;
	if (seqs->count == seqs->room) {
		size_t room = seqs->room ? 2 * seqs->room : 16;
		uint64_t *larger = realloc(seqs->all, room * sizeof(*larger));

		if (!larger)
			return false;
		seqs->all = larger;
		seqs->room = room;
	}
	memmove(&seqs->all[i + 1], &seqs->all[i],
		(seqs->count - i) * sizeof(*seqs->all));
	seqs->all[i] = seq;
	seqs->count++;
	return true;
}

const char *seqs_add(struct seqs *seqs, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		uint64_t seq = read_seq(list, len);

		if (!seq)
			return N_("a seq is a whole number from 1; several are "
				  "separated by commas");
		if (!insert(seqs, seq))
			return N_("there is not enough memory for so many");
		if (!list[len])
			return NULL;
		list += len + 1;
	}
}

void seqs_free(struct seqs *seqs)
{
	free(seqs->all);
	*seqs = (struct seqs){ .count = 0 };
}
