/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending-list.c - see ending-list.h. Must not signal, or look at a clock.
 *
 * Nodes are named by index, since growing the array may move them.
 */
#include <config.h>

#include <stdlib.h>

#include "ending-list.h"

static struct ending_list *list_of(struct endings *all, const struct ending *e)
{
	if (e->uncontinued)
		return &all->uncontinued[e->step];
	return e->shorter ? &all->shorter[e->step] : &all->waiting[e->step];
}

uint32_t ending_index(const struct endings *all, const struct ending *e)
{
	return (uint32_t)(e - all->nodes);
}

void ending_append(struct endings *all, struct ending *e)
{
	struct ending_list *list = list_of(all, e);
	uint32_t i = ending_index(all, e);

	e->next = 0;
	e->prev = list->tail;
	/* In order, though those that are late wait for those before them. */
	if (e->prev && e->shorter && !e->uncontinued &&
	    e->deadline < all->nodes[e->prev].deadline)
		e->deadline = all->nodes[e->prev].deadline;
	if (e->prev)
		all->nodes[e->prev].next = i;
	else
		list->head = i;
	list->tail = i;
}

void ending_leave(struct endings *all, struct ending *e)
{
	struct ending_list *list = list_of(all, e);

	if (e->prev)
		all->nodes[e->prev].next = e->next;
	else
		list->head = e->next;
	if (e->next)
		all->nodes[e->next].prev = e->prev;
	else
		list->tail = e->prev;
}

struct ending *ending_first(const struct endings *all,
			     const struct ending_list *list)
{
	return list->head > 0 ? &all->nodes[list->head] : NULL;
}

static struct ending *sooner(struct ending *a, struct ending *b)
{
	return !a || (b && b->deadline < a->deadline) ? b : a;
}

struct ending *ending_due(const struct endings *all)
{
	struct ending *first = NULL;

	for (int step = 0; step < all->plan->count; step++) {
		first = sooner(first, ending_first(all, &all->uncontinued[step]));
		first = sooner(first, ending_first(all, &all->waiting[step]));
		first = sooner(first, ending_first(all, &all->shorter[step]));
	}
	return first;
}

static bool more_nodes(struct endings *all)
{
	uint32_t room = all->room > 0 ? all->room * 2 : 64;
	struct ending *nodes;

	nodes = realloc(all->nodes, room * sizeof(*nodes));
	if (!nodes)
		return false;
	all->nodes = nodes;
	/* Node 0 is left out: 0 ends a list. */
	for (uint32_t i = room - 1; i >= all->room && i > 0; i--) {
		nodes[i].next = all->unused;
		all->unused = i;
	}
	all->room = room;
	return true;
}

struct ending *ending_new(struct endings *all)
{
	struct ending *e;

	if (all->unused == 0 && !more_nodes(all))
		return NULL;
	e = &all->nodes[all->unused];
	all->unused = e->next;
	all->count++;
	return e;
}

void ending_drop(struct endings *all, struct ending *e)
{
	uint32_t i = ending_index(all, e);

	free(e->cgroup);
	e->cgroup = NULL;
	all->by_slot[e->process.slot] = 0;
	e->next = all->unused;
	all->unused = i;
	all->count--;
}
