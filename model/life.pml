/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.pml - one record against the kernel: pids, zombies, reaping.
 *
 * Concern: does a signal only ever reach the process in the record, is each
 * death told once and with its own status, and does the record come free
 * again, whoever is killed or stopped between any two steps?
 *
 * Not here: how the child fills in the record (entry.pml: one step here), the
 * rings (queue.pml: here a set of generations that have a hint), reuse of
 * places in the participant table (entry.pml), sleeping (bell.pml).
 *
 * Two producers with one child each, so two children of different parents may
 * be alive at once and each may come after the other in the record; two pids,
 * and STRANGERS that take a pid whenever one is free; NC consumers; a sweeper.
 * CRASHES kills of producers, children and consumers; STOPS participants that
 * are stopped for good. KEEP: children without death signal. NEWCOMER: the
 * second producer joins when the first is dead. ORPHAN: the sweep flags what a
 * dead producer leaves behind, instead of the consumer's second look. DEADONLY:
 * the sweep looks only when somebody has died. THREADS:
 * a producer of several threads, whose children may be given away, and reaped
 * by init, before the last thread lets go of the lock byte. IDENT: whatever was
 * pinned is compared with the record, also where the parent seems to live.
 * TICKS: a process is known by the tick in which it started, of which there are
 * so many and one, and a producer shows now and then that it lives. LOSSES
 * producers lose their lock byte and go on: their host has closed a descriptor.
 * To see that a life is one's own child's, and to write its status, is one step
 * here, although it is two in the code. LOSE: what is queued, and dead with its
 * producer, is marked by whoever finds it so. CHOOSE: consumers take by no hint, but
 * a process that they have seen before, or none.
 *
 * Mutants: REAPFIRST LATEPIN SIGNALFIRST NOCHECK LOCKFIRST SAMEBYTE FREEEARLY
 * NORECHECK NOHINTBYMARK SEQFIRST MARKONCE STATUSLATE COARSE; with LOSSES:
 * BLINDMARK. Of LOSE: LOSTEARLY (the process not looked at), LOSTBLIND (its
 * producer not). Of CHOOSE: EARLYCOMPARE (the record is compared with the
 * choice before its word is read).
 */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef STRANGERS
#define STRANGERS 1
#endif
#ifndef NC
#define NC 1
#endif

#define FREE 0
#define RESERVED 1
#define QUEUED 2
#define EXITED 3
#define TAKEN 4
#define GONE 5

#define NOBODY 0
#define STRANGER 7
#define INIT 0

/* The record. */
byte state, gen, owner;		/* the word; owner is an incarnation */
bit dead, orphan;		/* its flags */
#ifdef LOSE
bit lost;			/* and this one */
#define FOUND lost = 0
#define HAS_STATUS (status == ino || lost)
#else
#define FOUND skip
#define HAS_STATUS (status == ino)
#endif
byte who;			/* the pid */
byte ino;			/* tells processes with one pid apart: the
				 * child's number */
byte maker;			/* the producer's incarnation */
byte status;			/* whose: the child's number */
bit seq;			/* it has been given its place */
bit hint;			/* the ring has a hint to this generation */

/* Producers are the incarnations 1 and 2, and so are their children;
 * consumers are 3 and 4. */
bit lock[5];
bit halted[5], out[5];		/* stopped; ended or killed */
bit missed;			/* somebody died: the sweep is due */
byte crashes, stops, strangers;
#if LOSSES > 0
byte losses;
#endif
#ifdef SAMEBYTE
#define BYTE(n) ((n) < 3 -> 1 : (n))	/* both sit in the same place */
#else
#define BYTE(n) (n)
#endif

/* The kernel. */
byte holder[3];			/* of pid 1 and 2 */
byte pidof[3], parent[3];
bit doomed[3], zombie[3], over[3];

#ifdef TICKS
byte clock;
byte since[3];			/* when the holder of a pid was started */
byte start;			/* of the record: when its process was */
byte alive[3];			/* when a producer was last seen */
#define BORN(p) since[p] = clock
#define FORGET pinned_since = 0; watch = 0
#define ENTER_START start = since[pidof[me]]
#ifdef COARSE
#define IS_ANOTHER(m) (pin == NOBODY || pinned_since != start)
#else
#define IS_ANOTHER(m) (pin == NOBODY || pinned_since != start || \
	alive[m] <= start)
#endif
#else
#define BORN(p) skip
#define FORGET skip
#define ENTER_START skip
#define IS_ANOTHER(m) (pin != ino)
#endif

/* Ghosts. */
bit entered[3];
byte told[3];

/* Hints to generations that have passed are of no use to anyone. */
#define BUMP gen++; hint = 0
#define HINT(g) d_step { if :: (gen == (g)) -> hint = 1 :: else fi }
#define RELEASE state = FREE; owner = 0; BUMP; \
	orphan = 0; FOUND; who = 0; ino = 0; maker = 0; status = 0; seq = 0

#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> crashes++; goto gone \
	:: (stops < STOPS) -> \
		d_step { stops++; halted[me] = 1 }; goto stopped \
	fi

#define MAYFALL \
	if \
	:: skip \
	:: doomed[me] -> goto gone \
	:: true -> goto gone \
	fi

proctype Child(byte me)
{
	byte g;
	bit ok;

	MAYFALL;
	d_step {
		if
		:: (state == RESERVED && owner == me) ->
			state = QUEUED; BUMP; owner = 0; dead = 0; g = gen;
			who = pidof[me]; ino = me; maker = me; ENTER_START;
			entered[me] = 1; ok = 1
		:: else -> ok = 0
		fi
	};
	if :: ok :: else -> goto gone fi;
	MAYFALL;
#ifdef SEQFIRST
	seq = 1;
	MAYFALL;
	HINT(g);
#else
	HINT(g);
	MAYFALL;
	seq = 1;
#endif
	if
	:: true			/* has had enough */
	:: true ->
end:		(doomed[me])
	fi;
gone:	skip;
	d_step {
		g = 0; ok = 0;
		over[me] = 1;
		if
		:: (parent[me] == INIT) ->
			holder[pidof[me]] = NOBODY; pidof[me] = 0
		:: else -> zombie[me] = 1
		fi
	}
}

inline reap()
{
	d_step { holder[pidof[me]] = NOBODY; pidof[me] = 0; zombie[me] = 0 }
}

/* A reservation is this one's, or the record is its child's unmarked life. */
#define MINE (state == RESERVED && owner == me || \
	ino == me && !(state == FREE) && !(state == RESERVED))
#if LOSSES > 0 && !defined(BLINDMARK)
#define FOREIGN (!(MINE))
#else
#define FOREIGN false
#endif

proctype Producer(byte me)
{
	byte w, g, o;
	bit ok, d;

#ifdef NEWCOMER
end:	(me == 1 || out[1]);
#endif
	lock[BYTE(me)] = 1;
	MAYDIE;
end1:	atomic {
		(state == FREE) ->
		state = RESERVED; owner = me
	};
	MAYDIE;
	atomic {
		if
		:: (holder[1] == NOBODY) ->
			holder[1] = me; pidof[me] = 1; BORN(1)
		:: (holder[2] == NOBODY) ->
			holder[2] = me; pidof[me] = 2; BORN(2)
		:: (holder[1] != NOBODY && holder[2] != NOBODY) ->
			if
			:: FOREIGN
			:: else -> RELEASE
			fi;
			lock[BYTE(me)] = 0; out[me] = 1;
			goto done
		fi;
		parent[me] = me;
		run Child(me)
	};
wait:
end2:	if
	:: zombie[me]
#ifdef TICKS
	:: (alive[me] < clock) -> alive[me] = clock; goto wait
#endif
	:: (crashes < CRASHES) -> crashes++; goto gone
	:: (stops < STOPS) ->
		d_step { stops++; halted[me] = 1 }; goto stopped
	fi;
#ifdef REAPFIRST
	reap();
	MAYDIE;
#endif
#ifndef STATUSLATE
	/* plain stores: no other life may be in the record by now */
	atomic {
		if
		:: FOREIGN
		:: else -> assert(MINE); status = me
		fi
	};
	MAYDIE;
#endif
	do
	:: d_step { w = state; g = gen; o = owner; d = dead; ok = FOREIGN };
	   if :: ok -> w = FREE; break :: else fi;
	   MAYDIE;
	   d_step {
		ok = 0;
		if
		:: (state != w || gen != g || owner != o || dead != d)
		:: else ->
			assert(MINE);
			ok = 1;
			if
			:: (w == RESERVED) -> RELEASE
			:: (w == QUEUED) -> state = EXITED
			:: (w == TAKEN) -> assert(!dead); dead = 1
			:: (w == GONE) -> RELEASE
			:: else -> assert(0)
			fi
		fi
	   };
#ifdef MARKONCE
	   ok = 1;
#endif
	   if :: ok -> break :: else fi
	od;
	MAYDIE;
#ifdef STATUSLATE
	status = me;
	MAYDIE;
#endif
#ifndef NOHINTBYMARK
	if
	:: (w == QUEUED && !seq) -> HINT(g); MAYDIE
	:: else
	fi;
#endif
#ifndef REAPFIRST
	reap();
#endif
	d_step { w = 0; g = 0; o = 0; d = 0; ok = 0; lock[BYTE(me)] = 0; out[me] = 1 };
	goto done;
gone:	skip;
	d_step { w = 0; g = 0; o = 0; d = 0; ok = 0 };
#ifndef THREADS
	d_step { lock[BYTE(me)] = 0; missed = 1; out[me] = 1 }; /* exit_files() */
#endif
	d_step {			/* exit_notify() */
		if
		:: (pidof[me] != 0) ->
			parent[me] = INIT;
			if
			:: zombie[me] ->
				holder[pidof[me]] = NOBODY; pidof[me] = 0;
				zombie[me] = 0
			:: else ->
#ifndef KEEP
				doomed[me] = 1
#else
				skip
#endif
			fi
		:: else
		fi
	};
#ifdef THREADS
	d_step { lock[BYTE(me)] = 0; missed = 1; out[me] = 1 };
#endif
	goto done;
stopped:
end3:	(false);
done:	skip
}

inline tell()
{
	assert(told[ino] == 0);
	told[ino]++
}

#ifdef CHOOSE
#define IS_CHOICE assert(ino == choice)
#else
#define IS_CHOICE skip
#endif

inline look_at_parent()
{
	trust = lock[BYTE(m)]
}

proctype Consumer(byte me)
{
	byte g, p, m, pin;
	bit trust, ok, late;
#ifdef CHOOSE
	byte choice;			/* the child's number, as a seq is */
#endif
#ifdef TICKS
	byte pinned_since;
	bit watch;
#endif

	lock[BYTE(me)] = 1;
again:
#ifdef CHOOSE
end4:	atomic { (state == QUEUED || state == EXITED) -> choice = ino };
	MAYDIE;
#ifdef EARLYCOMPARE
	if :: (ino != choice) -> goto again :: else fi;
#endif
	atomic {
		if
		:: (state == QUEUED || state == EXITED) -> g = gen
		:: else -> choice = 0; goto again
		fi
	};
#ifndef EARLYCOMPARE
	if :: (ino != choice) -> goto again :: else fi;
#endif
	/* What is read of the record from here on counts if the CAS succeeds;
	 * so the comparison, too. */
	atomic {
		p = who; m = maker; pin = NOBODY; trust = 0; late = 0;
		ok = 0;
		if
		:: (gen == g && (state == QUEUED || state == EXITED)) ->
			ok = (state == EXITED)
		:: else -> goto again
		fi
	};
#else
end:	atomic {
		((state == QUEUED || state == EXITED) && hint) ->
		g = gen; p = who; m = maker; ok = (state == EXITED);
		pin = NOBODY; trust = 0; late = 0
	};
#endif
	MAYDIE;
	if
	:: ok ->
		d_step {
			if
			:: (state == EXITED && gen == g) ->
				IS_CHOICE;
				state = TAKEN; owner = me; dead = 1;
				hint = 0
			:: else -> ok = 0
			fi
		};
		if :: ok -> goto ended :: else -> goto again fi
	:: else
	fi;
#ifdef LATEPIN
	d_step {
		if
		:: (state == QUEUED && gen == g) ->
			state = TAKEN; owner = me; hint = 0; ok = 1
		:: else
		fi
	};
	if :: ok :: else -> goto again fi;
	MAYDIE;
#endif
#ifdef LOCKFIRST
	look_at_parent();
	MAYDIE;
#endif
#ifdef TICKS
	d_step { pin = holder[p]; pinned_since = since[p] };
#else
	pin = holder[p];		/* pidfd_open() */
#endif
	MAYDIE;
#ifndef LOCKFIRST
	look_at_parent();		/* F_GETLK */
#endif
#ifdef NOCHECK
	trust = 1;
#endif
	if
#ifdef IDENT
	:: (pin != ino) -> pin = NOBODY
#else
	:: (!trust && IS_ANOTHER(m)) ->
#ifdef TICKS
		watch = (pin == m);
#endif
		pin = NOBODY
#endif
	:: else
	fi;
#ifndef LATEPIN
#ifndef IDENT
	if
	:: (trust && pin == NOBODY) -> goto again	/* marked by now */
	:: else
	fi;
#endif
	MAYDIE;
	d_step {
		if
		:: (state == QUEUED && gen == g) ->
			IS_CHOICE;
			state = TAKEN; owner = me; hint = 0; ok = 1
		:: else
		fi
	};
	if :: ok :: else -> goto again fi;
#endif
	MAYDIE;
#ifdef SIGNALFIRST
	/* kill(pid) now; the pin only serves to see the death */
	d_step { if :: (holder[p] != NOBODY) -> assert(holder[p] == ino)
		    :: else fi };
#endif
	if
	:: (pin == NOBODY) ->
#ifdef TICKS
		/* not proven: its death is waited for, it is not signalled */
		if
		:: watch -> watch = 0; (over[m])
		:: else
		fi;
#endif
		goto ended
	:: else
	fi;
	/* pidfd_send_signal() reaches the pinned one or nobody */
	d_step { assert(pin == ino); doomed[pin] = 1 };
	MAYDIE;
	(over[pin]);			/* poll() on the pin */
ended:	do
	:: MAYDIE;
	   if
	   :: atomic {
		dead ->
		assert(state == TAKEN && owner == me && gen == g);
		assert(HAS_STATUS && over[ino]);
		if :: !late -> tell() :: else fi;
		dead = 0; RELEASE;
		break
	      }
	   :: (!dead && !lock[BYTE(m)]) ->
		MAYDIE;
		atomic {
			assert(state == TAKEN && owner == me && gen == g);
			if
			:: !dead ->
				if :: !late -> tell() :: else fi;
				RELEASE;
				break
			:: else
			fi
		}
	   :: (!dead && lock[BYTE(m)]) ->	/* patience is at an end */
		MAYDIE;
		atomic {
			assert(state == TAKEN && owner == me && gen == g);
			if
			:: (!dead && !orphan) ->
				if :: !late -> tell() :: else fi;
				owner = 0;
#ifdef FREEEARLY
				RELEASE;
				break
#else
				state = GONE
#endif
			:: else -> goto ended
			fi
		};
		MAYDIE;
#if !defined(NORECHECK) && !defined(ORPHAN)
		if
		:: !lock[BYTE(m)] ->
			MAYDIE;
			d_step {
				if
				:: (state == GONE && gen == g) ->
					RELEASE
				:: else
				fi
			}
		:: else
		fi;
#endif
		break
	   fi
	od;
	atomic {
		g = 0; p = 0; m = 0; pin = 0; trust = 0; ok = 0; late = 0;
		FORGET;
		goto again
	};
gone:	atomic {
		g = 0; p = 0; m = 0; pin = 0; trust = 0; ok = 0; late = 0;
		FORGET;
		lock[BYTE(me)] = 0; missed = 1; out[me] = 1
	};
	goto done;
stopped:
end3:	(false);
done:	skip
}

#define MAYSTOP if :: skip :: missed = 1; goto again fi

/* After each death, over the whole object. Killed, it begins again. */
#define FREE_IT 1
#define GIVE_BACK 2
#define FLAG 3

proctype Sweeper()
{
	byte w, g, o, todo;
	bit f;

again:	atomic { todo = 0; w = 0; g = 0; o = 0; f = 0 };
#ifdef DEADONLY
end:	atomic { missed -> missed = 0 };
#else
	/* whoever waits in vain looks for what is GONE, too */
end:	atomic { (missed || state == GONE && !lock[BYTE(maker)]) -> missed = 0 };
#endif
	do
	:: d_step {
		w = state; g = gen; o = owner; f = dead;
		if
#ifdef ORPHAN
		:: ((w == QUEUED || w == TAKEN) && !orphan &&
		    !lock[BYTE(maker)]) -> todo = FLAG
		:: else ->
		   if
#endif
		:: (w == RESERVED && !lock[BYTE(o)] ||
		    w == GONE && !lock[BYTE(maker)]) -> todo = FREE_IT
		:: (w == TAKEN && !lock[BYTE(o)]) -> todo = GIVE_BACK
		:: else -> todo = 0; w = 0; g = 0; o = 0; f = 0
#ifdef ORPHAN
		   fi
#endif
		fi
	   };
	   if
	   :: (todo == 0) -> break
	   :: else
	   fi;
	   MAYSTOP;
	   d_step {
		if
		:: (state == w && gen == g && owner == o && dead == f) ->
			if
			:: (todo == FLAG) -> orphan = 1
			:: (todo == FREE_IT) -> dead = 0; RELEASE
			:: (todo == GIVE_BACK) ->
				state = (f -> EXITED : QUEUED); BUMP;
				owner = 0; dead = 0
			fi
		:: else
		fi;
		todo = 0; w = 0; g = 0; o = 0; f = 0
	   }
	od;
	MAYSTOP;
	d_step {
		if
		:: (state == QUEUED || state == EXITED) -> g = gen
		:: else -> g = 0
		fi
	};
	if :: (g != 0) -> HINT(g) :: else fi;
	goto again
}

#ifdef LOSE
/* The producer's byte, then the process, then the word that was read first. */
proctype Loser()
{
	byte g, m, p, i;

again:
end:	atomic { (state == QUEUED) -> g = gen; m = maker; p = who; i = ino };
#ifndef LOSTBLIND
end1:	if
	:: !lock[BYTE(m)]
	:: (state != QUEUED || gen != g) -> goto again
	fi;
#endif
#ifndef LOSTEARLY
end2:	if
	:: (holder[p] != i || over[i])
	:: (state != QUEUED || gen != g) -> goto again
	fi;
#endif
	HINT(g);
	atomic {
		if
		:: (state == QUEUED && gen == g) -> state = EXITED; lost = 1
		:: else
		fi;
		g = 0; m = 0; p = 0; i = 0;
		goto again
	}
}
#endif

/* Strangers take any pid that is free. */
proctype World()
{
end:	do
	:: atomic {
		(strangers < STRANGERS && holder[1] == NOBODY) ->
		strangers++; holder[1] = STRANGER; BORN(1)
	   }
	:: atomic {
		(strangers < STRANGERS && holder[2] == NOBODY) ->
		strangers++; holder[2] = STRANGER; BORN(2)
	   }
#ifdef TICKS
	:: (clock < TICKS) -> clock++
#endif
#if LOSSES > 0
	:: atomic {
		(losses < LOSSES && lock[BYTE(1)]) ->
		losses++; lock[BYTE(1)] = 0; missed = 1
	   }
	:: atomic {
		(losses < LOSSES && lock[BYTE(2)]) ->
		losses++; lock[BYTE(2)] = 0; missed = 1
	   }
#endif
	od
}

#define OUT(n) (out[n] || halted[n])
#if NC > 1
#define NOCONSUMER (OUT(3) && OUT(4))
#else
#define NOCONSUMER OUT(3)
#endif

proctype Rest()
{
	byte c;

#ifdef NOREST
end:	(false);
#endif
	timeout ->
	d_step {
		/* only the stopped hold anything up, and only their own */
		assert(state == FREE ||
		       state == RESERVED && halted[owner] ||
		       state == TAKEN && halted[owner] ||
		       state == GONE && halted[maker] ||
		       (state == QUEUED || state == EXITED) &&
		       (hint && NOCONSUMER || halted[maker]));
		c = 1;
		do
		:: (c == 3) -> break
		:: else ->
			assert(told[c] == (entered[c] && over[c] &&
			       !(ino == c && (state == QUEUED ||
					      state == EXITED ||
					      state == TAKEN))));
			assert(pidof[c] == 0 || zombie[c] && halted[c] ||
			       ino == c && (state == QUEUED ||
					    state == TAKEN));
			c++
		od
	}
}

init
{
	atomic {
		run Producer(1);
		run Producer(2);
		run Consumer(3);
#if NC > 1
		run Consumer(4);
#endif
		run Sweeper();
#ifdef LOSE
		run Loser();
#endif
		run World();
		run Rest()
	}
}
