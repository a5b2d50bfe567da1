/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seam.h - included before every file of the library when it is compiled for
 * the fuzzer: each call that asks or tells the kernel about processes, locks
 * and time goes to kernel.c instead.
 *
 * It must be impossible for what is compiled with this to signal or pin a
 * process: a pid in a hostile object is the attacker's. So kill(), fork() and
 * the raw system calls are not wrapped but gone; fuzz.test looks at the
 * objects' symbols.
 */
#ifndef FUZZ_SEAM_H
#define FUZZ_SEAM_H

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined __linux__
# include <sys/syscall.h>
# include <sys/vfs.h>
#endif

int fuzz_clock_gettime(clockid_t id, struct timespec *ts);
int fuzz_close(int fd);
int fuzz_execve(const char *path, char *const argv[], char *const envp[]);
int fuzz_fcntl(int fd, int cmd, ...);
pid_t fuzz_fork(void);
int fuzz_fstat(int fd, struct stat *st);
int fuzz_kill(pid_t pid, int signo);
int fuzz_nanosleep(const struct timespec *ts, struct timespec *left);
int fuzz_open(const char *path, int flags, ...);
int fuzz_poll(struct pollfd *fds, nfds_t n, int timeout);
long fuzz_raw(long nr, long a, long b, long c, long d, long e);
ssize_t fuzz_read(int fd, void *to, size_t n);
int fuzz_sem_post(sem_t *sem);
int fuzz_sem_wait(sem_t *sem, const struct timespec *ts);
int fuzz_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
#if defined __linux__
int fuzz_fstatfs(int fd, struct statfs *fs);
#endif

#define clock_gettime(id, ts) fuzz_clock_gettime(id, ts)
#define close(fd) fuzz_close(fd)
#define execve(path, argv, envp) fuzz_execve(path, argv, envp)
#define fcntl(...) fuzz_fcntl(__VA_ARGS__)
#define fork() fuzz_fork()
#define fstat(fd, st) fuzz_fstat(fd, st)
#define fstatfs(fd, fs) fuzz_fstatfs(fd, fs)
#define kill(pid, signo) fuzz_kill(pid, signo)
#define nanosleep(ts, left) fuzz_nanosleep(ts, left)
#define open(...) fuzz_open(__VA_ARGS__)
#define poll(fds, n, timeout) fuzz_poll(fds, n, timeout)
#define read(fd, to, n) fuzz_read(fd, to, n)
#define sem_post(sem) fuzz_sem_post(sem)
#define sem_timedwait(sem, ts) fuzz_sem_wait(sem, ts)
#define waitid(type, id, info, options) fuzz_waitid(type, id, info, options)

/* In the place of raw.h, whose system calls no linker could wrap. */
#define PQ_RAW_H
#define pq_raw fuzz_raw

static inline pid_t pq_getpid(void)
{
	return getpid();
}

static inline pid_t pq_getppid(void)
{
	return getppid();
}

static inline void pq_lead_group(void)
{
}

static inline void pq_set_mask(const sigset_t *mask)
{
	(void)mask;
}

static inline int pq_fstat(int fd, struct stat *st)
{
	return fstat(fd, st) < 0 ? -errno : 0;
}

static inline void pq_close(int fd)
{
	close(fd);
}

#endif
