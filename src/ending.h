/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending.h - which signals end a process, and which process is due for
 * its next one.
 *
 * Most signals don't end a process that is stopped, until SIGCONT has gone on
 * with it. Few are, so only those get it who live on for a moment.
 *
 * Every process waits equally long after a step, so those that wait after one
 * step are in order of their deadlines as they come: a list per step, and one
 * for those that have yet to get SIGCONT, does what a heap would. Nothing here
 * depends on how many are in flight, but the memory. Pure: must not send a
 * signal.
 */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "duration.h"
#include "procq.h"

#define ESCALATION_STEPS 16
/* How long after its signal a process that lives on gets SIGCONT. */
#define CONTINUE_AFTER (10 * NS_PER_MS)

struct escalation {
	int count;
	struct {
		int signo;
		/* Until the next step, or, after the last, until the death
		 * is called unconfirmed; ns. PROCQ_FOREVER: never. */
		int64_t wait;
	} steps[ESCALATION_STEPS];
};

/* The steps for signo and, unless kill_after is 0, KILL so much later. Who
 * is never killed may take its time. */
void escalation_simple(struct escalation *plan, int signo, int64_t kill_after);

/*
 * Read the steps from SIG[,D,SIG]...[,D]: signals, and how long to wait
 * after each. last_wait is that of a last KILL that names none; any other
 * signal may be taken its time over.
 *
 * Returns NULL, or says what is wrong, untranslated.
 */
const char *escalation_parse(struct escalation *plan, const char *text,
			     int64_t last_wait);

/* A process that is being ended. */
struct ending {
	struct procq_process process;	/* as it was when it was taken */
	int64_t since;			/* … which was then */
	int64_t deadline;
	int64_t step_end;		/* on to the next step */
	uint32_t next, prev;		/* in the list of its step */
	int step;			/* index into the steps */
	bool uncontinued;		/* SIGCONT is what it is due for */
	bool unconfirmed;		/* in no list any more */
};

struct ending_list {
	uint32_t head, tail;		/* 0: empty */
};

struct endings {
	const struct escalation *plan;
	uint32_t *by_slot;		/* index of its node, plus one */
	struct ending *nodes;		/* [0] is not used: 0 is no index */
	uint32_t room;
	uint32_t unused;		/* list of free nodes, by next */
	struct ending_list waiting[ESCALATION_STEPS];
	struct ending_list uncontinued[ESCALATION_STEPS];
	uint32_t count;			/* all, the unconfirmed among them */
	uint32_t unconfirmed;
};

/* Returns 0 or -ENOMEM. plan is kept, not copied. */
int endings_init(struct endings *all, const struct escalation *plan,
		 uint32_t capacity);
void endings_free(struct endings *all);

/* A process that was taken; it waits after the first step. NULL: no memory.
 * What this and the next two return is good until the next endings_add(). */
struct ending *endings_add(struct endings *all, const struct procq_process *p,
			   int64_t now);
/* NULL: none is in this slot. */
struct ending *endings_find(const struct endings *all, uint32_t slot);
/* One whose deadline has come, or NULL: for SIGCONT, or for its next step. */
struct ending *endings_due(const struct endings *all, int64_t now);
/* One that has yet to get SIGCONT, or NULL. */
struct ending *endings_uncontinued(const struct endings *all);
/* The earliest deadline of all, or PROCQ_FOREVER. */
int64_t endings_deadline(const struct endings *all);

/* On to the next step. Returns false if that was the last. */
bool endings_advance(struct endings *all, struct ending *e, int64_t now);
/* The signal of its step was sent by now, so its wait begins again: it takes
 * no less than was asked for, however long the sending took. To be called for
 * all that were added or advanced, or for none: else the lists are not in
 * order. */
void endings_sent(struct endings *all, struct ending *e, int64_t now);
/* SIGCONT was sent to one that was due for it. */
void endings_continued(struct endings *all, struct ending *e);
/* Wait for it without a deadline: its death can't be confirmed for now. */
void endings_give_up(struct endings *all, struct ending *e);
/* It is dead, or somebody else's. */
void endings_remove(struct endings *all, struct ending *e);

/* How many are in flight whose death is expected. */
uint32_t endings_pending(const struct endings *all);

#endif
