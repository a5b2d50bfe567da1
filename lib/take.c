/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * take.c - the consumer's side: pin, take, signal, collect.
 * Must not signal a process that it has not proven to be the recorded one.
 *
 * A consumer pins before it takes. The CAS that takes is a proof: had the
 * process died and its pid been given to another before the pin, its parent
 * would have marked the word, and the CAS would fail. That holds while the
 * parent lives, so its lock byte is looked at between pin and CAS.
 *
 * It does not hold where a parent's children are reaped by somebody else: by
 * init, while the last of its threads has yet to let go of the byte; by the
 * kernel, where SIGCHLD is ignored. So the identity that the pin shows must be
 * the recorded one besides, where there are identities; and of a dead parent's
 * child, there must be.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "backoff.h"
#include "bell.h"
#include "clock.h"
#include "identity.h"
#include "lock.h"
#include "member.h"
#include "record.h"
#include "sweep.h"
#include "take.h"

/* How long a living parent has to mark a death that the pin shows, before
 * the death is told without its cause: the parent is stopped, or stuck. */
#define GRACE PQ_SECOND
/* How often the pins of processes with a living parent are looked at. */
#define POLL_INTERVAL (100 * PQ_MILLI)

/* Hints that found no place have one again. */
static void mend_lacking(struct pq_segment *seg)
{
	if (!atomic_load_explicit(&seg->header->lacking,
				  memory_order_relaxed) ||
	    pq_ring_full(&seg->ready))
		return;
	/* Set back first: a hint that is lacking from now on says so again. */
	if (atomic_exchange(&seg->header->lacking, 0) &&
	    pq_sweep_hints(seg) < 0)
		atomic_store(&seg->header->lacking, 1);
}

int pq_take_next(struct procq *q, struct pq_hint *hint, uint64_t *word)
{
	unsigned turns = 0;

	mend_lacking(q->seg);
	while (pq_ring_peek(&q->seg->ready, hint)) {
		/* One look decides: a word that is marked between two is not
		 * the same, but its hint is as good as before. */
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
		struct pq_snapshot view;

		q->search = slot + 1 < q->seg->capacity ? slot + 1 : 0;
		*word = pq_load_word(q->seg, slot);
		if (pq_word_state(*word) != PROCQ_STATE_EXITED &&
		    !(living && pq_word_state(*word) == PROCQ_STATE_QUEUED))
			continue;
		pq_record_snapshot(q->seg, slot, *word, &view);
		if (!producer || view.producer == producer)
			return slot;
	}
	return -EAGAIN;
}

/* ---- pinning ---- */

static enum pq_ident_kind kind_of(const struct pq_snapshot *view)
{
	if (!view->ident)
		return PQ_IDENT_NONE;
	return view->flags & PQ_F_START ? PQ_IDENT_START : PQ_IDENT_INODE;
}

/* A start time is as coarse as a clock tick, in which a pid may come round
 * where there are few. But an orphan's was its own while its producer lived,
 * which reaps nobody unmarked: so if that was seen alive after the tick, no
 * other can have been started in it with this pid. */
static bool start_proves(struct procq *q, uint32_t slot,
			 const struct pq_snapshot *view)
{
	struct pq_snapshot again;
	int place = pq_member_find(q->seg, view->producer);

	if (place >= 0 &&
	    pq_start_is_past(view->ident,
			     pq_member_last_alive(q->seg, (unsigned)place,
						  view->producer)))
		return true;
	/* Whoever empties its place has said so before. */
	pq_record_snapshot(q->seg, slot, 0, &again);
	return again.producer == view->producer && again.flags & PQ_F_SURE;
}

/* The recorded process against whatever has its pid now. */
static enum pq_verdict compare(const struct pq_snapshot *view, int pin)
{
	enum pq_ident_kind kind = kind_of(view);
	uint64_t ident;

	/* Signal 0 sends nothing; it only asks whether the pid is in use. */
	if (pin < 0 && view->pid > 0 && kill(view->pid, 0) < 0 &&
	    errno == ESRCH)
		return PQ_VERDICT_STALE;
	if (kind == PQ_IDENT_NONE)
		return PQ_VERDICT_UNPROVEN;
	ident = pq_ident_of(kind, pin, view->pid);
	/* A start time is read by pid, so it says nothing of the pinned one
	 * unless that still lives afterwards, and then the pid was its. */
	if (kind == PQ_IDENT_START && pin >= 0 && pq_pin_dead(pin))
		return ident == view->ident ? PQ_VERDICT_PINNED
					    : PQ_VERDICT_STALE;
	if (!ident)
		return PQ_VERDICT_UNPROVEN;
	if (ident != view->ident)
		return PQ_VERDICT_STALE;
	/* Without a pin the pid may be another's by the time of a signal. */
	return pin >= 0 ? PQ_VERDICT_PINNED : PQ_VERDICT_UNPROVEN;
}

static enum pq_verdict judge_orphan(struct procq *q,
				    const struct pq_snapshot *view,
				    const struct pq_flight *flight)
{
	enum pq_verdict verdict = compare(view, flight->pin);

	if (verdict == PQ_VERDICT_PINNED && kind_of(view) == PQ_IDENT_START &&
	    !start_proves(q, flight->slot, view))
		return PQ_VERDICT_UNPROVEN;
	return verdict;
}

/* Pin the process of this view and say what is known of it. */
static int pin_down(struct procq *q, const struct pq_snapshot *view,
		    struct pq_flight *flight)
{
	int pin = view->pid > 0 ? pq_pin(view->pid) : -ESRCH;

	if (pin < 0 && pin != -ESRCH && pin != -ENOSYS)
		return pin;
	flight->pin = pin < 0 ? -1 : pin;
	/* After the pin, before the CAS. */
	flight->orphan = !pq_byte_held(q->seg, view->producer);
	if (pin == -ESRCH)
		/* With a living parent: marked by now, the CAS will tell. */
		flight->verdict = PQ_VERDICT_STALE; /* NOLINT(*-branch-clone) */
	else if (flight->orphan && pin >= 0 && pq_pin_dead(pin))
		/* It died with its parent: nobody is left to say how. */
		flight->verdict = PQ_VERDICT_STALE;
	else if (flight->orphan)
		flight->verdict = judge_orphan(q, view, flight);
	else if (pin < 0)
		flight->verdict = PQ_VERDICT_BY_PARENT;
	else
		flight->verdict = compare(view, pin) == PQ_VERDICT_STALE
					  ? PQ_VERDICT_STALE
					  : PQ_VERDICT_PINNED;
	return 0;
}

int pq_take(struct procq *q, uint32_t slot, uint64_t word, uint64_t position)
{
	struct pq_flight flight = { .slot = slot, .pin = -1 };
	struct pq_snapshot view;
	int rc;

	rc = pq_flights_reserve(&q->flights);
	if (rc < 0)
		return rc;
	pq_record_snapshot(q->seg, slot, word, &view);
	flight.gen = pq_word_gen(word);
	flight.pid = view.pid;
	flight.producer = view.producer;
	flight.group = view.flags & PQ_F_GROUP;
	if (pq_word_state(word) == PROCQ_STATE_EXITED) {
		flight.verdict = PQ_VERDICT_MARKED;
	} else {
		rc = pin_down(q, &view, &flight);
		if (rc < 0)
			return rc;
	}
	/* Its living parent reaped it, so it has marked it, and the word that
	 * was read is out of date: else the CAS would say so. */
	if ((flight.verdict == PQ_VERDICT_STALE && !flight.orphan &&
	     pq_load_word(q->seg, slot) != word) ||
	    !pq_record_move(q->seg, slot, &word,
			    pq_word_take(word, pq_owner(q)))) {
		if (flight.pin >= 0)
			close(flight.pin);
		return -EAGAIN;
	}
	if (position != UINT64_MAX)
		pq_record_order(q->seg, slot, position);
	pq_flights_add(&q->flights, &flight);
	return 0;
}

/* ---- signalling ---- */

/* Only the parent can, or nobody. */
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
	/* It would take the place of what the parent has not yet seen. */
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

static int signal_pin(struct procq *q, struct pq_flight *f, int signo,
		      bool alone)
{
	bool group = f->group && !alone;
	uint64_t before = 0;
	int rc;

	/* Who died of its own accord, but is a zombie still, did not die of
	 * this; the rest of its group may. */
	if (signo != SIGCONT && pq_pin_dead(f->pin)) {
		if (group && pq_pin_signal(f->pin, signo, true) == 0)
			f->rest_told = true;
		return -ESRCH;
	}
	/* SIGCONT only wakes what another signal is to end. Noted before it
	 * is sent, so that a death is never ours unnoted. */
	if (signo != SIGCONT)
		before = pq_record_sent(q->seg, f->slot, signo, alone);
	rc = pq_pin_signal(f->pin, signo, group);
	if (rc == -EINVAL && group) {
		rc = ask_parent(q, f, signo, alone);
		if (rc == -ENOTSUP)
			rc = pq_pin_signal(f->pin, signo, false);
	}
	/* A living process without a group of its own: it has gone over into
	 * another, or was not let have one. */
	if (rc == -ESRCH && group)
		rc = pq_pin_signal(f->pin, signo, false);
	if (rc < 0 && signo != SIGCONT)
		pq_record_unsent(q->seg, f->slot, before);
	return rc;
}

int pq_take_signal(struct procq *q, uint32_t slot, int signo, bool alone)
{
	struct pq_flight *f = pq_flights_find(&q->flights, slot);

	if (!f)
		return -ESRCH;
	if (signo < 1 || signo >= NSIG)
		return -EINVAL;
	if (pq_word_flags(pq_load_word(q->seg, slot)) & PQ_DEAD) {
		/* Who of its group is stopped has yet to die of what was sent
		 * before; the group keeps the number from being another's. */
		if (signo == SIGCONT && f->verdict == PQ_VERDICT_PINNED &&
		    f->group && !alone &&
		    (f->rest_told || pq_record_last_sent(q->seg, slot) > 0))
			pq_pin_signal(f->pin, signo, true);
		return -ESRCH;
	}
	switch (f->verdict) {
	case PQ_VERDICT_PINNED:
		return signal_pin(q, f, signo, alone);
	case PQ_VERDICT_BY_PARENT:
		return ask_parent(q, f, signo, alone);
	case PQ_VERDICT_MARKED: /* whatever the word says by now */
	case PQ_VERDICT_STALE:
		return -ESRCH;
	default:
		return -ENOTSUP;
	}
}

/* ---- collecting ---- */

/* Is it dead although no mark says so? */
static bool dead_unmarked(struct procq *q, struct pq_flight *f)
{
	struct pq_snapshot view;

	if (f->verdict == PQ_VERDICT_STALE)
		return true;
	/* Whatever the verdict: had another the pid when it was pinned, the
	 * recorded one was dead already. */
	if (f->pin >= 0)
		return pq_pin_dead(f->pin);
	if (!f->orphan && pq_byte_held(q->seg, f->producer))
		return false;
	/* No pin, and no parent: gone when its pid is nobody's, or somebody
	 * else's. */
	pq_record_snapshot(q->seg, f->slot, 0, &view);
	return compare(&view, -1) == PQ_VERDICT_STALE;
}

static void fill_event(struct procq *q, const struct pq_flight *f,
		       uint64_t word, bool marked, struct procq_event *out)
{
	memset(out, 0, sizeof(*out));
	pq_record_describe(q->seg, f->slot, word, &out->process);
	out->process.consumer = q->incarnation;
	pq_record_obituary(q->seg, f->slot, marked, out);
	out->type = !marked && f->verdict == PQ_VERDICT_STALE
			    ? PROCQ_EVENT_STALE
			    : PROCQ_EVENT_RETIRED;
	out->process.age = out->lived;
}

/* The record is freed; what it said is in *out. */
static bool finish(struct procq *q, struct pq_flight *f, uint64_t word,
		   bool keep_for_parent, struct procq_event *out)
{
	bool marked = pq_word_flags(word) & PQ_DEAD;
	enum pq_tally kind;

	fill_event(q, f, word, marked, out);
	kind = out->type == PROCQ_EVENT_STALE ? PQ_TALLY_LOST
	       : out->step == 0		      ? PQ_TALLY_EXITED
					      : PQ_TALLY_RETIRED;
	if (!pq_record_release(q->seg, f->slot, q->place, word, kind,
			       !keep_for_parent))
		return false;
	if (keep_for_parent && !pq_byte_held(q->seg, f->producer)) {
		/* The parent died before it could see the record GONE. */
		word = pq_load_word(q->seg, f->slot);
		if (pq_word_state(word) == PROCQ_STATE_GONE &&
		    pq_word_gen(word) == f->gen)
			pq_record_bury(q->seg, f->slot, word);
	}
	pq_flights_remove(&q->flights, f);
	return true;
}

/* No mark: does the pin, or the lack of one, tell the death? */
static bool finish_unmarked(struct procq *q, struct pq_flight *f,
			    uint64_t word, int64_t now,
			    struct procq_event *out)
{
	bool orphan;

	if (!dead_unmarked(q, f))
		return false;
	orphan = f->orphan || !pq_byte_held(q->seg, f->producer);
	if (orphan) {
		pq_flights_orphan(&q->flights, f);
		return finish(q, f, pq_load_word(q->seg, f->slot), false, out);
	}
	if (!f->died)
		f->died = now;
	if (now - f->died < GRACE)
		return false;
	return finish(q, f, word, true, out);
}

/* A pass over all of them, which goes on where the last call stopped. */
int pq_take_collect(struct procq *q, struct procq_event *out)
{
	struct pq_flights *all = &q->flights;
	int64_t now = 0;
	bool poll_all = false;

	if (!all->count)
		return 0;
	if (all->cursor == PQ_NO_FLIGHT)
		all->cursor = all->first;
	while (all->cursor != PQ_NO_FLIGHT) {
		struct pq_flight *f = &all->all[all->cursor];
		uint64_t word = pq_load_word(q->seg, f->slot);

		all->cursor = f->after;
		if (pq_word_flags(word) & PQ_DEAD) {
			if (finish(q, f, word, false, out))
				return 1;
			continue;
		}
		if (!now) {
			now = pq_now();
			poll_all = now - all->polled >= POLL_INTERVAL;
		}
		if ((poll_all || f->orphan || f->verdict == PQ_VERDICT_STALE) &&
		    finish_unmarked(q, f, word, now, out))
			return 1;
	}
	if (poll_all)
		all->polled = now;
	return 0;
}

int pq_take_return(struct procq *q, uint32_t slot)
{
	struct pq_flight *f = pq_flights_find(&q->flights, slot);

	if (!f)
		return -ESRCH;
	pq_record_return(q->seg, slot, pq_owner(q));
	pq_flights_remove(&q->flights, f);
	return 0;
}

bool pq_take_any_dead(const struct procq *q)
{
	const struct pq_flights *all = &q->flights;

	for (uint32_t i = all->first; i != PQ_NO_FLIGHT;
	     i = all->all[i].after) {
		const struct pq_flight *f = &all->all[i];

		if (f->verdict == PQ_VERDICT_STALE ||
		    pq_word_flags(pq_load_word(q->seg, f->slot)) & PQ_DEAD)
			return true;
	}
	return false;
}
