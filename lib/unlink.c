/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * unlink.c - when may an object lose its name? If it is empty and unused, if it
 * is no usable queue, or if the world that it belonged to has ended.
 * Must not look into records or the participants' table, but to see whether
 * all of them are free, or whether a process may live on in one; and unlinks
 * only under the init lock, what its name still leads to.
 *
 * Where processes may join, it takes a proposal, a look, and a decision: see
 * the states of an object in segment.c.
 *
 * A queue of other namespaces is refused. What lives in it is seen by the
 * locks alone: so if none is held and no process in it can have outlived its
 * producer, it is of a world that has ended, such as a container that was
 * started again. A creator then removes it in the same way, and builds anew.
 */
#include <config.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "format.h"
#include "lock.h"
#include "object.h"
#include "owner.h"
#include "unlink.h"

/* ---- if its users can't be asked ---- */

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

/* Does any process have it open as a participant? If so, say which. */
static int check_unlocked(const struct pq_segment *seg, uint32_t *found)
{
	pid_t holder = 0;
	int rc = pq_locks_held(seg, &holder);

	if (rc == 0)
		rc = pq_object_held_elsewhere(seg, &holder);
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
		h = pq_object_map(seg, sizeof(*h));
		if (h == MAP_FAILED)
			return -errno;
		propose(h, PROPOSER);
	}
	/* First the locks, then the records: as in unused(). */
	rc = check_unlocked(seg, found);
	if (rc == 0 && check)
		rc = check(seg);
	if (h && !decide(h, PROPOSER, rc == 0) && rc == 0)
		rc = -EBUSY;
	if (rc == 0)
		rc = pq_object_unlink(seg);
	if (h) {
		if (rc < 0)
			atomic_store(&h->state, PQ_OBJECT_OPEN);
		munmap(h, sizeof(*h));
	}
	return rc;
}

/* ---- the queue of a world that has ended ---- */

/* Is no living process in a record with this word? */
static bool is_over(uint64_t word)
{
	unsigned state = pq_word_state(word);

	return pq_state_unused(state) || state == PROCQ_STATE_EXITED ||
	       state == PROCQ_STATE_GONE || pq_word_flags(word) & PQ_DEAD;
}

/* Can a process of this record live on although no participant does? */
static bool may_outlive(const struct pq_record *r)
{
	if (is_over(atomic_load(&r->word)))
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
	int rc = pq_object_stat(seg->fd, &st);

	base = rc < 0 ? MAP_FAILED : pq_object_map(seg, (size_t)st.st_size);
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
	int rc = pq_object_stat(seg->fd, &st);

	if (rc == 0)
		rc = pq_object_look(seg, (size_t)st.st_size, &o);
	if (rc != PQ_FINISHED)
		return rc < 0 ? rc : 0;
	rc = pq_object_verify(seg, (size_t)st.st_size, &o);
	if (rc != -EXDEV || o.found & PROCQ_FOREIGN_TIME)
		return rc < 0 ? rc : 0;
	return unlink_unused(seg, true, &holder, check_ended);
}

/* -EBUSY: a participant is in it. Not: another creator is about to replace it,
 * which has the init lock, and is waited for. */
static int check_deserted(const struct pq_segment *seg)
{
	pid_t holder = 0;
	int rc = pq_bytes_held(seg, &holder);

	if (rc == 0)
		rc = pq_object_held_elsewhere(seg, &holder);
	return rc > 0 ? -EBUSY : rc;
}

int pq_segment_replace(struct pq_segment *seg, struct procq_options *options,
		       const struct stat *st)
{
	uint32_t holder;
	int rc = check_deserted(seg);

	/* If the kernel can't say, somebody does. */
	if (rc < 0)
		options->found |= PROCQ_FOREIGN_USED;
	if (rc < 0 || options->flags & PROCQ_OPEN_NOCREATE ||
	    options->found & PROCQ_FOREIGN_TIME ||
	    !pq_owner_is_me(seg->fd, st))
		return -EXDEV;
	rc = pq_init_lock(seg, options->deadline, &holder);
	if (rc == -ETIMEDOUT)
		options->found = holder;
	if (rc < 0)
		return rc == -ETIMEDOUT ? rc : -EXDEV;
	rc = pq_object_named(seg);
	if (rc > 0)
		rc = replace_locked(seg);
	pq_init_unlock(seg);
	return rc < 0 ? -EXDEV : 1;
}

/* ---- if it is empty and unused ---- */

/* The records last: a participant that joined before the proposal may put a
 * process in, and leave, between the two looks (model/remove.pml,
 * RECORDSFIRST). */
static bool unused(const struct pq_segment *seg)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (atomic_load(&seg->participants[i].member) != 0)
			return false;
	for (uint32_t i = 0; i < seg->capacity; i++)
		if (!pq_state_unused(pq_word_state(
			    atomic_load(&seg->records[i].word))))
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
	rc = pq_object_unlink(seg);
	/* It is another user's, perhaps: then it stays, empty. */
	if (rc < 0)
		atomic_store(&h->state, PQ_OBJECT_OPEN);
	return rc;
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
		rc = pq_object_named(seg);
		if (rc >= 0)
			rc = rc > 0 ? remove_locked(seg, incarnation) : 1;
		pq_init_unlock(seg);
	}
	pq_segments_unlock(state);
	return rc == -ETIMEDOUT ? -EBUSY : rc;
}

/* ---- if it is no usable queue ---- */

/* 0: it is no usable queue. -EALREADY: it is one.
 * @param foreign out: it is one, in other namespaces */
static int judge_unusable(const struct pq_segment *seg, bool *foreign)
{
	struct procq_options options = PROCQ_OPTIONS_INIT;
	struct stat st;
	int rc = pq_object_stat(seg->fd, &st);

	*foreign = false;
	if (rc == 0)
		rc = pq_object_look(seg, (size_t)st.st_size, &options);
	if (rc == PQ_FINISHED) {
		rc = pq_object_verify(seg, (size_t)st.st_size, &options);
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
	rc = pq_object_open(seg, options, &st);
	if (rc == 0)
		rc = check_unlinker(seg->fd, &st, &options->found);
	/* Before a lock file is made: a queue that is used has one. */
	if (rc == 0)
		rc = judge_unusable(seg, &foreign);
	if (rc == 0)
		rc = pq_object_open_locks(seg, options, &st);
	if (rc == 0)
		rc = pq_init_lock(seg, options->deadline, &options->found);
	if (rc != 0)
		return rc;
	rc = pq_object_named(seg);
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
	struct pq_segment *seg = pq_view_new(name);

	options.flags = PROCQ_OPEN_NOCREATE;
	options.deadline = pq_now() + PQ_SECOND / 2;
	if (seg) {
		do {
			rc = attempt_unlink(seg, &options);
			pq_close_descriptors(seg);
		} while (rc == 1);
		pq_view_free(seg);
	}
	pq_segments_unlock(state);
	*found = options.found;
	return rc == -ETIMEDOUT ? -EBUSY : rc;
}
