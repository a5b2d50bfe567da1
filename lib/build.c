/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * build.c - an object becomes a queue: allocated, filled, and shown last.
 * Must not build without the init lock, nor in an object that is finished, nor
 * in another user's. Whatever it can't finish, it unlinks.
 *
 * The magic is written last: a creator that is killed before that leaves an
 * unfinished object, which the next opener builds anew.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "format.h"
#include "object.h"
#include "owner.h"

/* Bytes that are allocated by one call: a millisecond's work. */
#define ALLOCATE_STEP ((size_t)2 << 20)

/* Allocate now, or report ENOSPC now: so there is no SIGBUS later. A signal
 * interrupts the call, and older kernels then undo all of it. So each call asks
 * for little: one call for everything would never end if a timer's signals
 * came more often than it takes. */
static int allocate(const struct pq_segment *seg, size_t size)
{
	size_t at = 0, n;
	int rc = 0;

	while (at < size && rc == 0) {
		n = size - at < ALLOCATE_STEP ? size - at : ALLOCATE_STEP;
		do
			rc = posix_fallocate(seg->fd, (off_t)at, (off_t)n);
		while (rc == EINTR);
		at += n;
	}
	return -rc;
}

/* Holds the init lock. The object is new, or its creator died before it was
 * finished: no other process has looked beyond the magic. */
static int build(struct pq_segment *seg, struct procq_options *options,
		 const struct pq_creator *creator)
{
	uint32_t limit = options->capacity ? options->capacity
					   : PROCQ_CAPACITY_DEFAULT;
	uint32_t capacity = options->max ? options->max : limit;
	size_t size = pq_segment_bytes(capacity);
	char *base;
	int rc;

	/* Bits that the umask took away. The lock file may be that of another
	 * user, who looked at the object before it was finished. */
	if (fchmod(seg->fd, (mode_t)options->mode & 0777) < 0 ||
	    (seg->lock_fd != seg->fd && fchmod(seg->lock_fd,
			(mode_t)options->mode & 0777) < 0 && errno != EPERM))
		/* EPERM would mean that it is another user's. */
		return errno == EPERM ? -EACCES : -errno;
	/* The header alone first: so an object that a killed creator leaves
	 * can be recognized. */
	rc = allocate(seg, sizeof(struct pq_header));
	if (rc < 0)
		return rc;
	base = pq_object_map(seg, sizeof(struct pq_header));
	if (base == MAP_FAILED)
		return -errno;
	atomic_store(&((struct pq_header *)(void *)base)->magic,
		     PQ_MAGIC_BUILDING);
	munmap(base, sizeof(struct pq_header));
	rc = allocate(seg, size);
	if (rc < 0)
		return rc;
	base = pq_object_map(seg, size);
	if (base == MAP_FAILED)
		return -errno;
	memset(base + sizeof(uint64_t), 0, size - sizeof(uint64_t));
	pq_format_locate(seg, base, capacity);
	rc = pq_format_fill(seg, limit < capacity ? limit : capacity);
	if (rc == 0)
		rc = creator->seat(seg, creator->arg);
	if (rc < 0) {
		munmap(base, size);
		seg->header = NULL;
		return rc;
	}
	/* Release: a process that sees the magic sees all of the above. */
	atomic_store_explicit(&seg->header->magic, PQ_MAGIC,
			      memory_order_release);
	return 0;
}

/* An unfinished object is built by its owner only: whatever its mode is then,
 * another owner could write to it. If the file has a second name, it may be
 * one of this user's for something else, which another user has given the name
 * of a queue. */
static int check_builder(const struct pq_segment *seg, const struct stat *st,
			 struct procq_options *options)
{
	if (!pq_owner_is_me(seg->fd, st)) {
		options->found = (uint32_t)st->st_uid;
		return -EPERM;
	}
	return st->st_nlink > 1 ? -ENODEV : 0;
}

int pq_object_build(struct pq_segment *seg, const struct stat *st,
		    struct procq_options *options,
		    const struct pq_creator *creator)
{
	int rc = check_builder(seg, st, options);

	if (rc < 0)
		return rc;
	rc = build(seg, options, creator);
	if (rc < 0)
		pq_object_unlink(seg);
	return rc;
}
