/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * child.c - what a child runs: it enters its record, then idles, or executes
 * its command.
 * Must not call anything but async-signal-safe functions; nor write to its
 * parent's memory, but for its own struct pq_start and the heads that the view
 * has seen (ring.h).
 *
 * The child may be a copy of one thread of a program with many, or run on a
 * small stack in its parent's memory. So there is no malloc and no stdio; and
 * no errno, but in a copy.
 * tests/unit/child.test holds the symbols against a list.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#if PQ_USE_PDEATHSIG
# include <sys/prctl.h>
#endif

#include "bell.h"
#include "child.h"
#include "clock.h"
#include "raw.h"
#include "record.h"

/* Before a call that does not return, AddressSanitizer clears the stack of the
 * thread; but a child may be on a stack of the nest. */
#if defined __GNUC__
# define ON_ANY_STACK __attribute__((no_sanitize("address")))
#else
# define ON_ANY_STACK
#endif

/* Ask the kernel to kill this child with its parent; then see that the parent
 * had not died before. False: the child must not live. */
static bool tie_to_parent(const struct pq_start *s)
{
#if PQ_USE_PDEATHSIG
	if (!s->keep &&
	    pq_raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return false;
#endif
	return pq_getppid() == s->parent;
}

/* Handled signals get the default action; ignored ones stay so, as in exec. */
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

#if PQ_USE_LINUX

/* As the kernel writes it. */
struct listed {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	unsigned char type;
	char name[];
};

/* -1: none. */
static int number_of(const char *digits)
{
	int fd = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		fd = fd * 10 + (*digits - '0');
	return *digits ? -1 : fd;
}

/* Close all that /proc lists, but for one. false: it can't be asked. */
static bool close_listed(int keep)
{
	_Alignas(struct listed) char list[1024] = "";
	long dir = pq_raw(SYS_openat, AT_FDCWD, (long)"/proc/self/fd",
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0);
	long got;

	if (dir < 0)
		return false;
	while ((got = pq_raw(SYS_getdents64, dir, (long)list, sizeof(list), 0,
			     0)) > 0)
		for (long at = 0; at < got;) {
			const struct listed *l = (const void *)(list + at);
			int fd = number_of(l->name);

			if (fd >= 0 && fd != keep && fd != dir)
				pq_close(fd);
			at += l->size;
		}
	pq_close((int)dir);
	return got == 0;
}

#else

static bool close_listed(int keep)
{
	(void)keep;
	return false;
}

#endif

/* An idle child must not hold a pipe or file of others open. */
static void close_inherited(const struct pq_start *s)
{
#if PQ_USE_CLOSE_RANGE
	const unsigned last = ~0u;
#endif
	int keep = s->lifeline[0];

	if (s->lifeline[1] >= 0)
		pq_close(s->lifeline[1]);
#if PQ_USE_CLOSE_RANGE
	if (keep < 0 && pq_raw(SYS_close_range, 0, (long)last, 0, 0, 0) == 0)
		return;
#endif
	if (close_listed(keep))
		return;
	for (int fd = 0; fd < s->descriptors; fd++)
		if (fd != keep)
			pq_close(fd);
	/* There may have been none for the list itself. */
	close_listed(keep);
}

/* Give the stack back, then sleep for ever, without one: assembly only, as the
 * next child may run on this stack already. */
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
	/* Not a constant, which would cost a page fault to read. */
	volatile char name[] = { 'p', 'r', 'o', 'c', 'q', '-',
				 'i', 'd', 'l', 'e', '\0' };

	pq_raw(SYS_prctl, PR_SET_NAME, (long)name, 0, 0, 0);
#endif
	if (s->stack_busy)
		idle_without_stack(s->stack_busy);
	/* Where there is no death signal: when the parent dies, the other end,
	 * which only the parent holds, is closed. */
	if (s->lifeline[0] >= 0) {
		while (read(s->lifeline[0], &byte, 1) < 0)
			;
		_exit(0);
	}
	for (;;)
#if PQ_USE_LINUX && defined SYS_pause
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

/* Returns an errno. The child may share its parent's memory, and the libc's
 * errno in it. */
static int try_exec(const char *path, const char *const *argv,
		    char *const *envp)
{
#if PQ_USE_LINUX
	return (int)-pq_raw(SYS_execve, (long)path, (long)argv, (long)envp, 0,
			    0);
#else
	execve(path, (char *const *)(uintptr_t)argv, envp);
	return errno;
#endif
}

static void open_null(void)
{
#if PQ_USE_LINUX
	pq_raw(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0, 0);
#else
	open("/dev/null", O_RDONLY);
#endif
}

/* In a child made by fork(): the parent reads, unless it has given up. */
static void write_error(int fd, int err)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &sa, NULL);
	while (write(fd, &err, sizeof(err)) < 0 && errno == EINTR)
		;
}

/* Where the kernel has not put it there at its start. Returns an errno. */
static int enter_cgroup(const struct pq_start *s)
{
#if PQ_USE_LINUX
	long fd, rc;

	if (s->cgroup <= 0 || s->in_cgroup)
		return 0;
	fd = pq_raw(SYS_openat, s->cgroup, (long)"cgroup.procs",
		    O_WRONLY | O_CLOEXEC, 0, 0);
	if (fd < 0)
		return (int)-fd;
	rc = pq_raw(SYS_write, fd, (long)"0", 1, 0, 0);
	pq_close((int)fd);
	return rc < 0 ? (int)-rc : 0;
#else
	return s->cgroup > 0 ? ENOSYS : 0;
#endif
}

/* From the last hole on: so what is behind one is filled already when it moves.
 */
static void fill_holes(const struct pq_start *s, uint64_t seq, pid_t pid)
{
	char digits[PQ_HOLE + 1];

	for (size_t i = s->hole_count; i-- > 0; ) {
		char *at = s->holes[i].at, *rest = at + PQ_HOLE;
		size_t n = 0, left = 0;

		write_digits(digits, s->holes[i].pid ? (uint64_t)pid : seq);
		while (digits[n])
			n++;
		while (rest[left])
			left++;
		memcpy(at, digits, n);
		memmove(at + n, rest, left + 1);
	}
}

/* A descriptor above 2, so that it can become 1 and 2, whichever of 0 to 2 were
 * closed. Returns -errno. O_NONBLOCK: without a reader, a FIFO is an error. */
static int open_output(const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK;
	int fd, high;

#if PQ_USE_LINUX
# ifdef O_LARGEFILE
	const int large = O_LARGEFILE;
# else
	const int large = 0;
# endif

	fd = (int)pq_raw(SYS_openat, AT_FDCWD, (long)path, flags | large, 0666,
			 0);
	if (fd < 0)
		return fd;
	high = (int)pq_raw(SYS_fcntl, fd, F_DUPFD, 3, 0, 0);
	pq_close(fd);
	if (high >= 0)
		pq_raw(SYS_fcntl, high, F_SETFL, O_APPEND | large, 0, 0);
	return high;
#else
	fd = open(path, flags, 0666);
	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD, 3);
	if (high < 0)
		high = -errno;
	close(fd);
	if (high >= 0)
		fcntl(high, F_SETFL, O_APPEND);
	return high;
#endif
}

/* Returns 0 or -errno. */
static int redirect(const char *path)
{
	int fd = open_output(path);

	if (fd < 0)
		return fd;
#if PQ_USE_LINUX
	pq_raw(SYS_dup3, fd, 1, 0, 0, 0);
	pq_raw(SYS_dup3, fd, 2, 0, 0, 0);
#else
	dup2(fd, 1);
	dup2(fd, 2);
#endif
	pq_close(fd);
	return 0;
}

/* Its parent reports that. */
static ON_ANY_STACK _Noreturn void fail(struct pq_start *s, int err, int status)
{
	s->exec_error = err;
	if (s->error_pipe >= 0)
		write_error(s->error_pipe, err);
	_exit(status);
}

static ON_ANY_STACK _Noreturn void execute(struct pq_start *s)
{
	int err;

	if (!s->keep_stdin) {
		/* Closed first, so that open() takes number 0, the lowest that
		 * is free, and needs no other, which there may not be. Without
		 * /dev/null it stays closed. */
		pq_close(0);
		open_null();
	}
	if (s->output) {
		err = redirect(s->output);
		if (err < 0)
			fail(s, err, 125);
	}
	err = try_exec(s->path, s->argv, s->envp);
	if (err == ENOEXEC)
		err = try_exec(s->shell_argv[0], s->shell_argv, s->envp);
	fail(s, err, err == ENOENT ? 127 : 126);
}

ON_ANY_STACK _Noreturn void pq_child_main(struct pq_start *s)
{
	struct pq_entry entry = { .pid = s->self ? s->self : pq_getpid() };
	uint64_t seq;
	int err;

	if (!tie_to_parent(s))
		_exit(0);
	/* Before anything that it starts: nothing of it is outside. */
	err = enter_cgroup(s);
	if (err)
		fail(s, err, 126);
	if (s->group)
		pq_lead_group();
	if (!s->handlers_cleared)
		clear_handlers();
	if (s->set_mask)
		pq_set_mask(&s->mask);
	if (!s->path)
		close_inherited(s);
	/* An idle child keeps its pin, a descriptor; a command may need all of
	 * them. */
	entry.ident = pq_ident_self(s->ident_kind, entry.pid, !s->path);
	entry.now = pq_clock_life_child();
	if (!pq_record_enter(s->seg, s->slot, s->word, &entry, &seq))
		_exit(0);
	pq_wake(s->seg, pq_word_owner(s->word) - 1, PQ_ENTRY);
	if (!s->path)
		idle(s);
	write_digits(s->seq_digits, seq);
	fill_holes(s, seq, entry.pid);
	execute(s);
}
