/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.c - members of a JSON object, byte for byte.
 */
#include <config.h>

#include <stdint.h>
#include <string.h>

#include "json.h"

#include "../kit/tap.h"

static const char *text_of(struct line *l)
{
	l->text[l->used] = '\0';
	return l->text;
}

static void test_members(void)
{
	struct line l = { .used = 0 };
	struct json j;

	json_open(&j, &l);
	json_close(&j);
	is_str(text_of(&l), "{}", "no member");
	l.used = 0;
	json_open(&j, &l);
	json_count(&j, "a", UINT64_MAX);
	json_string(&j, "b", NULL);
	json_seconds(&j, "c", INT64_C(2023456789));
	json_time(&j, "d", 0);
	json_truth(&j, "e", true);
	json_truth(&j, "f", false);
	json_null(&j, "g\n");
	json_close(&j);
	is_str(text_of(&l), "{\"a\":18446744073709551615,\"b\":null,"
	       "\"c\":2.023456,\"d\":null,\"e\":true,\"f\":false,"
	       "\"g\\u000a\":null}", "one of each kind");
}

/* A row of a table may be longer than a line. */
static void test_emptied(void)
{
	struct line l = { .used = 0 };
	struct json j;

	json_open(&j, &l);
	json_count(&j, "a", 1);
	l.used = 0;
	json_count(&j, "b", 2);
	json_close(&j);
	is_str(text_of(&l), ",\"b\":2}", "the line may be emptied in between");
}

static void escapes(const char *bytes, const char *want)
{
	struct line l = { .used = 0 };
	struct json j;

	json_open(&j, &l);
	json_string(&j, "", bytes);
	is_str(text_of(&l) + strlen("{\"\":"), want, want);
}

static void test_escapes(void)
{
	escapes("", "\"\"");
	escapes("a\\b\"c/", "\"a\\\\b\\\"c/\"");
	escapes("\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"");
	escapes("\xc3\xb1 \xe2\x82\xac \xf0\x9f\x90\xa7",
		"\"\xc3\xb1 \xe2\x82\xac \xf0\x9f\x90\xa7\"");
	escapes("\xff", "\"\\ufffd\"");
	escapes("\xc3", "\"\\ufffd\"");
	escapes("\xe2\x82", "\"\\ufffd\\ufffd\"");
	escapes("\xc0\x80", "\"\\ufffd\\ufffd\"");
	escapes("\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	escapes("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	escapes("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	escapes("\xf5z", "\"\\ufffdz\"");
}

int main(void)
{
	test_members();
	test_emptied();
	test_escapes();
	return done();
}
