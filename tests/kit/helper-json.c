/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-json.c - is this JSON, to the letter of RFC 8259?
 *
 *	helper-json [-d]
 *
 * Reads standard input: JSON Lines, each line an object; with -d, a single
 * document. For each object, innermost first, prints its keys in their order
 * with the type of each value, one object to a line:
 *
 *	event:string seq:number consumer:null
 *
 * Exit status 1 and a message if it is not JSON, or if an object has a key
 * twice. Must not accept what any reader might refuse.
 */
#include <config.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define KEYS_MAX 4096

static const char *start, *at;

static _Noreturn void bad(const char *why)
{
	fprintf(stderr, "helper-json: %s at byte %ld: %.40s\n", why,
		(long)(at - start), at);
	exit(1);
}

static const char *value(int depth);

static void blank(void)
{
	while (*at && strchr(" \t\r\n", *at))
		at++;
}

/* Continuation bytes that the byte must be followed by. */
static int tail_of(unsigned char c)
{
	if (c >= 0xc2 && c <= 0xdf)
		return 1;
	if (c >= 0xe0 && c <= 0xef)
		return 2;
	if (c >= 0xf0 && c <= 0xf4)
		return 3;
	bad("not UTF-8");
}

static void escape(void)
{
	if (*at == 'u') {
		for (int i = 1; i <= 4; i++)
			if (!isxdigit((unsigned char)at[i]))
				bad("not four digits");
		at += 5;
	} else if (*at && strchr("\"\\/bfnrt", *at)) {
		at++;
	} else {
		bad("no such escape");
	}
}

static void string(void)
{
	if (*at++ != '"')
		bad("no string");
	while (*at != '"') {
		unsigned char c = (unsigned char)*at++;

		if (c < 0x20)
			bad("a control character in a string");
		if (c == '\\')
			escape();
		else if (c >= 0x80)
			for (int n = tail_of(c); n > 0; n--)
				if (((unsigned char)*at++ & 0xc0) != 0x80)
					bad("not UTF-8");
	}
	at++;
}

static void digits(void)
{
	if (!isdigit((unsigned char)*at))
		bad("no digit");
	while (isdigit((unsigned char)*at))
		at++;
}

static void number(void)
{
	if (*at == '-')
		at++;
	if (*at == '0')
		at++;
	else
		digits();
	if (*at == '.') {
		at++;
		digits();
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		if (*at == '+' || *at == '-')
			at++;
		digits();
	}
}

static void add_key(char *keys, const char *key, int len, const char *type)
{
	char word[256];
	size_t used = strlen(keys);

	snprintf(word, sizeof(word), " %.*s:", len, key);
	if (strstr(keys, word))
		bad("a key twice");
	snprintf(keys + used, KEYS_MAX - used, "%s%s", word, type);
}

/* Behind an item: a comma and another item, or the end. */
static void comma(char end)
{
	if (*at == end)
		return;
	if (*at++ != ',')
		bad("no comma");
	blank();
	if (*at == end)
		bad("a comma too many");
}

static void object(int depth)
{
	char keys[KEYS_MAX] = "";

	at++;
	blank();
	while (*at != '}') {
		const char *key = at + 1;
		int len;

		string();
		len = (int)(at - 1 - key);
		blank();
		if (*at++ != ':')
			bad("no colon");
		add_key(keys, key, len, value(depth + 1));
		comma('}');
	}
	at++;
	printf("%s\n", *keys ? keys + 1 : "");
}

static void array(int depth)
{
	at++;
	blank();
	while (*at != ']') {
		value(depth + 1);
		comma(']');
	}
	at++;
}

static const char *word(const char *text, const char *type)
{
	if (strncmp(at, text, strlen(text)) != 0)
		bad("no value");
	at += strlen(text);
	return type;
}

static const char *one_value(int depth)
{
	if (depth > DEPTH_MAX)
		bad("too deep");
	blank();
	switch (*at) {
	case '{':
		object(depth);
		return "object";
	case '[':
		array(depth);
		return "array";
	case '"':
		string();
		return "string";
	case 't':
		return word("true", "boolean");
	case 'f':
		return word("false", "boolean");
	case 'n':
		return word("null", "null");
	default:
		number();
		return "number";
	}
}

static const char *value(int depth)
{
	const char *type = one_value(depth);

	blank();
	return type;
}

static void document(const char *text, int lines)
{
	start = at = text;
	if (lines && *at != '{')
		bad("no object");
	value(0);
	if (*at)
		bad("more than one value");
}

static char *read_all(void)
{
	size_t used = 0, room = 65536, n;
	char *text = malloc(room);

	while (text && (n = fread(text + used, 1, room - used - 1, stdin))) {
		used += n;
		if (room - used < 2)
			text = realloc(text, room *= 2);
	}
	if (!text)
		exit(2);
	text[used] = '\0';
	if (strlen(text) != used) {
		fprintf(stderr, "helper-json: a NUL\n");
		exit(1);
	}
	return text;
}

int main(int argc, char **argv)
{
	int lines = argc < 2 || strcmp(argv[1], "-d") != 0;
	char *text = read_all(), *line = text, *end;

	if (!lines) {
		document(text, 0);
		return 0;
	}
	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end) {
			fprintf(stderr, "helper-json: no newline at the end\n");
			return 1;
		}
		*end = '\0';
		document(line, 1);
	}
	free(text);
	return 0;
}
