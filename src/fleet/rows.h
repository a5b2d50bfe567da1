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

#include "json.h"
#include "line.h"
#include "table.h"

#include "fleet.h"

/* Columns of more than one command. */
#define ROWS_CAPACITY \
	{ "CAPACITY", NULL, N_("how many processes may exist at once"), \
	  TABLE_RIGHT }
#define ROWS_USED \
	{ "USED", NULL, N_("slots charged to hosts"), TABLE_RIGHT }
#define ROWS_HOSTS \
	{ "HOSTS", NULL, N_("hosts whose lease has not run out"), TABLE_RIGHT }
#define ROWS_CUT_OFF \
	{ "CUT_OFF", NULL, N_("others that hold slots"), TABLE_RIGHT }
#define ROWS_WAITING \
	{ "WAITING", NULL, N_("hosts that want more"), TABLE_RIGHT }
#define ROWS_POLICY { "POLICY", NULL, N_("keep, end or continue"), 0 }
#define ROWS_TERM { "LEASE", NULL, N_("how long a lease is"), TABLE_RIGHT }

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

/* One object of JSON, with the name of the queue. */
struct rows_object {
	struct line line;
	struct json json;
};

/** @retval false JSON is not wanted */
bool rows_begin(struct rows_object *o, const struct fleet *f);
void rows_end(struct rows_object *o);

#endif
