/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wait.c - a participant's waits: for what, for how long, what it owes the
 * others after one, and what it shows them of itself in between.
 * Must not know how a participant sleeps and is woken (bell.c).
 */
#include <config.h>

#include <errno.h>
#include <time.h>

#include "bell.h"
#include "clock.h"
#include "handle.h"
#include "lock.h"
#include "member.h"
#include "sweep.h"
#include "take.h"
#include "wait.h"

/* The longest sleep while it awaits deaths that perhaps no waker reports. */
#define SHORT_SLICE (100 * PQ_MILLI)
/* Some clock ticks, the unit of start times. */
#define ALIVE_PAUSE (30 * PQ_MILLI)

/* ---- signs of life ---- */

void pq_show_alive(struct procq *q)
{
	if (!q->children.count || pq_ident_kind() != PQ_IDENT_START ||
	    !pq_seated(q))
		return;
	pq_member_show_alive(q->seg, q->place);
	if (pq_clock_life() - q->last_start > ALIVE_PAUSE)
		q->last_start = 0;
}

void pq_show_last_alive(struct procq *q)
{
	struct timespec ts = pq_timespec(ALIVE_PAUSE);

	/* Not if there is nothing to show, or if it has been shown. */
	if (!q->children.count || !q->last_start)
		return;
	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
	pq_show_alive(q);
}

/* ---- what others may wait for ---- */

/* Is there room, or an arrival? */
static bool is_there(const struct procq *q, unsigned what)
{
	struct pq_hint hint;

	if (what & PROCQ_WAIT_READY && pq_ring_peek(&q->seg->ready, &hint))
		return true;
	return what & PROCQ_WAIT_ROOM && pq_ring_peek(&q->seg->free, &hint) &&
	       !atomic_load(&q->seg->header->closed);
}

void pq_pass_on(struct procq *q, unsigned what)
{
	what &= q->owed;
	if (!what)
		return;
	q->owed &= ~what;
	/* A fence between the end of its watch and this look: see bell.c. */
	atomic_thread_fence(memory_order_seq_cst);
	if (is_there(q, what & PROCQ_WAIT_ROOM))
		pq_wake_room(q->seg);
	if (is_there(q, what & PROCQ_WAIT_READY))
		pq_wake_arrival(q->seg);
}

/* ---- waiting ---- */

int64_t procq_now(void)
{
	return pq_now();
}

static bool next_has_exited(struct procq *q)
{
	struct pq_hint hint;
	uint64_t word;

	return pq_take_next(q, &hint, &word) == 0 &&
	       pq_word_state(word) == PROCQ_STATE_EXITED;
}

/* Asked once more when wants is shown, so no wake-up is missed. */
static bool worth_looking(const struct pq_wait *wait)
{
	struct procq *q = wait->arg;

	if (atomic_load(&q->woken) || is_there(q, wait->wants))
		return true;
	if (wait->wants & PROCQ_WAIT_EXITS && next_has_exited(q))
		return true;
	if (wait->wants & PROCQ_WAIT_DEATH && pq_take_any_dead(q))
		return true;
	return wait->wants & PROCQ_WAIT_CHILD &&
	       atomic_load(&q->seg->participants[q->place].asked);
}

/* No waker reports the death of an orphan, only its pin does. So sleep on the
 * pins; the bell is heard at the end of the slice. */
static int sleep_on_pins(struct procq *q, const struct pq_wait *wait)
{
	int rc = 0;

	pq_bell_show(q->seg, wait->place, wait->wants);
	if (!worth_looking(wait))
		rc = pq_flights_poll(&q->flights, wait->deadline);
	if (pq_bell_hide(q->seg, wait->place, wait->wants, wait->owed) &&
	    rc == -ETIMEDOUT)
		rc = 0;
	return rc;
}

/* The end of the slice of sleep that begins now: at the deadline, or when
 * something is to be looked at that no waker reports. */
static int64_t end_of_slice(const struct procq *q, int64_t deadline)
{
	int64_t slice = q->flights.count ? SHORT_SLICE : PROCQ_PATIENCE;
	int64_t now = pq_now();

	if (q->last_start && q->children.count)
		slice = ALIVE_PAUSE;
	if (q->look_late && q->look_after - now < slice)
		slice = q->look_after > now ? q->look_after - now : 0;
	return deadline - now > slice ? now + slice : deadline;
}

int procq_wait(struct procq *q, unsigned what, int64_t deadline)
{
	struct pq_wait wait = { .wants = what, .worth = worth_looking,
				.arg = q };
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	/* No reading of the clock is before 0; neither is a time to sleep
	 * until, nor does the rest of this reckon with one. */
	if (deadline < 0)
		deadline = 0;
	pq_pass_on(q, ~what);
	pq_show_alive(q);
	wait.place = q->place;
	/* Only the parent can do what a taker asks of it, so it is woken for
	 * that, whatever it waits for. */
	if (q->children.count)
		wait.wants |= PROCQ_WAIT_CHILD;
	wait.linger = q->skip_linger ? 0 : PQ_LINGER;
	wait.deadline = end_of_slice(q, deadline);
	wait.owed = &q->owed;
	if (q->flights.orphans && what & PROCQ_WAIT_DEATH)
		rc = sleep_on_pins(q, &wait);
	else
		rc = pq_bell_wait(q->seg, &wait);
	q->skip_linger = rc == -ETIMEDOUT;
	atomic_store(&q->woken, 0);
	pq_show_alive(q);
	if (rc != -ETIMEDOUT)
		return rc;
	/* The host program has closed the descriptor of the lock byte: others
	 * take this participant for dead, or will. */
	q->lost = q->lost || !pq_locks_here(q->seg);
	if (!pq_seated(q))
		return -ESTALE;
	pq_bell_relieve(q->seg, what);
	pq_sweep_sometimes(q->seg, PROCQ_PATIENCE);
	return wait.deadline == deadline ? -ETIMEDOUT : 0;
}

void procq_wake(struct procq *q)
{
	/* One post is enough, however many signals come. */
	if (q && q->role != PROCQ_ROLE_ONLOOKER &&
	    !atomic_exchange(&q->woken, 1))
		sem_post(&q->seg->participants[q->place].bell);
}
