/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * permit.pml - endings that keep their distance over a whole fleet, one at a
 * time: the engine's row, the cell of it in a host's object, and who works on
 * both.
 *
 * Concern: is never a first signal, here or on another host, while another
 * process that was signalled is not confirmed to be dead, nor within the gap
 * after the engine has heard of that death? A consumer may be killed at any
 * step, and is followed by another; a helper may be killed, or stopped and go
 * on beside its successors; a request may be worked off late, and its reply be
 * lost.
 *
 * Not here: who is next (the oldest), pins, several consumers of one host at
 * once (gap.pml: its permit is the cell); the other hosts are one that keeps
 * the rules.
 *
 * Sizes: two processes in two records; HELPERS, REQ requests of each; CRASHES
 * of consumers; LATES requests that are given up, and worked off at any time.
 *
 * Mutants: CLEARFIRST OLDEPOCH NOSEQ NORENEW BONDLATE FORGETSENT; NORATION with
 * three helpers.
 */
#ifndef HELPERS
#define HELPERS 2
#endif
#ifndef REQ
#define REQ 3
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LATES
#define LATES 1
#endif

/* The cell: who may write it, by what it is: FREE and UNUSED carry the epoch of
 * a helper, CLAIM a consumer's incarnation, BOND a record and the generation in
 * which it is taken. ration: the epoch of the last helper. */
#define FREE 0
#define UNUSED 1
#define CLAIM 2
#define BOND 3
byte c_kind, c_of, c_gen, ration;
#define IS(k, o, g) (c_kind == k && c_of == o && c_gen == g)

/* Records; OVER: the death is confirmed. */
#define QUEUED 0
#define TAKEN 1
#define OVER 2
byte state[2], gen[2], owner[2];
bit sent[2];
byte alive = 1, crashes;	/* the consumer's incarnation */

/* The engine: the row of this host, in use; the other host's; within the gap
 * after an ending. */
bit row, other, recent;
byte epoch, seq;

bit signalled[2], heard[2];	/* ghosts */

chan req[HELPERS] = [1] of { byte, byte, bit, bit };
			/* epoch, seq, held, done */
chan rep[HELPERS] = [1] of { byte, bit };	/* seq, given */
/* In connections that were given up. */
chan old[HELPERS] = [1] of { byte, byte, bit, bit };
byte lates;

#if HELPERS > 2
#define SOMETHING (nempty(req[0]) || nempty(req[1]) || nempty(req[2]) || \
		   nempty(old[0]) || nempty(old[1]))
#else
#define SOMETHING (nempty(req[0]) || nempty(req[1]) || nempty(old[0]) || \
		   nempty(old[1]))
#endif
#define PENDING(r) (signalled[r] && !heard[r])

inline set(k, o, g) { c_kind = k; c_of = o; c_gen = g }

proctype engine()
{
	byte c, e, s;
	bit held, done, given, late;

end:	do
	:: atomic { SOMETHING ->
		if
		:: req[0]?e,s,held,done -> c = 0
		:: req[1]?e,s,held,done -> c = 1
		:: old[0]?e,s,held,done -> late = 1
		:: old[1]?e,s,held,done -> late = 1
#if HELPERS > 2
		:: req[2]?e,s,held,done -> c = 2
#endif
		fi;
		if
#ifndef OLDEPOCH
		:: e != epoch -> skip
#endif
#ifndef NOSEQ
		:: e == epoch && s <= seq -> skip
#endif
		:: else ->
			if
			:: done ->
				row = 0; recent = 1;
				heard[0] = heard[0] || state[0] == OVER;
				heard[1] = heard[1] || state[1] == OVER
			:: !done && held -> row = 1
			/* It never was in the object, or was taken back. */
			:: !done && !held -> row = 0
			fi;
			/* Only if it is wanted, and no other host is next. */
			if
			:: given = (!held && !done && !other && !recent)
			:: given = 0
			fi;
			row = row || given;
			seq = s;
			if
			:: !late && empty(rep[c]) -> rep[c]!s,given
			:: late || nempty(rep[c])
			fi
		fi;
		late = 0; c = 0; e = 0; s = 0; held = 0; done = 0; given = 0 }
	/* The other host is given the permit, and signals. */
	:: atomic { !row && !other && !recent ->
		other = 1; assert(!PENDING(0) && !PENDING(1)) }
	:: atomic { other -> other = 0; recent = 1 }
	:: recent -> recent = 0
	od
}

/* What the cell means, as one look at it and then one at the record show. */
inline judge()
{
	d_step { k = c_kind; o = c_of; g = c_gen };
	used = 0; over = 0; pending = 0;
	if
	:: k == FREE || k == UNUSED
	:: k == CLAIM -> used = (o == alive)
	:: k == BOND ->
		d_step {
			over = (state[o] == OVER);
			used = (state[o] == TAKEN && gen[o] == g) ||
				(state[o] == TAKEN && gen[o] != g && sent[o]);
			pending = (state[o] == QUEUED && sent[o]);
#ifdef FORGETSENT
			pending = 0
#endif
		}
	fi
}

proctype helper(byte me)
{
	byte e, s, n, k, o, g;
	bit used, over, pending, given;

	/* procq.attach(); its epoch becomes the object's, if it is the last. */
	atomic { epoch++; seq = 0; e = epoch };
	/* Refused, and it leaves, if a later one is there. */
end3:	atomic { ration < e -> ration = e };
#ifndef NORENEW
	atomic {
		if
		:: c_kind == FREE && c_of < e -> c_of = e
		:: else
		fi
	};
#endif
	do
	:: s < REQ ->
		judge();
		/* What is not used may be taken back, and is not reported. */
		if
		:: atomic { k != FREE && !used && !over && !pending &&
				IS(k, o, g) -> set(FREE, e, 0); k = FREE; o = e;
			g = 0 }
		:: 1
		fi;
#ifdef CLEARFIRST
		atomic {
			if
			:: over && IS(k, o, g) -> set(FREE, e, 0)
			:: else
			fi
		};
#endif
		atomic { s++; req[me]!e,s,(k != FREE && !over),over };
end2:		if
		:: atomic { rep[me]?n,given }
		:: atomic { lates < LATES && nempty(req[me]) ->
			lates++; req[me]?k,o,given,pending;
			old[me]!k,o,given,pending; over = 0; given = 0 }
		fi;
		atomic {
			if
			:: over && IS(k, o, g) -> set(FREE, e, 0)
			:: else
			fi
		};
		if
		:: given ->
			d_step { k = c_kind; o = c_of; g = c_gen };
			if
#ifdef NORATION
			:: k == FREE && o <= e ->
#else
			:: k == FREE && o <= e && ration == e ->
#endif
				atomic {
					if
					:: IS(k, o, g) -> set(UNUSED, e, 0)
					:: else
					fi
				}
			:: else
			fi
		:: !given
		fi;
		atomic { n = 0; k = 0; o = 0; g = 0; used = 0; over = 0;
			pending = 0; given = 0 }
	:: s == REQ -> break
	od
}

inline signal()
{
	atomic {
		assert(signalled[r] || (!other && !recent &&
			!(signalled[1 - r] && !heard[1 - r])));
		signalled[r] = 1
	}
}

/* A consumer, which may be killed at any step: then another incarnation is
 * alive, and begins anew. */
proctype consumer()
{
	byte me, r, k, o, g, mine;
	bit used, over, pending;

anew:	atomic { me = alive; r = 0; k = 0; o = 0; g = 0; mine = 0;
		used = 0; over = 0; pending = 0 }
end:	do
	:: atomic { c_kind != FREE ->
			if :: me == alive :: else -> goto anew fi };
		judge();
		if
		:: over || used || k == FREE -> goto anew
		/* Of a consumer that is dead, and signalled: goes on with it. */
		:: pending -> r = o
		:: else ->
			atomic {
				if
				:: me == alive && IS(k, o, g) ->
					set(CLAIM, me, 0)
				:: else -> goto anew
				fi
			};
			k = CLAIM; o = me; g = 0;
			if
			:: r = 0
			:: r = 1
			fi
		fi;
		atomic {
			if
			:: me == alive && state[r] == QUEUED ->
				state[r] = TAKEN; owner[r] = me; gen[r]++;
				mine = gen[r]
			:: else -> goto unclaim
			fi
		};
#ifndef BONDLATE
		atomic {
			if
			:: me != alive -> goto anew
			:: me == alive && IS(k, o, g) -> set(BOND, r, mine)
			:: else -> state[r] = QUEUED; gen[r]++; goto anew
			fi
		};
#endif
		atomic { if :: me == alive -> sent[r] = 1 :: else -> goto anew fi };
		atomic { if :: me == alive :: else -> goto anew fi;
			signal() };
#ifdef BONDLATE
		atomic {
			if
			:: me != alive -> goto anew
			:: me == alive && IS(k, o, g) -> set(BOND, r, mine)
			:: else
			fi
		};
#endif
		/* Its death, which is confirmed. */
		atomic { if :: me == alive :: else -> goto anew fi;
			state[r] = OVER };
		goto anew;
unclaim:	atomic {
			if
			:: me == alive && IS(CLAIM, me, 0) -> set(UNUSED, ration, 0)
			:: else
			fi
		};
		goto anew
	od
}

/* Kills the consumer; hands back what the dead had taken. */
proctype world()
{
end:	do
	:: atomic { crashes < CRASHES -> crashes++; alive++ }
	:: atomic { state[0] == TAKEN && owner[0] != alive ->
		state[0] = QUEUED; gen[0]++ }
	:: atomic { state[1] == TAKEN && owner[1] != alive ->
		state[1] = QUEUED; gen[1]++ }
	od
}

init {
	atomic {
		run engine(); run world(); run consumer();
		run helper(0); run helper(1)
#if HELPERS > 2
		; run helper(2)
#endif
	}
}
