/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease.pml - the end of a lease comes while processes are started and ended,
 * and leases are set.
 *
 * Concern: can anything enter when the end of a lease has been enforced once,
 * whatever was stopped before, and goes on now? Are as many records free in
 * the end as the lease says, whoever is killed? If a setter is killed, is what
 * it leaves never more, for longer, than what somebody has asked for? Can one
 * with an older epoch change anything when a later one has set the lease?
 *
 * Not here: how a record is parked and counted (limit.pml): a record is parked
 * or freed in one step, with a limit that may be out of date; the life of a
 * process after its entry; pins. Generations and serials do not wrap.
 *
 * Sizes: M records; USERS that start ITEMS processes each and end them, or, if
 * ITEMS is 0, end one that is there; ENFORCERS; HOLDERS, the first of which has
 * the older epoch, each of which sets SETS leases; CRASHES kills. The clock
 * goes from 0 to TICKS, and a lease ends at 0, 1, or never (3), the one that is
 * there from the start at FIRST.
 *
 * Mutants, each drops one rule: NOLOOK NOTAKEBACK LEASEFIRST FREES NOSERIAL
 * RAISEFIRST LOWERLATE EPOCHFIRST BLINDSET NOSETTLE.
 */
#ifndef M
#define M 2
#endif
#ifndef USERS
#define USERS 1
#endif
#ifndef ITEMS
#define ITEMS 1
#endif
#ifndef ENFORCERS
#define ENFORCERS 1
#endif
#ifndef HOLDERS
#define HOLDERS 1
#endif
#ifndef SETS
#define SETS 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef TICKS
#define TICKS 1
#endif

#define NEVER 3
#ifndef FIRST
#define FIRST NEVER
#endif

#define FREE 0
#define RESERVED 1
#define QUEUED 2
#define PARKED 3
#define NONE 9

/* Records: the word, and the hint in the free ring, as in limit.pml. */
byte state[M], gen[M], owner[M], hint[M];

/* The lease, one word; what is granted and the epoch, one word; and which lease
 * is enforced. */
byte until = FIRST, serial;
byte granted = M, epoch;
byte enforced;

/* The environment, and ghosts that only assertions read. */
byte now, crashes, swept, passed, sets;
byte asked[4];			/* the most slots that were asked for, by end */
byte reserved_at[M];		/* the serial */
bit set_by_later;
bit killed[9];

#define OVER (until <= now)
#define LIMIT (OVER -> 0 : granted)

#if M == 2
#define HAVE ((state[0] != PARKED) + (state[1] != PARKED))
#else
#define HAVE (state[0] != PARKED)
#endif

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

#define APPEND(i, g) \
	d_step { if :: (hint[i] < (g) + 1) -> hint[i] = (g) + 1 :: else fi }

/* Any record of that kind. */
inline choose_free(i)
{
	if
	:: (hint[0] == gen[0] + 1 && state[0] == FREE) -> i = 0
#if M == 2
	:: (hint[1] == gen[1] + 1 && state[1] == FREE) -> i = 1
#endif
	:: else -> i = NONE
	fi
}

inline choose_parked(i)
{
	if
	:: (state[0] == PARKED) -> i = 0
#if M == 2
	:: (state[1] == PARKED) -> i = 1
#endif
	:: else -> i = NONE
	fi
}

/* Until as many are not parked as may be used, or none of them is free. The
 * limit is read first, and may be another when the step is done. */
inline settle()
{
	do
	:: d_step { l = LIMIT; h = HAVE; s = NONE };
	   if
	   :: (h == l) -> break
	   :: (h > l) ->
		d_step { choose_free(s); if :: (s != NONE) -> g = gen[s]
					 :: else fi };
		if
		:: (s == NONE) -> break
		:: else ->
			MAYDIE;
			d_step {
				if
				:: (state[s] == FREE && gen[s] == g) ->
					state[s] = PARKED
				:: else
				fi
			}
		fi
	   :: (h < l) ->
		d_step { choose_parked(s); if :: (s != NONE) -> g = gen[s]
					   :: else fi };
		if
		:: (s == NONE) -> break
		:: else ->
			MAYDIE;
			d_step {
				if
				:: (state[s] == PARKED && gen[s] == g &&
				    HAVE < l) ->
					state[s] = FREE; gen[s]++; g = gen[s]
				:: else -> s = NONE
				fi
			};
			if
			:: (s != NONE) -> MAYDIE; APPEND(s, g)
			:: else
			fi
		fi
	   fi
	od;
	skip;
	d_step { l = 0; h = 0; s = 0; g = 0 }
}

/* What was reserved before the end is taken back. e: the serial. */
inline take_back()
{
	do
	:: (j == M) -> break
	:: else ->
#ifdef LEASEFIRST
		d_step { w = (serial == e) };
#endif
		d_step { x = state[j]; y = gen[j] };
#ifndef LEASEFIRST
		d_step { w = (serial == e) };
#endif
		if
		:: (x == RESERVED && !w) -> ok = 0; break
		:: (x == RESERVED && w) ->
			MAYDIE;
			d_step {
				w = 0;
				if
				:: (state[j] == RESERVED && gen[j] == y) ->
					/* E2: of a later lease, never */
					assert(reserved_at[j] <= e);
					state[j] = FREE; owner[j] = 0;
					gen[j]++; y = gen[j]; w = 1
				:: else
				fi
			};
			if
			:: w ->
				MAYDIE;
				APPEND(j, y);
#ifndef FREES
				settle()
#endif
			:: else
			fi
		:: else
		fi;
		j++
	od;
	skip;
	d_step { j = 0; x = 0; y = 0; w = 0 }
}

inline enforce()
{
	d_step { e = serial; f = enforced; ok = OVER };
	if
#ifdef NOSERIAL
	:: (ok && f != until + 1) ->
#else
	:: (ok && f != e) ->
#endif
		settle();
#ifndef NOTAKEBACK
		take_back();
#endif
		d_step {
			if
			:: (ok && serial == e) ->
				passed = e;
				if
				:: (enforced == f) ->
#ifdef NOSERIAL
					enforced = until + 1
#else
					enforced = e
#endif
				:: else
				fi
			:: else
			fi
		}
	:: else
	fi;
	d_step { e = 0; f = 0; ok = 0 }
}

/* Starts processes, and ends them. */
proctype User(byte me)
{
	byte l, h, s, g, i, x, items;
	bit w, late;

#if ITEMS == 0
	i = 0; x = gen[0];
	goto ends;
#endif
	do
	:: (items == ITEMS) -> break
	:: else ->
		d_step { choose_free(i); if :: (i != NONE) -> x = gen[i]
					 :: else fi };
		if
		:: (i == NONE) -> break
		:: else
		fi;
		d_step { w = (HAVE > LIMIT) };
		if
		:: w -> w = 0; settle()
		:: else ->
			d_step {
				if
				:: (state[i] == FREE && gen[i] == x) ->
					state[i] = RESERVED; owner[i] = me;
					reserved_at[i] = serial; w = 1
				:: else
				fi
			};
			if
			:: w ->
				items++;
				MAYDIE;
				/* The child: it looks, then enters. */
				d_step { w = OVER; late = w };
#ifdef NOLOOK
				w = 0;
#endif
				if
				:: !w -> d_step {
					if
					:: (state[i] == RESERVED &&
					    gen[i] == x) ->
						/* E1 */
						assert(!(OVER &&
							 passed == serial));
						/* E3 */
						assert(!late);
						state[i] = QUEUED;
						gen[i]++; x = gen[i]
					:: else -> w = 1
					fi
				   }
				:: else
				fi;
				MAYDIE;
ends:				skip;
				d_step {
					/* It is over, or was not entered. */
					if
					:: (state[i] != FREE &&
					    state[i] != PARKED &&
					    gen[i] == x) ->
						state[i] = FREE;
						owner[i] = 0;
						gen[i]++; x = gen[i]; w = 1
					:: else -> w = 0
					fi
				};
				if
				:: w ->
					MAYDIE;
					APPEND(i, x);
					MAYDIE;
#ifndef NOSETTLE
					if
					:: (HAVE > LIMIT) -> settle()
					:: else
					fi
#endif
				:: else
				fi
			:: else
			fi
		fi;
#if ITEMS == 0
		break;
#endif
		d_step { i = 0; x = 0; w = 0; late = 0 }
	od;
over:	skip;
	d_step { l = 0; h = 0; s = 0; g = 0; i = 0; x = 0; items = 0; w = 0;
		 late = 0 }
}

/* Whoever waits, takes or reaps. */
proctype Enforcer(byte me)
{
	byte l, h, s, g, e, f, j, x, y;
	bit w, ok;

	do
	:: (OVER && enforced != serial) -> enforce()
	:: (now == TICKS && sets == 0) -> break
	od;
	enforce();
over:	skip;
	d_step { l = 0; h = 0; s = 0; g = 0; e = 0; f = 0; j = 0; x = 0;
		 y = 0; w = 0; ok = 0 }
}

/* H1: what stands is what was asked for, or less of that. */
#define HALF assert(granted <= asked[until])

/* Sets leases. */
proctype Holder(byte me; byte mine)
{
	byte l, h, s, g, e, f, j, x, y, n, u, v;
	bit w, ok, refused;

	do
	:: (n == SETS) -> break
	:: else ->
		n++;
		if :: u = 0 :: u = 1 :: u = NEVER fi;
		if :: v = 0 :: v = 1
#if M == 2
		:: v = 2
#endif
		fi;
		d_step {
			refused = 0;
			if :: (asked[u] < v) -> asked[u] = v :: else fi
		};
		/* lower */
#ifndef LOWERLATE
		d_step {
			if
			:: (epoch > mine) -> refused = 1
			:: else ->
				/* H2 */
				assert(!(mine == 1 && set_by_later));
				epoch = mine;
#ifdef RAISEFIRST
				granted = v;
#else
				granted = (v < granted -> v : granted);
#endif
				HALF
			fi
		};
		MAYDIE;
		if :: refused -> break :: else fi;
#endif
		/* the lease */
		do
		:: true ->
#ifdef EPOCHFIRST
			d_step { refused = (epoch > mine) };
			d_step { x = serial };
#else
			d_step { x = serial };
			d_step { refused = (epoch > mine) };
#endif
#ifdef BLINDSET
			refused = 0;
#endif
			if :: refused -> break :: else fi;
			d_step {
				w = 0;
				if
				:: (serial == x) ->
					assert(!(mine == 1 && set_by_later));
					until = u; serial++; w = 1;
					HALF
				:: else
				fi
			};
			if :: w -> break :: else fi
		od;
		w = 0;
		MAYDIE;
		if :: refused -> break :: else fi;
		/* raise */
		d_step {
			x = 0;
			if
			:: (epoch > mine) -> refused = 1
			:: else ->
				assert(!(mine == 1 && set_by_later));
				epoch = mine; granted = v;
				HALF
			fi
		};
		MAYDIE;
		if :: refused -> break :: else fi;
		v = OVER;
		settle();
		enforce();
#if HOLDERS == 1
		/* When this returns, what was over is enforced. */
		d_step { if :: v -> passed = serial :: else fi };
#endif
		d_step { if :: (mine > 1) -> set_by_later = 1 :: else fi }
	od;
over:	skip;
	d_step {
		sets--;
		l = 0; h = 0; s = 0; g = 0; e = 0; f = 0; j = 0; x = 0; y = 0;
		n = 0; u = 0; v = 0; w = 0; ok = 0; refused = 0
	}
}

/* Somebody who finds the dead, and enforces what they have not. */
proctype Sweeper(byte me)
{
	byte l, h, s, g, e, f, j, x, y, z;
	bit w, ok;

end:	do
	:: atomic { (swept != crashes) -> z = crashes };
	   j = 0;
	   do
	   :: (j == M) -> break
	   :: else ->
		d_step {
			if
			:: ((state[j] == RESERVED || state[j] == QUEUED) &&
			    killed[owner[j]]) ->
				state[j] = FREE; owner[j] = 0; gen[j]++
			:: else
			fi;
			if
			:: (state[j] == FREE && hint[j] < gen[j] + 1) ->
				hint[j] = gen[j] + 1
			:: else
			fi
		};
		j++
	   od;
	   j = 0;
	   settle();
	   enforce();
	   swept = z;
	   z = 0
	od
over:	skip
}

proctype Clock()
{
	do
	:: (now < TICKS) -> now++
	:: (now == TICKS) -> break
	od
}

/* At rest: as many are free as the lease says, each with its hint. */
proctype Rest()
{
	byte i, n;

	timeout ->
	d_step {
		do
		:: (i == M) -> break
		:: else ->
			assert(state[i] != RESERVED);
			if
			:: (state[i] == FREE) ->
				n++;
				assert(hint[i] == gen[i] + 1)
			:: (state[i] == QUEUED) -> n++
			:: else
			fi;
			i++
		od;
#if ENFORCERS > 0
		assert(n == LIMIT)
#endif
	}
}

init
{
	byte i;

	atomic {
		asked[FIRST] = M;
		serial = 1;
		sets = HOLDERS;
		do
		:: (i == M) -> break
		:: else -> hint[i] = 1; i++
		od;
#if ITEMS == 0
		state[0] = QUEUED; hint[0] = 0; owner[0] = 1;
#endif
		i = 0;
#if USERS >= 1
		run User(1);
#endif
#if USERS >= 2
		run User(2);
#endif
#if ENFORCERS >= 1
		run Enforcer(3);
#endif
#if ENFORCERS >= 2
		run Enforcer(4);
#endif
#if HOLDERS >= 1
		run Holder(5, HOLDERS);
#endif
#if HOLDERS >= 2
		run Holder(6, 1);
#endif
#if CRASHES > 0
		run Sweeper(7);
#endif
		run Clock();
		run Rest()
	}
}
