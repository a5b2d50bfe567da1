/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * child.h - what a child runs: it enters its reserved record by itself.
 */
#ifndef PQ_CHILD_H
#define PQ_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fill.h"
#include "identity.h"
#include "view.h"

/* The run-time of these sanitizers keeps state for each thread, so no child may
 * share its parent's memory. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_MEMORY__
# undef PQ_USE_CLONE
#elif defined __has_feature
# if __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#  undef PQ_USE_CLONE
# endif
#endif

/* Shown in participant.wants by a parent that awaits its child's entry. */
#define PQ_ENTRY 0x10000u

/* How long to wait for a child to execute its command. Longer than that takes
 * only what can take for ever, such as a file on a server that does not
 * answer; and the parent has other things to do. */
#define PQ_EXEC_MAX (100 * PQ_MILLI)

/* What a child needs to know, all of it prepared by its parent: the child can't
 * allocate. Written by the parent before the start; read by the child. */
struct pq_start {
	struct pq_segment *seg;
	uint32_t slot;
	uint64_t word;			/* of the reserved record */
	enum pq_ident_kind ident_kind;
	pid_t parent;
	bool keep, group, keep_stdin, set_mask;
	int cgroup;			/* its directory; 0: none */
	int lifeline[2];		/* -1: none; see child.c */
	int descriptors;		/* the parent's limit of them */
	sigset_t mask;
	/* A command: */
	const char *path;		/* NULL: idle */
	const char *const *argv;
	const char *const *shell_argv;	/* for a script without #! */
	char *const *envp;
	char *seq_digits;		/* in envp, 20 of them */
	const char *output;		/* what 1 and 2 are; NULL: inherited */
	struct pq_hole *holes;		/* in argv and output, in order */
	size_t hole_count;
	/* Set by pq_spawn(), by the kernel, or by the child: */
	/* Its pid, by the kernel; 0: unknown. On a stack of the nest, of a
	 * command: 0 again when it is executed, or the child is dead. */
	pid_t self;
	int error_pipe;			/* for errno, if exec fails; -1: none */
	int exec_error;			/* the same; seen in shared memory. Less
					 * than 0: of the output's open() */
	bool handlers_cleared;		/* by the kernel, at the start */
	bool in_cgroup;			/* put there by the kernel */
	_Atomic uint32_t *late;		/* exec takes long: 0 when it is over,
					 * see PQ_EXEC_MAX. NULL: it was not
					 * given up, or the child has a copy of
					 * all that it needs */
	_Atomic uint32_t *stack_busy;	/* in the nest; NULL: no stack of it */
};

/** What the child runs from its first instruction on. Async-signal-safe. */
_Noreturn void pq_child_main(struct pq_start *start);

#endif
