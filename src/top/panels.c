/* SPDX-License-Identifier: GPL-3.0-or-later */
/* panels.c - see panels.h. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duration.h"
#include "i18n.h"
#include "safe.h"
#include "signame.h"

#include "panels.h"

/* Each state has a glyph, so that it is seen without colours, too. */
static const struct {
	const char *name;
	wchar_t block, letter;
} states[] = {
	[PROCQ_STATE_FREE] = { "free", L'\u00b7', L'.' },
	[PROCQ_STATE_RESERVED] = { "reserved", L'\u2591', L'r' },
	[PROCQ_STATE_QUEUED] = { "queued", L'\u2588', L'Q' },
	[PROCQ_STATE_TAKEN] = { "taken", L'\u2593', L'T' },
	[PROCQ_STATE_EXITED] = { "exited", L'\u00d7', L'x' },
	[PROCQ_STATE_GONE] = { "gone", L'\u25cb', L'o' },
	[PROCQ_STATE_PARKED] = { "parked", L'\u2573', L'-' }
};
/* Columns of the participants, at least and at most. Histograms stand beside
 * them, and take so much for a heading with its quantiles. */
#define PARTICIPANTS_WIDTH 44
#define PARTICIPANTS_MOST 58
#define HISTOGRAM_WIDTH 40
#define STATES ((uint32_t)(sizeof(states) / sizeof(*states)))

const char *state_name(uint32_t state)
{
	return state < STATES ? states[state].name : "?";
}

const char *sort_name(enum sort sort)
{
	static const char *const names[SORTS] = {
		"seq", "age", "state", "pid"
	};

	return names[sort];
}

static wchar_t glyph(const struct grid *g, uint32_t state)
{
	if (state >= STATES)
		return L'?';
	return g->utf8 ? states[state].block : states[state].letter;
}

static enum style state_style(uint32_t state)
{
	return (enum style)(STYLE_STATE + (state < STATES ? state : 0));
}

/* ---- order ---- */

/* qsort() has no argument for these. */
static const struct view *sorted_view;
static const struct choice_state *sorted_by;

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_choice(const void *x, const void *y)
{
	const struct procq_process *a =
		&sorted_view->records[*(const uint32_t *)x];
	const struct procq_process *b =
		&sorted_view->records[*(const uint32_t *)y];
	int order = 0;

	switch (sorted_by->sort) {
	case SORT_AGE:
		order = compare((uint64_t)b->age, (uint64_t)a->age);
		break;
	case SORT_STATE:
		order = compare(a->state, b->state);
		break;
	case SORT_PID:
		order = compare((uint64_t)a->pid, (uint64_t)b->pid);
		break;
	default:
		break;
	}
	/* Those that have not entered come last. */
	if (order == 0)
		order = compare(a->seq - 1, b->seq - 1);
	return sorted_by->reverse ? -order : order;
}

uint32_t panels_order(const struct view *v, const struct choice_state *c,
		      uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->count; i++)
		if (c->filter == 0 ||
		    v->records[i].state == (uint32_t)c->filter)
			order[n++] = i;
	sorted_view = v;
	sorted_by = c;
	/* They come by seq. */
	if (n > 0 && (c->sort != SORT_SEQ || c->reverse))
		qsort(order, n, sizeof(*order), by_choice);
	return n;
}

/* ---- head ---- */

static void clock_text(char *text, size_t size)
{
	time_t t = time(NULL);
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(text, size, "%H:%M:%S", &tm) == 0)
		*text = '\0';
}

static void draw_title(struct grid *g, const struct view *v,
		       const struct choice_state *c)
{
	char text[64];
	int at = grid_text(g, 0, 0, STYLE_TITLE, v->queue);

	if (v->q) {
		const struct procq_stat *s = &v->stat;

		at = grid_print(g, 0, at + 2, STYLE_PLAIN, "%" PRIu64 "/%"
				PRIu32, s->capacity -
				s->states[PROCQ_STATE_FREE] -
				s->states[PROCQ_STATE_PARKED], s->limit);
		if (s->closed)
			at = grid_text(g, 0, at + 2, STYLE_BAD, _("closed"));
	}
	if (c->paused)
		at = grid_text(g, 0, at + 2, STYLE_KEY, _("paused"));
	clock_text(text, sizeof(text));
	if (at + 10 < g->columns)
		grid_right(g, 0, g->columns, STYLE_DIM, text);
}

static double rate(const struct view *v, bool ends, unsigned seconds)
{
	uint64_t sum = 0;
	unsigned n = 0;

	for (; n < seconds && view_second(v, n); n++)
		sum += ends ? view_second(v, n)->ended
			    : view_second(v, n)->started;
	return n > 0 ? (double)sum / n : 0;
}

static void draw_books(struct grid *g, const struct view *v)
{
	const struct procq_stat *s = &v->stat;
	uint64_t sum = s->retired + s->exited + s->lost + s->present;
	int at;

	at = grid_print(g, 1, 0, STYLE_PLAIN, "started %" PRIu64
			" = retired %" PRIu64 " + exited %" PRIu64
			" + lost %" PRIu64 " + present %" PRIu64,
			s->started, s->retired, s->exited, s->lost,
			s->present);
	if (sum == s->started)
		grid_put(g, 1, at + 1, STYLE_GOOD, g->utf8 ? L'\u2713' : L'=');
	else
		grid_print(g, 1, at + 1, STYLE_DIM, "%+" PRId64,
			   (int64_t)(sum - s->started));
	at = grid_print(g, 2, 0, STYLE_STARTS, _("%.1f starts/s"),
			rate(v, false, 5));
	at = grid_print(g, 2, at + 2, STYLE_ENDS, _("%.1f ends/s"),
			rate(v, true, 5));
	grid_print(g, 2, at + 2, s->swept ? STYLE_BAD : STYLE_DIM,
		   _("repaired: %" PRIu64 " swept, %" PRIu64 " put back"),
		   s->swept, s->returned);
}

/* ---- the ring ---- */

/* The state that most of the records have that one cell stands for. */
static uint32_t state_at(const struct view *v, uint64_t from, uint64_t to)
{
	uint32_t counts[STATES] = { 0 }, best = PROCQ_STATE_FREE;
	/* What is in use comes first, then the free, then the parked. */
	uint64_t unused = from > v->count ? from : v->count;
	uint64_t parked = v->stat.capacity -
			  v->stat.states[PROCQ_STATE_PARKED];

	parked = parked < unused ? unused : parked > to ? to : parked;
	if (unused < to) {
		counts[PROCQ_STATE_FREE] = (uint32_t)(parked - unused);
		counts[PROCQ_STATE_PARKED] = (uint32_t)(to - parked);
	}
	for (uint64_t i = from; i < to && i < v->count; i++)
		if (v->records[i].state < STATES)
			counts[v->records[i].state]++;
	for (uint32_t i = 0; i < STATES; i++)
		if (counts[i] > counts[best])
			best = i;
	return best;
}

/* The records from the oldest to the newest, then the free ones: as many cells
 * as there are, or as fit. Returns the row after it. */
static int draw_ring(struct grid *g, const struct view *v, int row,
		     int max_rows)
{
	uint64_t capacity = v->stat.capacity, cells, room, across;
	int at, wide;

	room = (uint64_t)g->columns * (uint64_t)max_rows;
	cells = capacity < room ? capacity : room;
	/* A small ring fills the width. */
	wide = cells > 0 ? g->columns / (int)cells : 1;
	wide = wide < 1 ? 1 : wide;
	across = (uint64_t)(g->columns / wide);
	at = grid_text(g, row, 0, STYLE_TITLE, _("Ring"));
	at = grid_print(g, row, at + 2, STYLE_DIM,
			_("oldest first; head %" PRIu64 ", tail %" PRIu64),
			v->count > 0 ? v->records[0].seq : v->stat.entered,
			v->stat.entered);
	if (cells > 0 && cells < capacity)
		grid_print(g, row, at, STYLE_DIM,
			   _("; a cell is %" PRIu64 " records"),
			   (capacity + cells - 1) / cells);
	row++;
	for (uint64_t i = 0; i < cells; i++) {
		uint32_t state = state_at(v, i * capacity / cells,
					  (i + 1) * capacity / cells);

		/* Wide cells have a gap between them. */
		for (int k = 0; k < (wide > 1 ? wide - 1 : 1); k++)
			grid_put(g, row + (int)(i / across),
				 (int)(i % across) * wide + k,
				 state_style(state), glyph(g, state));
	}
	row += (int)((cells + across - 1) / across);
	at = 0;
	for (uint32_t i = PROCQ_STATE_RESERVED; i <= STATES; i++) {
		uint32_t state = i % STATES;

		if (state == PROCQ_STATE_PARKED && !v->stat.states[state])
			continue;
		grid_put(g, row, at, state_style(state), glyph(g, state));
		at = grid_print(g, row, at + 2, STYLE_DIM, "%s %" PRIu64,
				states[state].name, v->stat.states[state]) + 2;
	}
	return row + 1;
}

/* ---- rates over time ---- */

static void draw_graph(struct grid *g, const struct view *v, int row, int left,
		       int width, int height, bool ends)
{
	uint64_t most = 1;
	int at;

	for (int i = 0; i < width; i++) {
		const struct second *s = view_second(v, (unsigned)i);
		uint64_t n = s ? ends ? s->ended : s->started : 0;

		most = n > most ? n : most;
	}
	at = grid_text(g, row, left, STYLE_TITLE, ends ? _("Ends") :
		       _("Starts"));
	grid_print(g, row, at + 1, STYLE_DIM,
		   _("a second, up to %" PRIu64 "; the last %d s"), most,
		   width);
	for (int i = 0; i < width; i++) {
		const struct second *s = view_second(v, (unsigned)i);
		uint64_t n = s ? ends ? s->ended : s->started : 0;

		if (s)
			grid_bar(g, row + height, left + width - 1 - i, height,
				 (double)n / (double)most,
				 ends ? STYLE_ENDS : STYLE_STARTS);
	}
}

/* ---- participants ---- */

static const char *role_name(uint32_t role)
{
	switch (role) {
	case PROCQ_ROLE_PRODUCER:
		return "producer";
	case PROCQ_ROLE_CONSUMER:
		return "consumer";
	default:
		return "keeper";
	}
}

static const char *wish(const struct waiter *w)
{
	if (w->p.dead)
		return _("dead, to be swept");
	if (w->p.wants & PROCQ_WAIT_ROOM)
		return _("waits for room");
	if (w->p.wants & PROCQ_WAIT_READY)
		return _("waits for arrivals");
	if (w->held > 0)
		return _("waits for a death");
	if (w->p.wants & PROCQ_WAIT_EXITS)
		return _("waits for an exit");
	return _("works, or pauses");
}

/* Up to the histograms, which have the rest; narrow screens have none. */
static int participants_width(const struct grid *g)
{
	int rest = g->columns - HISTOGRAM_WIDTH;

	if (g->columns < PARTICIPANTS_WIDTH + 20)
		return g->columns;
	return rest < PARTICIPANTS_WIDTH ? PARTICIPANTS_WIDTH
	       : rest > PARTICIPANTS_MOST ? PARTICIPANTS_MOST : rest;
}

/* How many processes it has taken, if that does not reach into a histogram. */
static void draw_held(struct grid *g, int row, int at, uint32_t held)
{
	char text[64];

	snprintf(text, sizeof(text), _("has taken %" PRIu32), held);
	if (at + (int)safe_width(text) < participants_width(g))
		grid_text(g, row, at, STYLE_DIM, text);
}

static void draw_participants(struct grid *g, const struct view *v, int row,
			     int max_rows)
{
	uint32_t shown = v->waiter_count;
	char text[DURATION_SIZE];
	int at;

	at = grid_text(g, row, 0, STYLE_TITLE, _("Participants"));
	grid_print(g, row++, at + 2, STYLE_DIM, "%" PRIu32, v->participants);
	if (shown > (uint32_t)max_rows)
		shown = (uint32_t)max_rows;
	for (uint32_t i = 0; i < shown; i++) {
		const struct waiter *w = &v->waiters[i];

		grid_print(g, row, 0, w->p.dead ? STYLE_BAD : STYLE_PLAIN,
			   "%s %" PRId32, role_name(w->p.role), w->p.pid);
		/* With any time after them, they stay in their half. */
		at = grid_text(g, row, 17, STYLE_DIM, wish(w));
		if (w->p.wants || w->p.dead)
			at = grid_text(g, row, at + 1, STYLE_PLAIN,
				       duration_text(v->now - w->since,
						     text));
		if (w->held > 0)
			draw_held(g, row, at + 2, w->held);
		row++;
	}
}

/* ---- histograms ---- */

/* The bucket that has the value which this part of all do not exceed. */
static unsigned quantile(const struct procq_histogram *h, double part)
{
	double rank = part * (double)h->count;
	uint64_t sum = 0;

	for (unsigned i = 0; i < PROCQ_BUCKETS; i++) {
		sum += h->counts[i];
		if (sum > 0 && (double)sum >= rank)
			return i;
	}
	return PROCQ_BUCKETS - 1;
}

/* Its greatest value: 1, 2, 5, 10, 20, 50, … of a unit. */
static const char *bucket_text(unsigned bucket, char text[DURATION_SIZE])
{
	int64_t us = procq_bucket(bucket) / NS_PER_US;

	if (procq_bucket(bucket) == PROCQ_FOREVER)
		return _("more");
	snprintf(text, DURATION_SIZE, "%" PRId64 "%s",
		 us < 1000 ? us : us < 1000000 ? us / 1000 : us / 1000000,
		 us < 1000 ? "us" : us < 1000000 ? "ms" : "s");
	return text;
}

/* A heading with the quantiles, and bars from the first bucket that is not
 * empty to the last. */
static void draw_histogram(struct grid *g, const struct procq_histogram *h,
			   int row, int left, int height, const char *name)
{
	char places[3][DURATION_SIZE], text[80];
	const char *p50, *p90, *p99;
	unsigned first = 0, last = PROCQ_BUCKETS - 1;
	uint64_t most = 1;
	int at = grid_text(g, row, left, STYLE_TITLE, name), wide;

	if (h->count == 0)
		return;
	p50 = bucket_text(quantile(h, 0.5), places[0]);
	p90 = bucket_text(quantile(h, 0.9), places[1]);
	p99 = bucket_text(quantile(h, 0.99), places[2]);
	snprintf(text, sizeof(text), "p50 %s p90 %s p99 %s", p50, p90, p99);
	/* 5ms that is cut off would be 5m. */
	if (at + 1 + (int)safe_width(text) > g->columns)
		snprintf(text, sizeof(text), "50:%s 90:%s 99:%s", p50, p90,
			 p99);
	grid_text(g, row, at + 1, STYLE_DIM, text);
	while (!h->counts[first] && first < last)
		first++;
	while (!h->counts[last] && last > first)
		last--;
	for (unsigned i = first; i <= last; i++)
		most = h->counts[i] > most ? h->counts[i] : most;
	wide = (g->columns - left) / (int)(last - first + 1);
	wide = wide < 1 ? 1 : wide > 3 ? 3 : wide;
	for (unsigned i = first; i <= last; i++)
		for (int k = 0; k < wide; k++)
			grid_bar(g, row + height,
				 left + (int)(i - first) * wide + k, height,
				 (double)h->counts[i] / (double)most,
				 STYLE_ENDS);
}

static void draw_histograms(struct grid *g, const struct view *v, int row,
			    int rows)
{
	int left = participants_width(g), height = rows / 2 - 1;

	if (left == g->columns || height < 1)
		return;
	draw_histogram(g, &v->histograms[PROCQ_HISTOGRAM_LIFETIME], row, left,
		       height, _("Lifetimes"));
	draw_histogram(g, &v->histograms[PROCQ_HISTOGRAM_LATENCY],
		       row + rows / 2, left, height, _("Latencies"));
}

/* ---- processes ---- */

static void draw_process(struct grid *g, int row, const struct procq_process *p,
			 const struct view *v)
{
	char age[DURATION_SIZE], name[SIGNAME_SIZE];
	int64_t now = p->state == PROCQ_STATE_QUEUED ||
		      p->state == PROCQ_STATE_TAKEN
			      ? v->now - v->records_at : 0;
	int at;

	grid_print(g, row, 0, STYLE_PLAIN, "%8" PRIu64 " %7" PRIu32 " %8"
		   PRId32 " %8" PRId32, p->seq, p->slot, p->pid, p->ppid);
	grid_put(g, row, 36, state_style(p->state), glyph(g, p->state));
	grid_text(g, row, 38, STYLE_PLAIN, p->flags & PROCQ_PROCESS_LOST
		  ? "lost" : state_name(p->state));
	grid_right(g, row, 56, STYLE_PLAIN,
		   duration_text(p->age + (now > 0 ? now : 0), age));
	at = grid_text(g, row, 58, STYLE_PLAIN, p->label);
	if (p->signal > 0)
		grid_print(g, row, at + 1, STYLE_DIM, "<%s",
			   signame_text(p->signal, name));
}

static void draw_processes(struct grid *g, const struct view *v,
			   struct choice_state *c, int row,
			   const uint32_t *order, uint32_t n)
{
	uint32_t chosen = 0;

	grid_print(g, row, 0, STYLE_TITLE, "%8s %7s %8s %8s    %-9s %8s  %s",
		   "SEQ", "SLOT", "PID", "PPID", "STATE", "AGE", "LABEL");
	row++;
	c->page = g->rows - 1 > row ? (uint32_t)(g->rows - 1 - row) : 0;
	for (uint32_t i = 0; i < n; i++)
		if (v->records[order[i]].seq == c->cursor)
			chosen = i;
	if (c->page == 0)
		return;
	if (chosen < c->top)
		c->top = chosen;
	if (chosen >= c->top + c->page)
		c->top = chosen - c->page + 1;
	if (c->top + c->page > n)
		c->top = n > c->page ? n - c->page : 0;
	for (uint32_t i = 0; i < c->page && c->top + i < n; i++) {
		draw_process(g, row + (int)i,
			     &v->records[order[c->top + i]], v);
		if (c->cursor && c->top + i == chosen)
			grid_row_style(g, row + (int)i, STYLE_CURSOR);
	}
}

static void draw_keys(struct grid *g, const struct choice_state *c)
{
	static const char *const keys[][2] = {
		{ "?", N_("help") }, { "s", N_("sort") },
		{ "f", N_("filter") }, { "p", N_("pause") },
		{ "l", N_("queues") }, { "k", N_("end") },
		{ "q", N_("quit") }
	};
	int at = 0;

	if (c->message) {
		grid_text(g, g->rows - 1, 0, STYLE_KEY, c->message);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		at = grid_text(g, g->rows - 1, at, STYLE_KEY, keys[i][0]);
		at = grid_text(g, g->rows - 1, at + 1, STYLE_DIM,
			       _(keys[i][1])) + 2;
	}
	grid_print(g, g->rows - 1, at, STYLE_DIM, "%s%s %s",
		   c->reverse ? "-" : "", sort_name(c->sort),
		   c->filter ? state_name((uint32_t)c->filter) : "");
}

static void draw_absent(struct grid *g, const struct view *v)
{
	const char *why = v->gone ? _("the queue is removed; waiting for "
				      "another one of this name")
			  : v->why == -ENOENT
				  ? _("no such queue yet; waiting for a "
				      "producer")
				  : _(procq_strerror(v->why));

	grid_text(g, 2, 0, STYLE_BAD, why);
}

void panels_draw(struct grid *g, const struct view *v, struct choice_state *c,
		 const uint32_t *order, uint32_t n)
{
	int graph = g->rows / 7 > 8 ? 8 : g->rows / 7 < 2 ? 2 : g->rows / 7;
	int half = (g->columns - 2) / 2, row, beside;

	grid_clear(g);
	draw_title(g, v, c);
	draw_keys(g, c);
	if (!v->q) {
		draw_absent(g, v);
		return;
	}
	draw_books(g, v);
	row = draw_ring(g, v, 3, g->rows / 8 > 0 ? g->rows / 8 : 1);
	draw_graph(g, v, row, 0, half, graph, false);
	draw_graph(g, v, row, half + 2, half, graph, true);
	row += graph + 1;
	beside = g->rows / 6 + 1;
	draw_histograms(g, v, row, beside);
	draw_participants(g, v, row, beside - 1);
	draw_processes(g, v, c, row + beside, order, n);
}
