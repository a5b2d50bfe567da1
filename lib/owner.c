/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * owner.c - whose file, and whose process? As the kernel says, not an object.
 * Must not change either.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owner.h"

#if PQ_USE_LINUX

/* The text of a file in /proc, cut off at size - 1. false: it can't be read. */
static bool read_proc(const char *path, char *text, size_t size)
{
	ssize_t got;
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return false;
	do
		got = read(fd, text, size - 1);
	while (got < 0 && errno == EINTR);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* What the kernel shows for each user that has no number in a user namespace.
 */
static uid_t overflow_uid(void)
{
	char text[32];

	if (!read_proc("/proc/sys/kernel/overflowuid", text, sizeof(text)))
		return 65534;
	return (uid_t)strtoul(text, NULL, 10);
}

bool pq_owner_is_me(int fd, const struct stat *st)
{
	if (st->st_uid != geteuid())
		return false;
	/* In a user namespace all users that are not mapped look like this one.
	 * But the kernel lets the owner alone set the mode, which is set to
	 * what it is. */
	return st->st_uid != overflow_uid() ||
	       fchmod(fd, st->st_mode & 07777) == 0;
}

/* Does /proc show the processes of this PID namespace? In that of another one,
 * the same number is another process. */
static bool proc_is_ours(void)
{
	char text[32];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strtol(text, NULL, 10) == (long)getpid();
}

bool pq_owner_has(uid_t uid, pid_t pid)
{
	unsigned long id[3]; /* real, effective, saved */
	char path[32], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	if (!proc_is_ours() || !read_proc(path, text, sizeof(text)))
		return false;
	at = strstr(text, "\nUid:");
	if (!at)
		return false;
	at += strlen("\nUid:");
	for (int i = 0; i < 3; i++) {
		char *start = at;

		id[i] = strtoul(start, &at, 10);
		if (at == start)
			return false;
	}
	/* The kernel lets a user signal what has either of these. */
	return id[0] == uid || id[2] == uid;
}

#else

bool pq_owner_is_me(int fd, const struct stat *st)
{
	(void)fd;
	return st->st_uid == geteuid();
}

bool pq_owner_has(uid_t uid, pid_t pid)
{
	(void)uid, (void)pid;
	return false;
}

#endif
