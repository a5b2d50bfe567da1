/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid.h - a screen in memory: cells, each with a character and a style.
 *
 * Pure. What is outside is cut off. Must not know a terminal.
 */
#ifndef TOP_GRID_H
#define TOP_GRID_H

#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

/* What a cell means; the terminal decides how that looks. The states of records
 * are PROCQ_STATE_FREE and so on, from STYLE_STATE on. */
enum style {
	STYLE_PLAIN = 0,
	STYLE_DIM = 1,
	STYLE_TITLE = 2,
	STYLE_GOOD = 3,
	STYLE_BAD = 4,
	STYLE_STARTS = 5,
	STYLE_ENDS = 6,
	STYLE_CURSOR = 7,
	STYLE_KEY = 8,
	STYLE_STATE = 9,
	STYLES = STYLE_STATE + 8
};

struct cell {
	wchar_t c;		/* 0: the right half of a wide character */
	unsigned char style;
};

struct grid {
	int rows, columns;
	bool utf8;		/* blocks, not letters */
	struct cell *cells;
};

/** Give it a size, and empty it. @return 0 or -ENOMEM */
int grid_size(struct grid *g, int rows, int columns);
void grid_clear(struct grid *g);
void grid_free(struct grid *g);

void grid_put(struct grid *g, int row, int column, enum style style,
	      wchar_t c);
/** Write text, with what could harm a terminal made safe.
 * @return the column after it */
int grid_text(struct grid *g, int row, int column, enum style style,
	      const char *text);
int grid_print(struct grid *g, int row, int column, enum style style,
	       const char *format, ...)
	__attribute__((__format__(__printf__, 5, 6)));
/** The same, to end before a column. */
void grid_right(struct grid *g, int row, int column, enum style style,
		const char *text);
/** Give all cells of a row a style. */
void grid_row_style(struct grid *g, int row, enum style style);

/** A bar of eighths, from the bottom of height rows up.
 * @param part 0 to 1 of the height */
void grid_bar(struct grid *g, int bottom, int column, int height, double part,
	      enum style style);

/** Print it as text, without styles or blanks at the ends. */
void grid_dump(const struct grid *g, FILE *f);

#endif
