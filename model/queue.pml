/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.pml - two rings of hints over the words of a few records.
 *
 * Concern: does every record that can be taken, or reserved, keep its hint,
 * whoever is killed between any two steps, sweepers among them? Is each
 * process taken once, and is no hint overwritten that is still needed?
 *
 * Not here: the kernel, pids, the child as a process of its own (life.pml,
 * entry.pml), sleeping (bell.pml). A participant's number stands for its
 * incarnation and is never used again. Positions and generations do not wrap.
 *
 * Sizes: M records, NR cells a ring, NP producers with ITEMS processes each,
 * NC consumers, CRASHES kills, MARKS deaths that a parent enters, BACKS takes
 * that are given back, REAPS takes out of turn.
 *
 * RECALL: an append may know the head as it was at any time before, and reads
 * it again only if the ring then looks full.
 *
 * Mutants, each drops one rule: NOBUMP NOBUMPFREE NOLAP EARLY SKIPONFAIL
 * HINTFIRST NOHINTS NOFREEHINTS SPINFULL AHEAD; and of closing up: LOWFIRST
 * HEADFIRST.
 */
#ifndef M
#define M 2
#endif
#ifndef NR
#define NR 4
#endif
#ifndef NP
#define NP 1
#endif
#ifndef NC
#define NC 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef MARKS
#define MARKS 0
#endif
#ifndef BACKS
#define BACKS 0
#endif
#ifndef REAPS
#define REAPS 0
#endif

#define FREE 0
#define RESERVED 1
#define QUEUED 2
#define EXITED 3
#define TAKEN 4

#define READY 0			/* the two rings */
#define ROOM 1

/* Records: the word, and a payload that tells one process from another. */
byte state[M], gen[M], owner[M];
bit dead[M];			/* the word's DEAD flag */
byte item[M];

/* Rings: cell k of ring r is at r * NR + k. */
byte pos[2 * NR], idx[2 * NR], tag[2 * NR];
byte head[2], tail[2];
bit lacking[2];			/* an append found the ring full */
#define CELL(r, t) ((r) * NR + (t) % NR)

/* The environment, and ghosts that only assertions read. */
byte crashes, marks, backs, swept;
bit killed[8];
byte entered[16], told[16];

#ifdef NOBUMP
#define BUMP(i) skip
#else
#define BUMP(i) gen[i]++
#endif
#ifdef NOBUMPFREE
#define BUMPFREE(i) skip
#else
#define BUMPFREE(i) gen[i]++
#endif

#define MAYDIE \
	if \
	:: skip \
	:: (crashes < CRASHES) -> \
		d_step { crashes++; killed[me] = 1 }; goto over \
	fi

/* A hint {i, g} of ring r still says something. */
#define WANTED(r, i, g) (gen[i] == (g) && \
	((r) == READY && (state[i] == QUEUED || state[i] == EXITED) || \
	 (r) == ROOM && state[i] == FREE))

inline forget()
{
	d_step {
		t = 0; h = 0; c = 0; x = 0; y = 0; ok = 0; i = 0; g = 0; w = 0;
		p = 0; u = 0; c2 = 0; g2 = 0
	}
}

/* The head for an append at t. Positions begin at NR. */
inline recall(r)
{
#ifdef RECALL
	atomic {
		h = head[r];
#ifdef AHEAD
		h++;
#endif
		do
		:: (h > NR) -> h--
		:: break
		od
	};
	if
	:: (t - h >= NR && t >= h) -> h = head[r]
	:: else
	fi
#else
	h = head[r]
#endif
}

inline advance(r, h)
{
	d_step { if :: (head[r] == h) -> head[r] = h + 1 :: else fi }
}

/* Is the hint {x, y} of the cell at p needless? In the next cell of the same
 * lap or the next one, which is read later, it may be, too. */
inline needless(r)
{
	d_step { w = !WANTED(r, x, y) };
	if
	:: w
	:: else -> d_step {
		u = CELL(r, p + 1);
		w = (pos[u] == p + 1 && idx[u] == x && tag[u] == y)
	   }
	fi
}

/* The hint at p is {x, y}, if w. */
inline read_cell(r)
{
	d_step {
		u = CELL(r, p);
		w = (pos[u] == p); x = idx[u]; y = tag[u]
	}
}

/*
 * The head at h is wanted, and the ring is full: the hints from there to the
 * first needless one go on by a cell, the last of them first, and then the
 * head. ok: no, all are needed. Whenever another was faster, it is over.
 */
inline close_up(r)
{
	p = h + 1;
	do
	:: (p == h + NR) -> ok = 1; break
	:: else ->
		read_cell(r);
		if
		:: !w -> break
		:: else
		fi;
		needless(r);
		if :: w -> break :: else fi;
		p++
	od;
	if
	:: (p < h + NR && w) ->
#ifdef HEADFIRST
		advance(r, h);
#endif
#ifdef LOWFIRST
		/* The lowest first: what is there is overwritten before it has
		 * gone on. */
		c = p; p = h + 1;
#endif
		do
#ifdef LOWFIRST
		:: (p > c) -> break
#else
		:: (p == h) -> break
#endif
		:: else ->
			read_cell(r);
#ifndef LOWFIRST
			if :: w -> needless(r) :: else fi;
			if :: !w -> break :: else fi;
#endif
			/* The one that is below it by then. */
			atomic {
				c2 = idx[CELL(r, p - 1)]; g2 = tag[CELL(r, p - 1)];
				w = (pos[CELL(r, p - 1)] == p - 1)
			};
			if :: !w -> break :: else fi;
			MAYDIE;
			d_step {
				u = CELL(r, p);
				if
				:: (pos[u] == p && idx[u] == x && tag[u] == y) ->
					idx[u] = c2; tag[u] = g2; w = 1
				:: else -> w = 0
				fi
			};
			if :: !w -> break :: else fi;
#ifdef LOWFIRST
			p++
#else
			p--
#endif
		od;
		if
		:: w ->
			MAYDIE;
			advance(r, h)
		:: else
		fi
	:: else
	fi
}

/*
 * Cell first, tail later, anyone helps. A full ring is one whose cell of the
 * lap before has not been passed by the head: stale hints at the head are
 * thrown out; those behind a good one are closed up. If there is none, the
 * append gives up and says so in lacking, and leaves the rest to the next who
 * looks.
 */
inline append(r, i, g)
{
	ok = 0;
	do
	:: t = tail[r];
	   c = pos[CELL(r, t)];
	   if
	   :: (c == t) ->
		d_step { if :: (tail[r] == t) -> tail[r] = t + 1 :: else fi }
#ifndef NOLAP
	   :: (c != t && c + NR != t) -> skip
#endif
	   :: else ->
		recall(r);
		if
		:: (t - h >= NR && t >= h) ->
			d_step {
				c = pos[CELL(r, h)];
				x = idx[CELL(r, h)]; y = tag[CELL(r, h)]
			};
			p = h;
			needless(r);
			if
			:: (c == h && w) -> d_step {
				if
				:: (head[r] == h) -> head[r] = h + 1
				:: else
				fi }
			:: (c == h && !w) ->
#ifdef SPINFULL
				(head[r] != h)
#else
				close_up(r);
				if
				:: ok ->
#if CRASHES + BACKS == 0
					/* There are more cells than records. */
					assert(NR < M + 1);
#endif
					lacking[r] = 1; break
				:: else
				fi
#endif
			:: else
			fi
		:: else ->
			MAYDIE;
			d_step {
				if
				:: (pos[CELL(r, t)] == c) ->
					/* A3: no cell that the head has yet
					 * to pass */
					assert(c < head[r]);
					pos[CELL(r, t)] = t;
					idx[CELL(r, t)] = i;
					tag[CELL(r, t)] = g; w = 1
				:: else -> w = 0
				fi
			};
			if
			:: w ->
				MAYDIE;
				d_step {
					if
					:: (tail[r] == t) -> tail[r] = t + 1
					:: else
					fi
				};
				break
			:: else
			fi
		fi
	   fi
	od
}

/* Every wanted hint that can't be found is put in again, for all records. */
inline restore(r)
{
	i = 0;
	do
	:: (i == M) -> break
	:: else ->
		d_step {
			g = gen[i];
			ok = WANTED(r, i, g)
		};
		if
		:: ok ->
			h = head[r]; x = 0; w = 0;
			do
			:: (x == NR) -> break
			:: else -> d_step {
				if
				:: (pos[r * NR + x] >= h &&
				    idx[r * NR + x] == i &&
				    tag[r * NR + x] == g) -> w = 1
				:: else
				fi;
				x++ }
			od;
			if :: !w -> append(r, i, g) :: else fi
		:: else
		fi;
		i++
	od
}

/* What whoever looks at a ring does first. */
inline mend(r)
{
	if
	:: (lacking[r]) ->
		lacking[r] = 0;
		MAYDIE;
		restore(r)
	:: else
	fi
}

proctype Producer(byte me; byte base)
{
	byte t, h, c, x, y, w, u, p, c2, g2, i, g, k;
	bit ok;

	do
	:: (k == ITEMS) -> break
	:: else ->
		mend(ROOM);
		h = head[ROOM];
		d_step {
			c = pos[CELL(ROOM, h)];
			i = idx[CELL(ROOM, h)]; g = tag[CELL(ROOM, h)]
		};
		if
		:: (c == h) ->
			/* the load, then the CAS: a difference that only
			 * the word's own history makes, so one step */
			d_step {
				if
				:: (state[i] == FREE && gen[i] == g) ->
					state[i] = RESERVED; owner[i] = me;
					ok = 1
				:: else -> ok = 0
				fi
			};
			MAYDIE;
			advance(ROOM, h);
			if
			:: ok ->
				MAYDIE;
#ifdef EARLY
				d_step {
					state[i] = QUEUED; gen[i]++;
					g = gen[i]; entered[base + k]++
				};
				append(READY, i, g);
				item[i] = base + k;
#else
				item[i] = base + k;
				MAYDIE;
#ifdef HINTFIRST
				append(READY, i, g + 1);
				MAYDIE;
#endif
				d_step {
					assert(state[i] == RESERVED &&
					       owner[i] == me && gen[i] == g);
					state[i] = QUEUED; BUMP(i);
					g = gen[i]; entered[base + k]++
				};
#ifndef HINTFIRST
				append(READY, i, g);
#endif
#endif
				k++
			:: else
			fi
		:: else ->
			if :: (head[ROOM] == h) -> break :: else fi
		fi
	od;
over:	forget();
	k = 0
}

/* Ends a taken record: it becomes free, or goes back once. */
inline settle()
{
	MAYDIE;
	if
	:: true ->
		d_step {
			assert(state[i] == TAKEN && owner[i] == me &&
			       gen[i] == g);
			told[item[i]]++;
			state[i] = FREE; owner[i] = 0; dead[i] = 0;
			BUMPFREE(i); g = gen[i]
		};
		append(ROOM, i, g)
	:: (backs < BACKS) ->
		d_step {
			backs++;
			assert(state[i] == TAKEN && owner[i] == me &&
			       gen[i] == g);
			state[i] = (dead[i] -> EXITED : QUEUED);
			owner[i] = 0; dead[i] = 0; BUMP(i); g = gen[i]
		};
		append(READY, i, g)
	fi
}

proctype Consumer(byte me)
{
	byte t, h, c, x, y, w, u, p, c2, g2, i, g, last;
	bit ok, was;

	do
	:: mend(READY);
	   h = head[READY];
	   d_step {
		c = pos[CELL(READY, h)];
		i = idx[CELL(READY, h)]; g = tag[CELL(READY, h)]
	   };
	   if
	   :: (c == h) ->
		do
		:: d_step {
			ok = WANTED(READY, i, g); was = (state[i] == EXITED)
		   };
		   MAYDIE;
		   if
		   :: !ok -> break
		   :: else ->
			/* pin; then the CAS of the word as it was loaded */
			d_step {
				if
				:: (gen[i] == g &&
				    (state[i] == QUEUED && !was ||
				     state[i] == EXITED && was)) ->
					state[i] = TAKEN; owner[i] = me;
					dead[i] = was; w = 1
				:: else -> w = 0
				fi
			};
			if :: w -> break :: else fi
#ifdef SKIPONFAIL
			; ok = 0; break
#endif
		   fi
		od;
		MAYDIE;
		advance(READY, h);
		if
		:: ok ->
#if NP == 1 && CRASHES + BACKS == 0
			/* Q5: each consumer sees them in order of entry */
			d_step {
				assert(item[i] > last);
				last = item[i]
			};
#endif
			settle()
		:: else
		fi
	   :: else ->
		if
		:: (head[READY] == h && !lacking[READY]) -> break
		:: else
		fi
	   fi
	od;
over:	forget();
	was = 0; last = 0
}

/* Takes what has exited, wherever it stands: its hint stays behind. */
proctype Reaper(byte me)
{
	byte t, h, c, x, y, w, u, p, c2, g2, i, g, n;
	bit ok;

end:	do
	:: atomic {
		(n < REAPS && (state[0] == EXITED || state[M - 1] == EXITED))
		-> n++;
		if
		:: (state[0] == EXITED) -> i = 0
		:: (state[M - 1] == EXITED) -> i = M - 1
		fi;
		state[i] = TAKEN; owner[i] = me; dead[i] = 1; g = gen[i]
	   };
	   settle()
	od;
over:	forget();
	n = 0
}

/* A living parent enters a death. It knows which life is its child's, so one
 * step stands for its loop. */
proctype Parent()
{
end:	do
	:: atomic {
		(marks < MARKS && state[0] == QUEUED) ->
		marks++; state[0] = EXITED
	   }
	:: atomic {
		(marks < MARKS && state[M - 1] == QUEUED) ->
		marks++; state[M - 1] = EXITED
	   }
	:: atomic {
		(marks < MARKS && state[0] == TAKEN && !dead[0]) ->
		marks++; dead[0] = 1
	   }
	od
}

/* Somebody who finds the dead; killed, somebody else does. */
proctype Sweeper(byte me)
{
	byte t, h, c, x, y, w, u, p, c2, g2, i, g, d;
	bit ok, was;

again:
end:	atomic { (swept != crashes) -> d = crashes };
	i = 0;
	do
	:: (i == M) -> break
	:: else ->
		d_step {
			w = state[i]; g = gen[i]; x = owner[i]; was = dead[i]
		};
		if
		:: ((w == RESERVED || w == TAKEN) && killed[x]) ->
			MAYDIE;
			d_step {
				if
				:: (state[i] == w && gen[i] == g &&
				    owner[i] == x && dead[i] == was) ->
					if
					:: (w == RESERVED) ->
						state[i] = FREE; BUMPFREE(i)
					:: (w == TAKEN) ->
						state[i] = (was ->
							EXITED : QUEUED);
						BUMP(i)
					fi;
					owner[i] = 0; dead[i] = 0
				:: else ->
					/* marked meanwhile: once more */
					if
					:: (state[i] == w && gen[i] == g &&
					    owner[i] == x) -> i = i - 1
					:: else
					fi
				fi
			}
		:: else
		fi;
		i++
	od;
#ifndef NOHINTS
	restore(READY);
#endif
#ifndef NOFREEHINTS
	restore(ROOM);
#endif
	swept = d;
	forget();
	d = 0; was = 0;
	goto again;
over:	forget();
	d = 0; was = 0;
	goto again
}

#define HINT(r, k, i, g) (pos[(r) * NR + (k)] >= head[r] && \
	idx[(r) * NR + (k)] == (i) && tag[(r) * NR + (k)] == (g))
#if NR == 8
#define HINTED(r, i, g) (HINT(r, 0, i, g) || HINT(r, 1, i, g) || \
	HINT(r, 2, i, g) || HINT(r, 3, i, g) || HINT(r, 4, i, g) || \
	HINT(r, 5, i, g) || HINT(r, 6, i, g) || HINT(r, 7, i, g))
#elif NR == 4
#define HINTED(r, i, g) (HINT(r, 0, i, g) || HINT(r, 1, i, g) || \
	HINT(r, 2, i, g) || HINT(r, 3, i, g))
#else
#define HINTED(r, i, g) (HINT(r, 0, i, g) || HINT(r, 1, i, g))
#endif

/* At rest: Q1, Q2, and each that entered told once or still there. */
proctype Rest()
{
	byte i, n, there;

	timeout ->
	d_step {
		do
		:: (i == M) -> break
		:: else ->
			assert(state[i] == FREE || state[i] == QUEUED ||
			       state[i] == EXITED);
			if
			:: (state[i] == FREE) ->
				assert(lacking[ROOM] ||
				       HINTED(ROOM, i, gen[i]))
			:: else ->
				there++;
				assert(lacking[READY] ||
				       HINTED(READY, i, gen[i]));
				assert(entered[item[i]] == 1 &&
				       told[item[i]] == 0)
			fi;
			i++
		od;
		do
		:: (n == 16) -> break
		:: else ->
			assert(told[n] <= entered[n] && entered[n] <= 1);
			there = there + told[n] - entered[n]; n++
		od;
		assert(there == 0)
	}
}

init
{
	byte i;

	atomic {
		do
		:: (i == 2 * NR) -> break
		:: else -> pos[i] = i % NR; i++
		od;
		head[READY] = NR; tail[READY] = NR;
		head[ROOM] = NR; tail[ROOM] = NR;
		i = 0;
		do
		:: (i == M) -> break
		:: else ->
			pos[CELL(ROOM, NR + i)] = NR + i;
			idx[CELL(ROOM, NR + i)] = i;
			tail[ROOM] = NR + i + 1; i++
		od;
		i = 0;
		run Producer(1, 1);
#if NP == 2
		run Producer(2, 1 + ITEMS);
#endif
		run Consumer(3);
#if NC == 2
		run Consumer(4);
#endif
#if REAPS > 0
		run Reaper(5);
#endif
#if MARKS > 0
		run Parent();
#endif
#if CRASHES > 0
		run Sweeper(6);
#endif
		run Rest()
	}
}
