/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * bell.c - waiting and waking: a process-shared semaphore for each participant.
 * Must not decide anything: a woken waiter looks for itself.
 *
 * Why no wake-up is lost (model/bell.pml):
 *
 * 1. A waiter sets its bit, then looks once more, then sleeps. A waker makes
 *    its change, then looks for bits, clears one, and posts that waiter's
 *    semaphore. Between the first two steps of either is a sequentially
 *    consistent fence, so one of them sees the other: the waker finds the bit,
 *    or the waiter finds the change and does not sleep.
 *
 * 2. A waker that finds a lookout wakes no waiter. It makes its change, then,
 *    behind a fence, looks for the lookout. The lookout ends its watch, then,
 *    behind a fence, looks for changes: before it sleeps, as in 1., and before
 *    it passes on, as in 3. So if the waker has found it on its watch, the
 *    lookout finds the change.
 *
 * 3. One wake-up, or the one lookout, may stand for many changes. So the
 *    lookout owes, and so does a waiter whose bit a waker has cleared, even if
 *    something else has ended its sleep. It takes its share; then, before it
 *    waits for another event or leaves, it looks whether something is left,
 *    and wakes the next waiter if so (pq_pass_on()). That one owes in its turn.
 *
 * 4. A participant may be killed or stopped after it cleared a bit and before
 *    it posts, on its watch, or while it owes. Then the others sleep on, but
 *    every sleep is a slice of PROCQ_PATIENCE at most. A waiter whose slice
 *    ends relieves the lookout. If the lookout is alive after all, waiters are
 *    woken beside it, and it still owes: that costs some wake-ups, no more.
 *
 * 5. Wakers take turns, so that of N waiters none starves. For PQ_TURN, the
 *    same waiter is woken again and again, if it waits: so a busy pair need not
 *    hand over with each event. Then the search begins behind it. A lookout
 *    whose turn is over does not linger while others sleep, but sleeps, too:
 *    otherwise it would find everything, and none would be woken.
 *
 * Posts may be late: they end a later wait too early, which does no harm.
 * There is no condition variable here: one in shared memory may hang for ever
 * once a waiter was killed.
 */
#include <config.h>

#include <errno.h>
#include <sched.h>
#include <time.h>

#include "bell.h"
#include "clock.h"
#include "probe.h"
#include "sem.h"

/* How often a waiter looks before it sleeps, at least. */
#define LINGER_TURNS 8

/* How long a turn lasts, in us: see 5. */
#ifndef PQ_TURN
# define PQ_TURN 4000
#endif

/* If a bell has more posts than participants can leave on it, it is damaged. */
#define POSTS_MAX (4u * PROCQ_PARTICIPANTS_MAX)

bool pq_bell_empty(pq_sem *bell)
{
	unsigned posts = 0;

	while (posts < POSTS_MAX && pq_sem_try(bell))
		posts++;
	return posts > 0;
}

static void set_bit(struct pq_waiters *waiters, unsigned place)
{
	atomic_fetch_or(&waiters->bits[place / 64],
			UINT64_C(1) << (place % 64));
}

/* True: the bit was set, and this call has cleared it. */
static bool clear_bit(struct pq_waiters *waiters, unsigned place)
{
	uint64_t bit = UINT64_C(1) << (place % 64);

	return atomic_fetch_and(&waiters->bits[place / 64], ~bit) & bit;
}

/* ---- waking ---- */

#define WORDS (PROCQ_PARTICIPANTS_MAX / 64u)

/* Does any waiter sleep? A guess: if it is wrong, the caller looks a few times
 * too often, or sleeps too early. */
static bool asleep(const struct pq_waiters *waiters)
{
	for (unsigned w = 0; w < WORDS; w++)
		if (atomic_load_explicit(&waiters->bits[w],
					 memory_order_relaxed))
			return true;
	return false;
}

static uint64_t micros(void)
{
	return (uint64_t)pq_now() / 1000;
}

/* Is the turn over, and does a waiter sleep whose turn may be next? */
static bool has_next(const struct pq_waiters *waiters)
{
	uint64_t turn;

	if (!asleep(waiters))
		return false;
	turn = atomic_load_explicit(&waiters->turn, memory_order_relaxed);
	return pq_turn_age(turn, micros()) >= PQ_TURN;
}

/* Find a waiter, from this place on and round, and clear its bit. -1: there is
 * none. */
static int choose(struct pq_waiters *waiters, unsigned from)
{
	/* The bits of the first word that are below come last. */
	for (unsigned n = 0; n <= WORDS; n++) {
		unsigned w = (from / 64 + n) % WORDS;
		uint64_t mask = ~UINT64_C(0) << from % 64, bits;

		if (n > 0)
			mask = n < WORDS ? ~UINT64_C(0) : ~mask;
		while ((bits = mask & atomic_load_explicit(
				&waiters->bits[w], memory_order_relaxed))) {
			unsigned place = w * 64 +
					 (unsigned)__builtin_ctzll(bits);

			if (clear_bit(waiters, place))
				return (int)place;
		}
	}
	return -1;
}

/* False: there is none to wake. */
static bool wake_one(struct pq_segment *seg, struct pq_waiters *waiters)
{
	uint64_t now, turn;
	bool over;
	int place;

	if (!asleep(waiters))
		return false;
	now = micros();
	turn = atomic_load_explicit(&waiters->turn, memory_order_relaxed);
	over = pq_turn_age(turn, now) >= PQ_TURN;
	place = choose(waiters, (pq_turn_place(turn) + over) %
					PROCQ_PARTICIPANTS_MAX);
	if (place < 0)
		return false;
	if (over || (unsigned)place != pq_turn_place(turn))
		atomic_store_explicit(&waiters->turn,
				      pq_turn((unsigned)place, now),
				      memory_order_relaxed);
	pq_sem_post(&seg->participants[place].bell);
	return true;
}

/* One waiter, if there is no lookout. */
static void wake(struct pq_segment *seg, struct pq_waiters *waiters)
{
	/* After the caller's change. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&waiters->lookout, memory_order_relaxed))
		wake_one(seg, waiters);
}

void pq_wake_room(struct pq_segment *seg)
{
	wake(seg, &seg->header->room);
}

void pq_wake_arrival(struct pq_segment *seg)
{
	wake(seg, &seg->header->arrivals);
}

static void wake_all(struct pq_segment *seg, struct pq_waiters *waiters)
{
	atomic_thread_fence(memory_order_seq_cst);
	/* Bounded: those that were woken may wait again meanwhile. */
	for (int n = 0; n < PROCQ_PARTICIPANTS_MAX; n++)
		if (!wake_one(seg, waiters))
			return;
}

void pq_wake_all_arrivals(struct pq_segment *seg)
{
	wake_all(seg, &seg->header->arrivals);
}

void pq_wake_all_exits(struct pq_segment *seg)
{
	wake_all(seg, &seg->header->exits);
}

void pq_wake(struct pq_segment *seg, unsigned place, unsigned wants)
{
	struct pq_participant *waiter;

	/* A damaged word may have any owner. */
	if (place >= PROCQ_PARTICIPANTS_MAX)
		return;
	waiter = &seg->participants[place];
	atomic_thread_fence(memory_order_seq_cst);
	if (!(atomic_load_explicit(&waiter->wants, memory_order_relaxed) &
	      wants))
		return;
	if (atomic_fetch_and(&waiter->wants, ~wants) & wants)
		pq_sem_post(&waiter->bell);
}

/* ---- the lookout ---- */

static bool take_watch(struct pq_waiters *waiters, unsigned place)
{
	uint64_t lookout = 0;

	/* The one before in this place may have been killed on its watch. */
	return atomic_compare_exchange_strong(&waiters->lookout, &lookout,
					      place + 1) ||
	       lookout == place + 1;
}

/* If this participant was relieved, the watch may be another's by now. */
static void leave_watch(struct pq_waiters *waiters, unsigned place)
{
	uint64_t me = place + 1;

	atomic_compare_exchange_strong(&waiters->lookout, &me, 0);
}

static void relieve(struct pq_waiters *waiters)
{
	if (atomic_load_explicit(&waiters->lookout, memory_order_relaxed))
		atomic_store(&waiters->lookout, 0);
}

void pq_bell_relieve(struct pq_segment *seg, unsigned wants)
{
	if (wants & PROCQ_WAIT_ROOM)
		relieve(&seg->header->room);
	if (wants & PROCQ_WAIT_READY)
		relieve(&seg->header->arrivals);
}

/* ---- waiting ---- */

void pq_bell_show(struct pq_segment *seg, unsigned place, unsigned wants)
{
	atomic_store(&seg->participants[place].wants, wants);
	if (wants & PROCQ_WAIT_ROOM)
		set_bit(&seg->header->room, place);
	if (wants & PROCQ_WAIT_READY)
		set_bit(&seg->header->arrivals, place);
	if (wants & PROCQ_WAIT_EXITS)
		set_bit(&seg->header->exits, place);
	atomic_thread_fence(memory_order_seq_cst);
}

bool pq_bell_hide(struct pq_segment *seg, unsigned place, unsigned wants,
		  unsigned *owed)
{
	struct pq_participant *me = &seg->participants[place];
	unsigned woken = 0;

	/* Woken is a waiter whose bit is gone, even if the post is yet to
	 * come. */
	if (wants & PROCQ_WAIT_ROOM && !clear_bit(&seg->header->room, place))
		woken |= PROCQ_WAIT_ROOM;
	if (wants & PROCQ_WAIT_READY &&
	    !clear_bit(&seg->header->arrivals, place))
		woken |= PROCQ_WAIT_READY;
	*owed |= woken;
	if (wants & PROCQ_WAIT_EXITS && !clear_bit(&seg->header->exits, place))
		woken |= PROCQ_WAIT_EXITS;
	atomic_store(&me->wants, 0);
	/* A post means "look again", which the caller does next. */
	return pq_bell_empty(&me->bell) || woken;
}

void pq_bell_hide_dead(struct pq_segment *seg, unsigned place)
{
	/* The place may have a new tenant already. So wants stays, which the
	 * new tenant empties. If this clears its bit, it sleeps one slice too
	 * long. */
	clear_bit(&seg->header->room, place);
	clear_bit(&seg->header->arrivals, place);
	clear_bit(&seg->header->exits, place);
	leave_watch(&seg->header->room, place);
	leave_watch(&seg->header->arrivals, place);
}

/* Often the event is only a moment away. To sleep and to be woken costs both
 * sides more than to let others run a few times. */
static bool linger(const struct pq_wait *wait)
{
	int64_t now = pq_now(), end = wait->deadline;

	if (end - now > wait->linger)
		end = now + wait->linger;
	for (int i = 0; i < LINGER_TURNS || pq_now() < end; i++) {
		if (wait->worth(wait))
			return true;
		sched_yield();
	}
	return false;
}

/* Linger: as the lookout for each event that has none. If a turn is over, give
 * way to the waiters that sleep, and sleep as well. If another participant
 * is the lookout for all that is wanted, linger without being it, and owe
 * nothing; but if any waiter sleeps for that already, don't linger: it is the
 * one to be woken first. */
static bool look_out(struct pq_segment *seg, const struct pq_wait *wait)
{
	unsigned wants = wait->wants, watches = 0;
	bool found;

	if ((wants & PROCQ_WAIT_ROOM && has_next(&seg->header->room)) ||
	    (wants & PROCQ_WAIT_READY && has_next(&seg->header->arrivals))) {
		/* A watch of the one before in this place, see take_watch(). */
		leave_watch(&seg->header->room, wait->place);
		leave_watch(&seg->header->arrivals, wait->place);
		return false;
	}
	if (wants & PROCQ_WAIT_ROOM &&
	    take_watch(&seg->header->room, wait->place))
		watches |= PROCQ_WAIT_ROOM;
	if (wants & PROCQ_WAIT_READY &&
	    take_watch(&seg->header->arrivals, wait->place))
		watches |= PROCQ_WAIT_READY;
	if (!watches &&
	    ((wants & PROCQ_WAIT_ROOM && asleep(&seg->header->room)) ||
	     (wants & PROCQ_WAIT_READY && asleep(&seg->header->arrivals))))
		return false;
	*wait->owed |= watches;
	found = linger(wait);
	/* The watch ends before the last look, which comes behind a fence: that
	 * of pq_bell_show(), or, if something was found, of pq_pass_on(). */
	if (watches & PROCQ_WAIT_ROOM)
		leave_watch(&seg->header->room, wait->place);
	if (watches & PROCQ_WAIT_READY)
		leave_watch(&seg->header->arrivals, wait->place);
	return found;
}

int pq_bell_wait(struct pq_segment *seg, const struct pq_wait *wait)
{
	pq_sem *bell = &seg->participants[wait->place].bell;
	int rc = 0;

	if (look_out(seg, wait)) {
		/* A post for what was found must not end the next wait, too. */
		pq_bell_empty(bell);
		return 0;
	}
	pq_bell_show(seg, wait->place, wait->wants);
	if (!wait->worth(wait)) {
		PQ_PROBE2(park, wait->place, wait->wants);
		rc = pq_sem_wait(bell, wait->deadline);
		PQ_PROBE3(wake, wait->place, wait->wants, rc);
	}
	if (pq_bell_hide(seg, wait->place, wait->wants, wait->owed) &&
	    rc == -ETIMEDOUT)
		rc = 0;
	return rc;
}
