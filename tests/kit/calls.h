/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calls.h - a child process that stops at each of its system calls, so that
 * a test sees in which order it makes them, and does something in between.
 *
 * After fixture.h. Linux only.
 */
#ifndef CALLS_H
#define CALLS_H

#include <sys/ptrace.h>

#include "syscalls.h"

/* Some machines have one call only. */
#ifndef SYS_fcntl64
# define SYS_fcntl64 SYS_fcntl
#endif
#ifndef SYS_open
# define SYS_open SYS_openat
#endif

#define CALLS_GET_INFO 0x420e		/* PTRACE_GET_SYSCALL_INFO, 5.3 */

/* The kernel's struct ptrace_syscall_info; not all libc's have it. */
struct call {
	uint8_t op;			/* 1: about to begin, 2: it is over */
	uint8_t pad[3];
	uint32_t arch;
	uint64_t at, stack;
	uint64_t nr;			/* when it is over: the result */
	uint64_t args[6];
};

/* Can a child be traced here? */
static bool calls_work;

struct calls_body {
	void (*body)(void *);
	void *arg;
};

static void calls_begin(void *arg)
{
	const struct calls_body *b = arg;

	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(96);
	b->body(b->arg);
}

/* Run body up to the SIGSTOP that it raises. */
TAP_UNUSED static pid_t calls_start(void (*body)(void *), void *arg)
{
	struct calls_body b = { body, arg };
	pid_t pid = fixture_fork(calls_begin, &b);
	int status;

	for (;;) {
		long sig;

		need(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
		sig = WSTOPSIG(status);
		if (sig == SIGSTOP)
			break;
		need(ptrace(PTRACE_CONT, pid, 0, (void *)sig) == 0);
	}
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	return pid;
}

/* On to the next begin or end of a system call.
 * @retval false it has ended; *status is how */
TAP_UNUSED static bool calls_next(pid_t pid, struct call *call, int *status)
{
	long sig = 0;

	for (;;) {
		need(ptrace(PTRACE_SYSCALL, pid, 0, (void *)sig) == 0);
		need(waitpid(pid, status, 0) == pid);
		if (!WIFSTOPPED(*status))
			return false;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
			break;
		sig = WSTOPSIG(*status);
		/* The test's own, and that of an exec(). */
		if (sig == SIGSTOP || sig == SIGTRAP)
			sig = 0;
	}
	need(ptrace(CALLS_GET_INFO, pid,
		    (void *)sizeof(*call), call) > 0);
	return true;
}

/* Is it about to make this call? */
TAP_UNUSED static bool calls_is(const struct call *call, long nr)
{
	return call->op == 1 && call->nr == (uint64_t)nr;
}

/* Does it ask for a lock byte? */
TAP_UNUSED static bool calls_is_look(const struct call *call)
{
	return calls_is(call, SYS_fcntl) || calls_is(call, SYS_fcntl64);
}

/* Does it open a file? */
TAP_UNUSED static bool calls_is_open(const struct call *call)
{
	return calls_is(call, SYS_openat) || calls_is(call, SYS_open);
}

static void calls_one(void *arg)
{
	(void)arg;
	raise(SIGSTOP);
	_exit(7);
}

/* Find out. Tracing does not work where it is forbidden, nor under an
 * emulator. */
TAP_UNUSED static bool calls_try(void)
{
	struct calls_body b = { calls_one, NULL };
	pid_t pid = fixture_fork(calls_begin, &b);
	struct call call;
	int status;

	need(waitpid(pid, &status, 0) == pid);
	if (!WIFSTOPPED(status))
		return false;
	calls_work = ptrace(PTRACE_SETOPTIONS, pid, 0,
			    PTRACE_O_TRACESYSGOOD) == 0 &&
		     ptrace(PTRACE_SYSCALL, pid, 0, 0) == 0 &&
		     waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
		     ptrace(CALLS_GET_INFO, pid,
			    (void *)sizeof(call), &call) > 0;
	if (pid > 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return calls_work;
}

#endif
