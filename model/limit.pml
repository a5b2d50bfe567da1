/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit.pml - the limit of a queue is changed while records are in use.
 *
 * Concern: once a limit is set, is nothing started while as many exist, or
 * more? Do as many records come to be in use or free as the limit says, not
 * one more or fewer, whoever is killed between any two steps, and however many
 * set limits at once?
 *
 * Not here: what happens to a process between its start and its end; the order
 * of hints (queue.pml), so a look at the free ring may find any of them;
 * sleeping. Numbers and generations do not wrap.
 *
 * Sizes: M records, NU users that start and end ITEMS processes each, the
 * limit FIRST that the queue is built with, LOW that is set, and HIGH by a
 * second limiter (0: there is none), CRASHES kills.
 *
 * Mutants, each drops one rule: NOGEN NONUMBER COUNTFIRST UNCOUNTED GATEFIRST
 * BLINDSTART NOLOOK NOSWEEP NOHELP KEEPGEN EARLYEND.
 */
#ifndef M
#define M 2
#endif
#ifndef NU
#define NU 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef FIRST
#define FIRST M
#endif
#ifndef LOW
#define LOW 1
#endif
#ifndef HIGH
#define HIGH 0
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

#define FREE 0
#define USED 1
#define PARKED 2

#define IDLE 0
#define PARK 1
#define UNPARK 2

/* Records: the word; the hint of each in the free ring, its generation plus
 * one; 0: there is none. */
byte state[M], gen[M], owner[M], hint[M];

/* The gate, one word: how many may be used, how many are not parked, how many
 * steps were counted, and whether the last one was done. */
byte limit, have, counted;
bit done;

/* The step under way, one word. */
byte kind, slot, sgen, number;

/* The environment, and ghosts that only assertions read. */
byte crashes, swept, setting, used, promised;
bit killed[8];

#define NONE 99

#if CRASHES == 0
#define MAYDIE skip
#else
#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> \
		d_step { crashes++; killed[me] = 1 }; goto over \
	fi
#endif

/* A ring keeps an older hint and a newer one; here the newer one is enough,
 * for the older one is stale. */
#define APPEND(i, g) \
	d_step { if :: (hint[i] < (g) + 1) -> hint[i] = (g) + 1 :: else fi }

#if M == 2
#define NOHINT (hint[0] == 0 && hint[1] == 0)
#define NOPARKED (state[0] != PARKED && state[1] != PARKED)
#else
#define NOHINT (hint[0] == 0 && hint[1] == 0 && hint[2] == 0)
#define NOPARKED (state[0] != PARKED && state[1] != PARKED && \
	state[2] != PARKED)
#endif

#ifdef NOGEN
#define SAMEGEN true
#else
#define SAMEGEN (gen[s] == g)
#endif

#ifdef KEEPGEN
#define BUMP(i) skip
#else
#define BUMP(i) gen[i]++
#endif

inline forget()
{
	d_step {
		k = 0; s = 0; g = 0; n = 0; l = 0; h = 0; m = 0; d = 0; w = 0
	}
}

/* Any hint; the callers know that there may be none. */
inline choose(i)
{
	if
	:: (hint[0] != 0) -> i = 0
	:: (hint[1] != 0) -> i = 1
#if M == 3
	:: (hint[2] != 0) -> i = 2
#endif
	:: NOHINT -> i = NONE
	fi
}

inline choose_parked(i)
{
	if
	:: (state[0] == PARKED) -> i = 0
	:: (state[1] == PARKED) -> i = 1
#if M == 3
	:: (state[2] == PARKED) -> i = 2
#endif
	:: NOPARKED -> i = NONE
	fi
}

/* The CAS of the gate, as it was read, to one with another step counted. */
inline count(more)
{
	d_step {
		if
#ifdef NONUMBER
		:: (limit == l && have == h) ->
#else
		:: (limit == l && have == h && counted == n) ->
#endif
			/* L3: each change once */
			assert(counted == number);
			have = more; counted++; done = d
		:: else
		fi
	}
}

/* Take the step {k, s, g, n}, which was read, one round further. */
inline help()
{
	d_step { l = limit; h = have; m = counted; w = 0 };
	if
#ifdef NONUMBER
	:: true ->
#else
	:: (m == n) ->
#endif
		if
		:: (k == PARK) ->
#ifdef COUNTFIRST
			d_step {
				d = (state[s] == FREE && SAMEGEN)
			};
			count(h - d);
			MAYDIE;
#endif
			/* the load, then the CAS: one step, as in queue.pml */
			d_step {
				if
				:: (state[s] == FREE && SAMEGEN) ->
					state[s] = PARKED
				:: else
				fi
			};
			MAYDIE;
#ifndef COUNTFIRST
			d_step { d = (state[s] == PARKED && SAMEGEN) };
			count(h - d)
#endif
		:: (k == UNPARK) ->
			d_step {
				d = (state[s] == PARKED && SAMEGEN && h < l)
			};
#ifdef UNCOUNTED
			d_step {
				if
				:: (d && state[s] == PARKED && SAMEGEN) ->
					state[s] = FREE; BUMP(s); w = 1
				:: else
				fi
			};
			if :: w -> APPEND(s, g + 1); w = 0 :: else fi;
			MAYDIE;
#endif
			count(h + d)
		fi
	:: else
	fi;
	MAYDIE;
	d_step { m = counted; d = done };
	if
#ifdef NONUMBER
	:: true ->
#else
	:: (m == n + 1) ->
#endif
		if
		:: (k == UNPARK && d) ->
			d_step {
				if
				:: (state[s] == PARKED && SAMEGEN) ->
					state[s] = FREE; BUMP(s);
					w = 1; m = gen[s]
				:: else
				fi
			};
			MAYDIE
		:: else
		fi;
		d_step {
			if
			:: (kind == k && slot == s && sgen == g &&
			    number == n) ->
				kind = IDLE; slot = 0; sgen = 0; number++
			:: else
			fi
		};
		if
		:: w -> MAYDIE; APPEND(s, m)
		:: else
		fi
	:: else
	fi;
	d_step { d = 0; w = 0; m = 0 }
}

/* Until as many are not parked as the limit says, or, if they are more, none
 * of them is free. */
inline settle()
{
	do
	:: d_step { k = kind; s = slot; g = sgen; n = number };
	   if
	   :: (k != IDLE) ->
#ifdef NOHELP
		(kind == IDLE)
#else
		help()
#endif
	   :: else ->
		d_step { l = limit; h = have; m = counted };
		if
		:: (m != n) -> skip
		:: (m == n && h == l) -> break
		:: (m == n && h > l) ->
			d_step { choose(s); w = (s == NONE) };
			if
			:: w -> break
			:: else ->
				d_step {
					g = hint[s];
					d = (g != 0 && state[s] == FREE &&
					     gen[s] + 1 == g)
				};
				if
				:: d ->
					g--; k = PARK;
					d_step { if
					:: (kind == IDLE && number == n) ->
						kind = k; slot = s; sgen = g
					:: else -> w = 1
					fi };
					MAYDIE;
					if :: !w -> help() :: else fi
				:: else -> d_step { if
					:: (hint[s] == g) -> hint[s] = 0
					:: else
					fi }
				fi
			fi
		:: (m == n && h < l) ->
			d_step {
				choose_parked(s);
				if
				:: (s == NONE) -> w = 1
				:: else -> w = 0; g = gen[s]
				fi
			};
			if
			:: w -> break
			:: else ->
				k = UNPARK;
				d_step { if
				:: (kind == IDLE && number == n) ->
					kind = k; slot = s; sgen = g
				:: else -> w = 1
				fi };
				MAYDIE;
				if :: !w -> help() :: else fi
			fi
		fi
	   fi;
	   forget()
	od;
	forget()
}

/* Starts processes, and ends them. */
proctype User(byte me)
{
	byte k, s, g, n, l, h, m, i, x, items;
	bit d, w, ok;

	do
	:: (items == ITEMS) -> break
	:: else ->
#ifdef GATEFIRST
		d_step { w = (have > limit) };
#endif
		d_step { choose(i); if :: (i != NONE) -> x = hint[i]
				    :: else fi };
		if
		:: (i == NONE) ->
			/* no room: who sleeps now looks at times whether
			 * something is left to be done */
			break
		:: else ->
			d_step { ok = (state[i] == FREE && gen[i] + 1 == x) };
#ifndef GATEFIRST
			d_step { w = (have > limit) };
#endif
#ifdef BLINDSTART
			w = 0;
#endif
			if
			:: (ok && w) -> w = 0; settle()
			:: else ->
				if
				:: ok -> d_step { if
					:: (state[i] == FREE &&
					    gen[i] + 1 == x) ->
						state[i] = USED;
						owner[i] = me;
						/* L1 */
						assert(used < promised);
						used++
					:: else -> ok = 0
					fi }
				:: else
				fi;
				MAYDIE;
				d_step { if
				:: (hint[i] == x) -> hint[i] = 0
				:: else
				fi };
				w = 0;
				if
				:: ok ->
					items++;
					MAYDIE;
					d_step {
						state[i] = FREE; owner[i] = 0;
						gen[i]++; x = gen[i];
						used--
					};
					MAYDIE;
					APPEND(i, x);
					MAYDIE;
#ifndef NOLOOK
					if
					:: (have > limit) -> settle()
					:: else
					fi
#endif
				:: else
				fi
			fi
		fi;
		d_step { i = 0; x = 0; ok = 0; w = 0 }
	od;
over:	forget();
	d_step { i = 0; x = 0; items = 0; ok = 0 }
}

/* Sets the limit. From its return on, until another is set, that holds. */
proctype Limiter(byte me; byte value)
{
	byte k, s, g, n, l, h, m;
	bit d, w;

	d_step { setting++; promised = NONE; limit = value };
	MAYDIE;
#ifndef EARLYEND
	settle();
#endif
	d_step {
		setting--;
		if
		:: (setting == 0) -> promised = limit
		:: else
		fi
	};
over:	forget()
}

/* Somebody who finds the dead; killed, somebody else does. */
proctype Sweeper(byte me)
{
	byte k, s, g, n, l, h, m, i, x;
	bit d, w;

again:
end:	atomic { (swept != crashes) -> x = crashes };
	i = 0;
	do
	:: (i == M) -> break
	:: else ->
		d_step {
			if
			:: (state[i] == USED && killed[owner[i]]) ->
				state[i] = FREE; owner[i] = 0; gen[i]++;
				used--
			:: else
			fi
		};
		MAYDIE;
		d_step {
			if
			:: (state[i] == FREE && hint[i] < gen[i] + 1) ->
				hint[i] = gen[i] + 1
			:: else
			fi
		};
		i++
	od;
#ifndef NOSWEEP
	settle();
#endif
	swept = x;
	forget();
	i = 0; x = 0;
	goto again;
over:	forget();
	i = 0; x = 0;
	goto again
}

/* At rest nothing is used: L2, exactly as many are free as the limit says,
 * and each has its hint. */
proctype Rest()
{
	byte i, n;

	timeout ->
	d_step {
		do
		:: (i == M) -> break
		:: else ->
			assert(state[i] != USED);
			if
			:: (state[i] == FREE) ->
				n++;
				assert(hint[i] == gen[i] + 1)
			:: else
			fi;
			i++
		od;
		assert(kind == IDLE);
		assert(n == have);
		assert(n == limit)
	}
}

init
{
	byte i;

	atomic {
		limit = FIRST; have = FIRST; promised = NONE;
		do
		:: (i == M) -> break
		:: (i < FIRST) -> hint[i] = 1; i++
		:: (i >= FIRST && i < M) -> state[i] = PARKED; i++
		od;
		i = 0;
		run User(1);
#if NU == 2
		run User(2);
#endif
		run Limiter(3, LOW);
#if HIGH > 0
		run Limiter(4, HIGH);
#endif
#if CRASHES > 0
		run Sweeper(5);
#endif
		run Rest()
	}
}
