/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gap.pml - endings that keep their distance: one at a time over all
 * consumers, and the next not before the gap after the last confirmed death.
 *
 * Concern: the permit is one word that names a participant that is about to
 * take (a claim), or the record and the generation that it has taken (a bond).
 * Nobody gives it back: whoever wants to end a process judges by the record
 * whether the ending that it names is over, was never begun, or is left
 * unfinished. Is there never a first signal while another that was signalled
 * is not confirmed to be dead, nor within the gap after that? Do all get ended
 * all the same, wherever consumers are killed?
 *
 * Not here: pins (life.pml), hints (queue.pml), who counts (tally.pml).
 *
 * Sizes: NREC records, LIVES processes, NCONS consumers in places of their
 * own, of which CRASHES are killed, each with a successor of another
 * incarnation in the same place. The clock: the gap may be over at any time
 * after a death; that is the bit "recent".
 *
 * NOCLAIM: nobody claims before it takes. It holds, too; but who is too late
 * has taken a process in vain, which then goes to the end of the queue.
 *
 * Mutants: NOBOND NOPENDING SENTLATE ENDLATE GAPFIRST NOSTEAL.
 */
#ifndef NREC
#define NREC 2
#endif
#ifndef LIVES
#define LIVES 3
#endif
#ifndef NCONS
#define NCONS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

#define FREE 0
#define QUEUED 1
#define TAKEN 2
#define EXITED 3

/* The word; its DEAD flag; and the generation in which it was reserved. */
byte state[NREC], gen[NREC], owner[NREC], born[NREC];
bit dead[NREC], sent[NREC];

/* The permit. */
#define NONE 0
#define CLAIM 1
#define BOND 2
byte p_kind, p_of, p_gen;
#define IS(k, o, g) (p_kind == k && p_of == o && p_gen == g)

bit recent;			/* a confirmed death, within the gap */
bit held[NCONS + CRASHES + 1];	/* the lock bytes, by incarnation */

bit alive[NREC], signalled[NREC]; /* ghosts: the process itself */
byte crashes, started, incarnations;

inline claim_or_bond(k, o, g)
{
	p_kind = k;
	p_of = o;
	p_gen = g
}

/* A consumer may not have seen the dead; but some day it does. */
#ifdef ENDLESS
#define DEAD_FIRST (state[0] == EXITED || state[1] == EXITED)
#else
#define DEAD_FIRST 0
#endif

#define MAYDIE \
	if \
	:: skip \
	:: atomic { (crashes < CRASHES) -> crashes++ }; goto killed \
	fi

/* The process, its parent, and who fills the records. */
proctype World()
{
	byte r;

end:	do
	:: atomic { (started < LIVES && (state[0] == FREE ||
					 state[1] == FREE)) ->
		r = (state[0] == FREE -> 0 : 1);
		started++;
		born[r] = gen[r];
		sent[r] = 0;
		dead[r] = 0;
		alive[r] = 1;
		signalled[r] = 0;
		gen[r]++;
		state[r] = QUEUED;
		r = 0 }
	/* Who was signalled dies at some time. */
	:: atomic { (alive[0] && signalled[0]) -> alive[0] = 0 }
	:: atomic { (alive[1] && signalled[1]) -> alive[1] = 0 }
	/* Its parent's mark. */
	:: atomic { (state[0] == TAKEN && !alive[0] && !dead[0]) -> dead[0] = 1 }
	:: atomic { (state[1] == TAKEN && !alive[1] && !dead[1]) -> dead[1] = 1 }
	:: atomic { (state[0] == QUEUED && !alive[0]) ->
		dead[0] = 1; state[0] = EXITED }
	:: atomic { (state[1] == QUEUED && !alive[1]) ->
		dead[1] = 1; state[1] = EXITED }
	/* Time passes. */
	:: recent -> recent = 0
	od
}

/* Hands back what the dead had taken. */
proctype Sweeper()
{
end:	do
	:: atomic { (state[0] == TAKEN && !held[owner[0]]) ->
		gen[0]++; owner[0] = 0;
		state[0] = (dead[0] -> EXITED : QUEUED) }
	:: atomic { (state[1] == TAKEN && !held[owner[1]]) ->
		gen[1]++; owner[1] = 0;
		state[1] = (dead[1] -> EXITED : QUEUED) }
	od
}

/* Is this the first signal to another than what is ended already? */
inline signal(r)
{
	atomic {
		assert(signalled[r] || !recent);
		assert(signalled[r] || !(signalled[1 - r] &&
					 state[1 - r] != FREE));
		signalled[r] = 1
	}
}

/* Confirm the death of what this one has taken, and free the record. */
inline finish()
{
	dead[r];
	MAYDIE;
#ifndef ENDLATE
	if :: sent[r] -> recent = 1 :: else fi;
	MAYDIE;
#endif
	d_step { was = sent[r]; signalled[r] = signalled[r] && !dead[r];
		 gen[r]++; owner[r] = 0; state[r] = FREE };
#ifdef ENDLATE
	MAYDIE;
	if :: was -> recent = 1 :: else fi;
#endif
	skip
}

proctype Consumer()
{
	byte me, r, g, v_kind, v_of, v_gen, w, w_gen;
	bit was;

again:	atomic {
		incarnations++;
		me = incarnations;
		held[me] = 1
	};
look:	skip;
	d_step { r = 0; g = 0; v_kind = 0; v_of = 0; v_gen = 0; w = 0;
		 w_gen = 0; was = 0 };
	MAYDIE;
	/* The dead need no permit. */
	if
	:: atomic { (state[0] == EXITED) ->
		state[0] = TAKEN; owner[0] = me; r = 0 };
		finish(); goto look
	:: atomic { (state[1] == EXITED) ->
		state[1] = TAKEN; owner[1] = me; r = 1 };
		finish(); goto look
	:: ((state[0] == QUEUED || state[1] == QUEUED) && !DEAD_FIRST)
	:: atomic { (started == LIVES && state[0] == FREE &&
		     state[1] == FREE) -> goto over }
	fi;
#ifdef GAPFIRST
	if :: recent -> goto look :: else fi;
	MAYDIE;
#endif
	d_step { v_kind = p_kind; v_of = p_of; v_gen = p_gen };
	if
	:: (v_kind == NONE)
	:: (v_kind == CLAIM) ->
#ifdef NOSTEAL
		goto look
#else
		if :: held[v_of] -> goto look :: else fi
#endif
	:: (v_kind == BOND) ->
		d_step { w = state[v_of]; w_gen = gen[v_of] };
		MAYDIE;
		if
		:: (w == TAKEN && w_gen == v_gen) -> goto look
		:: (w == FREE)
		:: else ->
			/* Of the same life, and signalled? */
			d_step { was = sent[v_of] && born[v_of] < v_gen };
			if
			:: (state[v_of] != w || gen[v_of] != w_gen) -> goto look
			:: else
			fi;
#ifdef NOPENDING
			was = 0;
#endif
			if
			:: was && w == QUEUED -> r = v_of; g = w_gen; goto take
			:: was && w != QUEUED -> goto look
			:: !was
			fi
		fi
	fi;
	MAYDIE;
#ifndef GAPFIRST
	if :: recent -> goto look :: else fi;
	MAYDIE;
#endif
#ifndef NOCLAIM
	atomic {
		if
		:: IS(v_kind, v_of, v_gen) -> claim_or_bond(CLAIM, me, 0)
		:: else -> goto look
		fi
	};
	d_step { v_kind = CLAIM; v_of = me; v_gen = 0; was = 0 };
	MAYDIE;
#endif
	/* Any that is queued. */
	if
	:: d_step { (state[0] == QUEUED) -> r = 0; g = gen[0] }
	:: d_step { (state[1] == QUEUED) -> r = 1; g = gen[1] }
	:: else -> goto unclaim
	fi;
take:	MAYDIE;
	atomic {
		if
		:: (state[r] == QUEUED && gen[r] == g) ->
			state[r] = TAKEN;
			owner[r] = me
		:: else -> goto unclaim
		fi
	};
	MAYDIE;
#ifndef NOBOND
	atomic {
		if
		:: IS(v_kind, v_of, v_gen) -> claim_or_bond(BOND, r, g)
		:: else ->
			/* Back into the queue, dead or not. */
			gen[r]++; owner[r] = 0;
			state[r] = (dead[r] -> EXITED : QUEUED);
			goto look
		fi
	};
	MAYDIE;
#endif
#ifdef SENTLATE
	signal(r);
	MAYDIE;
	if :: dead[r] :: else -> sent[r] = 1 fi;
#else
	sent[r] = 1;
	MAYDIE;
	signal(r);
#endif
	finish();
	goto look;
unclaim: skip;
	d_step {
		if
		:: IS(CLAIM, me, 0) -> claim_or_bond(NONE, 0, 0)
		:: else
		fi
	};
	goto look;
killed:	skip;
	d_step { held[me] = 0; r = 0; g = 0; v_kind = 0; v_of = 0; v_gen = 0;
		 w = 0; w_gen = 0; was = 0 };
	goto again;
over:	skip;
	d_step { me = 0; r = 0 }
}

#ifdef ENDLESS
#define OVER (started == LIVES && state[0] == FREE && state[1] == FREE)
ltl all_end { <> OVER }
#endif

init
{
	atomic {
		run World();
		run Sweeper();
		run Consumer();
#if NCONS > 1
		run Consumer();
#endif
#if NCONS > 2
		run Consumer();
#endif
	}
}
