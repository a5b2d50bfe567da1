/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * step.c - running a process instruction by instruction.
 * Must not know what it runs, nor the queue.
 *
 * The victims are forks of the driver, so all addresses are the driver's own.
 * A breakpoint takes the place of many steps: from a recorded trace one knows
 * which instruction runs for the how-manieth time.
 */
#include <config.h>

#include "crash.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPCODE_INT3 0xcc
#define OPCODE_SYSCALL 0x050f

/* The labels are what one looks for. */
__asm__ (".text\n"
	 ".globl marker_begin\n"
	 "marker_begin:\n"
	 "	int3\n"
	 "	ret\n"
	 ".globl marker_end\n"
	 "marker_end:\n"
	 "	int3\n"
	 "	ret\n");

static uint64_t end_address(void)
{
	return (uint64_t)(uintptr_t)marker_end;
}

/* The C libraries do not agree on the type of the first argument. */
static bool resume(pid_t pid, int how, long sig)
{
	return syscall(SYS_ptrace, how, pid, 0, sig) == 0;
}

/* Its next stop for a trap; other signals are handed on with what follows.
 * False: it is dead. */
static bool wait_for_trap(pid_t pid, int how)
{
	int status;

	for (;;) {
		long sig;

		if (waitpid(pid, &status, __WALL) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (!WIFSTOPPED(status))
			return false;
		if (WSTOPSIG(status) == SIGTRAP)
			return true;
		sig = WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
		if (!resume(pid, how, sig))
			return false;
	}
}

static bool go_on(pid_t pid, int how)
{
	return resume(pid, how, 0) && wait_for_trap(pid, how);
}

static bool get_regs(pid_t pid, struct user_regs_struct *regs)
{
	return ptrace(PTRACE_GETREGS, pid, 0, regs) == 0;
}

static long peek(pid_t pid, uint64_t address)
{
	errno = 0;
	return ptrace(PTRACE_PEEKTEXT, pid, (void *)(uintptr_t)address, 0);
}

static void poke(pid_t pid, uint64_t address, long text)
{
	ptrace(PTRACE_POKETEXT, pid, (void *)(uintptr_t)address,
	       (void *)(uintptr_t)text);
}

bool run_to_marker(pid_t pid)
{
	struct user_regs_struct regs;

	if (!wait_for_trap(pid, PTRACE_CONT) || !get_regs(pid, &regs))
		return false;
	return regs.rip == (uint64_t)(uintptr_t)marker_begin + 1;
}

/* ---- the trace ---- */

/* How often each instruction has run: an open table. */
static struct { uint64_t pc; uint32_t times; } seen[1 << 16];

static uint32_t times_before(const struct trace *trace, uint64_t pc)
{
	size_t mask = sizeof(seen) / sizeof(*seen) - 1;
	size_t at = (size_t)(pc * UINT64_C(0x9e3779b97f4a7c15) >> 48) & mask;

	if (trace->count == 0)
		memset(seen, 0, sizeof(seen));
	while (seen[at].pc && seen[at].pc != pc)
		at = (at + 1) & mask;
	seen[at].pc = pc;
	return seen[at].times++;
}

/* From the linker: the text of this program, without its libraries. */
extern const char __executable_start[], etext[];

static bool is_ours(uint64_t pc)
{
	return pc >= (uint64_t)(uintptr_t)__executable_start &&
	       pc < (uint64_t)(uintptr_t)etext;
}

static void record(struct trace *trace, const struct user_regs_struct *regs,
		   uint64_t text)
{
	uint64_t pc = regs->rip;
	struct insn *insn;

	if (trace->count == trace->room) {
		trace->room = trace->room ? 2 * trace->room : 4096;
		trace->all = realloc(trace->all,
				     trace->room * sizeof(*trace->all));
		if (!trace->all)
			abort();
	}
	insn = &trace->all[trace->count];
	insn->pc = pc;
	insn->nth = times_before(trace, pc);
	insn->ours = is_ours(pc);
	insn->call = (text & 0xffff) == OPCODE_SYSCALL
		? (uint16_t)(regs->rax + 1) : 0;
	insn->effect = insn->call;
	trace->count++;
}

void trace_free(struct trace *trace)
{
	free(trace->all);
	memset(trace, 0, sizeof(*trace));
}

/* A child that is about to sleep for ever has done its part. */
static bool is_idle(const struct user_regs_struct *regs, uint64_t text)
{
	return (text & 0xffff) == OPCODE_SYSCALL &&
	       (regs->rax == SYS_pause || regs->rax == SYS_exit_group ||
		(regs->rax == SYS_read && regs->rdx == 1));
}

/* ---- breakpoints ---- */

/* The nth time at pc, counted from 0. */
static enum stop run_to_nth(pid_t pid, uint64_t pc, uint32_t nth)
{
	long text = peek(pid, pc);
	struct user_regs_struct regs;

	/* It may be there already. */
	if (!get_regs(pid, &regs))
		return DIED;
	for (;;) {
		if (regs.rip == pc) {
			if (nth-- == 0)
				return STEPPED;
			if (!go_on(pid, PTRACE_SINGLESTEP) ||
			    !get_regs(pid, &regs))
				return DIED;
			continue;
		}
		poke(pid, pc, (long)(((uint64_t)text & ~UINT64_C(0xff)) |
				     OPCODE_INT3));
		if (!go_on(pid, PTRACE_CONT) || !get_regs(pid, &regs))
			return DIED;
		poke(pid, pc, text);
		regs.rip--;
		ptrace(PTRACE_SETREGS, pid, 0, &regs);
		if (regs.rip == end_address())
			return ENDED;
	}
}

/* ---- steps ---- */

static bool is_start(uint64_t nr)
{
	return nr == SYS_fork || nr == SYS_vfork || nr == SYS_clone ||
	       nr == SYS_clone3;
}

/* Its length, if it is one that repeats itself: memset and its like, which
 * would stop after each round. */
static unsigned repeats(uint64_t text)
{
	unsigned opcode = text >> 8 & 0xff, wide = opcode == 0x48;

	if ((text & 0xff) != 0xf3)
		return 0;
	if (wide)
		opcode = text >> 16 & 0xff;
	return opcode == 0xaa || opcode == 0xab || opcode == 0xa4 ||
	       opcode == 0xa5 ? 2 + wide : 0;
}

enum stop step(pid_t pid, struct trace *trace, bool breakpoints)
{
	struct user_regs_struct regs, after;
	uint64_t text;
	unsigned len;

	if (!get_regs(pid, &regs))
		return DIED;
	if (regs.rip == end_address())
		return ENDED;
	text = (uint64_t)peek(pid, regs.rip);
	if (is_idle(&regs, text))
		return ENDED;
	if (trace)
		record(trace, &regs, text);
	len = breakpoints ? repeats(text) : 0;
	if (len)
		return run_to_nth(pid, regs.rip + len, 0);
	if (!go_on(pid, PTRACE_SINGLESTEP))
		return DIED;
	if ((text & 0xffff) != OPCODE_SYSCALL || !get_regs(pid, &after))
		return STEPPED;
	/* From here on there is a child that may share or copy its text. */
	if (trace && !trace->limit && is_start(regs.rax) &&
	    (int64_t)after.rax > 0)
		trace->limit = trace->count - 1;
	/* A command has taken the child's place. */
	if (regs.rax == SYS_execve &&
	    (after.rip < regs.rip || after.rip > regs.rip + 2))
		return ENDED;
	return STEPPED;
}

/* How many stops it takes from this instruction to the nth. */
static size_t cost_from(const struct trace *trace, size_t at, size_t n)
{
	return 2 * (size_t)trace->all[at].nth + (n - at);
}

enum stop run_to(pid_t pid, const struct trace *trace, size_t n,
		 bool breakpoints)
{
	size_t best = 0, cost = breakpoints ? n : 0, limit = trace->limit;
	enum stop stop = STEPPED;

	if (!limit || limit > n)
		limit = n;

	for (size_t at = limit; at > 0 && n - at < cost; at--)
		if (at < trace->count && cost_from(trace, at, n) + 2 < cost) {
			best = at;
			cost = cost_from(trace, at, n) + 2;
		}
	if (best > 0)
		stop = run_to_nth(pid, trace->all[best].pc,
				  trace->all[best].nth);
	for (size_t i = best; i < n && stop == STEPPED; i++)
		stop = step(pid, NULL, breakpoints);
	return stop;
}

/* ---- in a system call ---- */

/* A clock takes an instruction more at times, so the count alone may lead
 * beside the call; past the last one, it runs into its end. */
enum stop run_into_call(pid_t pid, const struct insn *insn, bool and_out)
{
	enum stop stop = STEPPED;
	struct user_regs_struct regs;

	while (stop == STEPPED) {
		if (!get_regs(pid, &regs))
			return DIED;
		if (regs.rip == insn->pc)
			break;
		stop = step(pid, NULL, false);
	}
	if (stop != STEPPED)
		return stop;
	if (!go_on(pid, PTRACE_SYSCALL) ||
	    (and_out && !go_on(pid, PTRACE_SYSCALL)))
		return DIED;
	return STEPPED;
}

bool may_sleep(const struct insn *insn)
{
	switch ((int)insn->call - 1) {
	case SYS_futex:
	case SYS_poll:
	case SYS_ppoll:
	case SYS_read:
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_waitid:
	case SYS_wait4:
		return true;
	default:
		return is_start((uint64_t)insn->call - 1);
	}
}

/* Asleep, in a call that returns to this address? */
static bool sleeps_in(pid_t pid, uint64_t back)
{
	char path[64], text[256], *last;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/syscall", (long)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0 || *text < '0' || *text > '9')
		return false;
	text[got] = '\0';
	last = strrchr(text, ' ');
	return last && strtoull(last, NULL, 16) == back;
}

bool run_to_sleep(pid_t pid, const struct insn *insn)
{
	struct timespec pause = { 0, 20000 };
	siginfo_t info;

	if (ptrace(PTRACE_CONT, pid, 0, 0) < 0)
		return false;
	for (int i = 0; i < 50; i++) {
		/* It came to its end without sleeping. */
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED |
			   WNOHANG | WNOWAIT | __WALL) < 0 || info.si_pid)
			return false;
		if (sleeps_in(pid, insn->pc + 2))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool interrupt(pid_t pid)
{
	int status;

	if (pid <= 1 || kill(pid, SIGSTOP) < 0)
		return false;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return false;
	return WIFSTOPPED(status);
}

/* ---- ends ---- */

bool run_out(pid_t pid)
{
	struct user_regs_struct regs;

	if (!get_regs(pid, &regs))
		return false;
	/* It may have run into its end while it was not looked at. */
	if (regs.rip == end_address() + 1)
		return ptrace(PTRACE_DETACH, pid, 0, 0) == 0;
	if (regs.rip != end_address()) {
		if (!go_on(pid, PTRACE_CONT) || !get_regs(pid, &regs))
			return false;
		if (regs.rip != end_address() + 1)
			return false;
	} else {
		regs.rip++;
		ptrace(PTRACE_SETREGS, pid, 0, &regs);
	}
	return ptrace(PTRACE_DETACH, pid, 0, 0) == 0;
}

pid_t run_to_child(pid_t pid)
{
	unsigned long child = 0;
	int status;

	ptrace(PTRACE_SETOPTIONS, pid, 0, (void *)(PTRACE_O_TRACEFORK |
	       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE));
	if (!go_on(pid, PTRACE_CONT) ||
	    ptrace(PTRACE_GETEVENTMSG, pid, 0, &child) < 0 || child == 0)
		return -1;
	while (waitpid((pid_t)child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	if (!WIFSTOPPED(status))
		return -1;
	/* Without the breakpoint at its end, which nobody would handle. */
	ptrace(PTRACE_SETOPTIONS, (pid_t)child, 0, 0);
	return (pid_t)child;
}

void kill_traced(pid_t pid)
{
	int status;

	if (pid <= 1)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) == pid || errno == EINTR)
		if (WIFSIGNALED(status) || WIFEXITED(status))
			return;
}
