/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * proc.c - what /proc says, and of which process.
 * Must not be called by a child before its entry.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#if PQ_USE_LINUX

ssize_t pq_proc_read(const char *path, char *text, size_t size)
{
	ssize_t got;
	int fd, err;

	text[0] = '\0';
	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	do
		got = read(fd, text, size - 1);
	while (got < 0 && errno == EINTR);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	text[got] = '\0';
	return got;
}

/* The number behind this key; *rest is what follows it. 0: there is none. */
static long number_of(const char *text, const char *key, char **rest)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), rest, 10) : 0;
}

bool pq_proc_is_ours(void)
{
	char text[2048], *rest = text;
	long pid;

	if (pq_proc_read("/proc/self/status", text, sizeof(text)) <= 0)
		return false;
	/* Since Linux 4.1: the pids of this process, from the namespace of
	 * /proc down to its own. If they are several, these differ, even where
	 * the numbers are the same. */
	pid = number_of(text, "\nNSpid:", &rest);
	if (!pid)
		pid = number_of(text, "\nTgid:", &rest);
	return pid == (long)getpid() && *rest == '\n';
}

#else

ssize_t pq_proc_read(const char *path, char *text, size_t size)
{
	(void)path, (void)size;
	text[0] = '\0';
	return -ENOENT;
}

bool pq_proc_is_ours(void)
{
	return false;
}

#endif
