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
 * Mutants: BLINDJOIN EARLYCHECK NOINODE TRYLOCK LATELEAVE OPENONLY REBUILD
 * NOFINISH; with REMOVERS: BLINDSIT GIVEUP; with LOCKFILE: FILEFIRST EARLYFILE.
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
		assert(name == o && ENTRY(o, me) && life[o] != FINAL)
	}
}

#if NP > 2
#define OTHERS_IN (in[1] == o || in[2] == o || in[3] == o)
#else
#define OTHERS_IN (in[1] == o || in[2] == o)
#endif

inline unlink_object()
{
	atomic {
#ifndef NOINODE
		assert(name == o);
#endif
		assert(!OTHERS_IN);
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

/* The dead, too, until somebody has emptied their places. */
inline look_for_others()
{
	busy = filled[o];
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
	i = 0
}

proctype Participant(byte me)
{
	byte o, i, n, l, seen;
	bit busy, keep, kept;
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
	:: (magic[o]) -> l = life[o]
	:: else -> l = FINAL
	fi;
#if defined(LOCKFILE) && !defined(EARLYFILE)
	open_file();			/* that of what was seen, or a later one */
#endif
	if :: (l == FINAL) -> goto create :: else fi;
	MAYDIE;
	ENTRY(o, me) = 1;
	MAYDIE;
#ifndef BLINDJOIN
	look_at_life();
	if
	:: (l == FINAL) ->
		MAYDIE;
		ENTRY(o, me) = 0;
		goto create
	:: else
	fi;
#endif
	joined();
	goto work;

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
		ENTRY(o, me) = 1;
		life[o] = OPEN;
		MAYDIE;
		magic[o] = 1
	fi;
	MAYDIE;
	joined();
	init_lock[f] = 0;

work:	MAYDIE;
	if
	:: skip
	:: filled[o] = 1; MAYDIE; filled[o] = 0
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
	if
	:: (!NAMED) -> goto gone
	:: else
	fi;
	MAYDIE;
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

next:	atomic {
		clean = (seen == deaths);
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
		if :: (init_lock[f] == me) -> init_lock[f] = 0 :: else fi;
		o = 0; f = 0; i = 0; l = 0; busy = 0; seen = 0; keep = 0;
		kept = 0; n = 0
	}
}

/* An empty queue is gone with the last who leaves it. */
proctype Rest()
{
	timeout -> assert(!clean || name == 0 || filled[name])
}

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
		run Rest()
	}
}
