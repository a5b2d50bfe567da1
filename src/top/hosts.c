/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts.c - see hosts.h. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "i18n.h"

#include "hosts.h"

/* An answer that is older is said to be so. */
#define FRESH (3 * NS_PER_S)
#define HEAD 6

/* Where the columns end; the name has what is left before the first. */
enum { HELD, PRESENT, WANTS, STATE, LEASE, OLDEST, SEEN, STARTS, ENDS, COLUMNS };

static const int widths[COLUMNS] = { 6, 8, 6, 9, 7, 7, 7, 8, 8 };

static int ends_at(const struct grid *g, int column)
{
	int at = g->columns;

	for (int i = COLUMNS - 1; i > column; i--)
		at -= widths[i];
	return at;
}

/* Where it is narrow, the first columns matter most. */
static int name_width(const struct grid *g)
{
	int width = ends_at(g, HELD) - widths[HELD];

	return width > 8 ? width : 8;
}

static void put(struct grid *g, int row, int column, enum style style,
		const char *text)
{
	int end = ends_at(g, column);

	if (end - widths[column] >= name_width(g))
		grid_right(g, row, end, style, text);
}

static void put_count(struct grid *g, int row, int column, enum style style,
		      uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	put(g, row, column, style, text);
}

static void put_span(struct grid *g, int row, int column, enum style style,
		     int64_t ns)
{
	char text[DURATION_SIZE];

	if (ns > 0)
		put(g, row, column, style, duration_text(ns, text));
}

static void put_rate(struct grid *g, int row, int column, enum style style,
		     const struct pulse *p, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3g", value);
	if (p->known)
		put(g, row, column, style, text);
}

static enum style style_of(const char *state)
{
	if (strcmp(state, "live") == 0)
		return STYLE_PLAIN;
	if (strcmp(state, "away") == 0)
		return STYLE_DIM;
	return STYLE_BAD;
}

static void draw_host(struct grid *g, int row, const struct feed_host *h)
{
	enum style style = style_of(h->state);

	grid_text(g, row, 0, style, h->seat);
	/* What is too long for its place is written over. */
	for (int i = name_width(g); i < g->columns; i++)
		grid_put(g, row, i, style, L' ');
	put_count(g, row, HELD, style, h->held);
	put_count(g, row, PRESENT, style, h->present);
	put_count(g, row, WANTS, style, h->wants);
	put(g, row, STATE, style, h->state);
	put_span(g, row, LEASE, style, h->lease);
	put_span(g, row, OLDEST, style, h->oldest);
	put_span(g, row, SEEN, style, h->seen);
	put_rate(g, row, STARTS, style, &h->pulse, h->pulse.started);
	put_rate(g, row, ENDS, style, &h->pulse, h->pulse.ended);
}

static void draw_titles(struct grid *g, int row)
{
	static const char *const titles[COLUMNS] = {
		"HELD", "PRESENT", "WANTS", "STATE", "LEASE", "OLDEST",
		"SEEN", "START/m", "END/m"
	};

	grid_text(g, row, 0, STYLE_TITLE, "HOST");
	for (int i = 0; i < COLUMNS; i++)
		put(g, row, i, STYLE_TITLE, titles[i]);
}

/* The bound as a bar: what is charged, and what is left. */
static void draw_bar(struct grid *g, int row, const struct feed_queue *q)
{
	double part = q->capacity ? (double)q->used / (double)q->capacity : 0;
	int full = (int)((part < 1 ? part : 1) * g->columns + 0.5);

	for (int i = 0; i < g->columns; i++)
		grid_put(g, row, i, i < full ? part > 1 ? STYLE_BAD
							: STYLE_GOOD
					     : STYLE_DIM,
			 i < full ? g->utf8 ? L'\u2588' : L'#'
				  : g->utf8 ? L'\u00b7' : L'.');
}

static void draw_books(struct grid *g, int row, const struct feed_queue *q)
{
	int at = grid_print(g, row, 0, STYLE_PLAIN, "%" PRIu64 " started = %"
			    PRIu64 " retired + %" PRIu64 " exited + %" PRIu64
			    " lost + %" PRIu64 " vanished + %" PRIu64
			    " present", q->started, q->retired, q->exited,
			    q->lost, q->vanished, q->present);

	(void)at;
	grid_print(g, row + 1, 0, STYLE_DIM, "as of %s", q->as_of);
	if (q->pulse.known)
		grid_print(g, row + 1, 18, STYLE_PLAIN,
			   "%.3g started/min, %.3g ended/min",
			   q->pulse.started, q->pulse.ended);
}

/* What is not as it should be; most important first. */
static void draw_trouble(struct grid *g, int row, const struct feed *f,
			 int64_t now)
{
	char age[DURATION_SIZE];

	if (f->over)
		grid_print(g, row, 0, STYLE_BAD, "%s",
			   _("procq-fleet has ended; 'procq stat --fleet' "
			     "says why"));
	else if (f->answered == 0)
		grid_print(g, row, 0, *f->why ? STYLE_BAD : STYLE_DIM, "%s",
			   *f->why ? f->why : _("asking"));
	else if (*f->why || now - f->answered > FRESH)
		grid_print(g, row, 0, STYLE_BAD, _("as of %s ago: %s"),
			   duration_text(now - f->answered, age),
			   *f->why ? f->why : _("no answer"));
	else if (f->queue.learning)
		grid_print(g, row, 0, STYLE_BAD, "%s",
			   _("learning: nothing is granted, as the server may "
			     "have forgotten grants"));
	else if (f->queue.closed)
		grid_print(g, row, 0, STYLE_BAD, "%s",
			   _("closed: nothing more is granted"));
	else if (*f->queue.durable)
		grid_print(g, row, 0, STYLE_BAD, _("may lose grants: %s"),
			   f->queue.durable);
}

size_t hosts_draw(struct grid *g, const struct feed *f, const char *name,
		  size_t *top, int64_t now)
{
	const struct feed_queue *q = &f->queue;
	size_t room = g->rows > HEAD + 1 ? (size_t)(g->rows - HEAD - 1) : 0;
	size_t n = 0;

	grid_clear(g);
	grid_print(g, 0, 0, STYLE_TITLE, "procq top  %s", name);
	draw_trouble(g, 4, f, now);
	if (f->answered == 0)
		return 0;
	grid_print(g, 0, 12 + (int)strlen(name) + 1, STYLE_PLAIN, "%" PRIu64
		   "/%" PRIu64 " used  %" PRIu64 " hosts, %" PRIu64
		   " cut off, %" PRIu64 " waiting  %s", q->used, q->capacity,
		   q->hosts, q->cut_off, q->waiting, q->policy);
	draw_bar(g, 1, q);
	draw_books(g, 2, q);
	draw_titles(g, HEAD - 1);
	if (*top + room > f->count)
		*top = f->count > room ? f->count - room : 0;
	for (; n < room && *top + n < f->count; n++)
		draw_host(g, HEAD + (int)n, &f->hosts[*top + n]);
	return n;
}
