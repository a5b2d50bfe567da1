/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * share.pml - the hosts of a fleet queue want more slots than there are.
 *
 * Concern: does each that wants some get one, again and again? They call in
 * any order, as fast as they like; their processes end at some time; a helper
 * may be killed with a reply under way, and is followed by another; a host that
 * is in the line may be gone for ever. All that is asked for is that whoever
 * can go on does so at some time (weak fairness).
 *
 * Here is what procq.lease() computes, line by line; not here: numbers of
 * requests, and the bound (fleet.pml); a limit that is lowered.
 *
 * Sizes: H hosts, N slots. Host 0 wants WANT0 at once, and is the one that is
 * looked at; each other WANT, and with FICKLE any number up to that. KILLS
 * replies that nobody reads. With GONE the last host may be lost.
 *
 * Mutants: NOLINE NORECALL TOSHARE KEEPPLACE GHOSTS.
 */
#ifndef H
#define H 2
#endif
#ifndef N
#define N 1
#endif
#ifndef WANT0
#define WANT0 1
#endif
#ifndef WANT
#define WANT 2
#endif
#ifndef LEVEL
#define LEVEL 1
#endif
#ifndef KILLS
#define KILLS 0
#endif

/* The object of each host: processes, and slots that are granted. */
byte use[H], grant[H];

/* The server: seat.granted, want, and waits as a place in the line, from 1; 0:
 * it does not wait. Which have called within their lease. */
byte charged[H], want[H], place[H];
bit live[H];

byte waiting, kills;
bit gone;

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#ifdef GHOSTS
#define COUNTS(i) (i != h)
#else
#define COUNTS(i) (i != h && live[i])
#endif
/* What is kept for one that waits. */
#define DUE(i) (COUNTS(i) && place[i] > 0 && charged[i] < share -> \
		MIN(want[i], share) - charged[i] : 0)
#define AHEAD(i) (place[i] < line -> DUE(i) : 0)

inline leave_line()
{
	for (i : 0 .. H - 1) {
		place[i] = (place[h] > 0 && place[i] > place[h] ->
			place[i] - 1 : place[i])
	}
	waiting = (place[h] > 0 -> waiting - 1 : waiting);
	place[h] = 0
}

inline join_line() { waiting++; place[h] = waiting }

/* have, wanted -> granted, recall */
inline lease()
{
	used = 0; seats = 1; due = 0; ahead = 0;
	for (i : 0 .. H - 1) {
		used = used + charged[i];
		seats = (COUNTS(i) && want[i] > 0 -> seats + 1 : seats)
	}
	share = MAX(1, N / seats);
	line = (place[h] > 0 -> place[h] : H + 1);
#ifndef NOLINE
	for (i : 0 .. H - 1) {
		due = due + DUE(i);
		ahead = ahead + AHEAD(i)
	}
#endif
	room = N - used + charged[h] - have;
	granted = MAX(MIN(room - ahead, share - have), room - due);
	granted = have + MAX(0, MIN(wanted - have, granted));
	recall = 0;
#ifndef NORECALL
	if
	:: granted <= have && due > 0 &&
	   N - used + charged[h] - granted < due ->
#ifdef TOSHARE
		recall = MAX(0, granted - share)
#else
		recall = MAX(0, granted - (seats > N -> 0 : share))
#endif
	:: else
	fi;
#endif
	charged[h] = granted;
	want[h] = wanted;
	live[h] = 1;
	if
	:: wanted <= granted -> leave_line()
	:: wanted > granted && place[h] == 0 -> join_line()
#ifndef KEEPPLACE
	/* Who has been served goes to the end. */
	:: wanted > granted && place[h] > 0 && granted > have ->
		leave_line(); join_line()
#endif
	:: else
	fi
}

/* The helper of host h, and whoever follows it. */
proctype helper(byte h)
{
	byte i;
	short have, wanted, granted, recall, used, seats, share, line, due,
	      ahead, room;

end:	do
	:: atomic { !(gone && h == H - 1) ->
		if
		:: h == 0 -> wanted = WANT0
		:: h > 0 -> wanted = WANT
#ifdef FICKLE
		:: h > 0 -> wanted = MAX(use[h], WANT - 1)
		:: h > 0 -> wanted = use[h]
#endif
		fi;
		/* What is idle is given back, and parked first. */
		grant[h] = MIN(grant[h], wanted);
		have = MAX(use[h], grant[h]);
		lease();
		if
		:: grant[h] = granted - recall
#if KILLS > 0
		:: kills < KILLS -> kills++
#endif
		fi;
		have = 0; wanted = 0; granted = 0; recall = 0; used = 0;
		seats = 0; share = 0; line = 0; due = 0; ahead = 0; room = 0;
		i = 0 }
	od
}

/* Its producers, which start what they may, and processes, which end. */
proctype host(byte h)
{
end:	do
	:: atomic { use[h] < grant[h] -> use[h]++ }
	:: atomic { use[h] > 0 -> use[h]-- }
	od
}

/* The last one is lost, with nothing charged; its lease runs out. */
proctype fate()
{
	atomic { charged[H - 1] == 0 && grant[H - 1] == 0 -> gone = 1 };
	live[H - 1] = 0
}

init {
	atomic {
		run helper(0); run host(0);
		run helper(1); run host(1);
#if H > 2
		run helper(2); run host(2);
#endif
#ifdef GONE
		run fate();
#endif
	}
}

ltl served { always (eventually (grant[0] >= LEVEL)) }
