/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * standby.pml - a server of a fleet, its standby, and the day on which the
 * standby takes over while the old server lives on.
 *
 * Concern: two hosts, each of which may speak with either server at any time,
 * and gives up any request: is never more in use on both than the limit, when
 * the two servers are at odds? The policy is keep: no clock.
 *
 * A request changes the old server at once, and is acknowledged when the
 * standby has it (synchronous), or at once (ASYNC). What is changed is visible
 * to the other host before it is acknowledged, which is more than the server
 * allows: only a wait that is cancelled shows it. After that the reply comes
 * with a warning, and is as none. Once the standby has taken over, the old
 * server has nobody to send to.
 *
 * The new server grants nothing, because its history is another one's, until
 * a person opens the queue: with OPEN at any time; with CAREFUL when the old
 * server is stopped, and each host has been heard of here since, in a
 * connection that is its last one (after a lease no other is heard of).
 * Without both, never.
 *
 * Not here: what one server does (fleet.pml).
 *
 * Sizes: N slots; ATT attachments of each host, REQ requests in each.
 *
 * What must hold: synchronous, whether opened at once or not; asynchronous, if
 * it is not opened or with care. What can't: ASYNC OPEN; and no mark that the
 * hosts themselves have shows that the server has forgotten (ASYNC MARKS: what
 * is restored is not noticed by its history, but by a later epoch or a greater
 * number of slots than it knows).
 *
 * Mutants: WARNED (a reply with a warning is used), HALFCAREFUL (not all hosts
 * are waited for), UNSTOPPED (the old server is not stopped).
 */
#ifndef N
#define N 1
#endif
#ifndef ATT
#define ATT 2
#endif
#ifndef REQ
#define REQ 2
#endif

#define OLD 0
#define NEW 1
#define AT(x, h) (2 * (x) + (h))

mtype = { ATTACH, LEASE, OK, REFUSED };

/* What is left in a connection that was given up is worked off later. kind,
 * connection, epoch, seq, have, want. */
chan req[4] = [1] of { mtype, byte, byte, byte, byte, byte };
chan rep[2] = [1] of { mtype, byte, byte };	/* code, epoch, granted */
/* What the standby has not yet: host, connection, granted, epoch, seq. */
chan wal = [2] of { byte, byte, byte, byte, byte };

/* The objects of the hosts; their connections. */
byte have[2], hostepoch[2], conn[2];
/* Which request waits for its reply. */
#define NONE 15
byte asked[2] = NONE;

/* The servers. */
byte granted[4], epoch[4], seq[4];
bit learning[2], promoted, stopped, opened, heard[2];

/* Is a request acknowledged as it is done? */
#if defined ASYNC || defined WARNED
#define ACKNOWLEDGES(x) 1
#else
#define ACKNOWLEDGES(x) (x == NEW)
#endif
#ifdef UNSTOPPED
#define STOPPED 1
#else
#define STOPPED stopped
#endif
#ifdef HALFCAREFUL
#define HEARD1 1
#else
#define HEARD1 heard[1]
#endif

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

inline answer(h, k, s, code, e, g)
{
	if
	:: k == conn[h] && s == asked[h] ->
		rep[h]!code,e,g; asked[h] = NONE
	:: k != conn[h] || s != asked[h]
	fi
}

/* It is done here; is it acknowledged? */
inline commit(x, h, k)
{
	if
	:: x == OLD && !promoted ->
		wal!h,k,granted[AT(x, h)],epoch[AT(x, h)],seq[AT(x, h)]
	:: else
	fi;
	if
	:: ACKNOWLEDGES(x) -> answer(h, k, s, OK, epoch[AT(x, h)],
		granted[AT(x, h)])
	:: x == OLD
	fi
}

proctype server(byte x)
{
	mtype kind;
	byte i, h, k, e, s, n, w, g, room;

end:	do
	:: atomic { !(x == OLD && stopped) && (x == OLD || promoted) &&
		    (x == NEW || promoted || nfull(wal)) &&
		    (nempty(req[AT(x, 0)]) || nempty(req[AT(x, 1)])) ->
		if
		:: req[AT(x, 0)]?kind,k,e,s,n,w -> h = 0
		:: req[AT(x, 1)]?kind,k,e,s,n,w -> h = 1
		fi;
		i = AT(x, h);
		heard[h] = heard[h] || (x == NEW && STOPPED && k == conn[h]);
		if
		:: kind == ATTACH ->
#ifdef MARKS
			learning[x] = learning[x] || n > granted[i] ||
				e > epoch[i];
#endif
			granted[i] = MAX(n, granted[i]);
			epoch[i] = MAX(e, epoch[i]) + 1;
			seq[i] = 0;
			commit(x, h, k)
		:: kind == LEASE && (e != epoch[i] || s <= seq[i]) ->
			answer(h, k, s, REFUSED, 0, 0)
		:: else ->
			room = n + granted[AT(x, 1 - h)];
			room = (learning[x] || room > N -> 0 : N - room);
			g = (w > n -> w - n : 0);
			granted[i] = n + MIN(g, room);
			seq[i] = s;
			commit(x, h, k)
		fi;
		kind = OK; i = 0; h = 0; k = 0; e = 0; s = 0; n = 0; w = 0;
		g = 0; room = 0 }
	od
}

/* The standby gets what the old server has done; and takes over. */
proctype standby()
{
	byte h, k, g, e, s;

end:	do
	:: atomic { !promoted && nempty(wal) ->
		wal?h,k,g,e,s;
		granted[AT(NEW, h)] = g;
		epoch[AT(NEW, h)] = e;
		seq[AT(NEW, h)] = s;
#ifndef ASYNC
		answer(h, k, s, OK, e, g);
#endif
		h = 0; k = 0; g = 0; e = 0; s = 0 }
	:: atomic { !promoted ->
		promoted = 1;
		do
		:: nempty(wal) -> wal?_,_,_,_,_
		:: empty(wal) -> break
		od;
#ifndef MARKS
		learning[NEW] = 1
#endif
		}
#ifndef UNSTOPPED
	:: promoted && !stopped -> stopped = 1
#endif
#ifdef OPEN
	:: atomic { promoted && !opened -> opened = 1; learning[NEW] = 0 }
#endif
#ifdef CAREFUL
	:: atomic { promoted && !opened && STOPPED && heard[0] && HEARD1 ->
		opened = 1; learning[NEW] = 0 }
#endif
	od
}

proctype helper(byte h)
{
	mtype code;
	byte e, s, g, w, x, attached;

anew:	atomic { e = 0; s = 0; g = 0; w = 0 }
end:	atomic { attached < ATT ->
		attached++;
		if
		:: nfull(req[AT(OLD, h)]) -> x = OLD
		:: promoted && nfull(req[AT(NEW, h)]) -> x = NEW
		fi;
		conn[h]++; asked[h] = 0;
		if :: full(rep[h]) -> rep[h]?_,_,_ :: nfull(rep[h]) fi;
		req[AT(x, h)]!ATTACH,conn[h],hostepoch[h],0,have[h],0 }
	if
	:: atomic { rep[h]?code,e,g ->
		if
		:: code == OK -> hostepoch[h] = e
		:: else -> goto anew
		fi }
	:: goto anew
	fi;
	do
	:: atomic { s < REQ && nfull(req[AT(x, h)]) ->
		s++;
		if
		:: have[h] < N -> w = have[h] + 1
		/* Parked first, then reported. */
		:: have[h] > 0 -> have[h]--; w = have[h]
		fi;
		asked[h] = s;
		req[AT(x, h)]!LEASE,conn[h],e,s,have[h],w }
		if
		:: atomic { rep[h]?code,_,g ->
			if
			:: code == OK ->
				have[h] = g;
				assert(have[0] + have[1] <= N)
			:: else -> goto anew
			fi }
		:: goto anew
		fi
	:: goto anew
	od
}

init {
	atomic {
		run server(OLD); run server(NEW); run standby();
		run helper(0); run helper(1)
	}
}
