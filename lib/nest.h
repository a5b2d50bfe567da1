/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * nest.h - stacks for children that share their parent's memory, and clone3,
 * which starts them.
 */
#ifndef PQ_NEST_H
#define PQ_NEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "child.h"

#if PQ_USE_CLONE

/* The argument of clone3, which not every libc declares. */
struct pq_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

#define PQ_CLONE_VM 0x100u
#define PQ_CLONE_CHILD_CLEARTID 0x200000u
#define PQ_CLONE_CHILD_SETTID 0x1000000u
#define PQ_CLONE_CLEAR_SIGHAND UINT64_C(0x100000000)
#define PQ_CLONE_INTO_CGROUP UINT64_C(0x200000000)

/** Can clone3 be used? Asks the kernel once. */
bool pq_clone_works(void);
/** The child is born in its cgroup, if it has one. */
void pq_clone_into(struct pq_clone_args *args, struct pq_start *start);

#endif

/* An idle child needs no stack: it gives its own back. So a few stacks serve
 * many children. */
#define PQ_NEST_STACKS 256u
struct pq_nest {
	char *base;				/* NULL: none yet */
	unsigned used;				/* as many were ever used */
	/* The child on the stack. Written and read by the parent. */
	pid_t tenant[PQ_NEST_STACKS];
	/* Where the kernel writes 0 when the command on this stack is
	 * executed, if that took long; NULL: none. */
	pid_t *awaited[PQ_NEST_STACKS];
	/* Set to 1 by the parent; to 0 by the child when it idles, or by the
	 * parent when the child is dead or has executed its command. */
	_Atomic uint32_t busy[PQ_NEST_STACKS];
};

/**
 * Start a child on a stack of the nest. Only if pq_clone_works().
 * @param pid of the child
 * @retval as pq_spawn()
 */
int pq_nest_start(struct pq_nest *nest, struct pq_start *start, pid_t *pid);

/** Give back the stacks of commands that took long to be executed, and are by
 * now. */
void pq_nest_settle(struct pq_nest *nest);
/** The child is dead: its stack, if it has one, can be used again. */
void pq_nest_vacate(struct pq_nest *nest, pid_t pid);
/** Unmap the stacks, once no child is on one.
 * @retval false a child is: it may use the nest, its stack and the view at any
 * time, so all of these have to stay */
bool pq_nest_destroy(struct pq_nest *nest);

#endif
