/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canvas.c - see canvas.h. */
#include <config.h>

#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>

#include "canvas.h"

/* Gridlines are about so far apart. */
#define GRID_X 90.0
#define GRID_Y 26.0
#define LABEL 11.0

static const struct theme light = {
	.paper = { 1, 1, 1 },
	.panel = { 0.965, 0.969, 0.976 },
	.ink = { 0.11, 0.13, 0.17 },
	.muted = { 0.38, 0.41, 0.46 },
	.grid = { 0.86, 0.87, 0.89 },
	.full = { 0.94, 0.72, 0.30 },
	.empty = { 0.55, 0.60, 0.68 }
};

static const struct theme dark = {
	.paper = { 0.075, 0.085, 0.11 },
	.panel = { 0.11, 0.125, 0.155 },
	.ink = { 0.93, 0.94, 0.96 },
	.muted = { 0.62, 0.66, 0.72 },
	.grid = { 0.20, 0.22, 0.26 },
	.full = { 0.80, 0.55, 0.12 },
	.empty = { 0.45, 0.50, 0.60 }
};

void canvas_begin(struct canvas *c, cairo_t *cr, bool is_dark)
{
	c->cr = cr;
	c->layout = pango_cairo_create_layout(cr);
	c->theme = is_dark ? &dark : &light;
}

void canvas_end(struct canvas *c)
{
	g_object_unref(c->layout);
}

void canvas_colour(struct canvas *c, struct colour k, double alpha)
{
	cairo_set_source_rgba(c->cr, k.r, k.g, k.b, alpha);
}

void canvas_fill(struct canvas *c, struct box box, struct colour k,
		 double alpha)
{
	canvas_colour(c, k, alpha);
	cairo_rectangle(c->cr, box.x, box.y, box.w, box.h);
	cairo_fill(c->cr);
}

double canvas_text(struct canvas *c, double x, double y, enum align align,
		   double size, bool bold, struct colour k, const char *text)
{
	PangoFontDescription *font = pango_font_description_new();
	int width;

	pango_font_description_set_family(font, "sans");
	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD
						     : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(c->layout, font);
	pango_font_description_free(font);
	pango_layout_set_text(c->layout, text, -1);
	pango_layout_get_size(c->layout, &width, NULL);
	if (align != ALIGN_LEFT)
		x -= (double)width / PANGO_SCALE /
		     (align == ALIGN_CENTRE ? 2 : 1);
	canvas_colour(c, k, 1);
	cairo_move_to(c->cr, x, y);
	pango_cairo_show_layout(c->cr, c->layout);
	return (double)width / PANGO_SCALE;
}

void canvas_panel(struct canvas *c, struct box box, const char *heading)
{
	canvas_fill(c, box, c->theme->panel, 1);
	canvas_text(c, box.x, box.y - 21, ALIGN_LEFT, 13, true, c->theme->ink,
		    heading);
}

void canvas_duration(char *text, size_t size, double ns)
{
	static const struct {
		double ns;
		const char *unit;
	} units[] = {
		{ 86400e9, "d" }, { 3600e9, "h" }, { 60e9, "min" },
		{ 1e9, "s" }, { 1e6, "ms" }, { 1e3, "\302\265s" },
		{ 1, "ns" }
	};
	size_t i = 0;

	if (ns <= 0) {
		snprintf(text, size, "0");
		return;
	}
	/* 90 s says more than 1.5 min. */
	while (i + 1 < sizeof(units) / sizeof(*units) &&
	       ns < units[i].ns * (i < 3 ? 2 : 0.9995))
		i++;
	snprintf(text, size, "%.3g %s", ns / units[i].ns, units[i].unit);
}

/* The next step of 1, 2, 5, 10, … that is at least so large. */
static double round_step(double least)
{
	double power = pow(10, floor(log10(least)));
	double part = least / power;

	return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

/* The same for times, in ns. */
static double time_step(double least)
{
	static const double steps[] = {
		10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800,
		21600, 43200, 86400
	};

	if (least <= 5e9)
		return round_step(least);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (least <= steps[i] * 1e9)
			return steps[i] * 1e9;
	return round_step(least / 86400e9) * 86400e9;
}

static void grid_line(struct canvas *c, double x1, double y1, double x2,
		      double y2)
{
	canvas_colour(c, c->theme->grid, 1);
	cairo_set_line_width(c->cr, 1);
	cairo_move_to(c->cr, x1, y1);
	cairo_line_to(c->cr, x2, y2);
	cairo_stroke(c->cr);
}

void canvas_time_axis(struct canvas *c, struct box box, double span)
{
	double step = time_step(span * GRID_X / box.w);
	char text[32];

	for (int i = 0; i * step <= span; i++) {
		double x = box.x + box.w * (i * step / span);

		grid_line(c, x, box.y, x, box.y + box.h);
		canvas_duration(text, sizeof(text), i * step);
		canvas_text(c, x, box.y + box.h + 3, ALIGN_CENTRE, LABEL,
			    false, c->theme->muted, text);
	}
}

void canvas_count_axis(struct canvas *c, struct box box, double max)
{
	double step = round_step(max * GRID_Y / box.h);
	char text[32];

	if (step < 1)
		step = 1;
	for (int i = 0; i * step <= max; i++) {
		double y = box.y + box.h - box.h * (i * step / max);

		grid_line(c, box.x, y, box.x + box.w, y);
		snprintf(text, sizeof(text), "%.0f", i * step);
		canvas_text(c, box.x - 6, y - 7.5, ALIGN_RIGHT, LABEL, false,
			    c->theme->muted, text);
	}
}
