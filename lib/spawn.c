/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * spawn.c - starting a child that enters itself.
 * Must not reserve or free a record, nor wait for a child to die.
 *
 * Every function that a child runs, from child_main() down, makes only
 * async-signal-safe calls, and may run on a small stack in its parent's
 * memory while the parent goes on: no malloc, no stdio, no errno, nothing
 * written but the record and its own struct pq_start.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#if PQ_USE_PDEATHSIG
# include <sys/prctl.h>
#endif

#include "bell.h"
#include "clock.h"
#include "peek.h"
#include "raw.h"
#include "record.h"
#include "spawn.h"

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_MEMORY__
# undef PQ_USE_CLONE		/* their run-time keeps state per thread */
#elif defined __has_feature
# if __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#  undef PQ_USE_CLONE
# endif
#endif

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

/* AddressSanitizer takes a call that does not return for one that unwinds the
 * thread's own stack, which a child on a stack of ours is not on. */
#if defined __GNUC__
# define ON_ANY_STACK __attribute__((no_sanitize("address")))
#else
# define ON_ANY_STACK
#endif

#define STACK_SIZE 16384u
/* How long a child may take to get off its stack when the nest is destroyed;
 * it is a matter of microseconds, unless it was stopped on it. */
#define LEAVE_MAX (100 * PQ_MILLI)

/* How long a forked child may take to execute its command, where only that
 * it has failed can be seen. */
#define EXEC_MAX PQ_SECOND

/* ---- the child ---- */

/* Asks the kernel to kill it with its parent; then sees that the parent had
 * not died before. What can't be tied must not be. */
static bool tie_to_parent(const struct pq_start *s)
{
#if PQ_USE_PDEATHSIG
	if (!s->keep &&
	    pq_raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return false;
#endif
	return pq_getppid() == s->parent;
}

/* Handlers become the default; what is ignored stays ignored, as in exec. */
static void clear_handlers(void)
{
	struct sigaction sa;

	for (int n = 1; n < NSIG; n++) {
		if (n == SIGKILL || n == SIGSTOP)
			continue;
		if (sigaction(n, NULL, &sa) < 0 ||
		    sa.sa_handler == SIG_DFL || sa.sa_handler == SIG_IGN)
			continue;
		sa.sa_handler = SIG_DFL;
		sa.sa_flags = 0;
		sigaction(n, &sa, NULL);
	}
}

/* An idle process holds nobody's pipe or file open. */
static void close_inherited(const struct pq_start *s)
{
	int keep = s->lifeline[0];

	if (s->lifeline[1] >= 0)
		pq_close(s->lifeline[1]);
#if PQ_USE_CLOSE_RANGE
	if (keep < 0 && pq_raw(SYS_close_range, 0, ~0u, 0, 0, 0) == 0)
		return;
#endif
	for (int fd = 0; fd < 1024; fd++)
		if (fd != keep)
			pq_close(fd);
}

/* Gives the stack back, then sleeps for ever, without one. */
static ON_ANY_STACK _Noreturn void
idle_without_stack(_Atomic uint32_t *busy)
{
#if PQ_USE_CLONE && defined __x86_64__
	__asm__ volatile ("movl $0, (%0)\n"
			  "1: movl %1, %%eax\n"
			  "syscall\n"
			  "jmp 1b"
			  : : "r" (busy), "i" (SYS_pause)
			  : "rax", "rcx", "r11", "memory");
#elif PQ_USE_CLONE && defined __aarch64__
	register long x8 __asm__("x8") = SYS_ppoll;

	__asm__ volatile ("stlr wzr, [%0]\n"
			  "1: mov x0, #0\n"
			  "mov x1, #0\n"
			  "mov x2, #0\n"
			  "mov x3, #0\n"
			  "svc 0\n"
			  "b 1b"
			  : : "r" (busy), "r" (x8)
			  : "x0", "x1", "x2", "x3", "memory");
#else
	(void)busy;
#endif
	__builtin_unreachable();
}

static ON_ANY_STACK _Noreturn void idle(const struct pq_start *s)
{
	char byte;
#if PQ_USE_PDEATHSIG
	/* Not a constant, which would be on a page of its own to fault in. */
	volatile char name[] = { 'p', 'r', 'o', 'c', 'q', '-',
				 'i', 'd', 'l', 'e', '\0' };

	pq_raw(SYS_prctl, PR_SET_NAME, (long)name, 0, 0, 0);
#endif
	if (s->stack_busy)
		idle_without_stack(s->stack_busy);
	/* Without a death signal: the other end is the parent's alone. */
	if (s->lifeline[0] >= 0) {
		while (read(s->lifeline[0], &byte, 1) < 0)
			;
		_exit(0);
	}
	for (;;)
#if defined __linux__ && defined SYS_pause
		pq_raw(SYS_pause, 0, 0, 0, 0, 0);
#else
		pause();
#endif
}

static void write_digits(char *digits, uint64_t value)
{
	char reversed[20];
	size_t n = 0, at = 0;

	do
		reversed[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n > 0)
		digits[at++] = reversed[--n];
	digits[at] = '\0';
}

static ON_ANY_STACK _Noreturn void execute(struct pq_start *s)
{
	int err;

	if (!s->keep_stdin) {
		/* Closed first: so the lowest number that is free is 0, and it
		 * takes no other, where there may be none. Without /dev/null
		 * it stays closed. */
		pq_close(0);
		open("/dev/null", O_RDONLY);
	}
	execve(s->path, (char *const *)(uintptr_t)s->argv, s->envp);
	err = errno;
	if (err == ENOEXEC) {
		execve(s->shell_argv[0],
		       (char *const *)(uintptr_t)s->shell_argv, s->envp);
		err = errno;
	}
	s->exec_error = err;
	if (s->error_pipe >= 0)
		while (write(s->error_pipe, &err, sizeof(err)) < 0 &&
		       errno == EINTR)
			;
	_exit(err == ENOENT ? 127 : 126);
}

static ON_ANY_STACK _Noreturn void child_main(struct pq_start *s)
{
	struct pq_entry entry = { .pid = s->self ? s->self : pq_getpid() };
	uint64_t seq;

	if (!tie_to_parent(s))
		_exit(0);
	if (s->group)
		pq_lead_group();
	if (!s->handlers_cleared)
		clear_handlers();
	if (s->set_mask)
		pq_set_mask(&s->mask);
	if (!s->path)
		close_inherited(s);
	/* A command may need each descriptor before it is executed. */
	entry.ident = pq_ident_self(s->ident_kind, entry.pid, !s->path);
	entry.now = pq_clock_life_child();
	if (!pq_record_enter(s->seg, s->slot, s->word, &entry, &seq))
		_exit(0);
	pq_wake(s->seg, pq_word_owner(s->word) - 1, PQ_ENTRY);
	if (!s->path)
		idle(s);
	write_digits(s->seq_digits, seq);
	execute(s);
}

/* ---- what the kernel can do ---- */

#if PQ_USE_CLONE

/* The kernel's, which not every libc declares. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls;
};

#define NR_CLONE3 435
#define FLAG_VM 0x100u
#define FLAG_VFORK 0x4000u
#define FLAG_CHILD_SETTID 0x1000000u
#define FLAG_CLEAR_SIGHAND UINT64_C(0x100000000)

/* Linux 5.16: before it, the core dump of a child that shares memory takes
 * its parent along. clone3 itself may be forbidden by a sandbox. */
static bool clone_works(void)
{
	static _Atomic int known = -1;
	int works = atomic_load_explicit(&known, memory_order_relaxed);
	struct clone3_args args = { .flags = UINT64_MAX };

	if (works < 0) {
		/* close_range's CLOEXEC flag came with 5.11; futex_waitv, with
		 * 5.16: EINVAL where it is known, ENOSYS before. */
		works = pq_raw(449, 0, 0, 0, 0, 0) != -ENOSYS &&
			pq_raw(NR_CLONE3, (long)&args, sizeof(args), 0, 0,
			       0) == -EINVAL;
		atomic_store_explicit(&known, works, memory_order_relaxed);
	}
	return works;
}

#endif

/* ---- fork ---- */

static int fork_by_libc(struct pq_start *s, pid_t *pid)
{
	sigset_t all, old;
	int err;

	/* No handler of the parent's may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (!s->set_mask)
		s->mask = old;
	s->set_mask = true;
	*pid = fork();
	if (*pid == 0)
		child_main(s);
	err = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return *pid < 0 ? -err : 0;
}

static int start_fork(struct pq_start *s, pid_t *pid)
{
#if PQ_USE_CLONE
	/* The same copy of the parent, but the kernel clears the handlers: it
	 * saves a hundred system calls. What fork() does beyond that is for
	 * children that use more of the libc than this one may. */
	struct clone3_args args = { .flags = FLAG_CLEAR_SIGHAND,
				    .exit_signal = SIGCHLD };
	long rc;

	if (clone_works()) {
		s->handlers_cleared = true;
		/* Back when it has executed the command, or is dead. */
		if (s->path)
			args.flags |= FLAG_VFORK;
		s->vforked = s->path;
		rc = pq_raw(NR_CLONE3, (long)&args, sizeof(args), 0, 0, 0);
		if (rc == 0)
			child_main(s);
		*pid = (pid_t)rc;
		/* Forbidden since it was asked for? fork() may not be. */
		if (rc != -ENOSYS)
			return rc < 0 ? (int)rc : 0;
		s->handlers_cleared = s->vforked = false;
	}
#endif
	return fork_by_libc(s, pid);
}

int pq_pipe(int ends[2])
{
#if PQ_USE_PIPE2
	return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
#else
	/* What another thread starts in between has both ends for good. */
	if (pipe(ends) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	return 0;
#endif
}

/* What exec failed with, 0: it did not. Its end of the pipe tells it; but a
 * process that another thread has forked may hold that end, too, as long as it
 * likes. So it is not the end that is waited for where the kernel has waited
 * for exec; elsewhere it is the child's death, or long enough. */
static int read_error(const struct pq_start *s, int fd, pid_t pid)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t end = pq_now() + EXEC_MAX;
	int err = 0, slice = 1;
	bool last;
	ssize_t got;

	do {
		last = s->vforked || pq_child_dead(pid) || pq_now() >= end;
		if (poll(&p, 1, last ? 0 : slice) <= 0) {
			slice = slice < 64 ? 2 * slice : slice;
			continue;
		}
		do
			got = read(fd, &err, sizeof(err));
		while (got < 0 && errno == EINTR);
		return got == (ssize_t)sizeof(err) ? err : 0;
	} while (!last);
	return 0;
}

/* As vfork() reports exec's failure, through a pipe that exec closes. */
static int start_fork_command(struct pq_start *s, pid_t *pid)
{
	int ends[2], rc = pq_pipe(ends);

	if (rc < 0)
		return rc;
	s->error_pipe = ends[1];
	rc = start_fork(s, pid);
	close(ends[1]);
	if (rc == 0)
		s->exec_error = read_error(s, ends[0], *pid);
	close(ends[0]);
	return rc;
}

/* ---- clone ---- */

#if PQ_USE_CLONE

/* The child begins in run(arg), on its own stack, and never comes back. */
static long clone3_onto(struct clone3_args *args, void (*run)(void *),
			void *arg)
{
#if defined __x86_64__
	register void (*r8)(void *) __asm__("r8") = run;
	register void *r9 __asm__("r9") = arg;
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
			  : "0" (NR_CLONE3), "D" (args), "S" (sizeof(*args)),
			    "r" (r8), "r" (r9)
			  : "rcx", "r11", "memory");
	return ret;
#else
	register long x8 __asm__("x8") = NR_CLONE3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register void (*x9)(void *) __asm__("x9") = run;
	register void *x10 __asm__("x10") = arg;

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

static ON_ANY_STACK void run_child(void *arg)
{
	child_main(arg);
}

/* One mapping, without guard pages between: the kernel walks through all
 * mappings when a child exits. What a child calls is bounded, and needs less
 * than a quarter of its stack. Pages that no child has touched take no
 * memory. */
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

/* The lowest free one, so that few are ever touched. */
static int find_stack(struct pq_nest *nest)
{
	for (unsigned round = 0; round < 16; round++) {
		for (unsigned i = 0; i < PQ_NEST_STACKS; i++)
			/* Acquire: its last tenant is off it. */
			if (!atomic_load_explicit(&nest->busy[i],
						  memory_order_acquire))
				return (int)i;
		sched_yield();
	}
	return -EBUSY;
}

static int start_clone(struct pq_start *s, struct pq_nest *nest, pid_t *pid)
{
	struct clone3_args args = { .exit_signal = SIGCHLD };
	struct pq_start *copy;
	char *stack;
	size_t used;
	long rc;
	int i;

	if (!nest->base && map_nest(nest) < 0)
		return -ENOMEM;
	i = find_stack(nest);
	if (i < 0)
		return i;
	stack = nest->base + (size_t)i * STACK_SIZE;
	UNPOISON(stack, STACK_SIZE);
	/* The child outlives this call: it gets a copy of all it needs. */
	used = (sizeof(*copy) + 63) & ~(size_t)63;
	copy = (void *)(stack + STACK_SIZE - used);
	s->handlers_cleared = true;
	*copy = *s;
	if (!s->path)
		copy->stack_busy = &nest->busy[i];
	args.flags = FLAG_VM | FLAG_CLEAR_SIGHAND | FLAG_CHILD_SETTID |
		     (s->path ? FLAG_VFORK : 0);
	args.child_tid = (uint64_t)(uintptr_t)&copy->self;
	args.stack = (uint64_t)(uintptr_t)stack;
	args.stack_size = STACK_SIZE - used;
	if (nest->used <= (unsigned)i)
		nest->used = (unsigned)i + 1;
	atomic_store_explicit(&nest->busy[i], 1, memory_order_relaxed);
	rc = clone3_onto(&args, run_child, copy);
	if (rc < 0 || s->path) {
		s->exec_error = copy->exec_error;
		atomic_store_explicit(&nest->busy[i], 0, memory_order_relaxed);
	} else {
		nest->tenant[i] = (pid_t)rc;
	}
	*pid = (pid_t)rc;
	return rc < 0 ? (int)rc : 0;
}

#endif

bool pq_spawn_ties(void)
{
#if PQ_USE_PDEATHSIG
	static _Atomic int known = -1;
	int ties = atomic_load_explicit(&known, memory_order_relaxed);
	int mine = 0;

	if (ties < 0) {
		/* What this process itself has asked for stays as it is. */
		ties = prctl(PR_GET_PDEATHSIG, &mine, 0, 0, 0) == 0 &&
		       prctl(PR_SET_PDEATHSIG, mine, 0, 0, 0) == 0;
		atomic_store_explicit(&known, ties, memory_order_relaxed);
	}
	return ties;
#else
	/* Where there is none at all: see doc/design.md. */
	return true;
#endif
}

bool pq_spawn_has(unsigned method)
{
	if (method == PROCQ_METHOD_FORK)
		return true;
#if PQ_USE_CLONE
	return clone_works();
#else
	return false;
#endif
}

static int start_by_fork(struct pq_start *start, pid_t *pid)
{
	struct pq_segment *seg = start->seg, view = { .fd = -1, .lock_fd = -1 };
	int rc;

	/* On the stack: the heap, where the parent has its own, is not always
	 * copied (src/heap.h), and what is written to there is copied once
	 * more. */
	pq_record_before_fork(seg, &view);
	start->seg = &view;
	rc = start->path ? start_fork_command(start, pid)
			 : start_fork(start, pid);
	start->seg = seg;
	return rc;
}

int pq_spawn(struct pq_start *start, unsigned method, struct pq_nest *nest,
	     pid_t *pid)
{
	start->self = 0;
	start->error_pipe = -1;
	start->exec_error = 0;
	start->handlers_cleared = start->vforked = false;
	start->stack_busy = NULL;
	if (!pq_spawn_has(method))
		return -ENOSYS;
#if PQ_USE_CLONE
	if (method != PROCQ_METHOD_FORK)
		return start_clone(start, nest, pid);
#endif
	(void)nest;
	return start_by_fork(start, pid);
}

void pq_nest_vacate(struct pq_nest *nest, pid_t pid)
{
	if (!nest->base)
		return;
	for (unsigned i = 0; i < nest->used; i++) {
		if (nest->tenant[i] != pid)
			continue;
		nest->tenant[i] = 0;
		atomic_store_explicit(&nest->busy[i], 0, memory_order_relaxed);
	}
}

/* Is nobody on a stack? Who died on its own is off it. */
static bool nest_empty(struct pq_nest *nest)
{
	bool empty = true;

	for (unsigned i = 0; i < nest->used; i++) {
		/* Acquire: it does nothing in our memory afterwards. */
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
