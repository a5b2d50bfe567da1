/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * canvas.h - text, boxes and axes: what all panels of a picture need.
 *
 * Must not know what a panel shows.
 */
#ifndef PLOT_CANVAS_H
#define PLOT_CANVAS_H

#include <cairo.h>
#include <pango/pango.h>
#include <stdbool.h>

struct colour {
	double r, g, b;
};

/* Colours of the paper, and of what is written on it. */
struct theme {
	struct colour paper, panel, ink, muted, grid;
	struct colour full, empty;
};

struct canvas {
	cairo_t *cr;
	PangoLayout *layout;
	const struct theme *theme;
};

struct box {
	double x, y, w, h;
};

/* Where text stands to its point. */
enum align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

void canvas_begin(struct canvas *c, cairo_t *cr, bool dark);
void canvas_end(struct canvas *c);

void canvas_colour(struct canvas *c, struct colour colour, double alpha);
void canvas_fill(struct canvas *c, struct box box, struct colour colour,
		 double alpha);
/** Write one line of text, whose upper edge is y.
 * @param size of the font
 * @return its width */
double canvas_text(struct canvas *c, double x, double y, enum align align,
		   double size, bool bold, struct colour colour,
		   const char *text);
/** A panel: its ground, and its heading above it. */
void canvas_panel(struct canvas *c, struct box box, const char *heading);

/** Gridlines and labels below a box for a span of time that begins at 0; ns. */
void canvas_time_axis(struct canvas *c, struct box box, double span);
/** The same at the left for 0 to max. */
void canvas_count_axis(struct canvas *c, struct box box, double max);
/** A length of time in at most five characters and a unit: "150 ms". */
void canvas_duration(char *text, size_t size, double ns);

#endif
