/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.h - the shared object: create, open, close, remove.
 */
#ifndef PQ_SEGMENT_H
#define PQ_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout.h"
#include "word.h"

/* One process's view of one object. fcntl() locks are lost when any
 * descriptor of the file is closed, so a process opens an object once, and
 * all its handles share this. */
struct pq_segment {
	struct pq_segment *next;	/* in the process's list */
	char name[PROCQ_NAME_SIZE];
	char lock_name[PROCQ_NAME_SIZE + 16];
	int fd;
	int lock_fd;			/* fd, or of a lock file beside it */
	dev_t lock_dev;			/* … what it leads to; all views of one */
	ino_t lock_ino;			/* have their locks in common. 0: none */
	pid_t pid;			/* the process whose view it is */
	unsigned users;
	bool readonly;

	/* Descriptors of closed views with the same locks, see lock.c. */
	int *parked;
	size_t parked_count;

	size_t size;
	uint32_t capacity;
	struct pq_header *header;
	struct pq_participant *participants;
	struct pq_record *records;
	struct pq_ring ready;
	struct pq_ring free;
	/* Where pq_sweep_sometimes() goes on. Relaxed: threads of this process
	 * may look at the same ones, or skip some until the next round. */
	_Atomic uint32_t look_at;

	/* Incarnations that this process holds by this view: F_GETLK does not
	 * report the locks of the process that asks. Guarded by
	 * the mutex of lock.c's list. */
	uint64_t *own;
	size_t own_count;
	size_t own_room;
};

/* The record's word; acquire: what its writer wrote before is visible. */
static inline uint64_t pq_load_word(const struct pq_segment *seg,
				    uint32_t slot)
{
	return atomic_load_explicit(&seg->records[slot].word,
				    memory_order_acquire);
}

/* How the creator gets its place in the object that it builds, before anybody
 * else can see the object: so the queue never looks like one without it. */
struct pq_creator {
	int (*seat)(struct pq_segment *seg, void *arg); /* 0, -errno */
	void *arg;
};

/**
 * Open the object and verify it; create it, or set it up anew, where asked to:
 * then the creator is seated. On success the caller is one of its users.
 */
int pq_segment_open(struct pq_segment **out, const char *name,
		    struct procq_options *options,
		    const struct pq_creator *creator);

/**
 * Does this file begin as a queue does? Not to be asked by other means: were
 * it open in this process, closing it once more would drop its locks.
 * @param name in the directory dir
 * @retval 1, 0
 * @retval -EACCES, -EMFILE, … it can't be opened
 */
int pq_segment_has_magic(int dir, const char *name);

/** One user less; the last unmaps and closes. */
void pq_segment_close(struct pq_segment *seg);

/**
 * Remove the object if it is empty and unused.
 * @param incarnation whose byte the caller holds, but who has left the table
 * @retval 0 removed
 * @retval 1 its name leads to it no more: it has been removed
 * @retval -EBUSY it is in use
 */
int pq_segment_remove(struct pq_segment *seg, uint64_t incarnation);

/** As procq_unlink(). @param name of the object */
int pq_segment_unlink(const char *name, uint32_t *found);

#endif
