/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * collect.c - the ends of what a consumer has taken.
 * Must not send a signal, and must not free a record before its process is
 * known to be dead.
 *
 * A parent that is alive marks a death, and the mark says how it died. Without
 * one, the pin shows that the process is dead, and perhaps the kernel says how.
 */
#include <config.h>

#include <string.h>
#include <sys/wait.h>

#include "buckets.h"
#include "clock.h"
#include "collect.h"
#include "identity.h"
#include "lock.h"
#include "permit.h"
#include "ration.h"
#include "probe.h"
#include "record.h"
#include "rest.h"
#include "take.h"
#include "verdict.h"

/* A parent that is alive marks a death within this time after the pin shows
 * it. If not, it is stopped or stuck, and the death is reported with what the
 * kernel tells of it. */
#define GRACE PQ_SECOND
/* How often the pins of processes with a living parent are looked at. */
#define POLL_INTERVAL (100 * PQ_MILLI)
/* How long a dead orphan is given to be reaped by the process that inherited
 * it: then the kernel tells how it died. */
#define REAPER_MAX (100 * PQ_MILLI)

/* Is it dead although no mark says so? */
static bool dead_unmarked(struct procq *q, struct pq_flight *f)
{
	const struct pq_file none = { .ino = 0 };
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
	return pq_verdict_of(&snap, -1, none) == PQ_VERDICT_STALE;
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
	/* Without a mark, what was waited for after the death is no part of
	 * its life. */
	int64_t ago = f->died ? pq_time_since(f->died, pq_now()) : 0;

	memset(out, 0, sizeof(*out));
	pq_record_describe(q->seg, f->slot, word, &out->process);
	out->process.consumer = q->incarnation;
	pq_record_obituary(q->seg, f->slot, marked, ago, out);
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
	pq_ration_call(q->seg);
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
	if (!f->held || !pq_take_signalled(q, f))
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
		return pq_take_is_ours(q, f, word) &&
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
		if (!pq_take_is_ours(q, f, word)) {
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
