/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending.c - which signals end a process, and which process is due for
 * its next one.
 *
 * Nodes are indices, so that they may move when there have to be more. Must
 * not send a signal.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "duration.h"
#include "ending.h"
#include "i18n.h"
#include "signame.h"

/* A death takes a moment, whatever the user said; and one that its parent does
 * not tell, because it is stopped, is told by the library after a second. */
#define LEAST_LAST_WAIT (2 * NS_PER_S)

static void add_step(struct escalation *plan, int signo, int64_t wait)
{
	plan->steps[plan->count].signo = signo;
	plan->steps[plan->count].wait = wait;
	plan->count++;
}

void escalation_simple(struct escalation *plan, int signo, int64_t kill_after)
{
	int64_t last = kill_after > LEAST_LAST_WAIT ? kill_after
						    : LEAST_LAST_WAIT;

	plan->count = 0;
	if (signo == SIGKILL) {
		add_step(plan, signo, last);
		return;
	}
	if (kill_after == 0) {
		add_step(plan, signo, PROCQ_FOREVER);
		return;
	}
	add_step(plan, signo, kill_after);
	add_step(plan, SIGKILL, last);
}

const char *escalation_parse(struct escalation *plan, const char *text,
			     int64_t last_wait)
{
	char word[SIGNAME_SIZE];

	plan->count = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		const char *why;
		int signo;

		if (plan->count == ESCALATION_STEPS)
			return N_("too many steps");
		if (len == 0 || len >= sizeof(word))
			return N_("a signal is expected");
		memcpy(word, text, len);
		word[len] = '\0';
		signo = signame_parse(word);
		if (signo < 0)
			return N_("no such signal");
		add_step(plan, signo,
			 signo == SIGKILL ? last_wait : PROCQ_FOREVER);
		text += len;
		if (*text++ == '\0')
			return NULL;
		len = strcspn(text, ",");
		why = duration_parse_part(text, len,
					  &plan->steps[plan->count - 1].wait);
		if (why)
			return why;
		text += len;
		if (*text++ == '\0')
			return NULL;
	}
}

/* Lists. */

static struct ending_list *list_of(struct endings *all, const struct ending *e)
{
	return e->uncontinued ? &all->uncontinued[e->step]
			      : &all->waiting[e->step];
}

static uint32_t index_of(const struct endings *all, const struct ending *e)
{
	return (uint32_t)(e - all->nodes);
}

static void list_append(struct endings *all, struct ending *e)
{
	struct ending_list *list = list_of(all, e);
	uint32_t i = index_of(all, e);

	e->next = 0;
	e->prev = list->tail;
	if (e->prev)
		all->nodes[e->prev].next = i;
	else
		list->head = i;
	list->tail = i;
}

static void list_remove(struct endings *all, struct ending *e)
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

/* KILL ends whom it finds stopped, too; the others are about just that. */
static bool leaves_stopped(int signo)
{
	return signo != SIGKILL && signo != SIGCONT && signo != SIGSTOP;
}

/* Wait after its present step. */
static void begin_wait(struct endings *all, struct ending *e, int64_t now,
		       bool sent)
{
	int64_t wait = all->plan->steps[e->step].wait;

	e->step_end = wait > PROCQ_FOREVER - now ? PROCQ_FOREVER : now + wait;
	e->deadline = e->step_end;
	e->uncontinued = sent &&
			 leaves_stopped(all->plan->steps[e->step].signo);
	/* Who has little time is not kept waiting. */
	if (e->uncontinued)
		e->deadline = wait > 2 * CONTINUE_AFTER ? now + CONTINUE_AFTER
							: now;
	list_append(all, e);
}

/* Nodes. */

int endings_init(struct endings *all, const struct escalation *plan,
		 uint32_t capacity)
{
	memset(all, 0, sizeof(*all));
	all->plan = plan;
	all->by_slot = calloc(capacity, sizeof(*all->by_slot));
	return all->by_slot ? 0 : -ENOMEM;
}

void endings_free(struct endings *all)
{
	free(all->by_slot);
	free(all->nodes);
	memset(all, 0, sizeof(*all));
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

struct ending *endings_add(struct endings *all, const struct procq_process *p,
			   int64_t now)
{
	struct ending *e;
	uint32_t i;

	if (all->unused == 0 && !more_nodes(all))
		return NULL;
	i = all->unused;
	e = &all->nodes[i];
	all->unused = e->next;
	memset(e, 0, sizeof(*e));
	e->process = *p;
	e->since = now;
	all->by_slot[p->slot] = i;
	all->count++;
	begin_wait(all, e, now, false);
	return e;
}

struct ending *endings_find(const struct endings *all, uint32_t slot)
{
	uint32_t i = all->by_slot[slot];

	return i > 0 ? &all->nodes[i] : NULL;
}

/* The first in this list, if there is one. */
static struct ending *first_of(const struct endings *all,
			       const struct ending_list *list)
{
	return list->head > 0 ? &all->nodes[list->head] : NULL;
}

static struct ending *sooner(struct ending *a, struct ending *b)
{
	return !a || (b && b->deadline < a->deadline) ? b : a;
}

/* The one of all that is due first. */
static struct ending *next_due(const struct endings *all)
{
	struct ending *first = NULL;

	for (int step = 0; step < all->plan->count; step++) {
		first = sooner(first, first_of(all, &all->uncontinued[step]));
		first = sooner(first, first_of(all, &all->waiting[step]));
	}
	return first;
}

struct ending *endings_due(const struct endings *all, int64_t now)
{
	struct ending *e = next_due(all);

	return e && e->deadline <= now ? e : NULL;
}

struct ending *endings_uncontinued(const struct endings *all)
{
	struct ending *e = NULL;

	for (int step = 0; step < all->plan->count && !e; step++)
		e = first_of(all, &all->uncontinued[step]);
	return e;
}

int64_t endings_deadline(const struct endings *all)
{
	const struct ending *e = next_due(all);

	return e ? e->deadline : PROCQ_FOREVER;
}

bool endings_advance(struct endings *all, struct ending *e, int64_t now)
{
	if (e->unconfirmed || e->step + 1 >= all->plan->count)
		return false;
	list_remove(all, e);
	e->step++;
	begin_wait(all, e, now, false);
	return true;
}

void endings_sent(struct endings *all, struct ending *e, int64_t now)
{
	if (e->unconfirmed)
		return;
	list_remove(all, e);
	begin_wait(all, e, now, true);
}

void endings_continued(struct endings *all, struct ending *e)
{
	if (!e->uncontinued || e->unconfirmed)
		return;
	list_remove(all, e);
	e->uncontinued = false;
	e->deadline = e->step_end;
	list_append(all, e);
}

void endings_give_up(struct endings *all, struct ending *e)
{
	if (e->unconfirmed)
		return;
	list_remove(all, e);
	e->unconfirmed = true;
	all->unconfirmed++;
}

void endings_remove(struct endings *all, struct ending *e)
{
	uint32_t i = index_of(all, e);

	if (e->unconfirmed)
		all->unconfirmed--;
	else
		list_remove(all, e);
	all->by_slot[e->process.slot] = 0;
	e->next = all->unused;
	all->unused = i;
	all->count--;
}

uint32_t endings_pending(const struct endings *all)
{
	return all->count - all->unconfirmed;
}
