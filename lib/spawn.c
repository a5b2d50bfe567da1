/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * spawn.c - starting a child: by which method, and whether its exec failed.
 * Must not reserve or free a record, nor wait for a child to die.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
#if PQ_USE_PDEATHSIG
# include <sys/prctl.h>
#endif

#include "clock.h"
#include "peek.h"
#include "raw.h"
#include "spawn.h"

#define NS_OF_CHILDREN "/proc/thread-self/ns/pid_for_children"

/* ---- fork ---- */

static int fork_by_libc(struct pq_start *s, pid_t *pid)
{
	sigset_t all, old;
	int err;

	/* The parent's handlers must not run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (!s->set_mask)
		s->mask = old;
	s->set_mask = true;
	*pid = fork();
	if (*pid == 0)
		pq_child_main(s);
	err = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return *pid < 0 ? -err : 0;
}

static int start_fork(struct pq_start *s, pid_t *pid)
{
#if PQ_USE_CLONE
	/* The child is a copy of the parent, as by fork(), but the kernel
	 * clears the handlers: that saves a hundred system calls. What fork()
	 * does besides is for children that use more of the libc. */
	struct pq_clone_args args = { .flags = PQ_CLONE_CLEAR_SIGHAND,
				      .exit_signal = SIGCHLD };
	long rc;

	if (pq_clone_works()) {
		s->handlers_cleared = true;
		pq_clone_into(&args, s);
		rc = pq_raw(SYS_clone3, (long)&args, sizeof(args), 0, 0, 0);
		if (rc == 0)
			pq_child_main(s);
		*pid = (pid_t)rc;
		/* Forbidden since then? fork() may still be allowed. */
		if (rc != -ENOSYS)
			return rc < 0 ? (int)rc : 0;
		s->handlers_cleared = s->in_cgroup = false;
	}
#endif
	return fork_by_libc(s, pid);
}

int pq_pipe(int ends[2])
{
#if PQ_USE_PIPE2
	return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
#else
	/* A child that another thread starts in between inherits both ends. */
	if (pipe(ends) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	return 0;
#endif
}

/* What exec failed with; 0: it did not. The child writes that to its end of
 * the pipe. When that end is closed, exec has succeeded; but a process that
 * another thread has forked may hold it open for as long as it likes, and exec
 * may take long. So look until the child is dead, or for PQ_EXEC_MAX. */
static int read_error(int fd, pid_t pid)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t end = pq_now() + PQ_EXEC_MAX;
	int err = 0, slice = 1;
	bool last;
	ssize_t got;

	do {
		last = pq_child_dead(pid) || pq_now() >= end;
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

/* Report a failure of exec, as vfork() does: by a pipe that exec closes. */
static int start_fork_command(struct pq_start *s, pid_t *pid)
{
	int ends[2], rc = pq_pipe(ends);

	if (rc < 0)
		return rc;
	s->error_pipe = ends[1];
	rc = start_fork(s, pid);
	close(ends[1]);
	if (rc == 0)
		s->exec_error = read_error(ends[0], *pid);
	close(ends[0]);
	return rc;
}

bool pq_spawn_ties(void)
{
#if PQ_USE_PDEATHSIG
	static _Atomic int known = -1;
	int ties = atomic_load_explicit(&known, memory_order_relaxed);
	int mine = 0;

	if (ties < 0) {
		/* Asked with the death signal that this process has: it keeps
		 * it. */
		ties = prctl(PR_GET_PDEATHSIG, &mine, 0, 0, 0) == 0 &&
		       prctl(PR_SET_PDEATHSIG, mine, 0, 0, 0) == 0;
		atomic_store_explicit(&known, ties, memory_order_relaxed);
	}
	return ties;
#else
	/* There is none here: doc/design.md says what follows from that. */
	return true;
#endif
}

bool pq_spawn_stays(void)
{
#if PQ_USE_STARTTIME
	struct stat mine, theirs;

	if (stat("/proc/thread-self/ns/pid", &mine) < 0 ||
	    lstat(NS_OF_CHILDREN, &theirs) < 0)
		return true;
	/* Not there: it has no process yet, or none any more. */
	if (stat(NS_OF_CHILDREN, &theirs) < 0)
		return errno != ENOENT;
	return mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev;
#else
	return true;
#endif
}

bool pq_spawn_has(unsigned method)
{
	if (method == PROCQ_METHOD_FORK)
		return true;
#if PQ_USE_CLONE
	return pq_clone_works();
#else
	return false;
#endif
}

/* How many descriptors an idle child closes if it can't ask which are open. */
#define DESCRIPTORS_MIN 1024
#define DESCRIPTORS_MAX 65536

static int descriptors(void)
{
#if PQ_USE_LINUX
	return DESCRIPTORS_MIN;
#else
	long limit = sysconf(_SC_OPEN_MAX);

	if (limit > DESCRIPTORS_MAX)
		return DESCRIPTORS_MAX;
	return limit < DESCRIPTORS_MIN ? DESCRIPTORS_MIN : (int)limit;
#endif
}

int pq_spawn(struct pq_start *start, unsigned method, struct pq_nest *nest,
	     pid_t *pid)
{
	start->self = 0;
	start->descriptors = descriptors();
	start->error_pipe = -1;
	start->exec_error = 0;
	start->handlers_cleared = start->in_cgroup = false;
	start->stack_busy = start->late = NULL;
	if (!pq_spawn_has(method))
		return -ENOSYS;
#if PQ_USE_CLONE
	if (method != PROCQ_METHOD_FORK)
		return pq_nest_start(nest, start, pid);
#endif
	(void)nest;
	return start->path ? start_fork_command(start, pid)
			   : start_fork(start, pid);
}
