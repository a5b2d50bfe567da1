/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * columns.h - the columns of a command that prints rows: which there are, and
 * which the user chooses.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "table.h"

struct columns {
	const struct table_column *all;
	size_t count;
	const char *usual;	/* a list with commas */
};

/** The part of --help. */
void columns_help(const struct columns *c);
/**
 * A table of those that are chosen. Ends with a usage error if there is none of
 * such a name.
 * @param list of --output; NULL: the usual ones
 * @param every all of them
 */
struct table *columns_table(const struct columns *c, const char *list,
			    bool every, bool no_headings);

#endif
