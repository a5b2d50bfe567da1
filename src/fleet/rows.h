/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h - what the engine answers, as the rows of a table: cells are text
 * there.
 */
#ifndef FLEET_ROWS_H
#define FLEET_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

#include "fleet.h"

uint64_t rows_number(const char *text);
bool rows_truth(const char *text);
/** Milliseconds, as ns. */
int64_t rows_ms(const char *text);
/** Set a cell to a length of time. */
void rows_set_length(struct table *t, size_t column, int64_t ns);

/** Print all rows; fill() gets r. @return an exit status */
int rows_print(const struct fleet *f, const char *name, const PGresult *r,
	       table_fill fill);
/** Print the first one, a value on each line. */
int rows_print_record(const struct fleet *f, const PGresult *r,
		      table_fill fill);

#endif
