/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bell.pml - sleeping until there is something to do.
 *
 * Concern: does anybody sleep on although what he waits for is there? With
 * nobody killed the bound of a wait must never be needed; with somebody killed
 * or stopped it must be enough. And a semaphore must not hoard posts that make
 * a later wait spin.
 *
 * Not here: what the work is. A unit is there or not; who takes one has it.
 *
 * WAITERS participants wait for kind 0, of which the last one, with BOTH, also
 * waits for kind 1; each does ROUNDS units and leaves. RINGERS bring UNITS
 * units of kind 0 each, and with BOTH one of kind 1. CRASHES kills of either;
 * EARLY times a wait ends before its time (a signal, or the bound itself at
 * the worst moment). NOBOUND: waits without a bound.
 *
 * Served: whatever happens, it does not stay so that a living waiter sleeps
 * while a unit of his kind is there.
 *
 * Mutants: NOLOOK RINGFIRST POSTFIRST NODRAIN; NOBOUND with a kill, or LEAVER.
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef RINGERS
#define RINGERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef UNITS
#define UNITS 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef EARLY
#define EARLY 0
#endif
#ifdef BOTH
#define KINDS 2
#define WANTS(w, k) ((k) == 0 || (w) == WAITERS - 1)
#else
#define KINDS 1
#define WANTS(w, k) ((k) == 0)
#endif

byte work[2];
bit waits[2 * WAITERS];		/* the bitmap: kind * WAITERS + waiter */
byte sem[WAITERS];
bit asleep[WAITERS];		/* ghost */
byte crashes, early;

#define IDLE(w) (asleep[w] && sem[w] == 0 && \
	(work[0] > 0 && WANTS(w, 0) || work[1] > 0 && WANTS(w, 1)))
#if WAITERS > 2
#define WRONG (IDLE(0) || IDLE(1) || IDLE(2))
#else
#define WRONG (IDLE(0) || IDLE(1))
#endif

#ifndef SAFETY_ONLY
ltl served { []<>!WRONG }
#endif

#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> crashes++; goto over \
	fi

inline set(v)
{
	/* one atomic operation a kind */
	waits[me] = v;
#ifdef BOTH
	if :: WANTS(me, 1) -> waits[WAITERS + me] = v :: else fi
#endif
}

proctype Waiter(byte me)
{
	byte n;

	do
	:: (n == ROUNDS) -> break
	:: atomic {
		(n < ROUNDS && work[0] > 0) -> work[0]--; n++
	   }
#ifdef BOTH
	:: atomic {
		(n < ROUNDS && WANTS(me, 1) && work[1] > 0) -> work[1]--; n++
	   }
#endif
	:: (n < ROUNDS && !(work[0] > 0 || WANTS(me, 1) && work[1] > 0)) ->
#ifndef NODRAIN
		sem[me] = 0;	/* what earlier waits have left */
#endif
		MAYDIE;
		set(1);
		MAYDIE;
#ifndef NOLOOK
		if
		:: (work[0] > 0 || WANTS(me, 1) && work[1] > 0) -> goto awake
		:: else
		fi;
#endif
		MAYDIE;
		asleep[me] = 1;
end:		if
		:: atomic { (sem[me] > 0) -> sem[me]--; asleep[me] = 0 }
#ifndef NOBOUND
		:: atomic { timeout -> asleep[me] = 0 }
#endif
		:: atomic { (early < EARLY) -> early++; asleep[me] = 0 }
		:: atomic {
			(crashes < CRASHES) ->
			crashes++; asleep[me] = 0;
			goto over
		   }
		fi;
		MAYDIE;
#ifdef LEAVER
		if :: skip :: (me == 0) -> set(0); goto over fi;
#endif
awake:		set(0)
	od;
over:	n = 0
}

inline ring(k)
{
	do
	:: (i == WAITERS) -> break
	:: (i < WAITERS && !waits[(k) * WAITERS + i]) -> i++
	:: (i < WAITERS && waits[(k) * WAITERS + i]) ->
		MAYDIE;
#ifdef POSTFIRST
		sem[i]++;
		MAYDIE;
		waits[(k) * WAITERS + i] = 0;
		break
#else
		d_step {
			ok = waits[(k) * WAITERS + i];
			waits[(k) * WAITERS + i] = 0
		};
		MAYDIE;
		if
		:: ok ->
			sem[i]++;
			assert(sem[i] <= RINGERS + KINDS);
			break
		:: else
		fi
#endif
	od;
	i = 0; ok = 0
}

proctype Ringer(byte me)
{
	byte i, n;
	bit ok;

	do
	:: (n == UNITS) -> break
	:: else ->
#ifdef RINGFIRST
		ring(0);
		work[0]++;
#else
		work[0]++;
		MAYDIE;
		ring(0);
#endif
		n++;
		MAYDIE
	od;
#ifdef BOTH
	if
	:: (me == WAITERS) -> work[1]++; MAYDIE; ring(1)
	:: else
	fi;
#endif
over:	skip;
	d_step { i = 0; ok = 0; n = 0 }
}

#ifdef SAFETY_ONLY
proctype Rest()
{
	timeout -> assert(!WRONG)
}
#endif

init
{
	atomic {
		run Waiter(0);
		run Waiter(1);
#if WAITERS > 2
		run Waiter(2);
#endif
		run Ringer(WAITERS);
#if RINGERS > 1
		run Ringer(WAITERS + 1);
#endif
#ifdef SAFETY_ONLY
		run Rest()
#endif
	}
}
