/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.h - the heap, of which an idle process needs nothing.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>

/** First of all in main(): the heap begins here. */
void heap_begins(void);

/**
 * Let the processes that the library forks have no copy of the heap as it is
 * now: neither its pages nor the tables that lead to them.
 *
 * For idle processes only, which look at nothing but their stack and the
 * queue; a command is executed with words that may be on the heap. Whoever
 * calls fork() has all of it in the child, from then on: what the libc does
 * in a child, and what a program does there, may need it.
 *
 * @retval false it is copied as ever: there is no way on this system
 */
bool heap_hide(void);

#endif
