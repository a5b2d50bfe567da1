/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - a JSON object on a line.
 *
 * Each value comes with its key, commas by themselves. The line may be
 * emptied between two members. Must not know what the members mean.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "line.h"

struct json {
	struct line *line;
	bool more;		/* a comma comes before the next member */
};

/** Begin an object at the end of a line. */
void json_open(struct json *j, struct line *l);
void json_close(struct json *j);

/** A key whose value the caller adds to the line. */
void json_key(struct json *j, const char *key);

/** A string: control characters escaped, bytes that are not UTF-8 as U+FFFD.
 * @param value NULL: null */
void json_string(struct json *j, const char *key, const char *value);
/** The same, but bytes that are not UTF-8 as lone surrogates, U+DC80 to U+DCFF,
 * which name the byte: what Python's surrogateescape reads back. */
void json_bytes(struct json *j, const char *key, const char *value);
void json_count(struct json *j, const char *key, uint64_t value);
/** Seconds, with six decimals. */
void json_seconds(struct json *j, const char *key, int64_t ns);
/** A string in RFC 3339. @param ns since the epoch; 0 or less: null */
void json_time(struct json *j, const char *key, int64_t ns);
void json_truth(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
