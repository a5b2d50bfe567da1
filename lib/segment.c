/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.c - a process's view of the shared object: opened, shared by all its
 * handles, closed.
 * Must not look into records or the participants' table, nor decide that an
 * object goes (unlink.c): it only finishes what a dead remover had decided.
 *
 * The init lock of an object is a byte lock, which the kernel releases when
 * its holder dies. An object is built or unlinked only by the holder of its
 * init lock, and only if the name still leads to this object:
 *
 *	unfinished (no magic)	the next opener takes the lock, builds, and
 *				writes the magic last
 *	OPEN			any participant joins, without the lock
 *	PROPOSED by X		X has the lock, and would remove the object. A
 *				joiner puts it back to OPEN and stays
 *	FINAL			X has seen the object empty and unused while it
 *				was PROPOSED, and unlinks it. If X is killed
 *				before that, the next process that opens or
 *				removes it does. A joiner leaves and opens anew
 *
 * A joiner writes its place in the table, then reads the state; the remover
 * writes the state, then reads the table: sequentially consistent, so one of
 * them sees the other. See "Building and removing the object" in
 * doc/design.md.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "clock.h"
#include "format.h"
#include "lock.h"
#include "object.h"
#include "owner.h"
#include "segment.h"
#include "unlink.h"

static int verify(struct pq_segment *seg, size_t size,
		  struct procq_options *options)
{
	int capacity = pq_object_verify(seg, size, options);
	char *base;

	if (capacity < 0)
		return capacity;
	base = pq_object_map(seg, pq_segment_bytes((uint32_t)capacity));
	if (base == MAP_FAILED)
		return -errno;
	pq_format_locate(seg, base, (uint32_t)capacity);
	return 0;
}

/* This user may not unlink a final object: put it back to OPEN. Holds the init
 * lock, so no other process settles it, and each that joined has left when it
 * saw FINAL. */
static int reopen_final(const struct pq_segment *seg)
{
	uint64_t state = PQ_OBJECT_FINAL;
	struct pq_header *h = pq_object_map(seg, sizeof(*h));

	if (h == MAP_FAILED)
		return -errno;
	atomic_compare_exchange_strong(&h->state, &state, PQ_OBJECT_OPEN);
	munmap(h, sizeof(*h));
	return 0;
}

/* Holds the init lock, and the name leads here. */
static int settle_locked(struct pq_segment *seg,
			 struct procq_options *options,
			 const struct pq_creator *creator)
{
	struct stat st;
	int rc;

	rc = pq_object_stat(seg->fd, &st);
	if (rc < 0)
		return rc;
	rc = pq_object_look(seg, (size_t)st.st_size, options);
	switch (rc) {
	case PQ_UNFINISHED:
		return pq_object_build(seg, &st, options, creator);
	case PQ_FINISHED_FINAL:
		if (pq_object_unlink(seg) == 0)
			return 1;
		rc = reopen_final(seg);
		return rc < 0 ? rc : 1;
	case PQ_FINISHED:
		return 1;
	default:
		return rc;
	}
}

/* Is the object so new that its creator, which has yet to take the init lock,
 * may be about to? It has made nothing of it then but the name. */
static bool is_new(const struct stat *st)
{
	int64_t created = (int64_t)st->st_ctim.tv_sec * PQ_SECOND +
			  st->st_ctim.tv_nsec;
	int64_t age = pq_time_since(created, pq_clock_wall());

	return st->st_size == 0 && age >= 0 && age < PROCQ_PATIENCE;
}

/* The object is unfinished, or final, and the caller is not to settle that. A
 * creator or remover that lives and is at work has the init lock: it is waited
 * for. 1: look again.
 *
 * It stays unfinished for good if it is found so before and after the lock was
 * found free, of one size, as none is unfinished again that was finished. A
 * creator that has made something of it since may have taken the lock since.
 * @param found what it was before, of that size */
static int await_settled(struct pq_segment *seg, struct procq_options *options,
			 int found, off_t size)
{
	int rc = pq_init_await(seg, options->deadline, &options->found);
	struct stat st;

	if (rc != 0)
		return rc;
	/* It may have been finished since the caller looked. */
	rc = pq_object_stat(seg->fd, &st);
	if (rc == 0)
		rc = pq_object_look(seg, (size_t)st.st_size, options);
	if (rc < 0)
		return rc;
	if (rc != found || st.st_size != size)
		return 1;
	if (is_new(&st) && pq_now() < options->deadline) {
		pq_init_pause();
		return 1;
	}
	options->found = pq_object_named(seg) != 0;
	return -ENOENT;
}

/* The object is unfinished, or final: settle that under its init lock.
 * 0: it is built. 1: look again. */
static int settle(struct pq_segment *seg, struct procq_options *options,
		  const struct pq_creator *creator)
{
	int rc = pq_init_lock(seg, options->deadline, &options->found);

	if (rc < 0)
		return rc;
	rc = pq_object_named(seg);
	if (rc > 0)
		rc = settle_locked(seg, options, creator);
	else if (rc == 0)
		rc = 1;
	pq_init_unlock(seg);
	return rc;
}

/* One attempt. 0: open. 1: try again from the start. */
static int attempt(struct pq_segment *seg, struct procq_options *options,
		   const struct pq_creator *creator)
{
	struct stat st;
	int rc, found;

	rc = pq_object_open(seg, options, &st);
	if (rc != 0)
		return rc;
	found = pq_object_look(seg, (size_t)st.st_size, options);
	if (found < 0)
		return found;
	/* No lock file for what is no queue. And none is opened before that
	 * look: after it, the file of a finished object is the one of its name,
	 * or a later one, and then the object is final. A file that was opened
	 * earlier may have been unlinked (model/remove.pml, EARLYFILE). */
	rc = pq_object_open_locks(seg, options, &st);
	if (rc < 0)
		return rc;
	if (found == PQ_FINISHED) {
		/* It may have been built since: its size as it is now. */
		rc = pq_object_stat(seg->fd, &st);
		if (rc == 0)
			rc = verify(seg, (size_t)st.st_size, options);
		return rc == -EXDEV ? pq_segment_replace(seg, options, &st)
				    : rc;
	}
	if (options->flags & PROCQ_OPEN_NOCREATE)
		return await_settled(seg, options, found, st.st_size);
	return settle(seg, options, creator);
}

static struct pq_segment *find_open(const char *name, bool readonly)
{
	for (struct pq_segment *seg = pq_segments_first(); seg; seg = seg->next)
		if (seg->pid == getpid() && strcmp(seg->name, name) == 0 &&
		    (readonly || !seg->readonly) &&
		    atomic_load(&seg->header->state) != PQ_OBJECT_FINAL &&
		    pq_file_is(seg->fd, seg->file) && pq_object_named(seg) > 0)
			return seg;
	return NULL;
}

/* A view of this process. While the thread waits for an init lock, another may
 * open the same object: so it looks at the list again each time. */
static int open_view(struct pq_segment **out, const char *name,
		     struct procq_options *options,
		     const struct pq_creator *creator)
{
	bool readonly = options->role == PROCQ_ROLE_ONLOOKER;
	struct pq_segment *seg = pq_view_new(name);
	int rc;

	if (!seg)
		return -ENOMEM;
	seg->readonly = readonly;
	while (!(*out = find_open(name, readonly)) &&
	       (rc = attempt(seg, options, creator)) == 1)
		pq_close_descriptors(seg);
	if (!*out && rc >= 0) {
		pq_segments_add(seg);
		*out = seg;
		return 0;
	}
	pq_close_descriptors(seg);
	pq_view_free(seg);
	return *out ? pq_format_verify((*out)->header, (*out)->size, options)
		    : rc;
}

int pq_segment_open(struct pq_segment **out, const char *name,
		    struct procq_options *options,
		    const struct pq_creator *creator)
{
	int state = pq_segments_lock();
	int rc = open_view(out, name, options, creator);

	if (rc >= 0)
		(*out)->users++;
	pq_segments_unlock(state);
	return rc < 0 ? rc : 0;
}

/* Does this process have this very file open, by whatever name? */
static bool is_open(int dir, const char *name)
{
	struct stat a, b;

	if (fstatat(dir, name, &a, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	for (struct pq_segment *s = pq_segments_first(); s; s = s->next)
		if (s->pid == getpid() && pq_object_stat(s->fd, &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	return false;
}

static int read_magic(int dir, const char *name)
{
	uint64_t magic = 0;
	ssize_t got;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
			O_NONBLOCK);

	if (fd < 0)
		return -errno;
	got = read(fd, &magic, sizeof(magic));
	close(fd);
	return got == (ssize_t)sizeof(magic) && magic == PQ_MAGIC;
}

/* All of it under the mutex: if another thread opened the object in between,
 * to close this descriptor would drop that thread's locks, and a participant
 * that is alive would look dead to all others. */
int pq_segment_has_magic(int dir, const char *name)
{
	int state = pq_segments_lock(), rc;

	rc = is_open(dir, name) ? 1 : read_magic(dir, name);
	pq_segments_unlock(state);
	return rc;
}

void pq_segment_close(struct pq_segment *seg)
{
	int state = pq_segments_lock();

	if (--seg->users > 0) {
		pq_segments_unlock(state);
		return;
	}
	pq_segments_remove(seg);
	pq_close_descriptors(seg);
	munmap(seg->header, seg->size);
	pq_view_free(seg);
	pq_segments_unlock(state);
}

bool pq_segment_nameless(const struct pq_segment *seg)
{
	return pq_object_named(seg) == 0;
}
