/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scarcity.h - what the parts of the scarcity harness share.
 *
 *	calls.c		which system calls, and with what they plausibly fail
 *	trace.c		runs a program, and lets one call of it fail (ptrace)
 *	stage.c		the others: helpers, a keeper of the queue, /proc
 *	scenes.c	the runs: what takes part, what has to hold afterwards
 *	scarcity.c	which points, TAP
 *
 * descendants() and object_exists() are those of tests/crash.
 */
#ifndef SCARCITY_H
#define SCARCITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../crash/crash.h"
#include "procq.h"

/* A run that takes longer hangs. */
#define RUN_SECONDS 20
#define ERRORS_MAX 8
/* A lock that lacks memory is asked for so often. */
#define STUBBORN 3

/* ---- calls.c ---- */

/* In the place of an errno. */
enum {
	FAIL_LOST = 10000,	/* not done, but it says so: a lost wake-up */
	FAIL_SHORT		/* only half of what was to be written */
};

/* What of its arguments makes a call one of this kind. */
enum kind {
	ANY, NAMED, UNNAMED, LOCK, UNLOCK, ASK_LOCK, WAIT, WAKE, GROWS,
	TO_ERROR
};

struct call {
	const char *name;
	long nr;
	enum kind kind;
	bool done;		/* it takes effect although it fails */
	int errors[ERRORS_MAX];	/* up to a 0 */
};

extern const struct call calls[];
#define NO_CALL (-1)
#define CALLS_MAX 80

/** Its index in calls[], or NO_CALL. */
int call_find(pid_t pid, uint64_t nr, const uint64_t *args);
int call_by_name(const char *name);
/** A name such as ENOSPC. */
const char *error_name(int error);
int error_by_name(const char *name);

/* ---- trace.c ---- */

/* One call that is to fail. */
struct fault {
	int call;		/* or NO_CALL: none */
	unsigned nth;		/* from 1 */
	unsigned burst;		/* so many from the nth on */
	int error;
	bool inner;		/* of the program's children, not its own */
};

struct run {
	pid_t pid;
	int status;		/* of wait() */
	bool hung;
	bool failed_one;	/* the fault came to happen */
	unsigned counts[CALLS_MAX];
	char out[16384], err[16384];
};

/** Run a program to its end. @param args args[0] is its path */
void run_traced(struct run *run, char *const *args, const struct fault *fault);

/* ---- stage.c ---- */

struct helper {
	const char *name;
	pid_t pid;
	bool ended;
	int status;
	int out, err;
};

/* What a keeper answers. */
struct answer {
	int rc;			/* of opening; then of the check */
	struct procq_report report;
	struct procq_stat stat;
};

extern const char *programs[3];	/* their paths: producer, consumer, procq */
enum { PRODUCER, CONSUMER, PROCQ };

/** In a PID and mount namespace of our own, where that is allowed. False:
 * this process only waits for the one that is in it, whose exit status is
 * *status. */
bool stage_enter(int *status);
void stage_start(void);
/** A file for what somebody says. */
int stage_file(void);
/** What is in it. */
void stage_read(int fd, char *text, size_t size);
/** fork(); the child dies with us, and has none of our handlers. */
pid_t stage_fork(void);
/** In a child: where its output goes. */
void stage_child(int out, int err);
/** One wait() is over: was it for a helper? */
void stage_waited(pid_t pid, int status);
/** Ourselves, a helper, or the bystander. */
bool stage_is_other(pid_t pid);
/** 0: there is no such process. */
pid_t stage_parent(pid_t pid);

struct helper *helper_start(char *const *args);
/** Until it has written so many lines; false: with a complaint. */
bool helper_lines(struct helper *h, unsigned n);
/** Its end, which has to be this: an exit status, or -SIGNAL. */
bool helper_ends(struct helper *h, int want);
bool helper_signal(struct helper *h, int signo);

/** A participant that looks after the queue. capacity 0: one that is there.
 * False: there is none, or with a complaint. */
bool keeper_start(struct answer *a, uint32_t capacity);
bool keeper_check(struct answer *a);
/** It leaves; or it is killed, and leaves its place as it is. */
void keeper_end(bool leaves);

/** Nobody is left but the helpers that are alive, within a bound. */
bool stage_alone(void);
/** Wait so many ms; note which have ended meanwhile. */
void stage_pause(long ms);
/** End all that is left, for the next run. */
void stage_clear(void);

/* ---- scenes.c ---- */

struct scene {
	const char *name;
	int program;
	const char *args[16];	/* its options */
	bool (*before)(void);
	/* What is said, and how it ended, is judged already. */
	bool (*after)(const struct run *run, const struct fault *fault);
	bool inner;		/* the children's calls */
	bool rows;		/* it has lines about other queues, too */
	bool same;		/* if it succeeds, it says what it always says */
};

extern const struct scene scenes[];

/** One run, and all that has to hold; false: with a complaint. */
bool scene_run(const struct scene *scene, const struct fault *fault,
	       struct run *run);
/** The faultless run, whose output is what others are compared with. */
bool scene_learn(const struct scene *scene, struct run *run);

#endif
