/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.c - runs a program, and lets one call of it fail (ptrace).
 * Must not know what the program is for.
 *
 * The call that is to fail is made one that does not exist when the process
 * enters it, and gets its result when it leaves it. Counting begins at the
 * program's entry: what the dynamic linker does before is not ours. Each
 * signal that is sent is looked at before: none may reach a process that is
 * not in the queue, and those that would are not let through.
 */
#include <config.h>

#include "scarcity.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kit/syscalls.h"

#ifndef NT_ARM_SYSTEM_CALL
# define NT_ARM_SYSTEM_CALL 0x404
#endif
#define TRACEES_MAX 64

struct tracee {
	pid_t pid;
	bool begun;		/* its first stop is over */
	bool answer;		/* at the end of this call, set … */
	long result;		/* … this */
	int changed;		/* this argument has to be put back; -1: none */
	unsigned long argument;	/* to what it was */
};

static struct tracee tracees[TRACEES_MAX];
static struct run *run;
static const struct fault *fault;
static unsigned seen;		/* calls of the fault's kind */

/* ---- the machine ---- */

#if defined __x86_64__

#define TRAP 0xcc
#define TRAP_BYTES 1

static void set_user(pid_t pid, size_t at, unsigned long value)
{
	ptrace(PTRACE_POKEUSER, pid, (void *)at, (void *)value);
}

/* The first or the third. */
static void set_argument(pid_t pid, int n, unsigned long value)
{
	set_user(pid, n == 0 ? offsetof(struct user_regs_struct, rdi)
			     : offsetof(struct user_regs_struct, rdx), value);
}

/* After the call it has to be what the program put there. */
static void restore_argument(pid_t pid, int n, unsigned long value)
{
	set_argument(pid, n, value);
}

static void drop_call(pid_t pid)
{
	set_user(pid, offsetof(struct user_regs_struct, orig_rax),
		 (unsigned long)-1);
}

static void set_result(pid_t pid, long result)
{
	set_user(pid, offsetof(struct user_regs_struct, rax),
		 (unsigned long)result);
}

/* After a breakpoint the counter stands behind it. */
static void step_back(pid_t pid, unsigned long entry)
{
	set_user(pid, offsetof(struct user_regs_struct, rip), entry);
}

#else

#define TRAP 0xd4200000
#define TRAP_BYTES 4

static void set_register(pid_t pid, int n, unsigned long value)
{
	unsigned long regs[34];
	struct iovec io = { regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &io) < 0)
		return;
	regs[n] = value;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &io);
}

static void set_argument(pid_t pid, int n, unsigned long value)
{
	set_register(pid, n, value);
}

/* The first has become the result. */
static void restore_argument(pid_t pid, int n, unsigned long value)
{
	if (n > 0)
		set_register(pid, n, value);
}

static void drop_call(pid_t pid)
{
	int nr = -1;
	struct iovec io = { &nr, sizeof(nr) };

	ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &io);
}

static void set_result(pid_t pid, long result)
{
	set_register(pid, 0, (unsigned long)result);
}

static void step_back(pid_t pid, unsigned long entry)
{
	(void)pid, (void)entry;
}

#endif

/* ---- which process a signal is for ---- */

/* The process that a descriptor of a process pins; 0: it is gone. */
static pid_t pinned(pid_t pid, int fd)
{
	char path[64], line[128];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%d", (long)pid, fd);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &found) == 1)
			break;
	fclose(f);
	return found > 0 ? found : 0;
}

/* Those in the queue are children of the program, of a helper, or ours. */
static bool in_queue(pid_t target)
{
	pid_t parent = stage_parent(target);

	if (target == run->pid || stage_is_other(target))
		return false;
	return parent == 0 || parent == run->pid || stage_is_other(parent);
}

/* Is there a process of this number, or a group? */
static bool exists(pid_t pid)
{
	return pid > 1 && (kill(pid, 0) == 0 || kill(-pid, 0) == 0);
}

static bool allowed(pid_t pid, const struct __ptrace_syscall_info *info)
{
	const uint64_t *args = (const uint64_t *)info->entry.args;
	pid_t target = (pid_t)args[0];
	int signo = (int)args[1];

	switch (info->entry.nr) {
	case SYS_tgkill:
		return target == pid;
	case SYS_tkill:
		return target == pid;
	case SYS_pidfd_send_signal:
		target = pinned(pid, (int)args[0]);
		return target == 0 || in_queue(target);
	case SYS_kill:
	case SYS_rt_sigqueueinfo:
		if (signo == 0 || target == pid)
			return true;
		if (target == -1 || target == 0 || target == 1)
			return false;
		target = target < 0 ? -target : target;
		return in_queue(target) || !exists(target);
	default:
		return true;
	}
}

/* ---- stops ---- */

static void change(struct tracee *t, int n, const uint64_t *args,
		   unsigned long value)
{
	t->changed = n;
	t->argument = args[n];
	set_argument(t->pid, n, value);
}

static void inject(struct tracee *t, const struct call *call,
		   const uint64_t *args)
{
	run->failed_one = true;
	if (fault->error == FAIL_SHORT) {
		if (args[2] > 1)
			change(t, 2, args, args[2] / 2);
		return;
	}
	/* The kernel answers with the end as it is. */
	if (call->kind == GROWS) {
		change(t, 0, args, 0);
		return;
	}
	if (!call->done)
		drop_call(t->pid);
	t->answer = true;
	t->result = fault->error == FAIL_LOST ? 0 : -fault->error;
}

static void enters(struct tracee *t, const struct __ptrace_syscall_info *info)
{
	const uint64_t *args = (const uint64_t *)info->entry.args;
	int call;

	if (!allowed(t->pid, info)) {
		complain("it would send signal %d to %d (call %d)",
			 (int)args[1], (int)args[0], (int)info->entry.nr);
		drop_call(t->pid);
		t->answer = true;
		t->result = -EPERM;
		return;
	}
	if ((t->pid != run->pid) != fault->inner)
		return;
	call = call_find(t->pid, info->entry.nr, args);
	if (call == NO_CALL)
		return;
	run->counts[call]++;
	if (call == fault->call && ++seen >= fault->nth &&
	    seen - fault->nth < fault->burst)
		inject(t, &calls[call], args);
}

static void at_call(struct tracee *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info),
		   &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		enters(t, &info);
		return;
	}
	if (t->answer)
		set_result(t->pid, t->result);
	if (t->changed >= 0)
		restore_argument(t->pid, t->changed, t->argument);
	t->answer = false;
	t->changed = -1;
}

static struct tracee *find_tracee(pid_t pid)
{
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (tracees[i].pid == pid)
			return &tracees[i];
	return NULL;
}

static struct tracee *add_tracee(pid_t pid)
{
	struct tracee *t = find_tracee(0);

	if (!t)
		abort();
	memset(t, 0, sizeof(*t));
	t->pid = pid;
	t->changed = -1;
	return t;
}

static void at_stop(struct tracee *t, int status)
{
	int signo = WSTOPSIG(status);

	if (signo == (SIGTRAP | 0x80)) {
		at_call(t);
		signo = 0;
	} else if (status >> 16 == PTRACE_EVENT_EXEC && t->pid != run->pid) {
		/* A command has taken its place. */
		ptrace(PTRACE_DETACH, t->pid, 0, 0);
		t->pid = 0;
		return;
	} else if (status >> 16 || (signo == SIGSTOP && !t->begun)) {
		signo = 0;
	}
	t->begun = true;
	ptrace(PTRACE_SYSCALL, t->pid, 0, (void *)(long)signo);
}

/* One wait() is over. */
static void waited(pid_t pid, int status)
{
	struct tracee *t = find_tracee(pid);

	/* A child's first stop may come before its parent's. */
	if (!t && WIFSTOPPED(status) && !stage_is_other(pid))
		t = add_tracee(pid);
	if (!t) {
		stage_waited(pid, status);
		return;
	}
	if (WIFSTOPPED(status)) {
		at_stop(t, status);
		return;
	}
	if (pid == run->pid)
		run->status = status;
	t->pid = 0;
}

/* ---- the start ---- */

static unsigned long entry_of(pid_t pid)
{
	unsigned long pair[2], entry = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/auxv", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (read(fd, pair, sizeof(pair)) == (ssize_t)sizeof(pair))
		if (pair[0] == AT_ENTRY)
			entry = pair[1];
	close(fd);
	return entry;
}

static bool wait_for_trap(pid_t pid, int *status)
{
	for (;;) {
		if (waitpid(pid, status, __WALL) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (!WIFSTOPPED(*status))
			return false;
		if (WSTOPSIG(*status) == SIGTRAP)
			return true;
		ptrace(PTRACE_CONT, pid, 0,
		       (void *)(long)WSTOPSIG(*status));
	}
}

/* From its exec to its own first instruction. */
static bool run_to_entry(pid_t pid, int *status)
{
	unsigned long entry = entry_of(pid), mask;
	long text;

	if (!entry)
		return false;
	errno = 0;
	text = ptrace(PTRACE_PEEKTEXT, pid, (void *)entry, 0);
	if (errno)
		return false;
	mask = (1ul << 8 * TRAP_BYTES) - 1;
	ptrace(PTRACE_POKETEXT, pid, (void *)entry,
	       (void *)(((unsigned long)text & ~mask) | TRAP));
	ptrace(PTRACE_CONT, pid, 0, 0);
	if (!wait_for_trap(pid, status))
		return false;
	ptrace(PTRACE_POKETEXT, pid, (void *)entry, (void *)text);
	step_back(pid, entry);
	return true;
}

static pid_t start(char *const *args, int out, int err)
{
	pid_t pid = stage_fork();

	if (pid != 0)
		return pid;
	stage_child(out, err);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0)
		execv(args[0], args);
	_exit(errno);
}

static bool begin(char *const *args, int out, int err)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int status = 0;

	if (fault->inner)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	run->pid = start(args, out, err);
	if (run->pid < 0 || !wait_for_trap(run->pid, &status) ||
	    ptrace(PTRACE_SETOPTIONS, run->pid, 0, (void *)options) < 0 ||
	    !run_to_entry(run->pid, &status)) {
		complain("%s can't be traced: %s, status %#x", args[0],
			 strerror(errno), (unsigned)status);
		return false;
	}
	add_tracee(run->pid)->begun = true;
	ptrace(PTRACE_SYSCALL, run->pid, 0, 0);
	return true;
}

/* ---- the run ---- */

static bool any_tracee(void)
{
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (tracees[i].pid)
			return true;
	return false;
}

static void kill_tracees(void)
{
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (tracees[i].pid > 1)
			kill(tracees[i].pid, SIGKILL);
}

static void on_tick(int signo)
{
	(void)signo;
}

/* Interrupts waitpid() now and then: a look at the clock. */
static void tick(bool on)
{
	struct sigaction sa = { .sa_handler = on_tick };
	struct itimerval every = { { 0, 0 }, { 0, 0 } };

	if (on)
		every.it_interval.tv_usec = every.it_value.tv_usec = 100000;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static void follow(void)
{
	int64_t end = procq_now() + RUN_SECONDS * INT64_C(1000000000);

	tick(true);
	while (any_tracee()) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid > 0)
			waited(pid, status);
		else if (errno != EINTR)
			break;
		if (procq_now() < end)
			continue;
		run->hung = true;
		kill_tracees();
	}
	tick(false);
}

void run_traced(struct run *r, char *const *args, const struct fault *f)
{
	int out = stage_file(), err = stage_file();

	memset(r, 0, sizeof(*r));
	memset(tracees, 0, sizeof(tracees));
	run = r;
	fault = f;
	seen = 0;
	if (begin(args, out, err))
		follow();
	stage_read(out, r->out, sizeof(r->out));
	stage_read(err, r->err, sizeof(r->err));
	close(out);
	close(err);
}
