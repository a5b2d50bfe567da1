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
#include "collect.h"
#include "handle.h"
#include "lock.h"
#include "member.h"
#include "probe.h"
#include "ration.h"
#include "segment.h"
#include "sem.h"
#include "sweep.h"
#include "take.h"
#include "term.h"
#include "wait.h"

/* The longest sleep while it awaits deaths that perhaps no waker reports. */
#define SHORT_SLICE (100 * PQ_MILLI)
/* No waker reports the death of an orphan, or of a group's last. Between two
 * looks at the pins it sleeps on its bell, each time twice as long as the last.
 */
#define PIN_PAUSE_MIN PQ_MILLI
#define PIN_PAUSE_MAX (10 * PQ_MILLI)
/* Some clock ticks, the unit of start times. */
#define ALIVE_PAUSE (30 * PQ_MILLI)
/* In a flood no wait times out. Then the dead are looked for in passing, so
 * that they are swept within a second. */
#define PASSING (PQ_SECOND / 2)

/* ---- signs of life ---- */

void pq_show_alive(struct procq *q)
{
	if (!q->children.count || q->ident_kind != PQ_IDENT_START ||
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

void pq_look_in_passing(struct procq *q)
{
	pq_sweep_sometimes(q->seg, PASSING, &q->woken);
}

/* ---- the object's name ---- */

bool pq_nameless(struct procq *q)
{
	int64_t now;

	if (q->nameless)
		return true;
	now = pq_now();
	if (now - q->name_looked < PROCQ_PATIENCE)
		return false;
	q->name_looked = now;
	q->nameless = pq_segment_nameless(q->seg);
	return q->nameless;
}

/* ---- waiting ---- */

int64_t procq_now(void)
{
	return pq_now();
}

int64_t procq_life(void)
{
	return pq_clock_life();
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
	if (wait->wants & PROCQ_WAIT_STOP &&
	    atomic_load(&q->seg->header->closed) == PROCQ_STOPPED)
		return true;
	if (wait->wants & PROCQ_WAIT_EXITS && next_has_exited(q))
		return true;
	if (wait->wants & PROCQ_WAIT_DEATH && pq_take_any_dead(q))
		return true;
	if (wait->wants & PROCQ_WAIT_PERMIT && pq_ration_usable(q->seg))
		return true;
	return wait->wants & PROCQ_WAIT_CHILD &&
	       atomic_load(&q->seg->participants[q->place].asked);
}

/* Nothing is awaited but deaths of orphans, which only their pins show. So
 * sleep on the pins; the bell is heard at the end of the pause. */
static bool only_pins(const struct procq *q, unsigned what)
{
	return what == PROCQ_WAIT_DEATH && !q->children.count &&
	       q->flights.count == q->flights.orphans;
}

static int sleep_on_pins(struct procq *q, const struct pq_wait *wait)
{
	int rc = 0;

	pq_bell_show(q->seg, wait->place, wait->wants);
	if (!worth_looking(wait)) {
		PQ_PROBE2(park, wait->place, wait->wants);
		rc = pq_flights_poll(&q->flights, wait->deadline);
		PQ_PROBE3(wake, wait->place, wait->wants, rc);
	}
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
	int64_t left = pq_term_left(q->seg), now = pq_now();

	/* Its end is enforced when it comes. */
	if (left > 0 && left < slice)
		slice = left;

	if (q->last_start && q->children.count)
		slice = ALIVE_PAUSE;
	if (q->look_late && q->look_after - now < slice)
		slice = q->look_after > now ? q->look_after - now : 0;
	return deadline - now > slice ? now + slice : deadline;
}

/* The same, with an orphan in flight, or others left of a group. */
static int64_t end_of_pause(struct procq *q, int64_t end)
{
	int64_t now = pq_now();

	if (q->pin_pause < PIN_PAUSE_MIN)
		q->pin_pause = PIN_PAUSE_MIN;
	return end - now > q->pin_pause ? now + q->pin_pause : end;
}

/* It was not woken. Has it slept for so long that the lookout may be dead? */
static bool slept_long(struct procq *q, bool pins)
{
	if (pins) {
		q->vain += q->pin_pause;
		q->pin_pause *= 2;
		if (q->pin_pause > PIN_PAUSE_MAX)
			q->pin_pause = PIN_PAUSE_MAX;
		if (q->vain < PROCQ_PATIENCE)
			return false;
	}
	q->vain = 0;
	return true;
}

/* When the sleep is over. */
static int end_wait(struct procq *q, unsigned what, bool pins, int rc)
{
	q->skip_linger = rc == -ETIMEDOUT;
	atomic_store(&q->woken, 0);
	pq_show_alive(q);
	if (rc != -ETIMEDOUT) {
		q->pin_pause = q->vain = 0;
		pq_look_in_passing(q);
		return rc;
	}
	/* The host program has closed the descriptor of the lock byte: others
	 * take this participant for dead, or will. */
	q->lost = q->lost || !pq_locks_here(q->seg);
	if (!pq_seated(q))
		return -ESTALE;
	if (slept_long(q, pins))
		pq_bell_relieve(q->seg, what);
	pq_sweep_sometimes(q->seg, PROCQ_PATIENCE, &q->woken);
	return rc;
}

int procq_wait(struct procq *q, unsigned what, int64_t deadline)
{
	bool pins, known;
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
	pins = (q->flights.orphans || q->flights.lefts) &&
	       what & PROCQ_WAIT_DEATH;
	if (pins)
		wait.deadline = end_of_pause(q, wait.deadline);
	if (pins && only_pins(q, what))
		rc = sleep_on_pins(q, &wait);
	else
		rc = pq_bell_wait(q->seg, &wait);
	rc = end_wait(q, what, pins, rc);
	/* Said once at once, then after each sleep in vain: so a caller that
	 * waits for what it still has does not spin. */
	known = q->nameless;
	if (pq_nameless(q) && (!known || rc == -ETIMEDOUT))
		return -EIDRM;
	return rc == -ETIMEDOUT && wait.deadline != deadline ? 0 : rc;
}

void procq_wake(struct procq *q)
{
	/* One post is enough, however many signals come. */
	if (q && q->role != PROCQ_ROLE_ONLOOKER &&
	    !atomic_exchange(&q->woken, 1))
		pq_sem_post(&q->seg->participants[q->place].bell);
}
