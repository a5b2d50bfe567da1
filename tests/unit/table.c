/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/table.c - rows and columns: choice, widths, alignment, forms, and what
 * hostile text comes out as.
 */
#include <config.h>

#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#include "../kit/tap.h"

enum { NAME, COUNT, AGE, BUSY, NCOLUMNS };

static const struct table_column columns[] = {
	[NAME] = { "NAME", NULL, "a text", 0 },
	[COUNT] = { "HOW_MANY", "count", "a number", TABLE_RIGHT },
	[AGE] = { "AGE", NULL, "seconds", TABLE_RIGHT },
	[BUSY] = { "BUSY", NULL, "a truth", 0 },
};

struct row {
	const char *name;
	uint64_t count;
	int64_t age;
	const char *age_text;	/* NULL: unknown */
	int busy;		/* -1: unknown */
};

static void fill(struct table *t, size_t row, const void *arg)
{
	const struct row *r = (const struct row *)arg + row;

	table_set_text(t, NAME, r->name);
	table_set_count(t, COUNT, r->count);
	if (r->age_text)
		table_set_seconds(t, AGE, r->age, r->age_text);
	if (r->busy >= 0)
		table_set_truth(t, BUSY, r->busy);
}

static const struct row two[] = {
	{ "a", 7, INT64_C(2023456789), "2.023s", 1 },
	{ "longer", UINT64_MAX, 0, NULL, -1 },
};

/* The output as a string that lives until the next call. */
static const char *printed(struct table *t, enum table_form form,
			   const struct row *rows, size_t n, int record)
{
	static char *text;
	size_t size;
	FILE *f;
	int err;

	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	if (record)
		err = table_print_record(t, f, form, fill, rows);
	else
		err = table_print(t, f, form, "rows", n, fill, rows);
	fclose(f);
	return err == 0 ? text : NULL;
}

static struct table *chosen(const char *list)
{
	struct table *t = table_new(columns, NCOLUMNS);
	const char *bad;
	size_t len;

	if (!t || (list && table_choose(t, list, &bad, &len) < 0))
		exit(1);
	return t;
}

static void test_forms(void)
{
	struct table *t = chosen(NULL);

	is_str(printed(t, TABLE_TEXT, two, 2, 0),
	       "NAME               HOW_MANY    AGE BUSY\n"
	       "a                         7 2.023s yes\n"
	       "longer 18446744073709551615      - -\n", "text");
	is_str(printed(t, TABLE_RAW, two, 2, 0),
	       "NAME HOW_MANY AGE BUSY\n"
	       "a 7 2.023s 1\n"
	       "longer 18446744073709551615 - -\n", "raw");
	is_str(printed(t, TABLE_JSON, two, 2, 0),
	       "{\"rows\":[\n"
	       "{\"name\":\"a\",\"how_many\":7,\"age\":2.023456,"
	       "\"busy\":true},\n"
	       "{\"name\":\"longer\",\"how_many\":18446744073709551615,"
	       "\"age\":null,\"busy\":null}\n"
	       "]}\n", "JSON");
	is_str(printed(t, TABLE_TEXT, two, 0, 0), "NAME HOW_MANY AGE BUSY\n",
	       "no rows, text");
	is_str(printed(t, TABLE_JSON, two, 0, 0), "{\"rows\":[]}\n",
	       "no rows, JSON");
	table_no_headings(t, 1);
	is_str(printed(t, TABLE_TEXT, two, 1, 0), "a 7 2.023s yes\n",
	       "no headings: they take no width either");
	table_free(t);
}

static void test_record(void)
{
	struct table *t = chosen("count,name,busy");

	is_str(printed(t, TABLE_TEXT, two, 1, 1),
	       "how_many  7\nname      a\nbusy      yes\n", "record, text");
	is_str(printed(t, TABLE_RAW, two, 1, 1),
	       "how_many 7\nname a\nbusy 1\n", "record, raw");
	is_str(printed(t, TABLE_JSON, two, 1, 1),
	       "{\"how_many\":7,\"name\":\"a\",\"busy\":true}\n",
	       "record, JSON");
	table_no_headings(t, 1);
	is_str(printed(t, TABLE_TEXT, two, 1, 1), "7\na\nyes\n",
	       "record, values alone");
	table_free(t);
}

static void test_choice(void)
{
	struct table *t = chosen("Name,name");
	const char *bad = "";
	size_t len = 0;

	is_str(printed(t, TABLE_RAW, two, 1, 0), "NAME\na\n",
	       "any case, and each column once");
	is_int(table_chosen(t, NAME), 1, "this one is chosen");
	is_int(table_chosen(t, COUNT), 0, "that one is not");
	is_int(table_choose(t, "+HOW_MANY,NAME", &bad, &len), 0,
	       "+ adds");
	is_str(printed(t, TABLE_RAW, two, 1, 0), "NAME HOW_MANY\na 7\n",
	       "… behind those chosen before");
	is_int(table_choose(t, "BUSY,Count", &bad, &len), 0,
	       "without + a list begins anew, also by another word");
	is_str(printed(t, TABLE_RAW, two, 1, 0), "BUSY HOW_MANY\n1 7\n",
	       "… in its own order");
	is_int(table_choose(t, "NAME,NAM,AGE", &bad, &len), -EINVAL,
	       "no such column");
	ok(len == 3 && strncmp(bad, "NAM,AGE", 7) == 0, "… and it is named");
	is_int(table_choose(t, "", &bad, &len), -EINVAL, "an empty list");
	is_int(table_choose(t, "+", &bad, &len), -EINVAL, "an empty addition");
	is_int(table_choose(t, "NAME,", &bad, &len), -EINVAL,
	       "an empty item");
	table_free(t);
}

static void test_hostile(void)
{
	const struct row bad[] = {
		{ "a b\\c", 0, 0, NULL, -1 },
		{ "\033[31m\n\t\177", 0, 0, NULL, -1 },
		{ "\"\xff\xc3", 0, 0, NULL, -1 },
		{ "", 0, 0, NULL, -1 },
	};
	struct table *t = chosen("NAME");

	table_no_headings(t, 1);
	is_str(printed(t, TABLE_TEXT, bad, 4, 0),
	       "a b\\c\n\\x1b[31m\\x0a\\x09\\x7f\n\"\\xff\\xc3\n-\n",
	       "nothing that a terminal obeys, text");
	is_str(printed(t, TABLE_RAW, bad, 4, 0),
	       "a\\x20b\\x5cc\n\\x1b[31m\\x0a\\x09\\x7f\n\"\\xff\\xc3\n-\n",
	       "raw words stay whole, and can be turned back");
	is_str(printed(t, TABLE_JSON, bad + 1, 3, 0),
	       "{\"rows\":[\n"
	       "{\"name\":\"\\u001b[31m\\u000a\\u0009\\u007f\"},\n"
	       "{\"name\":\"\\\"\\ufffd\\ufffd\"},\n{\"name\":\"\"}\n]}\n",
	       "JSON stays valid");
	table_free(t);
}

static void test_wide(void)
{
	/* 2 bytes in 1 cell; 3 bytes in 2 cells; a combining accent. */
	const struct row wide[] = {
		{ "\xc3\xb1", 1, 0, NULL, -1 },
		{ "\xe6\x97\xa5", 2, 0, NULL, -1 },
		{ "e\xcc\x81x", 3, 0, NULL, -1 },
		{ "\xc2\x9b", 4, 0, NULL, -1 },
	};
	struct table *t;

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		skip("wide characters", "no locale C.UTF-8");
		return;
	}
	t = chosen("NAME,COUNT");
	table_no_headings(t, 1);
	is_str(printed(t, TABLE_TEXT, wide, 4, 0),
	       "\xc3\xb1        1\n"
	       "\xe6\x97\xa5       2\n"
	       "e\xcc\x81x       3\n"
	       "\\xc2\\x9b 4\n", "cells are counted, not bytes");
	table_free(t);
	setlocale(LC_CTYPE, "C");
}

static void test_seconds(void)
{
	const struct row odd[] = {
		{ "", 0, -1500000000, "-1.5s", -1 },
		{ "", 0, -1, "-1ns", -1 },
		{ "", 0, INT64_MIN, "?", -1 },
		{ "", 0, INT64_MAX, "?", -1 },
	};
	struct table *t = chosen("AGE");

	is_str(printed(t, TABLE_JSON, odd, 4, 0),
	       "{\"rows\":[\n{\"age\":-1.500000},\n{\"age\":0.000000},\n"
	       "{\"age\":-9223372036.854775},\n"
	       "{\"age\":9223372036.854775}\n]}\n",
	       "seconds of any size and sign");
	table_free(t);
}

int main(void)
{
	test_forms();
	test_record();
	test_choice();
	test_hostile();
	test_wide();
	test_seconds();
	table_free(NULL);
	return done();
}
