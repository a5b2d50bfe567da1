/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calls.c - which system calls, and with what they plausibly fail.
 * Must not change the process it looks at.
 *
 * Plausible is what the manual pages name for lack of something, for a signal,
 * for a file system in trouble, and for a sandbox that forbids the call. Not
 * what only a wrong argument brings about (EFAULT, EBADF), nor what would be
 * another answer rather than a failure (ENOENT).
 */
#include <config.h>

#include "scarcity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "../kit/syscalls.h"

#define CALL(name, ...) { #name, SYS_##name, ANY, false, { __VA_ARGS__ } }

/* Elsewhere the harness says that it does nothing. */
#if defined __x86_64__ || defined __aarch64__

const struct call calls[] = {
#ifdef SYS_open
	CALL(open, EMFILE, ENFILE, EACCES, ENOSPC, ENOMEM, EINTR),
#endif
	CALL(openat, EMFILE, ENFILE, EACCES, ENOSPC, ENOMEM, EINTR),
	{ "close", SYS_close, ANY, true, { EINTR, EIO } },
	CALL(close_range, ENOSYS, EMFILE, ENOMEM),
	{ "newfstatat", SYS_newfstatat, NAMED, false, { EACCES, ENOMEM } },
	{ "newfstatat(fd)", SYS_newfstatat, UNNAMED, false, { ENOMEM, EIO } },
	CALL(statx, EACCES, ENOMEM, ENOSYS),
	CALL(fstat, ENOMEM, EIO),
	CALL(fstatfs, ENOMEM, ENOSYS, EINTR),
	CALL(faccessat, EACCES, ENOMEM),
#ifdef SYS_access
	CALL(access, EACCES, ENOMEM),
#endif
#ifdef SYS_unlink
	CALL(unlink, EACCES, EPERM, EIO, ENOMEM),
#endif
	CALL(unlinkat, EACCES, EPERM, EIO, ENOMEM),
	CALL(fchmod, EPERM, EROFS, EIO),
	CALL(ftruncate, ENOSPC, EIO, EINTR),
	CALL(fallocate, ENOSPC, EINTR, ENOMEM, EIO, EOPNOTSUPP, EFBIG),
	CALL(getdents64, EIO, ENOMEM),
	CALL(ioctl, EIO, EPERM),
	CALL(read, EIO, EINTR),
	CALL(pread64, EIO, EINTR),
	/* A message may be lost, and there is nowhere to say that. */
	{ "write(stderr)", SYS_write, TO_ERROR, false,
	  { EINTR, EIO, ENOSPC, EAGAIN, EPIPE, FAIL_SHORT } },
	CALL(write, EINTR, EIO, ENOSPC, EAGAIN, EPIPE, EDQUOT, EFBIG,
	     FAIL_SHORT),
	CALL(pwrite64, EINTR, EIO, ENOSPC),
#ifdef SYS_dup2
	CALL(dup2, EMFILE, EINTR),
#endif
	CALL(dup3, EMFILE, EINTR),
	CALL(pipe2, EMFILE, ENFILE),
	CALL(socket, EMFILE, ENOMEM, EACCES),
	CALL(connect, EACCES, EINTR),
	{ "fcntl(F_SETLK)", SYS_fcntl, LOCK, false,
	  { EAGAIN, EACCES, ENOLCK, EINTR } },
	{ "fcntl(F_UNLCK)", SYS_fcntl, UNLOCK, false, { ENOLCK, EINTR } },
	{ "fcntl(F_GETLK)", SYS_fcntl, ASK_LOCK, false, { ENOLCK, EINTR } },

	CALL(mmap, ENOMEM),
	CALL(mremap, ENOMEM),
	CALL(munmap, ENOMEM),
	CALL(mprotect, ENOMEM),
	CALL(madvise, ENOMEM),
	{ "brk", SYS_brk, GROWS, false, { ENOMEM } },
	CALL(getrandom, ENOSYS, EAGAIN, EINTR),
	CALL(prlimit64, EPERM),
	CALL(sched_getattr, EPERM, ENOSYS),
	CALL(sched_setattr, EPERM, EBUSY, EINVAL),

#ifdef SYS_fork
	CALL(fork, EAGAIN, ENOMEM),
	CALL(vfork, EAGAIN, ENOMEM),
#endif
	CALL(clone, EAGAIN, ENOMEM, EPERM),
	CALL(clone3, EAGAIN, ENOMEM, ENOSYS, EPERM),
	CALL(execve, EACCES, ENOMEM, ENOENT, E2BIG, EAGAIN, EMFILE, EIO),
	CALL(waitid, EINTR, ENOMEM),
	CALL(wait4, EINTR),
	CALL(pidfd_open, EMFILE, ENFILE, ENODEV, ENOMEM, EPERM, ENOSYS),
	CALL(pidfd_send_signal, EPERM, EINTR, ENOMEM, EAGAIN, ENOSYS),
	CALL(kill, EPERM),
	CALL(tgkill, EPERM, EAGAIN),
	CALL(prctl, EPERM),
	CALL(setpgid, EPERM, EACCES),
	CALL(rt_sigaction, EPERM),
	CALL(rt_sigprocmask, EPERM),

	{ "futex(WAIT)", SYS_futex, WAIT, false, { EINTR, EAGAIN, ETIMEDOUT } },
	{ "futex(WAKE)", SYS_futex, WAKE, false, { FAIL_LOST } },
	CALL(futex_waitv, ENOSYS, EPERM),
#ifdef SYS_poll
	CALL(poll, EINTR, ENOMEM, EAGAIN),
#endif
	CALL(ppoll, EINTR, ENOMEM, EAGAIN),
	CALL(nanosleep, EINTR),
	CALL(clock_nanosleep, EINTR),
	CALL(clock_gettime, EPERM),
	{ NULL, 0, ANY, false, { 0 } },
};

#else

const struct call calls[] = { { NULL, 0, ANY, false, { 0 } } };

#endif

static short lock_type(pid_t pid, uint64_t address)
{
	/* The first member of struct flock. */
	return (short)ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)address,
			     0);
}

static bool is_kind(enum kind kind, pid_t pid, const uint64_t *args)
{
	unsigned op = (unsigned)args[1];

	switch (kind) {
	case LOCK:
		return (op == F_SETLK || op == F_SETLKW) &&
		       lock_type(pid, args[2]) != F_UNLCK;
	case UNLOCK:
		return op == F_SETLK && lock_type(pid, args[2]) == F_UNLCK;
	case ASK_LOCK:
		return op == F_GETLK;
	case WAIT:
		return (op & 127) == FUTEX_WAIT ||
		       (op & 127) == FUTEX_WAIT_BITSET;
	case WAKE:
		return (op & 127) == FUTEX_WAKE;
	case NAMED:
		return !(args[3] & AT_EMPTY_PATH);
	case UNNAMED:
		return args[3] & AT_EMPTY_PATH;
	case TO_ERROR:
		return args[0] == STDERR_FILENO;
	case GROWS:
		return args[0] != 0;
	default:
		return true;
	}
}

int call_find(pid_t pid, uint64_t nr, const uint64_t *args)
{
	for (int i = 0; calls[i].name; i++)
		if ((uint64_t)calls[i].nr == nr &&
		    is_kind(calls[i].kind, pid, args))
			return i;
	return NO_CALL;
}

int call_by_name(const char *name)
{
	for (int i = 0; calls[i].name; i++)
		if (strcmp(calls[i].name, name) == 0)
			return i;
	return NO_CALL;
}

_Static_assert(sizeof(calls) / sizeof(*calls) <= CALLS_MAX, "counts[]");

/* ---- errors ---- */

#define ERROR(e) { e, #e }

static const struct {
	int error;
	const char *name;
} errors[] = {
	ERROR(E2BIG), ERROR(EACCES), ERROR(EAGAIN), ERROR(EBUSY),
	ERROR(EDQUOT), ERROR(EFBIG), ERROR(EINTR), ERROR(EINVAL), ERROR(EIO),
	ERROR(EMFILE), ERROR(ENFILE), ERROR(ENODEV), ERROR(ENOENT),
	ERROR(ENOLCK), ERROR(ENOMEM), ERROR(ENOSPC), ERROR(ENOSYS),
	ERROR(EOPNOTSUPP), ERROR(EPERM), ERROR(EPIPE), ERROR(EROFS),
	ERROR(ETIMEDOUT), { FAIL_LOST, "lost" }, { FAIL_SHORT, "short" },
};

#define ERRORS (sizeof(errors) / sizeof(*errors))

const char *error_name(int error)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].error == error)
			return errors[i].name;
	return "?";
}

int error_by_name(const char *name)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].error;
	return 0;
}
