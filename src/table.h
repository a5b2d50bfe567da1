/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.h - rows and columns as text, raw words or JSON.
 *
 * A table owns no rows: the caller's fill function writes one row at a time,
 * and is called twice for each if widths are measured. So a million rows need
 * no memory here, and a fill function has to set the same values both times.
 *
 * Must not know what the columns mean, and must not print to stderr.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table_column {
	const char *name;	/* heading, the word for --output and, in lower
				 * case, the member in JSON */
	const char *alias;	/* another word for --output; may be NULL */
	const char *help;	/* what it shows; marked with N_() */
	unsigned flags;		/* TABLE_RIGHT */
};

/* The column is aligned to the right, as numbers are. */
#define TABLE_RIGHT 1u

enum table_form {
	TABLE_TEXT,		/* aligned; one line per row */
	TABLE_RAW,		/* one blank between words, none within */
	TABLE_JSON
};

struct table;

/** Writes a row by calling table_set_…() for each column. A column that it
 * leaves out is unknown: "-", or null in JSON. */
typedef void (*table_fill)(struct table *t, size_t row, const void *arg);

/** All columns are chosen at first.
 * @param columns kept, not copied
 * @retval NULL no memory */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *t);

/**
 * Choose columns by a list of names with commas, upper or lower case. A list
 * that begins with + adds to those chosen before; a column that is named twice
 * appears once.
 * @retval -EINVAL *bad and *len: an item that names no column
 */
int table_choose(struct table *t, const char *list, const char **bad,
		 size_t *len);

/** Is this column chosen? If not, its value need not be found out. */
bool table_chosen(const struct table *t, size_t column);

/** @param no neither a line of headings, nor names before values */
void table_no_headings(struct table *t, bool no);

/* ---- for fill functions: the value of a column in the present row ---- */

void table_set_text(struct table *t, size_t column, const char *text);
void table_set_count(struct table *t, size_t column, uint64_t value);
void table_set_truth(struct table *t, size_t column, bool value);
/** In JSON ns as a number of seconds; else `text`. */
void table_set_seconds(struct table *t, size_t column, int64_t ns,
		       const char *text);

/* ---- printing: whether the stream took it all, ferror() says ---- */

/**
 * Print rows one below the other; in JSON as an object whose only member,
 * `name`, is an array of objects.
 * @retval 0, -ENOMEM
 */
int table_print(struct table *t, FILE *f, enum table_form form,
		const char *name, size_t rows, table_fill fill,
		const void *arg);

/**
 * Print a single row with one line per column, name and value; in JSON as a
 * plain object on one line.
 * @retval 0, -ENOMEM
 */
int table_print_record(struct table *t, FILE *f, enum table_form form,
		       table_fill fill, const void *arg);

#endif
