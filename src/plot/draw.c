/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draw.c - see draw.h.
 *
 * A bar for each life is a shape while there are few. Where bars would be
 * thinner than a pixel, they become a density: each pixel has the mean colour
 * of what was there, so a picture of 100,000 lives is as large as one of 100.
 */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duration.h"
#include "i18n.h"

#include "canvas.h"
#include "draw.h"

#define MARGIN 26.0
#define AXIS_LEFT 46.0
#define GAP 50.0
/* More lives than this are a density. */
#define BARS_MAX 5000
/* Pixels of a density for each unit of the picture. */
#define DENSITY 2
/* A bar with a hand at its end is at least so high. */
#define HAND_MIN 3.0

/* Okabe and Ito's colours, which also the colour-blind tell apart. */
static const struct {
	struct colour colour;
	const char *name;
} causes[CAUSES] = {
	[CAUSE_ALIVE] = { { 0.34, 0.71, 0.91 }, N_("no end in the log") },
	[CAUSE_EXIT] = { { 0.00, 0.62, 0.45 }, N_("exit status 0") },
	[CAUSE_FAILED] = { { 0.90, 0.62, 0.00 }, N_("another exit status") },
	[CAUSE_SIGNAL] = { { 0.00, 0.45, 0.70 }, N_("a signal") },
	[CAUSE_KILL] = { { 0.84, 0.37, 0.00 }, N_("the signal KILL") },
	[CAUSE_CORE] = { { 0.80, 0.47, 0.65 }, N_("a core dump") },
	[CAUSE_UNKNOWN] = { { 0.55, 0.55, 0.55 }, N_("unknown") }
};

static const char *const hands[HANDS] = {
	[HAND_NONE] = NULL,
	[HAND_CONSUMER] = N_("by a consumer"),
	[HAND_PRODUCER] = N_("by a producer"),
	[HAND_SELF] = N_("on its own"),
	[HAND_OTHER] = N_("by another program")
};

struct drawing {
	struct canvas canvas;
	const struct scene *scene;
	struct box lives, alive, lived, latency;
};

static double time_x(const struct drawing *d, struct box box, int64_t time)
{
	const struct span *all = &d->scene->all;
	double part = (double)(time - all->begin) /
		      (double)(all->end - all->begin);

	return box.x + box.w * (part < 0 ? 0 : part > 1 ? 1 : part);
}

/* ---- the head: title and legend ---- */

static void date_text(char *text, size_t size, int64_t ns)
{
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm t;

	if (!gmtime_r(&s, &t) ||
	    strftime(text, size, "%Y-%m-%d %H:%M:%S", &t) == 0)
		snprintf(text, size, "?");
}

static void draw_title(struct drawing *d, const struct picture *p)
{
	const struct scene *s = d->scene;
	const struct theme *theme = d->canvas.theme;
	char begin[32], span[32], text[160];

	canvas_text(&d->canvas, MARGIN, MARGIN - 6, ALIGN_LEFT, 20, true,
		    theme->ink, p->title);
	date_text(begin, sizeof(begin), s->all.begin);
	canvas_duration(span, sizeof(span),
			(double)(s->all.end - s->all.begin));
	snprintf(text, sizeof(text),
		 P_("%zu process in %s, from %s UTC",
			  "%zu processes in %s, from %s UTC", s->log->count),
		 s->log->count, span, begin);
	canvas_text(&d->canvas, MARGIN, MARGIN + 21, ALIGN_LEFT, 12, false,
		    theme->muted, text);
}

/* The mark of a hand, at the end of a bar. */
static void draw_hand(struct canvas *c, enum hand hand, double x, double y,
		      double r)
{
	cairo_t *cr = c->cr;

	canvas_colour(c, c->theme->ink, 1);
	cairo_new_path(cr);
	switch (hand) {
	case HAND_CONSUMER:
		cairo_arc(cr, x, y, r, 0, 2 * M_PI);
		cairo_fill(cr);
		break;
	case HAND_PRODUCER:
		cairo_rectangle(cr, x - r, y - r, 2 * r, 2 * r);
		cairo_fill(cr);
		break;
	case HAND_OTHER:
		cairo_set_line_width(cr, r * 0.7);
		cairo_move_to(cr, x - r, y - r);
		cairo_line_to(cr, x + r, y + r);
		cairo_move_to(cr, x - r, y + r);
		cairo_line_to(cr, x + r, y - r);
		cairo_stroke(cr);
		break;
	default:
		break;
	}
}

static double legend_text(struct drawing *d, double x, double y,
			  const char *name, size_t count)
{
	char text[96];

	snprintf(text, sizeof(text), "%s: %zu", name, count);
	return x + 16 + canvas_text(&d->canvas, x + 16, y, ALIGN_LEFT, 12,
				    false, d->canvas.theme->ink, text) + 18;
}

static void draw_legend(struct drawing *d, double y, bool marks)
{
	const struct scene *s = d->scene;
	struct canvas *c = &d->canvas;
	double x = MARGIN;

	for (int i = 0; i < CAUSES; i++) {
		if (s->causes[i] == 0)
			continue;
		canvas_fill(c, (struct box){ x, y + 3, 11, 9 },
			    causes[i].colour, 1);
		x = legend_text(d, x, y, _(causes[i].name), s->causes[i]);
	}
	x = MARGIN;
	y += 19;
	for (int i = 1; i < HANDS; i++) {
		if (s->hands[i] == 0)
			continue;
		/* The end of a bar that has no mark. */
		if (marks && i == HAND_SELF)
			canvas_fill(c, (struct box){ x + 2, y + 6, 8, 3 },
				    c->theme->grid, 1);
		else if (marks)
			draw_hand(c, (enum hand)i, x + 6, y + 7.5, 3);
		else
			x -= 12;
		x = legend_text(d, x, y, _(hands[i]), s->hands[i]);
	}
}

/* ---- lives ---- */

static void draw_waits(struct drawing *d, struct box box)
{
	const struct scene *s = d->scene;
	const struct {
		const struct span *spans;
		size_t count;
		struct colour colour;
	} kinds[] = {
		{ s->full, s->full_count, d->canvas.theme->full },
		{ s->empty, s->empty_count, d->canvas.theme->empty }
	};

	for (size_t k = 0; k < 2; k++) {
		double drawn = box.x;

		for (size_t i = 0; i < kinds[k].count; i++) {
			double a = time_x(d, box, kinds[k].spans[i].begin);
			double b = time_x(d, box, kinds[k].spans[i].end);

			/* Thin ones that touch are one: no seams, and not more
			 * shapes than pixels. */
			while (i + 1 < kinds[k].count &&
			       time_x(d, box, kinds[k].spans[i + 1].begin) -
				       b < 0.25)
				b = time_x(d, box, kinds[k].spans[++i].end);
			if (b - a < 0.05 || b <= drawn)
				continue;
			canvas_fill(&d->canvas,
				    (struct box){ a, box.y, b - a, box.h },
				    kinds[k].colour, 0.22);
			drawn = b;
		}
	}
}

static void draw_bars(struct drawing *d)
{
	const struct scene *s = d->scene;
	struct box box = d->lives;
	double h = box.h / s->row_count;
	double gap = h > 4 ? h * 0.14 : 0;

	for (size_t i = 0; i < s->log->count; i++) {
		const struct life *life = &s->log->lives[i];
		double x = time_x(d, box, life->start);
		double end = time_x(d, box, scene_end(s, life));
		double y = box.y + h * scene_row(s, i);

		if (end - x < 0.6)
			end = x + 0.6;
		canvas_fill(&d->canvas,
			    (struct box){ x, y + gap, end - x, h - 2 * gap },
			    causes[life->cause].colour, 0.92);
		/* Where one begins as the other ends. */
		if (end - x > 3)
			canvas_fill(&d->canvas, (struct box){ x, y + gap, 0.8,
							      h - 2 * gap },
				    d->canvas.theme->panel, 0.9);
	}
	for (size_t i = 0; h >= HAND_MIN && i < s->log->count; i++) {
		const struct life *life = &s->log->lives[i];

		draw_hand(&d->canvas, life->hand,
			  time_x(d, box, scene_end(s, life)),
			  box.y + h * (scene_row(s, i) + 0.5),
			  fmax(fmin(h * 0.24, 3.5), 1.5));
	}
}

/* Add a life's area to the pixels that it covers. Each row of pixels may hold
 * many rows of the picture, and the other way round. */
static void cover(float *pixels, int w, int h, double x1, double x2, double y1,
		  double y2, const struct colour *k)
{
	int top = (int)y1, bottom = (int)ceil(y2);
	int left = (int)x1, right = (int)ceil(x2);

	for (int y = top; y < bottom && y < h; y++) {
		double dy = fmin(y + 1, y2) - fmax(y, y1);

		for (int x = left; x < right && x < w; x++) {
			double dx = fmin(x + 1, x2) - fmax(x, x1);
			float part = (float)(dx * dy);
			float *pixel = pixels + 4 * ((size_t)y * (size_t)w +
						     (size_t)x);

			pixel[0] += part * (float)k->r;
			pixel[1] += part * (float)k->g;
			pixel[2] += part * (float)k->b;
			pixel[3] += part;
		}
	}
}

/* From sums of colour and area to cairo's pixels: colours times alpha. */
static void fill_pixels(cairo_surface_t *image, const float *pixels, int w,
			int h)
{
	unsigned char *data = cairo_image_surface_get_data(image);
	int stride = cairo_image_surface_get_stride(image);

	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			const float *from = pixels + 4 * ((size_t)y *
							  (size_t)w +
							  (size_t)x);
			/* Lives of one slot do not overlap, but clocks are
			 * read twice. */
			float over = from[3] > 1 ? from[3] : 1;
			uint32_t pixel = 0;
			const float parts[4] = { from[3], from[0], from[1],
						 from[2] };

			for (int i = 0; i < 4; i++)
				pixel = pixel << 8 |
					(uint32_t)lrintf(parts[i] / over *
							 255);
			memcpy(data + (size_t)y * (size_t)stride +
			       4 * (size_t)x, &pixel, 4);
		}
	}
}

static void draw_density(struct drawing *d)
{
	const struct scene *s = d->scene;
	struct box box = d->lives;
	int w = (int)box.w * DENSITY, h = (int)box.h * DENSITY;
	struct box scaled = { 0, 0, w, h };
	float *pixels = calloc((size_t)w * (size_t)h, 4 * sizeof(*pixels));
	cairo_surface_t *image = cairo_image_surface_create(
		CAIRO_FORMAT_ARGB32, w, h);
	double rows = s->row_count, gap = h / rows > 6 ? 0.12 : 0;

	if (pixels && cairo_surface_status(image) == CAIRO_STATUS_SUCCESS) {
		for (size_t i = 0; i < s->log->count; i++) {
			const struct life *life = &s->log->lives[i];
			double row = scene_row(s, i);

			cover(pixels, w, h, time_x(d, scaled, life->start),
			      time_x(d, scaled, scene_end(s, life)),
			      h * (row + gap) / rows,
			      h * (row + 1 - gap) / rows,
			      &causes[life->cause].colour);
		}
		cairo_surface_flush(image);
		fill_pixels(image, pixels, w, h);
		cairo_surface_mark_dirty(image);
		cairo_save(d->canvas.cr);
		cairo_translate(d->canvas.cr, box.x, box.y);
		cairo_scale(d->canvas.cr, box.w / w, box.h / h);
		cairo_set_source_surface(d->canvas.cr, image, 0, 0);
		cairo_paint(d->canvas.cr);
		cairo_restore(d->canvas.cr);
	}
	cairo_surface_destroy(image);
	free(pixels);
}

static void draw_lives(struct drawing *d, bool dense)
{
	const struct scene *s = d->scene;

	canvas_panel(&d->canvas, d->lives, s->rows == ROWS_SLOT
		     ? _("Lifetimes, a row for each slot")
		     : _("Lifetimes, in order of start"));
	canvas_time_axis(&d->canvas, d->lives,
			 (double)(s->all.end - s->all.begin));
	draw_waits(d, d->lives);
	if (dense)
		draw_density(d);
	else
		draw_bars(d);
}

/* ---- the number alive ---- */

/* A line that falls and rises, with not more points than pixels: in each column
 * from the least to the most, and on from the last. */
static void trace_alive(struct drawing *d)
{
	const struct scene *s = d->scene;
	struct box box = d->alive;
	cairo_t *cr = d->canvas.cr;
	double unit = box.h / (s->most * 1.08);
	double bottom = box.y + box.h, y = bottom;
	size_t i = 0;

	cairo_move_to(cr, box.x, bottom);
	while (i < s->step_count) {
		double x = time_x(d, box, s->steps[i].time);
		double column = floor(x * 2) / 2 + 0.5;
		uint32_t least = s->steps[i].alive, most = least;
		size_t first = i;

		cairo_line_to(cr, x, y);
		while (i < s->step_count &&
		       time_x(d, box, s->steps[i].time) < column) {
			uint32_t n = s->steps[i++].alive;

			least = n < least ? n : least;
			most = n > most ? n : most;
		}
		/* The end of the picture is in no column. */
		if (i == first)
			i++;
		if (i - first > 2) {
			cairo_line_to(cr, x, bottom - unit * most);
			cairo_line_to(cr, x, bottom - unit * least);
		}
		y = bottom - unit * s->steps[i - 1].alive;
		cairo_line_to(cr, x, y);
	}
	cairo_line_to(cr, box.x + box.w, y);
}

static void draw_capacity(struct drawing *d)
{
	const struct scene *s = d->scene;
	struct box box = d->alive;
	cairo_t *cr = d->canvas.cr;
	double unit = box.h / (s->most * 1.08);
	const double dashes[] = { 6, 4 };
	char text[64];
	double y = 0;

	if (s->log->bound_count == 0)
		return;
	canvas_colour(&d->canvas, causes[CAUSE_KILL].colour, 1);
	cairo_set_line_width(cr, 1.5);
	cairo_set_dash(cr, dashes, 2, 0);
	for (size_t i = 0; i < s->log->bound_count; i++) {
		double x = i == 0 ? box.x
				  : time_x(d, box, s->log->bounds[i].time);

		if (i > 0)
			cairo_line_to(cr, x, y);
		y = box.y + box.h - unit * s->log->bounds[i].capacity;
		cairo_line_to(cr, x, y);
	}
	cairo_line_to(cr, box.x + box.w, y);
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
	snprintf(text, sizeof(text), _("capacity %" PRIu32),
		 s->log->bounds[s->log->bound_count - 1].capacity);
	canvas_text(&d->canvas, box.x + box.w - 4, y + 2, ALIGN_RIGHT, 11,
		    true, causes[CAUSE_KILL].colour, text);
}

static void draw_alive(struct drawing *d)
{
	const struct scene *s = d->scene;
	struct canvas *c = &d->canvas;
	struct box box = d->alive;
	double x = box.x + box.w;

	canvas_panel(c, box, _("Alive"));
	x -= canvas_text(c, x, box.y - 20, ALIGN_RIGHT, 11.5, false,
			 c->theme->muted, _("empty")) + 6;
	canvas_fill(c, (struct box){ x - 14, box.y - 17, 14, 10 },
		    c->theme->empty, 0.4);
	x -= 30;
	x -= canvas_text(c, x, box.y - 20, ALIGN_RIGHT, 11.5, false,
			 c->theme->muted, _("full: producers wait")) + 6;
	canvas_fill(c, (struct box){ x - 14, box.y - 17, 14, 10 },
		    c->theme->full, 0.4);
	canvas_count_axis(c, box, s->most * 1.08);
	canvas_time_axis(c, box, (double)(s->all.end - s->all.begin));
	draw_waits(d, box);
	trace_alive(d);
	canvas_colour(c, causes[CAUSE_SIGNAL].colour, 1);
	cairo_set_line_width(c->cr, 1.2);
	cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_BEVEL);
	cairo_stroke_preserve(c->cr);
	cairo_line_to(c->cr, box.x + box.w, box.y + box.h);
	cairo_close_path(c->cr);
	canvas_colour(c, causes[CAUSE_SIGNAL].colour, 0.28);
	cairo_fill(c->cr);
	draw_capacity(d);
}

/* ---- histograms ---- */

static double value_x(const struct spread *v, struct box box, double value)
{
	double part = spread_part(v, value);

	return box.x + box.w * (part < 0 ? 0 : part > 1 ? 1 : part);
}

static void draw_quantiles(struct drawing *d, const struct spread *v,
			   struct box box)
{
	static const struct {
		double q;
		const char *name;
	} lines[] = { { 0.5, "p50" }, { 0.9, "p90" }, { 0.99, "p99" } };
	struct canvas *c = &d->canvas;
	const double dashes[] = { 3, 3 };

	for (int i = 0; i < 3; i++) {
		double value = spread_quantile(v, lines[i].q);
		double x = value_x(v, box, value);
		bool left = x > box.x + box.w * 0.75;
		char length[32], text[64];

		canvas_colour(c, c->theme->ink, 0.8);
		cairo_set_line_width(c->cr, 1);
		cairo_set_dash(c->cr, dashes, 2, 0);
		cairo_move_to(c->cr, x, box.y);
		cairo_line_to(c->cr, x, box.y + box.h);
		cairo_stroke(c->cr);
		cairo_set_dash(c->cr, NULL, 0, 0);
		canvas_duration(length, sizeof(length), value);
		snprintf(text, sizeof(text), "%s %s", lines[i].name, length);
		/* Over the bars, and to be read all the same. */
		canvas_fill(c, (struct box){ left ? x - 86 : x + 1,
					     box.y + 2 + 15 * i, 85, 15 },
			    c->theme->panel, 0.8);
		canvas_text(c, left ? x - 4 : x + 4, box.y + 2 + 15 * i,
			    left ? ALIGN_RIGHT : ALIGN_LEFT, 11, false,
			    c->theme->ink, text);
	}
}

/* Labels at the powers of ten, or at even distances. */
static void draw_values(struct drawing *d, const struct spread *v,
			struct box box)
{
	struct canvas *c = &d->canvas;
	int power = (int)ceil(log10(v->low));
	char text[32];

	if (!v->log) {
		canvas_time_axis(c, box, v->high);
		return;
	}
	for (; pow(10, power) <= v->high * 1.0001; power++) {
		double x = value_x(v, box, pow(10, power));

		canvas_fill(c, (struct box){ x, box.y, 1, box.h },
			    c->theme->grid, 1);
		canvas_duration(text, sizeof(text), pow(10, power));
		canvas_text(c, x, box.y + box.h + 3, ALIGN_CENTRE, 11, false,
			    c->theme->muted, text);
	}
}

static void draw_spread(struct drawing *d, const struct spread *v,
			struct box box, const char *heading,
			struct colour colour)
{
	struct canvas *c = &d->canvas;

	canvas_panel(c, box, heading);
	if (v->count == 0) {
		canvas_text(c, box.x + box.w / 2, box.y + box.h / 2 - 8,
			    ALIGN_CENTRE, 12, false, c->theme->muted,
			    _("none in the log"));
		return;
	}
	canvas_count_axis(c, box, v->tallest * 1.05);
	draw_values(d, v, box);
	for (int i = 0; i < SCENE_BINS; i++) {
		double x = value_x(v, box, spread_edge(v, i));
		double end = value_x(v, box, spread_edge(v, i + 1));
		double h = box.h * v->bins[i] / (v->tallest * 1.05);

		canvas_fill(c, (struct box){ x + 0.5, box.y + box.h - h,
					     end - x - 1, h }, colour, 0.9);
	}
	draw_quantiles(d, v, box);
}

void draw_scene(cairo_t *cr, const struct picture *p, const struct scene *s)
{
	struct drawing d = { .scene = s };
	bool dense = s->log->count > BARS_MAX;
	double left = MARGIN + AXIS_LEFT;
	double width = p->width - left - MARGIN;
	double top = MARGIN + 112;
	double height = p->height - top - MARGIN - 14 - 2 * GAP;
	double half = (width - AXIS_LEFT - 14) / 2;

	canvas_begin(&d.canvas, cr, p->dark);
	canvas_fill(&d.canvas, (struct box){ 0, 0, p->width, p->height },
		    d.canvas.theme->paper, 1);
	d.lives = (struct box){ left, top, width, height * 0.52 };
	d.alive = (struct box){ left, top + height * 0.52 + GAP, width,
				height * 0.24 };
	d.lived = (struct box){ left, top + height * 0.76 + 2 * GAP, half,
				height * 0.24 };
	d.latency = d.lived;
	d.latency.x += half + AXIS_LEFT + 14;
	draw_title(&d, p);
	draw_legend(&d, MARGIN + 43,
		    !dense && d.lives.h / s->row_count >= HAND_MIN);
	draw_lives(&d, dense);
	draw_alive(&d);
	draw_spread(&d, &s->lived, d.lived, _("Lifetimes"),
		    causes[CAUSE_EXIT].colour);
	draw_spread(&d, &s->latency, d.latency,
		    _("Time from the first signal to the death"),
		    causes[CAUSE_SIGNAL].colour);
	canvas_end(&d.canvas);
}
