/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remove.pml - one name, and the objects that come and go under it.
 *
 * Concern: can two queues be in use that were opened under one name? Does
 * anybody join, and stay in, an object that is being taken away? Is what a
 * dead creator or remover leaves behind put right by the next one, and is the
 * queue gone when the last one has left it empty?
 *
 * With LOCKFILE the init lock is not the object's but a file's beside it, which
 * the remover unlinks, too: after the object.
 *
 * Not here: what is in the queue, but for its being empty or not; places in
 * the table that are used twice (entry.pml). Each participant has a place of
 * its own here. The init lock is the kernel's: it lets go of it when its
 * holder is gone. Whoever waits for it gives up after half a second, which is
 * not here either: its holder is stopped then.
 *
 * Sizes: NP participants that join and leave ROUNDS times each, CRASHES kills.
 * A creator that finds a FINAL object under its name ends the removal and
 * starts again; with REVIVE it takes the object back to OPEN instead.
 *
 * The first REMOVERS rounds of each may have a procq_remove() in them, after
 * which it stays if others are in it.
 *
 * With WORLDS the last participant is of another world, such as a container that
 * was started again: it can't ask who is in a queue of the others, but sees
 * their lock bytes. If none is held, and no record has a process that outlives
 * its producer, it replaces that queue, else it is refused; and so do they with
 * its queue.
 *
 * With HAND somebody who knows nothing of all this removes the name, once. Who
 * waits in that object for another looks whether its name still leads there.
 * Not here: a hand between the check of the name and the unlinking by one who
 * has the init lock. It may cost a new object its name, whose participants see
 * that in the same way.
 *
 * Mutants: BLINDJOIN EARLYCHECK NOINODE TRYLOCK LATELEAVE OPENONLY REBUILD
 * NOFINISH; with REMOVERS: BLINDSIT GIVEUP; with LOCKFILE: FILEFIRST EARLYFILE;
 * with WORLDS: UNPROPOSED LATEBYTE RECORDSFIRST REPLACEFIRST NORECORDS BLINDREPLACE; with
 * HAND: NONOTICE BLINDLEAVE.
 */
#ifndef NP
#define NP 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

#define OBJECTS (NP * ROUNDS + 1)
#define OPEN 0
#define FINAL 9			/* else: PROPOSED by that participant */

byte name;			/* the object it leads to, 0: none */
byte made;			/* objects so far */
bit magic[OBJECTS + 1];
byte life[OBJECTS + 1];
#ifdef LOCKFILE
byte file;			/* the lock file that its name leads to */
byte files;
#define FILES (2 * OBJECTS)
#else
#define FILES OBJECTS
#endif
byte init_lock[FILES + 1];	/* its holder, 0: none */
bit filled[OBJECTS + 1];	/* some record is not FREE */
bit entry[(OBJECTS + 1) * (NP + 1)];
#define ENTRY(o, p) entry[(o) * (NP + 1) + (p)]

#ifdef WORLDS
#define WORLD (1 + (me == NP))
byte world[OBJECTS + 1];	/* its creator's */
bit keeps[OBJECTS + 1];		/* a process in it outlives its producer */
bit held[(OBJECTS + 1) * (NP + 1)];	/* the participant's lock byte */
#define HELD(o, p) held[(o) * (NP + 1) + (p)]
#define KEPT(o) keeps[o]
#define hold() HELD(o, me) = 1
#define drop() HELD(o, me) = 0
#else
#define KEPT(o) 0
#define hold()
#define drop()
#endif
#ifdef HAND
bit handed[OBJECTS + 1];	/* ghost: a hand has removed its name */
#define HANDED(o) handed[o]
#else
#define HANDED(o) 0
#endif

bit lock[NP + 1];		/* the participant lives */
byte in[NP + 1];		/* ghost: the object it works in */
byte crashes, deaths;
bit clean;			/* ghost: the last to leave saw no kill */

#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> crashes++; goto over \
	fi

/* An object without a name is forgotten when nobody has it open. */
inline empty_table()
{
	d_step {
		i = 1;
		do
		:: (i > NP) -> break
		:: else -> ENTRY(o, i) = 0; i++
		od;
		filled[o] = 0; i = 0
	}
}

inline joined()
{
	atomic {
		in[me] = o;
		assert((name == o || HANDED(o)) && ENTRY(o, me) &&
		       life[o] != FINAL)
	}
}

#define IS_IN(p) (me != p && in[p] == o)
#if NP > 2
#define COMPANY (IS_IN(1) || IS_IN(2) || IS_IN(3))
#define OTHERS_IN (in[1] == o || in[2] == o || in[3] == o)
#else
#define COMPANY (IS_IN(1) || IS_IN(2))
#define OTHERS_IN (in[1] == o || in[2] == o)
#endif

inline unlink_object()
{
	atomic {
#ifndef NOINODE
		assert(name == o);
#endif
		assert(!OTHERS_IN);
		assert(!KEPT(o));
		name = 0		/* shm_unlink() */
	}
}

#ifdef LOCKFILE
#define NAMED (name == o && file == f)
inline open_file()
{
	atomic {			/* open(O_CREAT) */
		if
		:: (file == 0) -> files++; file = files
		:: else
		fi;
		f = file
	};
	MAYDIE
}

inline unlink_file()
{
	atomic { assert(file == f); file = 0 }
}
#ifdef FILEFIRST
inline unlink()
{
	unlink_file(); MAYDIE; unlink_object()
}
#else
inline unlink()
{
	unlink_object(); MAYDIE; unlink_file()
}
#endif
#else
#define f o
#define NAMED (name == o)
inline unlink()
{
	unlink_object()
}
#endif

/* l: OPEN, and then whoever would take it away sees the entry; or FINAL. */
inline look_at_life()
{
	do
	:: l = life[o];
	   if
	   :: (l == OPEN || l == FINAL) -> break
	   :: else ->
		MAYDIE;
		d_step {
			if
			:: (life[o] == l) -> life[o] = OPEN; l = OPEN
			:: else
			fi
		};
		if :: (l == OPEN) -> break :: else fi
	   fi
	od
}

#ifdef WORLDS
inline look_for_bytes()
{
	i = 1;
	do
	:: (i > NP) -> break
	:: else ->
		busy = busy || HELD(o, i);
		i++
	od;
	i = 0
}
#endif

/* The dead, too, until somebody has emptied their places. The records last: a
 * participant that joined before the proposal may put a process in, and leave,
 * between the two looks. */
inline look_for_others()
{
#ifdef RECORDSFIRST
	busy = filled[o];
#endif
	i = 1;
	do
	:: (i > NP) -> break
	:: else ->
		if
		:: (i != me && ENTRY(o, i)) -> busy = 1
		:: else
		fi;
		i++
	od;
#ifndef RECORDSFIRST
	busy = busy || filled[o];
#endif
	i = 0
}

proctype Participant(byte me)
{
	byte o, i, n, l, seen;
	bit busy, keep, kept;
#ifdef WORLDS
	bit vain;
#define VAIN vain
#else
#define VAIN 0
#endif
#ifdef LOCKFILE
	byte f;
#endif

again:	MAYDIE;
	atomic {			/* shm_open(O_CREAT) */
		clean = 0;
		if
		:: (name == 0) -> made++; name = made
		:: else
		fi;
		o = name
	};
	MAYDIE;
#ifdef EARLYFILE
	open_file();
#endif
look:	if
#ifdef WORLDS
	:: (magic[o] && life[o] != FINAL && world[o] != WORLD) -> goto foreign
#endif
	:: (magic[o]) -> l = life[o]
	:: else -> l = FINAL
	fi;
#if defined(LOCKFILE) && !defined(EARLYFILE)
	open_file();			/* that of what was seen, or a later one */
#endif
	if :: (l == FINAL) -> goto create :: else fi;
#ifndef LATEBYTE
	MAYDIE;
	hold();
#endif
	MAYDIE;
	ENTRY(o, me) = 1;
	MAYDIE;
#ifndef BLINDJOIN
	look_at_life();
	if
	:: (l == FINAL) ->
		MAYDIE;
		ENTRY(o, me) = 0;
		drop();
		goto create
	:: else
	fi;
#endif
#ifdef LATEBYTE
	MAYDIE;
	hold();
#endif
	joined();
	goto work;

#ifdef WORLDS
foreign:
#ifdef LOCKFILE
	open_file();
#endif
	atomic { (init_lock[f] == 0) -> init_lock[f] = me };
	MAYDIE;
#ifndef BLINDREPLACE
	if
	:: (!NAMED || life[o] == FINAL) ->
		init_lock[f] = 0;
		goto again
	:: else
	fi;
	MAYDIE;
#endif
#ifndef UNPROPOSED
	l = life[o];
	MAYDIE;
	d_step {			/* if not, a joiner was faster */
		if
		:: (life[o] == l) -> life[o] = me
		:: else
		fi
	};
	MAYDIE;
#endif
#ifdef REPLACEFIRST
	busy = keeps[o];
	MAYDIE;
	look_for_bytes();
#else
	look_for_bytes();
	MAYDIE;
#ifndef NORECORDS
	busy = busy || keeps[o];
#endif
#endif
	MAYDIE;
#ifdef UNPROPOSED
	if :: !busy -> life[o] = FINAL :: else fi;
#else
	d_step {
		if
		:: (life[o] == me && busy) -> life[o] = OPEN
		:: (life[o] == me && !busy) -> life[o] = FINAL
		:: else -> busy = 1
		fi
	};
#endif
	MAYDIE;
	if
	:: busy ->			/* refused */
		init_lock[f] = 0;
		vain = 1;
		goto next
	:: else
	fi;
	unlink();
	MAYDIE;
	init_lock[f] = 0;
	goto again;
#endif

create:	atomic { (init_lock[f] == 0) -> init_lock[f] = me };
	MAYDIE;
#ifndef NOINODE
	if
	:: (!NAMED) ->
		init_lock[f] = 0;
		goto again
	:: else
	fi;
	MAYDIE;
#endif
	if
	:: (magic[o] && life[o] != FINAL) ->
		init_lock[f] = 0;
#ifdef LOCKFILE
		goto again
#else
		goto look
#endif
	:: (magic[o] && life[o] == FINAL) ->
#if defined(REVIVE)
		hold();
		ENTRY(o, me) = 1;
		MAYDIE;
		life[o] = OPEN
#elif defined(REBUILD)
		magic[o] = 0;
		MAYDIE;
		goto build
#else
		unlink();		/* in the dead one's place */
		MAYDIE;
		init_lock[f] = 0;
		goto again
#endif
	:: else ->
build:		empty_table();
		MAYDIE;
		hold();
		MAYDIE;
		ENTRY(o, me) = 1;
		life[o] = OPEN;
#ifdef WORLDS
		world[o] = WORLD;
#endif
		MAYDIE;
		magic[o] = 1
	fi;
	MAYDIE;
	joined();
	init_lock[f] = 0;

work:	MAYDIE;
#ifdef HAND
	if
	:: skip
	:: true ->			/* waits for another */
endwait:	if
		:: COMPANY
#ifndef NONOTICE
		:: (!NAMED)
#endif
		fi;
		MAYDIE
	fi;
#endif
	if
	:: skip
#ifdef WORLDS
	:: (n == ROUNDS - 1) -> d_step { filled[o] = 1; keeps[o] = 1 }
#endif
	:: filled[o] = 1; MAYDIE; filled[o] = KEPT(o)
	:: (n == ROUNDS - 1) -> filled[o] = 1
	fi;
#ifdef REMOVERS
	/* procq_remove(): as in leaving, but it stays if others are in it */
	if
	:: (n < REMOVERS && !kept) -> keep = 1; kept = 1
	:: skip
	fi;
#endif
leave:	MAYDIE;
	seen = deaths;
	i = 1;
	do				/* after the dead */
	:: (i > NP) -> break
	:: else -> d_step {
			if
			:: (i != me && ENTRY(o, i) && !lock[i]) -> ENTRY(o, i) = 0
			:: else
			fi;
			i++
		}
	od;
	i = 0;
	MAYDIE;
	/* The place first: who comes last finds all others gone. */
	atomic {
		in[me] = 0;
#ifndef LATELEAVE
		ENTRY(o, me) = 0
#endif
	};
retry:	MAYDIE;
	/* A look without the lock, unless it is about to go: a joiner that
	 * does not know it yet is no reason to leave it there. */
	l = life[o];
	if :: (l != FINAL) -> look_for_others() :: else fi;
	if :: busy -> goto back :: else fi;
	MAYDIE;
#ifdef TRYLOCK
	atomic {
		if
		:: (init_lock[f] == 0) -> init_lock[f] = me
		:: else -> goto back
		fi
	};
#else
	atomic { (init_lock[f] == 0) -> init_lock[f] = me };
#endif
	MAYDIE;
#ifndef BLINDLEAVE
	if
	:: (!NAMED) -> goto gone
	:: else
	fi;
	MAYDIE;
#endif
	/* whoever proposed before is dead: he had the init lock */
	l = life[o];
	if
	:: (l == FINAL) ->
#ifdef NOFINISH
		busy = 1; seen = deaths; goto unlock
#else
		seen = deaths;
		MAYDIE;
		unlink();		/* in the dead one's place */
		goto gone
#endif
	:: else
	fi;
#ifdef EARLYCHECK
	look_for_others();
	MAYDIE;
	d_step {
		if
		:: (life[o] != FINAL && !busy) -> life[o] = me
		:: else -> busy = 1
		fi
	};
	MAYDIE;
#else
#ifdef OPENONLY
	if :: (l != OPEN) -> busy = 1; goto unlock :: else fi;
#endif
	MAYDIE;
	d_step {
		if
		:: (life[o] == l) -> life[o] = me
		:: else -> busy = 1	/* a joiner took it back to OPEN */
		fi
	};
	if :: busy -> goto unlock :: else fi;
	MAYDIE;
	look_for_others();
	MAYDIE;
#endif
	d_step {
		if
		:: (life[o] == me && busy) -> life[o] = OPEN
		:: (life[o] == me && !busy) -> life[o] = FINAL
		:: else -> busy = 1
		fi
	};
	if :: busy -> goto unlock :: else fi;
	MAYDIE;
	unlink();
gone:	keep = 0;
unlock:	MAYDIE;
	init_lock[f] = 0;
#ifdef LATELEAVE
	MAYDIE;
	ENTRY(o, me) = 0;
#endif
back:	busy = 0;
	if :: (!keep) -> goto next :: else fi;
	MAYDIE;
	ENTRY(o, me) = 1;
	MAYDIE;
#ifndef BLINDSIT
	look_at_life();
	if
	:: (l == FINAL) ->		/* another takes it away */
		MAYDIE;
		ENTRY(o, me) = 0;
#ifdef GIVEUP
		keep = 0; assert(in[me] == o); goto next
#else
		goto retry
#endif
	:: else
	fi;
#endif
	joined();
	keep = 0;
	goto leave;

next:	MAYDIE;
	atomic {
		clean = (!VAIN && !HANDED(o) && seen == deaths);
		drop();
#ifdef WORLDS
		vain = 0;
#endif
		o = 0; f = 0; i = 0; l = 0; busy = 0; seen = 0; keep = 0;
		kept = 0; n++
	};
	if
	:: (n < ROUNDS) -> goto again
	:: else
	fi;
over:	atomic {
		if :: (n < ROUNDS) -> deaths++; clean = 0 :: else fi;
		lock[me] = 0; in[me] = 0;
		drop();
		if :: (init_lock[f] == me) -> init_lock[f] = 0 :: else fi;
		o = 0; f = 0; i = 0; l = 0; busy = 0; seen = 0; keep = 0;
		kept = 0; n = 0
	}
}

#if NP > 2
#define ANY(what) (what(1) || what(2) || what(3))
#else
#define ANY(what) (what(1) || what(2))
#endif
#define WAITS(p) (in[p] != 0)
#define STRAYS(p) (in[p] != 0 && in[p] != name)

/* An empty queue is gone with the last who leaves it; and nobody waits where
 * nobody can come. */
proctype Rest()
{
	timeout -> atomic {
		assert(!clean || name == 0 || filled[name] || ANY(WAITS));
		assert(!ANY(STRAYS))
	}
}

#ifdef HAND
#ifdef LOCKFILE
#define LOCKED (init_lock[file] != 0)
#else
#define LOCKED (init_lock[name] != 0)
#endif
proctype Hand()
{
	if
	:: atomic { (name != 0 && !LOCKED) -> handed[name] = 1; name = 0 }
	:: skip
	fi
}
#endif

init
{
	atomic {
		lock[1] = 1; lock[2] = 1;
		run Participant(1);
		run Participant(2);
#if NP > 2
		lock[3] = 1;
		run Participant(3);
#endif
#ifdef HAND
		run Hand();
#endif
		run Rest()
	}
}
