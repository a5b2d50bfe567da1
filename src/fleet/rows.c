/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - see rows.h. Must not ask. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"

#include "rows.h"

uint64_t rows_number(const char *text)
{
	return strtoull(text, NULL, 10);
}

bool rows_truth(const char *text)
{
	return *text == 't';
}

int64_t rows_ms(const char *text)
{
	return strtoll(text, NULL, 10) * NS_PER_MS;
}

void rows_set_length(struct table *t, size_t column, int64_t ns)
{
	char text[DURATION_SIZE];

	table_set_seconds(t, column, ns, duration_text(ns, text));
}

static int finish(int err)
{
	if (err == 0)
		return EXIT_DONE;
	complain("%s", _(procq_strerror(err)));
	return EXIT_FAILED;
}

int rows_print(const struct fleet *f, const char *name, const PGresult *r,
	       table_fill fill)
{
	return finish(table_print(f->table, stdout, f->form, name,
				  (size_t)PQntuples(r), fill, r));
}

int rows_print_record(const struct fleet *f, const PGresult *r,
		      table_fill fill)
{
	return finish(table_print_record(f->table, stdout, f->form, fill, r));
}

bool rows_begin(struct rows_object *o, const struct fleet *f)
{
	if (f->form != TABLE_JSON)
		return false;
	o->line = (struct line){ .used = 0 };
	json_open(&o->json, &o->line);
	json_string(&o->json, "queue", f->queue);
	return true;
}

void rows_end(struct rows_object *o)
{
	json_close(&o->json);
	line_end(&o->line);
	fwrite(line_text(&o->line), 1, o->line.used, stdout);
}
