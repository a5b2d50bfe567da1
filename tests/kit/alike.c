/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alike.c - is a line of a run the one that a page shows? See alike.h.
 *
 * Must not read or write anything but what it is given.
 */
#include <config.h>

#include <ctype.h>
#include <string.h>

#include "alike.h"

/* A process number, wherever it stands; smaller ones after pid= only. */
#define PID_DIGITS 4

struct word {
	const char *at;
	size_t length;
};

static bool is_word(int c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Letters and digits, and the marks within a number: 12:00:59.123 */
static struct word word_at(const char *s)
{
	struct word w = { .at = s };

	while (is_word(s[w.length]) ||
	       (w.length > 0 && (s[w.length] == '.' || s[w.length] == ':') &&
		isdigit((unsigned char)s[w.length - 1]) &&
		isdigit((unsigned char)s[w.length + 1])))
		w.length++;
	return w;
}

static bool is_all(struct word w, const char *of)
{
	return w.length > 0 && strspn(w.at, of) >= w.length;
}

static bool is_number(struct word w)
{
	return is_all(w, "0123456789");
}

/* 10:58:59.659, or 0.25, or 112us, or 2.84s */
static bool is_measure(struct word w)
{
	size_t digits = strspn(w.at, "0123456789.:");

	if (digits == 0)
		return false;
	if (digits >= w.length)
		return !is_number(w);
	w.at += digits;
	w.length -= digits;
	return w.length <= 2 && is_all(w, "numshd");
}

static bool follows(const char *start, const char *at, const char *key)
{
	size_t length = strlen(key);

	return (size_t)(at - start) >= length &&
	       memcmp(at - length, key, length) == 0;
}

static bool same(struct word w, const char *text)
{
	return strlen(text) == w.length && memcmp(w.at, text, w.length) == 0;
}

static bool pid_alike(struct alike *known, struct word page, struct word run)
{
	struct alike_pid *new = &known->pids[known->count];

	for (size_t i = 0; i < known->count; i++)
		if (same(page, known->pids[i].page) ||
		    same(run, known->pids[i].run))
			return same(page, known->pids[i].page) &&
			       same(run, known->pids[i].run);
	if (known->count == ALIKE_PIDS || page.length >= ALIKE_DIGITS ||
	    run.length >= ALIKE_DIGITS)
		return false;
	memcpy(new->page, page.at, page.length);
	new->page[page.length] = '\0';
	memcpy(new->run, run.at, run.length);
	new->run[run.length] = '\0';
	known->count++;
	return true;
}

static bool is_known(const struct alike *known, struct word page)
{
	for (size_t i = 0; i < known->count; i++)
		if (same(page, known->pids[i].page))
			return true;
	return false;
}

static bool word_alike(struct alike *known, const char *line, struct word page,
		       struct word run)
{
	bool numbers = is_number(page) && is_number(run);
	bool amounts = (is_number(page) || is_measure(page)) &&
		       (is_number(run) || is_measure(run));

	/* In use at that moment, how fast, and what chance began with. */
	if (amounts && (follows(line, page.at, " used=") ||
			follows(line, page.at, " rate=") ||
			follows(line, page.at, " seed=")))
		return true;
	if (numbers && (page.length >= PID_DIGITS || is_known(known, page) ||
			follows(line, page.at, "pid=")))
		return pid_alike(known, page, run);
	if (is_measure(page) && is_measure(run))
		return true;
	return page.length == run.length &&
	       memcmp(page.at, run.at, run.length) == 0;
}

static const char *past_space(const char *s)
{
	return s + strspn(s, " \t\r");
}

static bool rest_alike(struct alike *known, const char *page, const char *run)
{
	const char *line = page;

	for (;;) {
		const char *p = past_space(page), *r = past_space(run);
		struct word a = word_at(p), b = word_at(r);

		if (!*p || !*r)
			return !*p && !*r;
		if ((p != page) != (r != run))
			return false;
		if (a.length == 0 || b.length == 0) {
			if (*p != *r)
				return false;
			a.length = b.length = 1;
		} else if (!word_alike(known, line, a, b)) {
			return false;
		}
		page = p + a.length;
		run = r + b.length;
	}
}

bool alike(struct alike *known, const char *page, const char *run)
{
	size_t before = known->count;

	if (rest_alike(known, past_space(page), past_space(run)))
		return true;
	known->count = before;
	return false;
}

bool alike_typed(const struct alike *known, const char *page, char *typed,
		 size_t size)
{
	while (*page) {
		struct word w = word_at(page);
		const char *text = page;
		size_t length = w.length ? w.length : 1;

		page += length;
		for (size_t i = 0; w.length && i < known->count; i++) {
			if (same(w, known->pids[i].page)) {
				text = known->pids[i].run;
				length = strlen(text);
			}
		}
		if (length >= size)
			return false;
		memcpy(typed, text, length);
		typed += length;
		size -= length;
	}
	*typed = '\0';
	return true;
}
