/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminal.h - a grid on the terminal, by ncurses. Must not know what is in the
 * grid, but for its styles.
 */
#ifndef TOP_TERMINAL_H
#define TOP_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "grid.h"

/** Take the terminal, until exit(). If it can't show a screen, end the program with
 * a message. */
void terminal_begin(bool colours);
/** Give it back as it was. Async-signal-safe enough for exit(). */
void terminal_end(void);
/** The size that the grid should have. */
void terminal_size(int *rows, int *columns);
void terminal_show(const struct grid *g);
/** Wait for a key. @param ns at most @return as getch(); -1: none came */
int terminal_key(int64_t ns);

#endif
