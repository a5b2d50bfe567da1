/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * names.c - the public functions that need no handle: which object a name leads
 * to, which queues there are, what a return value means, and the removal of an
 * object that is no usable queue.
 * Must not join a queue.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procq.h"
#include "segment.h"
#include "unlink.h"

/* ---- what a return value means ---- */

/* The library speaks English; the programs translate what they print. */
#define N_(text) (text)

const char *procq_strerror(int err)
{
	switch (err < 0 ? -err : 0) {
	case 0:
		return N_("no error");
	case ENOENT:
		return N_("no such queue");
	case EINVAL:
		return N_("invalid name or option");
	case ENAMETOOLONG:
		return N_("the name is too long");
	case EACCES:
		return N_("permission denied");
	case EPERM:
		return N_("it belongs to another user");
	case EEXIST:
		return N_("the queue has another capacity");
	case ENODEV:
		return N_("not a shared memory object");
	case EBADMSG:
		return N_("not a queue, or damaged");
	case EPROTONOSUPPORT:
		return N_("a queue of another version of procq, another build, "
			  "or another type of machine");
	case EXDEV:
		return N_("a queue of another PID namespace, or of another "
			  "time namespace");
	case ESTALE:
		return N_("a queue of an earlier boot");
	case EUSERS:
		return N_("no place is left");
	case EINPROGRESS:
		return N_("another process is about to remove the queue");
	case ENOLCK:
		return N_("the system grants no file lock");
	case ENOSPC:
		return N_("no space left in shared memory");
	case ETIMEDOUT:
		return N_("timed out");
	case EAGAIN:
		return N_("nothing there at the moment");
	case EIDRM:
		return N_("the queue's object has been removed");
	case ESHUTDOWN:
		return N_("the queue is closed");
	case ECHILD:
		return N_("the handle is another process's, or "
			  "SIGCHLD is ignored");
	case EBUSY:
		return N_("in use, or not empty");
	case EALREADY:
		return N_("a usable queue");
	case ENOTSUP:
		return N_("not possible on this system");
	case ENOTCONN:
		return N_("another holder has the lease, with a later epoch");
	case EDOM:
		return N_("the lease ends all processes, so none may outlive "
			  "its producer");
	case ECANCELED:
		return N_("killed before it had entered");
	default:
		/* For known numbers, every libc returns a constant. */
		/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
		return strerror(-err);
	}
}

/* ---- the object of a name ---- */

/* Such a name would break the lines that show it; nobody means one. */
static bool has_control(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return true;
	return false;
}

int procq_object_name(const char *name, char *object)
{
	const char *rest;
	int n;

	if (!name || !*name || strcmp(name, "/") == 0)
		return -EINVAL;
	rest = *name == '/' ? name + 1 : name;
	if (has_control(rest) || strchr(rest, '/') || strcmp(rest, ".") == 0 ||
	    strcmp(rest, "..") == 0)
		return -EINVAL;
	if (*name == '/')
		n = snprintf(object, PROCQ_NAME_SIZE, "%s", name);
	else
		n = snprintf(object, PROCQ_NAME_SIZE, "/procq.%lu.%s",
			     (unsigned long)geteuid(), name);
	/* NAME_MAX is for the file, whose name has no slash. */
	if (n < 0 || n >= PROCQ_NAME_SIZE || n - 1 > NAME_MAX)
		return -ENAMETOOLONG;
	return 0;
}

int procq_unlink(const char *name, uint32_t *found)
{
	char object[PROCQ_NAME_SIZE];
	uint32_t what = 0;
	int rc = procq_object_name(name, object);

	if (rc == 0)
		rc = pq_segment_unlink(object, &what);
	if (found)
		*found = what;
	return rc;
}

/* ---- the queues of this machine ---- */

#if PQ_USE_LINUX

/* Where the C library has the objects, as shm_open() can't list them. */
#define SHM_DIRECTORY "/dev/shm"

/* If this process lacks descriptors or memory, a queue that is there must not
 * look like none. */
static int unless_scarce(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM ||
	       err == EINTR ? -err : 0;
}

/* 1: it is one. 0: it is none, or this user may not look. -errno. */
static int is_queue(int dir, const char *name, struct procq_found *found)
{
	bool ours = strncmp(name, "procq.", 6) == 0;
	struct stat st;
	int n, rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return ours && errno != ENOENT ? -errno : unless_scarce(errno);
	/* What has such a name is none. */
	if (!S_ISREG(st.st_mode) || has_control(name))
		return 0;
	n = snprintf(found->object, sizeof(found->object), "/%s", name);
	if (n < 0 || (size_t)n >= sizeof(found->object))
		return 0;
	found->uid = st.st_uid;
	found->mode = st.st_mode & 07777;
	/* A shared queue may have any name: look inside, if that is allowed. */
	if (ours)
		return 1;
	rc = pq_segment_has_magic(dir, name);
	return rc < 0 ? unless_scarce(-rc) : rc;
}

int procq_list(int (*visit)(const struct procq_found *, void *), void *arg)
{
	DIR *dir = opendir(SHM_DIRECTORY);
	struct dirent *d;
	int rc = 0;

	if (!dir)
		return -errno;
	while (rc == 0) {
		struct procq_found found;

		errno = 0;
		/* No other thread reads this stream. */
		d = readdir(dir); /* NOLINT(concurrency-mt-unsafe) */
		if (!d) {
			rc = -errno;
			break;
		}
		rc = is_queue(dirfd(dir), d->d_name, &found);
		if (rc > 0)
			rc = visit(&found, arg);
	}
	closedir(dir);
	return rc;
}

#else

int procq_list(int (*visit)(const struct procq_found *, void *), void *arg)
{
	(void)visit, (void)arg;
	return -ENOTSUP;
}

#endif
