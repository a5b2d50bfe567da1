/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.pml - a host of a fleet, its helper, and the engine that grants slots.
 *
 * Concern: is never more in use, on this host and on all others, than the
 * limit? A helper may be killed at any step, requests and replies may be lost
 * or worked off late, the host may be lost or get another queue, and the engine
 * may forget all that it knows of it.
 *
 * With JUMPS, the engine's clock is set forward, or the host stands still for
 * longer than its lease, which is the same from both sides. The bound is broken
 * by what runs there, which is never charged beyond the limit: a lease that has
 * run out is followed by another when all that ran under it has been ended.
 *
 * Not here: which records are parked (limit.pml), who of those that wait is next
 * (share.pml), a second server (standby.pml); the other hosts are a number, which
 * is right.
 *
 * Without KEEP, the policy is end: time is ticks, the host's lease counts from
 * before a request is sent, the engine's from when it is worked off. With
 * KEEP, no time frees anything and no clock is needed; but the engine must not
 * forget.
 *
 * With RELEASES, a person says that the host is gone. If it is, all holds. If
 * it lives, what it has is too many; but from when the engine hears of it
 * again, nothing is started anywhere until all fits, and then the bound is what
 * it was. With CUTOFF its lease has run out, so what runs there is too many, and
 * nothing is started there.
 *
 * Sizes: N slots; T ticks of a lease, M of its margin; ATT attachments, REQ
 * requests in each; LIVES of the local queue, LOSSES of the engine's memory.
 *
 * Mutants, each drops one rule: NOSEQ NOEPOCH FROMREPLY TELLFIRST NOFENCE
 * NORECHECK NOLEARN SHORTLEARN OLDLIFE BYTIME TAKEBACK UNFENCED
 * LATEASK GOESROUND GOESON UNTOLD LATEWORD LATESTART LIVESON.
 */
#ifndef N
#define N 2
#endif
#ifndef T
#define T 4
#endif
#ifndef M
#define M 2
#endif
#ifndef ATT
#define ATT 2
#endif
#ifndef REQ
#define REQ 2
#endif
#ifndef LIVES
#define LIVES 1
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef RELEASES
#define RELEASES 0
#endif
#ifndef JUMPS
#define JUMPS 0
#endif

#ifdef NOLEARN
#define LEARN 0
#else
#ifdef SHORTLEARN
#define LEARN (T - 3)
#else
#define LEARN T
#endif
#endif

/* May a host ask as if its lease had not run out? */
#if defined KEEP || defined LATEASK
#define LATE 1
#else
#define LATE 0
#endif

/* May it attach, though what ran when its lease ran out has not ended? */
#if defined KEEP || defined LIVESON
#define ENDED 1
#else
#define ENDED (held > 0 || have == 0)
#endif

#define NOTHING 15

mtype = { ATTACH, LEASE, OK, REFUSED, EXPIRED };

/* Two connections. What is left in one that was given up is worked off at any
 * time, but its replies reach nobody. */
chan req[2] = [1] of { mtype, byte, byte, byte, byte };
			/* kind, epoch, seq, have, want; of ATTACH: kind,
			 * epoch, life, have, fenced */
chan rep[2] = [1] of { mtype, byte, byte };	/* code, epoch, granted */

/* The object, which outlives the helper: records that are not parked; how many
 * are granted, which they are while the lease lasts; the epoch, ticks that are
 * left of the lease; which life of it this is. */
byte have, grant, hostepoch, held, life;

/* The engine. */
byte granted, epoch, seq, known, till, learning, others;

/* The environment, and ghosts: ticks since the request was sent, ticks since
 * the lease ran out; losses; attachments. */
byte since = NOTHING, late, losses, attached;

#if RELEASES > 0
/* What is in use of have; seat.released; the lease has run out at the host. */
byte use;
bit freed, over;
/* Ghosts: a host was released that lives, and has not been heard of since; the
 * bound is broken by that. */
bit unheard, broken;
byte releases;

/* Whoever starts, or may start from now on, is within the bound. */
inline started() { assert(unheard || use + others <= N) }
#ifdef CUTOFF
inline started_here() { assert(!unheard && use + others <= N) }
#define RELEASABLE over
#else
#define RELEASABLE 1
inline started_here() { started() }
#endif

inline bound()
{
	assert(broken || have + others <= N);
	broken = broken && (unheard || have + others > N)
}
#else
#if JUMPS > 0
/* Ghosts: the bound is broken by a jump, until a helper attaches that has heard
 * of it; the epoch then. */
bit broken;
byte jumps, jumped;

inline bound() { assert(learning > 0 || broken || have + others <= N) }
inline heard(e) { broken = broken && e <= jumped }
inline charged() { assert(learning > 0 || granted + others <= N) }
#else
inline bound() { assert(learning > 0 || have + others <= N) }
#endif
inline started() { skip }
#endif

#if JUMPS == 0
inline charged() { skip }
inline heard(e) { skip }
#endif

/* While there is more than the bound, what is in use is charged, but not granted
 * again when it ends. */
#if defined GOESROUND || RELEASES == 0
#define RECALL 0
#else
#define RECALL \
	(granted + others > N && learning == 0 -> \
	 (granted < granted + others - N -> granted : granted + others - N) : 0)
#endif

inline answer(c, code)
{
	if
	:: full(rep[c]) -> rep[c]?_,_,_
	:: nfull(rep[c])
	fi;
	rep[c]!code,epoch,granted - RECALL
}

/* have is what the host says it has. */
inline attach(e, l, h, f)
{
	if
#ifndef OLDLIFE
	:: l < known -> code = REFUSED
#endif
#if RELEASES > 0 && !defined UNTOLD
	:: l == known && freed && h > 0 && !f -> code = EXPIRED
#endif
	:: else ->
		if
		:: l != known -> granted = 0; known = l
		:: else
		fi;
#ifndef KEEP
		granted = (till == 0 -> 0 : granted);
#endif
#ifdef TAKEBACK
		granted = h;
#endif
		if
#if !defined KEEP && !defined UNFENCED
		:: h > granted && learning == 0 && !f -> code = EXPIRED
#endif
		:: else ->
			granted = (h > granted -> h : granted);
#if RELEASES > 0
#ifndef LATEWORD
			/* Not by a word from before it heard of it. */
			freed = freed && l == known && e < epoch;
#else
			freed = 0;
#endif
			unheard = unheard && freed;
#endif
			epoch = (e > epoch -> e : epoch) + 1;
			seq = 0; till = T; code = OK
		fi
	fi
}

inline lease(e, s, h, w)
{
	if
#ifndef NOEPOCH
	:: e != epoch -> code = REFUSED
#endif
#ifndef NOSEQ
	:: e == epoch && s <= seq -> code = REFUSED
#endif
#if RELEASES > 0 && !defined GOESON
	:: e == epoch && freed -> code = EXPIRED
#endif
	:: else ->
		if
#ifndef KEEP
		:: till == 0 -> granted = 0; code = EXPIRED
#endif
		:: else ->
			/* A grant is of what is free, whatever was charged. */
			room = (learning == 0 && h + others < N ->
				N - h - others : 0);
			g = (w > h -> w - h : 0);
			granted = h + (g > room -> room : g);
#if RELEASES > 0
			unheard = 0;
#endif
			seq = s; till = T; code = OK
		fi
	fi
}

proctype engine()
{
	mtype kind, code;
	byte c, e, s, h, w, g, room;

end:	do
	:: atomic { nempty(req[0]) || nempty(req[1]) ->
		if
		:: req[0]?kind,e,s,h,w -> c = 0
		:: req[1]?kind,e,s,h,w -> c = 1
		fi;
		if
		:: kind == ATTACH -> attach(e, s, h, w)
		:: else -> lease(e, s, h, w)
		fi;
		answer(c, code); charged(); bound();
		kind = OK; code = OK; c = 0; e = 0; s = 0; h = 0; w = 0;
		g = 0; room = 0 }
	:: atomic { learning == 0 && granted + others < N ->
		others++; started(); bound() }
	:: atomic { others > 0 -> others-- }
#if RELEASES > 0
	/* procq release. Is it of a host that lives? */
	:: atomic { releases < RELEASES && !freed && epoch > 0 ->
		if
		:: life != known -> skip
		:: life == known && RELEASABLE ->
			unheard = 1; broken = 1;
#ifdef CUTOFF
			/* No reply is of use any more, after so long. */
			if :: full(rep[0]) -> rep[0]?_,_,_ :: nfull(rep[0]) fi;
			if :: full(rep[1]) -> rep[1]?_,_,_ :: nfull(rep[1]) fi
#endif
		fi;
		releases++; granted = 0; freed = 1 }
#endif
#if JUMPS > 0
	:: atomic { jumps < JUMPS -> jumps++;
		granted = 0; till = 0; broken = 1; jumped = epoch }
#endif
#if LOSSES > 0
	:: atomic { losses < LOSSES -> losses++;
		granted = 0; epoch = 0; seq = 0; known = 0; till = 0;
		learning = LEARN; bound() }
#endif
	od
}

/* A reply to a request that was sent so long ago: the lease that is left, and
 * what is granted for it. */
inline renew(n)
{
#ifdef FROMREPLY
	held = T - M; grant = n; have = grant;
#else
#ifdef KEEP
#if RELEASES > 0
	grant = n; have = (use > grant -> use : grant); over = 0;
#else
	grant = n; have = grant;
#endif
#else
	if
	/* What is in use beyond that is not parked. */
	:: since < T - M ->
		held = T - M - since; grant = n;
		have = (have > grant -> have : grant)
	/* What came too late grants nothing. */
	:: else ->
#ifdef NORECHECK
		grant = n; have = grant
#else
		skip
#endif
	fi;
#endif
#endif
	since = NOTHING
}

/* Nothing is granted any more; what is free is parked. */
inline fence()
{
	grant = 0; held = 0; since = NOTHING;
#if RELEASES > 0
	have = use; bound()
#endif
}

inline send(kind, e, s, h, w)
{
	if
	:: full(rep[c]) -> rep[c]?_,_,_
	:: nfull(rep[c])
	fi;
	since = 0;
	req[c]!kind,e,s,h,w
}

proctype helper()
{
	mtype code;
	byte e, s, g, h, w, c;

anew:	/* It may be another one, which knows nothing but the object. */
	atomic { e = 0; s = 0; g = 0; h = 0; w = 0; since = NOTHING }
	end: atomic { attached < ATT && nfull(req[c]) && ENDED ->
#ifndef KEEP
		/* It has run out: nothing is granted any more. */
		grant = (held == 0 -> 0 : grant);
#endif
		h = (have > grant -> have : grant);
		attached++; send(ATTACH, hostepoch, life, h, (grant == 0)) }
	if
	:: atomic { rep[c]?code,e,g ->
		if
		:: code == OK -> hostepoch = e; heard(e); renew(grant)
		:: code == EXPIRED -> fence(); goto anew
		:: else -> since = NOTHING; goto anew
		fi }
	:: atomic { c = 1 - c; goto anew }
	fi;
	do
#if !LATE
	/* It has run out: what was granted is not asked for as one's own. */
	:: atomic { held == 0 && grant > 0 -> goto anew }
#endif
	:: atomic { s < REQ && len(req[c]) == 0 && (held > 0 || grant == 0 ||
			LATE) ->
		if
		:: w = grant
		:: grant < N -> w = grant + 1
		:: grant > 0 ->
			w = grant - 1;
#ifndef TELLFIRST
			grant--;
#if RELEASES > 0
			have = (use > grant -> use : grant)
#else
			have = (have > grant -> grant : have)
#endif
#endif
		fi;
#ifdef TELLFIRST
		h = (w < grant -> w : grant);
#else
		h = (have > grant -> have : grant);
#endif
		s++; send(LEASE, e, s, h, w) }
		if
		:: atomic { rep[c]?code,_,g ->
			if
			:: code == OK ->
				renew(g); bound()
			:: code == EXPIRED -> fence(); goto anew
			:: else -> since = NOTHING; goto anew
			fi }
		:: atomic { c = 1 - c; since = NOTHING }	/* no reply */
		:: atomic { c = 1 - c; goto anew }		/* killed */
		fi
	:: s == REQ -> goto anew
#if LIVES > 1
	/* All of the host is lost, or its queue was empty and another one is
	 * made: what was in use is gone before the next life begins. */
	:: atomic { life < LIVES - 1 ->
		have = 0; grant = 0; held = 0; hostepoch = 0; life++;
#if RELEASES > 0
		use = 0; over = 0; unheard = 0; bound();
#endif
		c = 1 - c; goto anew }
#endif
	od
}

#if RELEASES > 0
#ifdef LATESTART
#define LAPSED 0
#else
#define LAPSED over
#endif

/* Its producers, and processes, which end; its lease runs out. */
proctype host()
{
end:	do
	:: atomic { use < grant && !LAPSED -> use++; started_here() }
	:: atomic { use > 0 ->
		use--; have = (use > grant -> use : grant); bound() }
#ifdef CUTOFF
	:: over = 1
#endif
	od
}
#endif

#ifdef KEEP
#ifdef BYTIME
proctype clock()
{
	atomic { granted = 0; bound() }
}
#endif
#else
/* Any participant of the host, when the lease has run out: parks what is free,
 * ends what is in use. */
proctype enforcer()
{
end:	do
	:: atomic { have > 0 && held == 0 ->
#ifndef NOFENCE
		have = 0;
#endif
		late = 0 }
	od
}

/* No tick passes while the host is as late as its margin allows. */
proctype clock()
{
end:	do
	:: atomic { !(have > 0 && held == 0 && late + 1 >= M) ->
		late = (have > 0 && held == 0 -> late + 1 : 0);
		held = (held > 0 -> held - 1 : 0);
		till = (till > 0 -> till - 1 : 0);
		granted = (till == 0 -> 0 : granted);
		learning = (learning > 0 -> learning - 1 : 0);
		since = (since < NOTHING - 1 -> since + 1 : since);
		bound() }
	od
}
#endif

init {
	atomic {
		run engine();
		run helper();
#ifndef KEEP
		run enforcer();
		run clock()
#else
#ifdef BYTIME
		run clock()
#endif
#if RELEASES > 0
		run host()
#endif
#endif
	}
}
