/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.c - the shared object: create, open, close, remove, unlink.
 * Must not look into records or the participants' table, but to see whether
 * all of them are free, or whether a process may live on in one.
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
 *
 * A queue of other namespaces is refused. Who lives in it is seen by the locks
 * alone: so if none is held and no process in it can have outlived its
 * producer, it is of a world that has ended, such as a container that was
 * started again. A creator then removes it in the same way, and builds anew.
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

#include "clock.h"
#include "format.h"
#include "lock.h"
#include "owner.h"
#include "segment.h"

/* Bytes that are allocated by one call: a millisecond's work. */
#define ALLOCATE_STEP ((size_t)2 << 20)

static int look_at(int fd, struct stat *st)
{
	for (int tries = 0; tries < PQ_TRIES; tries++)
		if (fstat(fd, st) == 0)
			return 0;
	return -errno;
}

/* ---- names and descriptors ---- */

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

/* Do the names of the object and of its lock file still lead to those that are
 * open here? 1; 0; -errno: that can't be seen just now. */
static int name_leads_here(const struct pq_segment *seg)
{
	struct stat here;
#if PQ_USE_SHM_LOCKS
	/* To close a second descriptor would drop the locks of this process.
	 * But an unlinked object has no link left. */
	int rc = look_at(seg->fd, &here);

	return rc < 0 ? rc : here.st_nlink > 0;
#else
	struct stat there;
	int fd = shm_open(seg->name, O_RDONLY, 0), rc;

	if (fd < 0)
		return errno == ENOENT || is_no_object(errno) ? 0 : -errno;
	rc = look_at(fd, &there);
	if (rc == 0)
		rc = look_at(seg->fd, &here);
	if (rc == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino) {
		rc = look_at(seg->lock_fd, &here);
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
	rc = look_at(seg->lock_fd, &st);
	if (rc < 0)
		return rc;
	note_locks(seg, &st);
	if (st.st_nlink > 1)
		return -ENODEV;
	return check_owner(seg, seg->lock_fd, &st, options);
}

/* ---- building ---- */

static void *map_bytes(const struct pq_segment *seg, size_t size)
{
	int prot = seg->readonly ? PROT_READ : PROT_READ | PROT_WRITE;

	return mmap(NULL, size, prot, MAP_SHARED, seg->fd, 0);
}

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
	uint32_t capacity = options->capacity ? options->capacity
					      : PROCQ_CAPACITY_DEFAULT;
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
	base = map_bytes(seg, sizeof(struct pq_header));
	if (base == MAP_FAILED)
		return -errno;
	atomic_store(&((struct pq_header *)(void *)base)->magic,
		     PQ_MAGIC_BUILDING);
	munmap(base, sizeof(struct pq_header));
	rc = allocate(seg, size);
	if (rc < 0)
		return rc;
	base = map_bytes(seg, size);
	if (base == MAP_FAILED)
		return -errno;
	memset(base + sizeof(uint64_t), 0, size - sizeof(uint64_t));
	pq_format_locate(seg, base, capacity);
	rc = pq_format_fill(seg);
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

/* ---- verifying ---- */

/* What is there? Decided by the first bytes only, which are trusted for no
 * more than that. */
static int look(const struct pq_segment *seg, size_t size,
		struct procq_options *options)
{
	struct pq_header *h;
	int found;

	if (size == 0)
		return PQ_UNFINISHED;
	if (size < sizeof(*h))
		return -EBADMSG;
	h = map_bytes(seg, sizeof(*h));
	if (h == MAP_FAILED)
		return -errno;
	found = pq_format_judge(h, size, &options->found);
	munmap(h, sizeof(*h));
	return found;
}

/* Its capacity, if it is a queue that can be used here. */
static int verify_header(const struct pq_segment *seg, size_t size,
			 struct procq_options *options)
{
	struct pq_header *h = map_bytes(seg, sizeof(*h));
	int capacity;

	if (h == MAP_FAILED)
		return -errno;
	capacity = pq_format_verify(h, size, options);
	munmap(h, sizeof(*h));
	return capacity;
}

static int verify(struct pq_segment *seg, size_t size,
		  struct procq_options *options)
{
	int capacity = verify_header(seg, size, options);
	char *base;

	if (capacity < 0)
		return capacity;
	base = map_bytes(seg, pq_segment_bytes((uint32_t)capacity));
	if (base == MAP_FAILED)
		return -errno;
	pq_format_locate(seg, base, (uint32_t)capacity);
	return 0;
}

/* ---- opening ---- */

/* Holds the init lock, and both names lead to what is open here. In a sticky
 * directory only the owner may unlink: -EPERM.
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
static int unlink_object(const struct pq_segment *seg)
{
	if (shm_unlink(seg->name) < 0 && errno != ENOENT)
		return -errno;
#if !PQ_USE_SHM_LOCKS
	unlink(seg->lock_name);
#endif
	return 0;
}

/* This user may not unlink a final object: put it back to OPEN. Holds the init
 * lock, so no other process settles it, and each that joined has left when it
 * saw FINAL. */
static int reopen_final(const struct pq_segment *seg)
{
	uint64_t state = PQ_OBJECT_FINAL;
	struct pq_header *h = map_bytes(seg, sizeof(*h));

	if (h == MAP_FAILED)
		return -errno;
	atomic_compare_exchange_strong(&h->state, &state, PQ_OBJECT_OPEN);
	munmap(h, sizeof(*h));
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

/* Holds the init lock, and the name leads here. */
static int settle_locked(struct pq_segment *seg,
			 struct procq_options *options,
			 const struct pq_creator *creator)
{
	struct stat st;
	int rc;

	rc = look_at(seg->fd, &st);
	if (rc < 0)
		return rc;
	rc = look(seg, (size_t)st.st_size, options);
	switch (rc) {
	case PQ_UNFINISHED:
		rc = check_builder(seg, &st, options);
		if (rc < 0)
			return rc;
		rc = build(seg, options, creator);
		if (rc < 0)
			unlink_object(seg);
		return rc;
	case PQ_FINISHED_FINAL:
		if (unlink_object(seg) == 0)
			return 1;
		rc = reopen_final(seg);
		return rc < 0 ? rc : 1;
	case PQ_FINISHED:
		return 1;
	default:
		return rc;
	}
}

/* The object is unfinished, or final: settle that under its init lock.
 * 0: it is built. 1: look again. */
static int settle(struct pq_segment *seg, struct procq_options *options,
		  const struct pq_creator *creator)
{
	int rc;

	if (options->flags & PROCQ_OPEN_NOCREATE) {
		options->found = name_leads_here(seg) != 0;
		return -ENOENT;
	}
	rc = pq_init_lock(seg, options->deadline, &options->found);
	if (rc < 0)
		return rc;
	rc = name_leads_here(seg);
	if (rc > 0)
		rc = settle_locked(seg, options, creator);
	else if (rc == 0)
		rc = 1;
	pq_init_unlock(seg);
	return rc;
}

/* ---- unlinking what its users can't be asked about ---- */

/* Holds the init lock, so a proposal that is in force is a dead remover's.
 * false: a participant joins at this moment. */
static bool propose(struct pq_header *h, uint64_t proposer)
{
	uint64_t state = atomic_load(&h->state);

	return atomic_compare_exchange_strong(&h->state, &state, proposer);
}

/* After a look at the object. true: it is final; false: it stays, since it is
 * used, or since a participant has joined in the meantime. */
static bool decide(struct pq_header *h, uint64_t proposer, bool is_unused)
{
	return atomic_compare_exchange_strong(&h->state, &proposer,
			is_unused ? PQ_OBJECT_FINAL : PQ_OBJECT_OPEN) &&
	       is_unused;
}

/* Any number that is neither OPEN nor FINAL: under the init lock nobody else
 * proposes. */
#define PROPOSER UINT64_C(1)

/* A queue of another build may have its locks in the other place. To close
 * that once more drops no lock of this process: it has none there. */
static int held_elsewhere(const struct pq_segment *seg, pid_t *holder)
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

/* Does any process have it open as a participant? If so, say which. */
static int check_unlocked(const struct pq_segment *seg, uint32_t *found)
{
	pid_t holder = 0;
	int rc = pq_locks_held(seg, &holder);

	if (rc == 0)
		rc = held_elsewhere(seg, &holder);
	if (rc <= 0)
		return rc;
	*found = (uint32_t)holder;
	return -EBUSY;
}

/* Unlink an object, if no process has a lock on it, and check() agrees. An
 * object that is unusable everywhere is joined by no process. In other
 * namespaces a process may join at this moment, without the init lock: so such
 * an object is removed as a queue is, by a proposal, a look, and a decision.
 * The look is at the locks, which a process has before it takes a place: what
 * the dead have left in its table and records can't be swept from here. */
static int unlink_unused(struct pq_segment *seg, bool foreign, uint32_t *found,
			 int (*check)(const struct pq_segment *seg))
{
	struct pq_header *h = NULL;
	int rc;

	if (foreign) {
		h = map_bytes(seg, sizeof(*h));
		if (h == MAP_FAILED)
			return -errno;
		propose(h, PROPOSER);
	}
	rc = check_unlocked(seg, found);
	if (rc == 0 && check)
		rc = check(seg);
	if (h && !decide(h, PROPOSER, rc == 0) && rc == 0)
		rc = -EBUSY;
	if (rc == 0)
		rc = unlink_object(seg);
	if (h) {
		if (rc < 0)
			atomic_store(&h->state, PQ_OBJECT_OPEN);
		munmap(h, sizeof(*h));
	}
	return rc;
}

/* ---- the queue of a world that has ended ---- */

/* Can a process of this record live on although no participant does? */
static bool may_outlive(const struct pq_record *r)
{
	unsigned state = pq_word_state(atomic_load(&r->word));

	if (state == PROCQ_STATE_FREE)
		return false;
#if PQ_USE_PDEATHSIG
	return pq_producer_flags(atomic_load(&r->producer)) &
	       (PQ_F_KEEP | PQ_F_LEFT);
#else
	return true;
#endif
}

/* A check of unlink_unused(): -EBUSY if a process in the queue may live on. */
static int check_ended(const struct pq_segment *seg)
{
	struct pq_segment view = *seg;
	uint32_t capacity;
	struct stat st;
	char *base;
	int rc = look_at(seg->fd, &st);

	base = rc < 0 ? MAP_FAILED : map_bytes(seg, (size_t)st.st_size);
	if (base == MAP_FAILED)
		return rc < 0 ? rc : -errno;
	capacity = ((const struct pq_header *)(void *)base)->capacity;
	if (capacity < 1 || capacity > PROCQ_CAPACITY_MAX ||
	    pq_segment_bytes(capacity) > (size_t)st.st_size)
		capacity = 0, rc = -EBADMSG;
	else
		pq_format_locate(&view, base, capacity);
	for (uint32_t i = 0; i < capacity && rc == 0; i++)
		if (may_outlive(&view.records[i]))
			rc = -EBUSY;
	munmap(base, (size_t)st.st_size);
	return rc;
}

/* Holds the init lock, and the name leads here. Is it still what it was? 0: it
 * has been unlinked. */
static int replace_locked(struct pq_segment *seg)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	uint32_t holder;
	struct stat st;
	int rc = look_at(seg->fd, &st);

	if (rc == 0)
		rc = look(seg, (size_t)st.st_size, &o);
	if (rc != PQ_FINISHED)
		return rc < 0 ? rc : 0;
	rc = verify_header(seg, (size_t)st.st_size, &o);
	if (rc != -EXDEV || o.found & PROCQ_FOREIGN_TIME)
		return rc < 0 ? rc : 0;
	return unlink_unused(seg, true, &holder, check_ended);
}

/* A queue of other namespaces. 1: it was the wreck of a world that has ended,
 * and is gone: look again. -EXDEV: it stays. */
static int settle_foreign(struct pq_segment *seg,
			  struct procq_options *options,
			  const struct stat *st)
{
	uint32_t holder;
	int rc = check_unlocked(seg, &holder);

	/* If the kernel can't say, somebody does. */
	if (rc < 0)
		options->found |= PROCQ_FOREIGN_USED;
	if (rc < 0 || options->flags & PROCQ_OPEN_NOCREATE ||
	    options->found & PROCQ_FOREIGN_TIME ||
	    !pq_owner_is_me(seg->fd, st))
		return -EXDEV;
	rc = pq_init_lock(seg, options->deadline, &holder);
	if (rc < 0)
		return -EXDEV;
	rc = name_leads_here(seg);
	if (rc > 0)
		rc = replace_locked(seg);
	pq_init_unlock(seg);
	return rc < 0 ? -EXDEV : 1;
}

/* The object, if it is of a kind and an owner that may be opened. */
static int open_owned(struct pq_segment *seg, struct procq_options *options,
		      struct stat *st)
{
	int rc = open_object(seg, options);

	if (rc == 0)
		rc = look_at(seg->fd, st);
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

static int open_locks(struct pq_segment *seg, struct procq_options *options,
		      const struct stat *st)
{
	int rc = open_lock_file(seg, st->st_mode & 0777);

	return rc < 0 ? rc : check_lock_file(seg, options);
}

/* One attempt. 0: open. 1: try again from the start. */
static int attempt(struct pq_segment *seg, struct procq_options *options,
		   const struct pq_creator *creator)
{
	struct stat st;
	int rc, found;

	rc = open_owned(seg, options, &st);
	if (rc != 0)
		return rc;
	found = look(seg, (size_t)st.st_size, options);
	if (found < 0)
		return found;
	/* No lock file for what is no queue. And none is opened before that
	 * look: after it, the file of a finished object is the one of its name,
	 * or a later one, and then the object is final. A file that was opened
	 * earlier may have been unlinked (model/remove.pml, EARLYFILE). */
	rc = open_locks(seg, options, &st);
	if (rc < 0)
		return rc;
	if (found == PQ_FINISHED) {
		/* It may have been built since: its size as it is now. */
		rc = look_at(seg->fd, &st);
		if (rc == 0)
			rc = verify(seg, (size_t)st.st_size, options);
		return rc == -EXDEV ? settle_foreign(seg, options, &st) : rc;
	}
	return settle(seg, options, creator);
}

static void free_segment(struct pq_segment *seg)
{
	free(seg->parked);
	free(seg->own);
	free(atomic_load(&seg->sweep));
	free(seg);
}

static struct pq_segment *find_open(const char *name, bool readonly)
{
	for (struct pq_segment *seg = pq_segments_first(); seg; seg = seg->next)
		if (seg->pid == getpid() && strcmp(seg->name, name) == 0 &&
		    (readonly || !seg->readonly) &&
		    atomic_load(&seg->header->state) != PQ_OBJECT_FINAL &&
		    pq_file_is(seg->fd, seg->file) && name_leads_here(seg) > 0)
			return seg;
	return NULL;
}

static struct pq_segment *new_segment(const char *name)
{
	struct pq_segment *seg = calloc(1, sizeof(*seg));

	if (!seg)
		return NULL;
	snprintf(seg->name, sizeof(seg->name), "%s", name);
	seg->pid = getpid();
	seg->fd = seg->lock_fd = -1;
	return seg;
}

/* A view of this process. While the thread waits for an init lock, another may
 * open the same object: so it looks at the list again each time. */
static int open_view(struct pq_segment **out, const char *name,
		     struct procq_options *options,
		     const struct pq_creator *creator)
{
	bool readonly = options->role == PROCQ_ROLE_ONLOOKER;
	struct pq_segment *seg = new_segment(name);
	int rc;

	if (!seg)
		return -ENOMEM;
	seg->readonly = readonly;
	while (!(*out = find_open(name, readonly)) &&
	       (rc = attempt(seg, options, creator)) == 1)
		pq_close_descriptors(seg);
	if (!*out && rc == 0) {
		pq_segments_add(seg);
		*out = seg;
		return 0;
	}
	pq_close_descriptors(seg);
	free_segment(seg);
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
		if (s->pid == getpid() && look_at(s->fd, &b) == 0 &&
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
	free_segment(seg);
	pq_segments_unlock(state);
}

/* ---- removing ---- */

static bool unused(const struct pq_segment *seg)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (atomic_load(&seg->participants[i].member) != 0)
			return false;
	for (uint32_t i = 0; i < seg->capacity; i++)
		if (pq_word_state(atomic_load(&seg->records[i].word)) !=
		    PROCQ_STATE_FREE)
			return false;
	return true;
}

/* Holds the init lock, and the name leads here. */
static int remove_locked(struct pq_segment *seg, uint64_t incarnation)
{
	struct pq_header *h = seg->header;
	int rc;

	/* If it is final, its remover is dead, as the lock was free: this is
	 * done in its place. */
	if (atomic_load(&h->state) != PQ_OBJECT_FINAL &&
	    !(propose(h, incarnation) && decide(h, incarnation, unused(seg))))
		return -EBUSY;
	rc = unlink_object(seg);
	/* It is another user's, perhaps: then it stays, empty. */
	if (rc < 0)
		atomic_store(&h->state, PQ_OBJECT_OPEN);
	return rc;
}

bool pq_segment_nameless(const struct pq_segment *seg)
{
	return name_leads_here(seg) == 0;
}

int pq_segment_remove(struct pq_segment *seg, uint64_t incarnation)
{
	uint32_t holder;
	int state, rc;

	/* While it is final, a joiner stays for a look only, which is no reason
	 * to leave the object there. */
	if (atomic_load(&seg->header->state) != PQ_OBJECT_FINAL && !unused(seg))
		return -EBUSY;
	state = pq_segments_lock();
	/* Another that leaves at this moment may be here, too. The second of
	 * them finds that all others are gone. */
	rc = pq_init_lock(seg, pq_now() + PQ_SECOND / 2, &holder);
	if (rc == 0) {
		rc = name_leads_here(seg);
		if (rc >= 0)
			rc = rc > 0 ? remove_locked(seg, incarnation) : 1;
		pq_init_unlock(seg);
	}
	pq_segments_unlock(state);
	return rc == -ETIMEDOUT ? -EBUSY : rc;
}

/* ---- unlinking an object that is no usable queue ---- */

/* 0: it is no usable queue. -EALREADY: it is one.
 * @param foreign out: it is one, in other namespaces */
static int judge_unusable(const struct pq_segment *seg, bool *foreign)
{
	struct procq_options options = PROCQ_OPTIONS_INIT;
	struct stat st;
	int rc = look_at(seg->fd, &st);

	*foreign = false;
	if (rc == 0)
		rc = look(seg, (size_t)st.st_size, &options);
	if (rc == PQ_FINISHED) {
		rc = verify_header(seg, (size_t)st.st_size, &options);
		if (rc > 0)
			return -EALREADY;
		*foreign = rc == -EXDEV;
	}
	return rc > 0 || rc == -EBADMSG || rc == -EPROTONOSUPPORT ||
	       rc == -ESTALE || rc == -EXDEV ? 0 : rc;
}

/* Beyond check_owner(): also an object that was named in full must be this
 * user's, unless this user is root. */
static int check_unlinker(int fd, const struct stat *st, uint32_t *found)
{
	if (geteuid() == 0 || pq_owner_is_me(fd, st))
		return 0;
	*found = (uint32_t)st->st_uid;
	return -EPERM;
}

/* Holds the init lock, and the name leads here. */
static int unlink_locked(struct pq_segment *seg, uint32_t *found)
{
	bool foreign;
	int rc = judge_unusable(seg, &foreign);

	return rc < 0 ? rc : unlink_unused(seg, foreign, found, NULL);
}

/* 0: unlinked. 1: the name leads elsewhere now. */
static int attempt_unlink(struct pq_segment *seg,
			  struct procq_options *options)
{
	struct stat st;
	bool foreign;
	int rc;

	options->found = 0;
	rc = open_owned(seg, options, &st);
	if (rc == 0)
		rc = check_unlinker(seg->fd, &st, &options->found);
	/* Before a lock file is made: a queue that is used has one. */
	if (rc == 0)
		rc = judge_unusable(seg, &foreign);
	if (rc == 0)
		rc = open_locks(seg, options, &st);
	if (rc == 0)
		rc = pq_init_lock(seg, options->deadline, &options->found);
	if (rc != 0)
		return rc;
	rc = name_leads_here(seg);
	if (rc > 0)
		rc = unlink_locked(seg, &options->found);
	else if (rc == 0)
		rc = 1;
	pq_init_unlock(seg);
	if (rc == -EPERM)
		options->found = (uint32_t)st.st_uid;
	return rc;
}

int pq_segment_unlink(const char *name, uint32_t *found)
{
	struct procq_options options = PROCQ_OPTIONS_INIT;
	int state = pq_segments_lock(), rc = -ENOMEM;
	struct pq_segment *seg = new_segment(name);

	options.flags = PROCQ_OPEN_NOCREATE;
	options.deadline = pq_now() + PQ_SECOND / 2;
	if (seg) {
		do {
			rc = attempt_unlink(seg, &options);
			pq_close_descriptors(seg);
		} while (rc == 1);
		free_segment(seg);
	}
	pq_segments_unlock(state);
	*found = options.found;
	return rc == -ETIMEDOUT ? -EBUSY : rc;
}
