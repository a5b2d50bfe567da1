/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * object.c - the files of an object: the object itself and, where that can't be
 * locked, the lock file beside it. By their names they are opened, judged by
 * kind and owner, and unlinked; by their descriptors mapped and looked at.
 * Must not create a queue, change what is in one, nor take a lock: when its
 * name may go is decided in unlink.c, under the init lock.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "lock.h"
#include "object.h"
#include "owner.h"

int pq_object_stat(int fd, struct stat *st)
{
	for (int tries = 0; tries < PQ_TRIES; tries++)
		if (fstat(fd, st) == 0)
			return 0;
	return -errno;
}

/* ---- open, by name ---- */

/* false: it is too long. */
static bool lock_file_name(const struct pq_segment *seg, char *name,
			   size_t size)
{
	int n = snprintf(name, size, "/tmp/procq-lock.%s", seg->name + 1);

	return n >= 0 && (size_t)n < size;
}

/* On Linux the object itself can be locked. Elsewhere a file beside it is. */
static int open_lock_file(struct pq_segment *seg, uint32_t mode)
{
#if PQ_USE_SHM_LOCKS
	(void)mode;
	seg->lock_fd = seg->fd;
	return 0;
#else
	if (!lock_file_name(seg, seg->lock_name, sizeof(seg->lock_name)))
		return -ENAMETOOLONG;
	for (;;) {
		/* Not O_CREAT at once: in a sticky directory the kernel
		 * refuses that for files of others. */
		int fd = open(seg->lock_name,
			      (seg->readonly ? O_RDONLY : O_RDWR) |
			      O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

		/* No file, no locks: an onlooker needs no more. */
		if (fd < 0 && errno == ENOENT && seg->readonly)
			return 0;
		if (fd < 0 && errno == ENOENT)
			fd = open(seg->lock_name, O_RDWR | O_NOFOLLOW |
				  O_CLOEXEC | O_CREAT | O_EXCL, (mode_t)mode);
		if (fd >= 0) {
			seg->lock_fd = fd;
			return 0;
		}
		if (errno != EEXIST && errno != EINTR)
			return -errno;
	}
#endif
}

/* Is this the error of a name that leads to something else: to a link, to a
 * directory (EINVAL in glibc), …? */
static bool is_no_object(int error)
{
	return error == ELOOP || error == EISDIR || error == ENXIO ||
	       error == EINVAL;
}

int pq_object_named(const struct pq_segment *seg)
{
	struct stat here;
#if PQ_USE_SHM_LOCKS
	/* To close a second descriptor would drop the locks of this process.
	 * But an unlinked object has no link left. */
	int rc = pq_object_stat(seg->fd, &here);

	return rc < 0 ? rc : here.st_nlink > 0;
#else
	struct stat there;
	int fd = shm_open(seg->name, O_RDONLY, 0), rc;

	if (fd < 0)
		return errno == ENOENT || is_no_object(errno) ? 0 : -errno;
	rc = pq_object_stat(fd, &there);
	if (rc == 0)
		rc = pq_object_stat(seg->fd, &here);
	if (rc == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino) {
		rc = pq_object_stat(seg->lock_fd, &here);
		if (rc == 0)
			rc = here.st_nlink > 0;
	}
	close(fd);
	return rc;
#endif
}

static int open_object(struct pq_segment *seg, struct procq_options *options)
{
	bool create = !(options->flags & PROCQ_OPEN_NOCREATE);
	int flags = seg->readonly ? O_RDONLY : O_RDWR;

#if PQ_USE_LINUX
	/* If a FIFO has the name, an onlooker must not wait for a writer. */
	flags |= O_NONBLOCK;
#endif

	for (;;) {
		seg->fd = shm_open(seg->name, flags, 0);
		if (seg->fd < 0 && errno == ENOENT && create)
			seg->fd = shm_open(seg->name,
					   O_RDWR | O_CREAT | O_EXCL,
					   (mode_t)options->mode & 0777);
		if (seg->fd >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (is_no_object(errno))
			return -ENODEV;
		/* EPERM would mean that it is another user's. */
		if (errno != EEXIST)
			return errno == EPERM ? -EACCES : -errno;
	}
}

/* @param fd of the object, or of its lock file */
static int check_owner(const struct pq_segment *seg, int fd,
		       const struct stat *st, struct procq_options *options)
{
	char prefix[32];
	int n = snprintf(prefix, sizeof(prefix), "/procq.%lu.",
			 (unsigned long)geteuid());

	if (!S_ISREG(st->st_mode))
		return -ENODEV;
	/* A name of the user's own never leads to another user's object. Any
	 * other name was given in full, and may. */
	if (strncmp(seg->name, prefix, (size_t)n) == 0 &&
	    !pq_owner_is_me(fd, st)) {
		options->found = (uint32_t)st->st_uid;
		return -EPERM;
	}
	return 0;
}

static void note_locks(struct pq_segment *seg, const struct stat *st)
{
	seg->lock_file = (struct pq_file){ st->st_dev, st->st_ino };
}

/* The same for the lock file, whose directory everybody may write to. If the
 * file has a second name, it may be a file of this user's that is no lock file:
 * somebody else has put it there to have its permissions changed. */
static int check_lock_file(struct pq_segment *seg,
			   struct procq_options *options)
{
	struct stat st;
	int rc;

	if (seg->lock_fd == seg->fd || seg->lock_fd < 0)
		return 0;
	rc = pq_object_stat(seg->lock_fd, &st);
	if (rc < 0)
		return rc;
	note_locks(seg, &st);
	if (st.st_nlink > 1)
		return -ENODEV;
	return check_owner(seg, seg->lock_fd, &st, options);
}

int pq_object_open(struct pq_segment *seg, struct procq_options *options,
		   struct stat *st)
{
	int rc = open_object(seg, options);

	if (rc == 0)
		rc = pq_object_stat(seg->fd, st);
	if (rc != 0)
		return rc;
	seg->file = (struct pq_file){ st->st_dev, st->st_ino };
#if PQ_USE_SHM_LOCKS
	note_locks(seg, st);
#endif
	seg->owner = st->st_uid;
	seg->guarded = geteuid() == 0 && st->st_uid != 0;
	return check_owner(seg, seg->fd, st, options);
}

int pq_object_open_locks(struct pq_segment *seg, struct procq_options *options,
			 const struct stat *st)
{
	int rc = open_lock_file(seg, st->st_mode & 0777);

	return rc < 0 ? rc : check_lock_file(seg, options);
}

/* A queue of another build may have its locks in the other place. To close
 * that once more drops no lock of this process: it has none there. */
int pq_object_held_elsewhere(const struct pq_segment *seg, pid_t *holder)
{
#if PQ_USE_SHM_LOCKS
	char name[sizeof(seg->lock_name)];
	int fd, rc;

	lock_file_name(seg, name, sizeof(name));
	fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT || is_no_object(errno) ? 0 : -errno;
	rc = pq_file_locked(fd, holder);
	close(fd);
	return rc;
#else
	int rc = pq_file_locked(seg->fd, holder);

	/* The system has no locks on such objects. */
	return rc < 0 ? 0 : rc;
#endif
}

/* In a sticky directory only the owner may unlink: -EPERM.
 *
 * The object first. While the lock file has its name, every process that would
 * build or unlink another object of this name waits for the byte that is held
 * here, so the name stays free between the two calls. In the other order a
 * process could make a lock file of its own after the first call and build
 * anew, and the second call would unlink its object.
 *
 * If the caller is killed between the two calls, or may not unlink the file,
 * the file stays and guards the next object. That does no harm: doc/design.md.
 */
int pq_object_unlink(const struct pq_segment *seg)
{
	if (shm_unlink(seg->name) < 0 && errno != ENOENT)
		return -errno;
#if !PQ_USE_SHM_LOCKS
	unlink(seg->lock_name);
#endif
	return 0;
}

/* ---- mapped, and looked at ---- */

void *pq_object_map(const struct pq_segment *seg, size_t size)
{
	int prot = seg->readonly ? PROT_READ : PROT_READ | PROT_WRITE;

	return mmap(NULL, size, prot, MAP_SHARED, seg->fd, 0);
}

int pq_object_look(const struct pq_segment *seg, size_t size,
		   struct procq_options *options)
{
	struct pq_header *h;
	int found;

	if (size == 0)
		return PQ_UNFINISHED;
	if (size < sizeof(*h))
		return -EBADMSG;
	h = pq_object_map(seg, sizeof(*h));
	if (h == MAP_FAILED)
		return -errno;
	found = pq_format_judge(h, size, &options->found);
	munmap(h, sizeof(*h));
	return found;
}

int pq_object_verify(const struct pq_segment *seg, size_t size,
		     struct procq_options *options)
{
	struct pq_header *h = pq_object_map(seg, sizeof(*h));
	int capacity;

	if (h == MAP_FAILED)
		return -errno;
	capacity = pq_format_verify(h, size, options);
	munmap(h, sizeof(*h));
	return capacity;
}

/* ---- views ---- */

struct pq_segment *pq_view_new(const char *name)
{
	struct pq_segment *seg = calloc(1, sizeof(*seg));

	if (!seg)
		return NULL;
	snprintf(seg->name, sizeof(seg->name), "%s", name);
	seg->pid = getpid();
	seg->fd = seg->lock_fd = -1;
	return seg;
}

void pq_view_free(struct pq_segment *seg)
{
	free(seg->parked);
	free(seg->own);
	free(atomic_load(&seg->sweep));
	free(seg);
}
