/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fill.c - lib/fill.c: which braces are a field, what each becomes, and
 * that the room counted for it is enough.
 */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fill.h"

#include "../kit/tap.h"

#define HOLES_MAX 8
/* What a hole looks like until the child fills it. */
#define HOLE "00000000000000000000"

static char room[512];
static struct pq_hole holes[HOLES_MAX];
static size_t dug;

/* As command.c does it: count, then fill. Nothing is written behind what was
 * counted, text or holes. */
static const char *filled(const char *text, const struct pq_fields *f)
{
	struct pq_hole *hole = holes;
	size_t counted = 0, size = pq_fill_size(text, f, &counted);
	const char *end;

	memset(room, '#', sizeof(room));
	memset(holes, 0, sizeof(holes));
	end = pq_fill(room, text, f, &hole);
	dug = (size_t)(hole - holes);
	if (size > sizeof(room) || end > room + size || room[size] != '#' ||
	    end != room + strlen(room) + 1 || dug != counted)
		return "its size or holes were miscounted";
	return room;
}

static void becomes(const char *text, const struct pq_fields *f,
		    const char *want)
{
	is_str(filled(text, f), want, *text ? text : "an empty text");
}

/* Arguments: no label and no pid. */
static void test_words(void)
{
	const struct pq_fields all = { .input = "in put", .slot = 7 };
	const struct pq_fields none = { .slot = UINT32_MAX };
	const struct pq_fields empty = { .input = "" };

	becomes("", &all, "");
	becomes("plain", &all, "plain");
	becomes("{}", &all, "in put");
	becomes("<{}{}>", &all, "<in putin put>");
	becomes("a{slot}b", &all, "a7b");
	becomes("{slot}", &none, "4294967295");
	becomes("x{}y", &empty, "xy");
	becomes("{}", &none, "{}");
	becomes("{pid}{label}", &all, "{pid}{label}");
	is_int((intmax_t)dug, 0, "neither is a hole");
}

/* What only looks like one. */
static void test_braces(void)
{
	const struct pq_fields all = { .input = "!", .label = "l", .pid = true };

	becomes("${}", &all, "${}");
	becomes("${seq} ${slot} ${label}", &all, "${seq} ${slot} ${label}");
	becomes("$x{}", &all, "$x!");
	becomes("${{}", &all, "${!");
	becomes("{", &all, "{");
	becomes("{seq", &all, "{seq");
	becomes("{ seq}", &all, "{ seq}");
	becomes("{sequence}", &all, "{sequence}");
	becomes("{SEQ}", &all, "{SEQ}");
	becomes("}{}{", &all, "}!{");
	becomes("{{slot}}", &all, "{0}");
}

/* What is put in is not looked at again. */
static void test_once(void)
{
	const struct pq_fields f = { .input = "{seq}{}$", .label = "{slot}" };

	becomes("{}", &f, "{seq}{}$");
	is_int((intmax_t)dug, 0, "an input is no hole");
	/* The brace is behind the text's own $, not that of the input. */
	becomes("{}{slot}", &f, "{seq}{}$0");
	becomes("{label}", &f, "{slot}");
}

static void test_label(void)
{
	const struct pq_fields f = { .label = "../a/b", .pid = true };
	const struct pq_fields empty = { .label = "" };

	becomes("out/{label}.log", &f, "out/.._a_b.log");
	becomes("{label}{label}", &f, ".._a_b.._a_b");
	becomes("<{label}>", &empty, "<>");
	becomes("{}/{label}", &f, "{}/.._a_b");
}

static void hole_is(size_t i, size_t at, bool pid)
{
	ok(holes[i].at == room + at && holes[i].pid == pid,
	   "hole %zu is for the %s, at %zu", i, pid ? "pid" : "seq", at);
}

static void test_holes(void)
{
	const struct pq_fields f = { .label = "l", .pid = true, .slot = 12 };
	const struct pq_fields words = { .slot = 12 };

	is_int(PQ_HOLE, sizeof(HOLE) - 1, "a hole has room for any number");
	becomes("{seq}", &words, HOLE);
	is_int((intmax_t)dug, 1, "one hole");
	hole_is(0, 0, false);
	/* One that is noted behind the slot, which takes less than counted. */
	becomes("{slot}a{pid}{seq}b{label}{pid}", &f,
		"12a" HOLE HOLE "bl" HOLE);
	is_int((intmax_t)dug, 3, "three holes");
	hole_is(0, 3, true);
	hole_is(1, 3 + PQ_HOLE, false);
	hole_is(2, 5 + 2 * PQ_HOLE, true);
}

/* Several texts behind one another: each adds its holes to those before. */
static void test_several(void)
{
	const struct pq_fields f = { .pid = true };
	struct pq_hole *hole = holes;
	size_t counted = 2;
	char *at = room;

	pq_fill_size("{seq}", &f, &counted);
	pq_fill_size("{pid}x{seq}", &f, &counted);
	is_int((intmax_t)counted, 5, "holes are added up");
	at = pq_fill(at, "{seq}", &f, &hole);
	at = pq_fill(at, "{pid}x{seq}", &f, &hole);
	is_int(hole - holes, 3, "and noted one behind the other");
	hole_is(1, PQ_HOLE + 1, true);
	hole_is(2, 2 * PQ_HOLE + 2, false);
	is_int(at - room, 3 * PQ_HOLE + 3, "as are the texts");
}

int main(void)
{
	test_words();
	test_braces();
	test_once();
	test_label();
	test_holes();
	test_several();
	return done();
}
