/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * consumer.c - the public functions of the taker: look at the next process,
 * take it, signal it, collect its death, give it back.
 * Must not start or reap a process, nor know how one is pinned (verdict.c).
 */
#include <config.h>

#include <errno.h>
#include <stdbool.h>

#include "backoff.h"
#include "collect.h"
#include "gap.h"
#include "handle.h"
#include "record.h"
#include "take.h"
#include "wait.h"

int procq_peek(struct procq *q, struct procq_process *out)
{
	struct pq_hint hint;
	uint64_t word;
	int rc = pq_usable_participant(q);

	if (rc == 0)
		rc = pq_take_next(q, &hint, &word);
	if (rc != 0)
		return rc;
	pq_record_describe(q->seg, hint.index, word, out);
	if (!out->seq)
		out->seq = hint.position + 1;
	return 0;
}

static int take_and_describe(struct procq *q, uint32_t slot, uint64_t word,
			     uint64_t position, struct procq_process *out)
{
	int rc = pq_gap_take(q, slot, word, position);

	if (rc == 0)
		pq_record_describe(q->seg, slot, pq_load_word(q->seg, slot),
				   out);
	return rc;
}

/* Is it the life that was chosen? No two processes were started in the same
 * nanosecond with the same pid; but a seq may become known only later. */
static bool is_same(const struct procq_process *chosen,
		    const struct procq_process *p)
{
	if (chosen->slot != p->slot)
		return false;
	if (chosen->pid && chosen->started)
		return chosen->pid == p->pid && chosen->started == p->started;
	return chosen->seq && chosen->seq == p->seq;
}

static int take_in_turn(struct procq *q, const struct procq_process *only,
			struct procq_process *out)
{
	struct pq_hint hint;
	unsigned turns = 0;
	uint64_t word;
	int rc;

	for (;;) {
		struct procq_process p;

		rc = pq_take_next(q, &hint, &word);
		if (rc < 0)
			return rc;
		if (only) {
			pq_record_describe(q->seg, hint.index, word, &p);
			if (!is_same(only, &p))
				return -EAGAIN;
		}
		rc = take_and_describe(q, hint.index, word, hint.position,
				       out);
		if (rc != -EAGAIN)
			break;
		/* Another participant, or its parent, was faster: look again. */
		pq_back_off(&turns);
	}
	if (rc == 0)
		pq_ring_skip(&q->seg->ready, &hint);
	return rc;
}

/* With a gap, or permits: what a dead participant has begun to end is finished
 * before any other is taken. */
static int take_unfinished(struct procq *q, struct procq_process *out)
{
	struct procq_process first;
	int64_t when;

	return pq_gap_look(q, &when, &first) == 1
		       ? procq_take_this(q, &first, out)
		       : -EAGAIN;
}

int procq_take(struct procq *q, const struct procq_process *only,
	       struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	pq_look_in_passing(q);
	if (pq_nameless(q))
		return -EIDRM;
	rc = only ? -EAGAIN : take_unfinished(q, out);
	if (rc == -EAGAIN)
		rc = take_in_turn(q, only, out);
	pq_pass_on(q, PROCQ_WAIT_READY);
	return rc;
}

/* Take out of order. The hint that stays behind is skipped as stale. If the
 * gap forbids to take a living one, a dead one may be taken all the same. */
static int take_any(struct procq *q, uint64_t producer, bool living,
		    struct procq_process *out)
{
	int rc = -EAGAIN, none = -EAGAIN;
	uint64_t word;

	while (rc == -EAGAIN) {
		int64_t slot = pq_take_find(q, producer, living, &word);

		if (slot < 0)
			return none;
		rc = take_and_describe(q, (uint32_t)slot, word, UINT64_MAX,
				       out);
		if (rc == -EBUSY && living) {
			living = false;
			none = -EBUSY;
			rc = -EAGAIN;
		}
	}
	return rc;
}

int procq_take_own(struct procq *q, struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : take_any(q, q->incarnation, true, out);
}

/* The hint of one that is not next stays behind, and is skipped as stale. */
static int take_this(struct procq *q, const struct procq_process *which,
		     struct procq_process *out)
{
	struct procq_process p;
	uint64_t word;
	int rc;

	if (which->slot >= q->seg->capacity)
		return -EAGAIN;
	/* Each round of another participant's making: it was marked, put back,
	 * or taken. */
	do {
		word = pq_load_word(q->seg, which->slot);
		if (pq_word_state(word) != PROCQ_STATE_QUEUED &&
		    pq_word_state(word) != PROCQ_STATE_EXITED)
			return -EAGAIN;
		/* What is read here counts if the CAS on the word succeeds. */
		pq_record_describe(q->seg, which->slot, word, &p);
		if (!is_same(which, &p))
			return -EAGAIN;
		rc = take_and_describe(q, which->slot, word, UINT64_MAX, &p);
	} while (rc == -EAGAIN);
	if (rc == 0)
		*out = p;
	return rc;
}

int procq_take_this(struct procq *q, const struct procq_process *which,
		    struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	if (!which || !out)
		return -EINVAL;
	rc = take_this(q, which, out);
	pq_pass_on(q, PROCQ_WAIT_READY);
	return rc;
}

int procq_take_exited(struct procq *q, struct procq_process *out)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : take_any(q, 0, false, out);
}

int procq_set_gap(struct procq *q, int64_t gap)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	if (gap < 0)
		return -EINVAL;
	q->gap = gap;
	if (gap > 0)
		atomic_store(&q->seg->header->gaps, 1);
	return 0;
}

int procq_gap(struct procq *q, int64_t *when, struct procq_process *first)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	return when && first ? pq_gap_look(q, when, first) : -EINVAL;
}

int procq_signal(struct procq *q, uint32_t slot, int signo, int alone)
{
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	q->skip_linger = false;
	q->pin_pause = 0;
	return pq_take_signal(q, slot, signo, alone);
}

int procq_collect(struct procq *q, struct procq_event *out)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : pq_take_collect(q, out);
}

int procq_hold(struct procq *q, uint32_t slot, int hold)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : pq_take_hold(q, slot, hold != 0);
}

uint32_t procq_in_flight(const struct procq *q)
{
	return q->flights.count;
}

int procq_give_back(struct procq *q, uint32_t slot)
{
	int rc = pq_usable_participant(q);

	return rc < 0 ? rc : pq_take_return(q, slot);
}
