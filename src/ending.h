/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending.h - how a process that was taken is ended: which signals it gets,
 * when, and when it is given up. One behaviour for consumer, for producer at
 * its end and for procq remove --kill.
 *
 * A process gets the signals of a plan in turn. If it is alive a moment after
 * a signal, it gets SIGCONT, because a stopped process does not die of most
 * signals. Few are stopped, so this spares nearly all of them a second signal.
 * A process group gets SIGCONT at once: when its leader is dead, it may be
 * that no signal reaches the others. If a process is alive after the last step, or if a
 * signal to it is refused, its death is reported as unconfirmed, and no
 * further signal is sent. It may still die later.
 *
 * What the signals reach is said in systemd's words: a command's group; the
 * command first, and its group with KILL (mixed); or the process alone. What is
 * left of a group when the command is dead goes on through the same steps, and
 * holds the room of the command until it is dead, too, or until the last step
 * is over; if that has no time limit, for a second. In mixed, KILL comes as soon
 * as the command is dead.
 *
 * An escalation belongs to the process, whose record knows the first signal and
 * the last: one that was taken from a killed consumer goes on where that was.
 *
 * Every process waits equally long after a step, so the processes that wait
 * after one step stand in the order of their deadlines as they come. So three
 * lists per step do what a heap would: of those that wait, of those that have
 * yet to get SIGCONT, and of those whose step another began, of which some wait
 * a little longer than they need, to stand in order. No call looks at all
 * processes; only the memory depends on how many are in flight.
 *
 * Signals are sent by procq_signal() only. Must not take a process, wait for
 * one, or print.
 */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "duration.h"
#include "ended.h"
#include "plan.h"
#include "procq.h"

/* A process that is alive so long after its signal gets SIGCONT. */
#define CONTINUE_AFTER (10 * NS_PER_MS)

/* A process that is being ended. */
struct ending {
	struct procq_process process;	/* as it was when it was taken */
	int64_t since;			/* … which was then */
	int64_t deadline;
	int64_t step_end;		/* on to the next step */
	uint32_t next, prev;		/* in the list of its step */
	int step;			/* index into the steps */
	int sent;			/* how many signals, without SIGCONT */
	int signo;			/* the last of these, 0: none */
	int64_t left;			/* of a step that another began;
					 * PROCQ_FOREVER: begin it */
	bool shorter;			/* only what was left of a step */
	bool uncontinued;		/* SIGCONT is what it is due for */
	bool unconfirmed;		/* in no list any more */
	bool held;			/* until its group is dead, too */
	bool was_held;
	bool dead;			/* but others of its group are not … */
	int rest;			/* … this one, say; 0: unknown */
	char *cgroup;			/* its own; NULL: none, or unknown */
	bool cgroup_proven;
};

/** Reports that a death can't be confirmed for now. Must not call this room.
 * @param err 0: it is alive after the last step; else why procq_signal()
 *        failed; see ending_refused() */
typedef void ending_report(void *arg, const struct ending *e, int err);

/** Is this an error of procq_signal() that says that the process may not be
 * signalled? Then, with give_back, it is put back into the queue. */
bool ending_refused(int err);

/** Reports that others of its group have outlived the last step. They are
 * signalled no more. Must not call this room. */
typedef void ending_outlived(void *arg, const struct ending *e);

/** Reports that it was dead when it was taken, another had begun to end it, and
 * nothing here proves what is left of its group. Must not call this room. */
typedef void ending_unreached(void *arg, const struct procq_process *p);

struct ending_list {
	uint32_t head, tail;		/* 0: empty */
};

struct endings {
	/* Set by the caller before endings_init(); kept, not copied. */
	struct procq *q;
	const struct escalation *plan;
	ending_report *report;
	void *arg;
	ending_outlived *outlived;	/* may be NULL */
	ending_unreached *unreached;	/* may be NULL */
	enum kill_mode mode;
	bool give_back;			/* what may not be signalled */

	/* Written here only. */
	uint32_t *by_slot;		/* index of its node, 0: none */
	struct ending *nodes;		/* [0] is not used: 0 is no index */
	uint32_t room;
	uint32_t unused;		/* list of free nodes, by next */
	struct ending_list waiting[ESCALATION_STEPS];
	struct ending_list shorter[ESCALATION_STEPS];
	struct ending_list uncontinued[ESCALATION_STEPS];
	int first_step;			/* where the next one begins */
	uint32_t count;			/* all, the unconfirmed among them */
	uint32_t unconfirmed;
};

/** @retval 0, -ENOMEM */
int endings_init(struct endings *all);
/** Before the queue is left, which gives back those that are not dead: they
 * have a signal pending, so SIGCONT is sent if that is still to come. */
void endings_free(struct endings *all);

/** Begin to end a process that was taken: send the first signal.
 * @retval 0, -ENOMEM: nothing was sent, it is still taken */
int endings_begin(struct endings *all, const struct procq_process *p,
		  int64_t now);
/** Send all that is due: SIGCONT, and the signals of the next steps. */
void endings_step(struct endings *all, int64_t now);
/** Send the last signal of the plan to all that have yet to get it, now, and
 * to those that are begun from now on, as their first. */
void endings_hasten(struct endings *all);
/** As procq_collect(), of what was begun here and of others; and go on with
 * what is left of groups.
 * @param by out: what ended it */
int endings_collect(struct endings *all, struct procq_event *event,
		    enum ended_by *by);
/** Of endings_collect(): a death is confirmed. If the process died of a signal sent here, *event
 * gets its step: the library does not count SIGCONT as one.
 * @return what ended it */
enum ended_by endings_collected(struct endings *all, struct procq_event *event);

/** The same: others are left of a dead one's group, PROCQ_EVENT_LEFT. */
void endings_left(struct endings *all, const struct procq_event *event);

/** Why a death can't be confirmed, from what an ending_report got. A word for
 * lines of events, not translated. */
const char *ending_reason(const struct ending *e, int err);

/** The earliest deadline of all, or PROCQ_FOREVER: when to call
 * endings_step(). */
int64_t endings_deadline(const struct endings *all);
/** How many are in flight whose death is expected. */
uint32_t endings_pending(const struct endings *all);
/** Is a further signal of the plan still to come? */
bool endings_escalating(const struct endings *all);

#endif
