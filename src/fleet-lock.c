/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet-lock.c - see fleet-lock.h. Must not open the queue's own object: the
 * locks of its participants would be lost.
 *
 * The lock is on an empty file in /tmp, which a helper that is killed leaves
 * behind; the kernel unlocks it. The file loses its name only while it is
 * locked: so a helper that gets a lock on one without a name looks again. Two
 * that do not see each other's file do no harm: only one has the latest epoch.
 *
 * A file of another user is no helper: a queue has participants of one user.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procq.h"

#include "fleet-lock.h"

#define TRIES 100

struct lock_name {
	char text[PROCQ_NAME_SIZE + 24];
};

static struct lock_name lock_name(const char *object)
{
	struct lock_name n;

	snprintf(n.text, sizeof(n.text), "/tmp/procq-fleet.%s", object + 1);
	return n;
}

static int lock_once(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	if (lockf(fd, F_TLOCK, 0) < 0) {
		err = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
	} else if (fstat(fd, &st) < 0) {
		err = -errno;
	} else if (st.st_uid != geteuid()) {
		err = -EPERM;
	} else if (st.st_nlink == 0) {
		err = -EAGAIN;
	} else {
		return fd;
	}
	close(fd);
	return err;
}

int fleet_lock(const char *object)
{
	struct lock_name n = lock_name(object);
	int fd = -EAGAIN;

	for (int i = 0; i < TRIES && fd == -EAGAIN; i++)
		fd = lock_once(n.text);
	return fd;
}

void fleet_unlock(const char *object, int fd)
{
	unlink(lock_name(object).text);
	close(fd);
}

bool fleet_is_locked(const char *object)
{
	int fd = open(lock_name(object).text,
		      O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool locked;

	/* What is in the way, the helper says. */
	if (fd < 0)
		return false;
	locked = fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		 lockf(fd, F_TEST, 0) < 0;
	close(fd);
	return locked;
}
