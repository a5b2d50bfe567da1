/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * resident.c - how much memory a process of the queue has.
 * Must not signal or take a process, nor believe a pid: it is read between a
 * pin, where there are pins, and a second look at the record.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"
#include "identity.h"
#include "lock.h"
#include "proc.h"
#include "record.h"

#if PQ_USE_LINUX

#include <stdio.h>

/* Of the process that has this pid now. */
static int read_pages(int32_t pid, int64_t *pages)
{
	char path[32], text[128], *rest;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	got = pq_proc_read(path, text, sizeof(text));
	if (got < 0)
		return (int)got;
	/* The size, then what is resident. A zombie has no size; a process that
	 * has just died may have an empty file. */
	if (strtoll(text, &rest, 10) <= 0)
		return -ESRCH;
	*pages = strtoll(rest, NULL, 10);
	return 0;
}

/* Is it the recorded process that was pinned? Without a pin, it is as long as
 * its parent is alive and has not marked it. */
static bool is_recorded(const struct procq *q, const struct pq_snapshot *snap,
			int pin)
{
	enum pq_ident_kind kind = snap->flags & PQ_F_START ? PQ_IDENT_START
							   : PQ_IDENT_INODE;

	if (pin >= 0 && snap->ident)
		return pq_ident_of(kind, pin, snap->pid) == snap->ident;
	return pq_byte_held(q->seg, snap->producer);
}

static int read_recorded(const struct procq *q, uint32_t slot, uint64_t word,
			 int64_t *pages)
{
	struct pq_snapshot snap;
	int pin, rc = -ESRCH;

	pq_record_snapshot(q->seg, slot, word, &snap);
	if (snap.pid <= 0)
		return -ESRCH;
	pin = pq_pin(snap.pid);
	if (pin < 0 && pin != -ENOSYS)
		return pin;
	if (is_recorded(q, &snap, pin))
		rc = read_pages(snap.pid, pages);
	if (pin >= 0) {
		/* If it is dead now, another may have had its pid. */
		if (pq_pin_dead(pin))
			rc = -ESRCH;
		close(pin);
	}
	if (pq_load_word(q->seg, slot) != word)
		return -ESRCH;
	return rc == -ENOENT ? -EACCES : rc;
}

static bool is_there(uint64_t word)
{
	return pq_word_state(word) == PROCQ_STATE_QUEUED ||
	       (pq_word_state(word) == PROCQ_STATE_TAKEN &&
		!(pq_word_flags(word) & PQ_DEAD));
}

static int resident(const struct procq *q, const struct procq_process *which,
		    int64_t *pages)
{
	struct procq_process p;
	uint64_t word;

	if (!which)
		return read_pages((int32_t)getpid(), pages);
	if (which->slot >= q->seg->capacity)
		return -ESRCH;
	word = pq_load_word(q->seg, which->slot);
	if (!is_there(word))
		return -ESRCH;
	pq_record_describe(q->seg, which->slot, word, &p);
	if (p.pid != which->pid || p.started != which->started)
		return -ESRCH;
	return read_recorded(q, which->slot, word, pages);
}

int procq_resident(const struct procq *q, const struct procq_process *which,
		   int64_t *bytes)
{
	int64_t pages = 0;
	int rc = pq_usable(q);

	if (rc < 0)
		return rc;
	if (!bytes)
		return -EINVAL;
	if (!pq_proc_is_ours())
		return -ENOTSUP;
	rc = resident(q, which, &pages);
	*bytes = pages * (int64_t)sysconf(_SC_PAGESIZE);
	return rc;
}

#else

int procq_resident(const struct procq *q, const struct procq_process *which,
		   int64_t *bytes)
{
	(void)which, (void)bytes;
	return q ? -ENOTSUP : -EINVAL;
}

#endif
