/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * nest.c - stacks for children that share their parent's memory, and clone3,
 * which starts a child on one.
 * Must not choose the method, nor look into the queue.
 */
#include <config.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#if PQ_USE_CLONE
# include <linux/futex.h>
#endif

#include "clock.h"
#include "nest.h"
#include "peek.h"
#include "raw.h"

#if defined __SANITIZE_ADDRESS__
# define UNPOISON(base, size) __asan_unpoison_memory_region(base, size)
void __asan_unpoison_memory_region(void const volatile *, size_t);
#elif defined __has_feature
# if __has_feature(address_sanitizer)
#  define UNPOISON(base, size) __asan_unpoison_memory_region(base, size)
void __asan_unpoison_memory_region(void const volatile *, size_t);
# endif
#endif
#ifndef UNPOISON
# define UNPOISON(base, size) ((void)(base), (void)(size))
#endif

#define STACK_SIZE 16384u
/* How long to wait for a child to give its stack back when the nest is
 * destroyed. That takes microseconds, unless the child was stopped. */
#define LEAVE_MAX (100 * PQ_MILLI)

/* ---- clone3 ---- */

#if PQ_USE_CLONE

# ifndef SYS_futex_waitv
#  define SYS_futex_waitv 449
# endif

/* Since Linux 5.16: before, if a child that shares memory dumps core, its
 * parent dies too. And a sandbox may forbid clone3. */
bool pq_clone_works(void)
{
	static _Atomic int known = -1;
	int works = atomic_load_explicit(&known, memory_order_relaxed);
	struct pq_clone_args args = { .flags = UINT64_MAX };

	if (works < 0) {
		/* futex_waitv is as old as that: ENOSYS before. And clone3
		 * says EINVAL to flags that it does not know. */
		works = pq_raw(SYS_futex_waitv, 0, 0, 0, 0, 0) != -ENOSYS &&
			pq_raw(SYS_clone3, (long)&args, sizeof(args), 0, 0,
			       0) == -EINVAL;
		atomic_store_explicit(&known, works, memory_order_relaxed);
	}
	return works;
}

void pq_clone_into(struct pq_clone_args *args, struct pq_start *s)
{
	if (s->cgroup <= 0)
		return;
	args->flags |= PQ_CLONE_INTO_CGROUP;
	args->cgroup = (uint64_t)s->cgroup;
	s->in_cgroup = true;
}

/* The child begins in run(start), on its own stack; run() never returns. In
 * assembly, since syscall() would return in the child, too, on a stack that
 * does not have its frame. */
static long clone3_onto(struct pq_clone_args *args,
			void (*run)(struct pq_start *), struct pq_start *start)
{
#if defined __x86_64__
	register void (*r8)(struct pq_start *) __asm__("r8") = run;
	register struct pq_start *r9 __asm__("r9") = start;
	long ret;

	__asm__ volatile ("syscall\n"
			  "testq %%rax, %%rax\n"
			  "jnz 1f\n"
			  "xorl %%ebp, %%ebp\n"
			  "movq %%r9, %%rdi\n"
			  "call *%%r8\n"
			  "hlt\n"
			  "1:"
			  : "=a" (ret)
			  : "0" (SYS_clone3), "D" (args), "S" (sizeof(*args)),
			    "r" (r8), "r" (r9)
			  : "rcx", "r11", "memory");
	return ret;
#else
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register void (*x9)(struct pq_start *) __asm__("x9") = run;
	register struct pq_start *x10 __asm__("x10") = start;

	__asm__ volatile ("svc 0\n"
			  "cbnz x0, 1f\n"
			  "mov x29, #0\n"
			  "mov x0, x10\n"
			  "blr x9\n"
			  "brk #1\n"
			  "1:"
			  : "+r" (x0)
			  : "r" (x8), "r" (x1), "r" (x9), "r" (x10)
			  : "memory");
	return x0;
#endif
}

#endif

/* ---- stacks ---- */

#if PQ_USE_CLONE

/* One mapping for all stacks, without guard pages between them: the kernel
 * walks through all mappings when a child exits. What a child calls is bounded,
 * and needs less than a quarter of its stack. Pages that no child has touched
 * take no memory. */
static int map_nest(struct pq_nest *nest)
{
	char *base = mmap(NULL, PQ_NEST_STACKS * STACK_SIZE,
			  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			  MAP_NORESERVE | MAP_STACK, -1, 0);

	if (base == MAP_FAILED)
		return -ENOMEM;
	nest->base = base;
	return 0;
}

/* The lowest free stack, so that few are ever touched. */
static int find_stack(struct pq_nest *nest)
{
	for (unsigned round = 0; round < 16; round++) {
		for (unsigned i = 0; i < PQ_NEST_STACKS; i++)
			/* Acquire: its last tenant does not use it now. */
			if (!atomic_load_explicit(&nest->busy[i],
						  memory_order_acquire))
				return (int)i;
		sched_yield();
	}
	return -EBUSY;
}

/* At the top of its stack, a copy of all that the child needs, for it outlives
 * the parent's call. */
static struct pq_start *prepare_stack(struct pq_nest *nest, unsigned i,
				      const struct pq_start *s,
				      struct pq_clone_args *args)
{
	char *stack = nest->base + (size_t)i * STACK_SIZE;
	size_t used = (sizeof(*s) + 63) & ~(size_t)63;
	struct pq_start *copy = (void *)(stack + STACK_SIZE - used);

	UNPOISON(stack, STACK_SIZE);
	*copy = *s;
	if (!s->path)
		copy->stack_busy = &nest->busy[i];
	/* Of a command, not 0 from now on until the kernel says so. */
	copy->self = s->path ? -1 : 0;
	args->child_tid = (uint64_t)(uintptr_t)&copy->self;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = STACK_SIZE - used;
	if (nest->used <= i)
		nest->used = i + 1;
	atomic_store_explicit(&nest->busy[i], 1, memory_order_relaxed);
	return copy;
}

/* Acquire: the child has written exec_error before. */
static bool is_over(const pid_t *self)
{
	return __atomic_load_n(self, __ATOMIC_ACQUIRE) == 0;
}

/* Until the child has executed its command, or is dead: then the kernel writes
 * 0 and wakes. CLONE_VFORK would wait for as long as that takes, deaf to
 * signals. False: it takes longer than PQ_EXEC_MAX. */
static bool await_exec(const pid_t *self)
{
	int64_t end = pq_now() + PQ_EXEC_MAX, left;

	while (!is_over(self)) {
		pid_t now = __atomic_load_n(self, __ATOMIC_RELAXED);
		struct timespec ts;

		left = end - pq_now();
		if (left <= 0)
			return false;
		ts = pq_timespec(left);
		if (now != 0)
			pq_raw(SYS_futex, (long)self, FUTEX_WAIT, now,
			       (long)&ts, 0);
	}
	return true;
}

/* A command was started on stack i. */
static void settle_command(struct pq_nest *nest, unsigned i,
			   struct pq_start *s, struct pq_start *copy, pid_t pid)
{
	if (await_exec(&copy->self)) {
		s->exec_error = copy->exec_error;
		atomic_store_explicit(&nest->busy[i], 0, memory_order_relaxed);
		return;
	}
	nest->tenant[i] = pid;
	nest->awaited[i] = &copy->self;
	s->late = &nest->busy[i];
}

int pq_nest_start(struct pq_nest *nest, struct pq_start *s, pid_t *pid)
{
	struct pq_clone_args args = {
		.flags = PQ_CLONE_VM | PQ_CLONE_CLEAR_SIGHAND |
			 PQ_CLONE_CHILD_SETTID,
		.exit_signal = SIGCHLD,
	};
	struct pq_start *copy;
	long rc;
	int i;

	if (!nest->base && map_nest(nest) < 0)
		return -ENOMEM;
	i = find_stack(nest);
	if (i < 0)
		return i;
	s->handlers_cleared = true;
	if (s->path)
		args.flags |= PQ_CLONE_CHILD_CLEARTID;
	pq_clone_into(&args, s);
	copy = prepare_stack(nest, (unsigned)i, s, &args);
	rc = clone3_onto(&args, pq_child_main, copy);
	if (rc < 0)
		atomic_store_explicit(&nest->busy[i], 0, memory_order_relaxed);
	else if (s->path)
		settle_command(nest, (unsigned)i, s, copy, (pid_t)rc);
	else
		nest->tenant[i] = (pid_t)rc;
	*pid = (pid_t)rc;
	return rc < 0 ? (int)rc : 0;
}

#endif

static void give_back(struct pq_nest *nest, unsigned i)
{
	nest->tenant[i] = 0;
	nest->awaited[i] = NULL;
	atomic_store_explicit(&nest->busy[i], 0, memory_order_relaxed);
}

void pq_nest_settle(struct pq_nest *nest)
{
	for (unsigned i = 0; nest->base && i < nest->used; i++)
		if (nest->awaited[i] &&
		    __atomic_load_n(nest->awaited[i], __ATOMIC_ACQUIRE) == 0)
			give_back(nest, i);
}

void pq_nest_vacate(struct pq_nest *nest, pid_t pid)
{
	if (!nest->base)
		return;
	for (unsigned i = 0; i < nest->used; i++) {
		if (nest->tenant[i] != pid)
			continue;
		give_back(nest, i);
	}
}

/* Is no child on a stack? Stacks of dead children are given back. */
static bool nest_empty(struct pq_nest *nest)
{
	bool empty = true;

	pq_nest_settle(nest);
	for (unsigned i = 0; i < nest->used; i++) {
		/* Acquire: the child writes nothing here after it. */
		if (!atomic_load_explicit(&nest->busy[i],
					  memory_order_acquire))
			continue;
		if (pq_child_dead(nest->tenant[i]))
			pq_nest_vacate(nest, nest->tenant[i]);
		else
			empty = false;
	}
	return empty;
}

bool pq_nest_destroy(struct pq_nest *nest)
{
	int64_t end = 0, now;

	if (!nest->base)
		return true;
	while (!nest_empty(nest)) {
		now = pq_now();
		if (!end)
			end = now + LEAVE_MAX;
		if (now >= end)
			return false;
		sched_yield();
	}
	munmap(nest->base, PQ_NEST_STACKS * STACK_SIZE);
	nest->base = NULL;
	nest->used = 0;
	return true;
}
