/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crash.h - what the parts of the crash harness share.
 *
 *	step.c		runs a process instruction by instruction (ptrace)
 *	actor.c		the other participants: those that live on, the dead
 *			ones before, the newcomer that repairs and drains
 *	ops.c		the table of operations
 *	checker.c	reads the object and /proc, by its own reading of the
 *			layout: it includes nothing of lib/
 *	crash.c		which points, which runs, TAP
 *
 * The driver itself never opens the queue as a participant: its descriptors
 * may be closed at any time without costing anybody a lock.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CAPACITY 4
#define OBJECT_NAME_SIZE 300

/* What went wrong first at this point; "": nothing. */
extern char trouble[400];
__attribute__((__format__(__printf__, 1, 2)))
void complain(const char *format, ...);

/* ---- step.c ---- */

/* What one instruction is, for the choice of points. */
struct insn {
	uint64_t pc;
	uint32_t nth;		/* the nth time that it runs, from 0 */
	bool telling;		/* a system call, or a locked access */
};

struct trace {
	struct insn *all;
	size_t count, room;
	size_t limit;		/* where it starts a child; 0: nowhere */
};

enum stop { STEPPED, ENDED, DIED };

/** To be called by the traced process around its operation. */
void marker_begin(void);
void marker_end(void);

/** Let a traced process run to marker_begin(). False: it never came there. */
bool run_to_marker(pid_t pid);
/** One instruction. ENDED: it is about to leave the operation.
 * @param breakpoints may be set: it shares its text with nobody */
enum stop step(pid_t pid, struct trace *trace, bool breakpoints);
/** To the point before the nth instruction of this trace. */
enum stop run_to(pid_t pid, const struct trace *trace, size_t n,
		 bool breakpoints);
/** Run on to marker_end(), then free of the tracer. */
bool run_out(pid_t pid);
/** Run on until it has started a child; the child is traced, it is not. */
pid_t run_to_child(pid_t pid);
/** Kill, and take the status away. */
void kill_traced(pid_t pid);
void trace_free(struct trace *trace);

/* ---- actor.c ---- */

struct procq;

/* A process that does what the driver says through a pipe. */
struct actor {
	pid_t pid;
	int command, answer;	/* the driver's ends */
};

/* What an actor has in its hands. */
struct hands {
	struct procq *producer, *consumer;
	uint32_t slot;
	int ready, go;		/* its own ends of the pipes */
	bool no_reaping;
};

struct op {
	const char *name;
	int kids;		/* of the survivor, in the queue; -1: there is
				 * no survivor */
	/* Somebody who is dead before the operation begins. */
	void (*dead)(struct hands *);
	/* In the victim: up to the operation, and the operation. */
	void (*prepare)(struct hands *);
	int (*run)(struct hands *);
	int want;		/* what run returns if nobody disturbs */
	bool child;		/* the victim is the child that run starts */
	bool late;		/* … and its parent dies instead of it */
	bool locks;		/* others may have to wait for it */
	bool leaves;		/* nobody may be left in the queue after it */
	bool shared;		/* others may do a part of it */
	bool no_reaping;	/* the survivor is slow */
	bool no_freeze;		/* can't be held up */
};

extern const struct op ops[];
extern const char *queue_name;
/* Nobody is killed or frozen: then it must return what it should. */
extern bool undisturbed;

/** A survivor with so many children in the queue; or a victim, which stops
 * at marker_begin(). */
bool survivor_start(struct actor *s, const struct op *op);
bool victim_start(struct actor *v, const struct op *op);
void dead_start(const struct op *op);
/** Do something, and wait for the answer. False: with a complaint. */
bool actor_does(struct actor *a, char what);
bool actor_quits(struct actor *a);
/** The victim's own word on its operation. */
bool actor_hears(struct actor *a);
void actor_lost(struct actor *a);

/** A newcomer: 's' sweep, 'k' check, 'd' drain, 'u' use, 'q' leave. */
bool fresh_start(struct actor *f);
/** Full load on both rings, for several laps; ends by itself. */
bool load_run(bool may_time_out);

/* ---- checker.c ---- */

extern char object_name[OBJECT_NAME_SIZE];
bool object_exists(void);
/** Wait until all is at rest, and as it should be; complain otherwise.
 * @param known pids of actors, which are no queued processes
 * @param empty nothing is left in the queue */
bool check_at_rest(const pid_t *known, size_t n, bool empty);
/** Remember the generations, to see that none goes back. */
void check_begin(void);
/** Descendants of this process that are alive. */
size_t descendants(pid_t *out, size_t max);

#endif
