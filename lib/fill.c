/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * fill.c - what stands for what in a text; see fill.h.
 * Must not allocate, and must not look at a queue.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "fill.h"

enum field { NONE, INPUT, SEQ, SLOT, PID, LABEL };

static const struct {
	const char *text;
	enum field field;
} fields[] = {
	{ "{}", INPUT },
	{ "{seq}", SEQ },
	{ "{slot}", SLOT },
	{ "{pid}", PID },
	{ "{label}", LABEL },
};

/* Which field begins here; *size gets its length. */
static enum field field_at(const char *text, const char *s,
			   const struct pq_fields *f, size_t *size)
{
	*size = 1;
	if (*s != '{' || (s > text && s[-1] == '$'))
		return NONE;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		enum field field = fields[i].field;
		size_t n = strlen(fields[i].text);

		if (strncmp(s, fields[i].text, n) != 0 ||
		    (field == INPUT && !f->input) ||
		    (field == LABEL && !f->label) || (field == PID && !f->pid))
			continue;
		*size = n;
		return field;
	}
	return NONE;
}

size_t pq_fill_size(const char *text, const struct pq_fields *f,
		    size_t *holes)
{
	size_t size = 1, n;

	for (const char *s = text; *s; s += n)
		switch (field_at(text, s, f, &n)) {
		case NONE:
			size++;
			break;
		case INPUT:
			size += strlen(f->input);
			break;
		case LABEL:
			size += strlen(f->label);
			break;
		case SEQ:
		case PID:
			++*holes;
			/* fall through */
		case SLOT:
			size += PQ_HOLE;
			break;
		}
	return size;
}

static char *add(char *at, const char *text)
{
	size_t n = strlen(text);

	/* The NUL is fill's. NOLINTNEXTLINE(*-not-null-terminated-result) */
	memcpy(at, text, n);
	return at + n;
}

/* A label is one component of a path. */
static char *add_label(char *at, const char *label)
{
	for (; *label; label++)
		*at++ = (char)(*label == '/' ? '_' : *label);
	return at;
}

static char *dig(char *at, struct pq_hole **holes, bool pid)
{
	*(*holes)++ = (struct pq_hole){ at, pid };
	memset(at, '0', PQ_HOLE);
	return at + PQ_HOLE;
}

char *pq_fill(char *at, const char *text, const struct pq_fields *f,
	      struct pq_hole **holes)
{
	size_t n;

	for (const char *s = text; *s; s += n)
		switch (field_at(text, s, f, &n)) {
		case NONE:
			*at++ = *s;
			break;
		case INPUT:
			at = add(at, f->input);
			break;
		case LABEL:
			at = add_label(at, f->label);
			break;
		case SLOT:
			at += snprintf(at, PQ_HOLE, "%u", (unsigned)f->slot);
			break;
		case SEQ:
			at = dig(at, holes, false);
			break;
		case PID:
			at = dig(at, holes, true);
			break;
		}
	*at++ = '\0';
	return at;
}
