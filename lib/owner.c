/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * owner.c - whose file, and whose process? As the kernel says, not an object.
 * Must not change either.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owner.h"
#include "proc.h"
#include "raw.h"

struct pq_file pq_file_of(int fd)
{
	struct stat st;

	if (pq_fstat(fd, &st) < 0)
		return (struct pq_file){ .ino = 0 };
	return (struct pq_file){ st.st_dev, st.st_ino };
}

bool pq_file_is(int fd, struct pq_file file)
{
	struct stat st;
	int rc;

	if (fd < 0)
		return false;
	/* A sandbox that refuses the call, or a lack of memory, says nothing
	 * of the descriptor. */
	rc = pq_fstat(fd, &st);
	if (rc < 0)
		return rc != -EBADF;
	return !file.ino || (st.st_dev == file.dev && st.st_ino == file.ino);
}

void pq_file_close(int fd, struct pq_file file)
{
	if (pq_file_is(fd, file))
		close(fd);
}

#if PQ_USE_LINUX

/* What the kernel shows for each user that has no number in a user namespace.
 */
static uid_t overflow_uid(void)
{
	char text[32];

	if (pq_proc_read("/proc/sys/kernel/overflowuid", text,
			 sizeof(text)) <= 0)
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

bool pq_owner_has(uid_t uid, pid_t pid)
{
	unsigned long id[3]; /* real, effective, saved */
	char path[32], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	if (!pq_proc_is_ours() || pq_proc_read(path, text, sizeof(text)) <= 0)
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
