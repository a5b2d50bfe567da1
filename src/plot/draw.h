/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draw.h - a scene as a picture, by cairo and pango.
 *
 * Must not know a file, nor what kind of picture the surface becomes.
 */
#ifndef PLOT_DRAW_H
#define PLOT_DRAW_H

#include <cairo.h>
#include <stdbool.h>

#include "scene.h"

struct picture {
	double width, height;	/* units of the surface: pixels, or points */
	bool dark;
	const char *title;
};

void draw_scene(cairo_t *cr, const struct picture *p, const struct scene *s);

#endif
