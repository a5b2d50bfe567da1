/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * identity.c - is this still the same process? pidfd, inode, start time.
 * Must not send a signal to a bare pid, nor look into the queue.
 *
 * Linux has pidfd_open and pidfd_send_signal since 5.3. Since 6.9 it has
 * pidfs, with an inode of its own for every process, never used again; and
 * signals to a group through a pidfd; since 6.14, file handles by which a pidfd
 * is opened again; since 6.15, a pidfd tells how its process died. The kernel is asked for each at run time, since a binary built on a new
 * one may run on an old one.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if PQ_USE_PIDFS
# include <sys/vfs.h>
#endif
#if PQ_USE_PIDFD_INFO
# include <sys/ioctl.h>
#endif

#include "identity.h"
#include "proc.h"
#include "raw.h"

#if PQ_USE_PIDFD
# ifndef SYS_pidfd_open
#  define SYS_pidfd_open 434
# endif
# ifndef SYS_pidfd_send_signal
#  define SYS_pidfd_send_signal 424
# endif
#endif

#define IDENT_MASK ((UINT64_C(1) << PQ_IDENT_BITS) - 1)
#define PIDFS_MAGIC 0x50494446
#define SIGNAL_PROCESS_GROUP 4u		/* PIDFD_SIGNAL_PROCESS_GROUP */

#if PQ_USE_PIDFD
/* If a sandbox forbids it, that is as if there were none. */
static bool refused(long rc)
{
	return rc == -EPERM || rc == -EACCES || rc == -EINVAL ||
	       rc == -ENOENT;
}

/* A sandbox may answer with any error. So one that says that there is no
 * process is believed only where this process can pin itself. */
static int no_process(void)
{
	long fd = pq_raw(SYS_pidfd_open, pq_getpid(), 0, 0, 0, 0);

	if (fd < 0)
		return refused(fd) ? -ENOSYS : (int)fd;
	pq_close((int)fd);
	return -ESRCH;
}
#endif

int pq_pin(pid_t pid)
{
#if PQ_USE_PIDFD
	long fd;

	/* The kernel would refuse 0 and below, too. */
	if (pid <= 0)
		return -ESRCH;
	fd = pq_raw(SYS_pidfd_open, pid, 0, 0, 0, 0);
	/* EINVAL, or ENOENT of newer kernels: the pid is now that of a thread,
	 * not of a process. */
	if (fd == -EINVAL || fd == -ENOENT)
		return no_process();
	return refused(fd) ? -ENOSYS : (int)fd;
#else
	(void)pid;
	return -ENOSYS;
#endif
}

int pq_pin_signal(int pin, int signo, bool group)
{
#if PQ_USE_PIDFD
	return (int)pq_raw(SYS_pidfd_send_signal, pin, signo, 0,
			   group ? SIGNAL_PROCESS_GROUP : 0, 0);
#else
	(void)pin, (void)signo, (void)group;
	return -ENOSYS;
#endif
}

bool pq_pin_dead(int pin)
{
	struct pollfd p = { .fd = pin, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLIN | POLLHUP | POLLNVAL);
}

/* ---- the inode ---- */

#if PQ_USE_PIDFS
static bool pidfs_here(void)
{
	struct statfs fs;
	int fd = pq_pin(getpid());
	bool is = false;

	if (fd < 0)
		return false;
	if (fstatfs(fd, &fs) == 0)
		is = (unsigned long)fs.f_type == PIDFS_MAGIC;
	close(fd);
	return is;
}

static uint64_t inode_of(int pin)
{
	struct stat st;

	return pq_fstat(pin, &st) < 0 ? 0 : pq_ident_of_inode(st.st_ino);
}
#endif

/* ---- the inode, to a pin ---- */

#if PQ_USE_PIDFS
# define EMPTY_PATH 0x1000		/* AT_EMPTY_PATH */

/* struct file_handle, with what pidfs puts in: the inode. */
struct handle {
	uint32_t bytes;
	int32_t type;
	uint64_t inode;
};

static int open_handle(int self, uint64_t inode)
{
	struct handle h = { .bytes = sizeof(h.inode) };
	int mount_id = 0;
	uint64_t own = inode_of(self);
	long fd;

	if (pq_raw(SYS_name_to_handle_at, self, (long)"", (long)&h,
		   (long)&mount_id, EMPTY_PATH) < 0)
		return -ENOSYS;
	/* Is a handle what it is known to be? Else nothing is opened by one. */
	if (!own || h.bytes != sizeof(h.inode) || h.inode != own)
		return -ENOSYS;
	h.inode = inode;
	fd = pq_raw(SYS_open_by_handle_at, self, (long)&h, O_CLOEXEC, 0, 0);
	/* There is none with this inode, or none in this PID namespace. */
	if (fd == -ESTALE)
		return -ESRCH;
	return refused(fd) || fd == -EOPNOTSUPP ? -ENOSYS : (int)fd;
}
#endif

int pq_pin_again(uint64_t inode)
{
#if PQ_USE_PIDFS
	int self, pin;

	/* One that is wider than what is recorded of it is not known. */
	if (!inode || inode >= IDENT_MASK)
		return -ESRCH;
	self = pq_pin(getpid());
	if (self < 0)
		return self;
	pin = open_handle(self, inode);
	close(self);
	if (pin >= 0 && inode_of(pin) != inode) {
		close(pin);
		pin = -ESRCH;
	}
	return pin;
#else
	(void)inode;
	return -ENOSYS;
#endif
}

/* ---- the start time ---- */

#if PQ_USE_STARTTIME
/* The text of /proc/PID/stat. By raw calls: a child may share its parent's
 * memory, and in that a request to cancel the thread that started it, which a
 * cancellation point of the libc would obey. */
static bool read_stat(pid_t pid, char *text, size_t size)
{
	char path[32] = "/proc/", digits[12];
	size_t n = 0, at = 6;
	long got, fd;

	if (pid <= 0)
		return false;
	for (pid_t rest = pid; rest > 0; rest /= 10)
		digits[n++] = (char)('0' + rest % 10);
	while (n > 0)
		path[at++] = digits[--n];
	memcpy(path + at, "/stat", 6);
	fd = pq_raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0,
		    0);
	if (fd < 0)
		return false;
	got = pq_raw(SYS_read, fd, (long)text, (long)size - 1, 0, 0);
	pq_close((int)fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* Where that field begins. The second one, the name, may hold anything, also
 * brackets and blanks, so the fields are counted from the last bracket. */
static const char *field_of(const char *text, int wanted)
{
	const char *p = strrchr(text, ')');

	for (int field = 2; p && field < wanted; field++)
		p = strchr(p + 1, ' ');
	return p ? p + 1 : NULL;
}

static uint64_t number_at(const char *p)
{
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	return value;
}

/* Field 22, in clock ticks since boot, plus one: so it is never 0. */
static uint64_t start_of(pid_t pid)
{
	char text[768];
	const char *p = read_stat(pid, text, sizeof(text)) ? field_of(text, 22)
							   : NULL;

	return p ? (number_at(p) + 1) & IDENT_MASK : 0;
}
#endif

/* ---- how it died ---- */

#if PQ_USE_PIDFD_INFO
/* What <linux/pidfd.h> has of it in newer headers: struct pidfd_info in its
 * first version, PIDFD_INFO_EXIT, PIDFD_GET_INFO. */
struct info {
	uint64_t mask;		/* in: what is asked for; out: what is there */
	uint64_t cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
# define INFO_EXIT (UINT64_C(1) << 3)
# define GET_INFO _IOWR(0xff, 11, struct info)
#endif

/* As pq_pin_status(), of one that is reaped. */
static int reaped_status(int pin, int *status)
{
#if PQ_USE_PIDFD_INFO
	struct info info = { .mask = INFO_EXIT };
	long rc = pq_raw(SYS_ioctl, pin, (long)GET_INFO, (long)&info, 0, 0);

	*status = info.exit_code;
	return rc < 0 ? (int)rc : (info.mask & INFO_EXIT) != 0;
#else
	(void)pin, (void)status;
	return -ENOTTY;
#endif
}

/* Of a zombie, field 52 is the status; 0 also if the kernel hides it. */
static bool zombie_status(int pin, pid_t pid, int *status)
{
#if PQ_USE_STARTTIME
	char text[768];
	const char *state, *code;

	if (!read_stat(pid, text, sizeof(text)))
		return false;
	state = field_of(text, 3);
	code = field_of(text, 52);
	*status = code ? (int)number_at(code) : 0;
	/* It is of the pinned process, if that has not been reaped since: then
	 * it can be signalled, and the number is still its own. */
	return state && *state == 'Z' && *status &&
	       pq_pin_signal(pin, 0, false) == 0 && pq_proc_is_ours();
#else
	(void)pin, (void)pid, (void)status;
	return false;
#endif
}

int pq_pin_status(int pin, pid_t pid, int *status)
{
	int rc = reaped_status(pin, status);

	return rc <= 0 && zombie_status(pin, pid, status) ? 1 : rc;
}

/* ---- either ---- */

static enum pq_ident_kind find_kind(void)
{
#if PQ_USE_PIDFS
	if (pidfs_here())
		return PQ_IDENT_INODE;
#endif
#if PQ_USE_STARTTIME
	if (pq_proc_is_ours() && start_of(getpid()))
		return PQ_IDENT_START;
#endif
	return PQ_IDENT_NONE;
}

enum pq_ident_kind pq_ident_kind(void)
{
	/* The answer, and the process that asked: a child may be in a PID
	 * namespace that /proc does not show. If two threads ask at once, both
	 * get the same answer. */
	static _Atomic uint64_t known;
	uint64_t is = atomic_load_explicit(&known, memory_order_relaxed);
	uint64_t me = (uint64_t)getpid() << 8;

	if ((is & ~UINT64_C(0xff)) != me) {
		is = me | (uint64_t)find_kind();
		atomic_store_explicit(&known, is, memory_order_relaxed);
	}
	return (enum pq_ident_kind)(is & 0xff);
}

bool pq_start_is_past(uint64_t ident, int64_t when)
{
	long ticks = sysconf(_SC_CLK_TCK);

	/* ident is the tick of the start, plus one. That tick has to be over,
	 * and one more, for the rounding. */
	return ticks > 0 && when > 0 && ident > 0 &&
	       (uint64_t)when / (1000000000u / (uint64_t)ticks) > ident;
}

uint64_t pq_ident_self(enum pq_ident_kind kind, pid_t pid, bool stay)
{
	int pin = kind == PQ_IDENT_INODE ? pq_pin(pid) : -1;
	uint64_t ident = pq_ident_of(kind, pin, pid);

	if (pin >= 0 && !stay)
		pq_close(pin);
	return ident;
}

uint64_t pq_ident_of(enum pq_ident_kind kind, int pin, pid_t pid)
{
#if PQ_USE_PIDFS
	if (kind == PQ_IDENT_INODE)
		return pin < 0 ? 0 : inode_of(pin);
#endif
#if PQ_USE_STARTTIME
	if (kind == PQ_IDENT_START)
		return start_of(pid);
#endif
	(void)kind, (void)pin, (void)pid;
	return 0;
}
