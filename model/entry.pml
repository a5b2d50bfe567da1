/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * entry.pml - a child enters itself, while those around it die.
 *
 * Concern: one record is reserved by producers that come one after the other
 * into the same place of the participant table, and children of the dead ones
 * may still run, as slowly as they like. Does the record always name the
 * process that entered it? Is nobody robbed who lives? Does any process live
 * outside the queue, or without the parent it should die with?
 *
 * Not here: hints (queue.pml), consumers that pin and signal (life.pml). The
 * consumer of this model retires in one step what the pid in the record leads
 * to, which is the strictest reader there can be.
 *
 * Sizes: NINC producers, one child each, NPID pids, CRASHES kills of producers
 * and children, SWEEPERS that may be killed and replaced at every step.
 * KEEP: without death signal.
 *
 * Mutants: PLAINSTORE WHOLATE NOBUMP BLINDSWEEP NOPARENT ARMLATE.
 */
#ifndef NINC
#define NINC 3
#endif
#ifndef NPID
#define NPID 2
#endif
#ifndef CRASHES
#define CRASHES 2
#endif

#ifndef SWEEPERS
#define SWEEPERS 1
#endif

#define FREE 0
#define RESERVED 1
#define QUEUED 2
#define EXITED 3

/* The record: its word (there is one producers' place, so the owner of a
 * reservation needs no field), and who, one word: pid and generation of the
 * reservation. */
byte state, gen;
byte who_pid, who_tag;

byte entry;			/* the incarnation in the table, 0: nobody */
bit lock[NINC + 1];		/* the lock byte of an incarnation is held */

/* The kernel. A child has the number of its producer's incarnation. */
byte holder[NPID + 1];		/* the child that has this pid, 0: none */
byte pidof[NINC + 1];
byte parent[NINC + 1];		/* 0: init */
bit armed[NINC + 1];		/* asked for a death signal */
bit doomed[NINC + 1];		/* got SIGKILL, may still run a while */
bit zombie[NINC + 1];

/* Ghosts. */
byte crashes, rec;		/* rec: the child that entered the record */
bit robbed;

#define DEAD(c) (zombie[c] || holder[pidof[c]] != (c))
#ifdef NOBUMP
#define BUMP skip
#else
#define BUMP gen++
#endif

#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> crashes++; goto over \
	fi

/* Every step of a child: it may have been killed, now or before. */
#define MAYFALL \
	if \
	:: skip \
	:: doomed[me] -> goto over \
	:: (crashes < CRASHES) -> crashes++; goto over \
	fi

proctype Child(byte me; byte par; byte g)
{
	bit ok;

	MAYFALL;
#ifdef ARMLATE
	if
	:: (parent[me] != par) -> goto over
	:: else
	fi;
	MAYFALL;
	armed[me] = 1;
#else
#ifndef KEEP
	armed[me] = 1;
	MAYFALL;
#endif
#ifndef NOPARENT
	if
	:: (parent[me] != par) -> goto over
	:: else
	fi;
#endif
#endif
	MAYFALL;
#ifdef PLAINSTORE
	who_pid = pidof[me];
#else
#ifndef WHOLATE
	d_step {
		if
		:: (who_pid == 0 && who_tag == g) ->
			who_pid = pidof[me]; ok = 1
		:: else -> ok = 0
		fi
	};
	if :: ok :: else -> goto over fi;
#endif
#endif
	MAYFALL;
	d_step {
		if
		:: (state == RESERVED && gen == g) ->
			state = QUEUED; gen++; rec = me; ok = 1
		:: else ->
			/* only the dead lose a reservation */
			assert(!lock[par]); ok = 0
		fi
	};
	if :: ok :: else -> goto over fi;
#ifdef WHOLATE
	MAYFALL;
	who_pid = pidof[me];
#endif
	/* lives until it has enough, or is ended */
	if
	:: true
	:: true ->
end:		(doomed[me])
	fi;
over:	skip;
	d_step {
		ok = 0;
		/* init reaps at once, a parent when it likes */
		if
		:: (parent[me] == 0) -> holder[pidof[me]] = 0; pidof[me] = 0
		:: else -> zombie[me] = 1
		fi
	}
}

proctype Producer(byte me)
{
	byte g, w, x;
	bit ok;

	lock[me] = 1;
end1:	atomic { (entry == 0) -> entry = me };
	MAYDIE;
end2:	atomic { (state == FREE) -> state = RESERVED; g = gen };
	MAYDIE;
	d_step { who_pid = 0; who_tag = g };
	MAYDIE;
	atomic {
		if
		:: (holder[1] == 0) -> holder[1] = me; pidof[me] = 1
#if NPID > 1
		:: (holder[2] == 0) -> holder[2] = me; pidof[me] = 2
#endif
		:: (holder[1] != 0 && holder[NPID] != 0) ->
			assert(state == RESERVED && gen == g);
			state = FREE; BUMP;
			goto over
		fi;
		parent[me] = me;
		run Child(me, me, g)
	};
end3:	if
	:: (zombie[me])			/* waitid(WEXITED | WNOWAIT) */
	:: (crashes < CRASHES) -> crashes++; goto over
	fi;
	do
	:: d_step { w = state; x = gen };
	   MAYDIE;
	   d_step {
		if
		:: (state == w && gen == x && w == RESERVED && x == g) ->
			state = FREE; BUMP; ok = 1
		:: (state == w && gen == x && w == QUEUED && rec == me) ->
			state = EXITED; ok = 1
		:: (w != RESERVED && rec != me || w == FREE) ->
			assert(0)	/* another life */
		:: else -> ok = 0
		fi
	   };
	   if :: ok -> break :: else fi
	od;
	MAYDIE;
	d_step { holder[pidof[me]] = 0; pidof[me] = 0; zombie[me] = 0 };
over:	skip;
	d_step { g = 0; w = 0; x = 0; ok = 0 };
	lock[me] = 0;			/* exit_files() */
	d_step {			/* exit_notify() */
		if
		:: (pidof[me] != 0) ->
			parent[me] = 0;
			if
			:: zombie[me] ->
				holder[pidof[me]] = 0; pidof[me] = 0;
				zombie[me] = 0
			:: else -> doomed[me] = armed[me]
			fi
		:: else
		fi
	}
}

/* Retires what the record leads to, in one step. */
proctype Consumer()
{
end:	do
	:: atomic {
		(state == QUEUED && (pidof[rec] == 0 || !doomed[rec])) ->
		assert(who_pid != 0 && who_pid == pidof[rec] ||
		       pidof[rec] == 0 || DEAD(rec));
		assert(pidof[rec] == 0 || holder[who_pid] == rec);
		/* a dead producer's: nobody is left to mark it */
		if
		:: (pidof[rec] == 0) -> state = FREE; gen++; rec = 0
		:: else -> doomed[rec] = 1
		fi
	   }
	:: atomic { (state == EXITED) -> state = FREE; gen++; rec = 0 }
	:: break
	od
}

#define MAYSTOP if :: skip :: goto again fi

proctype Sweeper()
{
	byte n, w, g;

again:	atomic { n = 0; w = 0; g = 0 };
end:	atomic { (entry != 0 && !lock[entry]) -> n = entry };
	d_step { if :: (state == RESERVED) -> w = 1; g = gen :: else fi };
	MAYSTOP;
#ifndef BLINDSWEEP
	if
	:: (entry != n) -> goto again
	:: else
	fi;
	MAYSTOP;
#endif
	d_step {
		if
		:: (w && state == RESERVED && gen == g) -> state = FREE; BUMP
		:: else
		fi;
		w = 0; g = 0
	};
	MAYSTOP;
	d_step { if :: (entry == n) -> entry = 0 :: else fi };
	goto again
}

proctype Rest()
{
	byte c;

	timeout ->
	d_step {
		assert(state != RESERVED);
		assert(entry == 0 || lock[entry]);
		c = 1;
		do
		:: (c > NINC) -> break
		:: else ->
			/* nobody lives outside the record, and without KEEP
			 * nobody at all whose parent is gone */
			assert(pidof[c] == 0 || state == QUEUED && rec == c);
#ifndef KEEP
			assert(pidof[c] == 0 || parent[c] != 0);
#endif
			c++
		od
	}
}

init
{
	atomic {
		run Producer(1);
#if NINC > 1
		run Producer(2);
#endif
#if NINC > 2
		run Producer(3);
#endif
		run Consumer();
		run Sweeper();
#if SWEEPERS > 1
		run Sweeper();
#endif
		run Rest()
	}
}
