/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * verdict.c - is the process that is pinned the recorded one?
 * Must not take a record, nor send a signal.
 *
 * A consumer pins a process before it takes the record, so that the CAS that
 * takes is a proof: if the process had died before the pin, and its pid had
 * gone to another one, the parent would have marked the word, and the CAS
 * would fail. This holds while the parent is alive, so the parent's lock byte
 * is looked at between the pin and the CAS.
 *
 * It does not hold if something else reaps the parent's children: init, when
 * the parent was killed and the last of its threads has not yet let go of the
 * byte; or the kernel, if SIGCHLD is ignored. So the identity of the pinned
 * process must be the recorded one, too, if one is recorded. If the parent is
 * dead, one must be recorded.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>

#include "identity.h"
#include "lock.h"
#include "member.h"
#include "proc.h"
#include "record.h"
#include "rest.h"
#include "verdict.h"

static enum pq_ident_kind kind_of(const struct pq_snapshot *snap)
{
	if (!snap->ident)
		return PQ_IDENT_NONE;
	return snap->flags & PQ_F_START ? PQ_IDENT_START : PQ_IDENT_INODE;
}

/* A start time has the resolution of a clock tick; with few pids, one may be
 * reused within it. But while its producer lived the pid was the orphan's own,
 * since a producer marks before it reaps. So if the producer was alive after
 * the tick, no other process started in it with this pid. And in a /proc of
 * another PID namespace, each pid is another's. */
static bool start_proves(struct procq *q, uint32_t slot,
			 const struct pq_snapshot *snap)
{
	struct pq_snapshot again;
	int place = pq_member_find(q->seg, snap->producer);

	if (!pq_proc_is_ours())
		return false;
	if (place >= 0 &&
	    pq_start_is_past(snap->ident,
			     pq_member_last_alive(q->seg, (unsigned)place,
						  snap->producer)))
		return true;
	/* If the place is not the producer's any more, the record says it: it
	 * was vouched for before the place was emptied. */
	pq_record_snapshot(q->seg, slot, 0, &again);
	return again.producer == snap->producer && again.flags & PQ_F_SURE;
}

/* The identity is another than the recorded one. A start time says so only in
 * a /proc that shows this PID namespace. */
static enum pq_verdict another(enum pq_ident_kind kind)
{
	return kind != PQ_IDENT_START || pq_proc_is_ours()
		       ? PQ_VERDICT_STALE
		       : PQ_VERDICT_UNPROVEN;
}

enum pq_verdict pq_verdict_of(const struct pq_snapshot *snap, int pin,
			      struct pq_file file)
{
	enum pq_ident_kind kind = kind_of(snap);
	uint64_t ident;

	/* Signal 0 sends nothing; it only asks whether the pid is in use. */
	if (pin < 0 && snap->pid > 0 && kill(snap->pid, 0) < 0 &&
	    errno == ESRCH)
		return PQ_VERDICT_STALE;
	if (kind == PQ_IDENT_NONE)
		return PQ_VERDICT_UNPROVEN;
	/* What the pin is a descriptor of is known since it was opened. */
	ident = kind == PQ_IDENT_INODE ? pq_ident_of_inode(file.ino)
				       : pq_ident_of(kind, pin, snap->pid);
	/* A start time is read by pid, so it is the pinned process's only if
	 * that is still alive afterwards. If it is not, another start time
	 * shows that the recorded process is dead: it is the pinned one, or
	 * was gone before the pin. */
	if (kind == PQ_IDENT_START && pin >= 0 && pq_pin_dead(pin))
		return ident == snap->ident ? PQ_VERDICT_PINNED : another(kind);
	if (!ident)
		return PQ_VERDICT_UNPROVEN;
	if (ident != snap->ident)
		return another(kind);
	/* Without a pin, the pid may be another's by the time of a signal. */
	return pin >= 0 ? PQ_VERDICT_PINNED : PQ_VERDICT_UNPROVEN;
}

static enum pq_verdict judge_orphan(struct procq *q,
				    const struct pq_snapshot *snap,
				    const struct pq_flight *flight)
{
	enum pq_verdict verdict = pq_verdict_of(snap, flight->pin,
						flight->pin_file);

	if (verdict == PQ_VERDICT_PINNED && kind_of(snap) == PQ_IDENT_START &&
	    !start_proves(q, flight->slot, snap))
		return PQ_VERDICT_UNPROVEN;
	return verdict;
}

/* Pin the recorded process, and note what is known of it. */
static int pin_down(struct procq *q, const struct pq_snapshot *snap,
		    struct pq_flight *flight)
{
	int pin = snap->pid > 0 ? pq_pin(snap->pid) : -ESRCH;

	if (pin < 0 && pin != -ESRCH && pin != -ENOSYS)
		return pin;
	flight->pin = pin < 0 ? -1 : pin;
	if (pin >= 0)
		flight->pin_file = pq_file_of(pin);
	/* After the pin and before the CAS: see the top. */
	flight->orphan = !pq_byte_held(q->seg, snap->producer);
	if (pin == -ESRCH)
		/* If the parent is alive, it has marked the word by now, and
		 * the CAS will fail. */
		flight->verdict = PQ_VERDICT_STALE; /* NOLINT(*-branch-clone) */
	else if (flight->orphan && pin >= 0 && pq_pin_dead(pin))
		/* It died with its parent: nobody is left to report how. */
		flight->verdict = PQ_VERDICT_STALE;
	else if (flight->orphan)
		flight->verdict = judge_orphan(q, snap, flight);
	else if (pq_verdict_of(snap, pin, flight->pin_file) ==
		 PQ_VERDICT_STALE)
		/* Something else than its parent has reaped it. */
		flight->verdict = PQ_VERDICT_STALE;
	else
		flight->verdict = pin < 0 ? PQ_VERDICT_BY_PARENT
					  : PQ_VERDICT_PINNED;
	return 0;
}

int pq_verdict_find(struct procq *q, const struct pq_snapshot *snap,
		    struct pq_flight *f)
{
	int rc;

	if (pq_word_state(snap->word) == PROCQ_STATE_EXITED) {
		f->orphan = pq_word_flags(snap->word) & PQ_LOST;
		f->verdict = f->orphan ? PQ_VERDICT_STALE : PQ_VERDICT_MARKED;
	} else {
		rc = pin_down(q, snap, f);
		if (rc < 0)
			return rc;
	}
	/* A participant that is dead, or has given it back, has signalled it:
	 * what is left of its group goes on to be ended. */
	if ((f->verdict == PQ_VERDICT_MARKED ||
	     f->verdict == PQ_VERDICT_STALE) &&
	    !q->seg->guarded && pq_record_last_sent(q->seg, f->slot) > 0)
		return pq_rest_reopen(f, snap);
	return 0;
}
