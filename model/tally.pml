/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.pml - counters that are exact although the one who counts is killed.
 *
 * Concern: a release and its count are two stores. With an intent written
 * beforehand, can those who sweep after a dead participant tell whether it
 * still has to be counted, several at once, killed themselves, while a
 * newcomer already counts on in the same place of the table?
 *
 * Not here: what is counted (life.pml), hints (queue.pml).
 *
 * Sizes: one place, NINC incarnations one after the other in it, ITEMS
 * releases each, one record, two kinds of release; SWEEPERS that may be killed
 * and replaced at every step; CRASHES kills of the counting participant.
 *
 * Mutants: NOPARITY NOREREAD BACKFIRST LATE EXACTWORD NOENTRY.
 */
#ifndef NINC
#define NINC 2
#endif
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef SWEEPERS
#define SWEEPERS 2
#endif

#define QUEUED 0
#define TAKEN 1
#define GONE 2

byte state, gen;		/* the word; only this place takes */
bit dead;			/* its DEAD flag, and the kind of release */

byte entry;			/* the incarnation in the place */
bit lock[NINC + 1];
byte count[2];			/* only the owner stores, the sweep by CAS */

/* The intent, one word. */
bit plan, p_kind, p_parity;
byte p_gen;
#define SAME (plan && p_kind == k && p_parity == q && p_gen == g)

byte crashes, released[2];	/* ghosts; releases per kind */
bit marked;

#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> crashes++; goto over \
	fi

inline declare()
{
	d_step { k = dead; c = count[k] };
	MAYDIE;
	d_step { plan = 1; p_kind = k; p_parity = c % 2; p_gen = g }
}

proctype Participant(byte me)
{
	byte g, c, n;
	bit k, ok;

	lock[me] = 1;
end:	atomic { (entry == 0) -> entry = me };
	do
	:: (n == ITEMS) -> break
	:: else ->
		MAYDIE;
		atomic { (state == QUEUED) -> state = TAKEN; g = gen };
		MAYDIE;
		do
		::
#ifdef LATE
		   k = dead;
#else
		   declare();
#endif
		   MAYDIE;
		   d_step {
			assert(state == TAKEN && gen == g);
			if
			:: (dead == k && k) ->
				state = QUEUED; gen++; dead = 0; ok = 1
			:: (dead == k && !k) -> state = GONE; ok = 1
			:: (dead != k) -> ok = 0	/* marked meanwhile */
			fi;
			if :: ok -> released[k]++ :: else fi
		   };
		   if :: ok -> break :: else fi
		od;
#ifdef LATE
		declare();
#endif
		MAYDIE;
		count[k] = c + 1;
		MAYDIE;
		d_step { plan = 0; p_kind = 0; p_parity = 0; p_gen = 0 };
		d_step { g = 0; c = 0; k = 0; ok = 0; n++ }
	od;
	MAYDIE;
	d_step { if :: (entry == me) -> entry = 0 :: else fi };
over:	skip;
	d_step { g = 0; c = 0; k = 0; ok = 0; n = 0; lock[me] = 0 }
}

/* The parent: marks once a life, frees what is gone. */
proctype Parent()
{
end:	do
	:: atomic { (state == TAKEN && !dead && !marked) -> dead = 1; marked = 1 }
	:: atomic { (state == GONE) -> state = QUEUED; gen++ }
	od
}

#define MAYSTOP if :: skip :: goto again fi

inline hand_back()
{
	d_step {
		w = (state == TAKEN); g = gen; f = dead
	};
	MAYSTOP;
	if
	:: (entry != n) -> goto again
	:: else
	fi;
	MAYSTOP;
	d_step {
		if
		:: (w && state == TAKEN && gen == g && dead == f) ->
			state = QUEUED; gen++; dead = 0; w = 0
		:: (w && state == TAKEN && gen == g && dead != f)
		:: else -> w = 0
		fi;
		g = 0; f = 0
	}
}

proctype Sweeper()
{
	byte n, g, c;
	bit k, q, w, f;

again:	atomic { n = 0; g = 0; c = 0; k = 0; q = 0; w = 0; f = 0 };
end:	atomic { (entry != 0 && !lock[entry]) -> n = entry };
#ifdef BACKFIRST
	do
	:: hand_back();
	   if :: !w -> break :: else fi
	od;
	skip;
#endif
	d_step { w = plan; k = p_kind; q = p_parity; g = p_gen };
	MAYSTOP;
#ifndef NOENTRY
	/* only now it is known whose intent that was */
	if
	:: (entry != n) -> goto again
	:: else
	fi;
	MAYSTOP;
#endif
	if
	:: w ->
		c = count[k];
		MAYSTOP;
#ifdef EXACTWORD
		w = !(state == TAKEN && gen == g && dead == k);
#else
		w = !(state == TAKEN && gen == g);
#endif
		MAYSTOP;
#ifndef NOREREAD
		if :: SAME :: else -> goto again fi;
		MAYSTOP;
#endif
		if
#ifdef NOPARITY
		:: w ->
#else
		:: (w && c % 2 == q) ->
#endif
			d_step {
				if
				:: (count[k] == c) -> count[k] = c + 1
				:: else
				fi
			};
			MAYSTOP
		:: else
		fi;
		d_step {
			if
			:: SAME ->
				plan = 0; p_kind = 0; p_parity = 0; p_gen = 0
			:: else
			fi;
			c = 0; k = 0; q = 0; g = 0; w = 0
		};
		MAYSTOP
	:: else
	fi;
#ifndef BACKFIRST
	do
	:: hand_back();
	   if :: !w -> break :: else fi
	od;
#endif
	MAYSTOP;
	d_step { if :: (entry == n) -> entry = 0 :: else fi };
	goto again
}

proctype Rest()
{
	timeout ->
	d_step {
		assert(entry == 0 && !plan && state == QUEUED);
		assert(count[0] == released[0] && count[1] == released[1])
	}
}

init
{
	atomic {
		run Participant(1);
		run Participant(2);
#if NINC > 2
		run Participant(3);
#endif
		run Parent();
		run Sweeper();
#if SWEEPERS > 1
		run Sweeper();
#endif
		run Rest()
	}
}
