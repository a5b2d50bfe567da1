/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crash.h - what the parts of the crash harness share.
 *
 *	step.c		runs a process instruction by instruction (ptrace)
 *	actor.c		the other participants: those that live on, the dead
 *			ones before, the newcomer that repairs and drains
 *	ops.c		the table of operations
 *	worlds.c	those on what is not as it was
 *	groups.c	those on what leads a process group
 *	checker.c	reads the object and /proc, by its own reading of the
 *			layout: it includes nothing of lib/
 *	point.c		one point of one operation
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

#include "../kit/harness.h"

#define CAPACITY 4
/* The library's, written here again: the checker includes nothing of lib/. */
#ifndef CRASH_PLACES
#define CRASH_PLACES 1024
#endif
#define OBJECT_NAME_SIZE 300

/* ---- step.c ---- */

/* What one instruction is, for the choice of points. */
struct insn {
	uint64_t pc;
	uint32_t nth;		/* the nth time that it runs, from 0 */
	uint16_t call;		/* a system call: its number plus one */
	bool ours;		/* in this program, not in the C library */
	bool effect;		/* others could see that it has run */
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
/** To the point before the nth instruction of this trace. ENDED: this run
 * was shorter. */
enum stop run_to(pid_t pid, const struct trace *trace, size_t n,
		 bool breakpoints);
/** Run on to marker_end(), then free of the tracer. */
bool run_out(pid_t pid);
/** Run on until it has started a child; the child is traced, it is not. */
pid_t run_to_child(pid_t pid);
/** A system call that may sleep? */
bool may_sleep(const struct insn *insn);
/** It is about where it makes the system call that is insn: stop it at the
 * kernel's door, on the way in or on the way out. ENDED: it made none. */
enum stop run_into_call(pid_t pid, const struct insn *insn, bool and_out);
/** Let it go, and say whether it now sleeps in the call that is insn. */
bool run_to_sleep(pid_t pid, const struct insn *insn);
/** Stop it where it sleeps. */
bool interrupt(pid_t pid);
/** Kill, and take the status away. */
void kill_traced(pid_t pid);
void trace_free(struct trace *trace);

/* ---- actor.c ---- */

/* A process that does what the driver says through a pipe. */
struct actor {
	pid_t pid;
	int command, answer;	/* the driver's ends */
};

struct hands;

struct op {
	const char *name;
	int kids;		/* of the survivor, in the queue; -1: there is
				 * no survivor */
	/* A participant that is dead before the operation begins. */
	void (*dead)(struct hands *);
	/* In the victim: up to the operation, and the operation. */
	void (*prepare)(struct hands *);
	int (*run)(struct hands *);
	int want;		/* what run returns if nobody disturbs */
	bool child;		/* the victim is the child that run starts */
	bool late;		/* … and its parent dies instead of it */
	bool orphaned;		/* … and it is to die with it */
	bool locks;		/* others may have to wait for it */
	bool leaves;		/* nobody may be left in the queue after it */
	bool shared;		/* others may do a part of it */
	bool limited;		/* returns 0 if others raise the limit */
	bool no_reaping;	/* the survivor is slow */
	bool gap;		/* the others keep a distance, too */
	bool no_freeze;		/* can't be held up */
	bool calm;		/* while it is, others sweep and do no more */
	bool lacks;		/* not in this build */
	bool waiter;		/* another waits beside it, to be woken */
};

extern const struct op ops[];
extern const char *queue_name;
/* Nobody is killed or frozen: then it must return what it should. */
extern bool undisturbed;

/** From now on no death has been reported. */
void deaths_begin(void);
/** The system has no process left for us, this result says. @return it */
int note_shortage(int rc);
/** Then what went wrong at this point means nothing. */
bool had_shortage(void);
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

/** Say what to do, and don't wait. */
bool actor_told(struct actor *a, char what);
/** A newcomer: 's' sweep, 'k' check, 'd' drain, 'u' use, 'j' join as a
 * consumer, 'w' wait for a process, 'q' leave. */
bool fresh_start(struct actor *f);
/** Full load on both rings, for several laps; it exits on its own. */
bool load_run(bool may_time_out);

/* ---- checker.c ---- */

extern char object_name[OBJECT_NAME_SIZE];
bool object_exists(void);
/** Where the locks of the object are that fd is open on: there, or in a file
 * beside it, which is opened. */
int open_locks(int fd, int flags);
/** Whatever went wrong. */
void remove_object(void);
/** Wait until all is at rest, and as it should be; complain otherwise.
 * @param known pids of actors, which are no queued processes
 * @param empty nothing is left in the queue */
bool check_at_rest(const pid_t *known, size_t n, bool empty);
/** Has a byte of it changed since the last call? */
bool object_changed(void);
void object_unwatched(void);
/** Remember the generations, to see that none goes back. */
void check_begin(void);
/** Descendants of this process that are alive. */
size_t descendants(pid_t *out, size_t max);

/* ---- crash.c ---- */

/** A run was over before it came to its point. */
void note_early(void);

/* ---- point.c ---- */

/** Run the operation once, undisturbed, and note every instruction. */
bool record_trace(const struct op *op, struct trace *trace);

/* Each: false, with a complaint, if something was wrong. */
bool kill_point(const struct op *op, const struct trace *trace, size_t n);
/** The survivor dies, too: nobody is left but a newcomer. */
bool alone_point(const struct op *op, const struct trace *trace, size_t n);
bool freeze_point(const struct op *op, const struct trace *trace, size_t n);

/* What is done at a system call, for call_point(). */
enum { CALL_IN, CALL_OUT, CALL_ASLEEP, CALL_WAYS };
bool call_killed(const struct op *op, const struct trace *trace, size_t n,
		 int way);
bool call_frozen(const struct op *op, const struct trace *trace, size_t n,
		 int way);

/** The victim killed at n, and then a sweeper undisturbed: its trace. */
bool record_sweep(const struct op *op, const struct trace *trace, size_t n,
		  struct trace *sweep);
bool pair_point(const struct op *op, const struct trace *trace, size_t n,
		const struct trace *sweep, size_t m);

/** End whatever is left of a point that went wrong. */
void clean_up(void);
void kill_all(void);

#endif
