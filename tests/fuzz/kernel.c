/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel.c - the kernel that the library runs on under the fuzzer: a handful
 * of made-up processes, pins, locks of others, and a clock that goes on when
 * it is asked. Memory and names of shared objects are the real ones.
 *
 * Must not hand anything on to the real kernel that takes a pid. What the
 * library may never do ends the program: a signal to what is not proven, to
 * pid 0 or below, a pin of such, a call that does not end.
 *
 * A name in brackets is the real function: no macro of seam.h takes it.
 */
#include "seam.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/resource.h>

#include "../kit/syscalls.h"

#include "kernel.h"

#define PIDFS_MAGIC 0x50494446
#define FAKE_FD 0x40000000
#define FAKE_CHILD 1000000
#define LOCK_BASE (INT64_C(1) << 40)
/* Of one input; more is a loop. */
#define CALLS_MAX 2000000u

struct process {
	int32_t pid;
	uint64_t ident;
	bool dead;
	bool child;
	bool reaped;
	int code, status;
};

struct file {
	bool open;
	bool stat;		/* /proc/PID/stat, not a pin */
	unsigned process;
};

/* The last one is we ourselves. */
#define SELF KERNEL_PROCESSES
static struct process processes[KERNEL_PROCESSES + 1];
static unsigned process_count;
static struct file files[KERNEL_FDS];
static uint16_t held_by_others;
static int64_t now;
static int failure;
static unsigned calls;

void (*kernel_tick)(void);
bool (*kernel_proven)(int32_t pid, uint64_t ident);

static _Noreturn void forbidden(const char *what, long value)
{
	fprintf(stderr, "fuzz: forbidden: %s (%ld)\n", what, value);
	abort();
}

static void tick(void)
{
	if (++calls > CALLS_MAX)
		forbidden("it does not end: calls", (long)calls);
	if (kernel_tick)
		kernel_tick();
}

/* True once after kernel_fail(). */
static bool fails(int *err)
{
	*err = failure;
	failure = 0;
	return *err != 0;
}

/* ---- for target.c ---- */

void kernel_reset(void)
{
	for (int i = 0; i < KERNEL_FDS; i++)
		if (files[i].open)
			forbidden("a descriptor was left open", i);
	memset(processes, 0, sizeof(processes));
	processes[SELF] = (struct process){ .pid = (int32_t)getpid(),
					    .ident = 4711 };
	process_count = 0;
	held_by_others = 0;
	now = INT64_C(1000000000000);
	failure = 0;
	calls = 0;
	kernel_tick = NULL;
	kernel_proven = NULL;
}

static struct process *find(int32_t pid)
{
	if (pid == processes[SELF].pid)
		return &processes[SELF];
	for (unsigned i = 0; i < process_count; i++)
		if (processes[i].pid == pid && !processes[i].reaped)
			return &processes[i];
	return NULL;
}

void kernel_add(int32_t pid, uint64_t ident)
{
	if (pid > 1 && process_count < KERNEL_PROCESSES && !find(pid))
		processes[process_count++] = (struct process){
			.pid = pid, .ident = ident };
}

static int32_t add_child(void)
{
	int32_t pid = FAKE_CHILD + (int32_t)process_count;

	if (process_count == KERNEL_PROCESSES || find(pid))
		return 0;
	processes[process_count++] = (struct process){
		.pid = pid, .ident = (uint64_t)pid + 77, .child = true };
	return pid;
}

void kernel_stranger(void)
{
	add_child();
}

void kernel_die(unsigned index, int code, int status)
{
	struct process *p = &processes[index % KERNEL_PROCESSES];

	if (index >= process_count || p->dead)
		return;
	p->dead = true;
	p->code = code;
	p->status = status;
	p->reaped = !p->child;
}

unsigned kernel_count(void)
{
	return process_count;
}

int32_t kernel_last_child(void)
{
	for (unsigned i = process_count; i-- > 0; )
		if (processes[i].child)
			return processes[i].pid;
	return 0;
}

uint64_t kernel_ident(int32_t pid)
{
	const struct process *p = find(pid);

	return p ? p->ident : 0;
}

void kernel_set_held(uint16_t held)
{
	held_by_others = held;
}

void kernel_advance(int64_t ns)
{
	now += ns;
}

void kernel_fail(int err)
{
	failure = err;
}

/* ---- time ---- */

int fuzz_clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t at;

	tick();
	now += 1000;
	at = id == CLOCK_REALTIME ? now + INT64_C(1700000000000000000) : now;
	ts->tv_sec = (time_t)(at / 1000000000);
	ts->tv_nsec = (long)(at % 1000000000);
	return 0;
}

int fuzz_nanosleep(const struct timespec *ts, struct timespec *left)
{
	(void)left;
	tick();
	now += (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
	return 0;
}

/* ---- bells ---- */

/* Not the real one: see doc/fuzzing.md for what the C library does with a
 * semaphore that is none. Not called where bells are futexes. */
int fuzz_sem_post(sem_t *sem)
{
	(void)sem;
	tick();
	return 0;
}

int fuzz_sem_wait(sem_t *sem, const struct timespec *ts)
{
	int64_t until = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;

	tick();
	/* So that a bell that rings all the time does not stop the clock. */
	now += 1000000;
	if (sem_trywait(sem) == 0)
		return 0;
	until -= INT64_C(1700000000000000000);
	if (until > now)
		now = until;
	errno = ETIMEDOUT;
	return -1;
}

/* ---- locks: those of others ---- */

int fuzz_fcntl(int fd, int cmd, ...)
{
	struct flock *fl;
	va_list args;
	int64_t byte;

	tick();
	va_start(args, cmd);
	if (cmd == F_GETLK) {
		fl = va_arg(args, struct flock *);
		byte = (int64_t)fl->l_start - LOCK_BASE;
		fl->l_type = F_UNLCK;
		if (byte > 0 && held_by_others >> (byte & 15) & 1) {
			fl->l_type = F_WRLCK;
			fl->l_pid = 4;
		}
		va_end(args);
		return 0;
	}
	if (cmd == F_SETLK)
		cmd = (fcntl)(fd, cmd, va_arg(args, struct flock *));
	else
		cmd = (fcntl)(fd, cmd, va_arg(args, int));
	va_end(args);
	return cmd;
}

/* ---- descriptors ---- */

static struct file *file_of(int fd)
{
	if (fd < FAKE_FD || fd >= FAKE_FD + KERNEL_FDS)
		return NULL;
	if (!files[fd - FAKE_FD].open)
		forbidden("a descriptor that is closed", fd - FAKE_FD);
	return &files[fd - FAKE_FD];
}

static int new_file(int32_t pid, bool stat)
{
	const struct process *p = find(pid);
	int err;

	if (fails(&err))
		return -err;
	if (!p)
		return stat ? -ENOENT : -ESRCH;
	for (int i = 0; i < KERNEL_FDS; i++)
		if (!files[i].open) {
			files[i] = (struct file){ true, stat,
				(unsigned)(p - processes) };
			return FAKE_FD + i;
		}
	return -EMFILE;
}

int fuzz_close(int fd)
{
	struct file *file = file_of(fd);

	tick();
	if (!file)
		return (close)(fd);
	file->open = false;
	return 0;
}

int fuzz_open(const char *path, int flags, ...)
{
	va_list args;
	int fd, pid;
	char end;

	tick();
	if (sscanf(path, "/proc/%d/stat%c", &pid, &end) == 1) {
		fd = new_file(pid, true);
		if (fd >= 0)
			return fd;
		errno = -fd;
		return -1;
	}
	va_start(args, flags);
	fd = (open)(path, flags, va_arg(args, mode_t));
	va_end(args);
	return fd;
}

ssize_t fuzz_read(int fd, void *to, size_t n)
{
	const struct file *file = file_of(fd);
	const struct process *p;
	int len;

	tick();
	if (!file)
		return (read)(fd, to, n);
	p = &processes[file->process];
	len = snprintf(to, n, "%d (a) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 "
		       "1 0 %llu 0 0", (int)p->pid,
		       (unsigned long long)p->ident - 1);
	return len < (int)n ? len : (ssize_t)n;
}

int fuzz_fstat(int fd, struct stat *st)
{
	const struct file *file = file_of(fd);

	tick();
	if (!file)
		return (fstat)(fd, st);
	memset(st, 0, sizeof(*st));
	st->st_ino = (ino_t)processes[file->process].ident;
	return 0;
}

#if defined __linux__
int fuzz_fstatfs(int fd, struct statfs *fs)
{
	tick();
	if (!file_of(fd))
		return (fstatfs)(fd, fs);
	memset(fs, 0, sizeof(*fs));
	fs->f_type = PIDFS_MAGIC;
	return 0;
}
#endif

int fuzz_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready = 0;

	tick();
	for (nfds_t i = 0; i < n; i++) {
		const struct file *file = file_of(fds[i].fd);

		/* The pipe that reports exec, alone. */
		if (!file && n == 1) {
			ready = (poll)(fds, n, 0);
			break;
		}
		if (!file)
			forbidden("a poll of something else", fds[i].fd);
		fds[i].revents = processes[file->process].dead ? POLLIN : 0;
		ready += fds[i].revents != 0;
	}
	if (!ready && timeout > 0)
		now += (int64_t)timeout * 1000000;
	return ready;
}

/* ---- processes ---- */

pid_t fuzz_fork(void)
{
	int32_t pid;

	tick();
	if (fails(&errno))
		return -1;
	pid = add_child();
	if (!pid)
		errno = EAGAIN;
	return pid ? pid : -1;
}

int fuzz_execve(const char *path, char *const argv[], char *const envp[])
{
	(void)path, (void)argv, (void)envp;
	forbidden("exec", 0);
}

/* By pid: only our own unreaped children, or to ask whether there is one. */
int fuzz_kill(pid_t pid, int signo)
{
	const struct process *p;

	tick();
	if (signo == 0 && pid > 0) {
		errno = ESRCH;
		return find(pid) ? 0 : -1;
	}
	if (pid >= -1 && pid <= 1)
		forbidden("kill of everybody", pid);
	p = find(pid < 0 ? -pid : pid);
	if (!p || !p->child)
		forbidden("kill of somebody else's", pid);
	if (signo < 0 || signo > 64) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static long send_signal(int fd, int signo, unsigned flags)
{
	const struct file *file = file_of(fd);
	const struct process *p;

	if (!file || file->stat)
		forbidden("a signal through what is no pin", fd);
	p = &processes[file->process];
	if (p->pid <= 1)
		forbidden("a signal to", p->pid);
	if (kernel_proven && !kernel_proven(p->pid, p->ident))
		forbidden("a signal to what is not proven", p->pid);
	if (signo < 0 || signo > 64 || flags & ~4u)
		return -EINVAL;
	/* A kernel that has no signals to a group through a pin. */
	if (flags && failure == EINVAL) {
		failure = 0;
		return -EINVAL;
	}
	return p->dead ? -ESRCH : 0;
}

int fuzz_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	tick();
	memset(info, 0, sizeof(*info));
	for (unsigned i = 0; i < process_count; i++) {
		struct process *p = &processes[i];

		if (!p->child || p->reaped ||
		    (type == P_PID && p->pid != (int32_t)id))
			continue;
		if (!p->dead) {
			if (type == P_PID)
				return 0;
			continue;
		}
		info->si_pid = p->pid;
		info->si_code = p->code;
		info->si_status = p->status;
		if (!(options & WNOWAIT))
			p->reaped = true;
		return 0;
	}
	errno = ECHILD;
	return -1;
}

#if PQ_USE_FUTEX

/* Nobody wakes. */
static long futex(const uint32_t *word, int op, uint32_t asleep,
		  const long *pause)
{
	if (op != 0)
		return 0;
	if (*word != asleep)
		return -EAGAIN;
	now += (int64_t)pause[0] * 1000000000 + pause[1];
	return -ETIMEDOUT;
}

#endif

long fuzz_raw(long nr, long a, long b, long c, long d, long e)
{
#if defined __linux__
	long rc;

	tick();
	switch (nr) {
	case SYS_pidfd_open:
		if (a <= 0)
			forbidden("a pin of", a);
		return new_file((int32_t)a, false);
	case SYS_pidfd_send_signal:
		return send_signal((int)a, (int)b, (unsigned)d);
	case SYS_openat:
		rc = fuzz_open((const char *)b, (int)c);
		return rc < 0 ? -errno : rc;
	case SYS_read:
		rc = fuzz_read((int)a, (void *)b, (size_t)c);
		return rc < 0 ? -errno : rc;
#if PQ_USE_FUTEX
	case SYS_futex:
		return futex((const uint32_t *)a, (int)b, (uint32_t)c,
			     (const long *)d);
#endif
	case SYS_clock_gettime:
		return fuzz_clock_gettime((clockid_t)a, (struct timespec *)b);
	case SYS_waitid:
		memset((void *)e, 0, sizeof(struct rusage));
		return fuzz_waitid((idtype_t)a, (id_t)b, (siginfo_t *)c,
				   (int)d) < 0 ? -errno : 0;
	default:
		/* Among these what asks for clone: there is none. */
		return -ENOSYS;
	}
#else
	tick();
	(void)nr, (void)a, (void)b, (void)c, (void)d, (void)e;
	return -ENOSYS;
#endif
}
