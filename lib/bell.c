/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * bell.c - waiting and waking: one process-shared semaphore a participant.
 * Must not decide anything: who wakes looks for itself.
 *
 * No wake-up is lost: a waiter shows its bit, then looks; a waker makes its
 * change, then looks for bits. Both are sequentially consistent, so one sees
 * the other. Whoever clears a waiter's bit owes it the post; if it is killed
 * in between, or the one it woke is, the others sleep to the end of their
 * slice, PROCQ_PATIENCE at most. No condition variable: one in shared memory
 * hangs after a waiter was killed.
 *
 * One looks for many: of those who wait for room, or for an arrival, one at a
 * time is the lookout while it lingers; if anybody sleeps already, the others
 * do so at once. While there is one, nobody is woken. It owes for that: when it
 * has taken its own, and before it does anything else, it wakes others for what
 * still stands. So does who was woken, for that may have been for many. That
 * loses no wake-up either: a waker makes its change, then looks for the
 * lookout; that ends its watch, then looks. If it is killed or stopped on its
 * watch, or owing, the others sleep to the end of their slice, and relieve it.
 */
#include <config.h>

#include <errno.h>
#include <sched.h>
#include <time.h>

#include "bell.h"
#include "clock.h"

/* How often others are let run before a sleep, at least. */
#define LINGER_TURNS 8

/* More posts than any participant ever gets unheard: damage. */
#define POSTS_MAX (4u * PROCQ_PARTICIPANTS_MAX)

bool pq_bell_empty(sem_t *bell)
{
	unsigned posts = 0;

	while (posts < POSTS_MAX && sem_trywait(bell) == 0)
		posts++;
	return posts > 0;
}

static void set_bit(struct pq_waiters *waiters, unsigned place)
{
	atomic_fetch_or(&waiters->bits[place / 64],
			UINT64_C(1) << (place % 64));
}

/* True: it was this call that cleared it. */
static bool clear_bit(struct pq_waiters *waiters, unsigned place)
{
	uint64_t bit = UINT64_C(1) << (place % 64);

	return atomic_fetch_and(&waiters->bits[place / 64], ~bit) & bit;
}

/* ---- ringing ---- */

/* True: there was one to wake. */
static bool wake_one(struct pq_segment *seg, struct pq_waiters *waiters)
{
	for (unsigned w = 0; w < PROCQ_PARTICIPANTS_MAX / 64; w++) {
		uint64_t bits;

		while ((bits = atomic_load_explicit(&waiters->bits[w],
						    memory_order_relaxed))) {
			unsigned place = w * 64 +
					 (unsigned)__builtin_ctzll(bits);

			if (clear_bit(waiters, place)) {
				sem_post(&seg->participants[place].bell);
				return true;
			}
		}
	}
	return false;
}

/* One of those who wait for the same, if nobody looks out for them. */
static void wake(struct pq_segment *seg, struct pq_waiters *waiters)
{
	/* After the change that this is about. */
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
	/* Who was woken may wait again meanwhile: not for ever. */
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

	/* The owner in a damaged word is nobody. */
	if (place >= PROCQ_PARTICIPANTS_MAX)
		return;
	waiter = &seg->participants[place];
	atomic_thread_fence(memory_order_seq_cst);
	if (!(atomic_load_explicit(&waiter->wants, memory_order_relaxed) &
	      wants))
		return;
	if (atomic_fetch_and(&waiter->wants, ~wants) & wants)
		sem_post(&waiter->bell);
}

/* ---- the lookout ---- */

static bool take_watch(struct pq_waiters *waiters, unsigned place)
{
	uint64_t lookout = 0;

	/* One that sat in this place before may have been killed on it. */
	return atomic_compare_exchange_strong(&waiters->lookout, &lookout,
					      place + 1) ||
	       lookout == place + 1;
}

/* If it has been relieved, the watch may be another's. */
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

	/* By its bit, whether the post has been heard or not. */
	if (wants & PROCQ_WAIT_ROOM && !clear_bit(&seg->header->room, place))
		woken |= PROCQ_WAIT_ROOM;
	if (wants & PROCQ_WAIT_READY &&
	    !clear_bit(&seg->header->arrivals, place))
		woken |= PROCQ_WAIT_READY;
	*owed |= woken;
	if (wants & PROCQ_WAIT_EXITS && !clear_bit(&seg->header->exits, place))
		woken |= PROCQ_WAIT_EXITS;
	atomic_store(&me->wants, 0);
	/* Whatever was posted says "look", which the caller does next. */
	return pq_bell_empty(&me->bell) || woken;
}

void pq_bell_hide_dead(struct pq_segment *seg, unsigned place)
{
	/* Wants stays: the place may have a new tenant already, and whoever
	 * sits down empties it. A new tenant's bit that is cleared here costs
	 * it one slice of sleep. */
	clear_bit(&seg->header->room, place);
	clear_bit(&seg->header->arrivals, place);
	clear_bit(&seg->header->exits, place);
	leave_watch(&seg->header->room, place);
	leave_watch(&seg->header->arrivals, place);
}

static int sleep_on(sem_t *bell, int64_t deadline)
{
	struct timespec ts;
	int rc;

#if PQ_USE_SEM_CLOCKWAIT
	ts = pq_timespec(deadline);
	rc = sem_clockwait(bell, CLOCK_MONOTONIC, &ts);
#else
	/* The wall clock may be set meanwhile; slices are short, and the
	 * caller counts by the monotonic clock. */
	int64_t left = deadline - pq_now();

	ts = pq_timespec(pq_clock_wall() + (left > 0 ? left : 0));
	rc = sem_timedwait(bell, &ts);
#endif
	return rc == 0 ? 0 : -errno;
}

/* What is waited for is often only a moment away: to sleep and to be woken
 * costs both sides more than to let others run a few times. */
static bool linger(int64_t time, int64_t deadline, bool (*worth)(void *),
		   void *arg)
{
	int64_t now = pq_now();
	int64_t end = deadline - now > time ? now + time : deadline;

	for (int i = 0; i < LINGER_TURNS || pq_now() < end; i++) {
		if (worth(arg))
			return true;
		sched_yield();
	}
	return false;
}

/* Does anybody sleep for it? A guess, of which no more depends than a few
 * turns, or an early sleep. */
static bool asleep(const struct pq_waiters *waiters)
{
	for (unsigned w = 0; w < PROCQ_PARTICIPANTS_MAX / 64; w++)
		if (atomic_load_explicit(&waiters->bits[w],
					 memory_order_relaxed))
			return true;
	return false;
}

/* Linger, on the lookout if something is wanted that others wait for, too. If
 * one of them is, as somebody who has yet to begin his wait: nobody relies on
 * it, and it owes nothing; and not at all if another sleeps already, who is to
 * be woken first when there is more to do. */
static bool look_out(struct pq_segment *seg, unsigned place, unsigned wants,
		     int64_t time, int64_t deadline, bool (*worth)(void *),
		     void *arg, unsigned *owed)
{
	unsigned watches = 0;
	bool found;

	if (wants & PROCQ_WAIT_ROOM && take_watch(&seg->header->room, place))
		watches |= PROCQ_WAIT_ROOM;
	if (wants & PROCQ_WAIT_READY &&
	    take_watch(&seg->header->arrivals, place))
		watches |= PROCQ_WAIT_READY;
	if (!watches &&
	    ((wants & PROCQ_WAIT_ROOM && asleep(&seg->header->room)) ||
	     (wants & PROCQ_WAIT_READY && asleep(&seg->header->arrivals))))
		return false;
	*owed |= watches;
	found = linger(time, deadline, worth, arg);
	/* Ended before the last look, which comes after a fence: here, in
	 * pq_bell_show(); where something was found, before it is passed on. */
	if (watches & PROCQ_WAIT_ROOM)
		leave_watch(&seg->header->room, place);
	if (watches & PROCQ_WAIT_READY)
		leave_watch(&seg->header->arrivals, place);
	return found;
}

int pq_bell_wait(struct pq_segment *seg, unsigned place, unsigned wants,
		 int64_t time, int64_t deadline, bool (*worth)(void *),
		 void *arg, unsigned *owed)
{
	int rc = 0;

	if (look_out(seg, place, wants, time, deadline, worth, arg, owed)) {
		/* Who has woken for this must not end the next wait, too. */
		pq_bell_empty(&seg->participants[place].bell);
		return 0;
	}
	pq_bell_show(seg, place, wants);
	if (!worth(arg))
		rc = sleep_on(&seg->participants[place].bell, deadline);
	if (pq_bell_hide(seg, place, wants, owed) && rc == -ETIMEDOUT)
		rc = 0;
	return rc;
}
