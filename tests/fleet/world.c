/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.c - preloaded into what runs on a host of the storm: its PID namespace
 * passes for the first one of a machine. A host there is a set of namespaces,
 * and of a container procq rightly believes no boot. With this it is what it
 * stands for: a machine of its own, with its own boot.
 */
/* With that, the headers of some compilers define readlink() themselves. */
#undef _FORTIFY_SOURCE
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOWN __attribute__((__visibility__("default")))

SHOWN ssize_t __readlink_chk(const char *path, char *text, size_t size,
			     size_t room);
SHOWN ssize_t readlink(const char *path, char *text, size_t size);

/* NOLINTNEXTLINE: by these names libc knows them */
ssize_t __readlink_chk(const char *path, char *text, size_t size,
		       size_t room)
{
	static const char first[] = "pid:[4026531836]";
	size_t n = sizeof(first) - 1;

	(void)room;
	if (strcmp(path, "/proc/self/ns/pid") != 0)
		return syscall(SYS_readlinkat, -100, path, text, size);
	n = n < size ? n : size;
	memcpy(text, first, n);
	return (ssize_t)n;
}

ssize_t readlink(const char *path, char *text, size_t size)
{
	return __readlink_chk(path, text, size, size);
}
