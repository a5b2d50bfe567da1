/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * counters.c - what a process has run is known although it was killed.
 *
 * gcov counts in memory, and writes to files when a process exits. Most of
 * what is of interest here never exits: children end by _exit() or a signal,
 * share their parent's memory, or are killed with SIGKILL anywhere. So all
 * processes of a program have their counters in one file, which they map
 * shared: counted is counted, whatever becomes of the process. The linker
 * script beside this puts the counters together; writing at exit is off.
 *
 * Run with PROCQ_COVERAGE=dump, a program does nothing but hand to gcov what
 * all of its processes have counted. Linked by make coverage alone. It must
 * not call anything that counts, and must not keep a descriptor.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern char procq_counters_begin[], procq_counters_end[];
void __gcov_dump(void);
void __wrap___gcov_exit(void);

/* In place of what every object calls at exit. */
void __wrap___gcov_exit(void)
{
}

/* One for each program, which is known by its name and how much it counts. */
static int open_counters(size_t size)
{
	char self[PATH_MAX], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *name;
	int fd;

	if (n < 0)
		return -1;
	self[n] = '\0';
	name = strrchr(self, '/');
	n = snprintf(path, sizeof(path), COUNTERS "%s.%zu",
		     name ? name : self, size);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	/* Tests of several users share it; only its owner may, and need. */
	(void)!fchmod(fd, 0666);
	if (ftruncate(fd, (off_t)size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* After gcov's own constructors, which have priority 100. */
__attribute__((__constructor__(101))) static void share_counters(void)
{
	size_t size = (size_t)(procq_counters_end - procq_counters_begin);
	const char *what = getenv("PROCQ_COVERAGE");
	int flags = MAP_SHARED | MAP_FIXED;
	int fd = size ? open_counters(size) : -1;

	if (size && mmap(procq_counters_begin, size, PROT_READ | PROT_WRITE,
			 fd < 0 ? flags | MAP_ANONYMOUS : flags, fd, 0) ==
			MAP_FAILED)
		abort();
	if (fd >= 0)
		close(fd);
	if (what && strcmp(what, "dump") == 0) {
		__gcov_dump();
		_exit(0);
	}
}
