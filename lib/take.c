/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * take.c - the consumer's side: take, signal, give back. See verdict.c for how a
 * process is pinned, and collect.c for its end.
 * Must not signal a process that is not proven to be the recorded one.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "backoff.h"
#include "bell.h"
#include "identity.h"
#include "lock.h"
#include "member.h"
#include "owner.h"
#include "probe.h"
#include "record.h"
#include "rest.h"
#include "sweep.h"
#include "take.h"
#include "verdict.h"

/* If hints found no place in the ready ring, and there is one again, put all
 * missing hints in. */
static void mend_lacking(struct pq_segment *seg)
{
	if (!atomic_load_explicit(&seg->header->lacking,
				  memory_order_relaxed) ||
	    pq_ring_full(&seg->ready))
		return;
	/* Set back first: a hint that is missing from now on sets it again. */
	if (atomic_exchange(&seg->header->lacking, 0) &&
	    pq_sweep_hints(seg) < 0)
		atomic_store(&seg->header->lacking, 1);
}

int pq_take_next(struct procq *q, struct pq_hint *hint, uint64_t *word)
{
	unsigned turns = 0;

	mend_lacking(q->seg);
	while (pq_ring_peek(&q->seg->ready, hint)) {
		/* One look decides. Between two, a mark may change the word,
		 * but the hint stays valid. */
		if (pq_hint_leads(q->seg, hint->index, hint->gen, word))
			return 0;
		if (!pq_ring_skip(&q->seg->ready, hint))
			pq_back_off(&turns);
	}
	return -EAGAIN;
}

int64_t pq_take_find(struct procq *q, uint64_t producer, bool living,
		     uint64_t *word)
{
	for (uint32_t n = 0; n < q->seg->capacity; n++) {
		uint32_t slot = q->search;
		struct pq_snapshot snap;

		q->search = slot + 1 < q->seg->capacity ? slot + 1 : 0;
		*word = pq_load_word(q->seg, slot);
		if (pq_word_state(*word) != PROCQ_STATE_EXITED &&
		    !(living && pq_word_state(*word) == PROCQ_STATE_QUEUED))
			continue;
		pq_record_snapshot(q->seg, slot, *word, &snap);
		if (!producer || snap.producer == producer)
			return slot;
	}
	return -EAGAIN;
}

/* ---- taking ---- */

static void drop_pin(const struct pq_flight *f)
{
	if (f->pin >= 0)
		close(f->pin);
}

int pq_take(struct procq *q, uint32_t slot, uint64_t word, uint64_t position)
{
	struct pq_flight flight = { .slot = slot, .pin = -1 };
	struct pq_snapshot snap;
	int rc;

	rc = pq_flights_reserve(&q->flights);
	if (rc < 0)
		return rc;
	pq_record_snapshot(q->seg, slot, word, &snap);
	flight.gen = pq_word_gen(word);
	flight.pid = snap.pid;
	flight.producer = snap.producer;
	flight.group = snap.flags & PQ_F_GROUP;
	rc = pq_verdict_find(q, &snap, &flight);
	if (rc < 0) {
		drop_pin(&flight);
		return rc;
	}
	/* If it is gone and its parent is alive, the parent has marked it, as
	 * a rule, and the word that was read is out of date. */
	if ((flight.verdict == PQ_VERDICT_STALE && !flight.orphan &&
	     pq_load_word(q->seg, slot) != word) ||
	    !pq_record_move(q->seg, slot, &word,
			    pq_word_take(word, pq_owner(q)))) {
		drop_pin(&flight);
		return -EAGAIN;
	}
	if (position != UINT64_MAX)
		pq_record_order(q->seg, slot, position);
	pq_flights_add(&q->flights, &flight);
	/* 0: the order is not known here. */
	PQ_PROBE3(take, position + 1, flight.pid, slot);
	return 0;
}

/* ---- signalling ---- */

/* For a process that only its parent can signal. */
static int ask_parent(struct procq *q, struct pq_flight *f, int signo,
		      bool alone)
{
	int place;
	uint64_t before;

	if (f->orphan || !pq_byte_held(q->seg, f->producer))
		return -ENOTSUP;
	place = pq_member_find(q->seg, f->producer);
	if (place < 0)
		return -ENOTSUP;
	/* There is one request slot: SIGCONT would overwrite a request that
	 * the parent has not read yet. */
	if (signo == SIGCONT &&
	    pq_parent_continues(pq_record_last_sent(q->seg, f->slot)))
		return 1;
	before = pq_record_sent(q->seg, f->slot, signo, alone);
	if (!pq_record_ask(q->seg, f->slot, pq_load_word(q->seg, f->slot))) {
		pq_record_unsent(q->seg, f->slot, before);
		return -ESRCH;
	}
	atomic_store(&q->seg->participants[place].asked, 1);
	pq_wake(q->seg, (unsigned)place, ~0u);
	return 1;
}

/* To the process, or to its group and, if it has gone over to another one,
 * also to itself. SIGKILL does no harm twice, so that waits for no answer. */
static int send(const struct pq_flight *f, int signo, bool group)
{
	int rc = pq_pin_signal(f->pin, signo, group);

	if (group && rc == 0 &&
	    (signo == SIGKILL || getpgid(f->pid) != f->pid))
		pq_pin_signal(f->pin, signo, false);
	/* The process is alive, and leads no group: it has joined another, or
	 * setpgid() was refused. */
	if (group && rc == -ESRCH)
		rc = pq_pin_signal(f->pin, signo, false);
	return rc;
}

/* May this process not signal that one? EPERM: it is another user's. A sandbox
 * may answer so, too, or as if the kernel had no such call. */
static bool refused(int rc)
{
	return rc == -EPERM || rc == -EACCES || rc == -ENOSYS;
}

static int signal_pin(struct procq *q, struct pq_flight *f, int signo,
		      bool alone)
{
	bool group = f->group && !alone;
	uint64_t before = 0;
	int rc, asked;

	/* A process that died on its own and is still a zombie does not die of
	 * this signal; the rest of its group may. */
	if (signo != SIGCONT && pq_pin_dead(f->pin)) {
		if (group && pq_pin_signal(f->pin, signo, true) == 0)
			f->rest_signalled = true;
		return -ESRCH;
	}
	/* Noted before it is sent, so that no process dies of a signal that is
	 * not noted. SIGCONT is not: it ends nothing. */
	if (signo != SIGCONT)
		before = pq_record_sent(q->seg, f->slot, signo, alone);
	rc = send(f, signo, group);
	if (refused(rc) || (rc == -EINVAL && group)) {
		asked = ask_parent(q, f, signo, alone);
		if (asked != -ENOTSUP)
			rc = asked;
		else
			rc = refused(rc) ? -EACCES : send(f, signo, false);
	}
	if (rc < 0 && signo != SIGCONT)
		pq_record_unsent(q->seg, f->slot, before);
	PQ_PROBE4(signal, f->pid, signo, f->slot, rc);
	return rc;
}

/* In another user's queue, a record may name any process, which root could end
 * for that user. So root signals only what the kernel says is that user's, or
 * its own child, and that alone: its group may have others in it. For all else
 * the parent is asked, which knows its children. */
static int signal_guarded(struct procq *q, struct pq_flight *f, int signo,
			  bool alone)
{
	int rc;

	if (pq_intmap_get(&q->children, f->pid) ||
	    pq_owner_has(q->seg->owner, f->pid))
		return signal_pin(q, f, signo, true);
	rc = ask_parent(q, f, signo, alone);
	return rc == -ENOTSUP ? -EPERM : rc;
}

bool pq_take_signalled(const struct procq *q, const struct pq_flight *f)
{
	return f->rest_signalled || pq_record_last_sent(q->seg, f->slot) > 0;
}

/* A leader is marked, and perhaps reaped. What is left of its group gets the
 * further steps, if it got one before: see rest.c. */
static void signal_rest(struct procq *q, struct pq_flight *f, int signo)
{
	if (q->seg->guarded || !pq_take_signalled(q, f) || !pq_rest_reachable(f))
		return;
	pq_pin_signal(f->pin, signo, true);
	f->rest_due = f->rest_pause = 0;
}

int pq_take_signal(struct procq *q, uint32_t slot, int signo, bool alone)
{
	struct pq_flight *f = pq_flights_find(&q->flights, slot);
	uint64_t word;

	if (!f)
		return -ESRCH;
	if (signo < 1 || signo >= NSIG)
		return -EINVAL;
	word = pq_load_word(q->seg, slot);
	if (!pq_take_is_ours(q, f, word))
		return -ESRCH;
	pq_flight_pinned(f);
	if (pq_word_flags(word) & PQ_DEAD) {
		if (!alone)
			signal_rest(q, f, signo);
		return -ESRCH;
	}
	switch (f->verdict) {
	case PQ_VERDICT_PINNED:
		return q->seg->guarded ? signal_guarded(q, f, signo, alone)
				       : signal_pin(q, f, signo, alone);
	case PQ_VERDICT_BY_PARENT:
		return ask_parent(q, f, signo, alone);
	case PQ_VERDICT_MARKED: /* and its word has been damaged since */
	case PQ_VERDICT_STALE:
		if (!alone)
			signal_rest(q, f, signo);
		return -ESRCH;
	default:
		return -ENOTSUP;
	}
}

/* ---- what comes of it ---- */

int pq_take_return(struct procq *q, uint32_t slot)
{
	struct pq_flight *f = pq_flights_find(&q->flights, slot);

	if (!f)
		return -ESRCH;
	if (pq_take_is_ours(q, f, pq_load_word(q->seg, slot)))
		pq_record_return(q->seg, slot, pq_owner(q));
	pq_flights_remove(&q->flights, f);
	return 0;
}

int pq_take_hold(struct procq *q, uint32_t slot, bool hold)
{
	struct pq_flight *f = pq_flights_find(&q->flights, slot);

	if (!f || !pq_take_is_ours(q, f, pq_load_word(q->seg, slot)))
		return -ESRCH;
	if (hold && (q->seg->guarded || !pq_rest_reachable(f)))
		return -ENOTSUP;
	f->held = hold;
	if (!hold)
		pq_flights_left(&q->flights, f, false);
	return 0;
}
