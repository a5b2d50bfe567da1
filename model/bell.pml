/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bell.pml - sleeping until there is something to do.
 *
 * Concern: does anybody sleep on although what he waits for is there? With
 * nobody killed the bound of a wait must never be needed; with somebody killed
 * or stopped it must be enough. And a semaphore must not hoard posts that make
 * a later wait spin.
 *
 * One looks for many: while somebody is awake and looks for a kind (the
 * lookout, named in `looking`), nobody is rung for it. More may be brought
 * meanwhile than it takes; so it owes the others a look after its take, and a
 * ring if there is more. Whoever was rung owes them the same: that one ring may
 * stand for many units.
 *
 * Not here: what the work is. A unit is there or not; who takes one has it.
 *
 * WAITERS participants wait for kind 0, of which the last one, with BOTH, also
 * waits for kind 1, or for one of the two as it likes; each does ROUNDS units
 * and leaves. LEAVER: any of them may leave before. RINGERS bring UNITS units
 * of kind 0 each, and with BOTH one of kind 1. CRASHES kills of either, which
 * to the others is the same as stopped for good. SWEEP: the dead may be swept.
 * REBORN: another comes in the place of one that was killed. EARLY times a wait
 * ends before its time (a signal, or the bound itself at the worst moment,
 * where a living lookout is taken for dead). NOBOUND: waits without a bound.
 * SAFETY_ONLY: the end of all is looked at, not the way there. LOOKFIRST: who
 * rings looks for the lookout before it looks for bits; both are right. ONE:
 * a semaphore that has a post takes no more (sem.pml). TURNS:
 * the search for a waiter begins anywhere, and goes round. A lookout whose turn
 * is over sleeps at once, as one that has tried in vain to be it.
 *
 * Served: whatever happens, it does not stay so that a living waiter sleeps
 * while a unit of his kind is there.
 *
 * Spared (with ENDLESS, where there is always one more unit of kind 0): from
 * some time on the bound is not needed any more.
 *
 * Mutants: NOLOOK RINGFIRST POSTFIRST NODRAIN; NOBOUND with a kill. Of what is
 * owed: NOPASS (no look for the others), NOLEAVEPASS (none by a LEAVER),
 * NOTURNPASS (none before it waits for another kind only), NOOWE (a lookout
 * owes none), OWEIFMINE (nor if it was taken for dead), RUNGFREE (who was rung
 * owes none), HEARDONLY (nor if the post did not wake it), TOOKONLY (nor if
 * others had taken what it saw), PASSFIRST (named while it does it). Of the
 * lookout: LATECLEAR (named while it looks for the last time), EARLYLOOK (who
 * rings looks for it before the work is there), NOSTEAL (a dead one stays). Of turns:
 * NOWRAP (the search does not go round).
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
#define CAN(w, k) ((k) == 0 || (w) == WAITERS - 1)
#else
#define KINDS 1
#define CAN(w, k) ((k) == 0)
#endif

byte work[2];
bit waits[2 * WAITERS];		/* the bitmap: kind * WAITERS + waiter */
byte looking[2];		/* 0, or 1 + waiter */
byte sem[WAITERS];
bit asleep[WAITERS];		/* ghost */
byte crashes, early;
#ifdef SWEEP
bit dead[WAITERS];		/* and noticed */
#endif
#ifdef ENDLESS
bit late;			/* ghost: the bound was needed */
#endif
#ifdef TOOKONLY
byte taken;
#endif
#ifdef BOTH
byte wants[WAITERS];		/* each a bit */
#define WANTS(w, k) (wants[w] & (1 << (k)))
#else
#define WANTS(w, k) ((k) == 0)
#endif

#define SEES(w) (work[0] > 0 && WANTS(w, 0) || work[1] > 0 && WANTS(w, 1))
#define IDLE(w) (asleep[w] && sem[w] == 0 && SEES(w))
#if WAITERS > 2
#define WRONG (IDLE(0) || IDLE(1) || IDLE(2))
#else
#define WRONG (IDLE(0) || IDLE(1))
#endif

#ifdef SAFETY_ONLY
#elif defined(ENDLESS)
ltl spared { <>[]!late }
#else
ltl served { []<>!WRONG }
#endif

/* A step, or a death before it. */
#if CRASHES > 0
#define DEATH \
	atomic { (crashes < CRASHES) -> crashes++; goto killed }
#define STEP(s) if :: s :: DEATH fi
#else
#define STEP(s) s
#endif

#ifdef BOTH
#define EACH(s, t) STEP(s); STEP(t)
#else
#define EACH(s, t) STEP(s)
#endif

#ifdef PASSFIRST
#define LOOKED_FOR(k) (looking[k] != 0 && looking[k] != me + 1)
#else
#define LOOKED_FOR(k) (looking[k] != 0)
#endif

/* Whether it may wait without this kind. */
#ifdef NOTURNPASS
#define SQUARE(k) true
#else
#define SQUARE(k) (!owes[k])
#endif

/* Where the search begins. */
#ifdef TURNS
#define BEGIN if :: from = 0 :: from = 1 :: from = WAITERS - 1 fi
#define AT ((from + i) % WAITERS)
#define ENDED from = 0
#else
#define BEGIN skip
#define AT i
#define ENDED skip
#endif
#ifdef NOWRAP
#define LAST (WAITERS - from)
#else
#define LAST WAITERS
#endif

/* The bits first, then the lookout, then the one bit, then the post. */
inline ring(k)
{
#ifdef LOOKFIRST
	d_step { if :: LOOKED_FOR(k) -> i = WAITERS :: else fi };
#endif
	BEGIN;
	do
	:: d_step { (i >= LAST) -> i = 0; ENDED }; break
	:: (i < LAST && !waits[(k) * WAITERS + AT]) -> i++
	:: (i < LAST && waits[(k) * WAITERS + AT]) ->
#ifndef LOOKFIRST
		if
#ifdef EARLYLOOK
		:: d_step { known -> i = 0; ENDED }; break
#else
		:: d_step { LOOKED_FOR(k) -> i = 0; ENDED }; break
#endif
		:: else
		fi;
#endif
#ifdef POSTFIRST
		STEP(sem[AT]++);
		STEP(waits[(k) * WAITERS + AT] = 0);
		i = 0;
		ENDED;
		break
#else
		if
		:: d_step {
			waits[(k) * WAITERS + AT] ->
			waits[(k) * WAITERS + AT] = 0
		   };
			STEP(post());
			break
		:: d_step { !waits[(k) * WAITERS + AT] -> i++ }
#if CRASHES > 0
		:: DEATH
#endif
		fi
#endif
	od
}

inline post()
{
	d_step {
#ifdef ONE
		sem[AT] = 1;
#else
		sem[AT]++;
#endif
		/* a late one of each other's, and one a kind */
		assert(sem[AT] <= RINGERS + WAITERS - 1 + KINDS);
		i = 0;
		ENDED
	}
}

inline pass(k)
{
	if
	:: d_step { (work[k] == 0) -> owes[k] = 0 }
	:: (work[k] > 0) -> STEP(ring(k)); owes[k] = 0
	fi;
#ifdef PASSFIRST
	name_nobody(k)
#endif
}

/* That it fails, or is not tried, is the same. */
inline name_me(k)
{
	if
	:: skip
	:: d_step {
		(WANTS(me, k) && looking[k] == 0) -> looking[k] = me + 1;
#if !defined(NOOWE) && !defined(OWEIFMINE)
		owes[k] = 1
#endif
	   }
	fi
}

inline name_nobody(k)
{
	d_step {
		if
		:: (looking[k] == me + 1) ->
			looking[k] = 0;
#ifdef OWEIFMINE
			owes[k] = 1
#endif
		:: else
		fi
	}
}

/* Nothing of its own lies between the draining and the first bit. */
inline show_me(k)
{
	d_step {
#ifndef NODRAIN
		if
		:: (k) == 0 -> sem[me] = 0	/* what earlier waits left */
		:: else
		fi;
#endif
		if
		:: WANTS(me, k) -> waits[(k) * WAITERS + me] = 1
		:: else
		fi
	}
}

#ifdef HEARDONLY
#define HEARD && heard
#else
#define HEARD
#endif

/* Rung is whose bit is gone, whether it has slept or not. */
inline hide_me(k)
{
	d_step {
		if
		:: WANTS(me, k) ->
#ifndef RUNGFREE
			if
			:: !waits[(k) * WAITERS + me] HEARD ->
				owes[k] = 1; vain = 0
			:: else
			fi;
#endif
			waits[(k) * WAITERS + me] = 0
		:: else
		fi
	}
}

/* Whoever is named has rung nobody for as long as a bound. If it lives, and
 * looks, others are rung again, no more. */
inline steal(k)
{
	d_step { if :: WANTS(me, k) -> looking[k] = 0 :: else fi }
}

inline take(k)
{
	work[k]--;
#ifdef ENDLESS
	late = 0;
#else
	n++;
#endif
#ifdef TOOKONLY
	taken++
#endif
}

proctype Waiter(byte me)
{
	byte n, i;
	bit owes[2], vain;
#ifdef TURNS
	byte from;
#endif
#ifdef EARLYLOOK
	bit known;
#endif
#ifdef TOOKONLY
	byte seen;
#endif
#ifdef HEARDONLY
	bit heard;
#endif

again:	do
#ifdef NOPASS
	:: (n == ROUNDS) -> break
#else
	:: (n == ROUNDS && !owes[0] && !owes[1]) -> break
	/* the look that is owed: now, or after some more takes and waits */
	:: (owes[0]) ->
		STEP(pass(0))
#ifdef BOTH
	:: (owes[1]) ->
		STEP(pass(1))
#endif
#endif
#ifdef LEAVER
	:: d_step {
		(n < ROUNDS) -> n = ROUNDS;
#ifdef NOLEAVEPASS
		owes[0] = 0; owes[1] = 0
#endif
	   }
#endif
	:: d_step { (n < ROUNDS && work[0] > 0) -> take(0) }
#if CRASHES > 0
	:: DEATH
#endif
#ifdef BOTH
	:: d_step { (n < ROUNDS && CAN(me, 1) && work[1] > 0) -> take(1) }
	:: atomic {
		(n < ROUNDS && CAN(me, 1) && work[0] == 0 && SQUARE(1)) ->
		wants[me] = 1;
		goto wait
	   }
	:: atomic {
		(n < ROUNDS && CAN(me, 1) && work[1] == 0 && SQUARE(0)) ->
		wants[me] = 2;
		goto wait
	   }
	:: d_step {
		(n < ROUNDS && work[0] == 0 && !(CAN(me, 1) && work[1] > 0)) ->
		if :: CAN(me, 1) -> wants[me] = 3 :: else -> wants[me] = 1 fi
	   };
#else
	:: (n < ROUNDS && work[0] == 0) ->
#endif
wait:		EACH(name_me(0), name_me(1));
		/* it looks as often as it likes, or not at all */
		if
		:: SEES(me) ->
#ifdef TOOKONLY
			seen = 1 + taken;
#endif
#ifndef PASSFIRST
			EACH(name_nobody(0), name_nobody(1));
#endif
			goto back
		:: skip
#if CRASHES > 0
		:: DEATH
#endif
		fi;
#ifndef LATECLEAR
		EACH(name_nobody(0), name_nobody(1));
#endif
		EACH(show_me(0), show_me(1));
#ifndef NOLOOK
		if
		:: SEES(me) ->
#ifdef TOOKONLY
			seen = 1 + taken;
#endif
#ifdef LATECLEAR
			EACH(name_nobody(0), name_nobody(1));
#endif
			goto awake
		:: !SEES(me)
#if CRASHES > 0
		:: DEATH
#endif
		fi;
#endif
#ifdef LATECLEAR
		EACH(name_nobody(0), name_nobody(1));
#endif
		asleep[me] = 1;
end:		if
		:: d_step {
			(sem[me] > 0) -> sem[me]--; asleep[me] = 0;
#ifdef HEARDONLY
			heard = 1
#endif
		   }
#ifndef NOBOUND
		:: atomic {
			/* fair: no other's ends instead of one needed */
			(timeout && (IDLE(me) || !WRONG)) ->
			asleep[me] = 0; vain = 1;
#ifdef ENDLESS
			if :: SEES(me) -> late = 1 :: else fi
#endif
		   }
#endif
#if EARLY > 0
		:: d_step { (early < EARLY) -> early++; asleep[me] = 0 }
		:: d_step {
			(early < EARLY) -> early++; asleep[me] = 0; vain = 1
		   }
#endif
#if CRASHES > 0
		:: atomic {
			(crashes < CRASHES) ->
			crashes++; asleep[me] = 0;
			goto killed
		   }
#endif
		fi;
awake:		skip;
		EACH(hide_me(0), hide_me(1));
#ifndef NOSTEAL
		if
		:: vain -> EACH(steal(0), steal(1))
		:: else
		fi;
#endif
back:		skip;
		d_step {
			vain = 0;
#ifdef BOTH
			wants[me] = 0;
#endif
#ifdef HEARDONLY
			heard = 0;
#endif
#ifdef TOOKONLY
			/* others have taken since: so its own take fails */
			if
			:: (seen != 0 && seen != 1 + taken) -> owes[0] = 0
			:: else
			fi;
			seen = 0
#endif
		}
	od;
#if CRASHES > 0
	goto over;
killed:	skip;
#ifdef SWEEP
	if :: skip :: dead[me] = 1 fi;
#endif
#ifdef REBORN
	d_step {
		i = 0; owes[0] = 0; owes[1] = 0; vain = 0; ENDED
	};
	goto again;
#endif
#endif
over:	skip;
	d_step {
		n = 0; i = 0; owes[0] = 0; owes[1] = 0; vain = 0; ENDED
	}
}

proctype Ringer(byte me)
{
	byte i, n;
#ifdef TURNS
	byte from;
#endif
#ifdef EARLYLOOK
	bit known;
#endif

	do
#ifdef ENDLESS
	:: (work[0] == 0) ->
#else
	:: (n == UNITS) -> break
	:: (n < UNITS) ->
		n++;
#endif
#ifdef EARLYLOOK
		known = LOOKED_FOR(0);
#endif
#ifdef RINGFIRST
		ring(0);
		work[0]++
#else
		STEP(work[0]++);
		STEP(ring(0))
#endif
	od;
#ifdef BOTH
	if
	:: (me == WAITERS) -> STEP(work[1]++); STEP(ring(1))
	:: else
	fi;
#endif
killed:	skip;
	d_step { i = 0; n = 0; ENDED }
}

#ifdef SWEEP
inline sweep(w)
{
	(dead[w]);
	d_step { if :: (looking[0] == w + 1) -> looking[0] = 0 :: else fi };
	waits[w] = 0;
#ifdef BOTH
	d_step { if :: (looking[1] == w + 1) -> looking[1] = 0 :: else fi };
	waits[WAITERS + w] = 0;
#endif
	dead[w] = 0
}

proctype Sweeper()
{
end:	do
	:: sweep(0)
	:: sweep(1)
#if WAITERS > 2
	:: sweep(2)
#endif
	od
}
#endif

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
#ifdef SWEEP
		run Sweeper();
#endif
#ifdef SAFETY_ONLY
		run Rest()
#endif
	}
}
