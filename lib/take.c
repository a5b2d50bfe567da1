/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * take.c - the consumer's side: pin, take, signal, collect.
 * Must not signal a process that is not proven to be the recorded one.
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
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backoff.h"
#include "bell.h"
#include "buckets.h"
#include "clock.h"
#include "identity.h"
#include "lock.h"
#include "member.h"
#include "owner.h"
#include "permit.h"
#include "probe.h"
#include "proc.h"
#include "record.h"
#include "rest.h"
#include "sweep.h"
#include "take.h"

/* A parent that is alive marks a death within this time after the pin shows
 * it. If not, it is stopped or stuck, and the death is reported without its
 * cause. */
#define GRACE PQ_SECOND
/* How often the pins of processes with a living parent are looked at. */
#define POLL_INTERVAL (100 * PQ_MILLI)
/* How long a dead orphan is given to be reaped by whoever has inherited it:
 * then the kernel tells how it died. */
#define REAPER_MAX (100 * PQ_MILLI)

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

/* ---- pinning ---- */

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

/* Is it the recorded process that has the pid now? */
static enum pq_verdict compare(const struct pq_snapshot *snap, int pin)
{
	enum pq_ident_kind kind = kind_of(snap);
	uint64_t ident;

	/* Signal 0 sends nothing; it only asks whether the pid is in use. */
	if (pin < 0 && snap->pid > 0 && kill(snap->pid, 0) < 0 &&
	    errno == ESRCH)
		return PQ_VERDICT_STALE;
	if (kind == PQ_IDENT_NONE)
		return PQ_VERDICT_UNPROVEN;
	ident = pq_ident_of(kind, pin, snap->pid);
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
	enum pq_verdict verdict = compare(snap, flight->pin);

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
	else if (compare(snap, pin) == PQ_VERDICT_STALE)
		/* Something else than its parent has reaped it. */
		flight->verdict = PQ_VERDICT_STALE;
	else
		flight->verdict = pin < 0 ? PQ_VERDICT_BY_PARENT
					  : PQ_VERDICT_PINNED;
	return 0;
}

/* What is known of the process as it is taken. */
static int judge(struct procq *q, const struct pq_snapshot *snap,
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
	rc = judge(q, &snap, &flight);
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

/* Is the record still what this participant took? If others have taken it for
 * dead, they have handed that on. */
static bool is_ours(const struct procq *q, const struct pq_flight *f,
		    uint64_t word)
{
	return pq_record_taken(word, pq_owner(q), f->gen);
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

/* Did its leader, or what is left of the group, get a signal here before? What
 * outlives a command that exited on its own is left alone. */
static bool is_signalled(struct procq *q, const struct pq_flight *f)
{
	return f->rest_signalled || pq_record_last_sent(q->seg, f->slot) > 0;
}

/* A leader is marked, and perhaps reaped. What is left of its group gets the
 * further steps, if it got one before: see rest.c. */
static void signal_rest(struct procq *q, struct pq_flight *f, int signo)
{
	if (q->seg->guarded || !is_signalled(q, f) || !pq_rest_reachable(f))
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
	if (!is_ours(q, f, word))
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

/* ---- collecting ---- */

/* Is it dead although no mark says so? */
static bool dead_unmarked(struct procq *q, struct pq_flight *f)
{
	struct pq_snapshot snap;

	if (f->verdict == PQ_VERDICT_STALE)
		return true;
	/* Whatever the verdict: if the pin is another process's, the recorded
	 * one was dead already when it was pinned. */
	if (f->pin >= 0 && !pq_pin_dead(f->pin))
		return false;
	if (pq_flight_pinned(f))
		return true;
	if (!f->orphan && pq_byte_held(q->seg, f->producer))
		return false;
	/* No pin and no parent: the process is gone when no process has its
	 * pid, or another one does. */
	pq_record_snapshot(q->seg, f->slot, 0, &snap);
	return compare(&snap, -1) == PQ_VERDICT_STALE;
}

/* Was it gone before it was taken, with nobody to report how? A parent that
 * did not reap it itself marks it without a cause. */
static bool is_lost(const struct pq_flight *f, bool marked, uint32_t cause)
{
	return f->verdict == PQ_VERDICT_STALE
		       ? !marked || cause == PROCQ_CAUSE_UNKNOWN
		       : f->verdict == PQ_VERDICT_MARKED &&
			 cause == PROCQ_CAUSE_UNKNOWN;
}

/* Its parent can't tell how it died. The kernel may, through the pin. */
static void ask_pin(struct pq_flight *f, struct procq_event *out)
{
	int status;

	if (out->cause != PROCQ_CAUSE_UNKNOWN || !pq_flight_pinned(f) ||
	    f->verdict != PQ_VERDICT_PINNED ||
	    pq_pin_status(f->pin, f->pid, &status) <= 0)
		return;
	if (WIFEXITED(status)) {
		out->cause = PROCQ_CAUSE_EXIT;
		out->code = WEXITSTATUS(status);
	} else if (WIFSIGNALED(status)) {
		/* The core flag is not in POSIX. */
		out->cause = status & 0x80 ? PROCQ_CAUSE_CORE
					   : PROCQ_CAUSE_SIGNAL;
		out->code = WTERMSIG(status);
	}
}

static void fill_event(struct procq *q, struct pq_flight *f, uint64_t word,
		       bool marked, struct procq_event *out)
{
	memset(out, 0, sizeof(*out));
	pq_record_describe(q->seg, f->slot, word, &out->process);
	out->process.consumer = q->incarnation;
	pq_record_obituary(q->seg, f->slot, marked, out);
	ask_pin(f, out);
	out->type = is_lost(f, marked, out->cause) ? PROCQ_EVENT_STALE
						   : PROCQ_EVENT_RETIRED;
	out->process.age = out->lived;
}

static void count_end(struct pq_segment *seg, enum pq_tally kind,
		      const struct procq_event *event)
{
	/* How long a lost one lived is unknown. */
	if (kind == PQ_TALLY_LOST)
		return;
	pq_histogram_add(seg, PROCQ_HISTOGRAM_LIFETIME, event->lived);
	if (event->latency >= 0)
		pq_histogram_add(seg, PROCQ_HISTOGRAM_LATENCY, event->latency);
}

/* Describe the end in *out, then free the record. False: its word changed. */
static bool finish(struct procq *q, struct pq_flight *f, uint64_t word,
		   bool keep_for_parent, struct procq_event *out)
{
	bool marked = pq_word_flags(word) & PQ_DEAD &&
		      !(pq_word_flags(word) & PQ_LOST);
	enum pq_tally kind;

	fill_event(q, f, word, marked, out);
	kind = out->type == PROCQ_EVENT_STALE ? PQ_TALLY_LOST
	       : out->step == 0		      ? PQ_TALLY_EXITED
					      : PQ_TALLY_RETIRED;
	if (out->step > 0)
		pq_permit_ended(q->seg);
	if (!pq_record_release(q->seg, f->slot, q->place, word, kind,
			       !keep_for_parent))
		return false;
	count_end(q->seg, kind, out);
	PQ_PROBE6(dead, out->process.seq, f->pid, out->cause, out->code,
		  out->lived, out->latency);
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

/* The same; but if it is held, only when nobody is left of its group. That
 * somebody is, is reported once. */
static bool finish_group(struct procq *q, struct pq_flight *f, uint64_t word,
			 bool keep_for_parent, struct procq_event *out)
{
	if (!f->held || !is_signalled(q, f))
		return finish(q, f, word, keep_for_parent, out);
	switch (pq_rest_look(f, pq_now())) {
	case PQ_REST_NONE:
		return finish(q, f, word, keep_for_parent, out);
	case PQ_REST_SOON:
		return false;
	case PQ_REST_LIVES:
	default:
		break;
	}
	if (f->left)
		return false;
	pq_flights_left(&q->flights, f, true);
	fill_event(q, f, word, !keep_for_parent, out);
	out->type = PROCQ_EVENT_LEFT;
	out->cause = PROCQ_CAUSE_UNKNOWN;
	out->code = f->rest;
	return true;
}

/* Is it worth waiting until the kernel can tell how it died? */
static bool awaits_reaper(struct pq_flight *f, int64_t now)
{
	int status;

	if (f->pin < 0 || f->verdict != PQ_VERDICT_PINNED ||
	    pq_pin_status(f->pin, f->pid, &status) != 0)
		return false;
	if (!f->died)
		f->died = now;
	return now - f->died < REAPER_MAX;
}

/* No mark: does the pin, or the lack of one, show the death? */
static bool finish_unmarked(struct procq *q, struct pq_flight *f,
			    uint64_t word, int64_t now,
			    struct procq_event *out)
{
	bool orphan;

	if (!dead_unmarked(q, f))
		return false;
	orphan = f->orphan || !pq_byte_held(q->seg, f->producer);
	if (orphan) {
		/* Its parent may have marked it before it died. */
		word = pq_load_word(q->seg, f->slot);
		pq_flights_orphan(&q->flights, f);
		if (awaits_reaper(f, now))
			return false;
		return is_ours(q, f, word) &&
		       finish_group(q, f, word, false, out);
	}
	if (!f->died)
		f->died = now;
	if (now - f->died < GRACE)
		return false;
	return finish_group(q, f, word, true, out);
}

/* A pass over all flights, which goes on where the last call stopped. */
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
		if (!is_ours(q, f, word)) {
			pq_flights_remove(all, f);
			continue;
		}
		if (pq_word_flags(word) & PQ_DEAD) {
			if (finish_group(q, f, word, false, out))
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
	if (is_ours(q, f, pq_load_word(q->seg, slot)))
		pq_record_return(q->seg, slot, pq_owner(q));
	pq_flights_remove(&q->flights, f);
	return 0;
}

int pq_take_hold(struct procq *q, uint32_t slot, bool hold)
{
	struct pq_flight *f = pq_flights_find(&q->flights, slot);

	if (!f || !is_ours(q, f, pq_load_word(q->seg, slot)))
		return -ESRCH;
	if (hold && (q->seg->guarded || !pq_rest_reachable(f)))
		return -ENOTSUP;
	f->held = hold;
	if (!hold)
		pq_flights_left(&q->flights, f, false);
	return 0;
}

/* What is gone without a mark is reported at once, or after GRACE. */
static bool is_due(const struct pq_flight *f)
{
	return f->verdict == PQ_VERDICT_STALE &&
	       (f->orphan || !f->died || pq_now() - f->died >= GRACE);
}

bool pq_take_any_dead(const struct procq *q)
{
	const struct pq_flights *all = &q->flights;

	for (uint32_t i = all->first; i != PQ_NO_FLIGHT;
	     i = all->all[i].after) {
		const struct pq_flight *f = &all->all[i];

		if (!f->left &&
		    (is_due(f) ||
		     pq_word_flags(pq_load_word(q->seg, f->slot)) & PQ_DEAD))
			return true;
	}
	return false;
}
