/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resume.c - which lines an earlier run has done; see resume.h.
 *
 * The log may be cut off anywhere, have the lines of several runs, and of
 * consumers, one after the other. An end without args is that of the process
 * with the same queue, producer, seq and pid.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resume.h"

struct resume_entry {
	uint64_t hash;
	uint64_t count;
	char *value;		/* a line; NULL: none */
	char key[];
};

/* ---- a map of strings ---- */

static uint64_t hash_of(const char *key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return h;
}

static size_t cell_of(const struct resume_map *m, const char *key, uint64_t h)
{
	size_t i = (size_t)h & (m->room - 1);

	while (m->cells[i] && (m->cells[i]->hash != h ||
			       strcmp(m->cells[i]->key, key) != 0))
		i = (i + 1) & (m->room - 1);
	return i;
}

static int map_grow(struct resume_map *m)
{
	struct resume_map more = { NULL, m->room ? 2 * m->room : 256, m->used };

	if (2 * (m->used + 1) <= m->room)
		return 0;
	more.cells = calloc(more.room, sizeof(struct resume_entry *));
	if (!more.cells)
		return -ENOMEM;
	for (size_t i = 0; i < m->room; i++)
		if (m->cells[i])
			more.cells[cell_of(&more, m->cells[i]->key,
					   m->cells[i]->hash)] = m->cells[i];
	free(m->cells);
	*m = more;
	return 0;
}

static struct resume_entry *map_find(const struct resume_map *m,
				     const char *key)
{
	return m->room ? m->cells[cell_of(m, key, hash_of(key))] : NULL;
}

/* NULL: no memory. */
static struct resume_entry *map_put(struct resume_map *m, const char *key)
{
	uint64_t h = hash_of(key);
	size_t i, size = strlen(key) + 1;
	struct resume_entry *e;

	if (map_grow(m) < 0)
		return NULL;
	i = cell_of(m, key, h);
	if (m->cells[i])
		return m->cells[i];
	e = calloc(1, sizeof(*e) + size);
	if (!e)
		return NULL;
	e->hash = h;
	memcpy(e->key, key, size);
	m->cells[i] = e;
	m->used++;
	return e;
}

static void map_free(struct resume_map *m)
{
	for (size_t i = 0; i < m->room; i++) {
		if (m->cells[i])
			free(m->cells[i]->value);
		free(m->cells[i]);
	}
	free(m->cells);
	memset(m, 0, sizeof(*m));
}

/* ---- a line of JSON: an object of strings, numbers and words ---- */

/* The members that matter; in place, ended by NUL. NULL: not there, or null. */
struct members {
	char *event, *queue, *producer, *seq, *pid, *args, *by;
};

static void skip_space(char **s)
{
	*s += strspn(*s, " \t\r");
}

static int hex4(const char *s, unsigned *out)
{
	char digits[5] = "";

	memcpy(digits, s, strnlen(s, 4));
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	*out = (unsigned)strtoul(digits, NULL, 16);
	return 0;
}

static char *put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* \uXXXX, behind the u. A lone surrogate from DC80 to DCFF is a byte that was
 * not UTF-8: see json_bytes(). */
static int unescape_unicode(char **from, char **to)
{
	unsigned c, low;

	if (hex4(*from, &c) < 0)
		return -1;
	*from += 4;
	if (c >= 0xd800 && c < 0xdc00 && (*from)[0] == '\\' &&
	    (*from)[1] == 'u' && hex4(*from + 2, &low) == 0 && low >= 0xdc00 &&
	    low < 0xe000) {
		*from += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	if (c >= 0xdc80 && c <= 0xdcff)
		*(*to)++ = (char)(c - 0xdc00);
	else
		*to = put_utf8(*to, c);
	return 0;
}

/* The string at *s, in place, which gets no longer. NULL: it is none. */
static char *take_string(char **s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char *begin, *out, *in = *s;
	const char *which;

	if (*in++ != '"')
		return NULL;
	begin = out = in;
	while (*in && *in != '"') {
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		in++;
		if (*in == 'u') {
			in++;
			if (unescape_unicode(&in, &out) < 0)
				return NULL;
			continue;
		}
		which = *in ? strchr(from, *in) : NULL;
		if (!which)
			return NULL;
		*out++ = to[which - from];
		in++;
	}
	if (*in != '"')
		return NULL;
	*out = '\0';
	*s = in + 1;
	return begin;
}

static void note(struct members *m, const char *key, char *value)
{
	const struct {
		const char *key;
		char **value;
	} all[] = {
		{ "event", &m->event }, { "queue", &m->queue },
		{ "producer", &m->producer }, { "seq", &m->seq },
		{ "pid", &m->pid }, { "args", &m->args }, { "by", &m->by },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(key, all[i].key) == 0)
			*all[i].value = value;
}

/* A value that is no string ends at a comma or brace, which becomes its NUL:
 * *after gets that character. */
static char *take_value(char **s, char *after)
{
	char *value = *s;

	if (**s == '"') {
		value = take_string(s);
		if (!value)
			return NULL;
		skip_space(s);
		*after = **s;
		return value;
	}
	*s += strcspn(*s, ",} \t\r");
	if (*s == value)
		return NULL;
	*after = **s;
	if (**s)
		**s = '\0';
	if (*after == ' ' || *after == '\t' || *after == '\r') {
		++*s;
		skip_space(s);
		*after = **s;
	}
	return value;
}

static bool parse(char *s, struct members *m)
{
	char after = ',', *key, *value;

	skip_space(&s);
	if (*s++ != '{')
		return false;
	while (after == ',') {
		bool word;

		skip_space(&s);
		key = take_string(&s);
		skip_space(&s);
		if (!key || *s++ != ':')
			return false;
		skip_space(&s);
		word = *s != '"';
		value = take_value(&s, &after);
		if (!value)
			return false;
		if (after)
			s++;
		note(m, key, word && strcmp(value, "null") == 0 ? NULL : value);
	}
	if (after != '}')
		return false;
	skip_space(&s);
	return *s == '\0';
}

/* ---- what the lines say ---- */

static bool run_key(const char *producer, const char *queue, char *key,
		    size_t size)
{
	int n = snprintf(key, size, "%s %s", producer, queue);

	return n > 0 && (size_t)n < size;
}

/* false: it is of no process. */
static bool process_key(const struct members *m, char *key, size_t size)
{
	int n;

	if (!m->queue || !m->seq || !m->pid || !m->producer)
		return false;
	n = snprintf(key, size, "%s %s %s %s", m->producer, m->seq, m->pid,
		     m->queue);
	return n > 0 && (size_t)n < size;
}

static int note_run(struct resume *r, const struct members *m)
{
	char key[2048];

	if (!run_key(m->producer, m->queue, key, sizeof(key)))
		return 0;
	return map_put(&r->runs, key) && map_put(&r->queues, m->queue)
		       ? 0 : -ENOMEM;
}

static int note_started(struct resume *r, const struct members *m,
			const char *key)
{
	struct resume_entry *e = map_put(&r->started, key);

	if (!e)
		return -ENOMEM;
	free(e->value);
	e->value = strdup(m->args);
	return e->value ? 0 : -ENOMEM;
}

static int note_ended(struct resume *r, const struct members *m,
		      struct resume_entry *started)
{
	const char *line = m->args;
	struct resume_entry *e;

	if (!line && started)
		line = started->value;
	if (!line || !m->by ||
	    (strcmp(m->by, "self") != 0 && strcmp(m->by, "consumer") != 0))
		return 0;
	e = map_put(&r->over, line);
	if (!e)
		return -ENOMEM;
	e->count++;
	r->count++;
	/* Two logs may have the same end. */
	if (started) {
		free(started->value);
		started->value = NULL;
	}
	return 0;
}

static int note_line(struct resume *r, char *text)
{
	struct members m = { 0 };
	struct resume_entry *started;
	char key[2048];
	int rc;

	if (!parse(text, &m)) {
		r->broken++;
		return 0;
	}
	r->objects++;
	if (!m.event || !process_key(&m, key, sizeof(key)))
		return 0;
	if (strcmp(m.event, "started") == 0) {
		rc = note_run(r, &m);
		return m.args && rc == 0 ? note_started(r, &m, key) : rc;
	}
	if (strcmp(m.event, "retired") != 0)
		return 0;
	started = map_find(&r->started, key);
	/* Of a process that was started, one end counts. */
	if (started && !started->value)
		return 0;
	return note_ended(r, &m, started);
}

int resume_read(struct resume *r, const char *file)
{
	FILE *f = fopen(file, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t got;
	int rc = 0;

	memset(r, 0, sizeof(*r));
	if (!f)
		return -errno;
	while (rc == 0 && (errno = 0, got = getline(&text, &size, f)) > 0) {
		if (text[got - 1] == '\n')
			text[--got] = '\0';
		/* A line with a NUL is none of ours. */
		if (got > 0 && strlen(text) == (size_t)got)
			rc = note_line(r, text);
		else if (got > 0)
			r->broken++;
	}
	if (rc == 0 && ferror(f))
		rc = errno ? -errno : -EIO;
	free(text);
	fclose(f);
	if (rc == 0 && r->broken > 0 && r->objects == 0)
		rc = -EBADMSG;
	return rc;
}

bool resume_takes(struct resume *r, const char *line)
{
	struct resume_entry *e = map_find(&r->over, line);

	if (!e || e->count == 0)
		return false;
	e->count--;
	return true;
}

const char *resume_queue(const struct resume *r, size_t *at)
{
	while (*at < r->queues.room) {
		const struct resume_entry *e = r->queues.cells[(*at)++];

		if (e)
			return e->key;
	}
	return NULL;
}

bool resume_has_run(const struct resume *r, const char *queue,
		    uint64_t producer)
{
	char number[24], key[2048];

	snprintf(number, sizeof(number), "%" PRIu64, producer);
	return run_key(number, queue, key, sizeof(key)) &&
	       map_find(&r->runs, key);
}

const char *resume_line(const struct resume *r, const char *queue,
			uint64_t producer, uint64_t seq, int pid)
{
	const struct resume_entry *e;
	char key[2048];
	int n = snprintf(key, sizeof(key),
			 "%" PRIu64 " %" PRIu64 " %d %s", producer, seq, pid,
			 queue);

	e = n > 0 && (size_t)n < sizeof(key) ? map_find(&r->started, key)
					     : NULL;
	return e ? e->value : NULL;
}

void resume_free(struct resume *r)
{
	map_free(&r->started);
	map_free(&r->over);
	map_free(&r->runs);
	map_free(&r->queues);
}
