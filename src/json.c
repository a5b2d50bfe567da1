/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.c - a JSON object on a line.
 *
 * Must not know what the members mean.
 */
#include <config.h>

#include <inttypes.h>

#include "duration.h"
#include "json.h"

static void add_escaped(struct line *l, const char *text, bool bytes)
{
	const unsigned char *s = (const unsigned char *)text;

	line_add(l, "\"", 1);
	while (*s) {
		size_t n = utf8_length(s);

		if (n == 0 && bytes)
			line_format(l, "\\udc%02x", *s);
		else if (n == 0)
			line_string(l, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			line_format(l, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			line_format(l, "\\u%04x", *s);
		else
			line_add(l, (const char *)s, n);
		s += n > 0 ? n : 1;
	}
	line_add(l, "\"", 1);
}

static void add_quoted(struct line *l, const char *text)
{
	add_escaped(l, text, false);
}

void json_open(struct json *j, struct line *l)
{
	j->line = l;
	j->more = false;
	line_add(l, "{", 1);
}

void json_close(struct json *j)
{
	line_add(j->line, "}", 1);
}

void json_key(struct json *j, const char *key)
{
	if (j->more)
		line_add(j->line, ",", 1);
	j->more = true;
	add_quoted(j->line, key);
	line_add(j->line, ":", 1);
}

void json_string(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	if (value)
		add_quoted(j->line, value);
	else
		line_string(j->line, "null");
}

void json_bytes(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	if (value)
		add_escaped(j->line, value, true);
	else
		line_string(j->line, "null");
}

void json_count(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	line_format(j->line, "%" PRIu64, value);
}

void json_seconds(struct json *j, const char *key, int64_t ns)
{
	char buf[DURATION_SIZE];

	json_key(j, key);
	line_string(j->line, duration_seconds(ns, 6, buf));
}

void json_time(struct json *j, const char *key, int64_t ns)
{
	if (ns <= 0) {
		json_null(j, key);
		return;
	}
	json_key(j, key);
	line_add(j->line, "\"", 1);
	line_time(j->line, ns);
	line_add(j->line, "\"", 1);
}

void json_truth(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	line_string(j->line, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	json_string(j, key, NULL);
}
