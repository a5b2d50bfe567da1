/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * child.h - a child that enters itself into its reserved record.
 */
#ifndef PQ_CHILD_H
#define PQ_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "identity.h"
#include "view.h"

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_MEMORY__
# undef PQ_USE_CLONE		/* their run-time keeps state per thread */
#elif defined __has_feature
# if __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#  undef PQ_USE_CLONE
# endif
#endif

/* Shown in participant.wants by a parent that awaits its child's entry. */
#define PQ_ENTRY 0x10000u

/* What a child needs to know; all of it is made before it is started. */
struct pq_start {
	struct pq_segment *seg;
	uint32_t slot;
	uint64_t word;			/* of the reserved record */
	enum pq_ident_kind ident_kind;
	pid_t parent;
	bool keep, group, keep_stdin, set_mask;
	int lifeline[2];		/* -1: none; see child.c */
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

/** What the child runs from its first instruction on. */
_Noreturn void pq_child_main(struct pq_start *start);

#endif
