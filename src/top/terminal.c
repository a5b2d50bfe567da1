/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terminal.c - see terminal.h. */
#define NCURSES_WIDECHAR 1
#include <config.h>

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "procq.h"

#include "terminal.h"

/* Blue, yellow and white are told apart by all; each style has its glyphs or
 * its place besides. */
static const struct {
	short colour;		/* -1: the terminal's own */
	chtype attributes;
} styles[STYLES] = {
	[STYLE_PLAIN] = { -1, A_NORMAL },
	[STYLE_DIM] = { -1, A_DIM },
	[STYLE_TITLE] = { -1, A_BOLD },
	[STYLE_GOOD] = { COLOR_CYAN, A_BOLD },
	[STYLE_BAD] = { COLOR_MAGENTA, A_BOLD },
	[STYLE_STARTS] = { COLOR_CYAN, A_NORMAL },
	[STYLE_ENDS] = { COLOR_YELLOW, A_NORMAL },
	[STYLE_CURSOR] = { -1, A_REVERSE },
	[STYLE_KEY] = { -1, A_BOLD | A_REVERSE },
	[STYLE_STATE + PROCQ_STATE_FREE] = { -1, A_DIM },
	[STYLE_STATE + PROCQ_STATE_RESERVED] = { COLOR_WHITE, A_NORMAL },
	[STYLE_STATE + PROCQ_STATE_QUEUED] = { COLOR_CYAN, A_NORMAL },
	[STYLE_STATE + PROCQ_STATE_TAKEN] = { COLOR_YELLOW, A_BOLD },
	[STYLE_STATE + PROCQ_STATE_EXITED] = { COLOR_MAGENTA, A_BOLD },
	[STYLE_STATE + PROCQ_STATE_GONE] = { COLOR_WHITE, A_DIM },
	[STYLE_STATE + PROCQ_STATE_PARKED] = { -1, A_DIM }
};

static bool coloured;

static bool begin(bool colours)
{
	/* newterm() returns where initscr() would end the program. */
	if (!newterm(NULL, stdout, stdin))
		return false;
	if (!tigetstr("cup")) {
		/* It moves no cursor: TERM=dumb. */
		endwin();
		return false;
	}
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	coloured = colours && has_colors();
	if (coloured) {
		start_color();
		use_default_colors();
		for (int i = 0; i < STYLES; i++)
			init_pair((short)(i + 1), styles[i].colour, -1);
	}
	return true;
}

void terminal_begin(bool colours)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		complain(_("not a terminal; --batch prints frames"));
		exit(EXIT_FAILED);
	}
	if (!begin(colours)) {
		complain(_("this terminal (TERM=%s) can't show a screen; "
			   "--batch prints frames"), getenv("TERM")
						     ? getenv("TERM") : "");
		exit(EXIT_FAILED);
	}
	atexit(terminal_end);
}

void terminal_end(void)
{
	if (stdscr && !isendwin())
		endwin();
}

void terminal_size(int *rows, int *columns)
{
	getmaxyx(stdscr, *rows, *columns);
}

void terminal_show(const struct grid *g)
{
	int rows, columns;

	terminal_size(&rows, &columns);
	for (int y = 0; y < g->rows && y < rows; y++) {
		for (int x = 0; x < g->columns && x < columns; x++) {
			const struct cell *c = &g->cells[y * g->columns + x];
			wchar_t text[2] = { c->c, L'\0' };
			cchar_t out;

			if (c->c == 0)
				continue;
			setcchar(&out, text, styles[c->style].attributes,
				 (short)(coloured ? c->style + 1 : 0), NULL);
			mvadd_wch(y, x, &out);
		}
	}
	refresh();
}

int terminal_key(int64_t ns)
{
	timeout(ns < 0 ? 0 : (int)(ns / NS_PER_MS) + 1);
	return getch();
}
