/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wait.c - a participant's waits: for what, for how long, what it owes the
 * others after one, and what it shows them of itself in between.
 * Must not know how one sleeps and is woken (bell.c).
 */
#include <config.h>

#include <errno.h>
#include <time.h>

#include "bell.h"
#include "clock.h"
#include "handle.h"
#include "member.h"
#include "sweep.h"
#include "take.h"
#include "wait.h"

/* While deaths are awaited that perhaps no bell will tell. */
#define SHORT_SLICE (100 * PQ_MILLI)
/* Some clock ticks, as start times are counted in. */
#define ALIVE_PAUSE (30 * PQ_MILLI)

/* ---- signs of life ---- */

void pq_show_alive(struct procq *q)
{
	if (!q->children.count || pq_ident_kind() != PQ_IDENT_START)
		return;
	pq_member_show_alive(q->seg, q->place);
	if (pq_clock_life() - q->last_start > ALIVE_PAUSE)
		q->last_start = 0;
}

void pq_show_last_alive(struct procq *q)
{
	struct timespec ts = pq_timespec(ALIVE_PAUSE);

	/* Not where it has been shown already, nor where nothing need be. */
	if (!q->children.count || !q->last_start)
		return;
	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
	pq_show_alive(q);
}

/* ---- what others may wait for ---- */

/* Room, or an arrival? */
static bool stands(const struct procq *q, unsigned what)
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
	/* After the end of its watch: see bell.c. */
	atomic_thread_fence(memory_order_seq_cst);
	if (stands(q, what & PROCQ_WAIT_ROOM))
		pq_wake_room(q->seg);
	if (stands(q, what & PROCQ_WAIT_READY))
		pq_wake_arrival(q->seg);
}

/* ---- waiting ---- */

int64_t procq_now(void)
{
	return pq_now();
}

struct wish {
	struct procq *q;
	unsigned what;
};

static bool next_has_exited(struct procq *q)
{
	struct pq_hint hint;
	uint64_t word;

	return pq_take_next(q, &hint, &word) == 0 &&
	       pq_word_state(word) == PROCQ_STATE_EXITED;
}

/* Asked once more after the wish is shown, so that no wake-up is missed. */
static bool worth_looking(void *arg)
{
	const struct wish *wish = arg;
	struct procq *q = wish->q;

	if (atomic_load(&q->woken) || stands(q, wish->what))
		return true;
	if (wish->what & PROCQ_WAIT_EXITS && next_has_exited(q))
		return true;
	if (wish->what & PROCQ_WAIT_DEATH && pq_take_any_dead(q))
		return true;
	return wish->what & PROCQ_WAIT_CHILD &&
	       atomic_load(&q->seg->participants[q->place].asked);
}

/* Orphans' deaths are told by their pins alone: sleep on these, and hear the
 * bell late. */
static int sleep_on_pins(struct wish *wish, int64_t until)
{
	struct procq *q = wish->q;
	int rc = 0;

	pq_bell_show(q->seg, q->place, wish->what);
	if (!worth_looking(wish))
		rc = pq_flights_poll(&q->flights, until);
	if (pq_bell_hide(q->seg, q->place, wish->what, &q->owed) &&
	    rc == -ETIMEDOUT)
		rc = 0;
	return rc;
}

int procq_wait(struct procq *q, unsigned what, int64_t deadline)
{
	struct wish wish = { q, what };
	int rc = pq_usable_participant(q);
	int64_t slice, until;

	if (rc < 0)
		return rc;
	pq_pass_on(q, ~what);
	pq_show_alive(q);
	/* Whatever it sleeps for, it hears what only it can do. */
	if (q->children.count)
		wish.what |= PROCQ_WAIT_CHILD;
	slice = q->flights.count ? SHORT_SLICE : PROCQ_PATIENCE;
	if (q->last_start && q->children.count)
		slice = ALIVE_PAUSE;
	until = pq_now();
	if (q->look_late && q->look_after - until < slice)
		slice = q->look_after > until ? q->look_after - until : 0;
	until = deadline - until > slice ? until + slice : deadline;
	if (q->flights.orphans && what & PROCQ_WAIT_DEATH)
		rc = sleep_on_pins(&wish, until);
	else
		rc = pq_bell_wait(q->seg, q->place, wish.what,
				  q->skip_linger ? 0 : PQ_LINGER, until,
				  worth_looking, &wish, &q->owed);
	q->skip_linger = rc == -ETIMEDOUT;
	atomic_store(&q->woken, 0);
	pq_show_alive(q);
	if (rc != -ETIMEDOUT)
		return rc;
	pq_bell_relieve(q->seg, what);
	pq_sweep_sometimes(q->seg, PROCQ_PATIENCE);
	return until == deadline ? -ETIMEDOUT : 0;
}

void procq_wake(struct procq *q)
{
	/* One post is enough, however many signals come. */
	if (q && q->role != PROCQ_ROLE_ONLOOKER &&
	    !atomic_exchange(&q->woken, 1))
		sem_post(&q->seg->participants[q->place].bell);
}
