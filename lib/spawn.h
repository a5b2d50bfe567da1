/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * spawn.h - starting a child that enters itself into its reserved record.
 */
#ifndef PQ_SPAWN_H
#define PQ_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "identity.h"
#include "segment.h"

/* Shown in participant.wants by a parent that awaits its child's entry. */
#define PQ_ENTRY 0x10000u

/* Stacks for children that share their parent's memory. A child gives its
 * stack back once it is idle, for idling needs none; so a few serve many. */
#define PQ_NEST_STACKS 256u
struct pq_nest {
	char *base;				/* NULL: none yet */
	unsigned used;				/* above it none ever was */
	pid_t tenant[PQ_NEST_STACKS];		/* by the parent */
	/* 1 by the parent; 0 by the child when it idles, or by the parent
	 * when the tenant is dead. */
	_Atomic uint32_t busy[PQ_NEST_STACKS];
};

/* What a child needs to know; all of it is made before it is started. */
struct pq_start {
	struct pq_segment *seg;
	uint32_t slot;
	uint64_t word;			/* of the reserved record */
	enum pq_ident_kind ident_kind;
	pid_t parent;
	bool keep, group, keep_stdin, set_mask;
	int lifeline[2];		/* -1: none; see spawn.c */
	sigset_t mask;
	/* A command: */
	const char *path;		/* NULL: idle */
	const char *const *argv;
	const char *const *shell_argv;	/* for a script without #! */
	char *const *envp;
	char *seq_digits;		/* in envp, 20 of them */
	/* Set by start, kernel and child: */
	pid_t self;			/* the child's own, 0: not told */
	int error_pipe;			/* fork: tells that exec failed; -1 */
	int exec_error;			/* shared memory: the same, errno */
	bool handlers_cleared;		/* by the kernel, at birth */
	bool vforked;			/* it has waited for exec or death */
	_Atomic uint32_t *stack_busy;
};

/**
 * Start the child.
 * @param method an enum procq_method, not PROCQ_METHOD_AUTO
 * @param pid of the child
 * @retval 0
 * @retval -ENOSYS not with this method on this system
 * @retval -EBUSY all stacks are taken at the moment: use another method
 * @retval -EAGAIN, -ENOMEM, … none was started
 */
int pq_spawn(struct pq_start *start, unsigned method, struct pq_nest *nest,
	     pid_t *pid);

/** Is this method to be had here? Asks the kernel once. */
bool pq_spawn_has(unsigned method);

/** Can a child be tied to its parent's life, as far as there is such a thing
 * on this system? Asks the kernel once. */
bool pq_spawn_ties(void);

/** A pipe that no command inherits. 0, or -errno. */
int pq_pipe(int ends[2]);

/** The child is dead: its stack can be used again. */
void pq_nest_vacate(struct pq_nest *nest, pid_t pid);
/** Unmap the stacks, once no child is on one.
 * @retval false one still is: it may use the nest, its stack and the segment
 * at any time, so all of them have to stay */
bool pq_nest_destroy(struct pq_nest *nest);

#endif
