/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * child.c - what a child runs: it enters itself, then idles, or executes its
 * command.
 * Must not call anything but async-signal-safe functions, from pq_child_main()
 * down; tests/child.test holds the symbols against a list.
 *
 * All of it may run on a small stack in the parent's memory while the parent
 * goes on: no malloc, no stdio, no errno, nothing written but the record and
 * its own struct pq_start.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#if PQ_USE_PDEATHSIG
# include <sys/prctl.h>
#endif

#include "bell.h"
#include "child.h"
#include "clock.h"
#include "raw.h"
#include "record.h"

/* AddressSanitizer takes a call that does not return for one that unwinds the
 * thread's own stack, which a child on a stack of ours is not on. */
#if defined __GNUC__
# define ON_ANY_STACK __attribute__((no_sanitize("address")))
#else
# define ON_ANY_STACK
#endif

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

ON_ANY_STACK _Noreturn void pq_child_main(struct pq_start *s)
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
