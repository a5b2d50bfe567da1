/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.c - see host.h. Must start nothing there but its first process.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#if PQ_USE_LINUX
# include <sys/mount.h>
#endif

#include "procq.h"

#include "../storm/chance.h"

#include "host.h"
#include "party.h"
#include "sky.h"
#include "wire.h"

void host_name(unsigned host, char name[16])
{
	snprintf(name, 16, "host%u", host);
}

/* Each another one: the lock of a helper is in /tmp, which all hosts share. */
void host_queue(unsigned host, char name[64])
{
	const char *last = strrchr(course.shared, '.');

	snprintf(name, 64, "storm%s-%u", last ? last + 1 : "", host);
}

#if PQ_USE_LINUX

#ifndef CLONE_NEWTIME
# define CLONE_NEWTIME 0x80
#endif

static unsigned self;

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t n = strlen(text);
	bool good = fd >= 0 && write(fd, text, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	return good;
}

/* What the kernel, or the system, would say: another file is in its place. */
static bool pretend(const char *path, const char *name, const char *text)
{
	char own[300];

	snprintf(own, sizeof(own), "%s/%s.%u", course.shared, name, self);
	return put(own, text) && mount(own, path, NULL, MS_BIND, NULL) == 0;
}

static bool furnish(void)
{
	char text[80], name[16];
	unsigned life = sky->life[self];

	host_name(self, name);
	if (sethostname(name, strlen(name)) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount("shm", "/dev/shm", "tmpfs", 0, "size=64m") < 0)
		return false;
	snprintf(text, sizeof(text), "%032x\n", self + 1);
	if (!pretend("/etc/machine-id", "machine", text))
		return false;
	snprintf(text, sizeof(text), "%08x-0000-4000-8000-%012x\n", self,
		 life);
	return pretend("/proc/sys/kernel/random/boot_id", "boot", text);
}

static _Noreturn void be_first(void)
{
	/* The ends of other hosts, and what else is the driver's. */
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	if (!furnish())
		_exit(125);
	/* Every second one is a container. */
	if (course.shim && self % 2 == 0)
		setenv("LD_PRELOAD", course.shim, 1);
	party_life(self);
}

/* It has booted just now. */
static bool set_clock(void)
{
	int64_t life = procq_life();
	char text[80];

	snprintf(text, sizeof(text), "boottime %lld %lld\n",
		 (long long)(-(life / S) - 1), (long long)(S - 1 - life % S));
	return put("/proc/self/timens_offsets", text);
}

static bool tell(int line, int end, pid_t pid)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec io = { &pid, sizeof(pid) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	memset(&control, 0, sizeof(control));
	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &end, sizeof(end));
	return sendmsg(line, &m, 0) == sizeof(pid);
}

static pid_t hear(int line, int *end)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	pid_t pid = -1;
	struct iovec io = { &pid, sizeof(pid) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	if (recvmsg(line, &m, MSG_CMSG_CLOEXEC) != sizeof(pid) ||
	    m.msg_controllen < CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(end, CMSG_DATA(&control.head), sizeof(*end));
	return pid;
}

/* Makes the namespaces, and the first process, which becomes a child of the
 * driver when this ends. */
static _Noreturn void midwife(int line)
{
	int end;
	pid_t pid;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
		    CLONE_NEWIPC | CLONE_NEWTIME) < 0 || !set_clock())
		_exit(125);
	end = wire_end(10 + self);
	if (end < 0)
		_exit(125);
	pid = fork();
	if (pid == 0) {
		close(line);
		close(end);
		be_first();
	}
	_exit(pid < 0 || !tell(line, end, pid));
}

pid_t host_boot(unsigned host, int *end)
{
	int ends[2];
	pid_t pid, first;

	self = host;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		midwife(ends[1]);
	}
	close(ends[1]);
	first = pid < 0 ? -1 : hear(ends[0], end);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return first;
}

#else

pid_t host_boot(unsigned host, int *end)
{
	(void)host;
	(void)end;
	return -1;
}

#endif
