/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending-list.h - the processes that are being ended: their nodes, and the
 * lists in which they wait for what is due.
 */
#ifndef ENDING_LIST_H
#define ENDING_LIST_H

#include "ending.h"

/** A node that is in no list. NULL: no memory. Moves the others. */
struct ending *ending_new(struct endings *all);
/** It is in no list, and is forgotten. */
void ending_drop(struct endings *all, struct ending *e);
/** What names it, also after ending_new(). Never 0. */
uint32_t ending_index(const struct endings *all, const struct ending *e);

/** Into the list of its step, and out of it. Its deadline may become later:
 * that of the one before. */
void ending_append(struct endings *all, struct ending *e);
void ending_leave(struct endings *all, struct ending *e);
/** NULL: the list is empty. */
struct ending *ending_first(const struct endings *all,
			    const struct ending_list *list);
/** The one with the earliest deadline. NULL: all lists are empty. */
struct ending *ending_due(const struct endings *all);

#endif
