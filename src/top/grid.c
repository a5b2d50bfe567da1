/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grid.c - see grid.h. */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"

#include "grid.h"

int grid_size(struct grid *g, int rows, int columns)
{
	struct cell *cells = calloc((size_t)rows * (size_t)columns,
				    sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	free(g->cells);
	g->cells = cells;
	g->rows = rows;
	g->columns = columns;
	grid_clear(g);
	return 0;
}

void grid_clear(struct grid *g)
{
	for (int i = 0; i < g->rows * g->columns; i++)
		g->cells[i] = (struct cell){ L' ', STYLE_PLAIN };
}

void grid_free(struct grid *g)
{
	free(g->cells);
	g->cells = NULL;
	g->rows = g->columns = 0;
}

void grid_put(struct grid *g, int row, int column, enum style style,
	      wchar_t c)
{
	if (row < 0 || row >= g->rows || column < 0 || column >= g->columns)
		return;
	g->cells[row * g->columns + column] =
		(struct cell){ c, (unsigned char)style };
}

int grid_text(struct grid *g, int row, int column, enum style style,
	      const char *text)
{
	char safe[512];
	mbstate_t state = { 0 };
	const char *at = safe_text(text, safe, sizeof(safe));
	wchar_t c;
	size_t n;

	while ((n = mbrtowc(&c, at, MB_LEN_MAX, &state)) != 0 &&
	       n != (size_t)-1 && n != (size_t)-2) {
		int width = wcwidth(c);

		at += n;
		if (width <= 0 || column + width > g->columns)
			continue;
		grid_put(g, row, column, style, c);
		if (width == 2)
			grid_put(g, row, column + 1, style, 0);
		column += width;
	}
	return column;
}

int grid_print(struct grid *g, int row, int column, enum style style,
	       const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return grid_text(g, row, column, style, text);
}

void grid_right(struct grid *g, int row, int column, enum style style,
		const char *text)
{
	grid_text(g, row, column - (int)safe_width(text), style, text);
}

void grid_row_style(struct grid *g, int row, enum style style)
{
	for (int i = 0; row >= 0 && row < g->rows && i < g->columns; i++)
		g->cells[row * g->columns + i].style = (unsigned char)style;
}

void grid_bar(struct grid *g, int bottom, int column, int height, double part,
	      enum style style)
{
	/* From one eighth to a whole block; in ASCII, halves. */
	static const wchar_t blocks[] = L"\u2581\u2582\u2583\u2584\u2585\u2586"
					L"\u2587\u2588";
	int eighths = (int)(part * height * 8 + 0.5);

	/* Something is never nothing. */
	if (part > 0 && eighths == 0)
		eighths = 1;
	for (int i = 0; i < height && eighths > 0; i++, eighths -= 8) {
		int n = eighths > 8 ? 8 : eighths;
		wchar_t c = g->utf8 ? blocks[n - 1] : n > 4 ? L'#' : L'.';

		grid_put(g, bottom - i, column, style, c);
	}
}

void grid_dump(const struct grid *g, FILE *f)
{
	char bytes[MB_LEN_MAX];

	for (int row = 0; row < g->rows; row++) {
		const struct cell *cells = g->cells + row * g->columns;
		int end = g->columns;
		mbstate_t state = { 0 };

		while (end > 0 && cells[end - 1].c == L' ')
			end--;
		for (int i = 0; i < end; i++) {
			size_t n = cells[i].c ? wcrtomb(bytes, cells[i].c,
							&state) : 0;

			if (n != (size_t)-1)
				fwrite(bytes, 1, n, f);
		}
		putc('\n', f);
	}
}
