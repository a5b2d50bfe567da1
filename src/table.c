/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.c - rows and columns as text, raw words or JSON.
 *
 * Values may come from other users, and go to a terminal: each has to pass
 * through safe.h or json.h.
 *
 * Must not know what the columns mean, and must not print to stderr.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "line.h"
#include "safe.h"
#include "table.h"

/* Bytes that hold the name of any column, with its NUL. */
#define KEY_SIZE 32

enum kind { UNKNOWN, TEXT, COUNT, TRUTH, SECONDS };

struct cell {
	enum kind kind;
	uint64_t count;		/* also a truth */
	int64_t ns;
	char *text;
	size_t room;		/* bytes at text, kept from row to row */
};

struct table {
	const struct table_column *columns;
	size_t count;
	size_t *chosen;		/* columns in the order of output */
	size_t nchosen;
	size_t *widths;		/* by column */
	struct cell *cells;	/* by column, of the present row */
	bool no_headings;
	int error;
};

struct table *table_new(const struct table_column *columns, size_t count)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->columns = columns;
	t->count = count;
	t->chosen = calloc(count, sizeof(*t->chosen));
	t->widths = calloc(count, sizeof(*t->widths));
	t->cells = calloc(count, sizeof(*t->cells));
	if (!t->chosen || !t->widths || !t->cells) {
		table_free(t);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		t->chosen[i] = i;
	t->nchosen = count;
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	if (t->cells)
		for (size_t i = 0; i < t->count; i++)
			free(t->cells[i].text);
	free(t->cells);
	free(t->widths);
	free(t->chosen);
	free(t);
}

void table_no_headings(struct table *t, bool no)
{
	t->no_headings = no;
}

bool table_chosen(const struct table *t, size_t column)
{
	for (size_t i = 0; i < t->nchosen; i++)
		if (t->chosen[i] == column)
			return true;
	return false;
}

static bool same_word(const char *word, const char *s, size_t len)
{
	return strlen(word) == len && strncasecmp(word, s, len) == 0;
}

/* Returns the index of the column, or count: there is none. */
static size_t find_column(const struct table *t, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (same_word(t->columns[i].name, s, len) ||
		    (t->columns[i].alias &&
		     same_word(t->columns[i].alias, s, len)))
			break;
	return i;
}

int table_choose(struct table *t, const char *list, const char **bad,
		 size_t *len)
{
	if (*list == '+')
		list++;
	else
		t->nchosen = 0;
	for (;;) {
		size_t n = strcspn(list, ",");
		size_t column = find_column(t, list, n);

		if (column == t->count) {
			*bad = list;
			*len = n;
			return -EINVAL;
		}
		if (!table_chosen(t, column))
			t->chosen[t->nchosen++] = column;
		if (!list[n])
			return 0;
		list += n + 1;
	}
}

void table_set_text(struct table *t, size_t column, const char *text)
{
	struct cell *c = &t->cells[column];
	size_t need;

	if (!text)
		return;
	need = strlen(text) + 1;
	if (need > c->room) {
		char *bigger = realloc(c->text, need);

		if (!bigger) {
			t->error = -ENOMEM;
			return;
		}
		c->text = bigger;
		c->room = need;
	}
	memcpy(c->text, text, need);
	c->kind = TEXT;
}

void table_set_count(struct table *t, size_t column, uint64_t value)
{
	t->cells[column].kind = COUNT;
	t->cells[column].count = value;
}

void table_set_truth(struct table *t, size_t column, bool value)
{
	t->cells[column].kind = TRUTH;
	t->cells[column].count = value;
}

void table_set_seconds(struct table *t, size_t column, int64_t ns,
		       const char *text)
{
	table_set_text(t, column, text);
	if (t->cells[column].kind != TEXT)
		return;
	t->cells[column].kind = SECONDS;
	t->cells[column].ns = ns;
}

/* As safe_put(), for a cell. */
static size_t put_cell(FILE *f, const struct cell *c, bool raw)
{
	char number[24];

	switch (c->kind) {
	case COUNT:
		snprintf(number, sizeof(number), "%" PRIu64, c->count);
		return safe_put(f, number, raw);
	case TRUTH:
		if (raw)
			return safe_put(f, c->count ? "1" : "0", raw);
		/* Not translated: programs read it. */
		return safe_put(f, c->count ? "yes" : "no", raw);
	case TEXT:
	case SECONDS:
		/* An empty word would shift the words behind it. */
		return safe_put(f, *c->text ? c->text : "-", raw);
	case UNKNOWN:
		break;
	}
	return safe_put(f, "-", raw);
}

/* A value, such as a name or a label, fits into a line; a whole row need not.
 */
static void flush(struct line *l, FILE *f)
{
	fwrite(l->text, 1, l->used, f);
	l->used = 0;
}

static void json_cell(struct json *j, const char *key, const struct cell *c)
{
	switch (c->kind) {
	case COUNT:
		json_count(j, key, c->count);
		return;
	case TRUTH:
		json_truth(j, key, c->count != 0);
		return;
	case SECONDS:
		json_seconds(j, key, c->ns);
		return;
	case TEXT:
		json_string(j, key, c->text);
		return;
	case UNKNOWN:
		break;
	}
	json_null(j, key);
}

/* The name of a column in lower case, as JSON and single rows have it. */
static const char *key_of(const struct table_column *column,
			  char key[KEY_SIZE])
{
	size_t n = 0;

	for (; column->name[n] && n + 1 < KEY_SIZE; n++)
		key[n] = (char)(column->name[n] >= 'A' &&
				column->name[n] <= 'Z' ?
				column->name[n] - 'A' + 'a' : column->name[n]);
	key[n] = '\0';
	return key;
}

static void put_json_row(struct table *t, struct line *l, FILE *f)
{
	char key[KEY_SIZE];
	struct json j;

	json_open(&j, l);
	for (size_t i = 0; i < t->nchosen; i++) {
		size_t column = t->chosen[i];

		json_cell(&j, key_of(&t->columns[column], key),
			  &t->cells[column]);
		flush(l, f);
	}
	json_close(&j);
}

static void fill_row(struct table *t, table_fill fill, size_t row,
		     const void *arg)
{
	for (size_t i = 0; i < t->count; i++)
		t->cells[i].kind = UNKNOWN;
	fill(t, row, arg);
}

static void put_blanks(FILE *f, size_t n)
{
	while (n-- > 0)
		putc(' ', f);
}

/* Find the widths of the headings and of the values. */
static void measure(struct table *t, size_t rows, table_fill fill,
		    const void *arg)
{
	for (size_t i = 0; i < t->count; i++)
		t->widths[i] = t->no_headings ?
			0 : safe_width(t->columns[i].name);
	for (size_t row = 0; row < rows; row++) {
		fill_row(t, fill, row, arg);
		for (size_t i = 0; i < t->nchosen; i++) {
			size_t c = t->chosen[i];
			size_t w = put_cell(NULL, &t->cells[c], false);

			if (w > t->widths[c])
				t->widths[c] = w;
		}
	}
}

/* The heading of a column, or its value in the present row. */
static size_t put_field(struct table *t, FILE *f, size_t column, bool heading,
			bool raw)
{
	if (heading)
		return safe_put(f, t->columns[column].name, raw);
	return put_cell(f, &t->cells[column], raw);
}

/* Put one line, without blanks at its end. */
static void put_line(struct table *t, FILE *f, bool heading, bool raw)
{
	for (size_t i = 0; i < t->nchosen; i++) {
		size_t c = t->chosen[i];
		size_t w = put_field(t, NULL, c, heading, raw);
		size_t pad = raw || w > t->widths[c] ? 0 : t->widths[c] - w;
		bool right = (t->columns[c].flags & TABLE_RIGHT) != 0;

		if (i > 0)
			putc(' ', f);
		if (right)
			put_blanks(f, pad);
		put_field(t, f, c, heading, raw);
		if (!right && i + 1 < t->nchosen)
			put_blanks(f, pad);
	}
	putc('\n', f);
}

static void print_json(struct table *t, FILE *f, const char *name,
		       size_t rows, table_fill fill, const void *arg)
{
	struct line l = { .used = 0 };
	struct json j;

	json_open(&j, &l);
	json_key(&j, name);
	line_string(&l, "[");
	for (size_t row = 0; row < rows; row++) {
		line_string(&l, row ? ",\n" : "\n");
		fill_row(t, fill, row, arg);
		put_json_row(t, &l, f);
	}
	line_string(&l, rows ? "\n]" : "]");
	json_close(&j);
	line_end(&l);
	flush(&l, f);
}

int table_print(struct table *t, FILE *f, enum table_form form,
		const char *name, size_t rows, table_fill fill,
		const void *arg)
{
	t->error = 0;
	if (form == TABLE_JSON) {
		print_json(t, f, name, rows, fill, arg);
		return t->error;
	}
	if (form == TABLE_TEXT)
		measure(t, rows, fill, arg);
	if (!t->no_headings)
		put_line(t, f, true, form == TABLE_RAW);
	for (size_t row = 0; row < rows; row++) {
		fill_row(t, fill, row, arg);
		put_line(t, f, false, form == TABLE_RAW);
	}
	return t->error;
}

int table_print_record(struct table *t, FILE *f, enum table_form form,
		       table_fill fill, const void *arg)
{
	struct line l = { .used = 0 };
	char key[KEY_SIZE];
	size_t widest = 0;

	t->error = 0;
	fill_row(t, fill, 0, arg);
	if (form == TABLE_JSON) {
		put_json_row(t, &l, f);
		line_end(&l);
		flush(&l, f);
		return t->error;
	}
	for (size_t i = 0; i < t->nchosen; i++) {
		size_t w = safe_width(t->columns[t->chosen[i]].name);

		if (w > widest)
			widest = w;
	}
	for (size_t i = 0; i < t->nchosen; i++) {
		const struct table_column *c = &t->columns[t->chosen[i]];

		if (!t->no_headings) {
			fputs(key_of(c, key), f);
			put_blanks(f, form == TABLE_RAW ?
				   1 : widest + 2 - safe_width(c->name));
		}
		put_cell(f, &t->cells[t->chosen[i]], form == TABLE_RAW);
		putc('\n', f);
	}
	return t->error;
}
