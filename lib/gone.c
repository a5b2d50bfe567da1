/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gone.c - is a queued process provably gone, with nobody left to report it?
 * Must not change a record, nor signal a process.
 *
 * First the producer's byte: while it is held, the parent marks the death
 * itself. Then the process: what is gone by then stays gone. A doubt is no
 * proof: a pin that is refused, an identity that can't be read.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "gone.h"
#include "identity.h"
#include "lock.h"
#include "proc.h"
#include "record.h"

static bool is_alive(struct pq_segment *seg, uint64_t producer,
		     struct pq_living *living)
{
	uint64_t *known = &living->incarnation[producer % PQ_LIVING];

	if (*known == producer)
		return true;
	if (!pq_byte_held(seg, producer))
		return false;
	*known = producer;
	return true;
}

/* Another process has the pid, so the recorded one is gone. */
static bool is_another(const struct pq_snapshot *snap, int pin)
{
	enum pq_ident_kind kind = snap->flags & PQ_F_START ? PQ_IDENT_START
							   : PQ_IDENT_INODE;
	uint64_t ident;

	/* In a /proc of another PID namespace, each pid is another's. */
	if (!snap->ident || (kind == PQ_IDENT_START && !pq_proc_is_ours()))
		return false;
	ident = pq_ident_of(kind, pin, snap->pid);
	return ident && ident != snap->ident;
}

static bool is_gone(const struct pq_snapshot *snap)
{
	int pin;
	bool gone;

	if (snap->pid <= 0)
		return false;
	pin = pq_pin(snap->pid);
	if (pin == -ESRCH)
		return true;
	if (pin == -ENOSYS)
		/* Signal 0 sends nothing. */
		return (kill(snap->pid, 0) < 0 && errno == ESRCH) ||
		       is_another(snap, -1);
	if (pin < 0)
		return false;
	/* If the pinned one is another, and dead, the recorded one was dead
	 * before. */
	gone = pq_pin_dead(pin) || is_another(snap, pin);
	close(pin);
	return gone;
}

enum pq_trace pq_trace(struct pq_segment *seg, uint32_t slot, uint64_t word,
		       struct pq_living *living)
{
	struct pq_snapshot snap;

	if (pq_word_state(word) != PROCQ_STATE_QUEUED)
		return PQ_TRACE_OTHER;
	pq_record_snapshot(seg, slot, word, &snap);
	if (is_alive(seg, snap.producer, living))
		return PQ_TRACE_OTHER;
	return is_gone(&snap) ? PQ_TRACE_LOST : PQ_TRACE_ORPHAN;
}
