/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sem.pml - a post is heard: the word that one process sleeps on, and others
 * post (lib/sem.c).
 *
 * Concern: does the waiter sleep on although it was posted, with no poster on
 * its way to wake it? With posters killed between their two steps it may: then
 * the end of the wait has to be enough.
 *
 * Not here: what is waited for (bell.pml). The kernel's look at the word and
 * the beginning of the sleep are one step, and so is each change of the word.
 *
 * Sizes: ROUNDS waits, POSTERS posts, of which CRASHES are cut off between the
 * post and the wake-up; EARLY sleeps end for no reason. REBORN: before the
 * first wait, another process was killed in its sleep.
 *
 * Mutants: STORE (asleep by a plain store), NOLOOK (the kernel does not look),
 * WAKEFIRST (woken before it is posted), TWOSTEPS (the word is read, then
 * cleared); NOEND with a kill (a wait without an end).
 */
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef POSTERS
#define POSTERS 3
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef EARLY
#define EARLY 0
#endif

#define QUIET 0
#define POSTED 1
#define ASLEEP 2

#ifdef REBORN
byte word = ASLEEP;
#else
byte word = QUIET;
#endif
bit sleeping;			/* in the kernel */
byte crashes, early;
/* Ghosts: a post that is not heard; how many posters may yet wake. */
bit unheard;
byte posting;

#define FAIR assert(!(unheard && sleeping && posting == 0 && crashes == 0))

active proctype waiter()
{
	byte round, v;

	do
	:: round == ROUNDS -> break
	:: else ->
		d_step {
#ifdef STORE
			v = QUIET;
			word = ASLEEP
#else
			v = word;
			word = (v == QUIET -> ASLEEP : v)
#endif
		}
		if
		:: v == POSTED
		:: else ->
			d_step {
#ifndef NOLOOK
				if
				:: word == ASLEEP -> sleeping = 1; FAIR
				:: else
				fi
#else
				sleeping = 1; FAIR
#endif
			}
			if
			:: !sleeping
			:: early < EARLY -> d_step { early++; sleeping = 0 }
			:: timeout ->
#ifdef NOEND
				assert(!unheard);
				break
#else
				if
				:: !unheard -> break	/* for good */
				:: else -> sleeping = 0
				fi
#endif
			fi
		fi;
#ifdef TWOSTEPS
		v = word;
#endif
		d_step {
#ifndef TWOSTEPS
			v = word;
#endif
			word = QUIET;
			if
			:: v == POSTED -> unheard = 0; round++
			:: else
			fi
		}
	od;
	assert(!unheard || round == ROUNDS)
}

active [POSTERS] proctype poster()
{
	byte v;

#ifdef WAKEFIRST
	v = word;
	if
	:: v == ASLEEP -> sleeping = 0
	:: else
	fi;
	d_step { word = POSTED; unheard = 1; FAIR }
#else
	d_step { v = word; word = POSTED; unheard = 1; posting++ }
	if
	:: crashes < CRASHES -> d_step { crashes++; posting-- }
	:: d_step {
		if
		:: v == ASLEEP -> sleeping = 0
		:: else
		fi;
		posting--;
		FAIR
	   }
	fi
#endif
}
